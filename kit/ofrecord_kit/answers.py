"""What a vendor answered, as values: bodies decoded without floats, times in UTC, and bodies to send. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import msgspec

from ofrecord_kit.lines import exact
from ofrecord_kit.vendors import CLIENT_ERROR, Reader, Reading


class Decoder(Protocol):
    """What makes something of the bytes of a body, as `msgspec.json.Decoder` does."""

    def decode(self, body: bytes, /) -> Any:
        """What the body says. Raises msgspec.DecodeError."""


_decoder = msgspec.json.Decoder(float_hook=exact)
_encode = msgspec.json.Encoder(decimal_format="number").encode
_EXPONENT = re.compile(rb"\dE[+-]?\d")
"""A number that may be in scientific notation; texts that look like it cost a second encoding."""

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]+)?")
_A_DAY_S = 86_400.0
MOST_ADVISED_S = 3_600.0
"""More than this nobody waits for at the vendor's word: it may be wrong, and the next call asks again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor said. `body` is decoded JSON (numbers `int` or `Decimal`), bytes for other content, or None.

    `read_at` is the vendor's own `Date` in UTC, this machine's clock where it sends none. `took_s` is how long the vendor
    took, without waits of ours.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    read_at: datetime
    took_s: float = 0.0


class _Envelope(msgspec.Struct):
    """What says whether an answer is one; the rest is passed over."""

    code: int | str | None = None
    status: str | None = None
    message: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)


def decode_body(content: bytes, kind: str, token: str = "", decoder: Decoder | None = None) -> Any:
    """The body. A vendor that repeats the request in its words must not spread the token it came with.

    Raises:
        msgspec.DecodeError: it is cut short, or not of the decoder's shape.
    """
    if not content:
        return None
    content = content.replace(token.encode(), b"(token)") if token else content
    if "json" in kind:
        return (decoder or _decoder).decode(content)
    return content


def judge(answer: Answer, content: bytes, reader: Reader) -> Reading:
    """What an answer means, also where a decoder of the caller's made something else of it than a dict.

    A struct that names `code` is judged by what it holds; of any other shape the envelope is read again, which costs
    about a seventh of decoding all of it.
    """
    body = answer.body
    if body is None or isinstance(body, dict | bytes) or answer.status >= CLIENT_ERROR:
        return reader(answer.status, body)
    said = body if hasattr(body, "code") else _envelope.decode(content)
    known = {name: getattr(said, name, None) for name in ("code", "status", "message")}
    return reader(answer.status, {name: value for name, value in known.items() if value is not None})


def encode_body(body: Any) -> bytes:
    """JSON with decimals in plain notation: `Decimal("1.25E+3")` leaves as `1250`, never as a float or a text."""
    text = _encode(body)
    return msgspec.json.encode(_plain(body)) if _EXPONENT.search(text) else text


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return msgspec.Raw(format(value, "f").encode())
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value


def time_of(headers: Mapping[str, str]) -> datetime:
    """The vendor's `Date`, else this machine's clock."""
    try:
        return parsedate_to_datetime(headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


def day_begins(answer: Answer) -> datetime | None:
    """When the vendor's day begins anew, where it says so: seconds in `X-Rate-Limit-Reset` (seen, not documented)."""
    seconds = _seconds(answer.headers.get("X-Rate-Limit-Reset", ""))
    return None if seconds is None else answer.read_at + timedelta(seconds=min(seconds, _A_DAY_S))


def retry_after(answer: Answer) -> float:
    """Seconds of `Retry-After`, a number or a time (RFC 9110); 0 without one, an hour at most, since all who share the budget wait."""
    text = answer.headers.get("Retry-After", "")
    seconds = _seconds(text)
    if seconds is None:
        try:
            seconds = (parsedate_to_datetime(text).astimezone(UTC) - answer.read_at).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return 0.0
    return min(max(0.0, seconds), MOST_ADVISED_S)


def _seconds(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None
