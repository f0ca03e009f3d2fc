"""A document is made of nothing that is held: neither of a customer nor of an item about which somebody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

OF_ITSELF = frozenset({"paused", "limits"})
"""Kinds of held rows that say nothing about the record they are of."""


def wait_for_what_is_held(delivery: Delivery, items: Sequence[Item]) -> None:
    """Set aside documents that point at records held as a whole, on whichever side; a single field that is held hinders nothing."""
    wire = delivery.wire
    pointed = {item.source_id: list(_pointed_at(wire.sent, item)) for item in items}
    ids: dict[str, set[str]] = {}
    for entity, one, _rule in (ref for refs in pointed.values() for ref in refs):
        ids.setdefault(entity, set()).add(one)
    held = {entity: _held(delivery, entity, some) for entity, some in ids.items()}
    for item in items:
        for entity, one, rule in pointed[item.source_id]:
            if (why := held[entity].get(one)) is not None:
                message = f"the {entity} it refers to is held ({why}); it goes by itself when that is settled"
                delivery.set_aside(item, "reference", message, rule=rule.where, code=rule.name)
                break


def _pointed_at(rules: Sequence[FieldRule], item: Item) -> Iterator[tuple[str, str, FieldRule]]:
    """Entity, source id, and the rule, of everything a record points at."""
    for rule in rules:
        value = item.record.get(rule.name)
        if value is None:
            continue
        if rule.ref:
            yield rule.ref, _identity(value), rule
        for name, said in (rule.lines or {}).items():
            if said.get("ref") and isinstance(value, list):
                yield from ((said["ref"], _identity(row[name]), rule) for row in value if row.get(name) is not None)


def _identity(value: Any) -> str:
    return str(value["id"]) if isinstance(value, dict) and "id" in value else str(value)


def _held(delivery: Delivery, entity: str, ids: set[str]) -> dict[str, str]:
    """Of these records of the source those that are held as a whole, here or where they are linked: id → kind."""
    wire, ledger = delivery.wire, delivery.ledger
    found = ledger.held_whole(entity, wire.source, ids)
    links = ledger.links_of(entity, wire.source, wire.destination, ids)
    there = ledger.held_whole(entity, wire.destination, [link.destination_id for link in links.values()])
    found |= {one: there[link.destination_id] for one, link in links.items() if link.destination_id in there}
    return {one: kind for one, kind in found.items() if kind not in OF_ITSELF}
