# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Bills ("Bills" of Inventory and Books).

A bill is `open` when it is created (the example of the OpenAPI file; UNVERIFIED, a switch of `doubts`) or `draft`; an open one raises
accounting stock, and is `partially_paid`, `paid` or `overdue` by balance and date. It names its purchase order in the body, as
both files have it; lines without `purchaseorder_item_id` belong to the order's line of the same item (UNVERIFIED). Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import accounts, engine, purchases, stock, totals
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import day, dec, flag, identifier, many, num, shape, text, today, whole
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_STATES = {"draft": {"open", "void"}, "open": {"void"}, "void": {"open"}}


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if before is not None and before["_state"] == "void":
        raise RefusedError(36211, "A void bill cannot be edited.")
    order = _order(world, record, given)
    if "line_items" in given:
        record["line_items"] = purchases.at_cost(world, _named(record["line_items"], order))
    totals.prepare(world, record, before, given, "vendor")
    record["line_items"] = [accounts.named(world, line, "Cost of Goods Sold") for line in record["line_items"]]
    if not record["due_date"]:
        days = max(int(record["payment_terms"] or 0), 0)
        record["due_date"] = (date.fromisoformat(record["date"]) + timedelta(days=days)).isoformat()
    paid = _paid(world, record["bill_id"]) if before is not None else Decimal(0)
    if dec(record["total"]) < paid:
        raise RefusedError(36212, "The total of a bill cannot be less than the amount paid.")
    record["payment_made"], record["balance"] = num(paid), num(dec(record["total"]) - paid)
    if before is None:
        record["_state"] = "open" if doubts.bill_starts_open else "draft"


def _order(world: World, record: Record, given: Mapping[str, Any]) -> Record | None:
    """The purchase order a bill names, by `purchaseorder_id` (Inventory) or `purchaseorder_ids` (Books)."""
    if "purchaseorder_ids" in given:
        record["purchaseorder_id"] = next(iter(record["purchaseorder_ids"]), "")
    record["purchaseorder_ids"] = [record["purchaseorder_id"]] if record["purchaseorder_id"] else []
    if not record["purchaseorder_id"]:
        return None
    order = engine.found(world, purchases.ORDERS, record["purchaseorder_id"])
    if order["vendor_id"] != record["vendor_id"]:
        raise invalid("purchaseorder_id")
    if order["_state"] != "issued":
        raise RefusedError(36213, "Only purchase orders that are issued can be billed.")
    return order


def _named(lines: list[Record], order: Record | None) -> list[Record]:
    """The lines sent, each with the line of the order it belongs to."""
    free: dict[str, list[str]] = {}
    for line in (order or {}).get("line_items", []):
        free.setdefault(line["item_id"], []).append(line["line_item_id"])
    named = []
    for line in lines:
        ids = free.get(line.get("item_id", ""), []) if line.get("item_id") else []
        key = line.get("purchaseorder_item_id") or (ids.pop(0) if ids else "")
        named.append(line | {"purchaseorder_item_id": key})
    return named


def payments_of(world: World, bill_id: str) -> Iterator[tuple[Record, Decimal]]:
    """Vendor payments of a bill, with what each paid of it."""
    table = world.store.table("finance/vendorpayments")
    index = table.index("bill", lambda one: {part["bill_id"] for part in one["bills"]})
    for key in index.ids(bill_id):
        payment = table.rows[key]
        yield payment, sum((dec(p["amount_applied"]) for p in payment["bills"] if p["bill_id"] == bill_id), Decimal(0))


def _paid(world: World, bill_id: str) -> Decimal:
    return sum((amount for _, amount in payments_of(world, bill_id)), Decimal(0))


def refresh(world: World, bill_id: str, *, touch: bool) -> None:
    """Recompute balance, accounting stock and the purchase order behind it."""
    record = BILLS.table(world).get(bill_id)
    if record is None:
        return
    paid = _paid(world, bill_id)
    record = record | {"payment_made": num(paid), "balance": num(dec(record["total"]) - paid)}
    engine.keep(world, BILLS, record, touch=touch)
    came = record["line_items"] if record["_state"] == "open" else []
    stock.state(world, f"bills/{bill_id}", [
        stock.Movement(line["item_id"], line["location_id"], stock.ACCOUNTING, dec(line["quantity"])) for line in came
    ])  # fmt: skip
    if record["purchaseorder_id"]:
        purchases.refresh(world, record["purchaseorder_id"], touch=doubts.child_bumps_order)


