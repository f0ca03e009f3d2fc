"""The decision table for one field.

Every field has two agreed values, one per system, each in that system's own representation: what the source sends is
compared with what the source agreed to, what the destination holds with what the destination agreed to. A conversion
that loses something therefore never looks like an edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from ofrecord_kit.plan.canonical import canonical, same

CLOCK_TOLERANCE_S: Final = 120
"""Two edits closer than this are not ordered by their clocks; policy `latest` then falls back to review."""


class Unknown(Enum):
    """The value nobody has agreed on yet; not the same as an agreed empty value."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One property of the wire: who owns it and how its values compare.

    `name` is the property (destination name), `field` the name in the rules, `where` the rule's file and line. `policy`
    is one word, or systems in order of precedence. `parts`: part → the destination's field, of a value in parts.
    `currency`: of an amount, where the rules say it (ISO 4217). `related`: its lines are entries of a related list.
    `also`: entities a reference may point at besides `ref`.
    """

    name: str
    field: str
    owner: str
    policy: str | tuple[str, ...] | None = None
    form: str | None = None
    native_form: str | None = None
    where: str = ""
    answer: str = "revert"
    after_create: bool = False
    status: bool = False
    ref: str | None = None
    also: tuple[str, ...] = ()
    of: str | None = None
    """Rule field of the entity `ref` whose agreed value is meant, in place of the record."""
    unlinked: str = "hold"
    """While the record it points at has no counterpart: `hold` or `wait` (the record), `leave` (this field)."""
    direct: bool = False
    """The reference is an id of the destination already, or stays one of the source."""
    lookup: str | None = None
    combine: str | None = None
    otherwise: Any = None
    lines: Any = None
    parts: Mapping[str, str] | None = None
    identity: tuple[str, ...] = ()
    currency: str | None = None
    related: bool = False


class Agreed(Struct, frozen=True):
    """What both sides last agreed on, in the representation of each."""

    source: Any = UNKNOWN
    destination: Any = UNKNOWN


@dataclass(frozen=True, slots=True)
class Times:
    """When each side was created and last changed (UTC), as far as known."""

    source_modified: datetime | None = None
    destination_modified: datetime | None = None
    source_created: datetime | None = None
    destination_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing to do."""


_LEAVE = Leave()


class Write(Struct, frozen=True):
    """Write the source's value. `overrules` is the destination's own edit that this overwrites, else UNKNOWN."""

    value: Any
    why: str
    overrules: Any = UNKNOWN


