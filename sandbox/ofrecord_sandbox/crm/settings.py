# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Metadata over HTTP. Source: Zoho CRM v8 docs, "Modules", "Fields", "Layouts", "Organization", "Users"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation, params
from ofrecord_sandbox.crm.answers import invalid_data, missing_param
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_USER_TYPES = {
    "AllUsers", "ActiveUsers", "DeactiveUsers", "ConfirmedUsers", "NotConfirmedUsers", "DeletedUsers",
    "ActiveConfirmedUsers", "AdminUsers", "ActiveConfirmedAdmins", "CurrentUser",
}  # fmt: skip


def _outside(row: Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def modules(world: World, request: Request) -> Response:
    """`GET /settings/modules`."""
    params.only(request, "status")
    return Response(200, {"modules": [_outside(row) for row in world.store.table("crm/modules")]})


def module(world: World, request: Request, name: str) -> Response:
    """`GET /settings/modules/{api_name}`."""
    params.only(request)
    known = params.module_named(world, name)
    return Response(200, {"modules": [_outside(world.store.table("crm/modules").rows[known.api_name])]})


def _fields_of(world: World, name: str) -> list[dict[str, Any]]:
    return [_outside(row) for row in world.store.table("crm/fields") if row["_module"] == name]


def _module_param(world: World, request: Request) -> str:
    if "module" not in request.query:
        raise missing_param("module")
    return params.module_named(world, request.query["module"]).api_name


def fields(world: World, request: Request) -> Response:
    """`GET /settings/fields?module=X`: the union over layouts; subforms by their own name."""
    params.only(request, "module", "type", "include")
    name = _module_param(world, request)
    if request.query.get("type") == "unused":
        return Response(204)
    return Response(200, {"fields": _fields_of(world, name)})


def layouts(world: World, request: Request) -> Response:
    """`GET /settings/layouts?module=X`: one layout with one section that holds every field."""
    params.only(request, "module")
    name = _module_param(world, request)
    layout_id = str(int(params.module_named(world, name).id) + 50_000)
    sections = [
        {
            "display_label": f"{name.replace('_', ' ')} Information",
            "name": f"{name} Information",
            "api_name": f"{name}_Information",
            "sequence_number": 1,
            "fields": [{**field, "required": field["system_mandatory"]} for field in _fields_of(world, name)],
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


def users(world: World, request: Request) -> Response:
    """`GET /users`: the one user there is."""
    params.only(request, "type", "page", "per_page", "ids")
    kind = request.query.get("type", "AllUsers")
    if kind not in _USER_TYPES:
        raise invalid_data({"param_name": "type", "supported_values": sorted(_USER_TYPES)})
    if kind in {"DeactiveUsers", "NotConfirmedUsers", "DeletedUsers"}:
        return Response(204)
    info = {"per_page": 200, "count": 1, "page": 1, "more_records": False}
    return Response(200, {"users": [organisation.user(world)], "info": info})
