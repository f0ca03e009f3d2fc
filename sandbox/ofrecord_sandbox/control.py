"""The control API under `/_sandbox/`: what tests and demos arrange behind the vendors' backs. Documented in README.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta

import orjson

from ofrecord_sandbox import faults, oauth
from ofrecord_sandbox.arranging import ROOT, told_plainly
from ofrecord_sandbox.arranging import body as body_of
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import Limits, World


def register(world: World) -> None:
    """Hang the control paths on the router."""
    paths: list[tuple[str, str, Callable[..., Response]]] = [
        ("GET", "health", _health),
        ("POST", "reset", _reset),
        ("POST", "snapshot/{name}", _snapshot),
        ("POST", "restore/{name}", _restore),
        ("GET", "clock", _clock),
        ("POST", "clock", _set_clock),
        ("GET", "limits", _limits),
        ("POST", "limits", _set_limits),
        ("POST", "latency", _set_latency),
        ("GET", "faults", _faults),
        ("POST", "faults", _add_faults),
        ("DELETE", "faults", _clear_faults),
        ("GET", "journal", _journal),
        ("DELETE", "journal", _clear_journal),
        ("GET", "automation", _automation),
        ("POST", "tokens", _add_token),
        ("POST", "tokens/revoke", _revoke_tokens),
        ("POST", "oauth", _set_oauth),
    ]
    for method, path, handler in paths:
        world.router.add(method, ROOT + path, told_plainly(handler))


def _health(world: World, _request: Request) -> Response:
    return Response(200, {"status": "ready", "seed": world.seed, "now": world.clock.now().isoformat()})


def _reset(world: World, _request: Request) -> Response:
    """Back to the seed; faults, journal, latency and clock as at the start. Limits and snapshots stay."""
    world.faults.clear()
    world.journal.clear()
    world.latency_s = 0.0
    world.clock.run()
    if world.reseed is not None:
        world.reseed(world)
    return Response(200, {"status": "reset", "seed": world.seed})


def _snapshot(world: World, _request: Request, name: str) -> Response:
    world.store.snapshot(name)
    return Response(200, {"status": "kept", "name": name})


def _restore(world: World, _request: Request, name: str) -> Response:
    try:
        world.store.restore(name)
    except KeyError:
        return Response(404, {"error": f"there is no snapshot {name!r}"})
    world.cache.clear()
    return Response(200, {"status": "restored", "name": name})


def _clock(world: World, _request: Request) -> Response:
    return Response(200, {"now": world.clock.now().isoformat()})


def _set_clock(world: World, request: Request) -> Response:
    body = body_of(request, "freeze", "move_s", "run")
    if "freeze" in body:
        at = datetime.fromisoformat(body["freeze"])
        world.clock.freeze(at if at.tzinfo else at.replace(tzinfo=UTC))
    if body.get("run"):
        world.clock.run()
    if "move_s" in body:
        world.clock.move(timedelta(seconds=body["move_s"]))
    return _clock(world, request)


def _limits(world: World, _request: Request) -> Response:
    return Response(200, asdict(world.limits))


def _set_limits(world: World, request: Request) -> Response:
    """`{"all": "vendor"|"off"}` and single numbers, 0 switching a limit off."""
    names = [limit.name for limit in fields(Limits)]
    body = body_of(request, "all", *names)
    chosen = body.pop("all", None)
    if chosen == "vendor":
        world.limits = Limits()
    elif chosen == "off":
        world.limits = Limits.off()
    for name, value in body.items():
        setattr(world.limits, name, int(value))
    return _limits(world, request)


def _set_latency(world: World, request: Request) -> Response:
    world.latency_s = float(body_of(request, "seconds").get("seconds", 0))
    return Response(200, {"seconds": world.latency_s})


def _faults(world: World, _request: Request) -> Response:
    return Response(200, {"faults": [asdict(fault) for fault in world.faults]})


def _add_faults(world: World, request: Request) -> Response:
    given = orjson.loads(request.body)
    wanted = [faults.fault_from(one) for one in (given if isinstance(given, list) else [given])]
    world.faults.extend(wanted)
    return Response(200, {"faults": len(world.faults)})


def _clear_faults(world: World, _request: Request) -> Response:
    world.faults.clear()
    return Response(200, {"faults": 0})


def _journal(world: World, request: Request) -> Response:
    """Entries from number `since` on, and counts by system of those entries."""
    since = int(request.query.get("since", "0"))
    entries = world.journal[since:]
    counts = Counter(entry.system for entry in entries)
    return Response(
        200, {"entries": [asdict(entry) for entry in entries], "counts": counts, "next": len(world.journal)}
    )


def _clear_journal(world: World, _request: Request) -> Response:
    world.journal.clear()
    return Response(200, {"entries": 0})


def _automation(world: World, _request: Request) -> Response:
    """What workflows and their kin would have run on: module, record, event, features."""
    return Response(200, {"fired": list(world.store.table("crm/automation"))})


def _add_token(world: World, request: Request) -> Response:
    """Register a refresh token with narrower scopes, or of another data centre (`domain`)."""
    body = body_of(request, "refresh_token", "scopes", "domain")
    scopes = body.get("scopes", list(oauth.ALL_SCOPES))
    oauth.add_refresh_token(world, body["refresh_token"], scopes, body.get("domain", ""))
    return Response(200, {"refresh_token": body["refresh_token"], "scopes": scopes})


def _revoke_tokens(world: World, request: Request) -> Response:
    """All access tokens, or the refresh token named (its access tokens die with it)."""
    body = body_of(request, "refresh_token")
    if "refresh_token" in body:
        gone = world.store.table("oauth/refresh").remove(body["refresh_token"])
        return Response(200, {"revoked": int(gone is not None)})
    return Response(200, {"revoked": oauth.revoke_access_tokens(world)})


def _set_oauth(world: World, request: Request) -> Response:
    """`{"error_status": 200|400, "tell_scope": bool}`: how the accounts server answers; what is not given is as at the start."""
    return Response(200, oauth.set_switches(world, body_of(request, "error_status", "tell_scope")))
