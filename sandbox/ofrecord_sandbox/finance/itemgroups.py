# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Item groups: variants of one thing, each an item of its own ("Item Groups").

The items of a group are made with it; they are ordinary items that name the group. The OpenAPI file shows `items` as one object,
clients read a list. One attribute (`attribute_name1`) is imitated of the vendor's three. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import engine, items, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared
from ofrecord_sandbox.finance.values import Kind, flag, identifier, many, one_of, shape, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_SHARED = ("unit", "brand", "manufacturer", "product_type", "tax_id", "is_taxable")
_OF_ITEM = (
    "name", "status", "rate", "purchase_rate", "reorder_level", "vendor_id", "sku", "upc", "ean", "isbn", "part_number",
    "attribute_option_id1", "attribute_option_name1",
)  # fmt: skip


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    record["group_name"] = record["group_name"].strip()
    tax = world.store.table("finance/taxes").get(record["tax_id"]) if record["tax_id"] else {}
    if tax is None:
        raise absent("Tax")
    record |= {
        key: tax.get(key, 0 if key == "tax_percentage" else "") for key in ("tax_name", "tax_percentage", "tax_type")
    }
    if record["attribute_name1"] and not record["attribute_id1"]:
        record["attribute_id1"] = engine.new_id(world)
    sent = record.pop("items", [])
    if before is not None and "items" in given:
        raise invalid("items")
    record["attributes"] = _attributes(world, record, sent)
    record["_items"] = [_variant(record, one) for one in sent]
    for one in record["_items"]:
        if not one.get("name"):
            raise invalid("name")
        if one.get("sku") and _taken(world, one["sku"]):
            raise RefusedError(
                1001, f'Item with the SKU "{one["sku"]}" already exists. Please specify a different SKU.'
            )


def _taken(world: World, sku: str) -> bool:
    return bool(items.ITEMS.table(world).index("sku", lambda one: (one["sku"],)).ids(sku))


def _attributes(world: World, record: Record, sent: list[Record]) -> list[Record]:
    if not record["attribute_name1"]:
        return []
    known = {one["name"]: one for old in record.get("attributes", []) for one in old["options"]}
    for one in sent:
        name = one.get("attribute_option_name1", "")
        if name and name not in known:
            known[name] = {"id": engine.new_id(world), "name": name}
    return [{"id": record["attribute_id1"], "name": record["attribute_name1"], "options": list(known.values())}]


def _variant(record: Record, sent: Record) -> Record:
    options = {one["name"]: one["id"] for kind in record["attributes"] for one in kind["options"]}
    chosen = sent.get("attribute_option_name1", "")
    return sent | {"attribute_option_id1": options.get(chosen, ""), "attribute_option_name1": chosen}


def _saved(world: World, record: Record) -> None:
    """Make the items of a new group, or carry what they share to them."""
    made = record.pop("_items", [])
    shared = {key: record[key] for key in _SHARED if record[key] != ""}
    for one in made:
        own = {
            key: value for key, value in one.items() if key not in {"attribute_option_id1", "attribute_option_name1"}
        }
        item = engine.insert(world, items.ITEMS, {"item_type": "inventory", **shared, **own}, {})
        named = {key: one[key] for key in ("attribute_option_id1", "attribute_option_name1")}
        named |= {key: record[key] for key in ("group_id", "group_name", "attribute_id1", "attribute_name1")}
        engine.keep(world, items.ITEMS, item | named)
    if made:
        return
    for item in items_of(world, record["group_id"]):
        changed = {key: record[key] for key in (*_SHARED, "group_name", "attribute_name1") if record[key] != ""}
        if any(item.get(key) != value for key, value in changed.items()):
            engine.keep(world, items.ITEMS, item | changed)


def items_of(world: World, group_id: str) -> list[Record]:
    """The items of a group, oldest first."""
    table = items.ITEMS.table(world)
    return [table.rows[key] for key in table.index("group", lambda one: (one.get("group_id", ""),)).ids(group_id)]


def _derive(world: World, record: Record) -> dict[str, Any]:
    return {
        "items": [
            {"item_id": one["item_id"]} | {key: one.get(key, "") for key in _OF_ITEM} | stock.fields(world, one)
            for one in items_of(world, record["group_id"])
        ]
    }


def _removable(world: World, record: Record) -> None:
    for one in items_of(world, record["group_id"]):
        items.removable(world, one)


def _removed(world: World, record: Record) -> None:
    for one in items_of(world, record["group_id"]):
        engine.erase(world, items.ITEMS, one)


_OWN: dict[str, Kind] = {key: items.ITEMS.writable[key] for key in (
    "name", "rate", "purchase_rate", "reorder_level", "initial_stock", "initial_stock_rate", "vendor_id", "sku", "upc", "ean",
    "isbn", "part_number", "item_type",
)} | {"attribute_option_name1": text(100)}  # fmt: skip
_OPTION = shape({"id": identifier, "name": text(100)})
GROUPS = declared(
    Resource(
        collection="itemgroups", singular="item_group", id_key="group_id", words="Item group", doors=(INVENTORY,), flat=True,
        writable={
            "group_name": text(100), "brand": text(100), "manufacturer": text(100), "unit": text(15), "description": text(2000),
            "tax_id": identifier, "is_taxable": flag, "product_type": one_of("goods", "service"), "attribute_name1": text(100),
            "items": many(shape(_OWN)),
            "attributes": many(shape({"id": identifier, "name": text(100), "options": many(_OPTION)})),
        },
        required=("group_name", "unit"),
        fresh={
            "group_name": "", "brand": "", "manufacturer": "", "unit": "", "description": "", "tax_id": "", "is_taxable": True,
            "product_type": "goods", "attribute_id1": "", "attribute_name1": "", "status": "active", "source": "api",
            "image_id": "", "image_name": "", "image_type": "", "attributes": [],
        },
        row=(
            "group_name", "product_type", "brand", "manufacturer", "unit", "description", "is_taxable", "tax_id", "tax_name",
            "tax_percentage", "tax_type", "attribute_id1", "attribute_name1", "status", "source", "image_id", "image_name",
            "image_type", "created_time", "last_modified_time",
        ),
        sorts=("group_name", "created_time", "last_modified_time"), sort=("group_name", "A"), search=("group_name",),
        blind=frozenset({INVENTORY}), silent=frozenset({INVENTORY}), check=_check, saved=_saved, derive=_derive,
        removable=_removable, removed=_removed,
    )
)  # fmt: skip


def mark(world: World, request: Request, group_id: str, state: str) -> Response:
    """`POST /itemgroups/{id}/{active|inactive}`: the group and all its items."""
    engine.only_query(request)
    record = engine.found(world, GROUPS, group_id)
    for resource, one in [(GROUPS, record), *((items.ITEMS, one) for one in items_of(world, group_id))]:
        if one["status"] != state:
            engine.keep(world, resource, one | {"status": state})
    back = "Back to business! T" if state == "active" else "T"
    return done(message=f"{back}he item group and all its items have been marked as {state}.")


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Marking a group marks its items."""
    if door != INVENTORY:
        return []
    return [
        ("POST", f"/itemgroups/{{group_id}}/{state}", partial(mark, state=state)) for state in ("active", "inactive")
    ]
