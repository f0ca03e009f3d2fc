"""Two documents side by side: which figure of which line differs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ofrecord_kit.plan.canonical import same

_AMOUNTS = frozenset({"money", "number"})


@dataclass(frozen=True, slots=True)
class Figure:
    """What two documents must agree on: a property of the second one, or rows of it with figures of their own.

    `ref`: it names a record of this entity. `lookup`: an entry of this list.
    """

    name: str
    label: str
    form: str | None = "money"
    ref: str | None = None
    lookup: str | None = None
    lines: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure: where it stands (`line 2, Rate`), what was wanted, what was found."""

    place: str
    wanted: Any
    found: Any

    def said(self, source: str, destination: str) -> str:
        """In words, both values told.

        >>> Difference("line 2, Rate", Decimal("19.99"), 20).said("crm", "inventory")
        'line 2, Rate: 19.99 at crm, 20 at inventory'
        """
        return f"{self.place}: {plainly(self.wanted)} at {source}, {plainly(self.found)} at {destination}"


def figures_of(said: Sequence[Mapping[str, Any]]) -> tuple[Figure, ...]:
    """Figures as a SCHEMA annotates them."""
    return tuple(
        Figure(
            one["field"], one.get("label") or one["field"], one.get("format") or "money", one.get("ref"),
            one.get("lookup"), figures_of(one.get("lines") or ()),
        )
        for one in said
    )  # fmt: skip


def differences(figures: Sequence[Figure], wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Everything in which the second document differs from the first; what the first does not tell is not compared.

    Lines that are the same are paired wherever they stand; those that are left are compared in their order.
    """
    for figure in figures:
        there, here = found.get(figure.name), wanted.get(figure.name)
        if here is None:
            continue
        if figure.lines:
            yield from _of_lines(figure, here, there if isinstance(there, list) else [])
        elif not _agree(figure, here, there):
            yield Difference(figure.label, here, there)


def _of_lines(figure: Figure, wanted: Sequence[Mapping[str, Any]], found: Sequence[Any]) -> Iterator[Difference]:
    left = [row for row in found if isinstance(row, Mapping)]
    if len(wanted) != len(left):
        yield Difference(f"number of {figure.label.lower()}", len(wanted), len(left))
    odd = []
    for number, row in enumerate(wanted, 1):
        equal = next((one for one in left if _are_equal(figure.lines, row, one)), None)
        if equal is None:
            odd.append((number, row))
        else:
            left.remove(equal)
    for (number, row), there in zip(odd, left, strict=False):
        for one in differences(figure.lines, row, there):
            yield Difference(f"line {number}, {one.place}", one.wanted, one.found)
    for number, row in odd[len(left) :]:
        yield Difference(f"line {number}", _briefly(figure, row), None)


def _are_equal(figures: Sequence[Figure], row: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    return next(differences(figures, row, there), None) is None


def _briefly(figure: Figure, row: Mapping[str, Any]) -> str:
    told = (f"{one.label} {plainly(row[one.name])}" for one in figure.lines if row.get(one.name) is not None)
    return ", ".join(told) or "a line"


def _agree(figure: Figure, wanted: Any, found: Any) -> bool:
    """Amounts to the last digit; one that is not told is nought."""
    if figure.form in _AMOUNTS and not figure.ref:
        wanted, found = (0 if value in (None, "") else value for value in (wanted, found))
    return same(wanted, found, None if figure.ref or figure.lookup else figure.form)


def plainly(value: Any) -> str:
    """A value for people: numbers in plain notation, what is not there as a word."""
    if value is None or value == "":
        return "nothing"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
