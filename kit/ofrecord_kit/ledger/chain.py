"""The chain of events: each row's digest covers the row as it is stored and the digest of the one before.

Whoever changes, takes out or puts in a row breaks the chain at that place; `meta` keeps its end, so that rows cut off at the end are
missed, too. With a key the digests are keyed: without it nobody can make a chain that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from ofrecord_kit.ledger.values import from_json, to_json

FIRST = ""
"""What stands before the first event."""

EVENT_COLUMNS = (
    "id", "at", "run", "kind", "entity", "link", "ids", "field", "system", "before", "after", "rule", "why", "editor",
)  # fmt: skip
"""The columns a digest covers, in this order; it never changes, or old chains break."""

_encode = msgspec.json.Encoder().encode
_KEYED = "k"


def stored_time(at: datetime) -> str:
    """A naive UTC time as text, the same on every database."""
    return at.isoformat(" ", "microseconds")


def row_digest(before: str, row: Sequence[Any], key: bytes | None) -> str:
    """The digest of a row (EVENT_COLUMNS; its time naive UTC or `stored_time` of it) behind the digest `before`."""
    at = row[1] if isinstance(row[1], str) else stored_time(row[1])
    text = _encode((before, row[0], at, *row[2:]))
    if key is None:
        return blake2b(text, digest_size=16).hexdigest()
    return _KEYED + blake2b(text, digest_size=16, key=key).hexdigest()


def is_keyed(digest: str) -> bool:
    """Was this digest made with a key?"""
    return digest.startswith(_KEYED)


def tail_of(count: int, last: int, digest: str) -> str:
    """The end of the chain as `meta` keeps it."""
    return to_json({"count": count, "last": last, "digest": digest})


def read_tail(text: str | None) -> tuple[int, int, str]:
    """How many events there are, the last one's id and digest."""
    if text is None:
        return 0, 0, FIRST
    found = from_json(text)
    return found["count"], found["last"], found["digest"]
