"""Worlds whose lists span several pages: few rows on each, many things that were made at one moment, and edits while a list is read.

How many rows a page has is a constant of each vendor, as it documents it; the worlds of this family set other ones.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from simulation.masters import ENTITIES, JOB_OF
from simulation.runs import Run
from simulation.steps import Plot, Step
from simulation.things import Create, Delete, create, edit

from ofrecord_kit.target import finance_reading
from ofrecord_kit.vendors import crm, crm_beside, finance

if TYPE_CHECKING:
    from simulation.stage import Stage

RARE = 0.05
"""In so many worlds."""
CALLS = 3
"""A quiet pipeline makes so many times the calls: records of the last minute span several pages."""
FINANCE = 4
"""Fewest rows of a page of the finance side: pages of other sizes are asked for so that they overlap, which takes some to choose from."""
PAGED = ("product", "account", "vendor", "price list")


@contextmanager
def of_rows(rows: int) -> Iterator[None]:
    """Within the block pages have so many rows; 0: as many as the vendors give."""
    with ExitStack() as undo:
        if rows:
            for place, most in (
                (crm, rows), (crm_beside, rows), (finance, max(rows, FINANCE)), (finance_reading, max(rows, FINANCE))
            ):  # fmt: skip
                undo.enter_context(patch.object(place, "PER_PAGE", most))
        yield


def settings_of(rows: int) -> dict[str, dict[str, Any]]:
    """Settings of taps where pages have so many rows: where it is an odd number, the CRM is read by lists though queries would be cheaper."""
    modules = {one.module for one in ENTITIES.values()}
    return {"tap-crm": {"read_plan": dict.fromkeys(sorted(modules), "list")}} if rows % 2 else {}


@dataclass(frozen=True)
class Import(Step):
    """Many things are made at one moment."""

    made: tuple[Create, ...]

    def __str__(self) -> str:
        return f"at one moment {', '.join(map(str, self.made))}"

    def take(self, stage: "Stage") -> None:
        for one in self.made:
            one.take(stage)

    def less(self) -> Iterator[Step]:
        for place in range(len(self.made)) if len(self.made) > 1 else ():
            yield replace(self, made=self.made[:place] + self.made[place + 1 :])


@dataclass(frozen=True)
class Mass(Step):
    """Many things are edited at one moment."""

    edits: tuple[Step, ...]

    def __str__(self) -> str:
        return f"at one moment {', '.join(map(str, self.edits))}"

    def take(self, stage: "Stage") -> None:
        for one in self.edits:
            one.take(stage)

    def less(self) -> Iterator[Step]:
        for place in range(len(self.edits)) if len(self.edits) > 1 else ():
            yield replace(self, edits=self.edits[:place] + self.edits[place + 1 :])


def with_pages(seed: int, steps: list[Step], plot: Plot) -> tuple[list[Step], int]:
    """The story, and how many rows its pages have; in a few worlds few, and then there is more on the lists."""
    dice = random.Random(f"pages {seed}")  # noqa: S311 - nothing is guarded by it
    kinds = [one for one in plot.things if one in PAGED]
    if dice.random() > RARE or not kinds:
        return steps, 0
    rows = dice.choice([2, 3, 3, 4, 5])
    more = replace(plot, dice=dice)  # the things are the plot's: those that are made here are numbered on
    entity = dice.choice(kinds)
    systems = dice.choice([("crm",), ("inventory",), ("crm", "inventory")])
    systems = systems if set(systems) & set(ENTITIES[entity].begins) else ("inventory", "crm")
    made = tuple(replace(create(more, entity), systems=systems) for _ in range(dice.randint(rows + 1, 2 * rows + 3)))
    first = next(place for place, step in enumerate(steps) if isinstance(step, Run))
    job = JOB_OF[entity]
    numbers = [one.thing for one in made]
    told: list[Step] = [Import(made), _read_meanwhile(more, numbers, job)]
    for _ in range(dice.choice([0, 1, 1, 2])):
        place = dice.randrange(len(ENTITIES[entity].fields))
        system = dice.choice(ENTITIES[entity].edited)
        some = dice.sample(numbers, dice.randint(2, len(numbers)))
        told += [Mass(tuple(edit(more, one, system, place) for one in some)), _read_meanwhile(more, numbers, job)]
    place = dice.choice([first, first + 1])
    return [*steps[:place], *told, *steps[place:]], rows


def _read_meanwhile(plot: Plot, numbers: list[int], job: str) -> Run:
    """A run in which people edit and delete while lists are read."""
    dice = plot.dice
    meanwhile = []
    for _ in range(dice.choice([0, 1, 2, 3])):
        number = dice.choice(numbers)
        step = Delete(number) if dice.random() < 0.2 else edit(plot, number)
        meanwhile.append((dice.randrange(2), dice.choice([0, 0, 0, 2]), dice.randint(2, 7), step))
    return Run(job, meanwhile=tuple({one[:3]: one for one in meanwhile}.values()))
