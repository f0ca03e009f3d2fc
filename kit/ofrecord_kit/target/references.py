"""Ids and names of one system become those of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.ledger import Ledger, Link
from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Fingerprint
from ofrecord_kit.target.destination import Destination
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.wire import Wire


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A record points at something that has no counterpart yet. `name`: the property, `field`: the rule's name of it."""

    name: str
    message: str
    rule: str
    field: str = ""
    unlinked: str = "hold"
    """What waits for it: `hold` and `wait` the record, `leave` this field."""


@dataclass(frozen=True, slots=True)
class _Found:
    value: Any


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of the records a batch points at, by entity and source id."""

    destination: Destination
    links: Mapping[str, Mapping[str, Link]]
    agreed: Mapping[str, Mapping[str, Agreed]] = field(default_factory=dict)
    """By link: what the pairs agreed on, where rules ask for a field of the record and not for the record."""

    def one(self, rule: FieldRule, value: Any) -> _Found | str:
        """What the value is at the destination, or why nobody knows."""
        if rule.direct:
            return _Found(self.destination.reference(_identity(value)))
        if rule.ref and rule.of:
            return self._field_of(rule.ref, rule.of, value)
        return self.named(rule.ref, rule.lookup, value)

    def named(self, ref: str | None, lookup: str | None, value: Any) -> _Found | str:
        """The record or the entry of a list that is meant."""
        if ref:
            link = self.links.get(ref, {}).get(_identity(value))
            return _none(ref) if link is None else _Found(self.destination.reference(link.destination_id))
        there = self.destination.lookup(str(lookup), value)
        return f"the destination has no {lookup} entry of that name" if there is None else _Found(there)

    def _field_of(self, ref: str, name: str, value: Any) -> _Found | str:
        link = self.links.get(ref, {}).get(_identity(value))
        if link is None:
            return _none(ref)
        there = self.agreed.get(link.link, {}).get(name, Agreed()).destination
        if there is UNKNOWN or isinstance(there, Fingerprint):
            return f"the {name} of the {ref} it refers to is not known yet"
        return _Found(self.destination.reference(_identity(there)) if isinstance(there, dict) else there)


def _none(ref: str) -> str:
    return f"the {ref} it refers to has no counterpart yet"


def resolve(
    wire: Wire, ledger: Ledger, destination: Destination, items: Sequence[Item]
) -> Iterator[tuple[Item, Unresolved]]:
    """Put destination ids in place of source ids, in `item.values`; yields what cannot be resolved.

    That is one thing of a record that has to wait for it, and each field that is left alone until then.
    """
    rules = [rule for rule in wire.sent if rule.ref or rule.lookup or rule.lines]
    if not rules:
        return
    known = _known(wire, ledger, destination, rules, items)
    for item in items:
        for rule in rules:
            value = item.values.get(rule.name)
            if value is None:
                continue
            found = _resolve_lines(rule, value, known) if rule.lines else known.one(rule, value)
            if isinstance(found, _Found):
                item.values[rule.name] = found.value
                if rule.of:
                    _remember(item, rule, found.value)
                continue
            yield item, Unresolved(rule.name, found, rule.where, rule.field, rule.unlinked)
            if rule.unlinked != "leave":
                break
            del item.values[rule.name]


def _remember(item: Item, rule: FieldRule, value: Any) -> None:
    """What is agreed on is the value found: the record says the same as before when what it points at says something new."""
    told = None if value is None else _identity(value)
    item.note = {**item.note, "native": {**item.native, rule.field: told}}


def _known(
    wire: Wire, ledger: Ledger, destination: Destination, rules: Sequence[FieldRule], items: Sequence[Item]
) -> _Known:
    wanted = _wanted(rules, items)
    others = _others(rules)
    links = {
        entity: {
            one: link
            for name in (*others.get(entity, ()), entity)
            for one, link in ledger.links_of(name, wire.source, wire.destination, ids).items()
        }
        for entity, ids in wanted.items()
    }
    asked = {rule.ref for rule in rules if rule.of}
    told = [link.link for entity in asked for link in links.get(entity or "", {}).values()]
    return _Known(destination, links, ledger.agreed_of(told, wire.source, wire.destination) if told else {})


def _others(rules: Sequence[FieldRule]) -> dict[str, tuple[str, ...]]:
    """By entity, those a reference to it may point at besides; each id is a record of one of them."""
    said = [(rule.ref, rule.also) for rule in rules]
    said += [(one.get("ref"), one.get("also")) for rule in rules for one in (rule.lines or {}).values()]
    return {ref: tuple(also) for ref, also in said if ref and also}


def _wanted(rules: Sequence[FieldRule], items: Sequence[Item]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for item in items:
            value = item.values.get(rule.name)
            if value is None:
                continue
            if rule.ref and not rule.direct:
                wanted.setdefault(rule.ref, set()).add(_identity(value))
            for name, said in (rule.lines or {}).items():
                if said.get("ref"):
                    ids = {_identity(row[name]) for row in value if row.get(name) is not None}
                    wanted.setdefault(said["ref"], set()).update(ids)
    return wanted


def _identity(value: Any) -> str:
    return str(value["id"]) if isinstance(value, dict) and "id" in value else str(value)


def _resolve_lines(rule: FieldRule, rows: Any, known: _Known) -> _Found | str:
    made = []
    for row in rows:
        line = dict(row)
        for name, said in (rule.lines or {}).items():
            if not (said.get("ref") or said.get("lookup")):
                continue
            if line.get(name) in (None, "", []):
                line.pop(name, None)
                continue
            found = known.named(said.get("ref"), said.get("lookup"), line[name])
            if not isinstance(found, _Found):
                return found
            line[name] = found.value
        made.append(line)
    return _Found(made)
