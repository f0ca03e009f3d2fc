# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Deletion of records: they go to the recycle bin. Source: Zoho CRM v8 docs, "Delete Records"."""

from __future__ import annotations

from ofrecord_sandbox.crm import automation, holds, organisation, params
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, missing_param, no_permission, overall
from ofrecord_sandbox.crm.external import External
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.shapes import display_name
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def delete_many(world: World, request: Request, module: str) -> Response:
    """`DELETE /{module}?ids=a,b`."""
    known = params.module_named(world, module)
    params.only(request, "ids", "wf_trigger")
    ids = [one for one in request.query.get("ids", "").split(",") if one]
    if not ids:
        raise missing_param("ids")
    if len(ids) > params.MAX_RECORDS:
        raise RefusedError("LIMIT_EXCEEDED", "only 100 records can be deleted in one call", {"param_name": "ids"})
    return _delete(world, request, known, ids)


def delete(world: World, request: Request, module: str, record_id: str) -> Response:
    """`DELETE /{module}/{id}`."""
    known = params.module_named(world, module)
    params.only(request, "wf_trigger")
    return _delete(world, request, known, [record_id])


def _delete(world: World, request: Request, module: Module, keys: list[str]) -> Response:
    external = External(world, module, request)
    wanted = request.query.get("wf_trigger", "true")
    if wanted not in {"true", "false"}:
        raise invalid_data({"param_name": "wf_trigger", "expected_data_type": "boolean"})
    features = automation.Features(running=automation.ALL if wanted == "true" else ())
    elements, codes = [], set()
    for key in keys:
        try:
            found = _deletable(world, module, external, key)
        except RefusedError as error:
            elements.append(error.body())
            codes.add(error.code)
            continue
        bury(world, module, found)
        automation.fire(world, request, module.api_name, found, "delete", features)
        details = {"id": found} | ({external.own: key} if external.own else {})
        elements.append({"code": "SUCCESS", "details": details, "message": "record deleted", "status": "success"})
        codes.add("SUCCESS")
    return Response(overall(codes, 200), {"data": elements})


def _deletable(world: World, module: Module, external: External, key: str) -> str:
    found = external.find(world, module, key)
    if found is None:
        raise RefusedError("INVALID_DATA", "record not deleted", {"id": key})
    if module.refuses("deletable"):
        raise no_permission(module.api_name, "deletable", {"id": found})
    holds.refuse_deletion(world, module, found)
    return found


def bury(world: World, module: Module, record_id: str) -> None:
    """Move a record to the recycle bin. Whether its unique values are free again is a switch."""
    name = display_name(world, module.api_name, record_id)
    record = world.store.table(module.table).rows[record_id]
    world.store.table(module.table).remove(record_id)
    holds.forget(world, record_id)
    moment = world.clock.now()
    buried = {
        "id": record_id,
        "display_name": name,
        "deleted_by": {"name": organisation.USER["name"], "id": organisation.USER["id"]},
        "created_by": {"name": record["Created_By"]["name"], "id": record["Created_By"]["id"]},
        "deleted_time": organisation.local_time(moment),
        "_d": int(moment.timestamp()),
        "_record": record,
    }
    world.store.table(f"crm/deleted/{module.api_name}").put(record_id, buried)
