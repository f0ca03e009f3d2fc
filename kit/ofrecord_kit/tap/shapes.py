"""Rows cut to their schema: only its properties, times in UTC, numbers as numbers.

A schema is compiled once to a function, so that a record costs one pass over the properties that need work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Shape = Callable[[Mapping[str, Any]], dict[str, Any]]
_Turn = Callable[[Any], Any]


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
        return Decimal(value) if value else None
    except InvalidOperation:
        return None


def compile_shape(schema: Mapping[str, Any]) -> Shape:
    """The function that cuts a row to `schema` (an object schema). Properties absent from the row stay absent."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    turns = {name: turn for name, inner in properties.items() if (turn := _turn(inner)) is not None}
    plain = tuple(name for name in properties if name not in turns)
    turned = tuple(turns.items())

    def shape(row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: row[name] for name in plain if name in row}
        for name, turn in turned:
            if name in row:
                value = row[name]
                kept[name] = None if value is None else turn(value)
        return kept

    return shape


def _turn(schema: Mapping[str, Any]) -> _Turn | None:
    """What one property needs, or None when its value is taken as it is."""
    kinds = schema.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if schema.get("format") == "date-time":
        return utc_text
    if schema.get("format") == "date":
        return lambda value: value or None
    if kinds & {"number", "integer"} and "string" not in kinds:
        return number
    if "object" in kinds and schema.get("properties"):
        inner = compile_shape(schema)
        return lambda value: inner(value) if isinstance(value, Mapping) else None
    if "array" in kinds:
        each = _turn(schema.get("items", {}))
        if each is not None:
            return lambda value: [each(one) for one in value or []]
    return None
