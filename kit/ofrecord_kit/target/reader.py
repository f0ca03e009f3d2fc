"""Singer messages in: numbers exact, errors without the line that caused them."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import IO, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class ExactReader(GenericSingerReader[str]):
    """Reads lines; numbers with a point become `Decimal`."""

    @property
    def default_input(self) -> IO[str]:
        """Standard input, as bytes where there are some: they need no decoding before they are decoded."""
        source: IO[str] = getattr(sys.stdin, "buffer", sys.stdin)
        return source

    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """One message. Raises `InvalidInputLine` without quoting it: it may hold personal data."""
        try:
            message: dict[str, Any] = _decoder.decode(line)
        except msgspec.MsgspecError as error:
            text = (
                f"A line of {len(line)} characters on standard input is not a Singer message ({error}). Expected: one JSON "
                "object on each line, as a tap or a mapper writes it. Look at what runs before this target; nothing after "
                "the line was read."
            )
            raise InvalidInputLine(text) from None
        return message
