"""What is chosen of a stream: properties by the catalog, records by the setting `filters`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from singer_sdk.singerlib import SelectionMask

from ofrecord_kit.tap.pages import Row, value_of

Filters = Mapping[str, tuple[Any, ...]]
"""Property to the values a record may have there."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_SCALARS = (str, int, float, Decimal, bool, type(None))


def chosen_properties(schema: Mapping[str, Any], mask: SelectionMask, always: Iterable[str]) -> frozenset[str]:
    """The properties of `schema` that are selected, and those that are `always`."""
    properties = schema.get("properties", {})
    needed = set(always)
    return frozenset(name for name in properties if name in needed or mask["properties", name])


def chosen_schema(
    schema: Mapping[str, Any], mask: SelectionMask, always: Iterable[str], above: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`schema` without what is not selected, in objects within objects, too."""
    needed = set(always)
    kept: dict[str, Any] = {}
    for name, inner in schema.get("properties", {}).items():
        place = (*above, "properties", name)
        if name in needed or mask[place]:
            kept[name] = chosen_schema(inner, mask, (), place) if inner.get("properties") else inner
    return {**schema, "properties": kept}


def filters_of(config: Mapping[str, Any], stream: str) -> Filters:
    """The filters of one stream."""
    given = (config.get("filters") or {}).get(stream) or {}
    return {name: tuple(one) if isinstance(one, list) else (one,) for name, one in given.items()}


def passes(row: Row, wanted: Mapping[str, set[str]]) -> bool:
    """Whether a row, as the vendor sent it, has one of the `wanted_texts` in every property that is filtered.

    Compared are texts, so `5` and `"5"`, `true` and `"true"` are the same; what is absent or null is the empty text. An object
    has the value of its `id` or its `name`, a list that of each of its entries.
    """
    return all(not values.isdisjoint(_texts(value_of(row, name))) for name, values in wanted.items())


def wanted_texts(values: Iterable[Any]) -> set[str]:
    """Values of a filter as they are compared."""
    return {_text(one) for one in values}


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {_text(value[name]) for name in ("id", "name") if name in value}
    if isinstance(value, list):
        return set().union(*(_texts(one) for one in value)) if value else {""}
    return {_text(value)}


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float() | Decimal():
            return format(Decimal(str(value)).normalize(), "f")
        case _:
            return _plain(str(value))


def _plain(text: str) -> str:
    """A text that is a number as that number is written; `007` is none."""
    return format(Decimal(text).normalize(), "f") if _NUMBER.fullmatch(text) else text


def problems_of_filters(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with the form of `filters`, a line each."""
    problems = []
    for stream, wanted in (config.get("filters") or {}).items():
        if not isinstance(wanted, Mapping):
            problems.append(f"filters.{stream}: must be an object: property to value, or to a list of values.")
            continue
        for name, values in wanted.items():
            each = values if isinstance(values, list) else [values]
            if not each or not all(isinstance(one, _SCALARS) for one in each):
                problems.append(
                    f"filters.{stream}.{name}: must be a value or a list of values (texts, numbers, true, false, null)."
                )
    return problems
