"""What the control API arranges in the finance store. See README.md."""

from __future__ import annotations

import gc
from dataclasses import asdict

from ofrecord_sandbox.arranging import ROOT, body, told_plainly
from ofrecord_sandbox.finance import mails, money, planting
from ofrecord_sandbox.finance.answers import RefusedError
from ofrecord_sandbox.finance.doubts import Doubts, doubts
from ofrecord_sandbox.finance.routes import ensure
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def register(world: World) -> None:
    """Hang these calls on the router."""
    paths = (
        ("POST", "plant", _plant),
        ("GET", "doubts", _doubts),
        ("POST", "doubts", _set_doubts),
        ("GET", "mails", _mails),
        ("POST", "payments", _end_payment),
    )
    for method, path, handler in paths:
        world.router.add(method, f"{ROOT}finance/{path}", told_plainly(handler))


def _plant(world: World, request: Request) -> Response:
    """`{"collection", "count", "seconds": 1, "answers": true}`: made-up records, and what is true of them."""
    given = body(request, "collection", "count", "seconds", "answers")
    ensure(world)
    try:
        planted = planting.plant(world, given["collection"], int(given["count"]), int(given.get("seconds", 1)))
    except RefusedError as refusal:
        raise ValueError(str(refusal)) from refusal
    gc.freeze()  # they live as long as the process: the collector need not look at them again and again
    ids = [key for keys in planted.values() for key in keys]
    told = {"collection": given["collection"], "count": len(ids), "first": ids[0] if ids else None,
            "last": ids[-1] if ids else None}  # fmt: skip
    if given.get("answers"):
        told["answers"] = planting.answers(world, planted)
    return Response(200, told)


def _end_payment(world: World, request: Request) -> Response:
    """`{"payment_id", "status": "failure"|"success"}`: what the bank says of a payment later."""
    given = body(request, "payment_id", "status")
    if given["status"] not in {"failure", "success"}:
        msg = "status is failure or success"
        raise ValueError(msg)
    try:
        money.end_payment(world, given["payment_id"], given["status"])
    except RefusedError as refusal:
        raise ValueError(str(refusal)) from refusal
    return Response(200, given)


def _mails(world: World, _request: Request) -> Response:
    """Mail that would have been sent, oldest first."""
    return Response(200, {"mails": mails.sent(world)})


def _doubts(_world: World, _request: Request) -> Response:
    return Response(200, asdict(doubts))


def _set_doubts(world: World, request: Request) -> Response:
    """`{"name": value, …}`; `{"all": "default"}` is as at the start."""
    first = Doubts()
    given = body(request, "all", *asdict(first))
    if given.pop("all", None) == "default":
        given = asdict(first) | given
    for name, value in given.items():
        kind = type(getattr(first, name))
        if type(value) is not kind:
            msg = f"{name!r} cannot be {value!r}; it is of the type {kind.__name__}"
            raise ValueError(msg)
    for name, value in given.items():
        setattr(doubts, name, value)
    return _doubts(world, request)
