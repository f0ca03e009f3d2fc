"""Whether a value may be written into a field at all, by what is known of the field before any call.

A value that breaks a fact is held with the limit and a remedy; the other fields of its record go on. Messages never hold
the value itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ofrecord_kit.plan.canonical import same
from ofrecord_kit.plan.fields import FieldRule

_SHOWN: Final = 8
"""As many values of a list as a message names."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the destination takes in one field, as far as it says so; see `obstacle`.

    `length` counts characters, `values` are those of a closed or open list (a misspelt value makes a new entry in an open
    one), `forbidden` means that the token's user may not write it. `type` is the vendor's word. `fix` replaces the remedy
    that `obstacle` would name. `takes` is "number" or "text" where it takes nothing else.
    """

    read_only: bool = False
    length: int | None = None
    values: tuple[str, ...] | None = None
    fix: str | None = None
    forbidden: bool = False
    required: bool = False
    unique: bool = False
    type: str = ""
    takes: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a value is not even sent: `READ_ONLY`, `NO_PERMISSION`, `TOO_LONG`, `NOT_IN_LIST`, `WRONG_TYPE` or `NO_FIELD`, in words, and a remedy."""

    code: str
    message: str
    fix: str


class Glance:
    """A short look at whether anything stands against values: the types and lengths of values and the entries of lists, as they are known.

    `whole`: are there no fields beside those of the facts?
    """

    def __init__(self, rules: Iterable[FieldRule], facts: Mapping[str, Fact], *, whole: bool = False) -> None:
        self.facts = facts
        self._lengths: list[tuple[str, int, bool]] = []
        self._lists: list[tuple[str, frozenset[str]]] = []
        self._numbers: list[str] = []
        self._others: list[str] = []
        for rule in rules:
            fact = facts.get(rule.name)
            if rule.status or rule.related or (fact is None and not rule.parts and not (whole and facts)):
                continue
            if fact is None or rule.parts or fact.read_only or fact.forbidden:
                self._others.append(rule.name)
                continue
            if fact.takes == "number":
                self._numbers.append(rule.name)
            if fact.length is not None:
                self._lengths.append((rule.name, fact.length, fact.takes == "text"))
            if fact.values is not None:
                self._lists.append((rule.name, frozenset(fact.values)))

    def sees_nothing(self, values: Mapping[str, Any]) -> bool:
        """Is surely nothing in the way? If not, `obstacles` says whether something is."""
        for name, most, is_text in self._lengths:
            value = values.get(name)
            if len(value) > most if type(value) is str else is_text and value is not None:
                return False
        for name in self._numbers:
            if type(values.get(name)) is str:
                return False
        for name, entries in self._lists:
            value = values.get(name)
            if value is not None and (type(value) is not str or value not in entries):
                return False
        return not any(name in values for name in self._others)


def obstacle(name: str, fact: Fact, value: Any) -> Obstacle | None:
    """What stands against writing this value into a property; None when nothing is known to."""
    if fact.read_only:
        return Obstacle(
            "READ_ONLY", f"{name} cannot be written", fact.fix or "Take the field out of the rules, or give it to that system."
        )  # fmt: skip
    if fact.forbidden:
        return Obstacle(
            "NO_PERMISSION", f"the token may not write {name}",
            fact.fix or "Give its user the right to edit the field (profile, layout), or take the field out of the rules.",
        )  # fmt: skip
    if fact.takes and _kind(value) not in {"", fact.takes}:
        return Obstacle(
            "WRONG_TYPE", f"{name} takes a {fact.takes}",
            fact.fix or "Give the field its former type again, or convert the value in the rules.",
        )  # fmt: skip
    if fact.length is not None and isinstance(value, str) and len(value) > fact.length:
        return Obstacle(
            "TOO_LONG", f"{len(value)} characters; {name} takes {fact.length}",
            fact.fix or "Shorten the value where it is edited, or make the field longer there.",
        )  # fmt: skip
    if fact.values is not None and (value or value == 0) and not _in_list(value, fact.values):
        known = ", ".join(fact.values[:_SHOWN])
        more = ", …" if len(fact.values) > _SHOWN else ""
        return Obstacle(
            "NOT_IN_LIST", f"{name} takes only: {known}{more}",
            fact.fix or "Map the value in the rules (`values:`), or add it to the list there.",
        )  # fmt: skip
    return None


def _kind(value: Any) -> str:
    """Is it a number, a text, or nothing of which a type would be said?"""
    if isinstance(value, int | float | Decimal):
        return "" if isinstance(value, bool) else "number"
    return "text" if isinstance(value, str) and value else ""


def _no_field(name: str) -> Obstacle:
    fix = "Make the field again, or take it out of the rules."
    return Obstacle("NO_FIELD", f"{name} does not exist there any more", fix)


def obstacles(
    rules: Iterable[FieldRule], values: Mapping[str, Any], facts: Mapping[str, Fact], *, whole: bool = False
) -> dict[str, Obstacle]:
    """By property, what stands against writing these values. A value in parts is written as a whole or not at all.

    `whole`: are there no fields beside those of the facts? Where there are no facts, nothing is known.
    """
    found: dict[str, Obstacle] = {}
    for rule in rules:
        if rule.name not in values or rule.status or rule.related:
            continue
        for name, value in _places(rule, values[rule.name]) if rule.parts else ((rule.name, values[rule.name]),):
            if name in facts:
                against = obstacle(name, facts[name], value)
            else:
                against = _no_field(name) if whole and facts else None
            if against is not None:
                found.setdefault(rule.name, against)
    return found


def _places(rule: FieldRule, value: Any) -> list[tuple[str, Any]]:
    """The destination's fields a value goes to."""
    if rule.parts and isinstance(value, Mapping):
        return [(place, value[part]) for part, place in rule.parts.items() if part in value]
    return [(rule.name, value)]


def _in_list(value: Any, allowed: Collection[str]) -> bool:
    if isinstance(value, list | tuple):
        return all(_in_list(one, allowed) for one in value)
    return any(same(value, one, "text") for one in allowed)
