"""What a first sync calls of Inventory and Books, and how many days that takes: `ofrecord calls --first product=100000`.

A record is written once in each system (there it is created, here it gets the other's id), one call each; what is written is read once
more, and what its list lacks is read in detail. The CRM takes and gives a hundred records and more a call, so its credits are no matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ofrecord.project_file import ProjectProblem
from ofrecord.quota import FINANCE_EDITIONS

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Rules

_ROWS_A_PAGE = 200
_LISTINGS = 2
"""By the tap, and by the target that looks for what is there already."""
_DETAILS = {"items": 0.01, "contacts": 1.0, "compositeitems": 1.0, "packages": 1.0, "salesreturns": 1.0}
"""Calls for the details of a record: of items a hundred a call. Orders are read without (`without_details`), price lists whole."""


@dataclass(frozen=True)
class First:
    """Calls of Inventory and Books for the first sync of an entity."""

    entity: str
    records: int
    writes: int
    reads: int

    @property
    def calls(self) -> int:
        """All of them."""
        return self.writes + self.reads


@dataclass(frozen=True)
class Days:
    """How long all of it takes with so many calls a day, `reserve` percent of them left to others."""

    said: str
    a_day: int
    reserve: int
    days: int


def first_sync(rules: Rules, counts: Mapping[str, int]) -> list[First]:
    """By entity, in the order asked for. Raises ProjectProblem for an entity that is not synced with Inventory."""
    known = {
        one.entity: one for one in rules.entities.values() if one.enabled and {"crm", "inventory"} <= one.systems.keys()
    }
    if unknown := sorted(set(counts) - set(known)):
        message = (
            f"--first: {', '.join(unknown)} is no entity between crm and inventory. Name one of: {', '.join(known)}."
        )
        raise ProjectProblem(message)
    return [_of(known[name], number) for name, number in counts.items()]


def _of(entity: Entity, records: int) -> First:
    place = entity.systems["inventory"]
    writes = records  # created there, or stamped with the id of what was created here
    if entity.once is not None and "inventory" not in entity.new:
        writes += records * (len(entity.once.then) + sum(bool(one.mail) for one in entity.once.tell))
    reads = _LISTINGS * math.ceil(records / _ROWS_A_PAGE) + math.ceil(records * _DETAILS.get(place.stream or "", 0.0))
    return First(entity.entity, records, writes, reads)


def days_of(calls: int, a_day: Mapping[str, int], reserve: int) -> list[Days]:
    """By what the settings say (plugin → calls a day), else by the editions the vendor sells."""
    said: Sequence[tuple[str, int]] = FINANCE_EDITIONS
    if a_day:
        plugin = min(a_day, key=lambda name: a_day[name])
        said = [(f"calls_per_day of {plugin}", a_day[plugin])]
    return [Days(name, most, reserve, math.ceil(calls / max(1, most * (100 - reserve) // 100))) for name, most in said]
