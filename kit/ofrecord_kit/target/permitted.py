"""What may be written: facts about fields are kept for a day, and a value that breaks one is set aside before any call."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.plan.facts import Fact, Glance, Obstacle, obstacle, obstacles
from ofrecord_kit.target.destination import Destination, Refused
from ofrecord_kit.tokens import make_private_folder

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.items import Item

KEPT = timedelta(days=1)
Facts = Mapping[str, Fact]


class FactStore:
    """Facts by object, kept in one file each (mode 0600) for all processes. `login` tells organisations and users apart.

    What is read again within a run because something contradicted it is read once, however often that happens.
    """

    def __init__(self, folder: Path, login: str, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._login = login
        self._now = now
        self._known: dict[str, Facts] = {}
        self._fresh: set[str] = set()

    def of(self, object_: str, ask: Callable[[], Facts], *, fresh: bool = False) -> Facts:
        """The facts; `ask` reads them at the vendor. `fresh`: not those of an earlier run."""
        if fresh and object_ not in self._fresh:
            self._known.pop(object_, None)
        if object_ not in self._known:
            kept = None if fresh else self._read(object_)
            self._known[object_] = self._ask(object_, ask) if kept is None else kept
        return self._known[object_]

    def forget(self, object_: str) -> None:
        """The vendor contradicts them: the next run asks again."""
        self._file(object_).unlink(missing_ok=True)

    def _ask(self, object_: str, ask: Callable[[], Facts]) -> Facts:
        found = ask()
        self._fresh.add(object_)
        if found:
            make_private_folder(self._folder)
            file = self._file(object_)
            kept = {"at": self._now(), "object": object_, "facts": {name: asdict(one) for name, one in found.items()}}
            beside = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as open_file:
                open_file.write(msgspec.json.encode(kept))
            beside.replace(file)
        return found

    def _read(self, object_: str) -> Facts | None:
        try:
            kept = msgspec.json.decode(self._file(object_).read_bytes())
            at = instant(kept["at"])
            if at is None or not timedelta() <= self._now() - at < KEPT:
                return None
            return msgspec.convert(kept["facts"], dict[str, Fact])
        except (OSError, msgspec.MsgspecError, KeyError, TypeError):
            return None

    def _file(self, object_: str) -> Path:
        name = hashlib.sha256(f"{self._login}\0{object_}".encode()).hexdigest()[:24]
        return self._folder / f"facts-{name}.json"


def set_forbidden_aside(delivery: Delivery, item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that break a fact. These are held, each for itself; the others go on.

    A record to create is held whole when a field it cannot be without breaks one.
    """
    wire = delivery.wire
    if surely_permitted(delivery, values):
        return dict(values)
    asked = [rule for rule in (*wire.observed, *wire.sent) if rule.name in values]
    if not asked:
        return dict(values)
    found, facts = what_forbids(delivery.destination, wire.object, asked, values)
    if not found:
        return dict(values)
    rules = {rule.name: rule for rule in asked}
    for name, why in found.items():
        rule = rules[name]
        item.plan.writes.pop(name, None)
        item.plan.adopts.pop(name, None)
        delivery.set_aside(item, "refused", why.message, code=why.code, field=rule.field, rule=rule.where, fix=why.fix)
    if not (item.created and any(_is_required(rules[name], facts) for name in found)):
        item.outcome = None
    return {name: value for name, value in values.items() if name not in found}


def surely_permitted(delivery: Delivery, values: Mapping[str, Any]) -> bool:
    """Is nothing in the way of these values, as a short look tells? Where it is not sure, each field is looked at."""
    facts = delivery.destination.facts(delivery.wire.object)
    if delivery.glance is None or delivery.glance.facts is not facts:
        rules = (*delivery.wire.observed, *delivery.wire.sent)
        delivery.glance = Glance(rules, facts, whole=delivery.destination.facts_are_whole)
    return delivery.glance.sees_nothing(values)


def set_forbidden_aside_of_whole(delivery: Delivery, item: Item, values: Mapping[str, Any]) -> set[str]:
    """Of a record made of others, the properties that break a fact; they are held with `item`, one of these."""
    asked = [rule for rule in delivery.wire.sent if rule.name in values]
    found, _facts = what_forbids(delivery.destination, delivery.wire.object, asked, values) if asked else ({}, {})
    for rule in asked:
        if why := found.get(rule.name):
            delivery.set_aside(
                item, "refused", why.message, code=why.code, field=rule.field, rule=rule.where, fix=why.fix
            )
    return set(found)


def what_forbids(
    destination: Destination, object_: str, rules: list[FieldRule], values: Mapping[str, Any]
) -> tuple[dict[str, Obstacle], Facts]:
    """By property, what stands against these values, and the facts that say so."""
    facts = destination.facts(object_)
    whole = destination.facts_are_whole
    found = obstacles(rules, values, facts, whole=whole)
    if found:  # somebody may have widened the field since the facts were read
        facts = destination.facts(object_, fresh=True)
        found = obstacles(rules, values, facts, whole=whole)
    return found, facts


def _is_required(rule: FieldRule, facts: Facts) -> bool:
    return any(place in facts and facts[place].required for place in (rule.parts or {rule.name: rule.name}).values())


def forbidden_values(destination: Destination, object_: str, row: Mapping[str, Any]) -> dict[str, Refused]:
    """Of a row without rules: by property, why it cannot be written there."""
    for fresh in (False, True):
        facts = destination.facts(object_, fresh=fresh)
        found = {
            name: Refused(why.code, why.message, name, why.fix)
            for name, value in row.items()
            if name in facts and (why := obstacle(name, facts[name], value)) is not None
        }
        if not found:
            break
    return found