class Agree(Struct, frozen=True):
    """Both sides hold the same already: remember it, write nothing."""

    destination: Any
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides were edited and nobody is entitled to decide: held for review."""

    source: Any
    destination: Any
    why: str


@dataclass(frozen=True, slots=True)
class Yield:
    """A person chose the destination's value: the source's edit counts as known, so the other direction carries it over.

    `destination` is what the destination goes on having agreed to, which is not what it holds.
    """

    destination: Any
    why: str


@dataclass(frozen=True, slots=True)
class Violation:
    """An edit of a field by a system that does not own it, and the chosen answer: revert, hold, adopt."""

    field: str
    before: Any
    after: Any
    answer: str


Decision = Leave | Write | Agree | Conflict | Yield


def has_changed(rule: FieldRule, native: Any, agreed: Agreed) -> bool:
    """Did the source change this field since both sides last agreed? Only then does anything else matter."""
    return agreed.source is UNKNOWN or not same(native, agreed.source, rule.native_form)


def observe(rule: FieldRule, observed: Any, agreed: Agreed) -> Violation | None:
    """What the source holds of a field it does not own; None when that is what was agreed, or nothing was."""
    if agreed.source is UNKNOWN or same(observed, agreed.source, rule.native_form):
        return None
    return Violation(rule.field, agreed.source, observed, rule.answer)


def adopt(rule: FieldRule, value: Any, violation: Violation, agreed: Agreed, current: Any) -> Write | Agree | Violation:
    """What becomes of an edit that its owner is to take over.

    `value` is the edit in the owner's representation, `current` what the owner holds now. An owner who changed the field
    meanwhile wins: the edit is put back, as any other.
    """
    if same(current, value, rule.form):
        return Agree(current, "the owner holds the same")
    if agreed.destination is UNKNOWN or not same(current, agreed.destination, rule.form):
        return replace(violation, answer="revert")
    return Write(value, "adopted", current)


def decide(  # noqa: PLR0917 - the table has as many columns
    rule: FieldRule,
    source: str,
    value: Any,
    native: Any,
    agreed: Agreed,
    current: Any,
    times: Times = Times(),
    missing: str = "leave",
    *,
    destination: str | None = None,
    tolerance_s: float = CLOCK_TOLERANCE_S,
    origins: tuple[str, str] | None = None,
    taken: str | None = None,
) -> Decision:
    """The decision about one field.

    `value` is the incoming value in the destination's representation, `native` the same in the source's own, `current`
    what the destination holds now. `source` is the name of the system the value comes from, `destination` that of the
    other: an order of precedence settles nothing without it. Edits closer than `tolerance_s` are not ordered by their
    clocks. `origins` are the systems in which the two values were edited, where that is not where they stand: an order of
    precedence ranks these. `taken` is the system whose value a person chose for just this conflict. A field owned by
    neither the source nor `shared` is never written.
    """
    if rule.owner not in (source, "shared") or not has_changed(rule, native, agreed):
        return _LEAVE
    if same(current, value, rule.form):
        return Agree(current, "both hold the same")
    edited = agreed.destination is not UNKNOWN and not same(current, agreed.destination, rule.form)
    if rule.owner == source:
        if agreed.source is UNKNOWN and canonical(value, rule.form) is None and missing == "leave":
            return Agree(current, "the source does not fill it")
        return Write(value, f"{source} owns it", current if edited else UNKNOWN)
    between = _Between(source, destination, times, tolerance_s, origins, taken)
    if agreed.source is UNKNOWN or agreed.destination is UNKNOWN:
        return _pair(rule, between, value, current)
    if not edited:
        return Write(value, "shared, changed on one side only")
    return _settle(rule, between, value, current, agreed.destination)


@dataclass(frozen=True, slots=True)
class _Between:
    """Two systems that differ, and what their clocks say."""

    source: str
    destination: str | None
    times: Times
    tolerance_s: float
    origins: tuple[str, str] | None
    taken: str | None


def _pair(rule: FieldRule, between: _Between, value: Any, current: Any) -> Decision:
    """A shared field of two records that were just found to be one: an empty side takes the other's value."""
    if canonical(current, rule.form) is None:
        return Write(value, "shared, empty on one side")
    if canonical(value, rule.form) is None:
        return Leave()
    return _settle(rule, between, value, current, None)


def _settle(rule: FieldRule, between: _Between, value: Any, current: Any, base: Any) -> Decision:
    """`base`: what the destination agreed to last; None when it never did, since an empty side is no conflict."""
    if between.taken == between.source:
        return Write(value, f"decided: take {between.taken}", current)
    if between.taken is not None and between.taken == between.destination:
        return Yield(base, f"decided: take {between.taken}")
    policy = rule.policy or "review"
    said = policy if isinstance(policy, str) else ", ".join(policy)
    source_wins = _winner(policy, between)
    if source_wins is None:
        return Conflict(value, current, f"policy {said}: both sides differ")
    return Write(value, f"policy {said}", current) if source_wins else Leave()


def _winner(policy: str | tuple[str, ...], between: _Between) -> bool | None:
    """Does the source win? None: nobody is entitled to decide."""
    times = between.times
    match policy:
        case "latest":
            return _is_later(times.source_modified, times.destination_modified, between.tolerance_s)
        case "first created":
            return _is_later(times.destination_created, times.source_created, 0)
        case "review":
            return None
        case str(system):
            known = (between.source, between.destination)
            return system == between.source if system in known or between.destination is None else None
        case order:
            one, other = between.origins or (between.source, between.destination)
            if one not in order or other not in order:
                return None
            return order.index(one) < order.index(other)


def _is_later(one: datetime | None, other: datetime | None, tolerance_s: float) -> bool | None:
    """Is `one` later than `other`? None when a time is missing or the two are too close to tell."""
    if one is None or other is None or one == other or abs(one - other) < timedelta(seconds=tolerance_s):
        return None
    return one > other
