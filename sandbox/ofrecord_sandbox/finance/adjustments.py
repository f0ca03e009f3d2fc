# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Inventory adjustments: stock or its value is corrected by hand ("Item Adjustments").

The OpenAPI file names `quantity` and describes both types; of an adjustment of value it shows no line key (`value_adjusted`:
UNVERIFIED). A quantity counts at once in both ledgers (UNVERIFIED), value moves no stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, items, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import Kind, day, dec, flag, identifier, many, num, number, one_of, shape, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_AMOUNT = {"quantity": "quantity_adjusted", "value": "value_adjusted"}
_LINE: dict[str, Kind] = {
    "line_item_id": identifier, "item_id": identifier, "name": text(200), "description": text(2000),
    "quantity_adjusted": number, "value_adjusted": number, "item_total": number, "unit": text(100), "is_combo_product": flag,
    "adjustment_account_id": identifier, "adjustment_account_name": text(200), "location_id": identifier,
}  # fmt: skip


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    record.pop("_query", None)
    if before is not None and before["adjustment_type"] != record["adjustment_type"]:
        raise invalid("adjustment_type")
    if before is None or "line_items" in given:
        old = {line["line_item_id"] for line in (before or {}).get("line_items", [])}
        record["line_items"] = [_line(world, record, line, old) for line in record["line_items"]]
    _enough(world, record, before)
    amount = sum((dec(line["item_total"]) for line in record["line_items"]), Decimal(0))
    record["total"] = num(amount)


def _line(world: World, record: Record, sent: Record, old: set[str]) -> Record:
    item = items.tracked(world, sent, old, 2080, "adjusted")
    amount = _AMOUNT[record["adjustment_type"]]
    if not dec(sent.get(amount)):
        raise invalid(amount)
    place = sent.get("location_id") or record["location_id"] or items.stock_place(world)
    if world.store.table("finance/locations").get(place) is None:
        raise absent("Location")
    quantity = dec(sent.get("quantity_adjusted")) if amount == "quantity_adjusted" else Decimal(0)
    total = quantity * dec(item["purchase_rate"]) if amount == "quantity_adjusted" else dec(sent[amount])
    known = {key: sent.get(key) or item.get(key, "") for key in ("name", "description", "unit")}
    return sent | known | {
        "line_item_id": sent.get("line_item_id") or engine.new_id(world), "quantity_adjusted": num(quantity),
        "item_total": num(total), "location_id": place, "is_combo_product": bool(item.get("is_combo_product")),
    }  # fmt: skip


def _enough(world: World, record: Record, before: Record | None) -> None:
    """Stock below nought is refused when the organisation wants it so."""
    if doubts.stock_below_zero:
        return
    moved: dict[str, Decimal] = {}
    for sign, lines in ((-1, (before or {}).get("line_items", [])), (1, record["line_items"])):
        for line in lines:
            moved[line["item_id"]] = moved.get(line["item_id"], Decimal(0)) + sign * dec(line["quantity_adjusted"])
    for item_id, quantity in moved.items():
        if quantity < 0 and stock.totals(world, item_id)[stock.PHYSICAL] + quantity < 0:
            raise RefusedError(2081, "The quantity adjusted is more than the stock on hand.")


def _saved(world: World, record: Record) -> None:
    stock.state(world, f"inventoryadjustments/{record['inventory_adjustment_id']}", [
        stock.Movement(line["item_id"], line["location_id"], column, dec(line["quantity_adjusted"]))
        for line in record["line_items"]
        for column in (stock.ACCOUNTING, stock.PHYSICAL)
    ])  # fmt: skip


ADJUSTMENTS = declared(
    Resource(
        collection="inventoryadjustments", singular="inventory_adjustment", id_key="inventory_adjustment_id",
        words="Inventory adjustment", doors=(INVENTORY,), blind=frozenset({INVENTORY}), module="inventory_adjustment", list_key="inventory_adjustments",
        writable={"date": day, "reason": text(500), "description": text(2000), "reference_number": text(50),
                  "adjustment_type": one_of("quantity", "value"), "location_id": identifier, "line_items": many(shape(_LINE))},
        required=("date", "reason", "adjustment_type", "line_items"),
        fresh={"description": "", "reference_number": "", "location_id": "", "reason_id": ""},
        row=("date", "reason", "reason_id", "description", "reference_number", "adjustment_type", "total"),
        sorts=("date", "created_time", "last_modified_time", "reference_number"), search=("reference_number", "reason"),
        create_status=200, silent=frozenset({INVENTORY}), check=_check, saved=_saved,
        removed=lambda world, record: stock.state(
            world, f"inventoryadjustments/{record['inventory_adjustment_id']}", []
        ),
    )
)  # fmt: skip
