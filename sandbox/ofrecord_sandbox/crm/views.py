# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Custom views: `GET /settings/custom_views`, and which records one holds. Source: Zoho CRM v8 OpenAPI `custom_views.json`, docs "Custom Views".

Every module has the view "All"; others are arranged by the control API.
"""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation, paging, params
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, missing_param
from ofrecord_sandbox.crm.criteria import node_of
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.query import Node
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 554023000006000000
_ALL = 60_000
"""The id of a module's own view is that of the module and so much more."""


_TRANSLATION = {
    "public_views": "Public Views",
    "other_users_views": "Other Users Views",
    "shared_with_me": "Shared With Me",
    "created_by_me": "Created By Me",
}


def arrange(world: World, module: str, name: str, criteria: Any) -> str:
    """A view of a module; its id. Raises ValueError when there is no such module or the criteria do not fit it."""
    try:
        known = params.module_named(world, module)
        node_of(world, known, criteria)
    except RefusedError as error:
        msg = f"no such view: {error}, {error.details}"
        raise ValueError(msg) from None
    view_id = world.next_id(_IDS)
    world.store.table("crm/views").put(view_id, {"id": view_id, "module": module, "name": name, "criteria": criteria})
    return view_id


def node(world: World, module: Module, view_id: str) -> Node | None:
    """What the records of a view fulfil, None for all of them; raises RefusedError when the module has no such view."""
    if view_id == _all(module):
        return None
    view = world.store.table("crm/views").get(view_id)
    if view is None or view["module"] != module.api_name:
        raise invalid_data({"param_name": "cvid"})
    return node_of(world, module, view["criteria"])


def _all(module: Module) -> str:
    return str(int(module.id) + _ALL)


def _module(world: World, request: Request) -> Module:
    if "module" not in request.query:
        raise missing_param("module")
    return params.readable(world, request.query["module"])


def list_all(world: World, request: Request) -> Response:
    """`GET /settings/custom_views?module=X`."""
    params.only(request, "module", "page", "per_page")
    module = _module(world, request)
    rows = _of(world, module)
    return paging.numbered(request, "custom_views", rows, default=_all(module), translation=_TRANSLATION)


def get(world: World, request: Request, view_id: str) -> Response:
    """`GET /settings/custom_views/{id}?module=X`."""
    params.only(request, "module")
    module = _module(world, request)
    chosen = [view for view in _of(world, module) if view["id"] == view_id]
    if not chosen:
        return Response(204)
    return Response(200, {"custom_views": chosen, "info": {"translation": _TRANSLATION}})


def _of(world: World, module: Module) -> list[Record]:
    label = f"All {module.api_name.replace('_', ' ')}"
    own = [view for view in world.store.table("crm/views") if view["module"] == module.api_name]
    return [_shown(module, _all(module), label, None), *(_shown(module, one["id"], one["name"], one["criteria"]) for one in own)]  # fmt: skip


def _shown(module: Module, view_id: str, name: str, criteria: Any) -> Record:
    everybody = criteria is None
    return {
        "id": view_id,
        "name": name,
        "display_value": name,
        "system_name": "ALLVIEWS" if everybody else None,
        "system_defined": everybody,
        "default": everybody,
        "access_type": "public",
        "category": "public_views",
        "favorite": None,
        "module": {"api_name": module.api_name, "id": module.id},
        "sort_by": None,
        "sort_order": None,
        "created_by": organisation.writer_reference(),
        "modified_by": organisation.writer_reference(),
        "locked": False,
        **({} if everybody else {"criteria": criteria}),
    }
