"""Where a value came from: an order of precedence ranks the system in which a value was edited, not the one it stands in.

With three systems a value may already have travelled: what the shop edited stands in the CRM, too, when the CRM is compared
with inventory. The history tells: the last write to a system, if its value still stands there, came from the other one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Event
from ofrecord_kit.plan import FieldRule, same

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.items import Item
    from ofrecord_kit.target.wire import Wire

_PAIR = 2


def ranked_rules(wire: Wire) -> tuple[FieldRule, ...]:
    """Rules that rank more than the two systems."""
    return tuple(rule for rule in wire.sent if isinstance(rule.policy, tuple) and len(rule.policy) > _PAIR)


def origins_of(delivery: Delivery, item: Item) -> dict[str, tuple[str, str]]:
    """Rule field → the systems in which the source's and the destination's value were edited; only where it matters."""
    wire = delivery.wire
    ranked = delivery.ranked
    if not ranked or item.link is None:
        return {}
    history = delivery.ledger.events(link=item.link.link, kinds=["updated"])
    current: Mapping[str, Any] = item.current.values if item.current else {}
    found = {}
    for rule in ranked:
        events = [event for event in history if event.field == rule.field]
        here = item.native.get(rule.field, item.values.get(rule.name))
        there = current.get(rule.name)
        found[rule.field] = (
            origin(rule, events, wire.source, here, rule.native_form),
            origin(rule, events, wire.destination, there, rule.form),
        )
    return found


def origin(rule: FieldRule, events: Sequence[Event], system: str, value: Any, form: str | None) -> str:
    """The system in which a value that stands in `system` was edited. `events` are the writes of one field, oldest first.

    A value that was converted on its way is followed one step: its representation elsewhere is not known here.
    """
    for number in range(len(events) - 1, -1, -1):
        event = events[number]
        if event.system != system:
            continue
        if not same(event.after, value, form):
            return system
        before = next((other for other in event.ids or {} if other != system), system)
        return origin(rule, events[:number], before, value, form)
    return system
