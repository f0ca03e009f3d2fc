"""Things worked out once and shown again, until anything of the finance store, the date or a doubt changes."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import today
from ofrecord_sandbox.world import World

MOST = 100_000


def shelf(world: World, name: str, most: int = MOST) -> dict[str, Any]:
    """What is kept under a name; empty after a change, and when it held more than `most`. Nobody changes what lies on it."""
    mark = _mark(world)
    known, shelves = world.cache.get("finance shelves", (None, {}))
    if known != mark:
        shelves = {}
        world.cache["finance shelves"] = (mark, shelves)
    found: dict[str, Any] = shelves.setdefault(name, {})
    if len(found) >= most:
        found.clear()
    return found


def _mark(world: World) -> tuple[Any, ...]:
    tables = world.store.tables
    changes = sum(table.version for name, table in tables.items() if name.startswith("finance/"))
    return (changes, id(tables), today(world), *vars(doubts).values())
