# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""A custom module made through the API. Source: Zoho CRM v8 docs, "Create Custom Module", and OpenAPI `modules.json`.

The page allows blanks in labels, blanks and underscores in API names; the OpenAPI file allows letters and digits only in both: the page
is followed (UNVERIFIED). Numbered display fields are answered with NOT_SUPPORTED. That it costs 500 credits a public client says; the
sandbox takes one.
"""

from __future__ import annotations

import re
from typing import Any

from ofrecord_sandbox.crm import metadata, params, settings
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_KEYS = ("plural_label", "singular_label", "api_name", "profiles", "display_field")
_LABEL, _NAME = 25, 50
_WORDS = re.compile(r"[A-Za-z0-9 ]+")
_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9 ]+)*")


def create(world: World, request: Request) -> Response:
    """`POST /settings/modules`: one module a call."""
    params.only(request)
    given = params.body(request, "modules").get("modules")
    if not isinstance(given, list) or not given:
        raise RefusedError(
            "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "modules", "json_path": "$.modules"}
        )
    if len(given) > 1:
        raise RefusedError("LIMIT_EXCEEDED", "only one module can be created in one call", {"limit": 1})
    try:
        wanted = _wanted(world, given[0], "$.modules[0]")
    except RefusedError as error:
        return Response(400, {"modules": [error.body()]})
    metadata.add_module(world, wanted["api_name"], wanted["plural_label"], [])
    table = world.store.table("crm/modules")
    row = {**table.rows[wanted["api_name"]], "singular_label": wanted["singular_label"]}
    table.put(wanted["api_name"], row)
    done = {
        "code": "SUCCESS",
        "details": {"id": row["id"]},
        "message": "module created successfully",
        "status": "success",
    }
    return Response(201, {"modules": [done]})


def _wanted(world: World, given: Any, path: str) -> Record:
    if not isinstance(given, dict):
        raise invalid_data({"expected_data_type": "jsonobject", "json_path": path, "api_name": "modules"})
    for key in given:
        if key not in _KEYS:
            raise invalid_data({"api_name": key, "json_path": f"{path}.{key}"})
    for key in ("plural_label", "singular_label", "profiles"):
        if not given.get(key):
            details = {"api_name": key, "json_path": f"{path}.{key}"}
            raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    for key in ("plural_label", "singular_label"):
        _text(given[key], key, path, _LABEL, _WORDS)
    name = given.get("api_name") or str(given["plural_label"]).replace(" ", "_")
    _text(name, "api_name", path, _NAME, _API_NAME)
    labels = {str(row["plural_label"]) for row in world.store.table("crm/modules")}
    for key, taken in (("api_name", name in metadata.schema(world)), ("plural_label", given["plural_label"] in labels)):
        if taken:
            raise RefusedError("DUPLICATE_DATA", "duplicate data", {"api_name": key, "json_path": f"{path}.{key}"})
    _profiles(given["profiles"], path)
    if (given.get("display_field") or {}).get("data_type", "text") != "text":
        raise RefusedError("NOT_SUPPORTED", "the sandbox has no numbered display fields")
    return {"api_name": name, "plural_label": given["plural_label"], "singular_label": given["singular_label"]}


def _text(value: Any, key: str, path: str, most: int, shape: re.Pattern[str]) -> None:
    details: Record = {"api_name": key, "json_path": f"{path}.{key}"}
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise invalid_data(details | {"expected_data_type": "text"})
    if len(value) > most:
        raise invalid_data(details | {"maximum_length": most})


def _profiles(given: Any, path: str) -> None:
    for number, one in enumerate(given if isinstance(given, list) else [given]):
        if not isinstance(one, dict) or one.get("id") != settings.PROFILE["id"]:
            raise invalid_data({"api_name": "id", "json_path": f"{path}.profiles[{number}].id"})
