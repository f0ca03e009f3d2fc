"""Zoho Inventory v1 and Zoho Books v3: two doors to one organisation's store.

`register` hangs the routes and the guard on a world. Records live in tables `finance/<collection>`; behaviour that no
document settles is switched in `doubts`.
"""

from __future__ import annotations

from ofrecord_sandbox.finance.custom import setup_fields
from ofrecord_sandbox.finance.doubts import Doubts, doubts
from ofrecord_sandbox.finance.guard import guard
from ofrecord_sandbox.finance.routes import add_routes, ensure
from ofrecord_sandbox.world import World

__all__ = ["Doubts", "doubts", "guard", "install", "register", "setup_fields"]


def register(world: World) -> None:
    """Serve `/inventory/v1` and `/books/v3`, and create organisation 700001 with the shipped rules' custom fields."""
    add_routes(world)
    world.guards["/inventory/"] = guard
    world.guards["/books/"] = guard
    ensure(world)


def install(world: World) -> None:
    """Create the organisation and its custom fields in an empty store."""
    ensure(world)
