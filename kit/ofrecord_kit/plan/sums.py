"""What a document will come to, before it is sent: under each of the two ways vendors round.

A vendor rounds the net and the tax of every line, or adds up exactly and rounds the document's tax once; the two differ by a few of
the currency's smallest units. None of the vendor's documents says which of them holds for an organisation (UNVERIFIED; there is a
preference for it), so both are foreseen and what the vendor answers is compared with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

_WIDE = Context(prec=4_000)
"""Digits of a product of three numbers with the greatest exponents that are believed (`lines`), and some more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `discount` an amount or a share such as "5%", `tax` in per cent."""

    quantity: Decimal
    rate: Decimal
    discount: Any = None
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The totals there will be: when every line is rounded, and when only the document is."""

    by_line: Decimal
    by_document: Decimal

    def said(self) -> str:
        """In words.

        >>> Foreseen(Decimal("10.01"), Decimal("10.00")).said()
        'foreseen: 10.01 where each line is rounded, 10.00 where the document is'
        """
        if self.by_line == self.by_document:
            return f"foreseen: {self.by_line:f} however it is rounded"
        return f"foreseen: {self.by_line:f} where each line is rounded, {self.by_document:f} where the document is"


def foresee(rows: Iterable[Row], digits: int, *, less: Decimal = Decimal(0), plus: Decimal = Decimal(0)) -> Foreseen:
    """Both totals. `less` is taken off the document after its taxes, `plus` (charges, an adjustment) is added.

    >>> third = Row(Decimal(1), Decimal("0.50"), None, Decimal(19))
    >>> foresee([third, third, third], 2)
    Foreseen(by_line=Decimal('1.80'), by_document=Decimal('1.79'))
    """
    by_line = by_document = Decimal(0)
    for row in rows:
        gross = row.quantity * row.rate
        net = gross - off(row.discount, gross, digits)
        by_line += rounded(net, digits) + rounded(rounded(net, digits) * row.tax / 100, digits)
        by_document += net + net * row.tax / 100
    return Foreseen(rounded(by_line - less + plus, digits), rounded(by_document - less + plus, digits))


def off(discount: Any, gross: Decimal, digits: int) -> Decimal:
    """What a discount takes off: an amount, or a share of what it is taken off.

    >>> off("5%", Decimal("19.99"), 2), off(2, Decimal(10), 2), off(None, Decimal(10), 2)
    (Decimal('1.00'), Decimal('2'), Decimal('0'))
    """
    if isinstance(discount, str) and discount.strip().endswith("%"):
        return rounded(gross * (exact(discount.strip()[:-1]) or Decimal(0)) / 100, digits)
    return exact(discount) or Decimal(0)


def exact(value: Any) -> Decimal | None:
    """A number without a rounding error; None for what is none."""
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half away from zero, however great it is."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)
