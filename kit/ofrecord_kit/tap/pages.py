"""A page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypedDict

import msgspec

from ofrecord_kit.lines import exact

Row = dict[str, Any]
"""Property to value: decoded, or `msgspec.Raw`, the JSON text that is passed on as it is. `value_of` reads either."""

Place = tuple[str, str]
"""When a row was modified, as its list says it (UTC; empty: no time), and its id: the order in which rows of a list go on."""

decode_value = msgspec.json.Decoder(float_hook=exact).decode


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the vendor sent them, and the vendor's time of reading.

    `place`: with this page everything came that the list has up to there, where rows of one moment go on in order of id.
    """

    rows: list[Row]
    read_at: datetime
    place: Place | None = None


def value_of(row: Row, name: str) -> Any:
    """A property of a row, decoded (numbers `int` or `Decimal`); None where the row has none.

    >>> value_of({"id": msgspec.Raw(b'"7"')}, "id"), value_of({"id": "7"}, "id"), value_of({}, "id")
    ('7', '7', None)
    """
    value = row.get(name)
    return decode_value(value) if type(value) is msgspec.Raw else value


def text_of(row: Row, name: str) -> str:
    """A property of a row as text, empty where it is absent or null.

    >>> text_of({"id": msgspec.Raw(b"7")}, "id"), text_of({"id": None}, "id")
    ('7', '')
    """
    value = value_of(row, name)
    return "" if value is None else str(value)


BESIDE = ("code", "message", "status", "details", "info", "page_context")
"""What answers say beside their rows."""


class RowsDecoder:
    """Decodes an answer whose rows sit under `key` and leaves the values of the rows as they are, for `Client.get(decoder=…)`.

    Rows are passed on almost untouched, so decoding each of their values is most of what a page would cost. What the
    answer says beside the rows is decoded.
    """

    def __init__(self, key: str) -> None:
        beside: dict[str, Any] = dict.fromkeys(BESIDE, Any)
        shape = TypedDict("shape", {**beside, key: list[dict[str, msgspec.Raw]] | None}, total=False)  # type: ignore[misc]
        self._decode = msgspec.json.Decoder(shape, float_hook=exact).decode

    def decode(self, body: bytes, /) -> Any:
        """The answer. Rows that are none come decoded."""
        try:
            return self._decode(body)
        except msgspec.ValidationError:
            return decode_value(body)


@cache
def rows_under(key: str) -> RowsDecoder:
    """The decoder of answers with their rows under `key`."""
    return RowsDecoder(key)
