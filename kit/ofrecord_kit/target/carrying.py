"""The second half of a delivery: what was decided is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.target.deciding import decide_changes, say_gone
from ofrecord_kit.target.destination import Change, Done, Missing, New, Refused, Stale
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.sending import send_changes

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

_ROUNDS = 3


def take_actions(delivery: Delivery, items: Sequence[Item]) -> None:
    """Records that were deleted, have left or are back: switch off or on what corresponds to them."""
    for item in items:
        if item.action is None:
            continue
        done = delivery.act(item, item.action)
        if item.returned:
            item.acted = item.returned = done is not None
        elif item.outcome is None:
            item.outcome = "written"


def update_records(delivery: Delivery, items: Sequence[Item]) -> None:
    """Write what was planned; a record that was changed since it was read is read and planned again."""
    waiting = []
    for item in items:
        if item.to_write:
            waiting.append(item)
        else:
            item.outcome = item.at_rest
    for _round in range(_ROUNDS):
        if not waiting:
            return
        stale = _update_once(delivery, waiting)
        decide_changes(delivery, stale)
        waiting = [item for item in stale if item.to_write and item.outcome is None]
    for item in waiting:
        message = "the record kept changing while it was being written; it is tried again next run"
        delivery.set_aside(item, "failed", message)


def _update_once(delivery: Delivery, items: Sequence[Item]) -> list[Item]:
    """Send; returns those that must go round again."""
    ready = [
        (item, item.to_write, Change(str(item.destination_id), item.to_write, item.current))
        for item in items
        if item.current is not None
    ]
    stale = []
    for (item, _values, _change), result in zip(ready, send_changes(delivery, ready), strict=True):
        match result:
            case Done():
                item.outcome, item.delivered = "held" if item.helds else "written", True
            case Stale():
                item.helds = [held for held in item.helds if held.kind != "conflict"]
                item.to_write = {}
                stale.append(item)
            case Missing():
                say_gone(delivery, item)
            case Refused(code, message, field):
                delivery.set_aside(item, "refused", message, code=code, rule=delivery.rule_of(field))
    return stale


def create_records(delivery: Delivery, items: Sequence[Item]) -> None:
    """Write the intention down, then create in batches."""
    if not items:
        return
    wire = delivery.wire
    ids = [item.source_id for item in items]
    begun = delivery.ledger.intended(wire.entity, wire.destination, ids)
    with delivery.ledger.writing(delivery.now()) as ledger:
        ledger.intend(wire.entity, wire.destination, ids)
    size = delivery.destination.batch_size
    for start in range(0, len(items), size):
        _create_some(delivery, items[start : start + size], begun)


def _create_some(delivery: Delivery, items: Sequence[Item], begun: set[str]) -> None:
    wire = delivery.wire
    status = {rule.name for rule in wire.sent if rule.status}
    news = []
    for item in items:
        values = {name: write.value for name, write in item.plan.writes.items() if name not in status}
        if wire.external_id:
            values[wire.external_id] = item.source_id
        external = (wire.external_id, item.source_id) if wire.external_id else None
        match = tuple((name, values.get(name)) for name, _form in wire.match)
        news.append(New(values, external, item.source_id in begun, match))
    for item, result in zip(items, delivery.destination.create(wire.object, news), strict=True):
        match result:
            case Done(identity):
                item.destination_id, item.delivered = identity, True
                item.outcome = "held" if item.helds else "written"
                for name in status & item.plan.writes.keys():
                    delivery.act(item, str(item.plan.writes[name].value))
            case Refused(code, message, field):
                delivery.set_aside(item, "refused", message, code=code, rule=delivery.rule_of(field))
            case Stale() | Missing():
                delivery.set_aside(item, "failed", "the vendor's answer to the creation cannot be used")
