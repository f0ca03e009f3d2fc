# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Bulk write: upload of an archive, jobs that take their time, results.

Source: Zoho CRM v8 OpenAPI `upload.json`, `bulk_write.json`, docs "Upload File", "Create Bulk Write Job", "Job Details", "Download Result".
The vendor serves the upload and the result from hosts of their own; here one address serves all. UNVERIFIED: modules with line items are
refused, `find_by` takes `id` and unique fields only, and what a job that cannot be read answers. A callback is checked and never called.
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from ofrecord_sandbox import oauth
from ofrecord_sandbox.crm import bulk_rows, organisation, params
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_FILES = 554023000004000000
_JOBS = 554023000005000000
_LARGEST = 25 * 1024 * 1024
_MOST_COLUMNS = 500
_KEPT_S = 7 * 86_400
_SECONDS = 2.0
_OPERATIONS = ("insert", "update", "upsert")
_WITHOUT = ("Quotes", "Sales_Orders", "Invoices", "Purchase_Orders")
_MAPPING_KEYS = {"api_name", "index", "find_by", "format", "default_value", "module", "parent_column_index"}


def upload(world: World, request: Request) -> Response:
    """`POST /upload` with the headers `feature: bulk-write` and `X-CRM-ORG`; the form field `file` is a zip."""
    params.only(request)
    feature, org = request.headers.get("feature"), request.headers.get("x-crm-org")
    if feature is None or org is None:
        missing = "feature" if feature is None else "X-CRM-ORG"
        raise RefusedError("MANDATORY_NOT_FOUND", "required header not found", {"param_name": missing})
    if feature != "bulk-write":
        raise RefusedError("NOT_SUPPORTED_FEATURE", "the feature is not supported", {"param_name": "feature"})
    if org != organisation.organisation(world)["zgid"]:
        raise invalid_data({"param_name": "X-CRM-ORG"})
    if "file" not in request.files:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", {"param_name": "file"})
    _, content = request.files["file"]
    if len(content) > _LARGEST:
        raise RefusedError("FILE_TOO_LARGE", "the file is larger than 25 MB", status=413)
    if not zipfile.is_zipfile(BytesIO(content)):
        raise RefusedError("INVALID_FILE_FORMAT", "the file is not in the ZIP format")
    file_id = world.next_id(_FILES)
    now = organisation.local_time(world.clock.now())
    world.store.table("crm/uploads").put(file_id, {"content": base64.b64encode(content).decode(), "created_time": now})
    details = {"file_id": file_id, "created_time": now}
    return Response(
        200, {"status": "success", "code": "FILE_UPLOAD_SUCCESS", "message": "file uploaded.", "details": details}
    )


def create(world: World, request: Request) -> Response:
    """`POST /crm/bulk/v8/write`."""
    if not request.internal and "content-type" not in request.headers:
        raise RefusedError("MEDIA_TYPE_NOT_SUPPORTED", "the content type is missing", status=415)
    given = params.body(request, "operation", "resource", "callback", "ignore_empty", "character_encoding")
    for key in ("operation", "resource"):
        if given.get(key) is None:
            raise _missing("$", key)
    if given["operation"] not in _OPERATIONS:
        raise invalid_data({"json_path": "$.operation", "supported_values": list(_OPERATIONS)})
    check_callback(given.get("callback"))
    if (
        not isinstance(given["resource"], list)
        or len(given["resource"]) != 1
        or not isinstance(given["resource"][0], dict)
    ):
        raise RefusedError("INVALID_REQUEST", "the sandbox takes one resource a job", {"json_path": "$.resource"})
    job = _checked(world, given["operation"], given["resource"][0])
    now = world.clock.now()
    job |= {
        "id": world.next_id(_JOBS),
        "ignore_empty": bool(given.get("ignore_empty", job["ignore_empty"])),
        "callback": given.get("callback"),
        "character_encoding": given.get("character_encoding") or "UTF-8",
        "created_time": organisation.local_time(now),
        "begun": now.timestamp(),
        "due": now.timestamp() + seconds(world),
    }
    world.store.table("crm/bulk").put(job["id"], job)
    world.store.table("crm/bulk/waiting").put(job["id"], {"due": job["due"]})
    details = {"id": job["id"], "created_by": organisation.writer_reference()}
    return Response(201, {"status": "success", "code": "SUCCESS", "message": "success", "details": details})


