"""Rows cut to their schema: only its properties, times in UTC, numbers as numbers.

A schema is compiled once to a function, so that a record costs one pass over the properties that need work. A value may
come decoded or as `msgspec.Raw`, its JSON text: texts and numbers that need no work stay that text and are never
decoded, so every digit stays as it was sent; objects and lists of objects are cut by a type made from their schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ofrecord_kit.tap.pages import decode_value

Shape = Callable[[Mapping[str, Any]], dict[str, Any]]
_Turn = Callable[[Any], Any]
_QUOTE = ord('"')


@lru_cache(maxsize=4096)  # records written together share their times
def utc_text(text: str) -> str | None:
    """A vendor's time (offset with or without colon) as `2026-03-01T09:15:00+00:00`; None for an empty text.

    >>> utc_text("2026-03-01T10:15:00+0100"), utc_text("")
    ('2026-03-01T09:15:00+00:00', None)
    """
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def number(value: Any) -> Any:
    """Numbers that arrive as texts, as the finance side sends some, are numbers; an empty text is None.

    >>> number("12.50"), number(""), number(3)
    (Decimal('12.50'), None, 3)
    """
    if not isinstance(value, str):
        return value
    try:
        found = Decimal(value) if value else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def compile_shape(schema: Mapping[str, Any]) -> Shape:
    """The function that cuts a row to `schema` (an object schema). Properties absent from the row stay absent."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    turns = {name: turn for name, inner in properties.items() if (turn := _turn(inner)) is not None}
    names = tuple(properties)
    turned = tuple(turns.items())

    def shape(row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: row[name] for name in names if name in row}
        for name, turn in turned:
            if name in kept:
                value = kept[name]
                kept[name] = None if value is None else turn(value)
        return kept

    return shape


def _turn(schema: Mapping[str, Any]) -> _Turn | None:
    """What one property needs, or None when its value is taken as it is."""
    kinds = _kinds(schema)
    if schema.get("format") == "date-time":
        return _time
    if schema.get("format") == "date":
        return _date
    if kinds & {"number", "integer"} and "string" not in kinds:
        return _number
    if "object" in kinds and schema.get("properties"):
        return _nested(schema, _cut_object(schema))
    if "array" in kinds:
        each = _turn(schema.get("items", {}))
        if each is not None:
            return _nested(schema, lambda value: [each(one) for one in value or []])
    return None


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _time(value: Any) -> Any:
    if type(value) is Raw:
        value = decode_value(value)
    return None if value is None else utc_text(value)


def _date(value: Any) -> Any:
    if type(value) is Raw:
        return None if bytes(value) == b'""' else value
    return value or None


def _number(value: Any) -> Any:
    if type(value) is Raw:
        text = bytes(value)
        if text[0] != _QUOTE:
            return value
        value = decode_value(text)
    return number(value)


def _cut_object(schema: Mapping[str, Any]) -> _Turn:
    cut = compile_shape(schema)
    return lambda value: cut(value) if isinstance(value, Mapping) else None


def _nested(schema: Mapping[str, Any], slow: _Turn) -> _Turn:
    """Cuts JSON text by a type made from the schema; what is decoded already, or of another shape, goes through `slow`."""
    kind, mend = _type_of(schema)
    decode = msgspec.json.Decoder(kind).decode

    def turn(value: Any) -> Any:
        if type(value) is not Raw:
            return slow(value)
        try:
            found = decode(value)
        except msgspec.ValidationError:
            plain = decode_value(value)
            return None if plain is None else slow(plain)
        if mend is not None and found is not None:
            return mend(found)
        return found

    return turn


def _type_of(schema: Mapping[str, Any]) -> tuple[Any, _Turn | None]:
    """The type that cuts a value to its schema when it is decoded, and what is to be done with it afterwards."""
    kinds = _kinds(schema)
    if "object" in kinds and schema.get("properties"):
        return _struct_of(schema["properties"])
    if "array" in kinds and _turn(schema.get("items", {})) is not None:
        kind, mend = _type_of(schema["items"])
        if mend is None:
            return list[kind] | None, None  # type: ignore[valid-type]
        each = mend
        return list[kind] | None, lambda values: [one if one is None else each(one) for one in values]  # type: ignore[valid-type]
    return Raw, _turn(schema)


def _struct_of(properties: Mapping[str, Any]) -> tuple[Any, _Turn | None]:
    fields: list[tuple[str, Any, Any]] = []
    works: list[tuple[str, _Turn]] = []
    for place, inner in enumerate(properties.values()):
        kind, mend = _type_of(inner)
        fields.append((f"f{place}", kind | UnsetType, UNSET))
        if mend is not None:
            works.append((f"f{place}", mend))
    names = {f"f{place}": name for place, name in enumerate(properties)}
    struct = msgspec.defstruct("Cut", fields, rename=names, gc=False)
    if not works:
        return struct | None, None

    def mend_all(found: Any) -> Any:
        for name, work in works:
            value = getattr(found, name)
            if value is not UNSET and value is not None:
                setattr(found, name, work(value))
        return found

    return struct | None, mend_all
