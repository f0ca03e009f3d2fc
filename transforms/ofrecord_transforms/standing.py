"""How a record stands: left out, stopped, waiting for another one's word, or giving it. What `_ofrecord` tells of that."""

from collections.abc import Callable
from typing import Any

from ofrecord_transforms.filters import filter_for, fulfilled, stop_for
from ofrecord_transforms.paths import ABSENT, Record, reader
from ofrecord_transforms.rules import Entity, Rules
from ofrecord_transforms.steps import simple

Standing = Callable[[Record, dict[str, Any]], bool]
"""Notes how a record stands; is there nothing more to say of it?"""
Told = Callable[[Record], Any]


def standing_for(rules: Rules, entity: Entity, source: str) -> Standing | None:
    """How records of one system stand. None: all of them take part."""
    filtered, stopped = filter_for(rules.catalogs, entity, source), stop_for(entity, source)
    awaits, grants = awaits_for(entity, source), grants_for(rules, entity, source)
    if filtered is None and stopped is None and grants is None:
        return None

    def standing(record: Record, note: dict[str, Any]) -> bool:
        gone = note["deleted"]
        if grants is not None:
            note["grants"] = not gone and grants(record)
        if not gone and filtered is not None and (reason := filtered(record)) is not None:
            other = None if awaits is None else awaits(record)
            note["filtered" if other is None else "awaits"] = reason if other is None else other
            gone = other is None
        if not gone and stopped is not None and (stop := stopped(record)) is not None:
            note["stopped"] = stop
            gone = True
        return bool(gone)

    return standing


def awaits_for(entity: Entity, source: str) -> Told | None:
    """The id of the record that a record waits for, which does not take part by itself; None of one that waits for none."""
    waits = entity.waits_for
    if waits is None or source not in waits.when:
        return None
    holds = fulfilled(entity, source, waits.when)
    side = next(rule.sides[source] for rule in entity.fields if rule.what == waits.by and source in rule.sides)
    get = reader(entity.systems[source].system, side.field)

    def awaits(record: Record) -> str | None:
        value = get(record)
        found = None if value is ABSENT else simple(value)
        return str(found) if found not in (None, "") and holds(record) else None

    return awaits


def grants_for(rules: Rules, entity: Entity, source: str) -> Told | None:
    """Does a record give its word to those that wait for it? None where none wait for records of this entity."""
    waiting = [
        one
        for one in rules.entities.values()
        if one.enabled and one.waits_for and one.waits_for.entity == entity.entity
    ]
    tests = [
        fulfilled(entity, source, one.waits_for.until)
        for one in waiting
        if one.waits_for and source in one.waits_for.until
    ]
    if not tests:
        return None
    return lambda record: all(holds(record) for holds in tests)


def mentioned_by_others(rules: Rules, entity: Entity, source: str) -> frozenset[str]:
    """Fields of an entity's records that others ask for."""
    return frozenset(
        name
        for one in rules.entities.values()
        if one.waits_for is not None and one.waits_for.entity == entity.entity
        for name in one.waits_for.until.get(source, ())
    )
