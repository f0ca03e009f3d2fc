"""Which records of a system take part, and the reason when one does not."""

from collections.abc import Callable
from typing import Any

from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Condition, Entity

Filter = Callable[[Record], str | None]
"""None: the record takes part. Otherwise the reason, in words, without any personal value."""


def filter_for(entity: Entity, system: str) -> Filter:
    """The filter of one system's records."""
    tests: list[tuple[Get, Callable[[Any], bool], Callable[[Any], str]]] = [
        _test(reader(entity.systems[system].system, name), _word(entity, system, name), condition)
        for name, condition in entity.conditions(system)
    ]

    def filtered(record: Record) -> str | None:
        for get, takes_part, reason in tests:
            value = get(record)
            if not takes_part(value):
                return reason(value)
        return None

    return filtered


def _test(get: Get, word: str, condition: Condition) -> tuple[Get, Callable[[Any], bool], Callable[[Any], str]]:
    if condition.test == "present":
        return get, lambda value: not _empty(value), lambda _value: f"no {word}"
    if condition.test == "absent":
        return get, _empty, lambda _value: f"has {word}"
    allowed = frozenset(condition.values)

    def reason(value: Any) -> str:
        return f"no {word}" if _empty(value) else f"{word} is {value}"

    return get, lambda value: _hashable(value) and value in allowed, reason


def _hashable(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _empty(value: Any) -> bool:
    """Nothing there; 0 and false are something."""
    return value is ABSENT or value is None or value in ("", [], {})


def _word(entity: Entity, system: str, name: str) -> str:
    """What the rules call the field, unless its values are translated; else the entity it leads to; else its own name in plain words."""
    for rule in entity.fields:
        if (
            system in rule.sides
            and rule.sides[system].field == name
            and not any(side.values for side in rule.sides.values())
        ):
            return rule.name
    if entity.combine is not None and entity.combine.by == name:
        return entity.combine.through or entity.combine.same_as or name
    return name.removesuffix("_id").rsplit(".", 1)[-1].replace("_", " ").lower()
