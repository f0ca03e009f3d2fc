# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Criteria of bulk reads and custom views: groups of `{"field", "comparator", "value"}`. Source: Zoho CRM v8 docs, "Create Bulk Read job".

They become the same conditions as COQL's. How many a job may have is UNVERIFIED.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.columns import LOOKUPS, resolve
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.predicates import test_of
from ofrecord_sandbox.crm.query import Both, Condition, Node
from ofrecord_sandbox.world import World

_MOST = 25
_PAIR = 2
EMPTY = "${EMPTY}"
_SAME = {"equal", "not_equal", "in", "not_in"}
_SIZES = {"less_than", "less_equal", "greater_than", "greater_equal"}
_TEXTS = _SAME | {"contains", "not_contains", "starts_with", "ends_with"}
_NUMBERS = {"integer", "bigint", "double", "currency", "percent", "autonumber"}
_OPERATORS = {
    "equal": "=", "not_equal": "!=", "in": "in", "not_in": "not in", "less_than": "<", "less_equal": "<=", "greater_than": ">",
    "greater_equal": ">=", "between": "between", "not_between": "not between",
}  # fmt: skip
_PATTERNS = {"contains": ("like", "%{}%"), "not_contains": ("not like", "%{}%"), "starts_with": ("like", "{}%"), "ends_with": ("like", "%{}")}  # fmt: skip


def node_of(world: World, module: Module, criteria: Any) -> Node:
    """The conditions; raises RefusedError with the code of the bulk APIs."""
    found: list[Condition] = []
    node = _node(world, module, criteria, found)
    if len(found) > _MOST:
        raise RefusedError("CRITERIA_LIMIT_EXCEEDED", "too many criteria", {"max_limit": _MOST})
    try:
        test_of(world, module, node)
    except RefusedError as error:
        code = "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"
        details = {"api_name": error.details.get("column_name", "")}
        raise RefusedError(code, "field and value are not compatible", details) from None
    return node


def _node(world: World, module: Module, criteria: Any, found: list[Condition]) -> Node:
    if not isinstance(criteria, dict):
        raise RefusedError("CRITERIA_NOT_SUPPORTED", "the criteria is invalid", {"criteria": {}})
    if "group" in criteria:
        word = str(criteria.get("group_operator", "")).lower()
        if word not in {"and", "or"}:
            raise RefusedError("GROUP_OPERATOR_NOT_SUPPORTED", "the operator is invalid", {"supported": ["and", "or"]})
        if not isinstance(criteria["group"], list) or not criteria["group"]:
            raise RefusedError("AMBIGUOUS_GROUP_IN_CRITERIA", "the group is invalid", {"api_name": "group"})
        parts = [_node(world, module, one, found) for one in criteria["group"]]
        return reduce(lambda left, right: Both(word, left, right), parts)
    if set(criteria) - {"field", "comparator", "value", "type"} or not isinstance(criteria.get("field"), dict):
        raise RefusedError("AMBIGUOUS_CRITERIA", "the criteria is ambiguous", {"api_name": "criteria"})
    found.append(_condition(world, module, criteria))
    return found[-1]


def _condition(world: World, module: Module, one: dict[str, Any]) -> Condition:
    name, comparator, value = str(one["field"].get("api_name")), one.get("comparator"), one.get("value")
    try:
        column = resolve(world, module, name)
    except RefusedError:
        missing = {"api_name": name, "module": module.api_name}
        raise RefusedError("FIELD_IN_CRITERIA_NOT_AVAILABLE", "the field is not available", missing) from None
    supported = comparators(column.field.data_type)
    if comparator not in supported:
        details: dict[str, Any] = {"api_name": name, "comparator": comparator, "supported": sorted(supported)}
        code = "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"
        raise RefusedError(code, "field and comparator are not compatible", details)
    if value == EMPTY and comparator in {"equal", "not_equal"}:
        return Condition(name, "is null" if comparator == "equal" else "is not null", ())
    pair = comparator in {"between", "not_between"}
    values = value if isinstance(value, list) else str(value).split(",") if comparator in {"in", "not_in"} else [value]
    if value is None or not values or (pair and len(values) != _PAIR):
        details = {"comparator": comparator, "api_name": name}
        code = "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"
        raise RefusedError(code, "comparator and value are not compatible", details)
    if comparator in _PATTERNS:
        operator, pattern = _PATTERNS[comparator]
        return Condition(name, operator, (pattern.format(values[0]),))
    return Condition(name, _OPERATORS[comparator], tuple(_text(one) for one in values))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def comparators(data_type: str) -> set[str]:
    """What a field of that type may be compared with."""
    if data_type in LOOKUPS:
        return _SAME
    if data_type == "boolean":
        return {"equal"}
    if data_type in _NUMBERS:
        return _SAME | _SIZES
    return _SAME | _SIZES | {"between", "not_between"} if data_type in {"date", "datetime"} else _TEXTS
