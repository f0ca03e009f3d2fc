# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Notes beside records. Source: Zoho CRM v8 OpenAPI `notes.json`, `related_notes.json` and docs, "Notes".

The record a note belongs to is `Parent_Id: {"module": {"api_name"}, "id"}`; the older `$se_module` beside `Parent_Id` is taken, too.
That `fields` must be given is UNVERIFIED (one document says so, another does not). A note does not move its parent's Modified_Time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.crm import organisation, params, plain_lists
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, missing_param, overall
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.crm.shapes import display_name
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 554023000003000000
_LONGEST = {"Note_Title": 120, "Note_Content": 65_535}
_FIELDS = {
    "id", "Note_Title", "Note_Content", "Parent_Id", "Owner", "Created_Time", "Modified_Time", "Created_By", "Modified_By",
}  # fmt: skip
_SYSTEM = {"$se_module", "se_module"}
Parent = tuple[str, str]
"""(module, record id)."""
Element = dict[str, Any]


def _table(world: World) -> Table:
    return world.store.table("crm/notes")


def _ids_of(world: World, parent: Parent) -> list[str]:
    return _table(world).index("parent", lambda row: ((row["_module"], row["_parent"]),)).ids(parent)


def _is_there(world: World, parent: Parent) -> bool:
    return display_name(world, *parent) is not None


def _parent(world: World, module: str, record_id: str) -> Parent:
    known = params.readable(world, module)
    if world.store.table(known.table).get(record_id) is None:
        raise invalid_id({"resource_path_index": 1})
    return known.api_name, record_id


def move(world: World, module: str, old: str, new: str) -> None:
    """Notes of one record go to another of the same module."""
    for note_id in _ids_of(world, (module, old)):
        _table(world).put(note_id, {**_table(world).rows[note_id], "_parent": new})


def list_all(world: World, request: Request) -> Response:
    """`GET /Notes?fields=…`: notes of all records, the newest first."""
    rows = [row for row in _table(world) if _is_there(world, (row["_module"], row["_parent"]))]
    return _listed(world, request, rows)


def list_of_record(world: World, request: Request, module: str, record_id: str) -> Response:
    """`GET /{module}/{id}/Notes?fields=…`."""
    parent = _parent(world, module, record_id)
    return _listed(world, request, [_table(world).rows[one] for one in _ids_of(world, parent)])


def _listed(world: World, request: Request, rows: list[Record]) -> Response:
    return plain_lists.answer(world, request, rows, _FIELDS, lambda row: _shown(world, row))


def _shown(world: World, row: Record) -> Record:
    module: Module = schema(world)[row["_module"]]
    parent = {
        "module": {"api_name": module.api_name, "id": module.id},
        "name": display_name(world, module.api_name, row["_parent"]) or "",
        "id": row["_parent"],
    }
    outside = {name: value for name, value in row.items() if not name.startswith("_")}
    return {**outside, "Parent_Id": parent, "$se_module": module.api_name, "$attachments": None}


def _found(world: World, note_id: str, parent: Parent | None, index: int) -> Record:
    row = _table(world).get(note_id)
    if row is None or (parent is not None and (row["_module"], row["_parent"]) != parent):
        raise invalid_id({"resource_path_index": index})
    return row


def get(world: World, request: Request, note_id: str) -> Response:
    """`GET /Notes/{id}`; 204 when there is none."""
    params.only(request, "fields")
    row = _table(world).get(note_id)
    return Response(204) if row is None else Response(200, {"data": [_shown(world, row)]})


def get_of_record(world: World, request: Request, module: str, record_id: str, note_id: str) -> Response:
    """`GET /{module}/{id}/Notes/{note}`."""
    params.only(request, "fields")
    return Response(200, {"data": [_shown(world, _found(world, note_id, _parent(world, module, record_id), 3))]})


def create(world: World, request: Request) -> Response:
    """`POST /Notes`, each note naming its record."""
    return _each(request, lambda values, path: _create(world, _named_parent(world, values, path), values, path), 201)


def create_of_record(world: World, request: Request, module: str, record_id: str) -> Response:
    """`POST /{module}/{id}/Notes`."""
    parent = _parent(world, module, record_id)
    return _each(request, lambda values, path: _create(world, parent, values, path), 201)


def update(world: World, request: Request) -> Response:
    """`PUT /Notes`, each note naming itself by `id`."""
    return _each(request, lambda values, path: _update(world, None, values.get("id"), values, path), 200)


def update_one(world: World, request: Request, note_id: str) -> Response:
    """`PUT /Notes/{id}`."""
    return _each(request, lambda values, path: _update(world, None, note_id, values, path), 200)


def update_of_record(world: World, request: Request, module: str, record_id: str) -> Response:
    """`PUT /{module}/{id}/Notes`."""
    parent = _parent(world, module, record_id)
    return _each(request, lambda values, path: _update(world, parent, values.get("id"), values, path), 200)


def update_one_of_record(world: World, request: Request, module: str, record_id: str, note_id: str) -> Response:
    """`PUT /{module}/{id}/Notes/{note}`."""
    parent = _parent(world, module, record_id)
    return _each(request, lambda values, path: _update(world, parent, note_id, values, path), 200)


