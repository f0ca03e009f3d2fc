"""The archive of a bulk read: one CSV file, read row by row, never unpacked to disk.

The name of the member is not used for anything, so it cannot lead anywhere. What is larger than a result can be is refused
before it fills memory: by what the archive says of itself, and, since that may be untrue, while it is read (the archive
reader gives no more than was declared and holds it against the checksum).
Source: Zoho CRM v8 docs, "Download Bulk Read Result": a ZIP with one CSV file; its largest size is not documented.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, TextIO

MOST_PACKED = 4 << 30
"""Bytes: 200,000 rows of 20 KB, packed."""
_MOST_UNPACKED = 32 << 30
_MOST_RATIO = 200
"""Rows of a CSV begin with an id each and do not shrink as much."""
_FREE = 64 << 20
"""Bytes that are read whatever they were packed into."""
_LONGEST_CELL = 10_000_000
_LONGEST_LINE = 50_000_000
_ENCRYPTED = 1
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, UnicodeDecodeError, csv.Error, NotImplementedError, RuntimeError,
)  # fmt: skip


class BrokenArchiveError(ValueError):
    """It is damaged, or no result of a bulk read. `found` holds no value of a record."""

    def __init__(self, *, found: str) -> None:
        super().__init__(found)


def cells_of(file: BinaryIO, most_rows: int) -> Iterator[list[str]]:
    """The rows of the archive, the header first.

    Raises:
        BrokenArchiveError: at once or on the way.
    """
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_member(archive)) as packed:
            text = io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
            width = 0
            for number, cells in enumerate(csv.reader(_lines(text))):
                width = width or len(cells)
                if number > most_rows or len(cells) != width:
                    raise BrokenArchiveError(found=f"row {number:,} of {len(cells):,} cells in place of {width:,}")
                yield cells
    except _DAMAGE as error:
        raise BrokenArchiveError(found=type(error).__name__) from None


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) != 1 or members[0].is_dir():
        raise BrokenArchiveError(found=f"{len(members)} files in place of one")
    (found,) = members
    if found.flag_bits & _ENCRYPTED:
        raise BrokenArchiveError(found="an encrypted file")
    allowed = max(_FREE, min(_MOST_UNPACKED, found.compress_size * _MOST_RATIO))
    if found.file_size > allowed:
        raise BrokenArchiveError(found=f"{found.file_size:,} bytes packed into {found.compress_size:,}")
    return found


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise BrokenArchiveError(found=f"a line of more than {_LONGEST_LINE:,} characters")
        yield line
