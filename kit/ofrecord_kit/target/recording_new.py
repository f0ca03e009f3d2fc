"""After the vendor's answers, the short way: records that were created and about which there is nothing else to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Created, Writing
from ofrecord_kit.target.still import known_as_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.items import Item

STAMP = "_stamp"


def remember_as_of(delivery: Delivery, ledger: Writing, item: Item, agreed: Mapping[str, Any]) -> None:
    """Keep as of when the record there holds what was agreed, where its answer told that it does."""
    if (known := known_as_of(delivery, item, agreed)) is not None:
        ledger.record_known(delivery.wire.entity, delivery.wire.destination, str(item.destination_id), known)


def split(delivery: Delivery, ledger: Writing, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Items that were just created, whole and with nothing else to be told of them; and the others."""
    wire = delivery.wire
    if wire.once or wire.parent or wire.then or wire.combine or delivery.thirds or ledger.is_hashed:
        return [], list(items)
    new: list[Item] = []
    others: list[Item] = []
    for item in items:
        plain = (
            item.created and item.delivered and item.link is None and item.lost is None
            and not (item.helds or item.answers or item.left or item.returned or item.then_now or item.agreed)
            and not (item.plan.violations or item.plan.agrees or item.plan.adopts or item.plan.conflicts or item.plan.yields)
            and item.destination_id not in delivery.held_there and not item.note.get("deleted")
        )  # fmt: skip
        (new if plain else others).append(item)
    return new, others


def record_new(delivery: Delivery, ledger: Writing, items: Sequence[Item]) -> None:
    """Link them, remember what both sides hold, tell history, and owe the source their stamps."""
    wire = delivery.wire
    pairs = [(rule.name, rule.field) for rule in wire.sent]
    created = []
    for item in items:
        values, native = item.values, item.native
        held = {
            field: [native[field] if field in native else values[name], values[name]]
            for name, field in pairs
            if name in values
        }
        created.append(Created(item.source_id, str(item.destination_id), held, item.digest, item.said or None))
        if item.after is not None:
            remember_as_of(delivery, ledger, item, {field: sides[1] for field, sides in held.items()})
    links = ledger.record_created(wire.entity, wire.pair, created)
    if wire.source_external_id is None:
        return
    for item, link in zip(items, links, strict=True):
        if str(item.note.get("stamped") or "") != item.destination_id:
            ledger.owe(
                wire.entity, wire.source, link, STAMP, f"stamp:{wire.destination}", object_=wire.source_object,
                property_=wire.source_external_id,
            )  # fmt: skip