def _missing(path: str, key: str) -> RefusedError:
    return RefusedError("MISSING_REQUIRED_KEY", "a required key is missing", {"json_path": f"{path}.{key}"})


def check_callback(callback: Any) -> None:
    """Refuse a callback the vendor would not call."""
    if callback is None:
        return
    if not isinstance(callback, dict) or not str(callback.get("url", "")).startswith("https://"):
        raise RefusedError("INVALID_CALLBACK_URL", "the callback URL is invalid")
    if callback.get("method") != "post":
        details = {"supported_callback_methods": ["post"]}
        raise RefusedError("INVALID_CALLBACK_METHOD", "the callback method is invalid", details)


def _checked(world: World, operation: str, resource: Record) -> Record:
    """What a job needs to know of its one resource; raises RefusedError."""
    for key in ("type", "module", "file_id"):
        if resource.get(key) is None:
            raise _missing("$.resource[0]", key)
    name = resource["module"].get("api_name") if isinstance(resource["module"], dict) else None
    known = schema(world).get(str(name))
    if known is None or known.kind == "subform" or name in _WITHOUT or known.refuses("api_supported"):
        raise RefusedError("MODULE_NOT_AVAILABLE", "the module is not available", {"json_path": "$.resource[0].module"})
    stored = world.store.table("crm/uploads").get(str(resource["file_id"]))
    if stored is None:
        raise RefusedError("FILE_NOT_FOUND", "the file is not found", {"json_path": "$.resource[0].file_id"})
    table = bulk_rows.table_of(base64.b64decode(stored["content"]))
    if table is None:
        raise RefusedError("FILE_NOT_SUPPORTED", "the archive holds no single CSV file in UTF-8")
    mappings = resource.get("field_mappings")
    if mappings is not None:
        _check_mappings(known, mappings, len(table[1][0]))
    mapped = {one["api_name"] for one in bulk_rows.mappings_of(known, table[1][0], mappings)}
    return {
        "operation": operation,
        "module": known.api_name,
        "file_id": str(resource["file_id"]),
        "find_by": _find_by(known, operation, resource.get("find_by"), mapped),
        "field_mappings": mappings,
        "ignore_empty": bool(resource.get("ignore_empty", False)),
    }


def _check_mappings(module: Module, mappings: Any, columns: int) -> None:
    path = "$.resource[0].field_mappings"
    if not isinstance(mappings, list) or not mappings or len(mappings) > _MOST_COLUMNS:
        raise invalid_data({"json_path": path, "maximum_length": _MOST_COLUMNS})
    for number, one in enumerate(mappings):
        where = f"{path}[{number}]"
        if not isinstance(one, dict) or set(one) - _MAPPING_KEYS or one.get("api_name") is None:
            raise invalid_data({"json_path": where})
        if one["api_name"] == bulk_rows.LAYOUT:
            continue
        field = module.fields.get(one["api_name"])
        if field is None or (field.read_only and one["api_name"] != "id") or field.data_type == "subform":
            raise invalid_data({"api_name": one["api_name"], "json_path": f"{where}.api_name"})
        index = one.get("index")
        if index is None and not one.get("default_value"):
            raise _missing(where, "index")
        if index is not None and (isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < columns):
            raise invalid_data({"api_name": one["api_name"], "json_path": f"{where}.index"})


def _find_by(module: Module, operation: str, find_by: Any, mapped: set[str]) -> str:
    if find_by is None:
        if operation != "insert":
            raise RefusedError("MANDATORY_NOT_FOUND", "Required key find_by is not available")
    elif find_by != "id" and find_by not in module.unique_fields:
        raise invalid_data({"api_name": find_by, "json_path": "$.resource[0].find_by"})
    lacking = [] if operation != "insert" else [one.api_name for one in module.fields.values() if one.mandatory]
    lacking = [name for name in [*lacking, *([find_by] if find_by else [])] if name not in mapped]
    if lacking:
        raise RefusedError("MANDATORY_FIELDS_NOT_MAPPED", "mandatory fields are not mapped", {"api_names": lacking})
    return str(find_by or "")


