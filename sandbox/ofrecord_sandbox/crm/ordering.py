"""Records in the order of a key, ready for bisecting; kept until the table changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

KEYS = {"id": "id", "Created_Time": "_c", "Modified_Time": "_m"}
"""Fields with a number to sort by, and where the number is kept."""
Key = tuple[int, int]
"""The field as a number, and the id."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """All records of a module, ascending by one key and then by id."""

    keys: list[Key]
    ids: list[str]

    def between(self, low: Key, high: Key) -> tuple[int, int]:
        """The slice whose keys lie from `low` to `high`, both included."""
        return bisect_left(self.keys, low), bisect_right(self.keys, high)


def source(world: World, module: Module) -> Module:
    """The module whose table holds the records: of subform rows, their parent's."""
    return schema(world)[module.parent] if module.kind == "subform" else module


def ordered(world: World, module: Module, field: str) -> Ordered:
    """The order by one of `KEYS`."""
    version = world.store.table(source(world, module).table).version
    place = f"crm/order/{module.api_name}/{field}"
    kept = world.cache.get(place)
    if kept is None or kept[0] != version:
        kept = world.cache[place] = (version, _sorted(rows(world, module), KEYS[field]))
    return cast("Ordered", kept[1])


def _sorted(records: dict[str, Record], stored: str) -> Ordered:
    if stored == "id":
        keys = sorted((int(one), int(one)) for one in records)
    else:
        keys = sorted((record[stored], int(one)) for one, record in records.items())
    return Ordered(keys, [str(number) for _, number in keys])


def holder(world: World, module: Module) -> list[str]:
    """The fields of the parent that hold the rows of a subform; none of another module."""
    parent = schema(world).get(module.parent)
    return [] if parent is None else [field.api_name for field in parent.subforms if field.target == module.api_name]


def rows(world: World, module: Module) -> dict[str, Record]:
    """Records by id; the rows of a subform point to their parent and sort by its times (UNVERIFIED)."""
    if module.kind != "subform":
        return world.store.table(module.table).rows
    parent = schema(world)[module.parent]
    table = world.store.table(parent.table)
    place = f"crm/rows/{module.api_name}"
    kept = world.cache.get(place)
    if kept is None or kept[0] != table.version:
        holders = holder(world, module)
        found = {
            row["id"]: {**row, "Parent_Id": {"id": record["id"]}, "_m": record["_m"], "_c": record["_c"]}
            for record in table
            for holder in holders
            for row in record.get(holder) or []
        }
        kept = world.cache[place] = (table.version, found)
    return cast("dict[str, Record]", kept[1])


def every(world: World, module: Module, place: Ordered, begin: int, end: int, *, descending: bool) -> Iterator[Record]:
    """The records of a slice."""
    ids = place.ids[begin:end]
    return map(rows(world, module).__getitem__, reversed(ids) if descending else ids)
