"""Elements of one record are parts of their own (`record/element`); one that is in the record no more leaves its whole.

Every element is told which others there are now (`_ofrecord.each`); a deleted record and one without elements have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


class Sibling(NamedTuple):
    """A part that went, the whole it was in, and an item that tells so."""

    part: str
    whole: str
    item: Item


def siblings_gone(delivery: Delivery, items: Sequence[Item]) -> list[Sibling]:
    """Parts of these items' records that are among their elements no more."""
    wire = delivery.wire
    tellers = {} if wire.partial else _tellers(items)
    below = delivery.ledger.parts_below(wire.entity, wire.destination, tellers) if tellers else {}
    return [
        Sibling(part, whole, tellers[record])
        for record, parts in below.items()
        for part, whole in parts
        if part not in tellers[record].note["each"] and part != tellers[record].source_id
    ]


def forget_waiting_siblings(delivery: Delivery, items: Sequence[Item]) -> None:
    """What is held of an element that is gone waits for nothing any more."""
    wire = delivery.wire
    tellers = {} if wire.partial or delivery.dry else _tellers(items)
    gone = [
        one
        for one in sorted(delivery.known_held)
        if (teller := tellers.get(one.partition("/")[0])) and "/" in one and one not in teller.note["each"]
    ]
    if gone:
        with delivery.ledger.writing(delivery.now()) as ledger:
            ledger.release(wire.entity, wire.source, wire.destination, gone)
        delivery.known_held.difference_update(gone)


def _tellers(items: Sequence[Item]) -> dict[str, Item]:
    return {item.source_id.partition("/")[0]: item for item in items if item.note.get("each") is not None}
