"""People make, edit and delete things."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.masters import ENTITIES
from simulation.ownership import Entity
from simulation.runs import run
from simulation.steps import SYSTEMS, Act, Plot, Step, Wait

if TYPE_CHECKING:
    from simulation.stage import Stage


@dataclass(frozen=True)
class Create(Step):
    """Somebody makes a thing, in one system or at once in both."""

    thing: int
    entity: str
    systems: tuple[str, ...]
    choices: tuple[int, ...]
    of: int = 0
    """Which of the accounts there are a contact belongs to."""

    def __str__(self) -> str:
        return f"{self.entity} {self.thing} is made in {' and, by somebody else, in '.join(self.systems)}"

    def take(self, stage: "Stage") -> None:
        stage.people.create(self)


@dataclass(frozen=True)
class Edit(Step):
    """Somebody changes a field; `dressed`: to the same meaning, written differently when it is the same."""

    thing: int
    system: str
    place: int
    choice: int
    dressed: bool = False
    exactly: tuple[Any, ...] = ()
    """The value, in place of a choice; None clears the field."""

    def __str__(self) -> str:
        what = repr(self.exactly[0]) if self.exactly else f"choice {self.choice}"
        return f"thing {self.thing}: field {self.place} is set to {what} in {self.system}{', written differently' if self.dressed else ''}"

    def take(self, stage: "Stage") -> None:
        stage.people.edit(self)


@dataclass(frozen=True)
class Remark(Step):
    """Somebody fills a field that no rule names."""

    thing: int
    system: str
    choice: int

    def __str__(self) -> str:
        return f"thing {self.thing}: a remark is written in {self.system}, where no rule looks"

    def take(self, stage: "Stage") -> None:
        stage.people.remark(self)


@dataclass(frozen=True)
class Delete(Step):
    """Somebody deletes a record of the CRM."""

    thing: int

    def __str__(self) -> str:
        return f"thing {self.thing} is deleted in the CRM"

    def take(self, stage: "Stage") -> None:
        stage.people.delete(self)


def create(plot: Plot, name: str = "") -> Create:
    """Of some entity, or of this one."""
    dice = plot.dice
    entity = ENTITIES[name or dice.choice(plot.kinds)]
    plot.things.append(entity.name)
    choices = tuple(dice.randrange(60) for _ in range(2 * len(entity.fields)))
    return Create(len(plot.things) - 1, entity.name, _where(plot, entity), choices, dice.randrange(60))


def _where(plot: Plot, entity: Entity) -> tuple[str, ...]:
    """Mostly where new ones begin; where none begin, in both."""
    if not entity.begins:
        return plot.dice.choices([SYSTEMS[::-1], SYSTEMS[:1], SYSTEMS[1:]], [8, 1, 1])[0]
    begins = plot.dice.choice(entity.begins)
    other = "crm" if begins == "inventory" else "inventory"
    return plot.dice.choices([(begins,), (begins, other), (other, begins), (other,)], [8, 1, 1, 1])[0]


def edit(plot: Plot, thing: int | None = None, system: str | None = None, place: int | None = None) -> Edit:
    """Of any field, or of this one."""
    dice = plot.dice
    number = dice.randrange(len(plot.things)) if thing is None else thing
    entity = ENTITIES[plot.things[number]]
    where = dice.randrange(len(entity.fields)) if place is None else place
    return Edit(number, system or dice.choice(entity.edited), where, dice.randrange(3), dice.random() < 0.2)


def _both(plot: Plot) -> list[Step]:
    first = edit(plot)
    wait = Wait(plot.dice.choice([0, 1, 30, 90, 400, 4000]))
    (other,) = set(ENTITIES[plot.things[first.thing]].edited) - {first.system} or {first.system}
    return [first, wait, edit(plot, first.thing, other, first.place)]


def _there_and_back(plot: Plot) -> list[Step]:
    first = edit(plot)
    return [first, run(plot), replace(first, choice=first.choice + 1), run(plot), first]


def _remark(plot: Plot) -> list[Step]:
    return [Remark(plot.dice.randrange(len(plot.things)), plot.dice.choice(SYSTEMS), plot.dice.randrange(3))]


MEANWHILE = (edit,)
ACTS = (
    Act("edit", 6, lambda plot: [edit(plot)]),
    Act("both", 3, _both),
    Act("there and back", 2, _there_and_back),
    Act("remark", 1, _remark),
    Act("create", 1.5, lambda plot: [create(plot)]),
    Act("delete", 1.2, lambda plot: [Delete(plot.dice.randrange(len(plot.things)))]),
)
