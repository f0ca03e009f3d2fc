"""Singer messages in: numbers exact, errors without the line that caused them, records as they came."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import IO, Any

import msgspec
from msgspec import Raw, Struct
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

_NOTHING = Raw()


class _Message(Struct, gc=False):
    type: str
    stream: str = ""
    record: Raw = _NOTHING


_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_decode_record = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_decode_message = msgspec.json.Decoder(_Message).decode


class ExactReader(GenericSingerReader[str]):
    """Reads lines; numbers with a point become `Decimal`."""

    take: Callable[[str, Raw], bool] = staticmethod(lambda _stream, _record: False)
    """Takes the record of a stream as it came; did it?"""

    @property
    def default_input(self) -> IO[str]:
        """Standard input, as bytes where there are some: they need no decoding before they are decoded."""
        source: IO[str] = getattr(sys.stdin, "buffer", sys.stdin)
        return source

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """As the SDK's, but a record is offered to `take` before anything of it is decoded; what that refuses goes the SDK's way."""
        take = self.take
        counted: Counter[str] = Counter()
        records = 0
        for line in file_input or self.default_input:
            self._current_message = line
            message = _offered(line)
            if message is not None and take(message.stream, message.record):
                records += 1
            else:
                self._dispatch(line, callbacks, counted)
        counted["RECORD"] += records
        return counted

    def _dispatch(
        self, line: str, callbacks: dict[str, Callable[[dict[str, Any]], None]], counted: Counter[str]
    ) -> None:
        message = self.deserialize_json(line)
        self.assert_line_requires(message, requires={"type"})
        if callback := callbacks.get(message["type"]):
            callback(message)
        else:
            self._process_unknown_message(message)
        counted[message["type"]] += 1

    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """One message. Raises `InvalidInputLine` without quoting it: it may hold personal data."""
        try:
            message: dict[str, Any] = _decode(line)
        except msgspec.MsgspecError as error:
            raise _not_a_message(len(line), error) from None
        return message


def _offered(line: str | bytes) -> _Message | None:
    """The message if it is a RECORD; what is wrong with another one is said, or by the SDK, in words."""
    try:
        message = _decode_message(line)
    except msgspec.MsgspecError:
        return None
    return message if message.type == "RECORD" and message.record is not _NOTHING else None


def read_record(raw: Raw) -> dict[str, Any]:
    """A record that was kept as it came. Raises `InvalidInputLine`."""
    try:
        return _decode_record(raw)
    except msgspec.MsgspecError as error:
        raise _not_a_message(len(bytes(raw)), error) from None


def _not_a_message(size: int, error: Exception) -> InvalidInputLine:
    return InvalidInputLine(
        f"A line of {size} characters on standard input is not a Singer message ({error}). Expected: one JSON "
        "object on each line, as a tap or a mapper writes it. Look at what runs before this target; nothing after "
        "the line was read."
    )
