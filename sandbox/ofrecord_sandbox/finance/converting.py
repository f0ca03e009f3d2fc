# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`
"""Invoices made from sales orders: `POST /invoices?salesorder_id=` and `POST /invoices/fromsalesorder?salesorder_id=`.

The second is in the OpenAPI file of Books; the first is what clients send ("Foreign keys of convert creates go in the query").
Without lines in the body what is not invoiced yet is taken over. Lines that are sent without `salesorder_item_id` belong to
the order's line with the same item (UNVERIFIED), and no more is invoiced than was ordered (UNVERIFIED code).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ofrecord_sandbox.finance import engine, sales
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import RESOURCES
from ofrecord_sandbox.finance.values import dec, num
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_LINE = ("item_id", "name", "description", "rate", "unit", "discount", "tax_id", "location_id")
_HEAD = (
    "customer_id", "discount", "discount_type", "is_discount_before_tax", "shipping_charge", "adjustment",
    "adjustment_description", "notes", "terms",
)  # fmt: skip


def filled(world: World, given: Mapping[str, Any], query: Mapping[str, str]) -> Mapping[str, Any]:
    """What was sent, completed from the order the query names; raises RefusedError."""
    if "salesorder_id" not in query:
        return given
    order = engine.found(world, sales.ORDERS, query["salesorder_id"])
    if order["_state"] != "confirmed":
        raise RefusedError(36020, "Invoices can be created for confirmed sales orders only.")
    if given.get("customer_id", order["customer_id"]) != order["customer_id"]:
        raise invalid("customer_id")
    taken = {key: order[key] for key in _HEAD} | {"reference_number": order["salesorder_number"]}
    lines = _named(order, given["line_items"]) if given.get("line_items") else _rest(order)
    return taken | dict(given) | {"line_items": lines}


def _rest(order: Record) -> list[Record]:
    lines = [
        {key: line[key] for key in _LINE if line[key] != ""}
        | {
            "quantity": num(dec(line["quantity"]) - dec(line["quantity_invoiced"])),
            "salesorder_item_id": line["line_item_id"],
        }
        for line in order["line_items"]
        if dec(line["quantity"]) > dec(line["quantity_invoiced"])
    ]
    if not lines:
        raise RefusedError(36021, "The sales order has been invoiced already.")
    return lines


def _named(order: Record, sent: Any) -> Any:
    """The lines sent, each with the line of the order it belongs to."""
    if not isinstance(sent, list) or not all(isinstance(line, dict) for line in sent):
        return sent
    free = {
        line["line_item_id"]: dec(line["quantity"]) - dec(line["quantity_invoiced"]) for line in order["line_items"]
    }
    of_item: dict[str, list[str]] = {}
    for line in order["line_items"]:
        of_item.setdefault(line["item_id"], []).append(line["line_item_id"])
    named = []
    for line in sent:
        candidates = of_item.get(str(line.get("item_id", "")), []) if line.get("item_id") else []
        key = line.get("salesorder_item_id") or (candidates.pop(0) if candidates else "")
        wanted = dec(line.get("quantity", 1))
        if key in free:
            free[key] -= wanted
            if free[key] < 0:
                raise RefusedError(36024, "The quantity invoiced is more than the quantity ordered.")
        named.append(line | {"salesorder_item_id": key} if key else line)
    return named


def from_order(world: World, request: Request, door: str) -> Response:
    """`POST /invoices/fromsalesorder?salesorder_id=`: an invoice of what is not invoiced yet."""
    engine.only_query(request, "salesorder_id")
    invoices = RESOURCES["invoices"]
    record = engine.insert(world, invoices, {}, {"salesorder_id": request.query.get("salesorder_id", "")})
    return done("invoice", engine.detail(world, invoices, record, door), said(invoices, "created", door), 201)
