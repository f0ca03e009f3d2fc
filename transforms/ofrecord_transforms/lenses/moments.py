"""Days and moments, and the time zones between them.

A side with a zone holds times without an offset, as its clocks show them. Where clocks are set back, an hour is shown
twice: without an offset the first is meant, and the second is written with its offset. A time that clocks skipped is
refused. Zones are read when rules name one, never before.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from ofrecord_transforms.lenses.lens import InvalidValueError, Lens
from ofrecord_transforms.lenses.texts import text

_DAY = len("2026-03-01")


def is_zone(name: str) -> bool:
    """Is this an IANA time zone, such as `Europe/Berlin`?"""
    try:
        _zone(name)
    except ValueError:
        return False
    return True


def day(source_zone: str | None = None, destination_zone: str | None = None) -> Lens:
    """`2026-03-01`, also from a moment.

    Of a moment with an offset the day in the zone of the side it comes from, else of the other side, else as written;
    of one without an offset the day as written.
    """
    return Lens(_to_day(source_zone or destination_zone), _to_day(destination_zone or source_zone))


def moment(source_zone: str | None = None, destination_zone: str | None = None) -> Lens:
    """ISO 8601 in UTC, or at a side with a zone as its clocks show it.

    A day becomes its first moment in the zone of the side it comes from, else of the other side.
    """
    return Lens(
        _then(_to_utc(source_zone, destination_zone), _from_utc(destination_zone)),
        _then(_to_utc(destination_zone, source_zone), _from_utc(source_zone)),
    )


def in_utc(value: Any) -> str:
    """ISO 8601 in UTC. Refuses a time without an offset, which could be anybody's."""
    return _TO_UTC(value).isoformat()


def _zone(name: str) -> tzinfo:
    """Raises `ValueError` when there is no such zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - read only where rules name zones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        msg = f'"{name}" is not a time zone'
        raise ValueError(msg) from error


def _then(first: Callable[[Any], datetime], second: Callable[[datetime], str]) -> Callable[[Any], str]:
    return lambda value: second(first(value))


def _to_day(name: str | None) -> Callable[[Any], str]:
    zone = _zone(name) if name is not None else None

    def convert(value: Any) -> str:
        written = text(value).strip()
        found = _date(written)
        if found is not None:
            return found.isoformat()
        at = _datetime(written)
        if at is None:
            msg = "is not a date (yyyy-mm-dd)"
            raise InvalidValueError(msg)
        return (at if zone is None or at.tzinfo is None else _at(at, zone)).date().isoformat()

    return convert


def _to_utc(name: str | None, other: str | None) -> Callable[[Any], datetime]:
    own = _zone(name) if name is not None else None
    zone_of_days = own if own is not None or other is None else _zone(other)

    def convert(value: Any) -> datetime:
        written = text(value).strip()
        found = _date(written)
        if found is not None:
            return _first_moment(found, zone_of_days)
        at = _datetime(written)
        if at is None:
            msg = "is not a date and time (ISO 8601)"
            raise InvalidValueError(msg)
        if at.tzinfo is not None:
            return _at(at, UTC)
        if own is None:
            msg = "has no UTC offset, and its side names no zone"
            raise InvalidValueError(msg)
        return _of_clock(at, own)

    return convert


def _from_utc(name: str | None) -> Callable[[datetime], str]:
    if name is None:
        return datetime.isoformat
    zone = _zone(name)

    def convert(at: datetime) -> str:
        local = _at(at, zone)
        return local.isoformat() if local.fold else local.replace(tzinfo=None).isoformat()

    return convert


def _date(written: str) -> date | None:
    if len(written) > _DAY:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _datetime(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _at(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:
        msg = "is outside the years 1 to 9999"
        raise InvalidValueError(msg) from None


def _of_clock(local: datetime, zone: tzinfo) -> datetime:
    """The moment at which the clocks of a zone show a time, the first of two."""
    at = _at(local.replace(tzinfo=zone, fold=0), UTC)
    if _at(at, zone).replace(tzinfo=None) != local:
        msg = f"is a time that the clocks of {zone} skipped"
        raise InvalidValueError(msg)
    return at


def _first_moment(found: date, zone: tzinfo | None) -> datetime:
    """Midnight; where clocks skip it, the moment to which they are set."""
    if zone is None:
        msg = "is a day, and neither side names the zone in which it begins"
        raise InvalidValueError(msg)
    midnight = datetime.combine(found, time())
    try:
        return _of_clock(midnight, zone)
    except InvalidValueError:
        at = _end_of_gap(midnight, zone)
    if _at(at, zone).date() != found:
        msg = f"is a day that the clocks of {zone} skipped"
        raise InvalidValueError(msg)
    return at


def _end_of_gap(local: datetime, zone: tzinfo) -> datetime:
    """The moment at which clocks jump over a local time: later than with the new offset, not later than with the old."""
    after = _at(local.replace(tzinfo=zone, fold=1), UTC)
    before = _at(local.replace(tzinfo=zone, fold=0), UTC)
    while before - after > timedelta(seconds=1):
        middle = after + (before - after) // 2
        middle = middle.replace(microsecond=0)
        if _at(middle, zone).replace(tzinfo=None) > local:
            before = middle
        else:
            after = middle
    return before


_TO_UTC = _to_utc(None, None)
