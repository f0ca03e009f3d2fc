"""Singer lines in and out: bytes, decoded once, numbers exact.

The SDK's classes read and write text with a flush per message. These read bytes, leave the record undecoded until
somebody wants it, and write in blocks; a block is flushed at SCHEMA, STATE, the end and termination.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import IO, Any, Literal, TypedDict

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader, GenericSingerWriter

from ofrecord_kit.lines import LONGEST, UNREADABLE, exact, not_a_message, refused, too_long, unknown_type

_BLOCK = 1 << 16
_STATES = (b"{", b"n")
"""How the value of a STATE begins: an object or null."""


class Envelope(msgspec.Struct):
    """A Singer message whose record is not decoded yet."""

    type: str
    stream: str | None = None
    record: msgspec.Raw = msgspec.Raw(b"")
    value: msgspec.Raw = msgspec.Raw(b"")


_envelope = msgspec.json.Decoder(Envelope)
record_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=exact)
_encoder = msgspec.json.Encoder(decimal_format="number")


class _Schema(msgspec.Struct):
    schema: Any = None


_schema = msgspec.json.Decoder(_Schema)


def schema_of(line: str | bytes) -> Any:
    """The JSON Schema of a SCHEMA line, or None. Raises `InvalidInputLine`."""
    try:
        return _schema.decode(line).schema
    except UNREADABLE as error:
        raise not_a_message(len(line), error) from None


def record_of(raw: msgspec.Raw) -> dict[str, Any]:
    """A record; numbers with a point become `Decimal` from their digits, never through float. Raises `InvalidInputLine`."""
    try:
        return record_decoder.decode(raw)
    except UNREADABLE as error:
        raise not_a_message(len(bytes(raw)), error) from None


def lines_decoder(stream: str, names: Iterable[str]) -> Callable[[bytes], list[Any]]:
    """Decodes lines that are all records of a stream; only these names, so that the rest costs next to nothing.

    The function raises one of `UNREADABLE` when a line is anything else.
    """
    record = TypedDict("Record", dict.fromkeys(sorted(names), Any), total=False)  # type: ignore[misc]
    line = msgspec.defstruct(
        "Line", [("type", Literal["RECORD"]), ("stream", Literal[stream]), ("record", record)], gc=False
    )
    return msgspec.json.Decoder(line, float_hook=Decimal).decode_lines


def record_start(stream: str) -> bytes:
    """A RECORD line up to its record."""
    return encode({"type": "RECORD", "stream": stream, "record": None})[: -len(b"null}\n")]


def encode(message: Any) -> bytes:
    """One line, with its end. Decimals are written with their own digits."""
    return _encoder.encode(message) + b"\n"


@dataclass(frozen=True)
class Way:
    """The short way of the records of one stream: decoded no further than they are asked for, and handed on at once."""

    decode: Callable[[bytes], list[Any]]
    """Lines → a list of objects with `record`; raises one of `UNREADABLE` unless all are records of the stream."""
    take: Callable[[list[dict[str, Any]]], None]


class LineReader(GenericSingerReader[str]):
    """Reads lines of bytes and hands on `{"type", "stream", "record" (Raw), "line" (bytes)}`."""

    def __init__(self) -> None:
        super().__init__()
        self.ways: dict[str, Way] = {}
        """Stream → its short way, from its SCHEMA on. A line is taken for a record of the stream of the record before it."""
        self._number = 0

    @property
    def default_input(self) -> IO[str]:
        """Standard input; its bytes are taken from underneath."""
        return sys.stdin

    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """The envelope of a line. Raises `InvalidInputLine` without quoting it: it may hold personal data."""
        try:
            envelope = _envelope.decode(line)
        except UNREADABLE as error:
            raise not_a_message(len(line), error, self._number) from None
        if envelope.type in {"SCHEMA", "RECORD"} and not envelope.stream:
            raise refused(what=f"A {envelope.type} message names no stream", remedy="")
        if envelope.type == "STATE" and bytes(envelope.value)[:1] not in _STATES:
            raise refused(what="A STATE message whose value is no object", remedy="Correct the tap")
        return {"type": envelope.type, "stream": envelope.stream, "record": envelope.record, "line": line}

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Call back for each line; blank lines are passed over."""
        source = file_input or self.default_input
        by_type = {str(getattr(kind, "value", kind)): call for kind, call in callbacks.items()}
        counts: Counter[str] = Counter()
        way: Way | None = None
        for block in blocks(getattr(source, "buffer", source)):
            if way is not None and (taken := self._short(block, way)):
                counts["RECORD"] += taken
                continue
            for line in BytesIO(block):
                if not line.strip():
                    continue
                self._number = counts.total() + 1
                message = self.deserialize_json(line)
                kind = message["type"]
                call = by_type.get(kind)
                if call is None:
                    raise unknown_type(kind)
                call(message)
                counts[kind] += 1
                way = self.ways.get(message["stream"]) if kind == "RECORD" else way
        return counts

    @staticmethod
    def _short(block: bytes, way: Way) -> int:
        """Take a block in which every line is a record of that stream; 0: it is not, and nothing was taken."""
        try:
            messages = way.decode(block)
        except UNREADABLE:
            return 0
        way.take([message.record for message in messages])
        return len(messages)


def blocks(source: Any) -> Iterator[bytes]:
    """Whole lines as they arrive, as many as are there and fit 64 KiB. A line may be longer than that.

    Raises:
        InvalidInputLine: one is longer than any message.
    """
    read = getattr(source, "read1", source.read)
    begun: list[bytes] = []
    size = 0
    while block := read(_BLOCK):
        block = block.encode() if isinstance(block, str) else block
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*begun, block[:end]))
            begun = [block[end:]] if end < len(block) else []
            size = len(block) - end
        else:
            begun.append(block)
            size += len(block)
            if size > LONGEST:
                raise too_long()
    if begun:
        yield b"".join(begun)


class BlockWriter(GenericSingerWriter[bytes, bytes]):
    """Writes encoded lines in blocks of 64 KiB."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._writing = False
        self.stopping = False

    def serialize_message(self, message: bytes) -> bytes:
        """Lines come encoded."""
        return message

    def write_message(self, message: bytes) -> None:
        """Keep a line; write when a block is full."""
        self._block += message
        if len(self._block) >= _BLOCK:
            self.flush()

    def write_record(self, start: bytes, record: Any) -> None:
        """Keep a RECORD: its line's beginning up to the record, and the record, encoded where it will lie."""
        block = self._block
        block += start
        _encoder.encode_into(record, block, -1)
        block += b"}\n"
        if len(block) >= _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the next program. A termination that comes meanwhile takes effect afterwards."""
        self._writing = True
        try:
            written = 0
            while written < len(
                self._block
            ):  # without a buffer (PYTHONUNBUFFERED) a write that a signal interrupts takes a part
                written += sys.stdout.buffer.write(memoryview(self._block)[written:])
            sys.stdout.buffer.flush()
            self._block.clear()
        finally:
            self._writing = False
        if self.stopping:
            raise SystemExit(0)

    def terminate(self) -> bool:
        """Write what is complete; False when a write is under way and will end the program itself."""
        self.stopping = True
        if self._writing:
            return False
        self._block = self._block[: self._block.rfind(b"\n") + 1]
        self.stopping = False
        self.flush()
        return True
