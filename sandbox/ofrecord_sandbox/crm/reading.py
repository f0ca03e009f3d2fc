# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Lists, single records, deleted records. Source: Zoho CRM v8 docs, "Get Records", "List of Deleted Records", "Subform"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation, paging, params, shapes
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.external import External
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_SORTABLE = {"id": "id", "Created_Time": "_c", "Modified_Time": "_m"}
_DAY_S = 86_400
RECYCLE_DAYS = 60
PERMANENT_DAYS = 120


def list_records(world: World, request: Request, module: str) -> Response:
    """`GET /{module}`."""
    known = params.readable(world, module)
    params.only(request, "fields", "ids", "page", "per_page", "page_token", "sort_by", "sort_order")
    names = params.field_names(known, request, required=True) or []
    sort_by, descending = _order(request)
    page = paging.wanted(world, request)
    since = _since(request)
    rows = _rows(world, known)
    if "ids" in request.query:
        external = External(world, known, request)
        found = [external.find(world, known, one) for one in request.query["ids"].split(",") if one]
        ids = [one for one in dict.fromkeys(found) if one is not None]
    else:
        ids = _ordered(world, known, sort_by, descending)
    if since is not None:
        ids = [one for one in ids if rows[one]["_m"] > since]
    chosen = ids[page.offset : page.offset + page.per_page]
    if not chosen:
        return Response(204 if since is None else 304)
    if known.kind == "subform":
        data = [_row_listed(world, known, names, rows[one]) for one in chosen]
    else:
        data = shapes.listed(world, known, names, (rows[one] for one in chosen))
    info = paging.info(page, request, len(chosen), len(ids), sort_by, "desc" if descending else "asc")
    return Response(200, {"data": data, "info": info})


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
    page = params.whole_number(request, "page", 1, 10**6)
    per_page = params.whole_number(request, "per_page", params.MAX_PER_PAGE, params.MAX_PER_PAGE)
    since = _since(request)
    now = int(world.clock.now().timestamp())
    rows = []
    for gone in reversed(list(world.store.table(f"crm/deleted/{known.api_name}"))):
        shown = _deleted_shown(gone, now)
        if shown is not None and kind in {"all", shown["type"]} and (since is None or gone["_d"] > since):
            rows.append(shown)
    chosen = rows[(page - 1) * per_page : page * per_page]
    if not chosen:
        return Response(204)
    info = {"per_page": per_page, "count": len(chosen), "page": page, "more_records": page * per_page < len(rows)}
    return Response(200, {"data": chosen, "info": info})


def _deleted_shown(gone: Record, now: int) -> Record | None:
    age = now - gone["_d"]
    shown: dict[str, Any] = {name: value for name, value in gone.items() if not name.startswith("_")}
    if age >= PERMANENT_DAYS * _DAY_S:
        return None
    if age >= RECYCLE_DAYS * _DAY_S or gone.get("_permanent"):
        return shown | {"type": "permanent", "deleted_by": None, "created_by": None, "display_name": None}
    return shown | {"type": "recycle"}


def _order(request: Request) -> tuple[str, bool]:
    sort_by = request.query.get("sort_by", "id")
    order = request.query.get("sort_order", "desc")
    if sort_by not in _SORTABLE:
        raise invalid_data({"param_name": "sort_by", "supported_values": list(_SORTABLE)})
    if order not in {"asc", "desc"}:
        raise invalid_data({"param_name": "sort_order", "supported_values": ["asc", "desc"]})
    return sort_by, order == "desc"


def _since(request: Request) -> int | None:
    given = request.headers.get("if-modified-since")
    if given is None:
        return None
    try:
        return organisation.epoch(given)
    except ValueError:
        raise invalid_data({"header_name": "If-Modified-Since", "expected_data_type": "datetime"}) from None


def _ordered(world: World, module: Module, sort_by: str, descending: bool) -> list[str]:
    """All ids in order; kept until the table changes."""
    table = world.store.table(_source(world, module).table)
    key = f"crm/order/{module.api_name}/{sort_by}/{descending}"
    kept = world.cache.get(key)
    if kept is None or kept[0] != table.version:
        rows = _rows(world, module)
        field = _SORTABLE[sort_by]
        if field == "id":
            ids = sorted(rows, key=int, reverse=descending)
        else:
            ids = sorted(rows, key=lambda one: (rows[one][field], int(one)), reverse=descending)
        kept = world.cache[key] = (table.version, ids)
    return list(kept[1])


def _source(world: World, module: Module) -> Module:
    return schema(world)[module.parent] if module.kind == "subform" else module


def _rows(world: World, module: Module) -> dict[str, Record]:
    """Records by id; the rows of a subform carry their parent under `_parent`."""
    if module.kind != "subform":
        return world.store.table(module.table).rows
    parent = schema(world)[module.parent]
    table = world.store.table(parent.table)
    key = f"crm/rows/{module.api_name}"
    kept = world.cache.get(key)
    if kept is None or kept[0] != table.version:
        holders = [field.api_name for field in parent.subforms if field.target == module.api_name]
        rows = {
            row["id"]: {**row, "_parent": record["id"], "_m": record["_m"], "_c": record["_c"]}
            for record in table
            for holder in holders
            for row in record.get(holder) or []
        }
        kept = world.cache[key] = (table.version, rows)
    rows_by_id: dict[str, Record] = kept[1]
    return rows_by_id


def _row_listed(world: World, module: Module, names: list[str], row: Record) -> Record:
    parent = schema(world)[module.parent]
    record = world.store.table(parent.table).rows[row["_parent"]]
    holder = next(field for field in parent.subforms if field.target == module.api_name)
    shown = shapes.row_shown(world, parent, record, holder, row)
    return {name: shown.get(name) for name in dict.fromkeys([*names, "id"])}