def status_of(world: World, record: Record) -> str:
    """draft, void, paid, overdue, partially_paid or open."""
    if record["_state"] != "open":
        return str(record["_state"])
    if dec(record["balance"]) == 0:
        return "paid"
    if record["due_date"] < today(world):
        return "overdue"
    return "partially_paid" if dec(record["balance"]) < dec(record["total"]) else "open"


def _show(world: World, record: Record) -> dict[str, Any]:
    kept = ("payment_id", "payment_number", "payment_mode", "date", "reference_number", "paid_through_account_id",
            "paid_through_account_name")  # fmt: skip
    payments = [
        {key: one[key] for key in kept} | {"bill_id": record["bill_id"], "amount": num(amount)}
        for one, amount in payments_of(world, record["bill_id"])
    ]
    return {"payments": payments, "vendor_credits": [], "vendor_credits_applied": 0}


def _removable(world: World, record: Record) -> None:
    if _paid(world, record["bill_id"]):
        raise RefusedError(36214, "Bills with payments cannot be deleted.")


def _removed(world: World, record: Record) -> None:
    stock.state(world, f"bills/{record['bill_id']}", [])
    if record["purchaseorder_id"]:
        purchases.refresh(world, record["purchaseorder_id"], touch=doubts.child_bumps_order)


_FILTERS = (
    matching("bill_number", "reference_number", "vendor_name") | exactly("vendor_id", "total", "purchaseorder_id")
    | dating("date", "due_date")
)  # fmt: skip
BILLS = declared(
    Resource(
        collection="bills", singular="bill", id_key="bill_id", words="Bill", module="bill",
        writable=totals.BOUGHT | {
            "line_items": many(shape(purchases.LINE)), "bill_number": text(50), "due_date": day, "payment_terms": whole,
            "payment_terms_label": text(100), "purchaseorder_id": identifier, "purchaseorder_ids": many(identifier),
            "is_item_level_tax_calc": flag,
        },
        required=("vendor_id", "bill_number", "line_items"),
        fresh=totals.FRESH | {
            "bill_number": "", "due_date": "", "payment_terms": 0, "payment_terms_label": "", "purchaseorder_id": "",
            "purchaseorder_ids": [], "is_item_level_tax_calc": False, "_state": "open", "status": "open", "payment_made": 0,
            "has_attachment": False, "attachment_name": "", "unused_credits_payable_amount": 0,
        },
        row=(
            "vendor_id", "vendor_name", "status", "bill_number", "reference_number", "date", "due_date", "currency_id",
            "currency_code", "price_precision", "exchange_rate", "total", "balance", "has_attachment", "attachment_name",
            "created_time", "last_modified_time",
        ),
        filters=_FILTERS, deaf={INVENTORY: frozenset(column for column, _ in _FILTERS.values())},
        silent=frozenset({INVENTORY}), blind=frozenset({INVENTORY}),
        sorts=("vendor_name", "bill_number", "date", "due_date", "total", "balance", "created_time", "last_modified_time"),
        search=("bill_number", "reference_number", "vendor_name"), field_paths=(BOOKS,), status=status_of, check=_check,
        derive=lambda _world, _record: {"due_days": ""}, show=_show,
        saved=lambda world, record: refresh(world, record["bill_id"], touch=False),
        removable=_removable, removed=_removed, upsert=True,
    )
)  # fmt: skip


def set_state(world: World, request: Request, bill_id: str, state: str, door: str) -> Response:
    """`POST /bills/{id}/status/{open|void}`; Books answers 201."""
    engine.only_query(request)
    record = engine.found(world, BILLS, bill_id)
    if state != record["_state"]:
        if state not in _STATES[record["_state"]] or (state == "void" and _paid(world, bill_id)):
            raise RefusedError(36215, f"Bill status cannot be changed to {state}.")
        engine.keep(world, BILLS, record | {"_state": state})
        refresh(world, bill_id, touch=False)
    return done(message=said(BILLS, state, door), status=201 if door == BOOKS else 200)


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Status actions."""
    return [
        ("POST", f"/bills/{{bill_id}}/status/{state}", partial(set_state, state=state, door=door))
        for state in ("open", "void")
    ]
