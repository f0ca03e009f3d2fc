"""The second half of a delivery: what was decided is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.errors import Retry, Stop
from ofrecord_kit.ledger import Link
from ofrecord_kit.plan.answers import GONE
from ofrecord_kit.target.begun import write_down
from ofrecord_kit.target.deciding import decide_changes, say_gone
from ofrecord_kit.target.destination import Change, Done, Missing, New, Refused, Stale, chunks
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.once import foresee_sums
from ofrecord_kit.target.references import Unresolved
from ofrecord_kit.target.sending import Ready, send_changes

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
    stale: list[Item] = []
    for some in chunks(ready, max(1, delivery.destination.updates_at_once(delivery.wire.object, len(ready)))):
        stale += _update_some(delivery, some)
    return stale


def _update_some(delivery: Delivery, ready: Sequence[Ready]) -> list[Item]:
    stale = []
    write_down(delivery, [item for item, _values, _change in ready])
    for (item, _values, _change), result in zip(ready, send_changes(delivery, ready), strict=True):
        match result:
            case Done():
                item.outcome, item.delivered, item.after = "held" if item.is_asked else "written", True, result.after
            case Stale():
                item.helds = [held for held in item.helds if held.kind != "conflict"]
                item.to_write = {}
                stale.append(item)
            case Missing():
                say_gone(delivery, item)
            case Refused():
                delivery.refuse(item, result)
    return stale


def create_records(delivery: Delivery, items: Sequence[Item]) -> None:
    """Write the intention down, then create in batches; what another run is creating is left to it."""
    if not items:
        return
    foresee_sums(delivery, items)
    begun, mine = _claimed(delivery, items)
    size = delivery.destination.creates_at_once(delivery.wire.object, len(mine))
    for start in range(0, len(mine), size):
        try:
            _create_some(delivery, mine[start : start + size], begun)
        except (Stop, Retry):
            _leave(delivery, mine[start + size :], begun)
            raise


def _leave(delivery: Delivery, items: Sequence[Item], begun: set[str]) -> None:
    """The run ends before these were sent: nobody need look for them. What an earlier run began stays in doubt."""
    unsent = [item.source_id for item in items if item.source_id not in begun]
    if unsent:
        with delivery.ledger.writing(delivery.now()) as ledger:
            ledger.confirm(delivery.wire.entity, delivery.wire.destination, unsent)


def _claimed(delivery: Delivery, items: Sequence[Item]) -> tuple[set[str], list[Item]]:
    """Source ids whose creation was begun before, and the items that this run may create.

    Another run may have created one between our look for its counterpart and our claim, so links are looked at once more.
    """
    wire, ids = delivery.wire, [item.source_id for item in items]
    begun = set(delivery.ledger.intended(wire.entity, wire.destination, ids))
    with delivery.ledger.writing(delivery.now()) as ledger:
        won = ledger.claim(wire.entity, wire.destination, ids)
    known = delivery.ledger.links_of(wire.entity, wire.source, wire.destination, won)
    lost = {item.source_id: item.lost for item in items}
    made = {one for one, link in known.items() if _is_new(link, lost[one])}
    if made:
        with delivery.ledger.writing(delivery.now()) as ledger:
            ledger.confirm(wire.entity, wire.destination, made)
    mine = won - made
    for item in items:
        if item.source_id not in mine:
            item.created = False
            message = "another run is creating it, or has just done so; the next attempt finds what it made"
            delivery.set_aside(item, "failed", message, code="BUSY")
    return begun, [item for item in items if item.source_id in mine]


def _is_new(link: Link, lost: Link | None) -> bool:
    """Is it a link that was not there when the record was decided? One whose record is made again on purpose was."""
    return lost is None or lost.destination_id != link.destination_id


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
    without: list[Item] = []
    for item, result in zip(items, delivery.destination.create(wire.object, news), strict=True):
        match result:
            case Refused() if _goes_without(delivery, item, result):
                without.append(item)
            case Done(identity) if item.lost is not None and identity == item.lost.destination_id:
                message = f"asked for a new record, {wire.destination} answered with {identity}, which is gone"
                delivery.set_aside(item, "failed", message, code=GONE)
            case Done(identity):
                item.destination_id, item.delivered, item.after = identity, True, result.after
                item.outcome = "held" if item.is_asked else "written"
                _take_on_status(delivery, item, status & item.plan.writes.keys())
            case Refused():
                delivery.refuse(item, result)
            case Stale() | Missing():
                delivery.set_aside(item, "failed", "the vendor's answer to the creation cannot be used")
    if without:
        _create_some(delivery, without, begun)


def _goes_without(delivery: Delivery, item: Item, refused: Refused) -> bool:
    """An id that came as it is names nothing there: where rules say that such a field keeps nothing back, it waits alone."""
    rule = next((rule for rule in delivery.wire.sent if rule.name == refused.field), None)
    if rule is None or not rule.direct or rule.unlinked != "leave" or rule.name not in item.plan.writes:
        return False
    del item.plan.writes[rule.name], item.values[rule.name]
    delivery.let_wait(item, Unresolved(rule.name, refused.message, rule.where, rule.field, rule.unlinked))
    return True


def _take_on_status(delivery: Delivery, item: Item, names: set[str]) -> None:
    """The actions that bring a new record into its status; those a run has no time for are planned again by the next one."""
    left = sorted(names)
    try:
        for name in sorted(names):
            delivery.act(item, str(item.plan.writes[name].value))
            left.remove(name)
    except (Stop, Retry):
        for name in left:
            item.plan.writes.pop(name)
        item.digest = None
        raise
