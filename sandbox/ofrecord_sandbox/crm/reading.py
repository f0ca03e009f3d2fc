# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Single records, deleted records. Source: Zoho CRM v8 docs, "Get Records", "List of Deleted Records"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import moments, paging, params, shapes
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.external import External
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_DAY_S = 86_400
RECYCLE_DAYS = 60
PERMANENT_DAYS = 120


def get_record(world: World, request: Request, module: str, record_id: str) -> Response:
    """`GET /{module}/{id}`, the id being an external value under `X-EXTERNAL`. Nothing there: 204."""
    known = params.readable(world, module)
    params.only(request, "fields")
    names = params.field_names(known, request, required=False)
    external = External(world, known, request)
    found = external.find(world, known, record_id)
    if found is None:
        if not external.own and not record_id.isdecimal():
            raise invalid_data({"resource_path_index": 1}, "the id given seems to be invalid")
        return Response(204)
    record = world.store.table(known.table).rows[found]
    return Response(200, {"data": [shapes.whole(world, known, record, names)]})


def list_deleted(world: World, request: Request, module: str) -> Response:
    """`GET /{module}/deleted`: recycle bin for 60 days, bare ids until 120."""
    known = params.readable(world, module)
    params.only(request, "type", "page", "per_page")
    kind = request.query.get("type", "all")
    if kind not in {"all", "recycle", "permanent"}:
        raise RefusedError(
            "PATTERN_NOT_MATCHED", "Please check whether the input values are correct", {"param_name": "type"}
        )
    since = moments.since(request)
    now = int(world.clock.now().timestamp())
    rows = []
    for gone in reversed(list(world.store.table(f"crm/deleted/{known.api_name}"))):
        shown = _deleted_shown(gone, now)
        if shown is not None and kind in {"all", shown["type"]} and (since is None or gone["_d"] > since):
            rows.append(shown)
    return paging.numbered(request, "data", rows)


def _deleted_shown(gone: Record, now: int) -> Record | None:
    age = now - gone["_d"]
    shown: dict[str, Any] = {name: value for name, value in gone.items() if not name.startswith("_")}
    if age >= PERMANENT_DAYS * _DAY_S:
        return None
    if age >= RECYCLE_DAYS * _DAY_S or gone.get("_permanent"):
        return shown | {"type": "permanent", "deleted_by": None, "created_by": None, "display_name": None}
    return shown | {"type": "recycle"}
