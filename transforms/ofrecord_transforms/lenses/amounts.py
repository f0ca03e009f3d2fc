"""Numbers, physical units and money: exact decimals, in plain notation."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from ofrecord_transforms.lenses.lens import IDENTITY, InvalidValueError, Lens, both
from ofrecord_transforms.units import DIGITS, factor, looks_like_money

_EXACT = Context(prec=50)
_FINEST = Decimal("1e-12")


def number(value: Any) -> Any:
    """An `int` or `Decimal`; also from text, as the finance APIs send some totals as strings."""
    if isinstance(value, bool):
        msg = "is true or false, not a number"
        raise InvalidValueError(msg)
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return value if "E+" not in str(value) else plain(value)
    try:
        parsed = Decimal(str(value).strip())
    except InvalidOperation:
        msg = "is not a number"
        raise InvalidValueError(msg) from None
    if not parsed.is_finite():
        msg = "is not a finite number"
        raise InvalidValueError(msg)
    return parsed


NUMBER = both(number)


def plain(value: Decimal) -> Decimal:
    """Without an exponent and without needless zeros: `1E+3` is 1000, `2.500` is 2.5."""
    return Decimal(format(value.normalize(_EXACT), "f"))


def unit(source: str, destination: str) -> Lens:
    """Between two physical units of one dimension. What has no finite decimal is rounded at the twelfth digit."""
    times = factor(source, destination)
    if times == 1:
        return NUMBER

    def forward(value: Any) -> Decimal:
        return _finest(_EXACT.multiply(Decimal(number(value)), times))

    def backward(value: Any) -> Decimal:
        return _finest(_EXACT.divide(Decimal(number(value)), times))

    return Lens(forward, backward)


def _finest(value: Decimal) -> Decimal:
    return plain(value.quantize(_FINEST, rounding=ROUND_HALF_UP, context=_EXACT))


def money(currency: str) -> Lens:
    """An amount with the digits of its currency (ISO 4217), half away from zero."""
    digits = DIGITS.get(currency)
    if digits is None:
        return NUMBER
    step = Decimal(1).scaleb(-digits)

    def rounded(value: Any) -> Decimal:
        return Decimal(number(value)).quantize(step, rounding=ROUND_HALF_UP, context=_EXACT)

    return both(rounded)


def measure(source: str | None, destination: str | None) -> Lens:
    """The lens between two units of rules, either of which may be a currency or none."""
    if source is None or destination is None:
        return IDENTITY
    return money(source) if looks_like_money(source) else unit(source, destination)
