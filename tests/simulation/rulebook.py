"""Rules change between runs: another owner, another policy, a field that goes or comes back, another unit. Everything is read anew then."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from multiprocessing import current_process
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

from simulation.ownership import Entity, Field
from simulation.steps import SYSTEMS, Act, Plot, Step
from simulation.thrift import PROJECT

if TYPE_CHECKING:
    from simulation.people import Thing
    from simulation.stage import Stage

_SHELF = tempfile.TemporaryDirectory(prefix="rules-")


@dataclass(frozen=True)
class Change:
    """What is written in place of what in which file, and what that means for a field; None: it is in the rules no more."""

    words: str
    file: str
    was: str
    now: str
    entity: str
    field: str
    become: Callable[[Field], Field | None]


CHANGES = {
    "website": Change(
        "inventory is of record for the website of accounts", "account.yml",
        "  - what: Website\n    owner: crm\n", "  - what: Website\n    owner: inventory\n",
        "account", "website", lambda one: replace(one, owner="inventory"),
    ),
    "terms": Change(
        "the CRM is of record for the payment terms of accounts", "account.yml",
        "  - what: Payment terms\n    owner: inventory\n", "  - what: Payment terms\n    owner: crm\n",
        "account", "payment terms", lambda one: replace(one, owner="crm"),
    ),
    "phone": Change(
        "a person decides about the phone numbers of accounts", "account.yml",
        "    policy: latest\n    format: phone\n", "    policy: review\n    format: phone\n",
        "account", "phone", lambda one: replace(one, policy="review"),
    ),
    "description": Change(
        "inventory is of record for the description of products", "product.yml",
        "    owner: shared\n    policy: latest\n    too_long: hold\n    inventory: description\n",
        "    owner: inventory\n    too_long: hold\n    inventory: description\n",
        "product", "description", lambda one: replace(one, owner="inventory", policy=""),
    ),
    "ean": Change(
        "the EAN of products is no matter of the rules", "product.yml",
        "  - what: EAN\n    owner: inventory\n    inventory: ean\n    crm: EAN\n\n", "",
        "product", "ean", lambda _one: None,
    ),
    "weight": Change(
        "the CRM keeps the weight of products in kilograms", "product.yml",
        "crm: {field: Weight_g, unit: g}", "crm: {field: Weight_g, unit: kg}",
        "product", "shipping weight", lambda one: replace(one, factor=Decimal(1)),
    ),
}  # fmt: skip


@cache
def folder_of(changes: tuple[str, ...]) -> Path:
    """The rules with these changes; the project's own are not touched."""
    if not changes:
        return PROJECT / "rules"
    folder = Path(_SHELF.name) / current_process().name / "-".join(changes)
    copytree(PROJECT / "rules", folder)
    for name in changes:
        change, path = CHANGES[name], folder / CHANGES[name].file
        text = path.read_text(encoding="utf-8")
        assert text.count(change.was) == 1, (name, "rules/ have changed: correct CHANGES")
        path.write_text(text.replace(change.was, change.now), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Rule(Step):
    """Somebody changes the rules, or takes a change back."""

    name: str

    def __str__(self) -> str:
        return f"the rules change (or change back): {CHANGES[self.name].words}"

    def take(self, stage: "Stage") -> None:
        desk, people, change = stage.desk, stage.people, CHANGES[self.name]
        people.note_agreement()
        desk.changed = tuple(sorted(set(desk.changed) ^ {self.name}))
        stage.world.host.rules = folder_of(desk.changed)
        stage.world.forget("state")  # as `meltano run --full-refresh` does
        before = people.entities[change.entity]
        people.entities[change.entity] = after = _entity(change.entity, desk.changed)
        for thing in people.things.values():
            if thing.entity is before:
                thing.entity = after
                _begin_anew(stage, thing, change.field)


def _entity(name: str, changes: tuple[str, ...]) -> Entity:
    from simulation.masters import ENTITIES  # noqa: PLC0415

    entity = ENTITIES[name]
    for change in (CHANGES[one] for one in changes if CHANGES[one].entity == name):
        fields = [change.become(one) if one.name == change.field else one for one in entity.fields]
        entity = replace(entity, fields=tuple(one for one in fields if one is not None))
    return entity


def _begin_anew(stage: "Stage", thing: "Thing", name: str) -> None:
    """What was said of the field before is judged by the new rules from what there is."""
    people = stage.people
    for system in SYSTEMS:
        record = people.record(thing, system)
        if record is not None and system in thing.untouched:
            thing.untouched[system] = thing.entity.untouched(system, record)
    one = next((one for one in thing.entity.fields if one.name == name), None)
    if one is None:
        return
    if one.owner == "shared":
        thing.unsure.add(name)
        return
    record = people.record(thing, one.owner)
    if record is not None:
        people.say(thing, one, one.owner, one.read(one.owner, record))


def _change(plot: Plot) -> list[Step]:
    fitting = [name for name, change in sorted(CHANGES.items()) if change.entity in plot.things]
    return [Rule(plot.dice.choice(fitting))] if fitting else []


ACTS = (Act("change rules", 0.7, _change),)
