# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""`GET /{module}/actions/count`. Source: Zoho CRM v8 OpenAPI `record_count.json`, docs "Get Record Count".

The vendor's index lags some minutes behind; this count does not. Criteria are `(Field:operator:value)`, several of them joined by one word,
without brackets inside values (the rest of the search grammar is not imitated).
"""

from __future__ import annotations

import re
from functools import reduce

from ofrecord_sandbox.crm import params, views
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.predicates import found
from ofrecord_sandbox.crm.query import Both, Condition, Node
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_ALL = Condition("id", "is not null", ())
_ONE = re.compile(r"\((\w+):(\w+):([^()]*)\)")
_OPERATORS = {
    "not_equal": "!=", "greater_equal": ">=", "greater_than": ">", "less_equal": "<=", "less_than": "<", "in": "in", "between": "between",
}  # fmt: skip
_TEXTS = {"text", "email", "phone", "website", "picklist", "autonumber"}
_KNOWN = ("criteria", "email", "phone", "word", "cvid", "converted", "approved")


def count(world: World, request: Request, module: str) -> Response:
    """How many records there are, of all or of those a criterion, an address, a number, a word or a view chooses."""
    known = params.readable(world, module)
    params.only(request, *_KNOWN)
    if known.kind == "subform":
        raise RefusedError("NOT_SUPPORTED", "the given module is not supported for count", {"module": module})
    parts: list[Node] = [part for part in (_view(world, known, request), _criteria(known, request)) if part is not None]
    for name, kinds in (("email", {"email"}), ("phone", {"phone"}), ("word", _TEXTS)):
        if name in request.query:
            parts.append(_anywhere(known, kinds, request.query[name], contains=name == "word"))
    node = reduce(lambda left, right: Both("and", left, right), parts) if parts else _ALL
    records = found(world, known, node, [])
    wanted = request.query.get("converted", "false")
    if "Converted__s" in known.fields and wanted != "both":
        records = (one for one in records if bool(one.get("Converted__s")) is (wanted == "true"))
    return Response(200, {"count": sum(1 for _ in records)})


def _view(world: World, module: Module, request: Request) -> Node | None:
    return views.node(world, module, request.query["cvid"]) if "cvid" in request.query else None


def _anywhere(module: Module, kinds: set[str], value: str, *, contains: bool) -> Node:
    names = [field.api_name for field in module.fields.values() if field.data_type in kinds]
    if not names:
        raise RefusedError("FIELD_TYPE_UNAVAILABLE", "this data type is not found in this module")
    pairs: list[Node] = [
        Condition(name, "like", (f"%{value}%",)) if contains else Condition(name, "=", (value,)) for name in names
    ]
    return reduce(lambda left, right: Both("or", left, right), pairs)


def _criteria(module: Module, request: Request) -> Node | None:
    text = request.query.get("criteria")
    if text is None:
        return None
    parts = _ONE.findall(text)
    words = set(re.findall(r"\)\s*(and|or)\s*\(", text))
    if not parts or len(words) > 1:
        raise RefusedError("INVALID_QUERY", "Invalid query formed", {"param_name": "criteria"})
    nodes: list[Node] = [_condition(module, *part) for part in parts]
    return reduce(lambda left, right: Both(next(iter(words)), left, right), nodes)


def _condition(module: Module, name: str, operator: str, value: str) -> Condition:
    """`equals` on a text means that it is contained. Source: docs, "Search Records"."""
    field = module.fields.get(name)
    if field is None:
        raise invalid_data({"param_name": "criteria", "api_name": name})
    is_text = field.data_type in _TEXTS
    if operator in {"equals", "starts_with"} and is_text:
        return Condition(name, "like", (f"%{value}%" if operator == "equals" else f"{value}%",))
    if operator == "equals":
        return Condition(name, "=", (value,))
    if operator not in _OPERATORS:
        raise RefusedError("INVALID_QUERY", "Invalid query formed", {"param_name": "criteria", "operator": operator})
    values = value.split(",") if operator in {"in", "between"} else [value]
    return Condition(name, _OPERATORS[operator], tuple(values))
