"""Kinds of values the finance APIs take, money, and time.

Numbers are kept in records as JSON numbers (a carrier of at most 15 digits) and are computed with as `Decimal` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ofrecord_sandbox.finance.answers import invalid, too_long, unknown
from ofrecord_sandbox.world import World

Kind = Callable[[str, Any], Any]
"""(name of the key, value) -> the value kept; raises RefusedError."""

ZONE = ZoneInfo("America/Los_Angeles")
_NO_MINOR = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def digits_of(currency: str) -> int:
    """Digits after the point of a currency (ISO 4217)."""
    return 0 if currency in _NO_MINOR else 3 if currency in _THREE else 2


def dec(value: Any) -> Decimal:
    """A number of a record as Decimal; None and "" are nought."""
    return Decimal(0) if value in (None, "") else _decimal(str(value))


@lru_cache(maxsize=8192)
def _decimal(written: str) -> Decimal:
    return Decimal(written)


def num(value: Decimal) -> int | float:
    """A Decimal as the JSON number a record keeps."""
    return int(value) if value == value.to_integral_value() else float(value)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, to so many digits after the point."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def text(most: int) -> Kind:
    """Text shorter than or as long as `most`. A test holds the lengths the OpenAPI files state; every other one is UNVERIFIED."""

    def check(name: str, value: Any) -> Any:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise invalid(name)
        if len(value) > most:
            raise too_long(name, most)
        return value

    return check


def number(name: str, value: Any) -> Any:
    """A number, or a text that is one; "" and None clear it."""
    if value in (None, ""):
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise invalid(name)
    try:
        return num(Decimal(str(value)))
    except InvalidOperation:
        raise invalid(name) from None


def whole(name: str, value: Any) -> Any:
    """A whole number."""
    kept = number(name, value)
    if kept != "" and not isinstance(kept, int):
        raise invalid(name)
    return kept


def flag(name: str, value: Any) -> Any:
    """True or false."""
    if not isinstance(value, bool):
        raise invalid(name)
    return value


def day(name: str, value: Any) -> Any:
    """A date `yyyy-mm-dd`; "" and None clear it."""
    if value in (None, ""):
        return ""
    try:
        if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
            raise invalid(name)
    except ValueError:
        raise invalid(name) from None
    return value


def identifier(name: str, value: Any) -> Any:
    """An id: decimal digits, or "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).isdecimal():
        raise invalid(name)
    return str(value)


def discount(name: str, value: Any) -> Any:
    """An amount, or a percentage written as "5%"."""
    if isinstance(value, str) and value.endswith("%"):
        number(name, value[:-1])
        return value
    kept = number(name, value)
    return 0 if kept == "" else kept


def one_of(*allowed: str | int) -> Kind:
    """One of a closed set of words or numbers."""

    def check(name: str, value: Any) -> Any:
        if isinstance(value, (bool, list, dict)) or value not in allowed:
            raise invalid(name)
        return value

    return check


def shape(kinds: Mapping[str, Kind]) -> Kind:
    """An object with these keys and no other."""

    def check(name: str, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(name)
        return checked(kinds, value)

    return check


def many(kind: Kind) -> Kind:
    """A list."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, list):
            raise invalid(name)
        return [kind(name, one) for one in value]

    return check


def checked(kinds: Mapping[str, Kind], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given keys with their values checked; raises RefusedError for an unknown key."""
    kept = {}
    for name, value in given.items():
        kind = kinds.get(name)
        if kind is None:
            raise unknown(name)
        kept[name] = kind(name, value)
    return kept


def stamp(moment: datetime) -> str:
    """A moment as the vendor writes it: whole seconds, the organisation's zone, offset without colon."""
    return _stamp(int(moment.timestamp()))


@lru_cache(maxsize=1024)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")


def moment(name: str, value: str) -> int:
    """Seconds since 1970 of a timestamp with offset; raises RefusedError (a `+` that became a blank fails here)."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(name) from None
    if at.tzinfo is None:
        raise invalid(name)
    return int(at.timestamp())


@lru_cache(maxsize=1024)
def day_of(second: int) -> str:
    """The organisation's date of a second since 1970."""
    return datetime.fromtimestamp(second, ZONE).date().isoformat()


def now_s(world: World) -> int:
    """The present second since 1970."""
    return int(world.clock.now().timestamp())


def today(world: World) -> str:
    """The organisation's date."""
    return world.clock.now().astimezone(ZONE).date().isoformat()