def seconds(world: World) -> float:
    """How long a job takes."""
    return float((world.store.table("sandbox/switches").get("crm_bulk") or {"seconds": _SECONDS})["seconds"])


def run_due(world: World) -> None:
    """Write the rows of the jobs whose time has come, at the time they were due."""
    run_jobs_due(world, "crm/bulk", _run)


def run_jobs_due(world: World, table: str, run: Callable[[World, Record], None]) -> None:
    """`run` the jobs of a table whose time has come; `waiting` below it says when."""
    waiting = world.store.table(f"{table}/waiting")
    if not waiting.rows:
        return
    now = world.clock.now()
    for job_id, row in list(waiting.rows.items()):
        if row["due"] <= now.timestamp():
            waiting.remove(job_id)
            with world.clock.at(datetime.fromtimestamp(row["due"], UTC)):
                run(world, world.store.table(table).rows[job_id])


def _run(world: World, job: Record) -> None:
    table = bulk_rows.table_of(base64.b64decode(world.store.table("crm/uploads").rows[job["file_id"]]["content"]))
    name, rows = table or ("", [[]])
    if len(rows) - 1 > bulk_rows.MOST_ROWS:
        world.store.table("crm/bulk").put(job["id"], {**job, "failed": "LIMIT_EXCEEDED", "name": name})
        return
    written = bulk_rows.Rows(world, schema(world)[job["module"]], job, rows[0])
    for row in rows[1:]:
        written.write(row)
    packed = bulk_rows.archive(f"{job['module']}-{name}", written.result)
    result = {"counts": written.counts, "name": name, "content": base64.b64encode(packed).decode()}
    world.store.table("crm/bulk").put(job["id"], {**job, **result})


def status(world: World, request: Request, job_id: str) -> Response:
    """`GET /crm/bulk/v8/write/{id}`: ADDED, INPROGRESS, then COMPLETED (or FAILED) with counts and the address of the result."""
    params.only(request)
    job = _job(world, job_id)
    now = world.clock.now().timestamp()
    state = "ADDED" if now < (job["begun"] + job["due"]) / 2 else "INPROGRESS"
    if "counts" in job or "failed" in job:
        state = "FAILED" if "failed" in job else "COMPLETED"
    counts = job.get("counts") or dict.fromkeys(("added_count", "skipped_count", "updated_count", "total_count"), 0)
    resource = {
        "status": state,
        "type": "data",
        "module": {"api_name": job["module"], "id": schema(world)[job["module"]].id},
        "ignore_empty": job["ignore_empty"],
        "field_mappings": job["field_mappings"] or [],
        "file": {"status": state, "name": job.get("name", ""), **counts},
    }
    shown = {
        "status": state,
        "character_encoding": job["character_encoding"],
        "resource": [resource | ({"code": job["failed"]} if "failed" in job else {})],
        "id": job_id,
        "created_by": organisation.writer_reference(),
        "operation": job["operation"],
        "created_time": job["created_time"],
    }
    if "counts" in job:
        path = f"/v2/crm/{organisation.organisation(world)['zgid']}/bulk-write/{job_id}/{job_id}.zip"
        shown["result"] = {"download_url": world.base_url + path}
    return Response(200, shown | ({"callback": job["callback"]} if job["callback"] else {}))


def _job(world: World, job_id: str) -> Record:
    job = world.store.table("crm/bulk").get(job_id)
    if job is None:
        raise RefusedError("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.", status=404)
    return job


def download(world: World, request: Request, org: str, job_id: str, name: str) -> Response:
    """`GET /v2/crm/{org}/bulk-write/{job}/{job}.zip`, the address a job names; kept for seven days."""
    if oauth.check(world, request) is None:
        raise RefusedError("INVALID_TOKEN", "invalid oauth token", status=401)
    job = _job(world, job_id)
    late = world.clock.now().timestamp() > job["due"] + _KEPT_S
    if "content" not in job or late or name != f"{job_id}.zip" or org != organisation.organisation(world)["zgid"]:
        raise RefusedError("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.", status=404)
    return Response(200, base64.b64decode(job["content"]), {"content-type": "application/zip"})
