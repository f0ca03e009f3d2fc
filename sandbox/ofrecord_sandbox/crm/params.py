# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Parameters and bodies of requests, checked: what is unknown is refused, never ignored."""

from __future__ import annotations

from typing import Any

import orjson

from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, missing_param, no_permission
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World

MAX_FIELDS = 50
MAX_RECORDS = 100
MAX_PER_PAGE = 200


def module_named(world: World, name: str) -> Module:
    """The module of a path; raises RefusedError INVALID_MODULE when there is none, or none that the API supports."""
    module = schema(world).get(name)
    if module is None or module.refuses("api_supported"):
        raise unknown_module()
    return module


def unknown_module() -> RefusedError:
    """No such module for the API."""
    return RefusedError("INVALID_MODULE", "The module name given seems to be invalid", {"resource_path_index": 0})


def readable(world: World, name: str) -> Module:
    """The module of a path whose records are to be read; raises RefusedError NO_PERMISSION when the user may not. Rows follow their parent."""
    module = module_named(world, name)
    holder = schema(world)[module.parent] if module.kind == "subform" else module
    if holder.refuses("viewable"):
        raise no_permission(holder.api_name, "viewable")
    return module


def only(request: Request, *known: str) -> None:
    """Refuse parameters outside `known`."""
    for name in request.query:
        if name not in known:
            raise RefusedError("EXTRA_PARAM_FOUND", "Extra parameter found", {"param_name": name})


def field_names(module: Module, request: Request, *, required: bool) -> list[str] | None:
    """The parameter `fields`; None when it is absent and not required."""
    given = [name for name in request.query.get("fields", "").split(",") if name]
    if not given:
        if required:
            raise missing_param("fields")
        return None
    if len(given) > MAX_FIELDS:
        details = {"limit": MAX_FIELDS, "param_name": "fields"}
        raise RefusedError("LIMIT_EXCEEDED", "You cannot specify more than 50 fields", details)
    for name in given:
        if name not in module.fields:
            raise invalid_data({"param_name": "fields", "api_name": name}, "the field name given seems to be invalid")
    return given


def whole_number(request: Request, name: str, default: int, most: int) -> int:
    """A parameter that is a number from 1 to `most`."""
    text = request.query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise invalid_data({"param_name": name, "expected_data_type": "integer"})
    return int(text)


def body(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object of a request; keys outside `known` are refused."""
    try:
        given = request.json()
    except orjson.JSONDecodeError:
        raise RefusedError(
            "UNABLE_TO_PARSE_DATA_TYPE", "either the request body or parameters is in wrong format"
        ) from None
    if not isinstance(given, dict):
        raise invalid_data({"expected_data_type": "jsonobject", "json_path": "$"})
    for key in given:
        if key not in known:
            raise invalid_data({"api_name": key, "json_path": f"$.{key}"}, "the key given seems to be invalid")
    return given


def records(given: dict[str, Any]) -> list[Any]:
    """The list `data` of a write, 1 to 100 elements."""
    data = given.get("data")
    if data is None:
        raise RefusedError(
            "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "data", "json_path": "$.data"}
        )
    if not isinstance(data, list) or not data:
        raise invalid_data({"expected_data_type": "jsonarray", "api_name": "data", "json_path": "$.data"})
    if len(data) > MAX_RECORDS:
        details = {"maximum_length": MAX_RECORDS, "api_name": "data", "json_path": "$.data"}
        raise RefusedError("LIMIT_EXCEEDED", "only 100 records can be processed in one call", details)
    return data
