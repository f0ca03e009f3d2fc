# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Bulk read: jobs that take their time and results for a day.

Source: Zoho CRM v8 OpenAPI `bulk_read.json`, docs "Create Bulk Read job", "Get the Status of the Bulk Read Job", "Download Bulk Read Result".
The rows are those of the moment the job is completed, in an order of no meaning. UNVERIFIED: the answer to a result that is not there yet or no
longer, that rows of subforms can be read, and that `page` beside `page_token` is INVALID_REQUEST. A callback is checked and never called.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from itertools import islice
from typing import Any

import orjson

from ofrecord_sandbox.crm import bulk_csv, organisation, params, views
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.bulk_jobs import check_callback, run_jobs_due, seconds
from ofrecord_sandbox.crm.criteria import node_of
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.crm.ordering import rows
from ofrecord_sandbox.crm.predicates import Test, test_of
from ofrecord_sandbox.crm.query import Both, Node
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

ROWS = 200_000
_JOBS = 554023000007000000
_PAGES = 500
_KEPT_S = 86_400
_MINUTE_S = 60
_UNSUPPORTED = ("Notes", "Attachments", "Emails")
_QUERY_KEYS = {"module", "fields", "criteria", "page", "page_token", "cvid"}


def create(world: World, request: Request) -> Response:
    """`POST /crm/bulk/v8/read`."""
    if not request.internal and "content-type" not in request.headers:
        raise RefusedError("MEDIA_TYPE_NOT_SUPPORTED", "the content type is missing", status=415)
    if not request.body:
        raise RefusedError("REQUEST_BODY_IS_EMPTY", "the request body is empty")
    given = params.body(request, "query", "callback", "file_type")
    check_callback(given.get("callback"))
    if given.get("file_type", "csv") != "csv":
        raise RefusedError("NOT_SUPPORTED_FEATURE", "the sandbox writes CSV only", {"api_name": "file_type"})
    query = given.get("query")
    if not isinstance(query, dict) or set(query) - _QUERY_KEYS:
        raise RefusedError("QUERY_NOT_SUPPORTED", "the query is not supported", {"api_name": "query"})
    module = _module(world, query.get("module"))
    bulk_csv.columns(world, module, _names(query))
    _node(world, module, query)
    now = world.clock.now()
    job: Record = {
        "id": world.next_id(_JOBS),
        "module": module.api_name,
        "query": query,
        "module_id": module.id,
        "page": _page(request, query, now.timestamp()),
        "caller": request.caller,
        "created_time": organisation.local_time(now),
        "begun": now.timestamp(),
        "due": now.timestamp() + seconds(world),
    }
    world.store.table("crm/bulk/reads").put(job["id"], job)
    world.store.table("crm/bulk/reads/waiting").put(job["id"], {"due": job["due"]})
    shown = _shown(job, "ADDED")
    details = {key: shown[key] for key in ("id", "operation", "state", "created_by", "created_time")}
    element = {"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details}
    return Response(201, {"data": [element], "info": {}})


def _module(world: World, given: Any) -> Module:
    name = given.get("api_name") if isinstance(given, dict) else None
    if name in _UNSUPPORTED:
        raise RefusedError("MODULE_NOT_SUPPORTED", "the module is not supported", {"api_name": name})
    known = schema(world).get(str(name))
    if known is None or known.refuses("api_supported"):
        raise RefusedError("MODULE_NOT_AVAILABLE", "the module is not available", {"api_name": str(name)})
    return params.readable(world, known.api_name)


def _names(query: Record) -> list[str] | None:
    names = query.get("fields")
    if names is not None and not (isinstance(names, list) and all(isinstance(one, str) for one in names)):
        raise RefusedError("FIELD_NOT_SUPPORTED", "the fields are a list of names", {"api_name": "fields"})
    return names


def _node(world: World, module: Module, query: Record) -> Node | None:
    """What the rows fulfil: the criteria, and those of the view."""
    node = node_of(world, module, query["criteria"]) if query.get("criteria") is not None else None
    if query.get("cvid") is None:
        return node
    try:
        view = views.node(world, module, str(query["cvid"]))
    except RefusedError:
        raise RefusedError("CVID_NOT_SUPPORTED", "the custom view is not supported", {"api_name": "cvid"}) from None
    return Both("and", node, view) if node and view else node or view


def _page(request: Request, query: Record, now: float) -> int:
    """The page asked for, by number or by token."""
    if query.get("page_token") is not None:
        if query.get("page") is not None:
            raise RefusedError("INVALID_REQUEST", "page and page_token exclude each other")
        return _opened(str(query["page_token"]), query, request.caller, now)
    page = query.get("page") or 1
    if not isinstance(page, int) or isinstance(page, bool) or not 1 <= page <= _PAGES:
        raise RefusedError("PAGE_RANGE_EXCEEDED", "the page range is exceeded", {"max_limit": _PAGES})
    return page


def _bound(query: Record, caller: str) -> str:
    kept = {key: value for key, value in query.items() if key not in {"page", "page_token"}}
    return hashlib.sha256(orjson.dumps([kept, caller], option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


def _sealed(job: Record, page: int) -> str:
    token = {"p": page, "x": job["due"] + _KEPT_S, "b": _bound(job["query"], job["caller"])}
    return base64.urlsafe_b64encode(orjson.dumps(token)).decode().rstrip("=")


def _opened(token: str, query: Record, caller: str, now: float) -> int:
    refusal = RefusedError("INVALID_DATA", "invalid data", {"param_name": "page_token"})
    try:
        opened = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        page, expiry, bound = int(opened["p"]), float(opened["x"]), opened["b"]
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise refusal from None
    if expiry <= now:
        raise RefusedError("EXPIRED_VALUE", "The given page_token has expired", {"param_name": "page_token"})
    if bound != _bound(query, caller):
        raise RefusedError("TOKEN_BOUND_DATA_MISMATCH", "The token belongs to another query", refusal.details)
    return page


def run_due(world: World) -> None:
    """Write the results of the jobs whose time has come."""
    run_jobs_due(world, "crm/bulk/reads", _run)


def _run(world: World, job: Record) -> None:
    table, switches = world.store.table("crm/bulk/reads"), world.store.table("sandbox/switches")
    failing = switches.get("crm_bulk_failing") or {"jobs": 0}
    if failing["jobs"]:
        switches.put("crm_bulk_failing", {"jobs": failing["jobs"] - 1})
        table.put(job["id"], {**job, "failed": {"code": "INTERNAL_ERROR", "message": "Internal Server Error"}})
        return
    try:
        module = _module(world, {"api_name": job["module"]})
        chosen = bulk_csv.columns(world, module, _names(job["query"]))
        node = _node(world, module, job["query"])
    except RefusedError as error:
        table.put(job["id"], {**job, "failed": {"code": error.code, "message": error.message}})
        return
    holds: Test | None = None if node is None else test_of(world, module, node)
    records = rows(world, module)
    ids = list(records)
    half = len(ids) // 2
    shuffled = (records[one] for one in [*ids[half:], *ids[:half]])
    per_page = rows_a_job(world)
    found = islice(filter(holds, shuffled) if holds else shuffled, (job["page"] - 1) * per_page, None)
    page = list(islice(found, per_page))
    more = next(found, None) is not None
    content = base64.b64encode(bulk_csv.archive(job["id"], chosen, page)).decode()
    table.put(job["id"], {**job, "count": len(page), "more": more, "per_page": per_page, "content": content})


def rows_a_job(world: World) -> int:
    """How many rows a result holds."""
    return int((world.store.table("sandbox/switches").get("crm_bulk") or {}).get("rows", ROWS))


def status(world: World, request: Request, job_id: str) -> Response:
    """`GET /crm/bulk/v8/read/{id}`."""
    params.only(request)
    job = _job(world, job_id)
    if "failed" in job:
        state = "FAILURE"
    elif "content" in job:
        state = "COMPLETED"
    else:
        passed = (world.clock.now().timestamp() - job["begun"]) / (job["due"] - job["begun"])
        state = ("ADDED", "QUEUED", "IN PROGRESS")[min(2, int(passed * 3))]
    return Response(200, {"data": [_shown(job, state)]})


def _shown(job: Record, state: str) -> Record:
    shown: Record = {
        "id": job["id"],
        "operation": "read",
        "state": state,
        "query": job["query"] | {"module": {"api_name": job["module"], "id": job["module_id"]}, "page": job["page"]},
        "created_by": organisation.writer_reference(),
        "created_time": job["created_time"],
        "file_type": "csv",
    }
    if state == "COMPLETED":
        shown["result"] = {
            "page": job["page"],
            "per_page": job["per_page"],
            "count": job["count"],
            "download_url": f"/crm/bulk/v8/read/{job['id']}/result",
            "more_records": job["more"],
            "next_page_token": _sealed(job, job["page"] + 1) if job["more"] else None,
        }
    if state == "FAILURE":
        shown["result"] = {"error_message": {"status": "error", "details": {}, **job["failed"]}}
    return shown


def _job(world: World, job_id: str) -> Record:
    job = world.store.table("crm/bulk/reads").get(job_id)
    if job is None:
        raise _absent()
    return job


def _absent() -> RefusedError:
    return RefusedError("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.", {"resource": "id"}, 404)


def download(world: World, request: Request, job_id: str) -> Response:
    """`GET /crm/bulk/v8/read/{id}/result`: the archive, for a day, ten a minute."""
    params.only(request)
    job = _job(world, job_id)
    now = world.clock.now().timestamp()
    if "content" not in job or now > job["due"] + _KEPT_S:
        raise _absent()
    downloads = world.store.table("crm/bulk/downloads")
    recent = [at for at in (downloads.get("recent") or {"at": []})["at"] if at > now - _MINUTE_S]
    most = world.limits.crm_bulk_downloads_per_minute
    if most and len(recent) >= most and not request.internal:
        raise RefusedError("TOO_MANY_REQUESTS", "too many requests. please try again after some time", status=429)
    downloads.put("recent", {"at": [*recent, now]})
    headers = {"content-type": "application/zip", "content-disposition": f"attachment; filename={job_id}.zip"}
    return Response(200, base64.b64decode(job["content"]), headers)
