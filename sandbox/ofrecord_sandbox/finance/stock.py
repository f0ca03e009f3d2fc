"""Two stock ledgers, per item and location ("Stock tracking mode in transactions", vendor knowledge base).

Accounting stock: opening stock, minus invoices sent, plus credit notes opened. Physical stock: opening stock, minus
shipments, plus returns received. Reserved: confirmed orders, not yet invoiced (accounting) or shipped (physical).
Each document states its whole effect; the difference from what it stated before is booked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import dec, now_s, num, stamp
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

ACCOUNTING, PHYSICAL, COMMITTED, ACTUAL_COMMITTED = "accounting", "physical", "committed", "actual_committed"
_COLUMNS = (ACCOUNTING, PHYSICAL, COMMITTED, ACTUAL_COMMITTED)


@dataclass(frozen=True, slots=True)
class Movement:
    """What one document does to one column of one item at one location."""

    item_id: str
    location_id: str
    column: str
    quantity: Decimal


def state(world: World, document: str, movements: list[Movement]) -> None:
    """Book the effect of a document (`salesorders/460…`); an earlier statement of it is taken back first."""
    effects = world.store.table("finance/effects")
    before = (effects.get(document) or {"movements": []})["movements"]
    after = [
        [part, m.location_id, m.column, str(m.quantity * share)]
        for m in movements
        if m.quantity
        for part, share in components(world, m.item_id).items()
    ]
    if before == after:
        return
    for sign, entries in ((-1, before), (1, after)):
        for item_id, location_id, column, quantity in entries:
            _book(world, item_id, location_id, column, sign * Decimal(quantity))
    if after:
        effects.put(document, {"movements": after})
    else:
        effects.remove(document)


def _book(world: World, item_id: str, location_id: str, column: str, quantity: Decimal) -> None:
    items = world.store.table("finance/items")
    item = items.get(item_id)
    if item is None or item.get("item_type") != "inventory":
        return
    table = world.store.table("finance/stock")
    held = dict(table.get(item_id) or {})
    place = dict(held.get(location_id, {}))
    place[column] = str(dec(place.get(column)) + quantity)
    held[location_id] = place
    table.put(item_id, held)
    if doubts.stock_bumps_item:
        items.put(item_id, item | {"last_modified_time": stamp(world.clock.now()), "_modified": now_s(world)})


def components(world: World, item_id: str) -> dict[str, Decimal]:
    """What leaves the shelf for one of an item: itself, or the components of a kit and how many of each, at any depth."""
    item = world.store.table("finance/items").get(item_id) or {}
    if item.get("combo_type") != "kit":
        return {item_id: Decimal(1)}
    found: dict[str, Decimal] = {}
    for one in item["mapped_items"]:
        for part, share in components(world, one["item_id"]).items():
            found[part] = found.get(part, Decimal(0)) + share * dec(one["quantity"])
    return found


def totals(world: World, item_id: str) -> dict[str, Decimal]:
    """The four columns of an item, over all locations; of a kit: how many its components make (UNVERIFIED how exactly)."""
    parts = components(world, item_id)
    if len(parts) != 1 or item_id not in parts:
        of = {part: totals(world, part) for part in parts}
        made = {column: _made(of, parts, column) for column in (ACCOUNTING, PHYSICAL)}
        return made | {
            COMMITTED: made[ACCOUNTING] - _made(of, parts, ACCOUNTING, COMMITTED),
            ACTUAL_COMMITTED: made[PHYSICAL] - _made(of, parts, PHYSICAL, ACTUAL_COMMITTED),
        }
    summed = dict.fromkeys(_COLUMNS, Decimal(0))
    for place in (world.store.table("finance/stock").get(item_id) or {}).values():
        for column, quantity in place.items():
            summed[column] += dec(quantity)
    return summed


def _made(
    of: Mapping[str, Mapping[str, Decimal]], parts: Mapping[str, Decimal], column: str, less: str | None = None
) -> Decimal:
    """How many kits the components make, less what is reserved of them."""
    return min(
        ((of[part][column] - (of[part][less] if less else 0)) // share for part, share in parts.items()),
        default=Decimal(0),
    )


def fields(world: World, item: Record) -> dict[str, Any]:
    """The stock fields of an item as list rows carry them; none for items without stock."""
    if item.get("item_type") != "inventory":
        return {}
    return _named(totals(world, item["item_id"]))


def details(world: World, item: Record) -> dict[str, Any]:
    """The stock fields only the detail carries: reserved quantities and locations (numbers as text there)."""
    if item.get("item_type") != "inventory":
        return {}
    column = totals(world, item["item_id"])
    held = world.store.table("finance/stock").get(item["item_id"]) or {}
    return {
        "committed_stock": num(column[COMMITTED]),
        "actual_committed_stock": num(column[ACTUAL_COMMITTED]),
        "available_for_sale_stock": num(column[ACCOUNTING] - column[COMMITTED]),
        "actual_available_for_sale_stock": num(column[PHYSICAL] - column[ACTUAL_COMMITTED]),
        "locations": [
            _place(location, held.get(location["location_id"], {}))
            for location in world.store.table("finance/locations")
        ],
    }


def _place(location: Record, held: Mapping[str, str]) -> dict[str, Any]:
    named = _named({column: dec(held.get(column)) for column in _COLUMNS})
    shown = {f"location_{name}": str(value) for name, value in named.items()}
    return {
        "location_id": location["location_id"],
        "location_name": location["location_name"],
        "status": location["status"],
        "is_primary": location["is_primary"],
        **shown,
    }


def _named(column: Mapping[str, Decimal]) -> dict[str, Any]:
    return {
        "stock_on_hand": num(column[ACCOUNTING]),
        "available_stock": num(column[PHYSICAL]),
        "actual_available_stock": num(column[PHYSICAL] - column[ACTUAL_COMMITTED]),
    }
