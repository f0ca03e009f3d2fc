# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Conditions as functions of a record, and the part of an order in which they can hold at all.

Source: Zoho CRM v8 docs, "Records through a COQL Query" (operators by type).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.columns import LOOKUPS, Column, Read, invalid, resolve, unfit
from ofrecord_sandbox.crm.external import folded
from ofrecord_sandbox.crm.metadata import Field, Module
from ofrecord_sandbox.crm.ordering import KEYS, every, ordered, rows
from ofrecord_sandbox.crm.query import Both, Condition, Node
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

Test = Callable[[Record], bool]
Box = dict[str, tuple[int, int]]
"""From and to, both included, of the keys a condition bounds."""
_NUMBERS = {"double", "currency", "percent"}
_ORDERED = {"integer", "bigint", "date", "datetime", *_NUMBERS}
_MANY_VALUES = 100
_MANY_BOXES = 64
_FAR = 10**20
_ALL = Condition("id", "is not null", ())


def test_of(world: World, module: Module, node: Node) -> Test:
    """Whether a record fulfils the conditions; raises RefusedError for columns, operators and values that do not fit."""
    if isinstance(node, Both):
        left, right = test_of(world, module, node.left), test_of(world, module, node.right)
        if node.word == "and":
            return lambda record: left(record) and right(record)
        return lambda record: left(record) or right(record)
    column = resolve(world, module, node.column)
    if column.field.data_type == "textarea":
        raise invalid(node.column, clause="where")
    read = column.read
    if node.operator == "is null":
        return lambda record: read(record) is None
    if node.operator == "is not null":
        return lambda record: read(record) is not None
    if len(node.values) > _MANY_VALUES:
        raise RefusedError("LIMIT_EXCEEDED", "too many values", {"limit": _MANY_VALUES, "operator": node.operator})
    return _comparison(column, node)


def _comparison(column: Column, node: Condition) -> Test:
    kind, operator = column.field.data_type, node.operator
    read = comparable(column)
    wanted = [operand(column.field, node, value) for value in node.values]
    chosen = set(wanted)
    if kind == "boolean" and operator != "=":
        raise unfit(node.column, operator)
    if operator in {"=", "in"}:
        return lambda record: read(record) in chosen
    if operator in {"!=", "not in"}:
        return lambda record: (value := read(record)) is not None and value not in chosen
    if operator in {"like", "not like"}:
        return _like(column, node)
    if kind not in _ORDERED:
        raise unfit(node.column, operator)
    return _ranged(read, operator, wanted)


def _ranged(read: Read, operator: str, wanted: list[Any]) -> Test:
    low, high = wanted[0], wanted[-1]
    tests: dict[str, Callable[[Any], bool]] = {
        ">=": lambda value: value >= low,
        "<=": lambda value: value <= low,
        ">": lambda value: value > low,
        "<": lambda value: value < low,
        "between": lambda value: low <= value <= high,
        "not between": lambda value: not low <= value <= high,
    }
    holds = tests[operator]
    return lambda record: (value := read(record)) is not None and holds(value)


def _like(column: Column, node: Condition) -> Test:
    pattern = folded(node.values[0])
    inner = pattern.strip("%")
    starts, ends = pattern.startswith("%"), pattern.endswith("%")
    if column.field.data_type in _ORDERED or column.field.data_type in LOOKUPS:
        raise unfit(node.column, node.operator)
    wanted = node.operator == "like"
    if not wanted and not (starts and ends):
        raise _misread(node, node.values[0])
    read = comparable(column)

    def matches(record: Record) -> bool:
        value = read(record) or ""
        if starts and ends:
            return (inner in value) is wanted
        if starts:
            return value.endswith(inner) is wanted
        return (value.startswith(inner) if ends else value == inner) is wanted

    return matches


@lru_cache(maxsize=100_000)
def _moment(text: str) -> int:
    return organisation.epoch(text)


