# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Sales orders ("Sales Orders").

The state of an order (`draft`, `confirmed`, `void`) is set by actions; its status follows from invoices and shipments
(the set of words is documented, the precedence UNVERIFIED).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import backorders, engine, stock, totals
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.values import day, dec, num, shape, text
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_STATES = {"draft": {"confirmed", "void"}, "confirmed": {"void"}, "void": {"confirmed"}}


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if before is not None and before["_state"] == "void":
        raise RefusedError(36012, "A void sales order cannot be edited.")
    totals.prepare(world, record, before, given)
    if before is not None:
        kept = {line["line_item_id"]: dec(line["quantity"]) for line in record["line_items"]}
        for line in before["line_items"]:
            used = max(dec(line.get(f"quantity_{verb}")) for verb in ("invoiced", "packed", "shipped"))
            if kept.get(line["line_item_id"], Decimal(0)) < used:
                raise RefusedError(
                    36026, "Line items that are packed, shipped or invoiced cannot be removed or reduced."
                )


def refresh(world: World, order_id: str, *, touch: bool) -> None:
    """Recompute what follows from invoices, packages and shipments: quantities, statuses, reserved stock."""
    order = ORDERS.table(world).get(order_id)
    if order is None:
        return
    sums = _sums(world, order)
    lines = [
        line
        | {f"quantity_{verb}": num(sums[verb][line["line_item_id"]]) for verb in ("invoiced", "packed", "shipped")}
        | {"is_invoiced": sums["invoiced"][line["line_item_id"]] >= dec(line["quantity"])}
        for line in order["line_items"]
    ]
    invoices = [one for one in invoices_of(world, order_id) if one["_state"] != "void"]
    paid = bool(invoices) and all(one["_state"] == "sent" and dec(one["balance"]) == 0 for one in invoices)
    order = order | {
        "line_items": lines,
        "invoiced_status": _degree(lines, "invoiced", ("not_invoiced", "partially_invoiced", "invoiced")),
        "shipped_status": _degree(lines, "shipped", ("pending", "partially_shipped", "shipped")),
        "paid_status": "paid" if paid else "unpaid", "order_status": order["_state"],
        "total_invoiced_amount": num(sum((dec(one["total"]) for one in invoices), Decimal(0))),
        "quantity": num(sum((dec(line["quantity"]) for line in lines), Decimal(0))),
    }  # fmt: skip
    engine.keep(world, ORDERS, order, touch=touch)
    stock.state(world, f"salesorders/{order_id}", _reserved(order, sums))


def _sums(world: World, order: Record) -> dict[str, dict[str, Decimal]]:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for invoice in invoices_of(world, order["salesorder_id"]):
        if invoice["_state"] != "void":
            for line in invoice["line_items"]:
                sums["invoiced"][line.get("salesorder_item_id", "")] += dec(line["quantity"])
                if invoice["_state"] == "sent":
                    sums["posted"][line.get("salesorder_item_id", "")] += dec(line["quantity"])
    for package in packages_of(world, order["salesorder_id"]):
        for line in package["line_items"]:
            sums["packed"][line["so_line_item_id"]] += dec(line["quantity"])
            if package["status"] != "not_shipped":
                sums["shipped"][line["so_line_item_id"]] += dec(line["quantity"])
    return sums


def _degree(lines: list[Record], verb: str, words: tuple[str, str, str]) -> str:
    none, some, everything = words
    if all(dec(line[f"quantity_{verb}"]) >= dec(line["quantity"]) for line in lines):
        return everything
    return some if any(line[f"quantity_{verb}"] for line in lines) else none


def _reserved(order: Record, sums: Mapping[str, Mapping[str, Decimal]]) -> list[stock.Movement]:
    if order["_state"] != "confirmed":
        return []
    return [
        stock.Movement(line["item_id"], line["location_id"], column,
                       max(dec(line["quantity"]) - sums[verb][line["line_item_id"]], Decimal(0)))
        for line in order["line_items"]
        for column, verb in ((stock.COMMITTED, "posted"), (stock.ACTUAL_COMMITTED, "shipped"))
    ]  # fmt: skip


def invoices_of(world: World, order_id: str) -> list[Record]:
    """Invoices that name this order."""
    table = world.store.table("finance/invoices")
    return [table.rows[key] for key in table.index("order", lambda one: (one["salesorder_id"],)).ids(order_id)]


def packages_of(world: World, order_id: str) -> list[Record]:
    """Packages of this order."""
    table = world.store.table("finance/packages")
    return [table.rows[key] for key in table.index("order", lambda one: (one["salesorder_id"],)).ids(order_id)]


def _status(world: World, record: Record) -> str:
    if record["_state"] != "confirmed":
        return str(record["_state"])
    invoiced, shipped = record["invoiced_status"], record["shipped_status"]
    if shipped == "pending" and backorders.waits_for_goods(world, record["salesorder_id"]):
        return "backordered"
    if invoiced == "invoiced" and shipped == "shipped":
        return "fulfilled"
    if shipped != "pending":
        return str(shipped)
    return "confirmed" if invoiced == "not_invoiced" else str(invoiced)


