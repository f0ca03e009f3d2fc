"""A decision table: which of several states a thing is in, by figures of it. Pure.

The rows stand in an order, and the first that holds wins. A table has two parts: `rows` about one record (an invoice) with what follows it
(its payments), and `together` about the states of all the records that make one whole (the invoices of a deal). `transforms` proves that
every combination ends in a row; its reading of a row is the one here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

WAS = "was"
"""The figure that is the state as it was told last."""
FIGURES = "~figures"
"""Where a part keeps its figures, beside its values."""
NUMBERS = ("at least", "at most", "more than", "less than")


@dataclass(frozen=True, slots=True)
class Test:
    """What a figure must be. `test` is `in` (`words`), one of `NUMBERS` (against `other`, a figure, or `number`), `fell` or `passed`."""

    __test__ = False

    figure: str
    test: str
    words: tuple[str, ...] = ()
    number: Decimal = Decimal(0)
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A state and what must hold for it: all of it. `flag` says what is wrong with it, `since` names the day from which on."""

    state: str
    when: tuple[Test, ...] = ()
    flag: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """The state of the whole: `some` of its records have one of these states, `none` has one of those."""

    state: str
    some: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """As the SCHEMA carries it; see docs/architecture.md, "States".

    `place` is where the state goes, `flag` and `since` where those of its rows go. `told` says which entities tell a figure, the table's own
    first; `follows` whom each of these follows. `sums` are figures made of others, `totals` properties that show a figure of all records.
    """

    entity: str
    place: str
    rows: tuple[Row, ...]
    together: tuple[Together, ...]
    flag: str | None = None
    since: str | None = None
    zone: str | None = None
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """All properties it fills."""
        return tuple(name for name in (self.place, self.flag, self.since, *self.totals) if name)


def read_table(entity: str, said: Mapping[str, Any]) -> Table:
    """The table of an annotation."""
    return Table(
        entity, said["property"],
        tuple(Row(one["state"], tuple(map(_test, one.get("when") or ())), one.get("flag"), one.get("since")) for one in said["rows"]),
        tuple(Together(one["state"], tuple(one.get("some") or ()), tuple(one.get("none") or ())) for one in said["together"]),
        said.get("flag"), said.get("since"), said.get("zone"),
        {name: tuple(entities) for name, entities in (said.get("told") or {}).items()},
        dict(said.get("follows") or {}), {name: tuple(parts) for name, parts in (said.get("sums") or {}).items()},
        dict(said.get("totals") or {}),
    )  # fmt: skip


def _test(said: Sequence[Any]) -> Test:
    figure, test, wanted = said
    if test == "in":
        return Test(figure, test, words=tuple(wanted))
    if test in NUMBERS and isinstance(wanted, Mapping):
        return Test(figure, test, other=str(wanted["figure"]))
    return Test(figure, test, number=number(wanted) if test in NUMBERS else Decimal(0))


def number(value: Any) -> Decimal:
    """A figure as a number; nothing is 0."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def row_of(
    rows: Iterable[Row], figures: Mapping[str, Any], before: Mapping[str, Any], today: date | None
) -> Row | None:
    """The first row that holds. `before` are the figures as they were told last; without a day of today no day has passed."""
    return next((row for row in rows if all(_holds(test, figures, before, today) for test in row.when)), None)


def _holds(test: Test, figures: Mapping[str, Any], before: Mapping[str, Any], today: date | None) -> bool:
    value = figures.get(test.figure)
    match test.test:
        case "in":
            return value in test.words
        case "passed":
            day = day_of(value)
            return day is not None and today is not None and day < today
        case "fell":
            return test.figure in before and number(value) < number(before[test.figure])
    limit = number(figures.get(test.other)) if test.other is not None else test.number
    return compared(test.test, number(value), limit)


def compared(test: str, value: Decimal, limit: Decimal) -> bool:
    """One of `NUMBERS`."""
    match test:
        case "at least":
            return value >= limit
        case "at most":
            return value <= limit
        case "more than":
            return value > limit
    return value < limit


def day_of(value: Any) -> date | None:
    """The day a figure names."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def together_of(rows: Iterable[Together], states: Collection[str]) -> Together | None:
    """The first row that holds of these states."""
    return next((row for row in rows if holds_together(row, states)), None)


def holds_together(row: Together, states: Collection[str]) -> bool:
    """Does a row hold of these states?"""
    return (not row.some or any(one in row.some for one in states)) and not any(one in row.none for one in states)
