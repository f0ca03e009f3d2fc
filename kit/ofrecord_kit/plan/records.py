"""The decision table applied to a record: which of its properties are written, agreed or held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ofrecord_kit.plan.fields import (
    CLOCK_TOLERANCE_S,
    UNKNOWN,
    Agree,
    Agreed,
    Conflict,
    FieldRule,
    Leave,
    Times,
    Violation,
    Write,
    Yield,
    adopt,
    decide,
    has_changed,
    observe,
)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What to do about one record; all maps are by property name, except violations (a list).

    `adopts`: edits of fields the source does not own that their owner takes over. `yields`: conflicts a person decided for
    the destination.
    """

    writes: dict[str, Write] = field(default_factory=dict)
    agrees: dict[str, Agree] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    adopts: dict[str, Write] = field(default_factory=dict)
    yields: dict[str, Yield] = field(default_factory=dict)


_NOBODY = Agreed()


def source_has_changed(
    rules: Iterable[FieldRule],
    values: Mapping[str, Any],
    native: Mapping[str, Any],
    agreed: Mapping[str, Agreed],
) -> bool:
    """Does any property sent differ from what was agreed? If not, the destination need not be read.

    `agreed` is by rule field. A property without a native value is compared by the value sent.
    """
    return bool(changed_rules(rules, values, native, agreed))


def changed_rules(
    rules: Iterable[FieldRule],
    values: Mapping[str, Any],
    native: Mapping[str, Any],
    agreed: Mapping[str, Agreed],
) -> tuple[FieldRule, ...]:
    """The rules of properties sent that differ from what was agreed; arguments as those of `source_has_changed`."""
    found = []
    for rule in rules:
        name, field = rule.name, rule.field
        if name not in values:
            continue
        here = native[field] if field in native else values[name]
        base = agreed.get(field, _NOBODY)
        there = base.source
        if here is there or (here == there and type(here) is type(there)):
            continue  # most fields
        if has_changed(rule, here, base):
            found.append(rule)
    return tuple(found)


def violations_of(
    rules: Iterable[FieldRule], observed: Mapping[str, Any], agreed: Mapping[str, Agreed]
) -> tuple[Violation, ...]:
    """The edits the source made to fields it does not own."""
    found = (
        observe(rule, observed[rule.field], agreed.get(rule.field, Agreed()))
        for rule in rules
        if rule.field in observed
    )
    return tuple(violation for violation in found if violation)


def plan_update(  # noqa: PLR0917 - the table has as many columns
    rules: Iterable[FieldRule],
    source: str,
    values: Mapping[str, Any],
    native: Mapping[str, Any],
    agreed: Mapping[str, Agreed],
    current: Mapping[str, Any],
    times: Times,
    *,
    missing: str = "leave",
    once: bool = False,
    skip: bool = False,
    violations: tuple[Violation, ...] = (),
    destination: str | None = None,
    tolerance_s: float = CLOCK_TOLERANCE_S,
    queued: frozenset[str] = frozenset(),
    origins: Mapping[str, tuple[str, str]] = {},
    taken: Mapping[str, str] = {},
) -> RecordPlan:
    """The plan for a record that has its counterpart.

    `origins`: rule field → the systems in which the two values were edited, for orders of precedence.

    `queued`: rule fields whose conflict waits for a person; no time of modification decides them.

    `taken`: rule field → the system whose value a person chose for the conflict there is now.

    `once`: only properties marked `after_create` may still be written. `skip`: two records were just paired and nothing
    is to be written; what each holds becomes what they agreed on.
    """
    plan = RecordPlan({}, {}, {}, violations)
    undated = replace(times, source_modified=None, destination_modified=None) if queued else times
    for rule in rules:
        if rule.name not in values or (once and not rule.after_create):
            continue
        base = agreed.get(rule.field, _NOBODY)
        here = native.get(rule.field, values[rule.name])
        if not has_changed(rule, here, base):
            continue  # most fields, and the table says nothing else of them
        if skip and base.source is UNKNOWN:
            plan.agrees[rule.name] = Agree(current.get(rule.name), "paired, nothing written")
            continue
        decision = decide(
            rule, source, values[rule.name], here, base, current.get(rule.name),
            undated if rule.field in queued else times, missing,
            destination=destination, tolerance_s=tolerance_s, origins=origins.get(rule.field),
            taken=taken.get(rule.field),
        )  # fmt: skip
        match decision:
            case Write():
                plan.writes[rule.name] = decision
            case Agree():
                plan.agrees[rule.name] = decision
            case Conflict():
                plan.conflicts[rule.name] = decision
            case Yield():
                plan.yields[rule.name] = decision
            case Leave():
                pass
    return plan


def plan_adoptions(
    rules: Iterable[FieldRule],
    values: Mapping[str, Any],
    agreed: Mapping[str, Agreed],
    current: Mapping[str, Any],
    plan: RecordPlan,
) -> RecordPlan:
    """The plan with its violations settled that the owner is to take over; `values` are the edits by property."""
    by_field = {rule.field: rule for rule in rules if rule.name in values}
    left = []
    for violation in plan.violations:
        rule = by_field.get(violation.field)
        if violation.answer != "adopt" or rule is None:
            left.append(violation)
            continue
        base = agreed.get(rule.field, Agreed())
        match adopt(rule, values[rule.name], violation, base, current.get(rule.name)):
            case Write() as write:
                plan.adopts[rule.name] = write
            case Agree() as agree:
                plan.agrees[rule.name] = agree
            case Violation() as reverted:
                left.append(reverted)
    return replace(plan, violations=tuple(left))


def plan_create(rules: Iterable[FieldRule], values: Mapping[str, Any]) -> RecordPlan:
    """The plan for a record without a counterpart: every property that has a value is written."""
    return RecordPlan(
        {rule.name: Write(values[rule.name], "created") for rule in rules if values.get(rule.name) is not None}
    )
