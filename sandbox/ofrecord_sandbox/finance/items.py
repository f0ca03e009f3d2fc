# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Items, with stock of both ledgers, and price lists ("Items", "Price Lists")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ofrecord_sandbox.finance import engine, kept, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, Resource, comparing, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import (
    dec,
    flag,
    identifier,
    many,
    number,
    one_of,
    shape,
    text,
)  # fmt: skip
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

IDS_A_CALL = 100
"""Ids of one `/itemdetails` call (UNVERIFIED)."""
_SIZE = ("length", "width", "height", "weight")
_PACKAGE = dict.fromkeys(_SIZE, number) | {"weight_unit": text(15), "dimension_unit": text(15)}
_OPENING = shape({"location_id": identifier, "initial_stock": number, "initial_stock_rate": number})
_TEXTS = ("upc", "ean", "isbn", "part_number", "hsn_or_sac", "brand", "manufacturer")
_IDS = (
    "unit_id", "unit_group_id", "tax_id", "account_id", "purchase_account_id", "inventory_account_id", "vendor_id",
    "default_sales_unit_conversion_id", "default_purchase_unit_conversion_id",
)  # fmt: skip


def check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    """Complete an item; raises RefusedError."""
    record["name"] = record["name"].strip()
    if before is not None and before["item_type"] != record["item_type"]:
        raise invalid("item_type")
    _unique(world, record)
    _references(world, record, given)
    if "package_details" in given:
        sizes = (before["package_details"] if before else {}) | given["package_details"]
        record["package_details"] = {key: kind(key, sizes.get(key, "")) for key, kind in _PACKAGE.items()}
    for key in ("rate", "purchase_rate"):
        record[key] = 0 if record[key] == "" else record[key]
        if dec(record[key]) < 0:
            raise invalid(key)
    _opening(world, record, before, given)


def _unique(world: World, record: Record) -> None:
    if not doubts.unique_sku or record["sku"] == "":
        return
    holders = ITEMS.table(world).index("sku", lambda one: (one["sku"],)).ids(record["sku"])
    if any(key != record["item_id"] for key in holders):
        raise RefusedError(1001, f'Item with the SKU "{record["sku"]}" already exists. Please specify a different SKU.')


def _references(world: World, record: Record, given: Mapping[str, Any]) -> None:
    if record["unit_id"] != "" and "unit_id" in given:
        unit = world.store.table("finance/units").get(record["unit_id"])
        if unit is None:
            raise absent("Unit")
        record["unit"] = unit["unit"]
    for key, table, words in (("tax_id", "taxes", "Tax"), ("vendor_id", "contacts", "Vendor")):
        if record[key] != "" and world.store.table(f"finance/{table}").get(record[key]) is None:
            raise absent(words)


