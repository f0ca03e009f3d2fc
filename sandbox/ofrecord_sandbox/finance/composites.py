# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Composite items: items made of others ("Composite Items").

A composite is an item: it has the same ids, custom fields and stock, and documents name it by `item_id`. One of the type
`assembly` is built and counted as itself, a `kit` is put together on delivery and has the stock of its components.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ofrecord_sandbox.finance import items, stock
from ofrecord_sandbox.finance.answers import absent, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared, exactly, matching
from ofrecord_sandbox.finance.engine import new_id
from ofrecord_sandbox.finance.values import Kind, dec, flag, identifier, many, number, one_of, shape, whole
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_MAPPED = shape({"item_id": identifier, "quantity": number, "line_item_id": identifier, "item_order": whole})
_WRITABLE: dict[str, Kind] = {key: kind for key, kind in items.ITEMS.writable.items() if key != "locations"} | {
    "item_type": one_of("inventory"), "combo_type": one_of("assembly", "kit"), "is_combo_product": flag,
    "mapped_items": many(_MAPPED),
}  # fmt: skip


def is_composite(record: Record) -> bool:
    """Whether an item is made of others."""
    return bool(record.get("is_combo_product"))


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if before is not None and record["combo_type"] != before["combo_type"]:
        raise invalid("combo_type")
    record["is_combo_product"] = True
    if record["combo_type"] == "kit" and record.get("initial_stock", "") not in {"", 0}:
        raise invalid("initial_stock")
    items.check(world, record, before, given)
    if "mapped_items" in given:
        old = {one["line_item_id"] for one in (before or {}).get("mapped_items", [])}
        if any(one.get("line_item_id", "") not in old | {""} for one in record["mapped_items"]):
            raise absent("Line item")
        record["mapped_items"] = [
            _mapped(world, record, one, place) for place, one in enumerate(record["mapped_items"], start=1)
        ]


def _mapped(world: World, record: Record, one: Record, place: int) -> Record:
    part = items.ITEMS.table(world).get(one.get("item_id", ""))
    if part is None:
        raise absent("Item")
    if dec(one.get("quantity")) <= 0:
        raise invalid("quantity")
    if record["item_id"] in _inside(world, part):
        raise invalid("mapped_items")
    return {
        "line_item_id": one.get("line_item_id") or new_id(world),
        "item_id": part["item_id"],
        "item_order": one.get("item_order") or place,
        "quantity": one["quantity"],
    }


def _inside(world: World, part: Record) -> set[str]:
    """A component and everything it is made of."""
    found = {str(part["item_id"])}
    for one in part.get("mapped_items", []):
        found |= _inside(world, items.ITEMS.table(world).rows[one["item_id"]])
    return found


def _show(world: World, record: Record) -> dict[str, Any]:
    return stock.details(world, record) | {"mapped_items": [_component(world, one) for one in record["mapped_items"]]}


def _component(world: World, one: Record) -> dict[str, Any]:
    part = items.ITEMS.table(world).rows[one["item_id"]]
    known = ("name", "sku", "unit", "rate", "purchase_rate", "description", "purchase_description", "is_combo_product")
    return one | {key: part[key] for key in known} | stock.fields(world, part)


def _named(shown: dict[str, Any]) -> dict[str, Any]:
    """The answer says `composite_item_id` where the store says `item_id`."""
    return {"composite_item_id": shown["item_id"]} | {
        key: value for key, value in shown.items() if key not in {"item_id", "item_name", "locations"}
    }


COMPOSITES = declared(
    Resource(
        collection="compositeitems", singular="composite_item", id_key="item_id", words="Composite item", module="item",
        doors=(INVENTORY,),
        kept_in="items", list_key="composite_items", member=is_composite, as_row=_named, as_detail=_named,
        writable=_WRITABLE, required=("name", "sku", "mapped_items", "rate", "item_type", "product_type"),
        fresh={**items.ITEMS.fresh, "combo_type": "assembly", "is_combo_product": True, "mapped_items": []},
        row=(*items.ITEMS.row, "combo_type", "purchase_description"),
        filters=matching("name", "sku") | exactly("tax_id", "account_id", "purchase_account_id", "combo_type"),
        sorts=("name", "sku", "rate", "tax_name", "purchase_rate", "created_time", "last_modified_time", "reorder_level"),
        sort=("name", "A"), search=("name", "sku", "description"),
        check=_check, saved=items.saved, removable=items.removable, removed=items.removed, derive=items.ITEMS.derive,
        show=_show,
    )
)  # fmt: skip
