"""Rows of a list brought in order of modification and id, whatever the length of the list.

Where a vendor documents no order, the list is read to its end before its first row goes on. Rows are kept as JSON text: a row that
is decoded keeps the whole page alive that it came in. Beyond a few megabytes they go, sorted, into a file that nobody else can open
and that is gone with this process; pieces of it are merged while they are read again.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import groupby, islice, pairwise
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import msgspec
from msgspec import Raw

from ofrecord_kit.errors import Stop, sentence
from ofrecord_kit.lines import exact
from ofrecord_kit.tap.pages import Page, Place, Row
from ofrecord_kit.tokens import make_private_folder

_HELD_BYTES = 8_000_000
_ROWS_A_BLOCK = 16
"""Rows that are read again together; of each sorted piece one block is in memory."""
_ROWS_A_PAGE = 1_000
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Held(NamedTuple):
    """A row: its place, which of the decoders reads it, and its text."""

    modified: str
    id: str
    kind: int
    text: bytes


_place = itemgetter(0, 1)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[_Held]).decode


class InOrder:
    """Rows that are `add`ed come out of `pages` in order, a version of a record once. `folder` is made when it is needed."""

    def __init__(self, place: Callable[[Row], Place], folder: Path) -> None:
        self._place = place
        self._folder = folder
        self._held: list[_Held] = []
        self._size = 0
        self._kinds: dict[type, int] = {}
        self._file: IO[bytes] | None = None
        self._pieces: list[list[int]] = []
        """Of each sorted piece in the file: where its blocks begin, and where the last one ends."""

    def __enter__(self) -> Self:
        """Nothing is made before it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """The file goes."""
        if self._file is not None:
            self._file.close()

    def add(self, rows: Iterable[Any]) -> None:
        """Rows in any order, dicts of JSON text or `Cells`.

        Raises:
            Stop: there is no room for the file.
        """
        for row in rows:
            text = _encode(row)
            self._held.append(_Held(*self._place(row), self._kinds.setdefault(type(row), len(self._kinds)), text))
            self._size += len(text)
        if self._size >= _HELD_BYTES:
            self._put_aside()

    def pages(self) -> Iterator[list[Any]]:
        """All rows, some at a time; those of one page are of one kind.

        Raises:
            Stop: what was put aside cannot be read again.
        """
        decoders: list[msgspec.json.Decoder[Any]] = [
            msgspec.json.Decoder(dict[str, Raw] if kind is dict else kind, float_hook=exact) for kind in self._kinds
        ]
        merged = _each_once(heapq.merge(*map(self._read, self._pieces), self._sorted(), key=_place))
        while some := list(islice(merged, _ROWS_A_PAGE)):
            for kind, rows in groupby(some, key=itemgetter(2)):
                yield [decoders[kind].decode(one.text) for one in rows]

    def _sorted(self) -> list[_Held]:
        held, self._held, self._size = self._held, [], 0
        return sorted(held, key=_place)

    def _put_aside(self) -> None:
        rows = self._sorted()
        try:
            if self._file is None:
                make_private_folder(self._folder)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - read later, gone with this process
            starts = [self._file.tell()]
            for start in range(0, len(rows), _ROWS_A_BLOCK):
                self._file.write(_pack(rows[start : start + _ROWS_A_BLOCK]))
                starts.append(self._file.tell())
            self._file.flush()
        except OSError as error:
            raise _no_room() from error
        self._pieces.append(starts)

    def _read(self, starts: list[int]) -> Iterator[_Held]:
        for start, end in pairwise(starts):
            yield from _unpack(self._block(start, end))

    def _block(self, start: int, end: int) -> bytes:
        try:
            file = self._file or BytesIO()
            file.seek(start)
            return file.read(end - start)
        except OSError as error:
            raise _no_room() from error


def in_moments(pages: Iterator[Page], place: Callable[[Row], Place]) -> Iterator[Page]:
    """Pages of a list that is in order of modification, rows of one moment in order of id.

    So a reading that ends within a moment can say how far it came. Rows are held back until a page begins with a later one: rows of
    their moment that moved are looked for before that page is asked for (`finance_pages_by_time`).
    """
    held: dict[Place, Row] = {}
    last: Page | None = None
    for last in pages:
        begin = place(last.rows[0])[0] if last.rows else ""
        held |= {place(row): row for row in last.rows}
        ready = sorted(one for one in held if one[0] < begin or not one[0])
        yield replace(last, rows=[held.pop(one) for one in ready])
    if last:
        yield replace(last, rows=[held[one] for one in sorted(held)])


def _each_once(rows: Iterable[_Held]) -> Iterator[_Held]:
    """Without versions that came twice, because rows moved from a page to the next while the list was read."""
    last: Place = ("", "")
    for row in rows:
        place = (row.modified, row.id)
        if place != last or not all(place):
            yield row
        last = place


def _no_room() -> Stop:
    return Stop(
        sentence(
            "A list cannot be brought in order of modification",
            where="a file of this run in the folder of the setting state_dir",
            expected="room for the rows of the list, about 2 kB each",
            remedy="Free some space there, or let state_dir name a folder with more; then run again.",
        )
    )
