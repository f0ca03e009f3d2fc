# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Price lists ("Price Lists"): a percentage for everything, or a rate an item.

The definition is replaced as a whole: rows of `pricebook_items` without `pricebook_item_id` are new, rows left out vanish.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine
from ofrecord_sandbox.finance.answers import RefusedError, absent, invalid
from ofrecord_sandbox.finance.declare import Resource, declared
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import dec, flag, identifier, many, number, one_of, shape, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World


def _check_prices(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if record["currency_id"] == "":
        currencies = world.store.table("finance/currencies").rows
        record["currency_id"] = next(key for key, one in currencies.items() if one["is_base_currency"])
    currency = world.store.table("finance/currencies").get(record["currency_id"])
    if currency is None:
        raise absent("Currency")
    record["currency_code"] = currency["currency_code"]
    if record["pricebook_type"] == "fixed_percentage" and not 0 <= dec(record["percentage"]) <= Decimal(1000):
        raise invalid("percentage")
    _unique(world, record)
    if before is None or "pricebook_items" in given:
        old = {row["pricebook_item_id"] for row in (before or {}).get("pricebook_items", [])}
        record["pricebook_items"] = [_row(world, row, old) for row in record["pricebook_items"]]
    ids = [row["item_id"] for row in record["pricebook_items"]]
    if len(set(ids)) != len(ids):
        raise invalid("pricebook_items")


def _unique(world: World, record: Record) -> None:
    if not doubts.unique_price_list:
        return
    name = record["name"].strip()
    index = PRICEBOOKS.table(world).index("name", lambda one: (one["name"].casefold(),))
    if any(key != record["pricebook_id"] for key in index.ids(name.casefold())):
        raise RefusedError(1041, f'The price list "{name}" already exists. Please specify a different name.')
    record["name"] = name


def _row(world: World, sent: Record, old: set[str]) -> Record:
    item = world.store.table("finance/items").get(sent.get("item_id", ""))
    if item is None:
        raise absent("Item")
    key = sent.get("pricebook_item_id", "")
    if key not in old | {""}:
        raise absent("Price list item")
    return sent | {"name": item["name"], "pricebook_item_id": key or engine.new_id(world)}


def _removable(world: World, record: Record) -> None:
    holders = world.store.table("finance/contacts").index("prices", lambda one: (one["pricebook_id"],))
    if holders.ids(record["pricebook_id"]) and not doubts.used_price_list_deletable:
        raise RefusedError(1042, "The price list is associated with contacts and cannot be deleted.")


def _removed(world: World, record: Record) -> None:
    table = world.store.table("finance/contacts")
    for key in table.index("prices", lambda one: (one["pricebook_id"],)).ids(record["pricebook_id"]):
        table.put(key, table.rows[key] | {"pricebook_id": ""})


_BRACKET = shape(
    {"start_quantity": number, "end_quantity": number, "pricebook_rate": number, "pricebook_discount": text(20)}
)
PRICEBOOKS = declared(
    Resource(
        collection="pricebooks", singular="pricebook", id_key="pricebook_id", words="Price list",
        writable={
            "name": text(100), "description": text(2000), "currency_id": identifier, "percentage": number, "is_increase": flag,
            "pricebook_type": one_of("fixed_percentage", "per_item"), "pricebook_rate": number, "decimal_place": one_of(1, 2, 3),
            "pricing_scheme": one_of("unit", "volume"), "rounding_type": text(50),
            "sales_or_purchase_type": one_of("sales", "purchases"),
            "pricebook_items": many(shape({
                "item_id": identifier, "pricebook_item_id": identifier, "pricebook_rate": number,
                "pricebook_discount": text(20), "pricing_scheme": text(20), "price_brackets": many(_BRACKET),
            })),
        },
        required=("name", "pricebook_type", "sales_or_purchase_type"),
        fresh={
            "name": "", "description": "", "currency_id": "", "percentage": 0, "is_increase": False, "decimal_place": 2,
            "pricing_scheme": "unit", "rounding_type": "no_rounding", "pricebook_items": [], "status": "active",
            "is_default": False,
        },
        row=(
            "name", "description", "currency_id", "currency_code", "pricebook_type", "percentage", "is_increase",
            "rounding_type", "decimal_place", "pricing_scheme", "sales_or_purchase_type", "status", "is_default",
            "pricebook_items",
        ),
        sorts=("name",), sort=("name", "A"), search=("name",), check=_check_prices,
        removable=_removable, removed=_removed,
    )
)  # fmt: skip