def delete(world: World, request: Request) -> Response:
    """`DELETE /Notes?ids=a,b`."""
    return _delete(world, request, None)


def delete_of_record(world: World, request: Request, module: str, record_id: str) -> Response:
    """`DELETE /{module}/{id}/Notes?ids=a,b`."""
    return _delete(world, request, _parent(world, module, record_id))


def delete_one(world: World, request: Request, note_id: str) -> Response:
    """`DELETE /Notes/{id}`."""
    params.only(request)
    return _deleted(world, None, [note_id])


def delete_one_of_record(world: World, request: Request, module: str, record_id: str, note_id: str) -> Response:
    """`DELETE /{module}/{id}/Notes/{note}`."""
    params.only(request)
    return _deleted(world, _parent(world, module, record_id), [note_id])


def _delete(world: World, request: Request, parent: Parent | None) -> Response:
    params.only(request, "ids")
    ids = [one for one in request.query.get("ids", "").split(",") if one]
    if not ids:
        raise missing_param("ids")
    return _deleted(world, parent, ids)


def _deleted(world: World, parent: Parent | None, ids: list[str]) -> Response:
    elements: list[Element] = []
    for note_id in ids:
        row = _table(world).get(note_id)
        if row is None or (parent is not None and (row["_module"], row["_parent"]) != parent):
            elements.append(RefusedError("INVALID_DATA", "record not deleted", {"id": note_id}).body())
            continue
        _table(world).remove(note_id)
        elements.append(
            {"code": "SUCCESS", "details": {"id": note_id}, "message": "record deleted", "status": "success"}
        )
    return Response(overall({str(one["code"]) for one in elements}, 200), {"data": elements})


def _each(request: Request, act: Callable[[Record, str], Element], success: int) -> Response:
    params.only(request)
    elements: list[Element] = []
    for number, values in enumerate(params.records(params.body(request, "data"))):
        path = f"$.data[{number}]"
        try:
            if not isinstance(values, dict):
                raise invalid_data({"expected_data_type": "jsonobject", "json_path": path})
            elements.append(act(values, path))
        except RefusedError as error:
            elements.append(error.body())
    return Response(overall({str(one["code"]) for one in elements}, success), {"data": elements})


def _named_parent(world: World, values: Record, path: str) -> Parent:
    given = values.get("Parent_Id")
    details = {"api_name": "Parent_Id", "json_path": f"{path}.Parent_Id"}
    if given is None:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    inside = given if isinstance(given, dict) else {"id": given}
    module = (inside.get("module") or {}).get("api_name") or values.get("$se_module") or values.get("se_module")
    if module is None:
        missing = {"api_name": "$se_module", "json_path": f"{path}.$se_module"}
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", missing)
    known = schema(world).get(str(module))
    if known is None or world.store.table(known.table).get(str(inside.get("id"))) is None:
        raise invalid_id(details)
    return known.api_name, str(inside["id"])


def _texts(values: Record, path: str) -> Record:
    for name in values:
        if name not in {*_LONGEST, *_SYSTEM, "Parent_Id", "id"}:
            raise invalid_data({"api_name": name, "json_path": f"{path}.{name}"})
    texts = {name: values[name] for name in _LONGEST if name in values}
    for name, value in texts.items():
        details = {"api_name": name, "json_path": f"{path}.{name}"}
        if value is not None and not isinstance(value, str):
            raise invalid_data(details | {"expected_data_type": "text"})
        if value is not None and len(value) > _LONGEST[name]:
            raise invalid_data(details | {"maximum_length": _LONGEST[name]})
    if not any(texts.values()):
        expected = [{"api_name": name, "json_path": f"{path}.{name}"} for name in _LONGEST]
        raise RefusedError(
            "EXPECTED_FIELD_MISSING", "one of the expected fields is missing", {"expected_fields": expected}
        )
    return texts


def _create(world: World, parent: Parent, values: Record, path: str) -> Element:
    now = organisation.local_time(world.clock.now())
    row: Record = {
        "id": world.next_id(_IDS),
        "Note_Title": None,
        "Note_Content": None,
        **_texts(values, path),
        "Owner": organisation.user_reference(),
        "Created_Time": now,
        "Created_By": organisation.writer_reference(),
        "_module": parent[0],
        "_parent": parent[1],
    }
    return _kept(world, row, "record added")


def _update(world: World, parent: Parent | None, note_id: Any, values: Record, path: str) -> Element:
    details = {"api_name": "id", "json_path": f"{path}.id"}
    if note_id is None:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    row = _table(world).get(str(note_id))
    if row is None or (parent is not None and (row["_module"], row["_parent"]) != parent):
        raise invalid_id(details | {"id": note_id})
    return _kept(world, {**row, **_texts(values, path)}, "record updated")


def _kept(world: World, row: Record, message: str) -> Element:
    row |= {
        "Modified_Time": organisation.local_time(world.clock.now()),
        "Modified_By": organisation.writer_reference(),
    }
    _table(world).put(row["id"], row)
    shown = ("Modified_Time", "Modified_By", "Created_Time", "id", "Created_By")
    return {"code": "SUCCESS", "details": {key: row[key] for key in shown}, "message": message, "status": "success"}
