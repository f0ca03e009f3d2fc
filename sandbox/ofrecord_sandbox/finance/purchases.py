# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Purchase orders and what is received of them ("Purchase Orders", "Purchase Receives").

An order is `draft`, `issued` (Books: `open`) or `cancelled`; what was received and billed makes the other words (the set and its
precedence are UNVERIFIED). A receive raises physical stock and names its order in the query only (seen by a client, in no file).
The list of receives is in no file, either: its columns are those a tap recorded from live answers. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import engine, sales, stock, totals
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import (
    Kind,
    day,
    dec,
    flag,
    identifier,
    many,
    num,
    number,
    shape,
    text,
    today,
    whole,
)
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

LINE: dict[str, Kind] = totals.LINE | {
    "purchase_rate": number, "quantity_received": number, "purchaseorder_item_id": identifier,
    "receive_item_id": identifier, "account_name": text(100), "sku": text(100),
}  # fmt: skip
_STATES = {"draft": {"issued", "cancelled"}, "issued": {"cancelled"}, "cancelled": {"issued"}}


def at_cost(world: World, lines: list[Record]) -> list[Record]:
    """Lines sent, with the item's purchase rate where they name none (`purchase_rate` and `rate` are one)."""
    items = world.store.table("finance/items")
    priced = []
    for line in lines:
        rate = line.get("rate", "") if line.get("rate", "") != "" else line.get("purchase_rate", "")
        if rate == "" and not line.get("line_item_id"):
            rate = (items.get(line.get("item_id", "")) or {}).get("purchase_rate", 0)
        aside = {"purchase_rate", "quantity_received"} | ({"rate"} if rate == "" else set())
        priced.append(
            {key: value for key, value in line.items() if key not in aside} | ({} if rate == "" else {"rate": rate})
        )
    return priced


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if before is not None and before["_state"] == "cancelled":
        raise RefusedError(36112, "A cancelled purchase order cannot be edited.")
    if "line_items" in given:
        record["line_items"] = at_cost(world, record["line_items"])
    totals.prepare(world, record, before, given, "vendor")
    record["line_items"] = [{"quantity_received": 0, "quantity_billed": 0, **line} for line in record["line_items"]]
    kept = {line["line_item_id"]: dec(line["quantity"]) for line in record["line_items"]}
    for line in (before or {}).get("line_items", []):
        used = max(dec(line["quantity_received"]), dec(line["quantity_billed"]))
        if kept.get(line["line_item_id"], Decimal(0)) < used:
            raise RefusedError(36113, "Line items that are received or billed cannot be removed or reduced.")


def _of_order(world: World, collection: str, order_id: str) -> list[Record]:
    table = world.store.table(f"finance/{collection}")
    return [table.rows[key] for key in table.index("purchase", lambda one: (one["purchaseorder_id"],)).ids(order_id)]


def refresh(world: World, order_id: str, *, touch: bool) -> None:
    """Recompute what follows from receives and bills: quantities and degrees."""
    order = ORDERS.table(world).get(order_id)
    if order is None:
        return
    got: dict[str, Decimal] = {}
    for receive in _of_order(world, "purchasereceives", order_id):
        for line in receive["line_items"]:
            got[line["line_item_id"]] = got.get(line["line_item_id"], Decimal(0)) + dec(line["quantity"])
    billed: dict[str, Decimal] = {}
    for bill in _of_order(world, "bills", order_id):
        if bill["_state"] != "void":
            for line in bill["line_items"]:
                key = line.get("purchaseorder_item_id", "")
                billed[key] = billed.get(key, Decimal(0)) + dec(line["quantity"])
    lines = [
        line | {"quantity_received": num(got.get(line["line_item_id"], Decimal(0))),
                "quantity_billed": num(billed.get(line["line_item_id"], Decimal(0)))}
        for line in order["line_items"]
    ]  # fmt: skip
    degrees = {
        "received_status": _degree(lines, "received", ("pending", "partially_received", "received")),
        "billed_status": _degree(lines, "billed", ("pending", "partially_billed", "billed")),
    }
    engine.keep(world, ORDERS, order | {"line_items": lines, **degrees}, touch=touch)
    _tell_sales(world, order)


def _tell_sales(world: World, order: Record) -> None:
    """The sales order whose goods it brings has another state now."""
    if order["is_backorder"]:
        sales.refresh(world, order["salesorder_id"], touch=doubts.child_bumps_order)


def _degree(lines: list[Record], verb: str, words: tuple[str, str, str]) -> str:
    none, some, everything = words
    if all(dec(line[f"quantity_{verb}"]) >= dec(line["quantity"]) for line in lines):
        return everything
    return some if any(line[f"quantity_{verb}"] for line in lines) else none


