"""Ids and names of one system become those of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.destination import Destination
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.wire import Wire


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A record points at something that has no counterpart yet."""

    field: str
    message: str
    rule: str


def resolve(
    wire: Wire, ledger: Ledger, destination: Destination, items: Sequence[Item]
) -> Iterator[tuple[Item, Unresolved]]:
    """Put destination ids in place of source ids, in `item.values`; yields what cannot be resolved, once per item."""
    rules = [rule for rule in wire.sent if rule.ref or rule.lookup or rule.lines]
    if not rules:
        return
    wanted = _wanted(rules, items)
    known = {
        entity: {
            one: link.destination_id
            for one, link in ledger.links_of(entity, wire.source, wire.destination, ids).items()
        }
        for entity, ids in wanted.items()
    }
    for item in items:
        for rule in rules:
            value = item.values.get(rule.name)
            if value is None:
                continue
            missing = _resolve_lines(rule, value, known, destination, item) if rule.lines else _one(
                rule.ref, rule.lookup, value, known, destination
            )  # fmt: skip
            if isinstance(missing, _Found):
                item.values[rule.name] = missing.value
            elif missing is not None:
                yield item, Unresolved(rule.name, missing, rule.where)
                break


@dataclass(frozen=True, slots=True)
class _Found:
    value: Any


def _wanted(rules: Sequence[FieldRule], items: Sequence[Item]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for item in items:
            value = item.values.get(rule.name)
            if value is None:
                continue
            if rule.ref:
                wanted.setdefault(rule.ref, set()).add(_identity(value))
            for name, said in (rule.lines or {}).items():
                if said.get("ref"):
                    ids = {_identity(row[name]) for row in value if row.get(name) is not None}
                    wanted.setdefault(said["ref"], set()).update(ids)
    return wanted


def _identity(value: Any) -> str:
    return str(value["id"]) if isinstance(value, dict) and "id" in value else str(value)


def _one(
    ref: str | None, lookup: str | None, value: Any, known: dict[str, dict[str, str]], destination: Destination
) -> _Found | str:
    if ref:
        found = known.get(ref, {}).get(_identity(value))
        return (
            f"the {ref} it refers to has no counterpart yet" if found is None else _Found(destination.reference(found))
        )
    there = destination.lookup(str(lookup), value)
    return f"the destination has no {lookup} entry of that name" if there is None else _Found(there)


def _resolve_lines(
    rule: FieldRule, rows: Any, known: dict[str, dict[str, str]], destination: Destination, _item: Item
) -> _Found | str:
    made = []
    for row in rows:
        line = dict(row)
        for name, said in (rule.lines or {}).items():
            if not (said.get("ref") or said.get("lookup")):
                continue
            if line.get(name) in (None, "", []):
                line.pop(name, None)
                continue
            found = _one(said.get("ref"), said.get("lookup"), line[name], known, destination)
            if not isinstance(found, _Found):
                return found
            line[name] = found.value
        made.append(line)
    return _Found(made)
