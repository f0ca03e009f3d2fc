"""Units of rules: physical ones through pint, money by ISO 4217."""

from decimal import Decimal, localcontext
from functools import cache
from typing import Any

from ofrecord_kit.plan import currencies

DIGITS = currencies.DIGITS
"""ISO 4217 code → digits after the point."""

KNOWN: dict[str, str] = {
    "[mass]": "g, kg, oz or lb",
    "[length]": "mm, cm, m, in or ft",
    "[length] ** 3": "ml, l or m ** 3",
    "[length] ** 2": "cm ** 2 or m ** 2",
    "[time]": "s, min, h or d",
    "[temperature]": "K",
}
_WORDS = {
    "[mass]": "mass",
    "[length]": "length",
    "[length] ** 3": "volume",
    "[length] ** 2": "area",
    "[time]": "time",
}


_COMMON: dict[str, tuple[str, Decimal]] = {
    "mg": ("[mass]", Decimal("0.001")),
    "g": ("[mass]", Decimal(1)),
    "kg": ("[mass]", Decimal(1000)),
    "oz": ("[mass]", Decimal("28.349523125")),
    "lb": ("[mass]", Decimal("453.59237")),
    "mm": ("[length]", Decimal("0.001")),
    "cm": ("[length]", Decimal("0.01")),
    "m": ("[length]", Decimal(1)),
    "in": ("[length]", Decimal("0.0254")),
    "ft": ("[length]", Decimal("0.3048")),
}
"""Dimension, and how many g or m: the units nearly every installation has, so that a mapper starts without reading
pint's definitions (a third of a second). A test holds each against pint."""


def looks_like_money(unit: str) -> bool:
    """Three capital letters are meant as a currency."""
    return unit in DIGITS or (len(unit) == 3 and unit.isascii() and unit.isupper())  # noqa: PLR2004 - ISO 4217 codes


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415 - a third of a second, needed only where units differ

    return pint.UnitRegistry(non_int_type=Decimal)


@cache
def dimension(unit: str) -> str | None:
    """`[mass]`, or None when the word is no unit or not written as its symbol."""
    if unit in _COMMON:
        return _COMMON[unit][0]
    import pint  # noqa: PLC0415 - see above

    try:
        parsed = _registry().Unit(unit)
    except (pint.PintError, AttributeError, ValueError, TypeError, ArithmeticError):
        return None
    if unit not in {f"{parsed:~}", str(parsed)} or parsed.dimensionless:
        return None
    return str(parsed.dimensionality)


def symbol(unit: str) -> str | None:
    """The one way to write a unit (`lbs` → `lb`), or None when it is no unit at all."""
    import pint  # noqa: PLC0415 - see above

    try:
        return f"{_registry().Unit(unit):~}"
    except (pint.PintError, AttributeError, ValueError, TypeError, ArithmeticError):
        return None


def word_for(dimension_: str) -> str:
    """`mass` for `[mass]`."""
    return _WORDS.get(dimension_, dimension_)


@cache
def factor(source: str, destination: str) -> Decimal:
    """One source unit in destination units, exact where the two are defined by decimals. Both must be checked units."""
    if source == destination:
        return Decimal(1)
    with localcontext() as context:
        context.prec = 50
        if source in _COMMON and destination in _COMMON:
            return Decimal(format((_COMMON[source][1] / _COMMON[destination][1]).normalize(), "f"))
        amount = _registry().Quantity(Decimal(1), source).to(destination).magnitude
        return Decimal(format(Decimal(amount).normalize(), "f"))