def _status(_world: World, record: Record) -> str:
    if record["_state"] != "issued":
        return str(record["_state"])
    received, billed = record["received_status"], record["billed_status"]
    if received == "received" and billed == "billed":
        return "closed"
    if billed != "pending":
        return str(billed)
    return "issued" if received == "pending" else str(received)


def _show(world: World, record: Record) -> dict[str, Any]:
    key = record["purchaseorder_id"]
    kept = ("receive_id", "receive_number", "date", "notes", "line_items")
    bill = ("bill_id", "bill_number", "date", "due_date", "total", "balance")
    return {
        "purchasereceives": [{name: one[name] for name in kept} for one in _of_order(world, "purchasereceives", key)],
        "bills": [
            {name: one[name] for name in bill} | {"status": one["_state"]} for one in _of_order(world, "bills", key)
        ],
        "line_items": [line | {"purchase_rate": line["rate"]} for line in record["line_items"]],
    }


def _receives(world: World, record: Record) -> dict[str, Any]:
    received = _of_order(world, "purchasereceives", record["purchaseorder_id"])
    return {
        "receives": [{key: one[key] for key in ("receive_id", "receive_number")} for one in received],
        "order_status": record["_state"],
        "total_ordered_quantity": num(sum((dec(line["quantity"]) for line in record["line_items"]), Decimal(0))),
    }


def _removable(world: World, record: Record) -> None:
    if _of_order(world, "purchasereceives", record["purchaseorder_id"]) or _of_order(
        world, "bills", record["purchaseorder_id"]
    ):
        raise RefusedError(36114, "Purchase orders with receives or bills cannot be deleted.")


_BOOKS_ONLY = frozenset({"reference_number", "total", "purchaseorder_number", "vendor_name", "vendor_id"})
ORDERS = declared(
    Resource(
        collection="purchaseorders", singular="purchaseorder", id_key="purchaseorder_id", words="Purchase order",
        module="purchaseorder", keys={INVENTORY: "purchase_order"},
        spoken={BOOKS: {"issued": "open", "partially_received": "open", "received": "open", "closed": "billed"}},
        writable=totals.BOUGHT | {
            "line_items": many(shape(LINE)), "purchaseorder_number": text(50), "delivery_date": day, "expected_delivery_date": day,
            "ship_via": text(100), "salesorder_id": identifier, "is_drop_shipment": flag, "is_backorder": flag,
            "attention": text(100), "delivery_org_address_id": identifier, "delivery_customer_id": identifier,
            "due_date": day, "payment_terms": whole,
        },
        required=("vendor_id", "line_items"),
        fresh=totals.FRESH | {
            "purchaseorder_number": "", "delivery_date": "", "expected_delivery_date": "", "ship_via": "", "salesorder_id": "",
            "is_drop_shipment": False, "is_backorder": False, "attention": "", "_state": "draft", "status": "draft",
            "received_status": "pending", "billed_status": "pending", "has_attachment": False,
        },
        row=(
            "vendor_id", "vendor_name", "company_name", "status", "billed_status", "received_status", "purchaseorder_number",
            "reference_number", "date", "delivery_date", "currency_id", "currency_code", "price_precision", "total",
            "has_attachment", "is_drop_shipment", "is_backorder", "created_time", "last_modified_time",
        ),
        filters=matching("purchaseorder_number", "reference_number", "vendor_name") | dating("date")
        | exactly("vendor_id", "total"),
        deaf={INVENTORY: _BOOKS_ONLY},
        sorts=("vendor_name", "purchaseorder_number", "date", "delivery_date", "expected_delivery_date", "total", "created_time",
               "last_modified_time"),
        search=("purchaseorder_number", "reference_number", "vendor_name"), number=("purchaseorder_number", "PO-"),
        field_paths=(BOOKS,), status=_status, check=_check, derive=_receives, show=_show, removable=_removable, upsert=True,
        saved=_tell_sales, removed=_tell_sales,
    )
)  # fmt: skip


def set_state(world: World, request: Request, purchaseorder_id: str, state: str, door: str) -> Response:
    """`POST /purchaseorders/{id}/status/{issued|cancelled}`; Books says `open` and `cancelled`, and answers 201."""
    engine.only_query(request)
    order = engine.found(world, ORDERS, purchaseorder_id)
    if state != order["_state"]:
        if state not in _STATES[order["_state"]]:
            raise RefusedError(36111, f"A {order['_state']} purchase order cannot be marked as {state}.")
        if state == "cancelled" and _show(world, order)["purchasereceives"] + _show(world, order)["bills"]:
            raise RefusedError(36115, "Purchase orders with receives or bills cannot be cancelled.")
        engine.keep(world, ORDERS, order | {"_state": state})
        _tell_sales(world, order)
    return done(message=said(ORDERS, state, door), status=201 if door == BOOKS else 200)


