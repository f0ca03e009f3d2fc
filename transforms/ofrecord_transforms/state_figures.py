"""The figures of a record: what tables of states look at, in `_ofrecord.figures`."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ofrecord_transforms.conditions import amount, is_empty
from ofrecord_transforms.paths import Record, reader
from ofrecord_transforms.rules import Entity, Side
from ofrecord_transforms.steps import side_reader

CURRENCY = "~currency"
"""Beside the figures: the currency of the amounts."""


def figures_for(entity: Entity, source: str) -> Callable[[Record, dict[str, str]], dict[str, Any]] | None:
    """Record → its figures; those that cannot be told are named in `invalid` (second argument). None: the entity has none."""
    system = entity.systems[source].system
    told = [
        (figure.what, side_reader(system, side), _converter(figure.format, side), side.field)
        for figure in entity.figures
        if (side := figure.sides.get(source)) is not None
    ]
    named = next((side.currency for one in entity.figures if (side := one.sides.get(source)) and side.currency), None)
    code = reader(system, named) if named is not None else None
    if not told:
        return None

    def figures(record: Record, invalid: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for what, get, convert, name in told:
            if is_empty(value := get(record)):
                continue
            converted = convert(value)
            if converted is None:
                invalid[what.lower()] = f"{name} is not what the rules expect"
            else:
                found[what] = converted
        if code is not None and isinstance(currency := code(record), str):
            found[CURRENCY] = currency
        return found

    return figures


def _converter(form: str, side: Side) -> Callable[[Any], Any]:
    """A value as a figure; None for what is none."""
    if side.values is not None:
        words: Mapping[Any, Any] = side.values
        return lambda value: words.get(value) if isinstance(value, str | int) else None
    if form in {"number", "money"}:
        return amount
    return _day if form == "date" else str


def _day(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None
