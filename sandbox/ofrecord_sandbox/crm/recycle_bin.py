# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""The recycle bin: what is in it, records restored and deleted for good. Source: Zoho CRM v8 OpenAPI `recycle_bin.json`.

UNVERIFIED: a restored record keeps its Modified_Time, and one whose unique value was taken meanwhile is refused with DUPLICATE_DATA.
Filters are not imitated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ofrecord_sandbox.crm import organisation, paging, params
from ofrecord_sandbox.crm.answers import RefusedError, overall
from ofrecord_sandbox.crm.duplicates import refuse_duplicates
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.crm.reading import RECYCLE_DAYS
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_DAY_S = 86_400


def _inside(world: World) -> Iterator[tuple[Module, Record]]:
    """Records that can be restored, the latest first."""
    oldest = world.clock.now().timestamp() - RECYCLE_DAYS * _DAY_S
    rows = [
        (known, row)
        for known in schema(world).values()
        for row in world.store.table(f"crm/deleted/{known.api_name}")
        if row["_d"] > oldest and row.get("_record") is not None
    ]
    return iter(sorted(rows, key=lambda pair: (pair[1]["_d"], int(pair[1]["id"])), reverse=True))


def _found(world: World, record_id: str) -> tuple[Module, Record] | None:
    return next(((known, row) for known, row in _inside(world) if row["id"] == record_id), None)


def _owner(row: Record) -> Record:
    owner = row["_record"].get("Owner") or organisation.user_reference()
    return {"name": owner["name"], "id": owner["id"]}


def _shown(row: Record, module: object) -> Record:
    outside = {name: row[name] for name in ("id", "display_name", "deleted_time", "deleted_by")}
    return {**outside, "display_name": row["display_name"] or "", "owner": _owner(row), "module": module}


def list_all(world: World, request: Request) -> Response:
    """`GET /settings/recycle_bin`; 204 when it is empty."""
    params.only(request, "page", "per_page")
    rows = [_shown(row, known.api_name) for known, row in _inside(world)]
    return paging.numbered(request, "recycle_bin", rows)


def get(world: World, request: Request, record_id: str) -> Response:
    """`GET /settings/recycle_bin/{id}`; 204 when it is not there."""
    params.only(request)
    found = _found(world, record_id)
    if found is None:
        return Response(204)
    module = {"api_name": found[0].api_name, "id": found[0].id}
    info = {"per_page": 200, "count": 1, "page": 1, "more_records": False}
    return Response(200, {"recycle_bin": [_shown(found[1], module)], "info": info})


def count(world: World, request: Request) -> Response:
    """`GET /settings/recycle_bin/actions/count`."""
    params.only(request)
    return Response(200, {"count": sum(1 for _ in _inside(world))})


def restore(world: World, request: Request) -> Response:
    """`POST /settings/recycle_bin/actions/restore` with `ids` or `restore_all_records`."""
    params.only(request)
    given = params.body(request, "ids", "filters", "restore_all_records")
    if "filters" in given:
        raise RefusedError("NOT_SUPPORTED", "the sandbox restores by ids only")
    ids = [row["id"] for _, row in _inside(world)] if given.get("restore_all_records") else given.get("ids")
    if not isinstance(ids, list) or not ids:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "ids", "json_path": "$.ids"})
    return _each(world, ids, _restore, "record restored")


def restore_one(world: World, request: Request, record_id: str) -> Response:
    """`POST /settings/recycle_bin/{id}/actions/restore`."""
    params.only(request)
    return _each(world, [record_id], _restore, "record restored")


def delete_one(world: World, request: Request, record_id: str) -> Response:
    """`DELETE /settings/recycle_bin/{id}`: for good."""
    params.only(request)
    return _each(world, [record_id], _forget, "record deleted")


def empty(world: World, request: Request) -> Response:
    """`POST /settings/recycle_bin/actions/empty`."""
    params.only(request)
    for known, row in list(_inside(world)):
        _forget(world, known, row)
    return Response(200, {"code": "SUCCESS", "details": {}, "message": "recycle bin emptied", "status": "success"})


def _each(world: World, ids: list[str], act: Callable[[World, Module, Record], None], message: str) -> Response:
    """Nothing of it in the bin: 204, as the documents say."""
    found = [pair for one in ids if (pair := _found(world, str(one))) is not None]
    if not found:
        return Response(204)
    elements: list[Record] = []
    for known, row in found:
        try:
            act(world, known, row)
        except RefusedError as error:
            elements.append(error.body())
        else:
            done = {"code": "SUCCESS", "details": {"id": row["id"]}, "message": message, "status": "success"}
            elements.append(done)
    return Response(overall({str(one["code"]) for one in elements}, 200), {"recycle_bin": elements})


def _restore(world: World, module: Module, row: Record) -> None:
    world.store.table(f"crm/deleted/{module.api_name}").remove(row["id"])
    try:
        refuse_duplicates(world, module, row["id"], row["_record"], "$")
    except RefusedError:
        world.store.table(f"crm/deleted/{module.api_name}").put(row["id"], row)
        raise
    world.store.table(module.table).put(row["id"], row["_record"])


def _forget(world: World, module: Module, row: Record) -> None:
    world.store.table(f"crm/deleted/{module.api_name}").put(row["id"], {**row, "_record": None, "_permanent": True})
