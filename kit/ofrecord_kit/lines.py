"""What is taken from whoever sends Singer lines: how long and how deep they may be, and what is said of one that is refused.

Nothing here repeats a line or a value of one: it may hold personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from singer_sdk.singerlib.exceptions import InvalidInputLine

from ofrecord_kit.errors import sentence

LONGEST = 32 << 20
"""Bytes of a line. Records of the vendors have some kilobytes, the longest of them (rich text in every field) a few million."""
DEEPEST = 64
"""Objects and lists within each other. Records of the vendors have at most six."""
UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, InvalidOperation)
"""What decoding a line may end with."""
_MOST_EXPONENT = 1_000
_TEXTS = re.compile(rb'"[^"]*"')
_NO_OUTLINE = bytes(sign for sign in range(256) if sign not in b'[]{}"')


def exact(written: str) -> Decimal | str:
    """A number with a point or an exponent; one that nobody can mean stays the text it was written as.

    `1e999999999` is nine characters and a gigabyte when it is written out; as a text it fits no field of numbers and is set aside.

    >>> exact("12.50"), exact("1e3"), exact("1e999999999")
    (Decimal('12.50'), Decimal('1E+3'), '1e999999999')
    """
    try:
        number = Decimal(written)
    except InvalidOperation:
        return written
    return number if -_MOST_EXPONENT < number.adjusted() < _MOST_EXPONENT else written


def is_too_deep(text: bytes) -> bool:
    """Is sound JSON nested deeper than any record?"""
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return False
    outline = text.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_OUTLINE)
    brackets = _TEXTS.sub(b"", outline.replace(b'""', b""))  # texts without brackets go at once: there are many of them
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True


def lines_of(source: Any) -> Iterator[Any]:
    """The lines of a stream of bytes or text, as they come.

    Raises:
        InvalidInputLine: one is longer than any message; it was not read whole.
    """
    read = source.readline
    while line := read(LONGEST + 1):
        if len(line) > LONGEST:
            raise too_long()
        yield line


def too_long() -> InvalidInputLine:
    """For a line that does not end."""
    return refused(what=f"A line is longer than {LONGEST:,} bytes", remedy="")


def too_deep() -> InvalidInputLine:
    """For a record whose values are nested deeper than can be followed."""
    return refused(what="A record is nested too deep", expected="a record as a vendor has it", remedy="Correct the tap")


def not_a_message(size: int, error: Exception, number: int = 0) -> InvalidInputLine:
    """For a line of so many characters that is no message; `number`: which message it would be, from 1, where that is known."""
    why = "nested too deep, or a number too long" if not isinstance(error, msgspec.MsgspecError) else str(error)
    why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else why
    place = f", message {number:,}" if number else ""
    return refused(what=f"A line of {size} characters is not a Singer message: {why}", place=place, remedy="")


def refused(
    *,
    what: str,
    expected: str = "one JSON object on each line, as a tap or a mapper writes it",
    remedy: str,
    place: str = "",
) -> InvalidInputLine:
    """For anything that comes in and cannot be taken."""
    more = remedy or "Look at what runs before this program"
    return InvalidInputLine(
        sentence(what, where=f"standard input{place}", expected=expected, remedy=f"{more}; nothing after it was read.")
    )


def batches_refused() -> InvalidInputLine:
    """For files of records in place of records."""
    return refused(
        what="A BATCH message names files of records",
        expected="RECORD messages",
        remedy="Leave batch_config out of the tap's settings",
    )


def unknown_type(kind: object) -> InvalidInputLine:
    """For a message of a type that Singer does not have."""
    said = f" {kind}" if isinstance(kind, str) and re.fullmatch(r"[A-Z_]{1,30}", kind) else ""
    return refused(
        what=f"A message has an unknown type{said}",
        expected="SCHEMA, RECORD, STATE or ACTIVATE_VERSION",
        remedy="Look at what runs before this program",
    )
