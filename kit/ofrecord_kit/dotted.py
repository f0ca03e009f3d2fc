"""Dotted names: a value within objects by one name, as rules and vendors write it (`billing_address.city`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as nested objects: `{"a.b": 1}` becomes `{"a": {"b": 1}}`."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        place = made
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return made


def dig(record: Mapping[str, Any], name: str) -> Any:
    """The value at a dotted name; None when a step is missing."""
    found: Any = record
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
