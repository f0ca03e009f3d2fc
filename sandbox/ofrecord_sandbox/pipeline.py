"""The way of one request: faults, the vendor's guard (token, scopes, limits), its handler, commit, journal."""

from __future__ import annotations

from ofrecord_sandbox import faults, oauth
from ofrecord_sandbox.crm.guard import HEAVY, is_heavy
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import JournalEntry, World, seconds_now

CONTROL = "/_sandbox/"
_SYSTEMS = {"crm": "crm", "inventory": "inventory", "books": "books", "oauth": "oauth"}


def system_of(path: str) -> str:
    """The vendor a path belongs to: crm, inventory, books, oauth, or "" for none of them."""
    return _SYSTEMS.get(path.split("/", 2)[1] if path.startswith("/") else "", "")


def slots(request: Request) -> list[str]:
    """What a request takes up while it is answered: its system, and a place among the heavy calls of the CRM."""
    system = system_of(request.path)
    return [system, HEAVY] if system == "crm" and is_heavy(request) else [system]


def handle(world: World, request: Request) -> Response:
    """Answer one request from outside. A refused request changes nothing; every other one is stored before it is answered."""
    if request.path.startswith(CONTROL):
        return _routed(world, request)
    started = seconds_now()
    met = faults.due(world, request)
    refusals = [refusal for fault in met if (refusal := faults.before(world, request, fault)) is not None]
    response = refusals[0] if refusals else None
    if response is None:
        response = _guarded(world, request)
        for fault in met:
            response = faults.after(request, fault, response)
    response.delay_s += world.latency_s
    world.journal.append(
        JournalEntry(
            at=world.clock.now().isoformat(),
            system=system_of(request.path),
            method=request.method,
            path=request.path,
            status=response.status,
            seconds=seconds_now() - started,
            credits=request.credits,
        )
    )
    return response


def _guarded(world: World, request: Request) -> Response:
    for prefix, guard in world.guards.items():
        if request.path.startswith(prefix):
            refusal = guard(world, request)
            if refusal is not None:
                world.store.commit()
                return refusal
            return _routed(world, request)
    if system_of(request.path) in {"inventory", "books"} and oauth.check(world, request) is None:
        return Response(401, {"code": 57, "message": "You are not authorized to perform this operation"})
    return _routed(world, request)


def _routed(world: World, request: Request) -> Response:
    handler, values, known = world.router.find(request.method, request.path)
    if handler is None:
        return _unknown(request, known)
    response = handler(world, request, **values)
    world.store.commit()
    return response


def _unknown(request: Request, known: bool) -> Response:
    """Paths nobody serves, in the words of the vendor they were meant for."""
    system = system_of(request.path)
    if system == "crm":
        if known:
            body = {"code": "INVALID_REQUEST_METHOD", "message": "The http request method type is not a valid one"}
            return Response(400, {**body, "details": {}, "status": "error"})
        body = {"code": "INVALID_URL_PATTERN", "message": "Please check if the URL trying to access is a correct one"}
        return Response(404, {**body, "details": {}, "status": "error"})
    if system in {"inventory", "books"}:
        return Response(404, {"code": 5, "message": "Invalid URL Passed"})
    return Response(404, {"error": f"the sandbox has no {request.method} {request.path}"})
