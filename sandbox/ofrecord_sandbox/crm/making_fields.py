# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Custom fields made and taken away through the API. Source: Zoho CRM v8 OpenAPI `fields.json` and docs, "Create Custom Fields".

All fields of a call are made, or none (UNVERIFIED); which types may be unique or external is UNVERIFIED, too. Types the sandbox
has no values for (formula, roll-up, files, addresses, multi lookups) are answered with NOT_SUPPORTED.
"""

from __future__ import annotations

import re
from typing import Any

from ofrecord_sandbox.crm import metadata, params, settings
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_MOST = 5
_LABEL = 25
_LONGEST = {
    "text": 255, "email": 100, "phone": 30, "website": 450, "integer": 9, "bigint": 18, "double": 16, "currency": 16,
    "percent": 5,
}  # fmt: skip
_LISTS = ("picklist", "multiselectpicklist")
_PLAIN = (*_LONGEST, *_LISTS, "textarea", "date", "datetime", "boolean", "autonumber", "lookup", "userlookup")
_NOT_IMITATED = (
    "fileupload", "imageupload", "multiselectlookup", "multiuserlookup", "formula", "rollup_summary", "address",
)  # fmt: skip
_UNIQUE = ("text", "email", "phone", "integer", "bigint")
_EXTERNAL = ("text", "integer", "bigint")
_KEYS = {
    "field_label", "data_type", "length", "unique", "external", "textarea", "pick_list_values", "lookup", "decimal_place",
    "currency", "auto_number", "profiles", "tooltip", "filterable", "separator", "pick_list_values_sorted_lexically",
    "enable_colour_code",
}  # fmt: skip


def create(world: World, request: Request) -> Response:
    """`POST /settings/fields?module=X`, at most five fields."""
    params.only(request, "module")
    known = settings.module_asked(world, request)
    given = params.body(request, "fields").get("fields")
    if given is None:
        raise _lacking("fields", "$.fields")
    if not isinstance(given, list) or not given:
        raise invalid_data({"expected_data_type": "jsonarray", "api_name": "fields", "json_path": "$.fields"})
    if len(given) > _MOST:
        raise RefusedError("LIMIT_EXCEEDED", "only 5 fields can be created in one call", {"limit": _MOST})
    wanted: list[Record] = []
    errors: list[RefusedError] = []
    for number, one in enumerate(given):
        try:
            taken = {*known.fields, *(made["api_name"] for made in wanted)}
            wanted.append(_wanted(world, known, one, f"$.fields[{number}]", taken))
        except RefusedError as error:
            errors.append(error)
    if errors:
        return Response(400, {"fields": [error.body() for error in errors]})
    return Response(201, {"fields": [_made(world, known, one) for one in wanted]})


def delete(world: World, request: Request, field_id: str) -> Response:
    """`DELETE /settings/fields/{id}?module=X`: a custom field and its values; its API name is not given again."""
    params.only(request, "module")
    known = settings.module_asked(world, request)
    rows = {row["id"]: row for row in world.store.table("crm/fields") if row["_module"] == known.api_name}
    if field_id not in rows:
        raise invalid_id({"resource_path_index": 2})
    row = rows[field_id]
    if not row["custom_field"]:
        raise RefusedError("NOT_ALLOWED", "a system-defined field cannot be deleted", {"resource_path_index": 2})
    key = f"{known.api_name}.{row['api_name']}"
    metadata.remove_field(world, key)
    world.store.table("crm/former_fields").put(key, {"id": field_id})
    return Response(200, {"fields": [_done(field_id, "field deleted")]})


def _done(field_id: str, message: str) -> Record:
    return {"code": "SUCCESS", "details": {"id": field_id}, "message": message, "status": "success"}


def _made(world: World, module: Module, wanted: Record) -> Record:
    permission = wanted.pop("permission")
    metadata.add_field(world, module.api_name, wanted)
    table = world.store.table("crm/fields")
    key = f"{module.api_name}.{wanted['api_name']}"
    if permission:
        table.put(key, {**table.rows[key], "_permission": permission, "read_only": permission != "read_write"})
    return _done(str(table.rows[key]["id"]), "field created")


def _lacking(name: str, path: str) -> RefusedError:
    return RefusedError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name, "json_path": path})


def _wanted(world: World, module: Module, given: Any, path: str, taken: set[str]) -> Record:
    """What :func:`metadata.add_field` takes, and the `permission` of the user's profile; raises RefusedError."""
    if not isinstance(given, dict):
        raise invalid_data({"expected_data_type": "jsonobject", "json_path": path, "api_name": "fields"})
    for key in given:
        if key not in _KEYS:
            raise invalid_data({"api_name": key, "json_path": f"{path}.{key}"})
    for key in ("field_label", "data_type"):
        if given.get(key) is None:
            raise _lacking(key, f"{path}.{key}")
    kind = given["data_type"]
    if kind in _NOT_IMITATED:
        raise RefusedError("NOT_SUPPORTED", f"the sandbox has no fields of the type {kind}")
    if kind not in _PLAIN:
        raise invalid_data(
            {"api_name": "data_type", "json_path": f"{path}.data_type", "supported_values": list(_PLAIN)}
        )
    wanted: Record = {"api_name": _name(world, module, given["field_label"], path, taken), "data_type": kind}
    wanted |= {"label": given["field_label"]}
    wanted |= _length(given, kind, path) | _choice(given, kind, path) | _target(world, given, kind, path)
    wanted |= _keys(given, kind, path) | {"permission": _permission(given, path)}
    return wanted


