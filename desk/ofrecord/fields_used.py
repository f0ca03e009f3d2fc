"""Which fields the rules read and write in each system, and where they say so. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ofrecord_kit.target import read_wire
from ofrecord_transforms.checks.inquiry import inside
from ofrecord_transforms.compile import compile_entity

if TYPE_CHECKING:
    from ofrecord_kit.target import Wire
    from ofrecord_transforms.rules import Entity, Field, Rules

SYSTEMS = ("crm", "inventory", "books")


@dataclass(frozen=True)
class Use:
    """One field of an object, with dots for fields of its lines. `what` and `where` are the rule's name, file and line.

    `creates` and `updates`: it is sent with new records, with changes of existing ones.
    """

    system: str
    object: str
    field: str
    what: str
    where: str
    reads: bool = False
    creates: bool = False
    updates: bool = False

    @property
    def writes(self) -> bool:
        """Is it sent at all?"""
        return self.creates or self.updates


@dataclass(frozen=True)
class Made:
    """An object of which the rules make new records, and every field they fill."""

    system: str
    object: str
    entity: str
    where: str
    filled: frozenset[str]


def uses_of(rules: Rules) -> tuple[list[Use], list[Made]]:
    """Every use of a field of the three systems, and every object that is made; nothing of entities that are switched off."""
    found: dict[tuple[str, str, str, str], Use] = {}
    made: dict[tuple[str, str, str], Made] = {}
    for entity in rules.entities.values():
        for source, to in entity.directions():
            wire = read_wire(compile_entity(rules, entity, source, to).schema["schema"])
            if wire is None:
                continue
            new = [*_read(entity, source), *_written(entity, wire)]
            for use in new:
                if use.system in SYSTEMS:
                    key = (use.system, use.object, use.field, use.where)
                    found[key] = _both(found.get(key, use), use)
            if wire.create and wire.combine is None and wire.spread is None and to in SYSTEMS:
                filled = frozenset(use.field for use in new if use.system == to and use.creates)
                made[to, wire.object, entity.entity] = Made(to, wire.object, entity.entity, f"{entity.file}:1", filled)
    return list(found.values()), list(made.values())


def _both(one: Use, other: Use) -> Use:
    return replace(
        one, reads=one.reads or other.reads, creates=one.creates or other.creates, updates=one.updates or other.updates
    )  # fmt: skip


def _read(entity: Entity, source: str) -> Iterator[Use]:
    place = entity.systems[source]
    object_ = place.stream or place.object
    for rule in entity.fields:
        if entity.reads(rule, source):
            for name in _places(rule, source):
                if not entity.is_made(source, name):
                    yield Use(source, object_, name, rule.what, rule.rule, reads=True)
    for name, _condition in entity.conditions(source):
        yield Use(source, object_, name, "when", f"{entity.file}:1", reads=True)
    for name in entity.schedule.fields() if entity.schedule is not None and entity.schedule.system == source else ():
        yield Use(source, object_, name, "schedule", f"{entity.file}:1", reads=True)
    if entity.attach is not None:
        for name in (entity.attach.named, *entity.attach.when.get(source, ())):
            yield Use(source, object_, name, "attach", f"{entity.file}:1", reads=True)


def _places(rule: Field, system: str) -> Iterator[str]:
    side = rule.sides[system]
    yield from (name for name in side.fields() if name)
    for line in rule.lines:
        if system in line.sides:
            yield from (inside(side, name) for name in line.sides[system].fields() if name)


def _written(entity: Entity, wire: Wire) -> Iterator[Use]:
    if not (wire.sent or wire.create):
        return
    again = {rule.name for rule in (*wire.writable(linked=True), *wire.stating)}
    for rule in (*wire.sent, *wire.stating):
        if rule.status or rule.related:
            continue
        columns = rule.lines if isinstance(rule.lines, dict) else {}
        for name in (*(rule.parts.values() if rule.parts else [rule.name]), *(f"{rule.name}.{one}" for one in columns)):
            yield Use(
                wire.destination, wire.object, name, rule.field, rule.where, creates=wire.create, updates=rule.name in again
            )  # fmt: skip
    ours = (
        (wire.destination, wire.object, wire.external_id),
        (wire.source, wire.source_object, wire.source_external_id),
    )
    for system, object_, name in ours:
        if name and object_:
            here = system == wire.destination
            yield Use(
                system,
                object_,
                name,
                "external id",
                f"{entity.file}:1",
                reads=True,
                creates=here and wire.create,
                updates=True,
            )
