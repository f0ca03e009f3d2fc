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
BULK_WRITE = "/crm/bulk/v8/write"
_DAY_S = 86_400
_MERGE = 50
_BULK_WRITE = 500
_LIMIT = re.compile(rb"(?i)\blimit\s+(\d+)(?:\s*,\s*(\d+))?")
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
    if request.path.startswith(BULK_WRITE):
        return ["ZohoCRM.bulk.CREATE"]
    first, *rest = request.path.removeprefix(PREFIX).split("/")
    operation = _OPERATIONS.get(request.method, "READ")
    if first == "settings":
        if rest[:1] == ["recycle_bin"] and request.method == "POST":
            operation = "UPDATE"
        return [f"ZohoCRM.settings.{rest[0] if rest else 'ALL'}.{operation}"]
    if first in {"org", "users"}:
        return [f"ZohoCRM.{first}.{operation}"]
    if first == "upload":
        return ["ZohoFiles.files.ALL"]
    if rest[1:] == ["actions", "merge"]:
        operation = "READ" if request.method == "GET" else "UPDATE"
    if first == "coql":
        return ["ZohoCRM.coql.READ"]
    module = f"ZohoCRM.modules.{first.lower().replace('_', '')}"
    if rest and rest[-1] == "upsert":
        return [f"{module}.CREATE", f"{module}.UPDATE"]
    return [f"{module}.{operation}"]


def _limited(world: World, request: Request) -> Response | None:
    throttled = RefusedError(
        "TOO_MANY_REQUESTS", "too many requests. please try again after some time", status=429
    ).response()
    concurrent = world.limits.crm_concurrent
    if concurrent and world.in_flight.get("crm", 0) > concurrent:
        return throttled
    allowed = world.limits.crm_credits_per_day
    if not allowed:
        return None
    now = world.clock.now().timestamp()
    calls = world.crm_calls
    while calls and calls[0][0] <= now - _DAY_S:
        calls.popleft()
    cost = _credits(request)
    if credits_used(world) + cost > allowed:
        return throttled
    calls.append((now, cost))
    return None


def credits_used(world: World) -> int:
    """Credits of the last 24 hours."""
    return sum(cost for _, cost in world.crm_calls)


def add_credit_header(world: World, response: Response) -> Response:
    """`X-API-CREDITS-REMAINING`, which appears only after half of the credits are used."""
    allowed = world.limits.crm_credits_per_day
    if allowed and (used := credits_used(world)) * 2 > allowed:
        response.headers["X-API-CREDITS-REMAINING"] = str(allowed - used)
    return response


def _credits(request: Request) -> int:
    if request.method == "POST" and request.path.endswith("/actions/merge"):
        return _MERGE
    if request.method == "POST" and request.path == BULK_WRITE:
        return _BULK_WRITE
    if request.path == COQL:
        return _coql(request.body)
    if request.method in {"POST", "PUT"} and request.body:
        try:
            records = request.json().get("data", [])
        except (orjson.JSONDecodeError, AttributeError):
            return 1
        return max(1, math.ceil(len(records) / 10)) if isinstance(records, list) else 1
    if request.method == "GET" and "cvid" in request.query:
        return 3
    return 1


def _coql(body: bytes) -> int:
    """By the number of rows asked for."""
    asked = _LIMIT.findall(body)
    rows = int(asked[-1][1] or asked[-1][0]) if asked else 0
    return next((cost for most, cost in ((200, 1), (1000, 2)) if rows <= most), 3)
