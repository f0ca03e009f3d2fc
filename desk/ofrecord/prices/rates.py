"""The rate of an item for a customer and a quantity. Exact decimals; half of the last digit goes up.

What the vendor documents: a percentage is put on the item's rate or taken off, a list by volume has rates by quantity, and rates may be
rounded to the nearest whole number (its example: 19 less 5 % is 18.05, and 18 rounded). UNVERIFIED: the other words. Taken here:
`…_minus_01` is a cent less than what the word before says (nearest whole number: 18.05 → 17.99), and "half dollar" the half of the whole
number the rate lies in (18.05 → 18.50). A list has no days from which on it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ofrecord.prices.lists import PER_ITEM, PERCENTAGE, Bracket, Entry, PriceList
from ofrecord_kit.plan.currencies import digits_of

_CENT, _HALF, _ONE = Decimal("0.01"), Decimal("0.5"), Decimal(1)
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Allowed:
    """The rate a customer pays; `list` names the price list it comes from, None where it is the standard rate."""

    rate: Decimal
    list: str | None = None


def allowed(
    prices: PriceList | None, item: str, quantity: Decimal, standard: Decimal | None, *, currency: str, own: str
) -> Allowed | None:
    """None: nobody says it in this currency. `standard` is the item's own rate, which is in the currency `own` of the organisation.

    A list that is not in use, or says nothing of the item or of the quantity, leaves the standard rate. Currencies are never converted.
    """
    if prices is not None and prices.active and prices.sales:
        found = _by_list(prices, item, quantity, standard if currency == own else None, currency)
        if found is not None:
            return Allowed(found, prices.id)
    return Allowed(standard) if standard is not None and currency == own else None


def _by_list(
    prices: PriceList, item: str, quantity: Decimal, standard: Decimal | None, currency: str
) -> Decimal | None:
    if prices.kind == PERCENTAGE:
        if standard is None:
            return None
        return _rounded(prices, standard * (_HUNDRED + prices.percent) / _HUNDRED, currency)
    entry = prices.entries.get(item) if prices.kind == PER_ITEM else None
    if entry is None:
        return None
    bracket = bracket_of(entry, quantity) if entry.brackets else entry
    if bracket is None:
        return None
    if bracket.rate is not None:
        return bracket.rate if prices.currency == currency else None
    if bracket.discount is None or standard is None:
        return None
    return _rounded(prices, standard * (_HUNDRED - bracket.discount) / _HUNDRED, currency)


def bracket_of(entry: Entry, quantity: Decimal) -> Bracket | None:
    """The bracket a quantity lies in: the last one that begins at or below it. None below the first and above the last.

    Between the end of one and the beginning of the next (9.5 of 1 to 9 and 10 to 49) the lower one holds: the next is not reached.
    """
    reached = [one for one in entry.brackets if one.start <= quantity]
    if not reached:
        return None
    last = reached[-1]
    is_beyond = last is entry.brackets[-1] and last.end is not None and quantity > last.end
    return None if is_beyond else last


def _rounded(prices: PriceList, rate: Decimal, currency: str) -> Decimal:
    """As the list rounds, then to its digits after the point, of which there are no more than the currency has."""
    match prices.rounding:
        case "round_to_dollor" | "round_to_dollar":  # the vendor's spelling
            rate = _whole(rate)
        case "round_to_dollar_minus_01":
            rate = _whole(rate) - _CENT
        case "round_to_half_dollar":
            rate = _floor(rate) + _HALF
        case "round_to_half_dollar_minus_01":
            rate = _floor(rate) + _HALF - _CENT
    digits = digits_of(currency)
    places = digits if prices.places is None else min(prices.places, digits)
    return max(rate, Decimal(0)).quantize(_ONE.scaleb(-places), rounding=ROUND_HALF_UP)


def _whole(rate: Decimal) -> Decimal:
    return rate.quantize(_ONE, rounding=ROUND_HALF_UP)


def _floor(rate: Decimal) -> Decimal:
    return rate.quantize(_ONE, rounding=ROUND_FLOOR)
