"""Documents that are created once: compared when they are made, then confirmed, then left to live their own life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.plan import same
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

THEN = "_then"
"""Pseudo-field: the status actions of a document created once have been taken."""


def finish_once(delivery: Delivery, items: Sequence[Item]) -> None:
    """Compare the amount of a document that was created, then take its actions; only once."""
    wire = delivery.wire
    for item in items:
        ready = item.outcome in {"written", "unchanged"}
        if not wire.once or not wire.then or item.then_done or delivery.dry or not ready:
            continue
        if wire.check and not _agrees(delivery, item, wire.check):
            continue
        taken = [delivery.act(item, action) for action in wire.then]
        item.then_done = item.then_now = None not in taken
        if item.then_done and item.outcome == "unchanged" and any(done and done.changed for done in taken):
            item.outcome = "written"


def _agrees(delivery: Delivery, item: Item, field: str) -> bool:
    wire = delivery.wire
    wanted = next(iter((item.note.get("check") or {}).values()), None)
    found = delivery.destination.read_for_check(wire.object, str(item.destination_id), field)
    if wanted is None or same(wanted, found, "money"):
        return True
    message = f"{field} is {found} at {wire.destination} and {wanted} at {wire.source}; left as it is"
    delivery.set_aside(item, "check", message, code="CHECK")
    return False
