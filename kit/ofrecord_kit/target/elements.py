"""Elements of one record that are records of their own there (`record/element`): what becomes of one that its record has no more.

It is taken for deleted, and waits in the ledger for that until the end of the run, so that nobody forgets it who is killed before.
One that comes back is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Held
from ofrecord_kit.plan import Agreed
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.leaving import DELETED

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

NO_MORE = "it is in its record no more"
_ANSWERED = "delete"


def keep_elements_that_went(delivery: Delivery, items: Sequence[Item]) -> None:
    """Of records that tell which elements they have: linked ones they no longer have are to be taken away.

    What was held of an element that is gone and was never linked, or of the record when it had none, is over.
    """
    wire, ledger = delivery.wire, delivery.ledger
    tellers = {item.source_id.partition("/")[0]: item for item in items if item.note.get("each") is not None}
    if not tellers or wire.partial or delivery.dry or delivery.rebuild:
        return
    linked = ledger.links_below(wire.entity, wire.source, tellers)
    went = [one for one in linked if one not in _of(tellers, one).note["each"]]
    done = ledger.agreed_of([linked[one] for one in went], wire.source, wire.destination)
    new = [one for one in went if done.get(linked[one], {}).get(DELETED, Agreed()).source != _ANSWERED]
    over = [
        one
        for one in sorted(delivery.known_held)
        if one.partition("/")[0] in tellers and one not in linked and one not in _of(tellers, one).note["each"]
    ]
    if not new and not over:
        return
    with ledger.writing(delivery.now()) as writing:
        for one in new:
            writing.hold(_gone(delivery, _of(tellers, one), one), wait_s=0)
        writing.release(wire.entity, wire.source, wire.destination, over)
    delivery.known_held.update(new)
    delivery.known_held.difference_update(over)


def make_again(item: Item) -> bool:
    """An element that was taken away, and its counterpart with it, is there again: it gets a new one."""
    if item.note.get("each") is None or item.note.get("deleted"):
        return False
    noted = item.agreed.get(DELETED, Agreed())
    if noted.source != _ANSWERED:
        return False
    item.lost, item.link, item.destination_id = item.link, None, None
    item.agreed = {DELETED: noted}
    return True


def _of(tellers: Mapping[str, Item], element: str) -> Item:
    return tellers[element.partition("/")[0]]


def _gone(delivery: Delivery, teller: Item, element: str) -> Held:
    wire = delivery.wire
    note: dict[str, Any] = {
        **{key: teller.note.get(key) for key in ("modified", "editor")},
        "id": element,
        "deleted": True,
    }
    return Held(
        wire.entity,
        wire.source,
        wire.destination,
        element,
        "reference",
        NO_MORE,
        payload={"_ofrecord": note},
        state="waiting",
    )
