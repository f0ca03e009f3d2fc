# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Refunds of credit notes (both doors) and of customer payments (Books): money given back, from an account.

A refund lowers what is left of the note or the payment. Lists have no time of modification. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ofrecord_sandbox.finance import accounts, creditnotes, engine, listing, money
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, Resource, exactly
from ofrecord_sandbox.finance.values import Kind, day, dec, digits_of, identifier, num, number, rounded, text, today
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_WRITABLE: dict[str, Kind] = {
    "date": day, "refund_mode": text(100), "payment_form": text(100), "reference_number": text(100), "amount": number,
    "exchange_rate": number, "from_account_id": identifier, "description": text(2000),
}  # fmt: skip
_FRESH = {
    "date": "",
    "refund_mode": "cash",
    "payment_form": "",
    "reference_number": "",
    "exchange_rate": 1,
    "description": "",
}


def _check(
    world: World, record: Record, before: Record | None, _given: Mapping[str, Any], parent: Resource, left: str
) -> None:
    one = engine.found(world, parent, record[parent.id_key])
    if one.get("_state", "open") != "open":
        raise RefusedError(12014, "Only open credit notes can be refunded.")
    record["date"] = record["date"] or today(world)
    account = accounts.ACCOUNTS.table(world).get(record["from_account_id"])
    if account is None:
        raise absent("Account")
    record["from_account_name"] = account["account_name"]
    amount = dec(record["amount"])
    if amount <= 0 or amount != rounded(amount, digits_of(one["currency_code"])):
        raise invalid("amount")
    if amount > dec(one[left]) + dec((before or {}).get("amount")):
        raise RefusedError(12015, "The amount refunded is more than what is left.")
    record |= {key: one[key] for key in ("customer_id", "customer_name", _number(parent))}
    record["amount_bcy"], record["amount_fcy"] = num(amount * dec(record["exchange_rate"])), num(amount)


def _number(parent: Resource) -> str:
    return parent.number[0] if parent.number else ""


class Family(NamedTuple):
    """Refunds, and what they are of."""

    resource: Resource
    parent: Resource


def _family(parent: Resource, singular: str, id_key: str, left: str, follow: Callable[[World, Record], None]) -> Family:
    resource = Resource(
        collection=f"{parent.collection}refunds", list_key=f"{singular}s", singular=singular, id_key=id_key, words="Refund",
        writable={**_WRITABLE, parent.id_key: identifier}, required=("amount", "from_account_id"), fresh=_FRESH,
        row=(parent.id_key, "date", "refund_mode", "payment_form", "reference_number", _number(parent), "customer_name",
             "description", "amount_bcy", "amount_fcy"),
        filters=exactly("customer_id", parent.id_key),
        sorts=("refund_mode", "reference_number", "date", _number(parent), "customer_name", "amount_bcy", "amount_fcy"),
        sort=("date", "D"), check=partial(_check, parent=parent, left=left), saved=follow, removed=follow,
    )  # fmt: skip
    return Family(resource, parent)


OF_NOTES = _family(
    creditnotes.CREDITS, "creditnote_refund", "creditnote_refund_id", "balance",
    lambda world, record: creditnotes.settle(world, record["creditnote_id"]),
)  # fmt: skip
OF_PAYMENTS = _family(
    money.PAYMENTS, "payment_refund", "payment_refund_id", "unused_amount",
    lambda world, record: money.settle(world, record["payment_id"]),
)  # fmt: skip


def everything(world: World, request: Request, door: str) -> Response:
    """`GET /creditnotes/refunds`: of all notes."""
    return listing.answer(world, request, OF_NOTES.resource, door)


def of_one(world: World, request: Request, key: str, family: Family, door: str) -> Response:
    """`GET /{collection}/{id}/refunds`."""
    engine.only_query(request, "page", "per_page")
    engine.found(world, family.parent, key)
    request.query[family.parent.id_key] = key
    return listing.answer(world, request, family.resource, door)


def make(world: World, request: Request, key: str, family: Family) -> Response:
    """`POST /{collection}/{id}/refunds`: answers 200, as the file has it."""
    engine.only_query(request)
    engine.found(world, family.parent, key)
    record = engine.insert(world, family.resource, engine.body_of(request) | {family.parent.id_key: key}, {})
    words = "The credit note amount is refunded successfully." if family is OF_NOTES else "The refund has been saved."
    return _answered(family, record, words)


def read(world: World, request: Request, refund_id: str, *, family: Family, key: str = "") -> Response:
    """`GET /{collection}[/{id}]/refunds/{refund_id}`."""
    engine.only_query(request)
    return _answered(family, _known(world, family, key, refund_id), "success")


def change(world: World, request: Request, *, key: str, refund_id: str, family: Family) -> Response:
    """`PUT /{collection}/{id}/refunds/{refund_id}`."""
    engine.only_query(request)
    before = _known(world, family, key, refund_id)
    given = engine.body_of(request) | {family.parent.id_key: key}
    record = engine.change(world, family.resource, before, given, {})
    return _answered(family, record, "The refund information has been saved.")


def remove(world: World, request: Request, *, key: str, refund_id: str, family: Family) -> Response:
    """`DELETE /{collection}/{id}/refunds/{refund_id}`."""
    engine.only_query(request)
    engine.erase(world, family.resource, _known(world, family, key, refund_id))
    return done(message="The refund has been successfully deleted.")


def _known(world: World, family: Family, key: str, refund_id: str) -> Record:
    record = engine.found(world, family.resource, refund_id)
    if key and record[family.parent.id_key] != key:
        raise absent("Refund")
    return record


def _answered(family: Family, record: Record, message: str) -> Response:
    """A refund under its key; those of payments in a list, as the file has them."""
    shown = {key: value for key, value in record.items() if key[0] != "_"}
    if family is OF_PAYMENTS:
        return done(family.resource.list_key, [shown], message)
    return done(family.resource.singular, shown, message)


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Refunds of notes at both doors, of payments in Books."""
    found: list[tuple[str, str, Callable[..., Response]]] = [
        ("GET", "/creditnotes/refunds", partial(everything, door=door)),
        ("GET", "/creditnotes/refunds/{refund_id}", partial(read, family=OF_NOTES)),
    ]
    for family in (OF_NOTES, OF_PAYMENTS) if door == BOOKS else (OF_NOTES,):
        path = f"/{family.parent.collection}/{{key}}/refunds"
        one = f"{path}/{{refund_id}}"
        found += [
            ("GET", path, partial(of_one, family=family, door=door)),
            ("POST", path, partial(make, family=family)),
            ("GET", one, partial(read, family=family)),
            ("PUT", one, partial(change, family=family)),
            ("DELETE", one, partial(remove, family=family)),
        ]
    return found
