# ruff: noqa: EM101, TRY003 - `raise absent(words)` names a thing, the words are in `answers`
"""Sales returns and their receipts ("Sales Returns", "Sales Return Receives")."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done
from ofrecord_sandbox.finance.declare import Resource, declared
from ofrecord_sandbox.finance.sales import ORDERS
from ofrecord_sandbox.finance.values import day, dec, identifier, many, num, number, shape, text, today
from ofrecord_sandbox.store import Record
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
    kept = []
    for sent in record["line_items"]:
        line = lines.get(sent.get("salesorder_item_id", ""))
        if line is None:
            raise absent("Line item")
        if not 0 < dec(sent.get("quantity")) <= dec(line["quantity_shipped"]):
            raise RefusedError(36018, "The quantity returned is more than the quantity shipped.")
        kept.append(
            sent
            | {key: line[key] for key in ("item_id", "name", "sku", "unit", "location_id", "rate")}
            | {"line_item_id": engine.new_id(world), "quantity_received": 0}
        )
    record["line_items"] = kept


def _returned(_world: World, record: Record) -> dict[str, Any]:
    """Quantity of all lines; refunds of returns are not imitated."""
    wanted = sum((dec(line["quantity"]) for line in record["line_items"]), Decimal(0))
    return {"quantity": num(wanted), "refunded_amount": 0}


RETURNS = declared(
    Resource(
        collection="salesreturns", singular="salesreturn", id_key="salesreturn_id", words="Sales return", module="salesreturn",
        writable={"salesreturn_number": text(50), "date": day, "reason": text(500), "location_id": identifier,
                  "line_items": many(shape({"item_id": identifier, "salesorder_item_id": identifier, "quantity": number,
                                            "non_receive_quantity": number, "location_id": identifier}))},
        required=("line_items",),
        fresh={"salesreturn_number": "", "date": "", "reason": "", "salesreturn_status": "approved", "receive_status": "",
               "refund_status": ""},
        row=("salesreturn_number", "date", "reason", "salesreturn_status", "receive_status", "refund_status", "salesorder_id",
             "salesorder_number", "customer_id", "customer_name", "created_time", "last_modified_time"),
        derive=_returned,
        sorts=("date", "created_time", "salesreturn_number"), number=("salesreturn_number", "RMA-"), silent=True,
        query=frozenset({"salesorder_id"}), check=_check_return,
        removed=lambda world, record: stock.state(world, f"salesreturns/{record['salesreturn_id']}", []),
    )
)  # fmt: skip


def receive(world: World, request: Request) -> Response:
    """`POST /salesreturnreceives?salesreturn_id=`: goods come back, physical stock grows."""
    engine.only_query(request, "salesreturn_id")
    record = engine.found(world, RETURNS, request.query.get("salesreturn_id", ""))
    given = shape(
        {
            "date": day,
            "receive_number": text(50),
            "notes": text(2000),
            "line_items": many(shape({"line_item_id": identifier, "quantity": number})),
        }
    )("body", engine.body_of(request))
    sent = {one.get("line_item_id", ""): dec(one.get("quantity")) for one in given.get("line_items", [])}
    if not sent or sent.keys() - {line["line_item_id"] for line in record["line_items"]}:
        raise absent("Line item")
    lines = [
        line | {"quantity_received": num(dec(line["quantity_received"]) + sent.get(line["line_item_id"], Decimal(0)))}
        for line in record["line_items"]
    ]
    if any(dec(line["quantity_received"]) > dec(line["quantity"]) for line in lines):
        raise RefusedError(36019, "The quantity received is more than the quantity returned.")
    whole = all(dec(line["quantity_received"]) == dec(line["quantity"]) for line in lines)
    record = record | {"line_items": lines, "receive_status": "received" if whole else "partially_received"}
    engine.keep(world, RETURNS, record)
    stock.state(world, f"salesreturns/{record['salesreturn_id']}", [
        stock.Movement(line["item_id"], line["location_id"], stock.PHYSICAL, dec(line["quantity_received"])) for line in lines
    ])  # fmt: skip
    shown = {
        "receive_id": engine.new_id(world),
        "salesreturn_id": record["salesreturn_id"],
        "date": given.get("date", ""),
    }
    return done("salesreturnreceive", shown, "Sales return receive has been created.", 201)
