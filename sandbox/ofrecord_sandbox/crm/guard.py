"""What stands before every CRM call: access token, scope, concurrency, credits.

Source: Zoho CRM v8 docs, "Scopes", "API Limits". The credit cost of a delete is UNVERIFIED.
"""

from __future__ import annotations

import math
import re

import orjson

from ofrecord_sandbox import oauth
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

PREFIX = "/crm/v8/"
COQL = PREFIX + "coql"
BULK_READ = "/crm/bulk/v8/read"
BULK_WRITE = "/crm/bulk/v8/write"
_DAY_S = 86_400
_MERGE = 50
_COUNT = 50
_FEW = 10
"""Records a write may bring for one credit, and without being heavy."""
_JOBS = {BULK_READ: 50, BULK_WRITE: 500}
_SETTINGS = PREFIX + "settings/"
HEAVY = "crm heavy"
"""Name of the slots of heavy calls."""
_LIMIT = re.compile(rb"(?i)\blimit\s+(\d+)(?:\s*,\s*(\d+))?")
_FROM = re.compile(rb"(?i)\bfrom\s+(\w+)")
_MODULE = re.compile(rb'"module"\s*:\s*\{\s*"api_name"\s*:\s*"(\w+)"')
_OPERATIONS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE", "PATCH": "UPDATE"}


def guard(world: World, request: Request) -> Response | None:
    """None when the call may go on; otherwise the vendor's refusal."""
    caller = oauth.check(world, request)
    if caller is None:
        if "authorization" in request.headers:
            return RefusedError("INVALID_TOKEN", "invalid oauth token", status=401).response()
        return RefusedError("AUTHENTICATION_FAILURE", "Authentication failed", status=401).response()
    if not all(caller.may(scope) for scope in _scopes(request)):
        return RefusedError("OAUTH_SCOPE_MISMATCH", "Unauthorized", status=401).response()
    return _limited(world, request)


def _scopes(request: Request) -> list[str]:
    for path, scope in (
        (BULK_READ, "ZohoCRM.bulk.READ"),
        (BULK_WRITE, "ZohoCRM.bulk.CREATE"),
        (COQL, "ZohoCRM.coql.READ"),
    ):
        if request.path.startswith(path):
            return [scope, *(f"ZohoCRM.modules.{name}.READ" for name in _named(request))]
    first, *rest = request.path.removeprefix(PREFIX).split("/")
    operation = _OPERATIONS.get(request.method, "READ")
    if first == "settings":
        if rest[:1] == ["recycle_bin"] and request.method == "POST":
            operation = "UPDATE"
        return [f"ZohoCRM.settings.{rest[0] if rest else 'ALL'}.{operation}"]
    if first in {"org", "users"}:
        return [
            f"ZohoCRM.settings.currencies.{operation}" if rest[:1] == ["currencies"] else f"ZohoCRM.{first}.{operation}"
        ]
    if first == "upload":
        return ["ZohoFiles.files.ALL"]
    return _module_scopes(first, rest, operation, request.method)


def _named(request: Request) -> list[str]:
    """The module a query or a bulk read names; to read it takes its own scope, too."""
    if request.path not in {COQL, BULK_READ}:
        return []
    found = (_FROM if request.path == COQL else _MODULE).search(request.body)
    return [found[1].decode().lower().replace("_", "")] if found else []


def _module_scopes(first: str, rest: list[str], operation: str, method: str) -> list[str]:
    module = f"ZohoCRM.modules.{first.lower().replace('_', '')}"
    if rest == ["actions", "count"]:
        return [f"{module}.READ", "ZohoSearch.securesearch.READ"]
    if rest[1:] == ["actions", "merge"]:
        operation = "READ" if method == "GET" else "UPDATE"
    if rest and rest[-1] == "upsert":
        return [f"{module}.CREATE", f"{module}.UPDATE"]
    return [f"{module}.{operation}"]


def _limited(world: World, request: Request) -> Response | None:
    throttled = RefusedError(
        "TOO_MANY_REQUESTS", "too many requests. please try again after some time", status=429
    ).response()
    limits, busy = world.limits, world.in_flight
    if limits.crm_concurrent and busy.get("crm", 0) > limits.crm_concurrent:
        return throttled
    if limits.crm_heavy_concurrent and is_heavy(request) and busy.get(HEAVY, 0) > limits.crm_heavy_concurrent:
        return throttled
    cost = _credits(request)
    allowed = limits.crm_credits_per_day
    if allowed and credits_used(world) + cost > allowed:
        return throttled
    request.credits = cost
    if allowed:
        world.crm_calls.append((world.clock.now().timestamp(), cost))
        world.crm_used += cost
    return None


def credits_used(world: World) -> int:
    """Credits of the last 24 hours."""
    begin, calls = world.clock.now().timestamp() - _DAY_S, world.crm_calls
    while calls and calls[0][0] <= begin:
        world.crm_used -= calls.popleft()[1]
    if not calls:
        world.crm_used = 0
    return world.crm_used


def add_credit_header(world: World, response: Response) -> Response:
    """`X-API-CREDITS-REMAINING`, which appears only after half of the credits are used."""
    allowed = world.limits.crm_credits_per_day
    if allowed and (used := credits_used(world)) * 2 > allowed:
        response.headers["X-API-CREDITS-REMAINING"] = str(allowed - used)
    return response


def is_heavy(request: Request) -> bool:
    """Whether a call counts among those of which only ten may run at once."""
    if request.path == COQL:
        return True
    if request.method == "GET":
        return "cvid" in request.query or "sort_by" in request.query
    return request.method in {"POST", "PUT"} and _written(request) > _FEW


def _written(request: Request) -> int:
    """How many records a call brings."""
    if request.records is None:
        request.records = _counted(request.body)
    return request.records


def _counted(body: bytes) -> int:
    if b'"data"' not in body:
        return 0
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        return 0
    records = given.get("data") if isinstance(given, dict) else None
    return len(records) if isinstance(records, list) else 0


def _credits(request: Request) -> int:
    path = request.path
    if request.method == "POST" and path.endswith("/actions/merge"):
        return _MERGE
    if request.method == "POST" and path in _JOBS:
        return _JOBS[path]
    if path == COQL:
        return _coql(request.body)
    if request.method in {"POST", "PUT"}:
        return max(1, math.ceil(_written(request) / _FEW))
    if request.method == "GET" and path.endswith("/actions/count") and not path.startswith(_SETTINGS):
        return _COUNT
    return 3 if request.method == "GET" and "cvid" in request.query else 1


def _coql(body: bytes) -> int:
    """By the number of rows asked for."""
    asked = _LIMIT.findall(body)
    rows = int(asked[-1][1] or asked[-1][0]) if asked else 0
    return next((cost for most, cost in ((200, 1), (1000, 2)) if rows <= most), 3)
