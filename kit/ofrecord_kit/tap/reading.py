"""One reading of a stream: from the vendor's rows to the records that are news, and how far that has come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Raw

from ofrecord_kit.tap.bookmark import Bookmark
from ofrecord_kit.tap.cells import column
from ofrecord_kit.tap.cells import shape as shape_cells
from ofrecord_kit.tap.chosen import passes, wanted_texts
from ofrecord_kit.tap.pages import Page, Place, Row, decode_value
from ofrecord_kit.tap.shapes import Cells

if TYPE_CHECKING:
    from ofrecord_kit.tap.stream import VendorStream

DELETED = "_sdc_deleted_at"
"""When a record was deleted, UTC: the property that makes a record a deletion."""
_VERSIONS = 10_000


class Seen:
    """Which versions of records came already, the last 10,000 at least.

    A version comes twice where pages shift, because a record was added or changed while the list was read, and where a chain
    of pages begins again: among the last pages then, not among all that a run ever read.
    """

    def __init__(self, most: int = _VERSIONS) -> None:
        self._most = most
        self._now: set[tuple[str, str]] = set()
        self._before: set[tuple[str, str]] = set()

    def is_new(self, version: tuple[str, str]) -> bool:
        """Whether it did not come before; from now on it did."""
        if version in self._now or version in self._before:
            return False
        if len(self._now) >= self._most:
            self._before, self._now = self._now, set()
        self._now.add(version)
        return True

    def __len__(self) -> int:
        return len(self._now) + len(self._before)


class Fresh(NamedTuple):
    """A record to deliver: as it is written (a dict or `Cells`), its id as text, and when it was modified (UTC; empty: no time)."""

    record: Any
    id: str
    modified: str


class Reading:
    """Reads a stream once. `bookmark` follows what the caller says was `delivered`."""

    def __init__(self, stream: VendorStream, bookmark: Bookmark) -> None:
        self.bookmark = bookmark
        self.begun: datetime | None = None
        self.is_whole = False
        """Whether every record there is is read."""
        self.is_complete = False
        """Whether all was read that was to be."""
        self._stream = stream
        self._keys = tuple(stream.primary_keys or ())
        self._key = self._keys[0] if len(self._keys) == 1 else None
        self._time = stream.replication_key or ""
        self._seen = Seen()
        self._place: Place | None = None
        self._left = 0
        """Records of the page that were not delivered yet."""
        self._end = stream.until.isoformat() if stream.until and self._time else ""
        self._wanted = {name: wanted_texts(values) for name, values in stream.filters.items()}
        self._never = set(self._wanted)

    def batches(self, saw: Callable[[Iterable[str]], None] | None = None) -> Iterator[list[Fresh]]:
        """What is new, page by page. The bookmark is at the end when all was delivered. `saw` is told all ids of a whole reading."""
        since = self._stream.since()
        if self._is_past_its_end():
            return
        oldest = since.isoformat() if since else ""
        self.is_whole = since is None and not self._end and not self._wanted
        rows = 0
        for page in self._stream.read(since):
            if self.begun is None:
                self.begun = page.read_at
                self.bookmark.begin(page.read_at)
            rows += len(page.rows)
            if saw is not None and self.is_whole:
                saw(self.id_of(row) for row in page.rows)
            fresh = self._fresh(page, oldest)
            self._place, self._left = page.place, len(fresh)
            yield fresh
            self._stand()
            if self._stream.must_end():
                return
            if self._stream.ends_early and self._is_after_the_end(page):
                break
        if rows and self._never:
            names = ", ".join(sorted(self._never))
            self._stream.log(
                f"filters: the vendor sends no {names} here, so only an empty value passes.", level=logging.WARNING
            )
        self.is_complete = True
        if self.begun:
            self.bookmark.complete(self._stream.until)

    def delivered(self, batch: list[Fresh]) -> None:
        """These were written: the bookmark follows, where the stream says that its records come in order."""
        if not self._stream.is_sorted:
            return
        if not self.bookmark.follow(
            [one.modified for one in batch if isinstance(one.record, Cells) or not one.record.get(DELETED)]
        ):
            words = "Rows come out of order; the bookmark moves at the end of the list only."
            self._stream.log(words, level=logging.WARNING)
        self._left -= len(batch)
        if self._left <= 0:
            self._stand()

    def _stand(self) -> None:
        """A page was delivered to its end."""
        if self._place and self.begun and self._stream.is_sorted:
            self.bookmark.stand(self._place, (self.begun - self._stream.overlap).astimezone(UTC).isoformat())
            self._place = None

    def wants(self, row: Row) -> bool:
        """Whether a row of all there is belongs to what was read before this reading began, as far as the row itself tells."""
        floor, begun = self._stream.floor, self.begun
        modified = _text(self._stream.shape(self._stream.mended(dict(row))).get(self._time))
        if not modified and (floor or self._end):
            return False  # nothing tells whether it is of that time
        in_time = not modified or (
            (not floor or modified >= floor.isoformat()) and (not begun or modified < begun.isoformat())
        )
        return in_time and (not self._end or modified < self._end) and passes(row, self._wanted)

    def late(self, page: Page) -> list[Fresh]:
        """Records of a page that stand where the bookmark is long past, so that it takes no notice of them."""
        return [one._replace(modified="") for one in self._fresh(page, "")]

    def id_of(self, record: Row) -> str:
        """The key of a record as text; the text of several is their JSON list. Empty without one."""
        if self._key is not None:
            return _text(record.get(self._key))
        return "\x1f".join(_text(record.get(key)) for key in self._keys)

    def _fresh(self, page: Page, oldest: str) -> list[Fresh]:
        """Records of a page that are wanted and did not come before."""
        mended, shape, time, end, wanted = self._stream.mended, self._stream.shape, self._time, self._end, self._wanted
        is_new, id_of = self._seen.is_new, self.id_of
        found: list[Fresh] = []
        rows: list[Any] = page.rows
        if rows and isinstance(rows[0], Cells) and self._key and not wanted:
            return self._fresh_cells(rows, oldest)
        for raw in rows:
            row = mended(raw)
            record = shape(row)
            gone = record.get(DELETED)
            modified = record.get(time) or gone or ""
            modified = modified if type(modified) is str else _text(modified)
            if modified and ((modified < oldest and not gone) or (end and modified >= end)):
                continue  # the vendor ignored the filter, as it does for some lists; deletions are read from a time of their own
            if wanted and not gone:
                self._never.difference_update(row)
                if not passes(row, wanted):
                    continue
            identity = id_of(record)
            if not identity or is_new((identity, modified)):
                found.append(Fresh(record, identity, modified))
        return found

    def _fresh_cells(self, rows: list[Any], oldest: str) -> list[Fresh]:
        """The same of rows that are decoded as records, one property of all after the other. The vendor deletes none in them."""
        shape_cells(rows)
        end, is_new = self._end, self._seen.is_new
        times, keys = column(rows, self._time), column(rows, self._key or "")
        found: list[Fresh] = []
        for record, said, key in zip(rows, times, keys, strict=True):
            modified = said if type(said) is str else _text(said)
            if modified and (modified < oldest or (end and modified >= end)):
                continue
            identity = key if type(key) is str else _text(key)
            if not identity or is_new((identity, modified)):
                found.append(Fresh(record, identity, modified))
        return found

    def _is_past_its_end(self) -> bool:
        """Whether everything before the end was delivered."""
        until, reached = self._stream.until, self.bookmark.reached
        return bool(self._end and until and reached and reached >= until)

    def _is_after_the_end(self, page: Page) -> bool:
        """Whether a page, and so whatever comes behind it, is later than the end."""
        if not self._end or not page.rows or not self.bookmark.is_in_order:
            return False
        ends: tuple[Any, ...] = (page.rows[0], page.rows[-1])
        shape = self._stream.shape
        times = [(row if isinstance(row, Cells) else shape(row)).get(self._time) for row in ends]
        return all(isinstance(one, str) and one >= self._end for one in times)


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is Raw:
        value = decode_value(value)
        if type(value) is str:
            return value
    return "" if value is None else str(value)
