"""A schedule: an amount that is earned over the months of a contract, period by period. Pure.

Odd cents follow one rule: to the end of every period the sum is the exact share, rounded to the smallest unit of the
currency (half up). So the periods add up to the amount, no two like periods differ by more than one unit, and what is
recognised to date is never off by more than half of one; put on the first or the last period, it would be off all along.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise
from typing import Any, NoReturn

from ofrecord_kit.plan.currencies import DIGITS
from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.amounts import number
from ofrecord_transforms.lenses.moments import day
from ofrecord_transforms.paths import ABSENT, Record, reader
from ofrecord_transforms.rules import Schedule
from ofrecord_transforms.steps import simple
from ofrecord_transforms.systems import System

NAME = "schedule"
"""Under this name a record has its period: `schedule.amount`."""
FIELDS = ("number", "of", "from", "to", "amount", "reference", "entry")
"""What a period tells: its number and how many there are; its first and last day; its amount; `<record>/<number>`; and
the amount once as `debit` and once as `credit` (`side`, `amount`), for lines of a journal."""
MOST_MONTHS = 1200
_EXACT = Context(prec=80)
_AS_DAY = day().forward


@dataclass(frozen=True)
class Period:
    """Part of a contract, both days included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def month_later(start: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month: 31 January is followed by 28 or 29 February."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def end_of_month(of: date) -> date:
    """The last day of that month."""
    return of.replace(day=monthrange(of.year, of.month)[1])


def contract_months(start: date, months: int) -> list[Period]:
    """From a day to the day before the same day of the next month, counted from the start, so that no day is lost on the way."""
    begins = [month_later(start, one) for one in range(months + 1)]
    return [Period(one, other - timedelta(1)) for one, other in pairwise(begins)]


def calendar_months(start: date, months: int) -> list[Period]:
    """Months of the calendar, the one of the start among them, whole."""
    begins = [month_later(start.replace(day=1), one) for one in range(months)]
    return [Period(one, end_of_month(one)) for one in begins]


def months_by_days(start: date, months: int) -> list[Period]:
    """Months of the calendar, the first and the last as far as the contract reaches into them."""
    end = month_later(start, months) - timedelta(1)
    reached = (end.year - start.year) * 12 + end.month - start.month + 1
    whole = calendar_months(start, reached)
    return [Period(max(one.first, start), min(one.last, end)) for one in whole]


def shares(amount: Decimal, weights: Sequence[int], digits: int) -> list[Decimal]:
    """The amount in parts by weight, each with the digits of the currency, their sum the amount to the last of them."""
    step, total, done, before = Decimal(1).scaleb(-digits), sum(weights), 0, Decimal(0)
    found = []
    for weight in weights:
        done += weight
        exact = _EXACT.divide(_EXACT.multiply(amount, Decimal(done)), Decimal(total))
        until = exact.quantize(step, rounding=ROUND_HALF_UP, context=_EXACT)
        found.append(until - before)
        before = until
    return found


_PERIODS: Mapping[str, Callable[[date, int], list[Period]]] = {
    "contract months": contract_months,
    "calendar months": calendar_months,
    "days": months_by_days,
}


def schedule_of(start: date, months: int, amount: Decimal, digits: int, by: str) -> list[tuple[Period, Decimal]]:
    """Each period with its amount; by `days` it is earned day by day, else every month the same."""
    periods = _PERIODS[by](start, months)
    weights = [one.days if by == "days" else 1 for one in periods]
    return list(zip(periods, shares(amount, weights, digits), strict=True))


def periods_of(schedule: Schedule, system: System, key: str) -> Callable[[Record], list[Record]]:
    """A function from a record to one record for each period of its contract, the period under `NAME`.

    A record that makes no schedule comes alone, with the reason in words in place of the period. What is too small for
    the currency's smallest unit is no period.
    """
    get = {name: reader(system, getattr(schedule, name)) for name in ("start", "months", "amount")}
    code = reader(system, schedule.currency) if schedule.currency else None

    def split(record: Record) -> list[Record]:
        try:
            start, months = _start(get["start"](record)), _months(get["months"](record))
            digits = _digits(schedule.unit if code is None else code(record))
            amount = _amount(get["amount"](record), digits)
            made = schedule_of(start, months, amount, digits, schedule.by)
        except InvalidValueError as error:
            return [{**record, NAME: str(error)}]
        whole = str(record.get(key))
        return [
            {**record, NAME: _told(number_, len(made), period, share, whole)}
            for number_, (period, share) in enumerate(made, start=1)
            if share
        ]

    return split


def _told(number_: int, of: int, period: Period, share: Decimal, whole: str) -> dict[str, Any]:
    return {
        "number": number_,
        "of": of,
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "amount": share,
        "reference": f"{whole}/{number_}",
        "entry": [{"side": side, "amount": share} for side in ("debit", "credit")],
    }


def _start(value: Any) -> date:
    if value is ABSENT or value is None:
        _refuse("there is no first day of the contract")
    found = date.fromisoformat(_AS_DAY(value))
    if found.year + MOST_MONTHS // 12 >= date.max.year:
        _refuse("the first day of the contract is too late")
    return found


def _months(value: Any) -> int:
    found = 0 if value is ABSENT or value is None else number(value)
    if found != int(found) or not 0 < found <= MOST_MONTHS:
        _refuse(f"the months of the contract are no whole number from 1 to {MOST_MONTHS}")
    return int(found)


def _digits(value: Any) -> int:
    code = simple(value)
    digits = DIGITS.get(code.strip().upper()) if isinstance(code, str) else None
    if digits is None:
        _refuse("the amount has no known currency (ISO 4217), so that its smallest unit is not known")
    return digits


def _amount(value: Any, digits: int) -> Decimal:
    found = Decimal(0) if value is ABSENT or value is None else Decimal(number(value))
    if found <= 0:
        _refuse("the amount of the contract is not more than 0")
    if found != found.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_EXACT):
        _refuse("the amount of the contract has more digits than its currency")
    return found


def _refuse(why: str) -> NoReturn:
    raise InvalidValueError(why)
