# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Lists of what is no record: notes, attachments. Source: Zoho CRM v8 docs, "Related Records", "Notes", "Attachments"."""

from __future__ import annotations

from collections.abc import Callable

from ofrecord_sandbox.crm import moments, organisation, paging, params
from ofrecord_sandbox.crm.answers import invalid_data, missing_param
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_SORTABLE = ("id", "Created_Time", "Modified_Time")


def answer(
    world: World, request: Request, rows: list[Record], fields: set[str], shown: Callable[[Record], Record]
) -> Response:
    """A page of the rows with the fields asked for: by order, page and `If-Modified-Since`; nothing: 204, nothing new: 304."""
    params.only(request, "fields", "ids", "page", "per_page", "page_token", "sort_by", "sort_order")
    names = [name for name in request.query.get("fields", "").split(",") if name]
    if not names:
        raise missing_param("fields")
    for name in names:
        if name not in fields:
            raise invalid_data({"param_name": "fields", "api_name": name})
    sort_by, order = request.query.get("sort_by", "id"), request.query.get("sort_order", "desc")
    for given, name, known in ((sort_by, "sort_by", _SORTABLE), (order, "sort_order", ("asc", "desc"))):
        if given not in known:
            raise invalid_data({"param_name": name, "supported_values": list(known)})
    page = paging.wanted(world, request)
    since = moments.since(request)
    wanted = set(filter(None, request.query.get("ids", "").split(",")))
    found = [row for row in rows if not wanted or row["id"] in wanted]
    if since is not None:
        found = [row for row in found if organisation.epoch(row["Modified_Time"]) > since]
    found.sort(key=lambda row: (0 if sort_by == "id" else organisation.epoch(row[sort_by]), int(row["id"])))
    if order == "desc":
        found.reverse()
    chosen = found[page.offset : page.offset + page.per_page]
    if not chosen:
        return Response(204 if since is None else 304)
    data = [{name: row.get(name) for name in dict.fromkeys([*names, "id"])} for row in map(shown, chosen)]
    return Response(200, {"data": data, "info": paging.info(page, request, len(chosen), len(found), sort_by, order)})
