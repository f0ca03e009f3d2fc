"""Singer messages in: numbers exact, errors without the line that caused them, records as they came."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import IO, Any

import msgspec
from msgspec import Raw, Struct
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from ofrecord_kit.lines import UNREADABLE, exact, is_too_deep, lines_of, not_a_message, refused, unknown_type

_NOTHING = Raw()


class _Message(Struct, gc=False):
    type: str
    stream: str = ""
    record: Raw = _NOTHING


_decode = msgspec.json.Decoder(float_hook=exact).decode
_decode_record = msgspec.json.Decoder(dict[str, Any], float_hook=exact).decode
_decode_message = msgspec.json.Decoder(_Message).decode


class ExactReader(GenericSingerReader[str]):
    """Reads lines; numbers with a point become `Decimal`."""

    take: Callable[[str, Raw], bool] = staticmethod(lambda _stream, _record: False)
    """Takes the record of a stream as it came; did it?"""
    _number = 0

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
        for line in lines_of(file_input or self.default_input):
            self._current_message = line
            message = _offered(line)
            if message is not None and take(message.stream, message.record):
                records += 1
            elif line.strip():
                self._number = records + counted.total() + 1
                self._dispatch(line, callbacks, counted)
        counted["RECORD"] += records
        return counted

    def _dispatch(
        self, line: str, callbacks: dict[str, Callable[[dict[str, Any]], None]], counted: Counter[str]
    ) -> None:
        message = self.deserialize_json(line)
        self.assert_line_requires(message, requires={"type"})
        kind = message["type"]
        callback = callbacks.get(kind) if isinstance(kind, str) else None
        if callback is None:
            raise unknown_type(kind)
        callback(message)
        counted[kind] += 1

    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """One message. Raises `InvalidInputLine` without quoting it: it may hold personal data."""
        raw = line.encode(errors="replace") if isinstance(line, str) else line
        try:
            message: dict[str, Any] = _decode(line)
            if is_too_deep(raw):
                raise RecursionError
        except UNREADABLE as error:
            raise not_a_message(len(line), error, self._number) from None
        return message

    @staticmethod
    def assert_line_requires(line_dict: Any, requires: set[str]) -> None:
        """Names what is missing; the SDK's words quote the line."""
        if not isinstance(line_dict, Mapping):
            raise refused(what="A message, or the schema in it, is not a JSON object", remedy="")
        if not isinstance(line_dict.get("stream", ""), str):
            raise refused(what="A message names a stream that is no text", remedy="")
        if missing := requires - line_dict.keys():
            raise refused(what=f"A message, or the schema in it, lacks {', '.join(sorted(missing))}", remedy="")


def _offered(line: str | bytes) -> _Message | None:
    """The message if it is a RECORD; what is wrong with another one is said, or by the SDK, in words."""
    try:
        message = _decode_message(line)
    except UNREADABLE:
        return None
    return message if message.type == "RECORD" and message.record is not _NOTHING else None


def read_record(raw: Raw) -> dict[str, Any]:
    """A record that was kept as it came. Raises `InvalidInputLine`."""
    try:
        record = _decode_record(raw)
        if is_too_deep(bytes(raw)):
            raise RecursionError
    except UNREADABLE as error:
        raise not_a_message(len(bytes(raw)), error) from None
    return record
