"""Which fields of a stream's records the rules can ask for, so that a record is decoded no further than that."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ofrecord_transforms.rules import Entity

_HASH = "custom_field_hash"
_NO_NAMES = frozenset(
    {
        "what", "why", "file", "rule", "entity", "owner", "policy", "format", "violation", "lossy", "responsible",
        "values", "always", "otherwise", "identity", "parent", "unit", "region", "form", "zone", "duplicates", "near", "missing",
        "new", "stream", "object", "name", "tap", "store", "custom_prefix", "of", "unlinked", "id_in", "page",
    }
)  # fmt: skip
"""Attributes of rules that never hold a field's name; leaving them out only keeps the list short."""
_BY_SYSTEM = frozenset({"sides", "systems"})
"""Attributes that say something of each system."""


def mentioned(entity: Entity, source: str) -> frozenset[str]:
    """Top-level names of a record of the source that the rules of an entity can ask for, and some more.

    Every text in the rules, at any depth, may name a field, so that no new word of the language is forgotten here;
    those that name none cost nothing but a moment.
    """
    decisive = (
        name
        for rule in entity.fields
        for side in rule.sides.values()
        for when in (side.unless or {}).values()
        for name in when
    )
    return frozenset({word.partition(".")[0] for word in (*_words(entity, source), *decisive)} | {_HASH})


def _words(thing: Any, source: str) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            value = getattr(thing, field.name)
            if field.name in _BY_SYSTEM:
                yield from _words(value.get(source), source)
            elif field.name not in _NO_NAMES:
                yield from _words(value, source)
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _words(key, source)
            yield from _words(value, source)
    elif isinstance(thing, tuple | list | frozenset | set):
        for value in thing:
            yield from _words(value, source)