def _show(world: World, record: Record) -> dict[str, Any]:
    key = record["salesorder_id"]
    return {
        "packages": [
            {name: one[name] for name in ("package_id", "package_number", "status", "date")}
            | {"shipment_id": one["shipment_id"]}
            for one in packages_of(world, key)
        ],
        "invoices": [
            {name: one[name] for name in ("invoice_id", "invoice_number", "date", "due_date", "total", "balance")}
            | {"status": one["_state"]}
            for one in invoices_of(world, key)
        ],
    }


def _removable(world: World, record: Record) -> None:
    if invoices_of(world, record["salesorder_id"]) or packages_of(world, record["salesorder_id"]):
        raise RefusedError(36022, "Sales orders with packages or invoices cannot be deleted.")


_BOOKS_ONLY = frozenset(
    {
        "reference_number",
        "customer_name",
        "shipment_date",
        "salesperson_id",
        "zcrm_potential_id",
        "total",
        "salesorder_id",
    }
)
"""Inventory documents pages only; its number, customer, dates, status and modification time were seen to be honoured there."""
ORDERS = declared(
    Resource(
        collection="salesorders", singular="salesorder", id_key="salesorder_id", words="Sales order", module="salesorder",
        spoken={BOOKS: {"confirmed": "open", "partially_shipped": "open", "shipped": "open", "fulfilled": "invoiced"}},
        writable=totals.HEAD | {"salesorder_number": text(50), "shipment_date": day, "delivery_method": text(100)},
        required=("customer_id", "line_items"),
        fresh=totals.FRESH | {"salesorder_number": "", "shipment_date": "", "delivery_method": "", "_state": "draft",
                              "source": "api", "zcrm_potential_id": "", "is_manually_fulfilled": False, "status": "draft",
                              "is_emailed": False},
        row=(
            "salesorder_number", "status", "order_status", "invoiced_status", "paid_status", "shipped_status", "customer_id",
            "customer_name", "company_name", "email", "date", "shipment_date", "reference_number", "currency_id",
            "currency_code", "total", "quantity", "total_invoiced_amount", "salesperson_name", "zcrm_potential_id",
            "is_manually_fulfilled", "source", "created_time", "last_modified_time",
        ),
        filters=matching("salesorder_number", "reference_number", "customer_name") | dating("date", "shipment_date")
        | exactly("customer_id", "salesperson_id", "zcrm_potential_id", "total") | {"salesorder_ids": ("salesorder_id", "in")},
        deaf={INVENTORY: _BOOKS_ONLY},
        sorts=("customer_name", "salesorder_number", "shipment_date", "last_modified_time", "reference_number", "total", "date",
               "created_time", "status"),
        search=("salesorder_number", "reference_number", "customer_name"), number=("salesorder_number", "SO-"),
        duplicate=(36004, "This sales order number already exists."),
        field_paths=(BOOKS,), status=_status, check=_check, show=_show, removable=_removable, upsert=True,
        derive=lambda world, record: {"is_backorder": backorders.waits_for_goods(world, record["salesorder_id"])},
        saved=lambda world, record: refresh(world, record["salesorder_id"], touch=False),
        removed=lambda world, record: stock.state(world, f"salesorders/{record['salesorder_id']}", []),
    )
)  # fmt: skip


def set_state(world: World, request: Request, salesorder_id: str, state: str, door: str) -> Response:
    """`POST /salesorders/{id}/status/{confirmed|open|void}`; Books takes a `reason` of a void and answers 201."""
    engine.only_query(request)
    shape({"reason": text(500)} if state == "void" else {})("body", engine.body_of(request))
    order = dict(engine.found(world, ORDERS, salesorder_id))
    _allow(world, order, state)
    _set(world, order, state)
    return done(message=said(ORDERS, state, door), status=201 if door == BOOKS else 200)


def confirm_many(world: World, request: Request) -> Response:
    """`POST /salesorders/status/confirmed?salesorder_ids=`: all or none."""
    engine.only_query(request, "salesorder_ids")
    ids = [key for key in request.query.get("salesorder_ids", "").split(",") if key]
    orders = [dict(engine.found(world, ORDERS, key)) for key in ids]
    if not orders or len(orders) > 200:  # noqa: PLR2004 - the vendor's cap
        raise invalid("salesorder_ids")
    for order in orders:
        _allow(world, order, "confirmed")
    for order in orders:
        _set(world, order, "confirmed")
    return done(message="The selected sales orders have been marked as confirmed.")


def _allow(world: World, order: Record, state: str) -> None:
    if state != order["_state"] and state not in _STATES[order["_state"]]:
        raise RefusedError(36011, f"A {order['_state']} sales order cannot be marked as {state}.")
    if state == "void" and packages_of(world, order["salesorder_id"]):
        raise RefusedError(36013, "Sales orders with packages cannot be voided.")


def _set(world: World, order: Record, state: str) -> None:
    if order["_state"] != state:
        order["_state"] = state
        engine.keep(world, ORDERS, order)
        refresh(world, order["salesorder_id"], touch=False)
