"""One source record tells every record of another entity that points at it: a deal tells its orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Held
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.rewriting import Whole, write_wholes

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def deliver_spread(delivery: Delivery, items: Sequence[Item]) -> None:
    """Write each record to all that point at it; one nothing points at waits until something does."""
    wire, said = delivery.wire, delivery.wire.spread or {}
    staying = [item for item in items if not (item.note.get("deleted") or item.note.get("filtered"))]
    _forget(delivery, [item for item in items if item not in staying])
    found = pointing_at(delivery, [item.source_id for item in staying])
    known = delivery.ledger.parts_of(
        wire.entity, wire.destination, [one for records in found.values() for one in records]
    )
    wholes = []
    for item in staying:
        for name, why in (item.note.get("invalid") or {}).items():
            delivery.set_aside(item, "invalid", str(why), field=name)
        item.outcome = None
        records = found.get(item.source_id, [])
        if not records:
            _let_wait(delivery, item, f"no {said['through']} yet")
        for record in records:
            others = known.get(record, {}).keys() - {item.source_id}
            whole = Whole(record, dict(item.values), item.native, [item], forgotten=set(others))
            whole.kept = {} if wire.partial else {item.source_id: item.record}
            wholes.append(whole)
    if wholes:
        write_wholes(delivery, wholes)


def told_to_somebody(delivery: Delivery, items: Sequence[Item]) -> list[Item]:
    """Those that something points at."""
    found = pointing_at(delivery, [item.source_id for item in items])
    return [item for item in items if item.source_id in found]


def to_revisit(delivery: Delivery) -> list[Any]:
    """Records told before, as they came last, that something new points at."""
    wire = delivery.wire
    told: dict[str, list[str]] = {}
    for record, source_id in delivery.ledger.every_part(wire.entity, wire.destination):
        told.setdefault(source_id, []).append(record)
    found = pointing_at(delivery, list(told))
    again = {one: told[one][0] for one, records in found.items() if set(records) - set(told[one])}
    kept = delivery.ledger.parts_of(wire.entity, wire.destination, again.values())
    return [kept[record][one] for one, record in again.items()]


def pointing_at(delivery: Delivery, source_ids: Sequence[str]) -> dict[str, list[str]]:
    """The destination records whose agreed value of the field, in the source system, is one of these ids."""
    wire, said = delivery.wire, delivery.wire.spread or {}
    links = delivery.ledger.links_pointing_at(said["through"], said["field"], wire.source, source_ids, wire.destination)
    ids = delivery.ledger.ids_of([link for some in links.values() for link in some], wire.destination)
    found = {one: sorted(ids[link] for link in some if link in ids) for one, some in links.items()}
    return {one: records for one, records in found.items() if records}


def _forget(delivery: Delivery, items: Sequence[Item]) -> None:
    """What is deleted or left out tells nothing any more; what it told stays."""
    wire = delivery.wire
    for item in items:
        if item.note.get("deleted"):
            item.outcome, item.reason = "filtered", "deleted at the source; the rules leave the other side"
    told = delivery.ledger.wholes_of(wire.entity, wire.destination, [item.source_id for item in items])
    if told and not (delivery.dry or wire.partial):
        with delivery.ledger.writing(delivery.now()) as ledger:
            for source_id, records in told.items():
                for record in records:
                    ledger.forget_parts(wire.entity, wire.destination, record, [source_id])


def _let_wait(delivery: Delivery, item: Item, reason: str) -> None:
    wire = delivery.wire
    item.outcome, item.reason = "filtered", reason
    item.helds = [
        Held(
            wire.entity, wire.source, wire.destination, item.source_id, "reference", reason,
            label=item.note.get("label"), payload=item.record, state="waiting",
        )
    ]  # fmt: skip
