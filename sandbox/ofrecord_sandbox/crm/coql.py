# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""COQL over HTTP: `POST /coql`. Source: Zoho CRM v8 docs, "Records through a COQL Query".

UNVERIFIED: that subform modules cannot be queried, that converted leads are found, and the two limits the documents state differently
(columns 500 or 50, reachable rows 100,000 or 10,000), which the control API chooses.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from ofrecord_sandbox.crm import aggregates, params, settings
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, no_permission
from ofrecord_sandbox.crm.columns import LOOKUPS, resolve, shown
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.crm.predicates import found
from ofrecord_sandbox.crm.query import Query, conditions, parse
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

LIMITS = {"columns": 500, "rows": 100_000}
_LARGEST = 2000
_MANY_CONDITIONS = 25
_MANY_ORDERS = 10


def answer(world: World, request: Request) -> Response:
    """Rows with `id` and the selected columns; nothing found: 204."""
    params.only(request)
    given = params.body(request, "select_query", "include_meta")
    if not isinstance(given.get("select_query"), str):
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "select_query"})
    meta = given.get("include_meta", [])
    if meta not in ([], ["fields"]):
        raise invalid_data({"api_name": "include_meta", "supported_values": ["fields"]})
    query = parse(given["select_query"])
    module = _module(world, query)
    _within_limits(world, query)
    if query.group or any(one.aggregate for one in query.selected):
        data, more = _aggregated(world, module, query)
    else:
        data, more = _selected(world, module, query)
    if not data:
        return Response(204)
    content: dict[str, Any] = {"data": data, "info": {"count": len(data), "more_records": more}}
    if meta:
        content["fields"] = _described(world, module, query)
    return Response(200, content)


def _module(world: World, query: Query) -> Module:
    module = schema(world).get(query.module)
    if module is None or module.kind == "subform" or module.refuses("api_supported"):
        raise RefusedError("INVALID_MODULE", "The module name given seems to be invalid", {"module": query.module})
    if module.refuses("viewable"):
        raise no_permission(module.api_name, "viewable")
    return module


def _within_limits(world: World, query: Query) -> None:
    limits = LIMITS | (world.store.table("sandbox/switches").get("crm_coql") or {})
    counts = [
        ("limit", query.limit, _LARGEST),
        ("offset", query.offset + query.limit, limits["rows"]),
        ("select", len(query.selected), limits["columns"]),
        ("where", len(conditions(query.where)), _MANY_CONDITIONS),
        ("order by", len(query.order), _MANY_ORDERS),
    ]
    for clause, asked, most in counts:
        if asked > most:
            details = {"limit": most, "clause": clause}
            raise RefusedError("LIMIT_EXCEEDED", "the limit given exceeds the allowed one", details)
    for key, times in Counter(one.key for one in query.selected).items():
        if times > 1:
            same = [one.column for one in query.selected if one.key == key]
            if len(set(same)) == 1:
                raise RefusedError("DUPLICATE_DATA", "duplicate column", {"column_name": same[0]})
            raise RefusedError("DUPLICATE_ALIAS", "duplicate alias", {"alias": key, "referred_columns": same})


def _aggregated(world: World, module: Module, query: Query) -> tuple[list[Record], bool]:
    aggregates.check(query)
    rows = aggregates.rows(world, module, query, found(world, module, query.where, []))
    return rows[query.offset : query.offset + query.limit], query.offset + query.limit < len(rows)


def _selected(world: World, module: Module, query: Query) -> tuple[list[Record], bool]:
    order = [(_named(query, name), descending) for name, descending in query.order]
    columns = [(one.key, resolve(world, module, one.column)) for one in query.selected]
    records = found(world, module, query.where, order)
    chosen = list(islice(records, query.offset, query.offset + query.limit + 1))
    more = len(chosen) > query.limit
    plain = [key for key, one in columns if one.name == key and one.is_own and one.field.data_type not in LOOKUPS]
    rest = [(key, shown(one)) for key, one in columns if key not in plain]
    data = []
    for record in chosen[: query.limit]:
        row = dict(zip(plain, map(record.get, plain), strict=True))
        for key, read in rest:
            row[key] = read(record)
        row["id"] = record["id"]
        data.append(row)
    return data, more


def _named(query: Query, name: str) -> str:
    """The column behind an alias, or the name itself."""
    return next((one.column for one in query.selected if one.key == name), name)


def _described(world: World, module: Module, query: Query) -> Record:
    """With `include_meta`: the description of each column of the module itself, by its key (the exact shape is UNVERIFIED)."""
    rows = {row["api_name"]: row for row in settings.described(world, module.api_name)}
    return {one.key: rows[one.column] for one in query.selected if not one.aggregate and one.column in rows}