def comparable(column: Column) -> Read:
    """The value of a column as it compares and sorts; None for null."""
    kind, read = column.field.data_type, column.read
    if column.is_own and column.name in {"Created_Time", "Modified_Time"}:
        stored = KEYS[column.name]
        return lambda record: record.get(stored)
    if kind in LOOKUPS:
        return lambda record: value["id"] if (value := read(record)) else None
    if kind in {"integer", "boolean", "date", *_NUMBERS}:
        return read
    return _converted(read, _CONVERSIONS.get(kind, folded))


def _joined(values: list[str]) -> str:
    return folded(";".join(values))


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"datetime": _moment, "bigint": int, "multiselectpicklist": _joined}


def _converted(read: Read, convert: Callable[[Any], Any]) -> Read:
    return lambda record: None if (value := read(record)) is None else convert(value)


def _misread(node: Condition, value: str) -> RefusedError:
    return invalid(node.column, cv_criteria=False, operator=node.operator, value=value)


def operand(field: Field, node: Condition, value: Any) -> Any:
    """A literal as the field's values compare; raises INVALID_QUERY."""
    refusal = _misread(node, str(value))
    kind = field.data_type
    try:
        if kind == "datetime":
            return organisation.epoch(str(value))
        if kind in {"bigint", "integer"}:
            return int(value)
        if kind in _NUMBERS:
            return float(value)
    except ValueError:
        raise refusal from None
    if kind == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise refusal
        return str(value).lower() == "true"
    return str(value) if kind == "date" or kind in LOOKUPS else folded(value)


def found(world: World, module: Module, node: Node, order: list[tuple[str, bool]]) -> Iterator[Record]:
    """The records that fulfil the conditions, in order (without any: by id).

    Where the order has a key, only what lies between the bounds the conditions set is looked at, and as late as possible.
    """
    holds = test_of(world, module, node)
    order = order or [("id", False)]
    first, descending = order[0]
    is_key = first in KEYS and (len(order) == 1 or order[1:] == [("id", descending)])
    if is_key:
        place = ordered(world, module, first)
        begin, end = place.between(*_bounds(boxes(node), first))
        inside = every(world, module, place, begin, end, descending=descending)
        return inside if node == _ALL else filter(holds, inside)
    records = [record for record in rows(world, module).values() if holds(record)]
    for name, backwards in reversed(order):
        column = resolve(world, module, name)
        if column.field.data_type == "textarea":
            raise invalid(name, clause="order by")
        records.sort(key=_sort_key(comparable(column)), reverse=backwards)
    return iter(records)


def _sort_key(read: Read) -> Callable[[Record], tuple[bool, Any]]:
    def key(record: Record) -> tuple[bool, Any]:
        value = read(record)
        return value is not None, 0 if value is None else value

    return key


def _bounds(alternatives: list[Box], first: str) -> tuple[tuple[int, int], tuple[int, int]]:
    corners = [[box.get(name, (-_FAR, _FAR)) for name in (first, "id")] for box in alternatives]
    return min((one[0], other[0]) for one, other in corners), max((one[1], other[1]) for one, other in corners)


def boxes(node: Node) -> list[Box]:
    """Where the keys must lie: alternatives, each with bounds that hold together."""
    if isinstance(node, Condition):
        return [_box(node)]
    left, right = boxes(node.left), boxes(node.right)
    joined = left + right if node.word == "or" else [_narrowed(one, other) for one, other in product(left, right)]
    return joined if len(joined) <= _MANY_BOXES else [{}]


def _narrowed(one: Box, other: Box) -> Box:
    both = {**one, **other}
    for name in one.keys() & other.keys():
        both[name] = (max(one[name][0], other[name][0]), min(one[name][1], other[name][1]))
    return both


def _box(node: Condition) -> Box:
    if (
        node.column not in KEYS
        or not node.values
        or node.operator in {"!=", "not in", "not between", "like", "not like"}
    ):
        return {}
    read = int if node.column == "id" else organisation.epoch
    values = sorted(read(value) for value in node.values)
    low, high = values[0], values[-1]
    limits = {">": (low + 1, _FAR), ">=": (low, _FAR), "<": (-_FAR, low - 1), "<=": (-_FAR, low)}
    return {node.column: limits.get(node.operator, (low, high))}
