"""Which records of a system take part, which must never travel, and the reason in words.

A reason tells no personal value: only truth values, numbers and words of closed lists are quoted.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.conditions import Test, amount, fulfils, instant, is_empty
from ofrecord_transforms.paths import Get, Record, reader
from ofrecord_transforms.rules import Condition, Entity, Filters

Filter = Callable[[Record], str | None]
"""None: the record takes part. Otherwise the reason, in words, without any personal value."""

Stopper = Callable[[Record], dict[str, str] | None]
"""None: nothing stops the record. Otherwise the name of the stop and its place in the rules."""

_Check = tuple[Get, Test, Callable[[Any], str]]


def filter_for(catalogs: Catalogs, entity: Entity, system: str) -> Filter | None:
    """The filter of one system's records: `when`, then the view. None: every record takes part."""
    view = entity.views.get(entity.view, {}) if entity.view is not None else {}
    checks = [
        *_checks(catalogs, entity, system, entity.when, ""),
        *_checks(catalogs, entity, system, view, f'not in view "{entity.view}": '),
    ]
    if not checks:
        return None

    def filtered(record: Record) -> str | None:
        for get, holds, reason in checks:
            value = get(record)
            if not holds(value):
                return reason(value)
        return None

    return filtered


def stop_for(entity: Entity, system: str) -> Stopper | None:
    """Finds the first stop whose conditions all hold. None: no stop is about this system."""
    stops = []
    for stop in entity.stop:
        tests = [
            (reader(entity.systems[system].system, name), fulfils(condition, _zone(entity, system, name)))
            for name, condition in _pairs(stop.when, system)
        ]
        if tests:
            stops.append((tests, {"name": stop.what, "rule": stop.rule}))
    if not stops:
        return None

    def stopped(record: Record) -> dict[str, str] | None:
        for tests, said in stops:
            if all(holds(get(record)) for get, holds in tests):
                return dict(said)
        return None

    return stopped


def fulfilled(entity: Entity, system: str, when: Filters) -> Callable[[Record], bool]:
    """Do all conditions about this system hold of a record?"""
    tests = [
        (reader(entity.systems[system].system, name), fulfils(condition, _zone(entity, system, name)))
        for name, condition in _pairs(when, system)
    ]
    return lambda record: all(holds(get(record)) for get, holds in tests)


def _pairs(filters: Filters, system: str) -> Iterable[tuple[str, Condition]]:
    return ((name, condition) for name, found in filters.get(system, {}).items() for condition in found)


def _checks(catalogs: Catalogs, entity: Entity, system: str, filters: Filters, prefix: str) -> list[_Check]:
    return [
        (
            reader(entity.systems[system].system, name),
            fulfils(condition, _zone(entity, system, name)),
            _reason(prefix, _word(entity, system, name), condition, _quotes(catalogs, entity, system, name)),
        )
        for name, condition in _pairs(filters, system)
    ]


def _reason(prefix: str, word: str, condition: Condition, quotes: Callable[[str], bool]) -> Callable[[Any], str]:
    """The sentence about a value that does not fulfil the condition."""
    said = condition.values[0] if condition.values else None

    def in_list(value: Any) -> str:
        if isinstance(value, bool):
            return f"{word} is {str(value).lower()}"
        quoted = isinstance(value, int | Decimal) or (isinstance(value, str) and quotes(value))
        return f"{word} is {value}" if quoted else f"{word} is another"

    def in_measure(value: Any) -> str:
        if condition.test in {"from", "before"}:
            late = "not before" if condition.test == "before" else "before"
            return f"{word} is {late} {said}" if instant(value, None) else f"{word} is no time"
        return f"{word} is not {condition.test} {said}" if amount(value) is not None else f"{word} is no number"

    def reason(value: Any) -> str:
        if condition.test == "absent":
            return f"{prefix}has {word}"
        if is_empty(value):
            return f"{prefix}no {word}"
        return prefix + (in_list(value) if condition.test in {"in", "not"} else in_measure(value))

    return reason


def _quotes(catalogs: Catalogs, entity: Entity, system: str, name: str) -> Callable[[str], bool]:
    """May a word of this field be told? Where the rules translate its values, any; else what rules or catalog list."""
    if any(
        system in rule.sides and rule.sides[system].field == name and any(side.values for side in rule.sides.values())
        for rule in entity.fields
    ):
        return lambda _word: True
    place = entity.systems[system]
    known = catalogs.field(place.system, place.object, name)
    named = set(known.values or ()) if known is not None else set()
    named |= {
        value
        for filters in (entity.when, *entity.views.values(), *(stop.when for stop in entity.stop))
        for condition in filters.get(system, {}).get(name, ())
        for value in condition.values
    }
    return lambda word: word in named


def _zone(entity: Entity, system: str, name: str) -> str | None:
    """Time zone of a field's days and of its times without an offset, as a line of the rules says it."""
    sides = (side for rule in entity.fields if (side := rule.sides.get(system)) is not None)
    return next((side.zone for side in sides if side.field == name and side.zone is not None), None)


def _word(entity: Entity, system: str, name: str) -> str:
    """What the rules call the field, unless its values are translated; else the entity it leads to; else its own name in plain words."""
    for rule in entity.fields:
        if (
            system in rule.sides
            and rule.sides[system].field == name
            and not any(side.values for side in rule.sides.values())
        ):
            return rule.name
    for way in entity.combine.ways if entity.combine is not None else ():
        if way.by == name:
            return way.through or way.same_as or name
    return name.removesuffix("_id").rsplit(".", 1)[-1].replace("_", " ").lower()
