# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Journals ("Journals" of Books): debits are credits, or they are refused. Lists have no lines and no times.

A journal is `published` unless it is sent as `draft` (UNVERIFIED which is the default). Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import accounts, engine
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import (
    BOOKS,
    Resource,
    comparing,
    dating,
    declared,
    exactly,
    matching,
    of_column,
)
from ofrecord_sandbox.finance.values import (
    Kind,
    day,
    dec,
    digits_of,
    flag,
    identifier,
    many,
    num,
    number,
    one_of,
    shape,
    text,
    today,
)
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_LINE: dict[str, Kind] = {
    "line_id": identifier, "account_id": identifier, "customer_id": identifier, "description": text(500), "tax_id": identifier,
    "amount": number, "debit_or_credit": one_of("debit", "credit"), "location_id": identifier, "project_id": identifier,
}  # fmt: skip


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    currencies = world.store.table("finance/currencies").rows
    if record["currency_id"] == "":
        record["currency_id"] = next(key for key, one in currencies.items() if one["is_base_currency"])
    if record["currency_id"] not in currencies:
        raise absent("Currency")
    record |= {key: currencies[record["currency_id"]][key] for key in ("currency_code", "currency_symbol")}
    record["price_precision"] = digits_of(record["currency_code"])
    if before is None or "line_items" in given:
        old = {line["line_id"] for line in (before or {}).get("line_items", [])}
        record["line_items"] = [_line(world, line, old) for line in record["line_items"]]
    sides = {"debit": Decimal(0), "credit": Decimal(0)}
    for line in record["line_items"]:
        sides[line["debit_or_credit"]] += dec(line["amount"])
    if sides["debit"] != sides["credit"]:
        raise RefusedError(13010, "The total debits must be equal to the total credits.")
    record["total"] = record["line_item_total"] = num(sides["debit"])
    record["bcy_total"] = num(sides["debit"] * dec(record["exchange_rate"]))


def _line(world: World, sent: Record, old: set[str]) -> Record:
    if sent.get("line_id", "") not in old | {""}:
        raise absent("Line item")
    if dec(sent.get("amount")) <= 0:
        raise invalid("amount")
    if "debit_or_credit" not in sent:
        raise invalid("debit_or_credit")
    account = accounts.ACCOUNTS.table(world).get(sent.get("account_id", ""))
    if account is None:
        raise absent("Account")
    contacts = world.store.table("finance/contacts")
    contact = contacts.get(sent["customer_id"]) if sent.get("customer_id") else {}
    if contact is None:
        raise absent("Customer")
    blank = dict.fromkeys(("description", "tax_id", "location_id", "project_id", "customer_id"), "")
    return blank | sent | {
        "line_id": sent.get("line_id") or engine.new_id(world), "account_name": account["account_name"],
        "customer_name": contact.get("contact_name", ""), "bcy_amount": sent["amount"],
    }  # fmt: skip


def _meant(world: World, record: Record, value: str) -> bool:
    here = today(world)
    spans = {"Today": here, "ThisMonth": here[:7], "ThisYear": here[:4]}
    if value not in spans:
        raise invalid("filter_by")
    return bool(record["journal_date"].startswith(spans[value]))


JOURNALS = declared(
    Resource(
        collection="journals", singular="journal", id_key="journal_id", words="Journal", module="journal", doors=(BOOKS,),
        writable={
            "journal_date": day, "reference_number": text(100), "notes": text(500), "journal_type": one_of("both", "cash", "accrual"),
            "vat_treatment": text(50), "include_in_vat_return": flag, "product_type": text(50), "is_bas_adjustment": flag,
            "currency_id": identifier, "exchange_rate": number, "location_id": identifier, "line_items": many(shape(_LINE)),
            "status": one_of("draft", "published"),
        },
        required=("journal_date",),
        fresh={
            "entry_number": "", "reference_number": "", "notes": "", "journal_type": "both", "currency_id": "", "exchange_rate": 1,
            "line_items": [], "status": "published", "entity_type": "journal", "location_id": "", "include_in_vat_return": False,
            "is_bas_adjustment": False, "taxes": [],
        },
        row=(
            "journal_date", "entry_number", "reference_number", "currency_id", "notes", "journal_type", "entity_type", "status",
            "total", "bcy_total",
        ),
        filters=matching("entry_number", "reference_number", "notes") | comparing("total")
        | exactly("journal_type") | of_column("journal_date", dating("date")) | {"journal_ids": ("journal_id", "in")},
        grouped={"JournalDate": _meant},
        sorts=("journal_date", "entry_number", "reference_number", "total", "last_modified_time"), sort=("journal_date", "D"),
        search=("entry_number", "reference_number", "notes"), number=("entry_number", ""), check=_check,
    )
)  # fmt: skip


def publish(world: World, request: Request, journal_id: str) -> Response:
    """`POST /journals/{id}/status/publish`."""
    engine.only_query(request)
    record = engine.found(world, JOURNALS, journal_id)
    if record["status"] != "published":
        engine.keep(world, JOURNALS, record | {"status": "published"})
    return done(message=said(JOURNALS, "published", BOOKS), status=201)


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Publishing."""
    return [("POST", "/journals/{journal_id}/status/publish", publish)] if door == BOOKS else []
