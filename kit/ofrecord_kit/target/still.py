"""What a record holds there without reading it: what was agreed, as long as nobody changed it since.

Where the vendor's answer to a write tells the whole record, and it holds just what the pair agreed on then, the time it was modified is
kept with the link, and a digest of what that was. Later a list of times answers for many records what a read would answer for one: a time that has not moved says
that nobody wrote to it. Who reads changes by their time trusts in the same. Anything else is read, as ever: a record whose time
moved or is not known, one about which something else is agreed by now, one with an answer, a question or an edit about it, values that
are kept hashed, fields nobody agreed on yet, and one whose addresses have something in them that no rule names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ofrecord_kit.dotted import dig, nested
from ofrecord_kit.ledger import to_json
from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Fingerprint, same
from ofrecord_kit.plan.fields import Unknown
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.parts import folded, unfolded

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.wire import Wire

_NOBODY = Agreed()
_Untold = Unknown | Fingerprint
"""What says nothing of a value."""


def way_of(wire: Wire) -> str:
    """What a time is kept for: these fields, in these places, from this system. Empty: for nothing, every record is read."""
    if wire.once or wire.parent or wire.partial or any(rule.status or rule.lines for rule in wire.sent):
        return ""
    said = sorted((rule.name, rule.field, sorted((rule.parts or {}).items())) for rule in wire.sent)
    return blake2b(repr((wire.source, said)).encode(), digest_size=8).hexdigest()


def known_as_of(delivery: Delivery, item: Item, agreed: Mapping[str, Any]) -> str | None:
    """What to keep with the link of a record that was just written; `agreed`: field → what the destination holds since."""
    after, way = item.after, delivery.way
    if not way or after is None or after.modified is None or item.helds or item.plan.violations:
        return None
    rules = delivery.wire.sent
    if any(isinstance(agreed.get(rule.field, UNKNOWN), _Untold) for rule in rules):
        return None
    values = {rule.name: agreed[rule.field] for rule in rules}
    there = folded(after.values, _parts(rules))
    if not all(same(_value(there, rule.name), values[rule.name], rule.form) for rule in rules):
        return None
    if not _is_all(unfolded(values, _parts(rules)), after.values):
        return None
    return f"{way} {after.modified.isoformat()} {_digest(delivery, values)}"


def still_there(delivery: Delivery, items: Sequence[Item]) -> dict[str, Current]:
    """By id there, what those of these records hold that nobody changed since it was known."""
    rules = delivery.wire.sent
    known = {str(item.destination_id): one for item in items if (one := _known_of(delivery, item)) is not None}
    times = {identity: time for identity, (time, _values) in known.items()}
    rows = delivery.destination.unmoved(delivery.wire.object, times) if times else {}
    found: dict[str, Current] = {}
    for identity, row in rows.items():
        values = known[identity][1]
        told = [rule for rule in rules if rule.name in row.values]
        if all(same(row.values[rule.name], values[rule.name], rule.form) for rule in told):
            leaves = unfolded(values, _parts(rules))
            found[identity] = Current({**nested(leaves), **leaves, **values, **row.values}, row.read_at, row.modified)
    return found


def _known_of(delivery: Delivery, item: Item) -> tuple[datetime, dict[str, Any]] | None:
    """As of when it is known, and what it held then, by property; None where it has to be read."""
    link = item.link
    if link is None or link.known is None or item.paired or item.answers or item.to_adopt or item.helds:
        return None
    if item.source_id in delivery.known_held or item.destination_id in delivery.held_there or delivery.rebuild:
        return None
    way, time, digest = link.known.split(" ")
    values = _agreed_of(delivery.wire.sent, item)
    if way != delivery.way or values is None or digest != _digest(delivery, values):
        return None
    return datetime.fromisoformat(time), values


def _digest(delivery: Delivery, values: Mapping[str, Any]) -> str:
    """Of what the destination agreed to; without the ledger's key nobody can guess it."""
    return blake2b(to_json(values).encode(), digest_size=16, key=delivery.ledger.secret).hexdigest()


def _value(values: Mapping[str, Any], name: str) -> Any:
    return values[name] if name in values else dig(values, name)


def _agreed_of(rules: Iterable[FieldRule], item: Item) -> dict[str, Any] | None:
    """What the destination agreed to, by property; None where that is not told of every one."""
    values = {rule.name: item.agreed.get(rule.field, _NOBODY).destination for rule in rules}
    return None if any(isinstance(value, _Untold) for value in values.values()) else values


def _parts(rules: Iterable[FieldRule]) -> dict[str, Mapping[str, str]]:
    return {rule.name: rule.parts for rule in rules if rule.parts}


def _is_all(leaves: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Is what is agreed, to the letter, all there is in the objects that are written whole?"""
    below = {name: value for name, value in leaves.items() if "." in name}
    roots = {name.partition(".")[0]: dict[str, str]() for name in below}
    for name, value in below.items():
        if value not in (None, ""):
            roots[name.partition(".")[0]][name.partition(".")[2]] = str(value)
    return all(
        {key: str(value) for key, value in (values.get(root) or {}).items() if value not in (None, "")} == said
        for root, said in roots.items()
    )