def _name(world: World, module: Module, label: Any, path: str, taken: set[str]) -> str:
    """The API name the server makes of a label: blanks become underscores; a name used before gets a number."""
    details: Record = {"api_name": "field_label", "json_path": f"{path}.field_label"}
    if not isinstance(label, str) or not label.strip():
        raise invalid_data(details | {"expected_data_type": "text"})
    if len(label) > _LABEL:
        raise invalid_data(details | {"maximum_length": _LABEL})
    name = "_".join(re.findall(r"[A-Za-z0-9]+", label))
    if not name or not name[0].isalpha():
        raise invalid_data(details)
    if name.lower() == "id":
        raise RefusedError("RESERVED_KEYWORD_NOT_ALLOWED", "reserved keyword is not allowed", details)
    if name in taken:
        raise RefusedError("DUPLICATE_DATA", "duplicate data", details)
    former = world.store.table("crm/former_fields")
    number, free = 0, name
    while former.get(f"{module.api_name}.{free}") is not None or free in taken:
        number += 1
        free = f"{name}{number}"
    return free


def _mismatch(name: str, path: str, **more: Any) -> RefusedError:
    """What a key says does not go with the field's type."""
    dependee = {"api_name": "data_type", "json_path": f"{path}.data_type"}
    details = {"dependee": dependee, "api_name": name, "json_path": f"{path}.{name}", **more}
    return RefusedError("DEPENDENT_MISMATCH", "the value does not match the data type", details)


def _length(given: Record, kind: str, path: str) -> Record:
    length = given.get("length")
    if length is None:
        return {"decimal_place": given["decimal_place"]} if given.get("decimal_place") is not None else {}
    if isinstance(length, bool) or not isinstance(length, int):
        details = {"api_name": "length", "json_path": f"{path}.length", "expected_data_type": "integer"}
        raise invalid_data(details)
    most = metadata.TEXTAREA[_textarea(given, path)] if kind == "textarea" else _LONGEST.get(kind, 0)
    if not 1 <= length <= most:
        raise _mismatch("length", path, range={"from": 1, "to": most})
    return {"length": length}


def _textarea(given: Record, path: str) -> str:
    kind = (given.get("textarea") or {"type": "small"}).get("type")
    if kind not in metadata.TEXTAREA:
        details = {
            "api_name": "type",
            "json_path": f"{path}.textarea.type",
            "supported_values": list(metadata.TEXTAREA),
        }
        raise invalid_data(details)
    return str(kind)


def _choice(given: Record, kind: str, path: str) -> Record:
    if kind == "textarea":
        return {"length": given.get("length", metadata.TEXTAREA[_textarea(given, path)])}
    if kind not in _LISTS:
        return {}
    chosen = given.get("pick_list_values")
    if not chosen:
        dependee = {"api_name": "data_type", "json_path": f"{path}.data_type"}
        details = {"dependee": dependee, "api_name": "pick_list_values", "json_path": f"{path}.pick_list_values"}
        raise RefusedError("DEPENDENT_FIELD_MISSING", "a list needs its values", details)
    for number, one in enumerate(chosen):
        for key in ("display_value", "actual_value"):
            if not isinstance(one, dict) or not isinstance(one.get(key), str):
                raise _lacking(key, f"{path}.pick_list_values[{number}].{key}")
    return {"values": chosen}


def _target(world: World, given: Record, kind: str, path: str) -> Record:
    if kind != "lookup":
        return {}
    name = ((given.get("lookup") or {}).get("module") or {}).get("api_name")
    if name is None:
        dependee = {"api_name": "data_type", "json_path": f"{path}.data_type"}
        details = {"dependee": dependee, "api_name": "lookup", "json_path": f"{path}.lookup"}
        raise RefusedError("DEPENDENT_FIELD_MISSING", "a lookup needs its module", details)
    if name not in metadata.schema(world):
        raise invalid_data({"api_name": "api_name", "json_path": f"{path}.lookup.module.api_name"})
    return {"lookup": name}


def _keys(given: Record, kind: str, path: str) -> Record:
    """`unique` and `external`, where the type allows them."""
    wanted: Record = {}
    unique, external = given.get("unique"), given.get("external")
    if unique:
        if kind not in _UNIQUE:
            raise _mismatch("unique", path, supported_values=list(_UNIQUE))
        wanted["unique"] = True
    if external:
        if kind not in _EXTERNAL:
            raise _mismatch("external", path, supported_values=list(_EXTERNAL))
        if not isinstance(external, dict) or external.get("type") not in {"org", "user"}:
            details = {"api_name": "type", "json_path": f"{path}.external.type", "supported_values": ["org", "user"]}
            raise invalid_data(details)
        wanted["external"] = external["type"]
    return wanted


def _permission(given: Record, path: str) -> str:
    profiles = given.get("profiles") or []
    for number, one in enumerate(profiles):
        if not isinstance(one, dict) or one.get("id") != settings.PROFILE["id"]:
            raise invalid_data({"api_name": "id", "json_path": f"{path}.profiles[{number}].id"})
        if one.get("permission_type") not in metadata.PERMISSIONS:
            details = {"api_name": "permission_type", "json_path": f"{path}.profiles[{number}].permission_type"}
            raise invalid_data(details | {"supported_values": list(metadata.PERMISSIONS)})
    return str(profiles[0]["permission_type"]) if profiles else ""
