# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Metadata over HTTP. Source: Zoho CRM v8 docs, "Modules", "Fields", "Layouts", "Organization"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation, params
from ofrecord_sandbox.crm.answers import invalid_data, invalid_id, missing_param
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

STATUSES = ("visible", "user_hidden", "system_hidden", "scheduled_for_deletion")
_INCLUDES = ("allowed_permissions_to_update", "skip_field_permissionz")
PROFILE = {"name": "Administrator", "id": "554023000000001003"}


def _outside(row: Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _shown(row: Record) -> dict[str, Any]:
    """A module with the profiles that see it."""
    return {**_outside(row), "profiles": [PROFILE]}


def modules(world: World, request: Request) -> Response:
    """`GET /settings/modules[?status=a,b]`: all of them, also those the API does not support and hidden ones."""
    params.only(request, "status")
    wanted = [one for one in request.query.get("status", "").split(",") if one]
    for number, one in enumerate(wanted):
        if one not in STATUSES:
            raise invalid_data({"param_name": "status", "index": number, "supported_values": list(STATUSES)})
    rows = [row for row in world.store.table("crm/modules") if not wanted or row["status"] in wanted]
    return Response(200, {"modules": [_shown(row) for row in rows]}) if rows else Response(204)


def module(world: World, request: Request, name: str) -> Response:
    """`GET /settings/modules/{api_name}`."""
    params.only(request)
    row = world.store.table("crm/modules").get(name)
    if row is None:
        raise params.unknown_module()
    return Response(200, {"modules": [_shown(row)]})


def described(world: World, name: str) -> list[dict[str, Any]]:
    """The fields of a module, as the API describes them."""
    return [
        {**_outside(row), "profiles": [{**PROFILE, "permission_type": row.get("_permission", "read_write")}]}
        for row in world.store.table("crm/fields")
        if row["_module"] == name
    ]


def module_asked(world: World, request: Request) -> Module:
    """The module the parameter `module` names; raises RefusedError."""
    if "module" not in request.query:
        raise missing_param("module")
    return params.readable(world, request.query["module"])


def _module_param(world: World, request: Request) -> str:
    return module_asked(world, request).api_name


def fields(world: World, request: Request) -> Response:
    """`GET /settings/fields?module=X`: the union over layouts; subforms by their own name."""
    params.only(request, "module", "type", "include")
    name = _module_param(world, request)
    include = _chosen(request, "include", _INCLUDES)
    if _chosen(request, "type", ("all", "unused", "used")) == "unused":
        return Response(204)
    return Response(200, {"fields": [_with_permissions(row, include) for row in described(world, name)]})


def field(world: World, request: Request, field_id: str) -> Response:
    """`GET /settings/fields/{id}?module=X`."""
    params.only(request, "module", "include")
    name = _module_param(world, request)
    include = _chosen(request, "include", _INCLUDES)
    found = [row for row in described(world, name) if row["id"] == field_id]
    if not found:
        raise invalid_id({"resource_path_index": 2})
    return Response(200, {"fields": [_with_permissions(found[0], include)]})


def _chosen(request: Request, name: str, known: tuple[str, ...]) -> str:
    given = request.query.get(name, "")
    if given and given not in known:
        raise invalid_data({"param_name": name, "supported_values": list(known)})
    return given


def _with_permissions(row: Record, include: str) -> Record:
    """With `include`, which permissions a profile may be given for the field (shape seen in public clients: UNVERIFIED)."""
    if include != _INCLUDES[0]:
        return row
    writable = not row["field_read_only"]
    allowed = {"read_write": writable, "read_only": True, "hidden": not row["system_mandatory"]}
    return {**row, "allowed_permissions_to_update": allowed}


def layouts(world: World, request: Request) -> Response:
    """`GET /settings/layouts?module=X`: one layout with one section that holds every field."""
    params.only(request, "module")
    name = _module_param(world, request)
    known = params.module_named(world, name)
    layout_id = str(int(known.id) + 50_000)
    demanded = {one.api_name for one in known.demanded}
    sections = [
        {
            "display_label": f"{name.replace('_', ' ')} Information",
            "name": f"{name} Information",
            "api_name": f"{name}_Information",
            "sequence_number": 1,
            "fields": [{**row, "required": row["api_name"] in demanded} for row in described(world, name)],
        }
    ]
    layout = {
        "id": layout_id,
        "name": "Standard",
        "api_name": "Standard",
        "display_label": "Standard",
        "status": "active",
        "visible": True,
        "generated_type": "default",
        "sections": sections,
    }
    return Response(200, {"layouts": [layout]})


def organization(world: World, request: Request) -> Response:
    """`GET /org`."""
    params.only(request)
    return Response(200, {"org": [organisation.organisation(world)]})
