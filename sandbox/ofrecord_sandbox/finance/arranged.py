"""What the control API arranges in the finance store. See README.md."""

from __future__ import annotations

import gc

from ofrecord_sandbox.arranging import ROOT, body, told_plainly
from ofrecord_sandbox.finance import planting
from ofrecord_sandbox.finance.answers import RefusedError
from ofrecord_sandbox.finance.routes import ensure
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def register(world: World) -> None:
    """Hang these calls on the router."""
    world.router.add("POST", f"{ROOT}finance/plant", told_plainly(_plant))


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
