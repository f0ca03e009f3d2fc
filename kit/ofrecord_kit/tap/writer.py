"""How messages leave a tap."""

from __future__ import annotations

import sys

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import Message, RecordMessage


class Writer(MsgSpecWriter):
    """Writes records through the buffer of standard output; every other message is flushed, and so are they."""

    def write_message(self, message: Message) -> None:
        """Write one message."""
        sys.stdout.buffer.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            sys.stdout.flush()
