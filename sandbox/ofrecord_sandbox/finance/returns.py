# ruff: noqa: EM101, TRY003 - `raise absent(words)` names a thing, the words are in `answers`
"""Sales returns and their receipts ("Sales Returns", "Sales Return Receives").

The answer to a receipt has the key `salesreturnreceive`; the OpenAPI file says `salesreturn` (UNVERIFIED). Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared
from ofrecord_sandbox.finance.sales import ORDERS
from ofrecord_sandbox.finance.values import day, dec, identifier, many, num, number, shape, text, today
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def _check_return(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    order_id = before["salesorder_id"] if before else record["_query"].get("salesorder_id", "")
    order = engine.found(world, ORDERS, order_id)
    record |= {key: order[key] for key in ("salesorder_number", "customer_id", "customer_name")}
    record |= {"salesorder_id": order_id, "date": record["date"] or today(world)}
    if "line_items" not in given:
        return
    lines = {line["line_item_id"]: line for line in order["line_items"]}
    old = {line["line_item_id"] for line in (before or {}).get("line_items", [])}
    kept = []
    for sent in record["line_items"]:
        line = lines.get(sent.get("salesorder_item_id", ""))
        if line is None:
            raise absent("Line item")
        if not 0 < dec(sent.get("quantity")) <= dec(line["quantity_shipped"]):
            raise RefusedError(36018, "The quantity returned is more than the quantity shipped.")
        if sent.get("line_item_id", "") not in old | {""}:
            raise absent("Line item")
        kept.append(
            sent
            | {key: line[key] for key in ("item_id", "name", "sku", "unit", "location_id", "rate")}
            | {"line_item_id": sent.get("line_item_id") or engine.new_id(world), "quantity_received": 0}
        )
    record["line_items"] = kept
    if before is not None:
        stay = {one["line_item_id"]: dec(one["quantity"]) for one in kept}
        for one in before["line_items"]:
            if stay.get(one["line_item_id"], Decimal(0)) < dec(one["quantity_received"]):
                raise RefusedError(36025, "Line items that were received cannot be removed or reduced.")
        record["line_items"] = _summed(world, record)


def _returned(_world: World, record: Record) -> dict[str, Any]:
    """Quantity of all lines; refunds of returns are not imitated."""
    wanted = sum((dec(line["quantity"]) for line in record["line_items"]), Decimal(0))
    return {"quantity": num(wanted), "refunded_amount": 0}


def _received(world: World, record: Record) -> dict[str, Any]:
    """The receipts of a return, as its detail shows them."""
    kept = ("receive_id", "receive_number", "date", "notes", "line_items")
    shown = [{key: one[key] for key in kept} for one in _receives_of(world, record["salesreturn_id"])]
    return {"salesreturnreceives": shown}


def _removable(world: World, record: Record) -> None:
    if _receives_of(world, record["salesreturn_id"]):
        raise RefusedError(36028, "Sales returns that were received cannot be deleted; delete the receives first.")


_RECEIVE = {
    "date": day, "receive_number": text(50), "notes": text(2000),
    "line_items": many(shape({"line_item_id": identifier, "quantity": number})),
}  # fmt: skip
RETURNS = declared(
    Resource(
        collection="salesreturns", singular="salesreturn", id_key="salesreturn_id", words="Sales return", module="salesreturn",
        doors=(INVENTORY,), blind=frozenset({INVENTORY}),
        writable={"salesreturn_number": text(50), "date": day, "reason": text(500), "location_id": identifier,
                  "line_items": many(shape({"line_item_id": identifier, "item_id": identifier, "salesorder_item_id": identifier, "quantity": number,
                                            "non_receive_quantity": number, "location_id": identifier}))},
        required=("line_items",),
        fresh={"salesreturn_number": "", "date": "", "reason": "", "salesreturn_status": "approved", "receive_status": "",
               "refund_status": ""},
        row=("salesreturn_number", "date", "reason", "salesreturn_status", "receive_status", "refund_status", "salesorder_id",
             "salesorder_number", "customer_id", "customer_name", "created_time", "last_modified_time"),
        derive=_returned,
        sorts=("date", "created_time", "salesreturn_number"), number=("salesreturn_number", "RMA-"), silent=frozenset({INVENTORY}),
        query=frozenset({"salesorder_id"}), update_query=frozenset({"salesorder_id"}), dropped=frozenset({"salesorder_id"}), check=_check_return, show=_received, removable=_removable,
    )
)  # fmt: skip


def _summed(world: World, record: Record) -> list[Record]:
    """The lines of a return with what its receipts brought."""
    got: dict[str, Decimal] = defaultdict(Decimal)
    for one in _receives_of(world, record["salesreturn_id"]):
        for line in one["line_items"]:
            got[line["line_item_id"]] += dec(line["quantity"])
    return [line | {"quantity_received": num(got[line["line_item_id"]])} for line in record["line_items"]]


def _refresh(world: World, record: Record) -> None:
    """Recompute what follows from receipts: quantities, status, physical stock, the return's time."""
    lines = _summed(world, record)
    whole = all(dec(line["quantity_received"]) >= dec(line["quantity"]) for line in lines)
    some = any(line["quantity_received"] for line in lines)
    status = "received" if whole else "partially_received" if some else ""
    engine.keep(world, RETURNS, record | {"line_items": lines, "receive_status": status})
    stock.state(world, f"salesreturns/{record['salesreturn_id']}", [
        stock.Movement(line["item_id"], line["location_id"], stock.PHYSICAL, dec(line["quantity_received"])) for line in lines
    ])  # fmt: skip


