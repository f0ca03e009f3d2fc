"""How messages leave a tap."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter, enc_hook, serialize_jsonl
from singer_sdk.singerlib import Message, RecordMessage

_FULL = 1 << 16
"""What a pipe takes at once."""
_LONG_S = 1.0
"""Records wait this long at most for others, as long as pages keep coming."""

encode_record: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number").encode


class Writer(MsgSpecWriter):
    """Gathers the lines of records; every other message is flushed, and they before it.

    What is gathered is whole lines at any moment, so that a state that is written when a signal arrives stands on a line of its
    own, behind every record it speaks of. A signal that arrives while lines are written waits for them: see `when_written`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines = bytearray()
        self._flushed_at = time.monotonic()
        self._writing = False
        self._waiting: Callable[[], None] | None = None

    def serialize_message(self, message: Message) -> bytearray:
        """As the SDK's, which copies a schema through and through before it writes it."""
        said = {field.name: getattr(message, field.name) for field in fields(message)}
        return serialize_jsonl({name: value for name, value in said.items() if value is not None})

    def write_message(self, message: Message) -> None:
        """Write one message."""
        self.write_line(bytes(self.format_message(message)))
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_line(self, line: bytes) -> None:
        """Write a line, which ends with a line feed, together with others."""
        self._lines.extend(line)
        if len(self._lines) >= _FULL:
            self.flush()

    def flush_old(self) -> None:
        """Write what is gathered if it is waiting for long."""
        if time.monotonic() - self._flushed_at > _LONG_S:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered."""
        self._writing = True  # before anything is taken: see `when_written`
        lines, self._lines = self._lines, bytearray()
        try:
            left = memoryview(lines)
            while left:  # without a buffer (PYTHONUNBUFFERED) a write that a signal interrupts takes a part only
                left = left[sys.stdout.buffer.write(left) :]
            sys.stdout.flush()
        finally:
            self._writing = False
            self._flushed_at = time.monotonic()
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting()

    def when_written(self, work: Callable[[], None]) -> None:
        """Do `work`, which writes and ends the program, from within a signal; if lines are just being written, after them.

        Raises:
            SystemExit: it is the second one that waits. Whoever reads has stopped to, and waiting would last for ever.
        """
        if not self._writing:
            work()
        elif self._waiting is None:
            self._waiting = work
        else:
            sys.exit(1)
