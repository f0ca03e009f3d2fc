"""Records that were linked once, by what they carry, and whose counterpart is gone while no link is left of it.

The ledger may be lost, and with it the knowledge of a deletion. But a record that carries an id of the destination in its own
external-id field was linked: when nothing there has that id any more, somebody deleted it, and it is not made anew unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.ledger import Writing
from ofrecord_kit.plan.answers import GONE, Answer, read_answer
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def set_the_lost_aside(delivery: Delivery, items: Sequence[Item]) -> None:
    """Ask about records that are to be created and carry the id of one that is gone.

    One that the ledger knows without a counterpart was taken out of its link by a person, and is new again.
    """
    wire = delivery.wire
    stamped = [item for item in items if item.note.get("stamped") not in (None, "") and not item.anew]
    known = delivery.ledger.linked(wire.entity, wire.source, [item.source_id for item in stamped]) if stamped else {}
    for item in stamped:
        if item.source_id not in known:
            there = f"{wire.destination} {item.note['stamped']}"
            message = f"it carries the id of the {wire.object} record {there}, which does not exist any more; it is not made again by itself"
            delivery.set_aside(item, "refused", message, code=GONE)


def hear_of_the_lost(delivery: Delivery, item: Item, answer: Answer) -> None:
    """What a person said about such a record."""
    match answer:
        case Answer("create") if delivery.wire.create:
            item.anew = True
        case Answer("unlink"):
            item.outcome, item.reason = "filtered", "no counterpart any more, as a person decided"


def record_letting_go(delivery: Delivery, ledger: Writing, item: Item) -> None:
    """Remember that a person let go of its counterpart, so that the id it carries asks no second time."""
    answers = (read_answer(row.answer or "") for row in item.answers if row.code == GONE)
    if item.link is None and item.lost is None and Answer("unlink") in answers:
        ledger.record_link(delivery.wire.entity, {delivery.wire.source: item.source_id})
