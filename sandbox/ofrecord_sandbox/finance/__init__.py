"""Zoho Inventory v1 and Zoho Books v3 over one store."""

from __future__ import annotations

from ofrecord_sandbox.finance import arranged
from ofrecord_sandbox.finance.custom import add_field, setup_fields
from ofrecord_sandbox.finance.doubts import Doubts, doubts
from ofrecord_sandbox.finance.guard import guard
from ofrecord_sandbox.finance.routes import add_routes, ensure
from ofrecord_sandbox.world import World

__all__ = ["Doubts", "add_field", "doubts", "guard", "register", "setup_fields"]


def register(world: World) -> None:
    """Hang both doors on the router, create the organisation, and stand guard before them."""
    add_routes(world)
    arranged.register(world)
    for root in ("/inventory/", "/books/"):
        world.guards[root] = guard
    ensure(world)