def _receives(world: World) -> Table:
    return world.store.table("finance/salesreturnreceives")


def _receives_of(world: World, salesreturn_id: str) -> list[Record]:
    table = _receives(world)
    index = table.index("return", lambda one: (one["salesreturn_id"],))
    return [table.rows[key] for key in index.ids(salesreturn_id)]


def receive(world: World, request: Request) -> Response:
    """`POST /salesreturnreceives?salesreturn_id=`: goods come back, physical stock grows."""
    engine.only_query(request, "salesreturn_id")
    record = engine.found(world, RETURNS, request.query.get("salesreturn_id", ""))
    sent = engine.body_of(request)
    sent.pop("salesreturn_id", None)
    given = shape(_RECEIVE)("body", sent)
    lines = {line["line_item_id"]: line for line in record["line_items"]}
    kept = given.get("line_items", [])
    if not kept or any(one.get("line_item_id", "") not in lines or dec(one.get("quantity")) <= 0 for one in kept):
        raise absent("Line item")
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for one in kept:
        wanted[one["line_item_id"]] += dec(one["quantity"])
    for key, quantity in wanted.items():
        if dec(lines[key]["quantity_received"]) + quantity > dec(lines[key]["quantity"]):
            raise RefusedError(36019, "The quantity received is more than the quantity returned.")
    receive_id = engine.new_id(world)
    shown = {
        "receive_id": receive_id,
        "receive_number": given.get("receive_number") or f"RR-{receive_id[-5:]}",
        "salesreturn_id": record["salesreturn_id"],
        "salesreturn_number": record["salesreturn_number"],
        "date": given.get("date") or today(world),
        "notes": given.get("notes", ""),
        "line_items": [lines[one["line_item_id"]] | {"quantity": one["quantity"]} for one in kept],
    }
    _receives(world).put(receive_id, shown)
    _refresh(world, record)
    return done("salesreturnreceive", shown, "Sales Return Receive Created Successfully", status=201)


def unreceive(world: World, request: Request, salesreturnreceive_id: str) -> Response:
    """`DELETE /salesreturnreceives/{id}`: as if the goods had not come."""
    engine.only_query(request)
    gone = _receives(world).remove(salesreturnreceive_id)
    if gone is None:
        raise absent("Sales return receive")
    _refresh(world, engine.found(world, RETURNS, gone["salesreturn_id"]))
    return done(message="Sales Return Receive Deleted Successfully.")
