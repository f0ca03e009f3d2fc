# ruff: noqa: ARG001, EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Payments made to vendors ("Vendor Payments" of Books).

The OpenAPI file shows the answer to a create flat, to an update in a list and to a read under `vendorpayment`: the last is taken
(UNVERIFIED). Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import accounts, bills, engine
from ofrecord_sandbox.finance.answers import RefusedError, absent, invalid
from ofrecord_sandbox.finance.declare import BOOKS, Resource, comparing, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import (
    day,
    dec,
    digits_of,
    flag,
    identifier,
    many,
    num,
    number,
    rounded,
    shape,
    text,
    today,
)
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    _vendor(world, record, before)
    record["date"] = record["date"] or today(world)
    account = accounts.chosen(world, record["paid_through_account_id"], "Petty Cash")
    record |= {
        "paid_through_account_id": account["account_id"], "paid_through_account_name": account["account_name"],
        "paid_through_account_type": account["account_type"],
    }  # fmt: skip
    amount = dec(record["amount"])
    if amount <= 0 or amount != rounded(amount, digits_of(record["currency_code"])):
        raise invalid("amount")
    mine = {part["bill_id"]: dec(part["amount_applied"]) for part in (before or {}).get("bills", [])}
    record["bills"] = [_part(world, record, part, mine) for part in record["bills"]]
    applied = sum((dec(part["amount_applied"]) for part in record["bills"]), Decimal(0))
    if applied > amount:
        raise RefusedError(36312, "The amount applied to bills is more than the payment amount.")
    record["balance"] = num(amount - applied)
    record["bill_numbers"] = ",".join(part["bill_number"] for part in record["bills"])
    record["_touched"] = sorted({*mine, *(part["bill_id"] for part in record["bills"])})


def _vendor(world: World, record: Record, before: Record | None) -> None:
    if record["vendor_id"] == "" and record["bills"]:
        record["vendor_id"] = engine.found(world, bills.BILLS, record["bills"][0].get("bill_id", ""))["vendor_id"]
    vendor = world.store.table("finance/contacts").get(record["vendor_id"])
    if vendor is None or vendor["contact_type"] != "vendor":
        raise absent("Vendor")
    if before is not None and before["vendor_id"] != record["vendor_id"]:
        raise invalid("vendor_id")
    record["vendor_name"] = vendor["contact_name"]
    record |= {key: vendor[key] for key in ("currency_id", "currency_code", "currency_symbol")}


def _part(world: World, record: Record, part: Record, mine: Mapping[str, Decimal]) -> Record:
    bill = engine.found(world, bills.BILLS, part.get("bill_id", ""))
    amount = dec(part.get("amount_applied"))
    if bill["vendor_id"] != record["vendor_id"]:
        raise invalid("bill_id")
    if bill["_state"] != "open":
        raise RefusedError(36313, f"Payments cannot be applied to a {bill['_state']} bill.")
    if not 0 < amount <= dec(bill["balance"]) + mine.get(bill["bill_id"], Decimal(0)):
        raise RefusedError(36314, "The amount entered is more than the balance due for this bill.")
    known = {key: bill[key] for key in ("bill_number", "date", "due_date", "total", "price_precision")}
    return known | part | {"bill_payment_id": part.get("bill_payment_id") or engine.new_id(world)}


def _follow(world: World, record: Record) -> None:
    for key in record.pop("_touched", [part["bill_id"] for part in record["bills"]]):
        bills.refresh(world, key, touch=doubts.payment_bumps_invoice)


def _mode(_world: World, record: Record, value: str) -> bool:
    return str(record["payment_mode"]).replace(" ", "").casefold() == value.casefold()


_PART = shape(
    {"bill_id": identifier, "bill_payment_id": identifier, "amount_applied": number, "tax_amount_withheld": number}
)
VENDORPAYMENTS = declared(
    Resource(
        collection="vendorpayments", singular="vendorpayment", id_key="payment_id", words="Payment", module="vendorpayment",
        doors=(BOOKS,),
        writable={
            "vendor_id": identifier, "bills": many(_PART), "date": day, "exchange_rate": number, "amount": number,
            "paid_through_account_id": identifier, "payment_mode": text(100), "description": text(2000),
            "reference_number": text(100), "is_paid_via_print_check": flag, "location_id": identifier,
        },
        required=("amount",),
        fresh={
            "vendor_id": "", "bills": [], "date": "", "exchange_rate": 1, "paid_through_account_id": "", "payment_mode": "cash",
            "description": "", "reference_number": "", "is_paid_via_print_check": False, "payment_number": "",
            "has_attachment": False, "is_ach_payment": False, "ach_payment_status": "",
        },
        row=(
            "vendor_id", "vendor_name", "bill_numbers", "payment_mode", "payment_number", "description", "date",
            "reference_number", "exchange_rate", "amount", "balance", "paid_through_account_id", "paid_through_account_name",
            "created_time", "last_modified_time", "is_paid_via_print_check", "has_attachment", "is_ach_payment",
            "ach_payment_status",
        ),
        filters=matching("vendor_name", "reference_number", "payment_number", "payment_mode", "description")
        | exactly("vendor_id") | comparing("amount") | dating("date"),
        grouped={"PaymentMode": _mode}, since=True, sorts=("vendor_name", "date", "reference_number", "amount", "balance"),
        sort=("date", "D"), search=("reference_number", "vendor_name", "description"), number=("payment_number", ""),
        check=_check, saved=_follow, removed=_follow, upsert=True,
        derive=lambda _world, record: {"bcy_amount": record["amount"], "bcy_balance": record["balance"]},
    )
)  # fmt: skip
