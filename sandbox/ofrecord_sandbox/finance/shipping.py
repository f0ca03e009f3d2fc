# ruff: noqa: ARG001, EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Packages and shipments of sales orders ("Packages", "Shipment Orders").

What they are made from stands in the query (`?salesorder_id=`, `&package_ids=`); in the body it is dropped without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, sales, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import day, dec, identifier, many, number, shape, text, today
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_UNNAMED = ""


def _check_package(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    order_id = before["salesorder_id"] if before else record["_query"].get("salesorder_id", "")
    order = engine.found(world, sales.ORDERS, order_id)
    if order["_state"] != "confirmed":
        raise RefusedError(36014, "Packages can be created for confirmed sales orders only.")
    if before is not None and before["status"] != "not_shipped" and "line_items" in given:
        raise RefusedError(36023, "The items of a package that was shipped cannot be changed.")
    record |= {"salesorder_id": order_id, "date": record["date"] or today(world)}
    record |= {key: order[key] for key in ("salesorder_number", "customer_id", "customer_name")}
    if before is None or "line_items" in given:
        _pack(record, before, order)


def _pack(record: Record, before: Record | None, order: Record) -> None:
    """Check the lines sent against the order: each once, and no more than is left to pack."""
    lines = {line["line_item_id"]: line for line in order["line_items"]}
    old = {line["so_line_item_id"]: dec(line["quantity"]) for line in (before or {}).get("line_items", [])}
    kept = []
    for sent in record["line_items"]:
        line = lines.get(sent.get("so_line_item_id", ""))
        if line is None:
            raise absent("Line item")
        free = dec(line["quantity"]) - dec(line["quantity_packed"]) + old.get(line["line_item_id"], Decimal(0))
        if not 0 < dec(sent.get("quantity")) <= free:
            raise RefusedError(36015, "The quantity packed is more than the quantity ordered.")
        kept.append(
            sent
            | {key: line[key] for key in ("item_id", "name", "sku", "unit", "location_id")}
            | {"line_item_id": sent.get("line_item_id") or _UNNAMED}
        )
    if len({one["so_line_item_id"] for one in kept}) != len(kept):
        raise invalid("so_line_item_id")
    known = {line["line_item_id"] for line in (before or {}).get("line_items", [])}
    if not {one["line_item_id"] for one in kept} <= known | {_UNNAMED}:
        raise absent("Line item")
    record["line_items"] = kept
    record["total_quantity"] = str(sum((dec(one["quantity"]) for one in kept), Decimal(0)))


def _packed(world: World, record: Record) -> None:
    """Give new lines their ids."""
    lines = record["line_items"]
    if any(line["line_item_id"] == _UNNAMED for line in lines):
        lines = [line | {"line_item_id": line["line_item_id"] or engine.new_id(world)} for line in lines]
        engine.keep(world, PACKAGES, record | {"line_items": lines}, touch=False)
    _follow(world, record)


def _package_movable(world: World, record: Record) -> None:
    if record["status"] != "not_shipped":
        raise RefusedError(36016, "Packages that were shipped cannot be deleted.")


def _follow(world: World, record: Record) -> None:
    sales.refresh(world, record["salesorder_id"], touch=doubts.child_bumps_order)


def _shipment_of(world: World, record: Record) -> dict[str, Any]:
    """`shipment_order` of the detail: how a package travels. The carrier of a manual shipment is its delivery method (UNVERIFIED)."""
    shipment = world.store.table("finance/shipmentorders").get(record["shipment_id"])
    if shipment is None:
        return {"shipment_order": {}}
    kept = ("shipment_id", "shipment_number", "status", "delivery_method", "tracking_number", "notes")
    shown = {key: shipment[key] for key in kept}
    return {"shipment_order": shown | {"carrier": shipment["delivery_method"], "shipping_date": shipment["date"]}}


PACKAGES = declared(
    Resource(
        collection="packages", singular="package", id_key="package_id", words="Package", module="package",
        doors=(INVENTORY,), blind=frozenset({INVENTORY}),
        writable={"package_number": text(50), "date": day, "notes": text(2000),
                  "line_items": many(shape({"line_item_id": identifier, "so_line_item_id": identifier, "quantity": number}))},
        dropped=frozenset({"salesorder_id"}),
        required=("line_items",),
        fresh={"package_number": "", "date": "", "notes": "", "status": "not_shipped", "shipment_id": "",
               "shipment_number": "", "tracking_number": "", "shipment_date": "", "delivery_method": ""},
        row=("package_number", "status", "date", "salesorder_id", "salesorder_number", "customer_id", "customer_name",
             "total_quantity", "shipment_id", "shipment_number", "shipment_date", "delivery_method", "tracking_number",
             "notes", "created_time", "last_modified_time"),
        filters=matching("package_number", "salesorder_number", "customer_name") | dating("date", "shipment_date")
        | exactly("customer_id"),
        sorts=("package_number", "date", "created_time", "last_modified_time", "salesorder_number", "customer_name",
               "customer_id", "shipment_date", "tracking_number", "delivery_method"), search=("package_number", "salesorder_number"),
        number=("package_number", "PKG-"), query=frozenset({"salesorder_id"}), silent=frozenset({INVENTORY}),
        check=_check_package, show=_shipment_of, saved=_packed, removable=_package_movable, removed=_follow,
    )
)  # fmt: skip


def _check_shipment(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    """The query names order and packages; on an update, too, where it changes nothing (UNVERIFIED)."""
    record["date"] = record["date"] or today(world)
    if before is not None:
        return
    order = engine.found(world, sales.ORDERS, record["_query"].get("salesorder_id", ""))
    ids = [key for key in record["_query"].get("package_ids", "").split(",") if key]
    packages = [engine.found(world, PACKAGES, key) for key in ids]
    if not packages or any(one["salesorder_id"] != order["salesorder_id"] for one in packages):
        raise invalid("package_ids")
    if any(one["status"] != "not_shipped" for one in packages):
        raise RefusedError(36017, "The package has been shipped already.")
    record |= {key: order[key] for key in ("salesorder_id", "salesorder_number", "customer_id", "customer_name")}
    record["_packages"] = ids


def _ship(world: World, record: Record) -> None:
    movements = []
    for key in record["_packages"]:
        package = engine.found(world, PACKAGES, key) | {
            "status": record["status"], "shipment_id": record["shipment_id"], "shipment_number": record["shipment_number"],
            "tracking_number": record["tracking_number"], "shipment_date": record["date"],
            "delivery_method": record["delivery_method"],
        }  # fmt: skip
        engine.keep(world, PACKAGES, package, touch=doubts.shipment_bumps_package)
        movements += [
            stock.Movement(line["item_id"], line["location_id"], stock.PHYSICAL, -dec(line["quantity"]))
            for line in package["line_items"]
        ]
    stock.state(world, f"shipmentorders/{record['shipment_id']}", movements)
    _follow(world, record)


def _unship(world: World, record: Record) -> None:
    blank = dict.fromkeys(("shipment_id", "shipment_number", "tracking_number", "shipment_date", "delivery_method"), "")
    blank["status"] = "not_shipped"
    for key in record["_packages"]:
        engine.keep(world, PACKAGES, engine.found(world, PACKAGES, key) | blank, touch=doubts.shipment_bumps_package)
    stock.state(world, f"shipmentorders/{record['shipment_id']}", [])
    _follow(world, record)


SHIPMENTS = declared(
    Resource(
        collection="shipmentorders", singular="shipment_order", id_key="shipment_id", words="Shipment order",
        doors=(INVENTORY,),
        writable={"shipment_number": text(50), "date": day, "delivery_method": text(100), "tracking_number": text(100),
                  "reference_number": text(50), "notes": text(2000), "shipping_charge": number, "exchange_rate": number},
        fresh={"shipment_number": "", "date": "", "delivery_method": "", "tracking_number": "", "reference_number": "",
               "notes": "", "shipping_charge": 0, "status": "shipped"},
        row=("status",), derive=lambda _world, record: {"carrier": record["delivery_method"]},
        number=("shipment_number", "SHP-"), query=frozenset({"salesorder_id", "package_ids"}),
        update_query=frozenset({"salesorder_id", "package_ids"}), dropped=frozenset({"salesorder_id", "package_ids"}),
        check=_check_shipment, saved=_ship, removed=_unship,
    )
)  # fmt: skip


def deliver(world: World, request: Request, shipment_id: str) -> Response:
    """`POST /shipmentorders/{id}/status/delivered`."""
    engine.only_query(request)
    record = engine.found(world, SHIPMENTS, shipment_id) | {"status": "delivered"}
    engine.keep(world, SHIPMENTS, record)
    _ship(world, record)
    return done(message="The Shipment Order has been marked as Delivered.")
