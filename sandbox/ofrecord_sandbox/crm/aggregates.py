# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""COQL's `count`, `sum`, `avg`, `min`, `max`, with and without `group by`. Source: Zoho CRM v8 docs, "Records through a COQL Query"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.columns import Read, invalid, resolve, shown
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.predicates import comparable
from ofrecord_sandbox.crm.query import Query, Selected
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_MOST = 5
_MOST_GROUPS = 4
_NUMBERS = {"integer", "bigint", "double", "currency", "percent"}


def check(query: Query) -> None:
    """Refuse too much of it, twice the same, and columns that stand beside aggregates without being grouped by."""
    asked = [(one.aggregate, one.column) for one in query.selected if one.aggregate]
    if len(asked) > _MOST or len(query.group) > _MOST_GROUPS:
        limit = _MOST if len(asked) > _MOST else _MOST_GROUPS
        raise RefusedError("LIMIT_EXCEEDED", "the number of aggregates or groups is exceeded", {"limit": limit})
    for aggregate, column in asked:
        if asked.count((aggregate, column)) > 1:
            details = {"column_name": column, "aggregate": aggregate.upper()}
            raise RefusedError("DUPLICATE_DATA", "duplicate aggregate", details)
    for one in query.selected:
        if not one.aggregate and one.column not in query.group:
            raise invalid(one.column, clause="group by")


def rows(world: World, module: Module, query: Query, records: Iterable[Record]) -> list[Record]:
    """One row for each group; one row in all without `group by`, also when nothing was found (UNVERIFIED)."""
    if not query.group and all((one.aggregate, one.column) == ("count", "id") for one in query.selected):
        total = sum(1 for _ in records)
        return [{one.key: total for one in query.selected}]
    grouped = [comparable(resolve(world, module, name)) for name in query.group]
    groups: dict[tuple[Any, ...], list[Record]] = {} if query.group else {(): []}
    for record in records:
        groups.setdefault(tuple([read(record) for read in grouped]), []).append(record)
    columns = [(one.key, _value_of(world, module, one)) for one in query.selected]
    found = [{key: value(members) for key, value in columns} for members in groups.values()]
    for name, descending in reversed(query.order):
        key = next((one.key for one in query.selected if name in {one.key, one.column}), None)
        if key is None:
            raise invalid(name, clause="order by")
        found.sort(key=_sorting(key), reverse=descending)
    return found


def _sorting(key: str) -> Callable[[Record], tuple[bool, str, Any]]:
    def sorting(row: Record) -> tuple[bool, str, Any]:
        value = row[key]
        value = value["id"] if isinstance(value, dict) else value
        return value is not None, "" if isinstance(value, int | float) else "text", 0 if value is None else value

    return sorting


def _value_of(world: World, module: Module, one: Selected) -> Callable[[list[Record]], Any]:
    column = resolve(world, module, one.column)
    if not one.aggregate:
        read = shown(column)
        return lambda members: read(members[0])
    if one.aggregate == "count":
        return lambda members: sum(column.read(record) is not None for record in members)
    if one.aggregate in {"sum", "avg"} and column.field.data_type not in _NUMBERS:
        raise invalid(one.column, clause="select")
    if one.aggregate in {"min", "max"}:
        return _extreme(column.read, comparable(column), largest=one.aggregate == "max")
    return _summed(column.read, mean=one.aggregate == "avg")


def _extreme(read: Read, by: Read, *, largest: bool) -> Callable[[list[Record]], Any]:
    def value(members: list[Record]) -> Any:
        held = [record for record in members if read(record) is not None]
        chosen = (max if largest else min)(held, key=by, default=None)
        return None if chosen is None else read(chosen)

    return value


def _summed(read: Read, *, mean: bool) -> Callable[[list[Record]], Any]:
    """Exact: as many amounts as there are add up without the errors of binary fractions."""

    def value(members: list[Record]) -> Any:
        values = [Decimal(str(found)) for record in members if (found := read(record)) is not None]
        if not values:
            return None
        total = sum(values, Decimal(0))
        result = total / len(values) if mean else total
        return int(result) if result == result.to_integral_value() else float(result)

    return value
