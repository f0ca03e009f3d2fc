# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Lists of records and of the rows of subforms. Source: Zoho CRM v8 docs, "Get Records", "Subform"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import moments, ordering, paging, params, shapes, views
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.external import External
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.predicates import found
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_KNOWN = ("fields", "ids", "page", "per_page", "page_token", "sort_by", "sort_order", "cvid")
_CONVERTED = ("false", "true", "both")
_MANY_LISTS = 8


def list_records(world: World, request: Request, module: str) -> Response:
    """`GET /{module}`."""
    known = params.readable(world, module)
    params.only(request, *_KNOWN, *(("converted",) if module == "Leads" else ()))
    names = params.field_names(known, request, required=True) or []
    sort_by, descending = _order(request)
    page = paging.wanted(world, request)
    since = moments.since(request)
    wanted = request.query.get("converted", "false")
    if wanted not in _CONVERTED:
        raise invalid_data({"param_name": "converted", "supported_values": list(_CONVERTED)})
    if "ids" in request.query:
        external = External(world, known, request)
        places = [external.find(world, known, one) for one in request.query["ids"].split(",") if one]
        rows = ordering.rows(world, known)
        ids = [one for one in dict.fromkeys(places) if one is not None]
        ids = [one for one in ids if since is None or rows[one]["_m"] > since]
    else:
        ids = _ids(world, known, (sort_by, descending, since, wanted, request.query.get("cvid")))
    chosen = ids[page.offset : page.offset + page.per_page]
    if not chosen:
        return Response(204 if since is None else 304)
    records = ordering.rows(world, known)
    data = shapes.listed(world, known, names, [records[one] for one in chosen])
    info = paging.info(page, request, len(chosen), len(ids), sort_by, "desc" if descending else "asc")
    return Response(200, {"data": data, "info": info})


def _order(request: Request) -> tuple[str, bool]:
    if "cvid" in request.query and "sort_by" in request.query:
        between = [{"param_name": "cvid"}, {"param_name": "sort_by"}]
        message = "Ambiguity while processing the request"
        raise RefusedError("AMBIGUITY_DURING_PROCESSING", message, {"ambiguity_due_to": between})
    sort_by = request.query.get("sort_by", "id")
    order = request.query.get("sort_order", "desc")
    if sort_by not in ordering.KEYS:
        raise invalid_data({"param_name": "sort_by", "supported_values": list(ordering.KEYS)})
    if order not in {"asc", "desc"}:
        raise invalid_data({"param_name": "sort_order", "supported_values": ["asc", "desc"]})
    return sort_by, order == "desc"


def _ids(world: World, module: Module, asked: tuple[str, bool, int | None, str, str | None]) -> list[str]:
    """All ids of a list in order; kept until the table, the fields or the views change. Do not change it in place."""
    tables = [world.store.table(ordering.source(world, module).table), world.store.table("crm/fields")]
    version = tuple(table.version for table in [*tables, world.store.table("crm/views")])
    place = f"crm/lists/{module.api_name}"
    kept = world.cache.get(place)
    if kept is None or kept[0] != version or len(kept[1]) > _MANY_LISTS:
        kept = world.cache[place] = (version, {})
    lists: dict[Any, list[str]] = kept[1]
    if asked not in lists:
        lists[asked] = _gathered(world, module, *asked)
    return lists[asked]


def _gathered(  # noqa: PLR0917 - one value each, as they were asked
    world: World, module: Module, sort_by: str, descending: bool, since: int | None, converted: str, view: str | None
) -> list[str]:
    place = ordering.ordered(world, module, sort_by)
    ids = place.ids
    if since is not None and sort_by == "Modified_Time":
        ids = ids[place.between((since + 1, 0), place.keys[-1])[0] :] if ids else ids
    elif since is not None:
        rows = ordering.rows(world, module)
        ids = [one for one in ids if rows[one]["_m"] > since]
    if module.api_name == "Leads" and converted != "both":
        rows = ordering.rows(world, module)
        ids = [one for one in ids if bool(rows[one].get("Converted__s")) is (converted == "true")]
    node = None if view is None else views.node(world, module, view)
    if node is not None:
        members = {record["id"] for record in found(world, module, node, [])}
        ids = [one for one in ids if one in members]
    return ids[::-1] if descending else ids
