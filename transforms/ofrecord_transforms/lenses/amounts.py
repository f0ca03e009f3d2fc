"""Numbers, physical units and money: exact decimals, in plain notation."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any

from ofrecord_kit.plan.currencies import DIGITS
from ofrecord_transforms.lenses.lens import IDENTITY, InvalidValueError, Lens, both, refusing
from ofrecord_transforms.units import factor, looks_like_money

_EXACT = Context(prec=80)
_FINEST = Decimal("1e-12")
_HALF = _FINEST / 2
_ONE = Decimal(1)
_MOST = 30
"""Digits before and after the point that anything counted or paid can have; beyond them stands a mistake."""
_TOO_MUCH = 10**_MOST


def number(value: Any) -> Any:
    """An `int` or `Decimal`; also from text, as the finance APIs send some totals as strings."""
    if isinstance(value, bool):
        msg = "is true or false, not a number"
        raise InvalidValueError(msg)
    if isinstance(value, int):
        return value if -_TOO_MUCH < value < _TOO_MUCH else _sensible(Decimal(value))
    if isinstance(value, Decimal):
        return _sensible(value)
    written = str(value).strip()
    try:
        parsed = Decimal(written)
    except InvalidOperation:
        parsed = None
    if parsed is None or "_" in written:
        msg = "is not a number"
        raise InvalidValueError(msg)
    return _sensible(parsed)


def _sensible(value: Decimal) -> Decimal:
    """The number without an exponent. Raises when it is none, or has too many digits to be meant."""
    written = str(value)
    if len(written) <= _MOST and "E" not in written and value.is_finite():
        return value
    if not value.is_finite():
        msg = "is not a finite number"
        raise InvalidValueError(msg)
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _MOST or (isinstance(exponent, int) and exponent < -_MOST):
        msg = f"has more than {_MOST} digits before or after the point"
        raise InvalidValueError(msg)
    return plain(value) if isinstance(exponent, int) and exponent > 0 else value


NUMBER = both(number)


def plain(value: Decimal) -> Decimal:
    """Without an exponent, needless zeros and the sign of zero: `1E+3` is 1000, `2.500` is 2.5."""
    return Decimal(format(_EXACT.plus(value.normalize(_EXACT)), "f"))


def unit(source: str, destination: str) -> Lens:
    """Between two physical units of one dimension.

    What has no finite decimal is rounded at the twelfth digit. On the way back that rounding is recognised, so that
    3.1 lb stay 3.1 lb.
    """
    times = factor(source, destination)
    if times == 1:
        return NUMBER
    there, back = _rounding(times), _rounding(_EXACT.divide(Decimal(1), times))

    def forward(value: Any) -> Decimal:
        return there(_EXACT.multiply(Decimal(number(value)), times))

    def backward(value: Any) -> Decimal:
        return back(_EXACT.divide(Decimal(number(value)), times))

    return Lens(forward, backward)


def _rounding(times: Decimal) -> Callable[[Decimal], Decimal]:
    """Rounds what was multiplied by `times`.

    An amount that was rounded before it was multiplied is off by up to half its last digit, times as much. Where a
    number with three digits less lies that near, it is the one that was meant.
    """

    def finest(value: Decimal) -> Decimal:
        whole = value.to_integral_value()
        if whole == value and whole and whole.same_quantum(_ONE):
            return whole
        return plain(value.quantize(_FINEST, rounding=ROUND_HALF_UP, context=_EXACT))

    noise = _HALF * times
    if times <= 1 or times.normalize(_EXACT).as_tuple().digits == (1,):
        return finest
    grid = Decimal(1).scaleb(noise.adjusted() + 3)

    def recognised(value: Decimal) -> Decimal:
        near = value.quantize(grid, rounding=ROUND_HALF_UP, context=_EXACT)
        return plain(near) if abs(value - near) <= noise else finest(value)

    return recognised


def money(currency: str) -> Lens:
    """An amount with the digits of its currency (ISO 4217), half away from zero; unknown currencies keep theirs."""
    digits = DIGITS.get(currency)
    if digits is None:
        return NUMBER
    step = Decimal(1).scaleb(-digits)

    def rounded(value: Any) -> Decimal:
        if value.__class__ is Decimal and value.same_quantum(step) and len(str(value)) <= _MOST and value:
            return value
        return _rounded(value, step)

    return both(rounded)


def _rounded(value: Any, step: Decimal) -> Decimal:
    amount_ = Decimal(number(value)).quantize(step, rounding=ROUND_HALF_UP, context=_EXACT)
    return amount_ or abs(amount_)


@cache
def amount(source_minor: bool = False, destination_minor: bool = False) -> Callable[[Any], Lens]:
    """From a currency code of a record to the lens of its amounts; `minor` are whole numbers of the smallest unit.

    `amount(False, True)("USD").forward(Decimal("12.34"))` is 1234. The code may be empty or anything else: amounts of
    an unknown currency keep their digits, and where a smallest unit is asked for they are refused.
    """

    @lru_cache(maxsize=256)
    def of(code: str) -> Lens:
        if not source_minor and not destination_minor:
            return money(code)
        digits = DIGITS.get(code)
        if digits is None:
            return refusing("has no known currency (ISO 4217), so that its smallest unit is not known")
        if source_minor and destination_minor:
            return both(_whole)
        major_to_minor = _to_minor(digits)
        return major_to_minor if destination_minor else major_to_minor.reversed()

    return lambda code: of(code.strip().upper() if isinstance(code, str) else "")


def _whole(value: Any) -> int:
    found = number(value)
    if found != int(found):
        msg = "is not a whole number of the smallest unit of its currency"
        raise InvalidValueError(msg)
    return int(found)


def _to_minor(digits: int) -> Lens:
    step = Decimal(1).scaleb(-digits)

    def forward(value: Any) -> int:
        return int(_rounded(value, step).scaleb(digits, context=_EXACT))

    def backward(value: Any) -> Decimal:
        return Decimal(_whole(value)).scaleb(-digits, context=_EXACT)

    return Lens(forward, backward)


def measure(source: str | None, destination: str | None, minor: tuple[bool, bool] = (False, False)) -> Lens:
    """The lens between two units of rules; of currencies one may be unsaid, as they are never converted.

    `minor` tells which side holds whole numbers of the smallest unit.
    """
    for said in (source, destination):
        if said is not None and looks_like_money(said):
            return amount(*minor)(said)
    if any(minor):
        return amount(*minor)(None)
    return IDENTITY if source is None or destination is None else unit(source, destination)
