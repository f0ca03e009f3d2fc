"""Changes are written down before they are sent: after a run that died in between, a record may hold what it held or what it was sent.

Without that a value that goes back to what was agreed before the run that died would be taken for delivered: nothing differs from what was agreed,
and the destination keeps what nobody wrote last. A record whose change was begun is read, and what arrived counts as agreed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import Agreed, RecordPlan, same
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.rewriting import Whole


def write_down(delivery: Delivery, items: Sequence[Item]) -> None:
    """What is about to be sent to records that are linked. One that is paired only now is compared whole by the next run in any case."""
    linked = [item for item in items if item.link is not None and item.plan.writes]
    _begin(delivery, {item.source_id: _told(delivery, item.plan, item.native, item.values) for item in linked})
    for item in linked:
        item.begun = True


def write_down_wholes(delivery: Delivery, wholes: Sequence[Whole]) -> None:
    """The same of records that follow from others, under the key of what was agreed about them."""
    wire = delivery.wire
    _begin(delivery, {one.key(wire.entity): _told(delivery, one.plan, one.native, one.values) for one in wholes})


def _told(
    delivery: Delivery, plan: RecordPlan, native: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, list[Any]]:
    rules = [rule for rule in delivery.wire.sent if rule.name in plan.writes]
    return {rule.field: [native.get(rule.field, values.get(rule.name)), plan.writes[rule.name].value] for rule in rules}


def _begin(delivery: Delivery, changes: Mapping[str, Mapping[str, Any]]) -> None:
    told = {one: fields for one, fields in changes.items() if fields}
    if told:
        with delivery.ledger.writing(delivery.now()) as ledger:
            ledger.begin(delivery.wire.entity, delivery.wire.source, delivery.wire.destination, told)


def is_in_doubt(delivery: Delivery, item: Item) -> bool:
    """Did an earlier run begin to change its counterpart, and never record it?"""
    return item.link is not None and item.source_id in delivery.begun


def believe_what_arrived(delivery: Delivery, item: Item) -> None:
    """What the counterpart holds of a change that was begun is agreed, unless it is what the source says now: then both agree anew."""
    item.begun = True
    current = item.current.values if item.current else {}
    item.agreed = {**item.agreed, **arrived(delivery, item.source_id, item.values, current)}
    item.changed = None


def arrived(delivery: Delivery, key: str, values: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Agreed]:
    """Field → what both held when a change that was begun arrived, as far as the source says something else now. Nothing for what is in no doubt."""
    begun = delivery.begun.get(key, {})
    return {
        rule.field: Agreed(*begun[rule.field])
        for rule in delivery.wire.sent
        if rule.field in begun
        and same(current.get(rule.name), begun[rule.field][1], rule.form)
        and not same(values.get(rule.name), current.get(rule.name), rule.form)
    }


def settled(items: Sequence[Item]) -> list[str]:
    """Source ids of those whose change is in doubt no more."""
    return [item.source_id for item in items if item.begun and item.outcome is not None]
