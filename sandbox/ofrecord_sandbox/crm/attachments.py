# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Files beside a record. Source: Zoho CRM v8 docs, "Attachments". Uploading the same file twice makes two."""

from __future__ import annotations

import base64

from ofrecord_sandbox.crm import organisation, params, plain_lists
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, missing_param
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.crm.shapes import display_name
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 554023000002000000
_LARGEST = 20 * 1024 * 1024
_FIELDS = {
    "id",
    "$file_id",
    "$type",
    "$link_url",
    "$se_module",
    "File_Name",
    "Size",
    "Parent_Id",
    "Owner",
    "Created_Time",
    "Modified_Time",
    "Created_By",
    "Modified_By",
}


def _parent(world: World, module: str, record_id: str) -> Module:
    known = params.module_named(world, module)
    if world.store.table(known.table).get(record_id) is None:
        raise invalid_id({"resource_path_index": 1})
    return known


def _table(world: World) -> Table:
    return world.store.table("crm/attachments")


def move(world: World, old: str, new: str) -> None:
    """Attachments of one record go to another."""
    for one in _table(world).index("parent", lambda row: (row["_parent"],)).ids(old):
        _table(world).put(one, {**_table(world).rows[one], "_parent": new})


def _one(world: World, module: str, record_id: str, attachment_id: str) -> Record:
    _parent(world, module, record_id)
    row = _table(world).get(attachment_id)
    if row is None or row["_parent"] != record_id:
        raise invalid_id({"resource_path_index": 3})
    return row


def upload(world: World, request: Request, module: str, record_id: str) -> Response:
    """`POST /{module}/{id}/Attachments`, one a call: the form field `file`, or a link in `attachmentUrl`."""
    _parent(world, module, record_id)
    params.only(request, "title", "attachmentUrl")
    link = request.form.get("attachmentUrl", request.query.get("attachmentUrl", ""))
    if link and not link.startswith(("http://", "https://")):
        raise invalid_data({"param_name": "attachmentUrl"}, "the given attachment URL is incorrect")
    if "file" not in request.files and not link:
        raise missing_param("file")
    name, content = (request.query.get("title", link), b"") if link else request.files["file"]
    if len(content) > _LARGEST:
        message = "Please check if the size of the file is within the limit"
        raise RefusedError("FILE_SIZE_MORE_THAN_ALLOWED_SIZE", message, status=413)
    now = organisation.local_time(world.clock.now())
    row: Record = {
        "id": world.next_id(_IDS),
        "File_Name": name,
        "Size": str(len(content)),
        "Owner": organisation.user_reference(),
        "Created_By": organisation.user_reference(),
        "Modified_By": organisation.user_reference(),
        "Created_Time": now,
        "Modified_Time": now,
        "$file_id": None if link else f"{record_id}{len(content)}",
        "$type": "Link URL" if link else "Attachment",
        "$link_url": link or None,
        "$se_module": module,
        "_module": module,
        "_parent": record_id,
        "_content": base64.b64encode(content).decode(),
    }
    _table(world).put(row["id"], row)
    shown = ("Modified_Time", "Modified_By", "Created_Time", "id", "Created_By")
    element = {
        "code": "SUCCESS",
        "details": {key: row[key] for key in shown},
        "message": "attachment uploaded successfully",
        "status": "success",
    }
    return Response(200, {"data": [element]})


def list_attachments(world: World, request: Request, module: str, record_id: str) -> Response:
    """`GET /{module}/{id}/Attachments?fields=…`, the newest first (UNVERIFIED)."""
    _parent(world, module, record_id)
    index = _table(world).index("parent", lambda row: (row["_parent"],))
    rows = [_table(world).rows[one] for one in index.ids(record_id)]
    return plain_lists.answer(world, request, rows, _FIELDS, lambda row: _shown(world, row))


def list_all(world: World, request: Request) -> Response:
    """`GET /Attachments?fields=…`: of all records. The OpenAPI file names a scope for it, no page describes it (UNVERIFIED)."""
    rows = [row for row in _table(world) if display_name(world, row["_module"], row["_parent"]) is not None]
    return plain_lists.answer(world, request, rows, _FIELDS, lambda row: _shown(world, row))


def _shown(world: World, row: Record) -> Record:
    return {**row, "Parent_Id": {"name": display_name(world, row["_module"], row["_parent"]), "id": row["_parent"]}}


def download(world: World, request: Request, module: str, record_id: str, attachment_id: str) -> Response:
    """`GET /{module}/{id}/Attachments/{attachment}`."""
    params.only(request)
    row = _one(world, module, record_id, attachment_id)
    if row.get("$link_url"):
        message = "As it is a linked attachment, you can not download it"
        raise RefusedError("DOWNLOAD_NOT_ALLOWED", message, {"param_name": "attachment_id"})
    headers = {
        "content-type": "application/octet-stream",
        "content-disposition": f"attachment;filename*=UTF-8''{row['File_Name'].encode('ascii', 'replace').decode()}",
    }
    return Response(200, base64.b64decode(row["_content"]), headers)


def delete(world: World, request: Request, module: str, record_id: str, attachment_id: str) -> Response:
    """`DELETE /{module}/{id}/Attachments/{attachment}`."""
    params.only(request)
    _one(world, module, record_id, attachment_id)
    _table(world).remove(attachment_id)
    element = {"code": "SUCCESS", "details": {"id": attachment_id}, "message": "record deleted", "status": "success"}
    return Response(200, {"data": [element]})
