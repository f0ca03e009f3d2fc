"""Two records of the source were merged into one: the loser comes as deleted, and its counterpart belongs to the winner.

A merge is told by nobody. It is seen where a record is deleted while a live one carries, in its own external-id field, the
id of the deleted one's counterpart; the winner comes in the same run, because a merge changes it. Then the link moves, and
nothing is switched off. What was the winner's counterpart before is a double now, and whether to retire it is asked.

UNVERIFIED: that the CRM's merge moves the winner's `Modified_Time`, and whether a loser's external id is kept when the
winner has none (Zoho CRM v8 docs, Merge Records, say neither). Where the winner keeps its own id, the loser's deletion
cannot be told from any other, and the rules' `deleted` is what happens: its counterpart is then the double.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.ledger import Event, Held, Writing
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

MERGED = "MERGED"
"""Code of the question what becomes of the winner's former counterpart."""


def note_claims(delivery: Delivery, items: Sequence[Item]) -> None:
    """Remember live records that carry the id of another one's counterpart; there are few."""
    wire = delivery.wire
    odd = {
        str(item.note["stamped"]): item
        for item in items
        if item.note.get("stamped") not in (None, "", item.destination_id) and not item.note.get("deleted")
    }
    if not odd or wire.partial:
        return
    owners = delivery.ledger.links_of(wire.entity, wire.destination, wire.source, odd)
    for there, item in odd.items():
        if there in owners and owners[there].destination_id != item.source_id:
            delivery.claims[there] = item


def record_merge(delivery: Delivery, ledger: Writing, item: Item) -> None:
    """The link of a deleted record goes over to the one it was merged into, which is sent again with it."""
    wire, winner = delivery.wire, delivery.claims.pop(str(item.destination_id))
    if item.link is None:
        return
    link, ids = item.link.link, {wire.source: item.source_id, wire.destination: str(item.destination_id)}
    former = delivery.ledger.links_of(wire.entity, wire.source, wire.destination, [winner.source_id])
    why = f"merged into {wire.source} {winner.source_id}"
    ledger.event(Event("merged", wire.entity, link, ids, None, wire.source, item.source_id, winner.source_id, why=why))
    ledger.unlink(link, wire.source, why=why)
    if winner.source_id in former:
        ledger.unlink(former[winner.source_id].link, wire.source, why=why)
        ledger.hold(_question(delivery, item, winner, former[winner.source_id].destination_id))
    ledger.record_link(wire.entity, {wire.source: winner.source_id}, link)
    if wire.external_id:
        ledger.owe(
            wire.entity, wire.destination, link, "_stamp", f"stamp:{wire.source}", object_=wire.object, property_=wire.external_id
        )  # fmt: skip
    message = f"it is the counterpart of {wire.destination} {item.destination_id} now, and is sent again"
    again = Held(
        wire.entity, wire.source, wire.destination, winner.source_id, "reference", message,
        label=winner.note.get("label"), payload=winner.record, state="waiting",
    )  # fmt: skip
    ledger.hold(again, wait_s=0)
    delivery.known_held.add(winner.source_id)


def _question(delivery: Delivery, item: Item, winner: Item, double: str) -> Held:
    wire = delivery.wire
    message = (
        f"{wire.source} {item.source_id} was merged into {winner.source_id}, so {wire.destination} {item.destination_id} and "
        f"{double} are one {wire.entity} now; {item.destination_id} goes on"
    )
    fix = f"Move what hangs on {wire.destination} {double} to {item.destination_id} and retire it there, then `drop` this."
    return Held(
        wire.entity, wire.source, wire.destination, item.source_id, "duplicate", message, MERGED,
        label=item.note.get("label") or winner.note.get("label"), fix=fix,
    )  # fmt: skip
