"""Records that take part only when another one says so: a quote that nobody accepted, when its deal is won.

They are kept as parts of the record they wait for, under a name of their own, and so is what that record said last. At the end of every run those
whose time has come are tried: only where one alone waits, nothing was made for that record yet, and nothing of it is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.target.items import SUPERSEDED, Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

SEVERAL = "SEVERAL"
_SAID = {"granted": True}


def waiting_name(entity: str) -> str:
    """Under which those that wait are kept."""
    return f"{entity} waiting"


def granted_name(entity: str) -> str:
    """Under which those are kept whose word was given."""
    return f"{entity} granted"


def let_wait(delivery: Delivery, items: Sequence[Item], *, again: bool) -> None:
    """Those whose word is not given are out of the view; `again`: it is the end of the run, and those may go whose time has come."""
    wire, said = delivery.wire, delivery.wire.waits_for or {}
    items = [
        item for item in items if item.note.get("awaits") and item.outcome is None and not item.note.get("deleted")
    ]
    if not items:
        return
    links = delivery.ledger.links_of(wire.entity, wire.source, wire.destination, [item.source_id for item in items])
    others = {str(item.note["awaits"]) for item in items}
    granted = delivery.ledger.parts_of(granted_name(said["entity"]), wire.source, others)
    free = _alone(delivery, granted) if again else {}
    for item in items:
        other = str(item.note["awaits"])
        if item.source_id in links:
            item.outcome = None if other in granted else "filtered"
        elif free.get(other) == item.source_id:
            continue
        else:
            item.awaits, item.outcome = other, "filtered"
        item.reason = "" if item.outcome is None else f"waits for its {said['entity']}"


def _alone(delivery: Delivery, granted: Iterable[str]) -> dict[str, str]:
    """What one record alone waits for and nothing was made of yet: the other → the one that waits."""
    wire, said = delivery.wire, delivery.wire.waits_for or {}
    waiting = delivery.ledger.parts_of(waiting_name(wire.entity), wire.source, granted)
    made = delivery.ledger.links_pointing_at(wire.entity, said["field"], wire.source, waiting, wire.destination)
    busy = _held_for(delivery, {one for quotes in waiting.values() for one in quotes}) if waiting else set()
    return {
        other: next(iter(records))
        for other, records in waiting.items()
        if len(records) == 1 and not made.get(other) and other not in busy
    }


def _held_for(delivery: Delivery, waiting: set[str]) -> set[str]:
    """What records point at that are to go by themselves and are only held."""
    wire, said = delivery.wire, delivery.wire.waits_for or {}
    name = next((rule.name for rule in wire.sent if rule.field == said["field"]), None)
    rows = delivery.ledger.held(entity=wire.entity, source=wire.source)
    payloads = (row.payload for row in rows if row.payload and row.source_id not in waiting)
    return {str(payload[name]) for payload in payloads if name is not None and payload.get(name) is not None}


def record_waiting(delivery: Delivery, items: Sequence[Item]) -> None:
    """Keep those that wait, and let go of those that do not any more."""
    wire = delivery.wire
    if not wire.waits_for or wire.partial:
        return
    name = waiting_name(wire.entity)
    items = [item for item in items if item.reason != SUPERSEDED]
    before = delivery.ledger.wholes_of(name, wire.source, [item.source_id for item in items])
    over = [
        (other, item.source_id)
        for item in items
        for other in before.get(item.source_id, ())
        if other != item.awaits and not (item.note.get("awaits") and item.helds)
    ]
    new = [item for item in items if item.awaits is not None]
    if not over and not new:
        return
    with delivery.ledger.writing(delivery.now()) as ledger:
        for other, one in over:
            ledger.forget_parts(name, wire.source, other, [one])
        for item in new:
            ledger.record_part(name, wire.source, str(item.awaits), item.source_id, item.record)


def record_grants(delivery: Delivery, items: Sequence[Item]) -> None:
    """Remember what these records said last of those that wait for them; only what is new is written."""
    wire = delivery.wire
    told = {
        item.source_id: bool(item.note["grants"])
        for item in items
        if "grants" in item.note and item.reason != SUPERSEDED
    }
    if not told or wire.partial:
        return
    name = granted_name(wire.entity)
    known = delivery.ledger.parts_of(name, wire.source, told)
    news = {one: given for one, given in told.items() if given != (one in known)}
    if not news:
        return
    with delivery.ledger.writing(delivery.now()) as ledger:
        for one, given in news.items():
            if given:
                ledger.record_part(name, wire.source, one, one, _SAID)
            else:
                ledger.forget_parts(name, wire.source, one, [one])


def whose_time_has_come(delivery: Delivery) -> list[Mapping[str, Any]]:
    """Records that wait, as they came last, whose word is given; where several wait for one, a person is asked."""
    wire, said = delivery.wire, delivery.wire.waits_for or {}
    if delivery.rebuild:  # it makes nothing, and asks nothing
        return []
    entity = waiting_name(wire.entity)
    others = delivery.ledger.wholes_in_both(entity, granted_name(said["entity"]), wire.source)
    waiting = delivery.ledger.parts_of(entity, wire.source, others)
    made = delivery.ledger.links_pointing_at(wire.entity, said["field"], wire.source, waiting, wire.destination)
    _ask(delivery, {other: records for other, records in waiting.items() if len(records) > 1 and not made.get(other)})
    return [waiting[other][one] for other, one in _alone(delivery, others).items()]


def _ask(delivery: Delivery, several: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Hold all that wait for one, each naming the others; what is asked no longer is released."""
    wire, said = delivery.wire, delivery.wire.waits_for or {}
    if not several and not delivery.known_held:
        return
    items: list[Item] = []
    for other, records in several.items():
        labels = {one: str((record.get("_ofrecord") or {}).get("label") or one) for one, record in records.items()}
        for one, record in records.items():
            item = Item(record, record.get("_ofrecord") or {}, one, {})
            message = f"the {said['entity']} {other} says that it may go, and {len(records)} wait for it: {', '.join(sorted(labels.values())[:5])}"
            fix = (
                f"Say at {wire.source} which of them is meant: the rules take that one by itself; or close the others."
            )
            delivery.set_aside(item, "check", message, code=SEVERAL, fix=fix)
            items.append(item)
    asked = {item.source_id for item in items}
    rows = delivery.ledger.held(entity=wire.entity, source=wire.source)
    known = {row.source_id for row in rows if row.code == SEVERAL}
    gone = sorted(known - asked)
    if not gone and asked <= known:
        return
    with delivery.ledger.writing(delivery.now()) as ledger:
        for item in items:
            if item.source_id not in known:
                ledger.hold(item.helds[0])
        if gone:
            ledger.release(wire.entity, wire.source, wire.destination, gone, kinds=("check",))
    delivery.known_held.difference_update(gone)
    delivery.known_held.update(asked)
