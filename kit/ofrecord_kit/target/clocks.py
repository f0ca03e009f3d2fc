"""What the clocks say about edits: nothing about a conflict that is queued, and nothing where the last write was ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ofrecord_kit.ledger import Event
from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Times, same
from ofrecord_kit.plan.contests import is_contested, time_of_a_person
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

_OURS = ("created", "linked", "updated", "reverted", "stamped", "adopted")


def times_of(delivery: Delivery, item: Item) -> tuple[Times, frozenset[str]]:
    """When each side was edited by a person, as far as known, and the fields no clock decides: queued and unchanged."""
    contested = [rule for rule in delivery.latest if _is_contested(rule, item)]
    times = item.times()
    if not contested or item.link is None:
        return times, frozenset()
    wire, events = delivery.wire, delivery.ledger.events(link=item.link.link)
    times = replace(
        times,
        source_modified=_of_a_person(times.source_modified, events, wire.source, wire.tolerance_s),
        destination_modified=_of_a_person(times.destination_modified, events, wire.destination, wire.tolerance_s),
    )
    return times, frozenset(rule.field for rule in contested if _is_queued(delivery, rule, item))


def _is_contested(rule: FieldRule, item: Item) -> bool:
    """Did both sides change it since they agreed, or do they differ and never agreed (two records that were paired)?"""
    if rule.name not in item.values:
        return False
    there = item.current.values.get(rule.name) if item.current else None
    native, agreed = item.native.get(rule.field, item.values[rule.name]), item.agreed.get(rule.field, Agreed())
    if agreed.destination is UNKNOWN:
        return not same(there, item.values[rule.name], rule.form)
    return is_contested(rule, native, agreed, there)


def _of_a_person(modified: datetime | None, events: list[Event], system: str, tolerance_s: float) -> datetime | None:
    ours = [event.at for event in events if event.system == system and event.kind in _OURS and event.at is not None]
    return time_of_a_person(modified, ours, tolerance_s)


def _is_queued(delivery: Delivery, rule: FieldRule, item: Item) -> bool:
    """Does a conflict about just these two values wait for a person?"""
    wire = delivery.wire
    now = values_of(rule, item, wire.pair)
    for source, destination, identity in (
        (wire.source, wire.destination, item.source_id),
        (wire.destination, wire.source, str(item.destination_id)),
    ):
        held = delivery.ledger.held_conflict(wire.entity, source, destination, identity, rule.field)
        if held is not None and all(same(held.get(system), value, rule.native_form) for system, value in now.items()):
            return True
    return False


def values_of(rule: FieldRule, item: Item, pair: tuple[str, str]) -> dict[str, object]:
    """What the two systems hold of a field, each in its own representation."""
    native = item.native.get(rule.field, item.values.get(rule.name))
    return {pair[0]: native, pair[1]: item.current.values.get(rule.name) if item.current else None}
