"""Misfortunes on request: what a fault may do, which request it meets, and what the caller then sees."""

from __future__ import annotations

import re
from typing import Any

from ofrecord_sandbox import oauth
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import Fault, World

KINDS = ("status", "drop_before", "drop_after_commit", "code_in_200", "truncate", "delay", "revoke_token")
_KEYS = {"match", "nth", "times", "do", "status", "body", "after_commit", "delay_s"}


def fault_from(given: Any) -> Fault:
    """A fault from its JSON form; raises ValueError with a sentence for the person who wrote it.

    Example: `{"match": {"method": "POST", "path": "/crm/v8/Products"}, "nth": 3, "do": "drop_after_commit"}`.
    """
    if not isinstance(given, dict):
        msg = "a fault is an object"
        raise ValueError(msg)  # noqa: TRY004 - one error type for everything written wrongly
    match = given.get("match", {})
    unknown = sorted(set(given) - _KEYS) + sorted(set(match) - {"method", "path"})
    if unknown:
        msg = f"unknown key {unknown[0]!r} in a fault; known: {', '.join(sorted(_KEYS))}; in match: method, path"
        raise ValueError(msg)
    if given.get("do") not in KINDS:
        msg = f"a fault's 'do' is one of {', '.join(KINDS)}, not {given.get('do')!r}"
        raise ValueError(msg)
    return Fault(
        do=given["do"],
        method=str(match.get("method", "")).upper(),
        path=str(match.get("path", "")),
        nth=int(given.get("nth", 1)),
        times=int(given.get("times", 1)),
        status=int(given.get("status", 500)),
        body=given.get("body"),
        after_commit=bool(given.get("after_commit", False)),
        delay_s=float(given.get("delay_s", 0.0)),
    )


def due(world: World, request: Request) -> list[Fault]:
    """The faults this request meets; counts it for each fault it matches."""
    found = []
    for fault in world.faults:
        if not _matches(fault, request):
            continue
        fault.seen += 1
        if fault.seen >= fault.nth and (fault.times == 0 or fault.seen < fault.nth + fault.times):
            found.append(fault)
    return found


def before(world: World, request: Request, fault: Fault) -> Response | None:
    """The answer given without doing anything, or None when the request goes on."""
    if fault.do == "drop_before":
        return Response(0, drop=True)
    if fault.do == "revoke_token":
        oauth.revoke_access_tokens(world, request.headers.get("authorization", "").partition(" ")[2].strip())
    if fault.do in {"status", "code_in_200"} and not fault.after_commit:
        return _spoken(request, fault)
    return None


def after(request: Request, fault: Fault, response: Response) -> Response:
    """What becomes of an answer whose work is done and stored."""
    if fault.do == "drop_after_commit":
        return Response(0, drop=True)
    if fault.do in {"status", "code_in_200"} and fault.after_commit:
        return _spoken(request, fault)
    if fault.do == "truncate":
        whole = response.encoded()
        return Response(response.status, whole[: len(whole) // 2], {"content-type": "application/json"})
    if fault.do == "delay":
        response.delay_s += fault.delay_s
    return response


def _matches(fault: Fault, request: Request) -> bool:
    if fault.method and fault.method != request.method:
        return False
    if fault.path.startswith("^"):
        return re.search(fault.path, request.path) is not None
    return request.path.startswith(fault.path)


def _spoken(request: Request, fault: Fault) -> Response:
    status = 200 if fault.do == "code_in_200" else fault.status
    body = fault.body if fault.body is not None else _vendor_body(request.path, status)
    return Response(status, body)


def _vendor_body(path: str, status: int) -> dict[str, Any]:
    """The vendor's own words for a status nobody wrote a body for."""
    if path.startswith("/crm/"):
        code, message = {
            401: ("INVALID_TOKEN", "invalid oauth token"),
            429: ("TOO_MANY_REQUESTS", "too many requests. please try again after some time"),
        }.get(status, ("INTERNAL_ERROR", "Internal Server Error"))
        return {"code": code, "details": {}, "message": message, "status": "error"}
    if path.startswith("/oauth/"):
        return dict(oauth.THROTTLED)
    code_number, words = {
        200: (1000, "Internal Error"),
        401: (57, "You are not authorized to perform this operation"),
        429: (
            44,
            (
                "For security reasons you have been blocked for some time as you have exceeded the maximum number of "
                "requests per minute that can be originated from one account."
            ),
        ),
    }.get(status, (1000, "Internal Error"))
    return {"code": code_number, "message": words}
