"""Tests of one value against a condition of the rules: lists, presence, numbers, days and times."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.moments import in_utc
from ofrecord_transforms.paths import ABSENT
from ofrecord_transforms.rules import Condition

Test = Callable[[Any], bool]
"""Does a value (None or `ABSENT` when there is none) fulfil the condition?"""

_DAY = len("2026-01-31")


def is_empty(value: Any) -> bool:
    """Nothing there; 0 and false are something."""
    return value is ABSENT or value is None or value in ("", [], {})


def fulfils(condition: Condition, zone: str | None) -> Test:
    """The test of a condition. `zone` is the time zone of days and of times without an offset; None: UTC."""
    if condition.test == "present":
        return lambda value: not is_empty(value)
    if condition.test == "absent":
        return is_empty
    if condition.test == "in":
        return _among(condition.values)
    if condition.test == "not":
        among = _among(condition.values)
        return lambda value: not among(value)
    if condition.test in {"from", "before"}:
        return _in_time(condition.test, str(condition.values[0]), zone)
    return _compared(condition.test, Decimal(condition.values[0]))


def _among(values: tuple[Any, ...]) -> Test:
    """One of the values; of a list of values, any of them. A lookup is known by its name or its id."""
    plain = frozenset((type(value) is bool, value) for value in values)
    amounts = frozenset(
        found for value in values if not isinstance(value, str) and (found := amount(value)) is not None
    )
    written = frozenset(found for value in values if (found := amount(value)) is not None)

    def among(value: Any) -> bool:
        if isinstance(value, str):
            return (False, value) in plain or (bool(amounts) and amount(value) in amounts) or _flag(value) in plain
        if isinstance(value, bool):
            return (True, value) in plain
        if isinstance(value, int | Decimal):
            return value in written
        if isinstance(value, list):
            return any(among(item) for item in value)
        return isinstance(value, Mapping) and (among(value.get("name")) or among(value.get("id")))

    return among


def _flag(value: str) -> tuple[bool, Any]:
    """Custom fields of the finance side send true and false as words."""
    return True, {"true": True, "false": False}.get(value)


def amount(value: Any) -> Decimal | None:
    """An exact number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value.strip()) if isinstance(value, str) else Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "at least": lambda found, limit: found >= limit,
    "at most": lambda found, limit: found <= limit,
    "more than": lambda found, limit: found > limit,
    "less than": lambda found, limit: found < limit,
}


def _compared(test: str, limit: Decimal) -> Test:
    holds = _COMPARISONS[test]

    def compared(value: Any) -> bool:
        found = amount(value)
        return found is not None and holds(found, limit)

    return compared


def _in_time(test: str, limit: str, zone: str | None) -> Test:
    edge = instant(limit, zone)
    if edge is None:
        message = f'"{limit}" is neither a day nor a time'
        raise ValueError(message)

    def later(value: Any) -> bool:
        found = instant(value, zone)
        return found is not None and found >= edge

    def earlier(value: Any) -> bool:
        found = instant(value, zone)
        return found is not None and found < edge

    return later if test == "from" else earlier


def instant(value: Any, zone: str | None) -> datetime | None:
    """A time in UTC, of a day its first moment; None for what is neither. Without an offset it is in `zone` or UTC."""
    if not isinstance(value, str):
        return None
    written = value.strip()
    try:
        if len(written) > _DAY and (written.endswith("Z") or written[-6] in "+-" or written[-5] in "+-"):
            return datetime.fromisoformat(in_utc(written))
        local = datetime.fromisoformat(written)
    except (InvalidValueError, ValueError, IndexError):
        return None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(zone) if zone is not None else UTC)
    return local.astimezone(UTC)
