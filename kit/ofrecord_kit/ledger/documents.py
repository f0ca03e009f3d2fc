"""The document of a link and a pair of stores: field → what each of the two holds.

A field's entry is `[value of one, value of other]`, by the order of the stores' names. Behind them stand, only where there is something
to say: the time (text, UTC) when this was agreed, if not when the document was written; and marks, the sum of 1 and 2 where the
value of `one` and of `other` is not known, 4 and 8 where it is a fingerprint (`[digest, form]`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ofrecord_kit.ledger.values import to_json
from ofrecord_kit.plan import UNKNOWN

Entry = list[Any]
Document = dict[str, Entry]
_UNKNOWN = (1, 2)
_HASHED = (4, 8)


def pair_of(system: str, other: str) -> tuple[str, str]:
    """The names of a pair's stores in the order the ledger keeps them."""
    return (system, other) if system < other else (other, system)


def marks_of(entry: Entry) -> int:
    """What is to be known about an entry's two values."""
    return entry[3] if len(entry) > 3 else 0  # noqa: PLR2004 - its places are said above


def sides_of(entry: Entry, fingerprint: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The two values of an entry, UNKNOWN among them; `fingerprint` makes one of a stored `[digest, form]`."""
    if len(entry) < 4:  # noqa: PLR2004 - its places are said above
        return entry[0], entry[1]
    marks = entry[3]
    first, second = (
        UNKNOWN if marks & _UNKNOWN[side] else fingerprint(entry[side]) if marks & _HASHED[side] else entry[side]
        for side in (0, 1)
    )
    return first, second


def when(entry: Entry, written: datetime) -> datetime:
    """When an entry was agreed; `written` is the document's own time."""
    return datetime.fromisoformat(entry[2]) if len(entry) > 2 and entry[2] else written  # noqa: PLR2004 - as above


def merge(old: Document, old_at: datetime | None, news: Mapping[str, Mapping[int, tuple[Any, bool]]]) -> Document:
    """The document with new values: field → side (0 or 1) → (value or UNKNOWN, is it a fingerprint). Untouched entries keep their time."""
    at = old_at.isoformat() if old_at else None
    tail = [] if at is None else [at]
    merged = {
        field: entry + tail if len(entry) == 2 else entry if entry[2] else _dated(entry, at)  # noqa: PLR2004 - as above
        for field, entry in old.items()
        if field not in news
    }
    for field, sides in news.items():
        known = old.get(field, [None, None, None, 3])
        values, marks = known[:2], marks_of(known)
        for side, (value, hashed) in sides.items():
            unknown = value is UNKNOWN
            values[side] = None if unknown else value
            marks = marks & ~(_UNKNOWN[side] | _HASHED[side])
            marks |= _UNKNOWN[side] if unknown else _HASHED[side] if hashed else 0
        merged[field] = [*values, None, marks] if marks else values
    return merged


def _dated(entry: Entry, at: str | None) -> Entry:
    if at is None:
        return entry
    marks = marks_of(entry)
    return [*entry[:2], at, marks] if marks else [*entry[:2], at]


def without(document: Document, fields: Iterable[str]) -> Document:
    """The document without some fields."""
    gone = set(fields)
    return {field: entry for field, entry in document.items() if field not in gone}


def pointed(value: Any) -> str | None:
    """The form in which a value is looked up: an id, whether plain or in `{"id": …}`; None for what points at nothing."""
    if isinstance(value, dict) and "id" in value:
        value = value["id"]
    return None if value is None else to_json(value)
