# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""COQL over HTTP: `POST /coql`. Source: Zoho CRM v8 docs, "Records through a COQL Query"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.crm import organisation, params
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.external import folded
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.crm.query import Both, Condition, Node, parse
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_LARGEST = 2000
_REACHABLE = 100_000
_MANY_VALUES = 100
_NOT_QUERYABLE = {"textarea", "subform", "linetax", "multiselectlookup"}
_ORDERED = {"integer", "bigint", "double", "currency", "percent", "date", "datetime"}


def answer(world: World, request: Request) -> Response:
    """Rows with `id` and the selected columns; nothing found: 204."""
    params.only(request)
    given = params.body(request, "select_query")
    if not isinstance(given.get("select_query"), str):
        details = {"api_name": "select_query", "json_path": "$.select_query"}
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    query = parse(given["select_query"])
    module = schema(world).get(query.module)
    if module is None or module.kind == "subform":
        raise RefusedError("INVALID_MODULE", "The module name given seems to be invalid", {"module": query.module})
    if query.limit > _LARGEST or query.offset + query.limit > _REACHABLE:
        raise RefusedError("LIMIT_EXCEEDED", "the limit given exceeds the allowed one", {"limit": _LARGEST})
    for name in query.columns + [column for column, _ in query.order]:
        _column(module, name)
    matches = _predicate(module, query.where)
    records = [record for record in world.store.table(module.table) if matches(record)]
    for name, descending in reversed(query.order or [("id", False)]):
        records.sort(key=_by(name), reverse=descending)
    chosen = records[query.offset : query.offset + query.limit]
    if not chosen:
        return Response(204)
    data = [{name: _shown(module, record, name) for name in [*query.columns, "id"]} for record in chosen]
    info = {"count": len(chosen), "more_records": query.offset + len(chosen) < len(records)}
    return Response(200, {"data": data, "info": info})


def _invalid(column: str, reason: str, **more: Any) -> RefusedError:
    return RefusedError("INVALID_QUERY", "invalid query formed", {"column_name": column, "reason": reason, **more})


def _column(module: Module, name: str) -> Field:
    field = module.fields.get(name)
    if field is None:
        raise _invalid(name, "column given seems to be invalid")
    return field


def _stored(record: Record, name: str) -> Any:
    value = record.get(name)
    return value["id"] if isinstance(value, dict) else value


def _shown(module: Module, record: Record, name: str) -> Any:
    """A lookup alone is returned without its name."""
    value = record.get(name)
    return {"id": value["id"]} if isinstance(value, dict) and module.fields[name].target else value


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _by(name: str) -> Callable[[Record], tuple[bool, Any]]:
    return lambda record: _sort_key(_stored(record, name))


def _predicate(module: Module, node: Node) -> Callable[[Record], bool]:
    if isinstance(node, Both):
        left, right = _predicate(module, node.left), _predicate(module, node.right)
        if node.word == "and":
            return lambda record: left(record) and right(record)
        return lambda record: left(record) or right(record)
    field = _column(module, node.column)
    if field.data_type in _NOT_QUERYABLE:
        raise _invalid(node.column, "column cannot be used in criteria")
    if node.operator in {"is null", "is not null"}:
        wants_null = node.operator == "is null"
        return lambda record: (record.get(node.column) is None) is wants_null
    if len(node.values) > _MANY_VALUES:
        raise RefusedError("LIMIT_EXCEEDED", "too many values", {"limit": _MANY_VALUES, "operator": node.operator})
    return _comparison(field, node)


def _comparison(field: Field, node: Condition) -> Callable[[Record], bool]:
    wanted = [_operand(field, node, value) for value in node.values]
    name, operator = node.column, node.operator
    if operator in {"=", "in"}:
        chosen = set(wanted)
        return lambda record: _comparable(field, record) in chosen
    if operator in {"!=", "not in"}:
        chosen = set(wanted)
        return lambda record: record.get(name) is not None and _comparable(field, record) not in chosen
    if operator in {"like", "not like"}:
        return _like(field, node)
    if field.data_type not in _ORDERED:
        raise _invalid(name, "operator is not supported for this column", operator=operator)
    low = wanted[0]

    def ordered(record: Record) -> bool:
        value = _comparable(field, record)
        if value is None:
            return False
        if operator == "between":
            return bool(low <= value <= wanted[1])
        return bool({">=": value >= low, "<=": value <= low, ">": value > low, "<": value < low}[operator])

    return ordered


def _like(field: Field, node: Condition) -> Callable[[Record], bool]:
    pattern = folded(node.values[0])
    inner = pattern.strip("%")
    starts, ends = pattern.startswith("%"), pattern.endswith("%")
    if field.data_type in _ORDERED:
        raise _invalid(node.column, "operator is not supported for this column", operator=node.operator)
    wanted = node.operator == "like"

    def matches(record: Record) -> bool:
        value = folded(record.get(node.column) or "")
        if starts and ends:
            return (inner in value) is wanted
        if starts:
            return value.endswith(inner) is wanted
        return (value.startswith(inner) if ends else value == inner) is wanted

    return matches


def _comparable(field: Field, record: Record) -> Any:
    value = _stored(record, field.api_name)
    if value is None:
        return None
    if field.data_type == "datetime":
        return organisation.epoch(value)
    if field.data_type == "bigint":
        return int(value)
    return folded(value) if isinstance(value, str) and field.data_type not in {"date", "lookup"} else value


def _operand(field: Field, node: Condition, value: Any) -> Any:
    """A literal of the query as the field's values compare; raises INVALID_QUERY."""
    refusal = _invalid(node.column, "value given seems to be invalid", operator=node.operator, value=str(value))
    try:
        if field.data_type == "datetime":
            return organisation.epoch(str(value))
        if field.data_type in {"bigint", "integer"}:
            return int(value)
        if field.data_type in {"double", "currency", "percent"}:
            return float(value)
    except ValueError:
        raise refusal from None
    if field.data_type == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise refusal
        return str(value).lower() == "true"
    return str(value) if field.data_type in {"date", "lookup", "ownerlookup", "userlookup"} else folded(value)