def _opening(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    """Opening stock is set when an item is created, per location; never by an update."""
    opening = record.pop("locations", [])
    first = {"location_id": stock_place(world), "initial_stock": record.pop("initial_stock", "")}
    record.pop("initial_stock_rate", "")
    if first["initial_stock"] != "":
        opening = [*opening, first]
    if opening and before is not None:
        raise invalid("locations" if "locations" in given else "initial_stock")
    for place in opening:
        if world.store.table("finance/locations").get(place.get("location_id", "")) is None:
            raise absent("Location")
        if record["item_type"] != "inventory" and dec(place.get("initial_stock")):
            raise invalid("initial_stock")
    record["_opening"] = opening


def tracked(world: World, sent: Record, old: set[str], code: int, done_to: str) -> Record:
    """The item of a line that moves stock. The line is new or one of `old`; an item without stock is refused with `code`."""
    item = ITEMS.table(world).get(sent.get("item_id", ""))
    if item is None:
        raise absent("Item")
    if item["item_type"] != "inventory" or item.get("combo_type") == "kit":
        message = f"Only items that are tracked as inventory can be {done_to}."
        raise RefusedError(code, message)
    if sent.get("line_item_id", "") not in old | {""}:
        raise absent("Line item")  # noqa: TRY003 - the vendor's word for it
    return item


def stock_place(world: World) -> str:
    """Location of stock that names none."""
    return next((key for key, one in world.store.table("finance/locations").rows.items() if one["is_primary"]), "")


def saved(world: World, record: Record) -> None:
    """Book the opening stock."""
    movements = [
        stock.Movement(record["item_id"], place["location_id"], column, dec(place.get("initial_stock")))
        for place in record.pop("_opening")
        for column in (stock.ACCOUNTING, stock.PHYSICAL)
    ]
    if movements:
        stock.state(world, f"items/{record['item_id']}", movements)


def removable(world: World, record: Record) -> None:
    """Refuse to delete what documents or composites name (the latter UNVERIFIED)."""
    named = [
        "salesorders", "invoices", "creditnotes", "packages", "salesreturns", "estimates", "recurringinvoices",
        "purchaseorders", "purchasereceives", "bills", "transferorders",
    ]  # fmt: skip
    if doubts.adjustment_is_transaction:
        named.append("inventoryadjustments")
    for collection in named:
        table = world.store.table(f"finance/{collection}")
        index = table.index("item", lambda one: {line["item_id"] for line in one["line_items"]})
        if index.ids(record["item_id"]):
            raise RefusedError(
                2049, "Items which are a part of other transactions cannot be deleted. Instead, mark them as inactive"
            )
    parts = ITEMS.table(world).index("component", lambda one: {part["item_id"] for part in one.get("mapped_items", [])})
    if parts.ids(record["item_id"]):
        raise RefusedError(2049, "Items which are a part of composite items cannot be deleted.")


def removed(world: World, record: Record) -> None:
    """Take its stock back."""
    stock.state(world, f"items/{record['item_id']}", [])
    world.store.table("finance/stock").remove(record["item_id"])


_INVENTORY_ONLY = frozenset({"sku", "purchase_rate", "purchase_account_id", "vendor_id", "item_id", "zcrm_product_id"})
ITEMS = declared(
    Resource(
        collection="items", singular="item", id_key="item_id", words="Item", module="item", create_status=200,
        writable={
            "name": text(100), "sku": text(100), "unit": text(15), "description": text(2000),
            "purchase_description": text(2000), "rate": number, "purchase_rate": number, "reorder_level": number,
            "item_type": one_of("sales", "purchases", "sales_and_purchases", "inventory"),
            "product_type": one_of("goods", "service", "digital_service"), "is_taxable": flag, "locations": many(_OPENING),
            "initial_stock": number, "initial_stock_rate": number, "package_details": shape(_PACKAGE), "is_returnable": flag,
            "avatax_tax_code": text(25), "avatax_use_code": text(25),
            **dict.fromkeys(_IDS, identifier), **{key: text(100) for key in _TEXTS},
        },
        required=("name",),
        fresh={
            "name": "", "sku": "", "unit": "", "description": "", "purchase_description": "", "rate": 0, "purchase_rate": 0,
            "reorder_level": "", "item_type": "sales", "product_type": "goods", "is_taxable": True, "status": "active",
            "source": "api", "is_linked_with_zohocrm": False, "zcrm_product_id": "", "is_returnable": True,
            "is_combo_product": False,
            "package_details": dict.fromkeys(_PACKAGE, ""),
            **dict.fromkeys(_IDS, ""), **dict.fromkeys(_TEXTS, ""),
        },
        row=(
            "name", "sku", "unit", "status", "description", "rate", "purchase_rate", "item_type", "product_type",
            "is_combo_product",
            "reorder_level", "tax_id", "is_taxable", "is_linked_with_zohocrm", "zcrm_product_id", "upc", "ean", "isbn",
            "part_number", "brand", "manufacturer", "source", "vendor_id", "created_time", "last_modified_time",
        ),
        filters=matching("name", "sku", "description") | comparing("rate", "purchase_rate")
        | exactly("tax_id", "account_id", "purchase_account_id", "vendor_id", "item_id", "zcrm_product_id"),
        deaf={INVENTORY: frozenset({"description"}), BOOKS: _INVENTORY_ONLY},
        sorts=("name", "sku", "rate", "purchase_rate", "created_time", "last_modified_time", "reorder_level", "stock_on_hand"),
        sort=("name", "A"), search=("name", "sku", "description"),
        field_paths=(INVENTORY, BOOKS), check=check, saved=saved, removable=removable, removed=removed, upsert=True,
        derive=lambda world, record: {**record["package_details"], "item_name": record["name"], **stock.fields(world, record)},
        show=stock.details, member=lambda record: not record.get("is_combo_product") or doubts.composites_in_items,
    )
)  # fmt: skip


def details(world: World, request: Request, door: str) -> Response:
    """`GET /itemdetails?item_ids=a,b`: details of up to 100 items."""
    engine.only_query(request, "item_ids")
    ids = [key for key in request.query.get("item_ids", "").split(",") if key]
    if not ids or len(ids) > IDS_A_CALL:
        raise invalid("item_ids")
    shelf = kept.shelf(world, f"details {door}")
    for key in ids:
        if key not in shelf:
            shelf[key] = engine.detail(world, ITEMS, engine.found(world, ITEMS, key), door)
    return done("items", [shelf[key] for key in ids])