def _check_receive(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    order_id = before["purchaseorder_id"] if before else record["_query"].get("purchaseorder_id", "")
    order = engine.found(world, ORDERS, order_id)
    if order["_state"] != "issued":
        raise RefusedError(36116, "Only purchase orders that are issued can be received.")
    record |= {key: order[key] for key in ("purchaseorder_id", "purchaseorder_number", "vendor_id", "vendor_name")}
    record["date"] = record["date"] or today(world)
    if before is None or "line_items" in given:
        record["line_items"] = _received(record, before, order)


def _received(record: Record, before: Record | None, order: Record) -> list[Record]:
    """The lines sent, each with the order's line it names, and no more than is still to come."""
    lines = {line["line_item_id"]: line for line in order["line_items"]}
    old = {line["line_item_id"]: dec(line["quantity"]) for line in (before or {}).get("line_items", [])}
    kept: dict[str, Record] = {}
    for sent in record["line_items"]:
        line = lines.get(sent.get("line_item_id", ""))
        if line is None:
            raise absent("Line item")
        free = dec(line["quantity"]) - dec(line["quantity_received"]) + old.get(line["line_item_id"], Decimal(0))
        if not 0 < dec(sent.get("quantity")) <= free:
            raise RefusedError(36117, "The quantity received is more than the quantity ordered.")
        known = {
            key: line[key] for key in ("item_id", "name", "sku", "description", "unit", "location_id", "item_order")
        }
        kept[line["line_item_id"]] = known | {"line_item_id": line["line_item_id"], "quantity": sent["quantity"]}
    if len(kept) != len(record["line_items"]):
        raise invalid("line_items")
    return list(kept.values())


def _receive_saved(world: World, record: Record) -> None:
    movements = [
        stock.Movement(line["item_id"], line["location_id"], stock.PHYSICAL, dec(line["quantity"]))
        for line in record["line_items"]
    ]
    stock.state(world, f"purchasereceives/{record['receive_id']}", movements)
    refresh(world, record["purchaseorder_id"], touch=doubts.child_bumps_order)


def _receive_removed(world: World, record: Record) -> None:
    stock.state(world, f"purchasereceives/{record['receive_id']}", [])
    refresh(world, record["purchaseorder_id"], touch=doubts.child_bumps_order)


def _receive_row(row: Record) -> Record:
    """A list row in the words a tap recorded (`purchasereceive_id`), or in those of the detail when the doubt says so."""
    if not doubts.receive_rows_as_recorded:
        return row
    names = {"receive_id": "purchasereceive_id", "receive_number": "purchasereceive_number", "date": "receive_date"}
    return {names.get(key, key): value for key, value in row.items()}


def _quantity(_world: World, record: Record) -> dict[str, Any]:
    got = sum((dec(line["quantity"]) for line in record["line_items"]), Decimal(0))
    return {"quantity_received": num(got), "is_salesreturn": False}


_RECEIVED = shape(
    {"line_item_id": identifier, "item_id": identifier, "name": text(200), "description": text(2000), "item_order": whole,
     "quantity": number, "unit": text(100)}
)  # fmt: skip
RECEIVES = declared(
    Resource(
        collection="purchasereceives", singular="purchase_receive", id_key="receive_id", words="Purchase Receive",
        module="purchasereceive", doors=(INVENTORY,),
        writable={"receive_number": text(50), "date": day, "notes": text(2000), "line_items": many(_RECEIVED)},
        required=("line_items",),
        fresh={"receive_number": "", "date": "", "notes": "", "status": "received"},
        row=("receive_number", "date", "status", "vendor_id", "vendor_name", "purchaseorder_id", "purchaseorder_number",
             "created_time", "last_modified_time"),
        sorts=("date", "created_time", "last_modified_time", "receive_number"), search=("receive_number", "purchaseorder_number"),
        number=("receive_number", "PR-"), own_number=True, silent=frozenset({INVENTORY}), blind=frozenset({INVENTORY}),
        query=frozenset({"purchaseorder_id"}), dropped=frozenset({"purchaseorder_id"}), check=_check_receive,
        saved=_receive_saved, removed=_receive_removed, derive=_quantity, as_row=_receive_row,
    )
)  # fmt: skip


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Status actions."""
    words = (
        {"issued": "issued", "cancelled": "cancelled"}
        if door == INVENTORY
        else {"open": "issued", "cancelled": "cancelled"}
    )
    return [
        ("POST", f"/purchaseorders/{{purchaseorder_id}}/status/{word}", partial(set_state, state=state, door=door))
        for word, state in words.items()
    ]
