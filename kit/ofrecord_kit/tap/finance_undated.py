"""A list that is sorted by modification time and does not show it: only details tell how old a record is.

So the list is read newest first, and details are probed for the place where the bookmark is passed: the first row, then
ever wider steps, then halves. Without a change that is one page and one detail; of n changes about 2 log n details are
read to find the place, and kept. Changed records then go on oldest first, so that the bookmark follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ofrecord_kit.answers import Decoder
from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.finance_pages import finance_pages
from ofrecord_kit.tap.pages import Page, Place, Row, text_of
from ofrecord_kit.vendors import finance

_AT_ONCE = 50
_BY_TIME = {"sort_column": "last_modified_time", "sort_order": "D"}


class UndatedStream(FinanceStream):
    """A finance list whose rows carry no modification time. The list alone, without details, is always read whole."""

    def listing(self, since: datetime | None, decoder: Decoder | None = None) -> Iterator[Page]:  # noqa: ARG002 - nothing in a row says how old it is
        """Every row."""
        params = {**self.query, **self._filters()}
        return finance_pages(self.client, self.root + self.path, self.rows or self.name, params, decoder=decoder)

    def detailed(self, since: datetime | None, after: Place | None = None) -> Iterator[Page]:  # noqa: ARG002 - rows have no place
        """Records modified since `since`, oldest first."""
        newest = _Newest(self)
        changed = newest.rows_since(since.isoformat()) if since else newest.all_rows()
        yield replace(newest.first, rows=[])
        batch: list[Row] = []
        for row in reversed(changed):
            probed = newest.probed.get(text_of(row, self._key))
            if probed is None:
                batch.append(row)
            if probed is not None or len(batch) == _AT_ONCE:
                yield from (replace(newest.first, rows=some) for some in self._one_by_one(batch))
                batch = []
            if probed:
                yield replace(newest.first, rows=probed)
        yield from (replace(newest.first, rows=some) for some in self._one_by_one(batch))


class _Newest:
    """Rows of a list, newest first, read as far as they are asked for."""

    def __init__(self, stream: UndatedStream) -> None:
        self._stream = stream
        self._pages = self._read()
        self._rows: dict[str, Row] = {}
        self.probed: dict[str, list[Row]] = {}
        """Details by id; none of a record that was deleted since it was listed."""
        self.sorted = True
        self.first = next(self._pages)

    def all_rows(self) -> list[Row]:
        """Every row of the list."""
        for _ in self._pages:
            pass
        return list(self._rows.values())

    def rows_since(self, oldest: str) -> list[Row]:
        """Rows down to the first record that is older; every row when the vendor did not sort."""
        low, step = 0, 1
        while self._has(low + step - 1) and self.sorted and self._is_since(low + step - 1, oldest):
            low += step
            step *= 2
        if not self.sorted:
            return self.all_rows()
        high = min(low + step - 1, len(self._rows))
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._is_since(middle, oldest) else (low, middle)
        return list(self._rows.values())[:low]

    def _is_since(self, place: int, oldest: str) -> bool:
        """A record that was deleted meanwhile, or has no time, counts as changed: that reads more, never less."""
        name, row = list(self._rows.items())[place]
        if name not in self.probed:
            self.probed[name] = next(self._stream._one_by_one([row]), [])  # noqa: SLF001 - the other half of this module
        return all(self._stream._is_since(one, oldest) for one in self.probed[name])  # noqa: SLF001

    def _has(self, place: int) -> bool:
        while place >= len(self._rows):
            if next(self._pages, None) is None:
                return False
        return True

    def _read(self) -> Iterator[Page]:
        """Pages of the list. A record changed meanwhile moves to the front, so rows may come twice, and none is passed over."""
        stream, number, more = self._stream, 1, True
        while more:
            asked = {**stream.query, **stream._filters(), **_BY_TIME}  # noqa: SLF001
            params = {**asked, "page": str(number), "per_page": str(finance.PER_PAGE)}
            answer = stream.client.get(stream.root + stream.path, params=params)
            context = answer.body.get("page_context") or {}
            self.sorted &= context.get("sort_column", "last_modified_time") == "last_modified_time"
            page = Page(answer.body.get(stream.rows or stream.name) or [], answer.read_at)
            for row in page.rows:
                self._rows.setdefault(text_of(row, stream._key), row)  # noqa: SLF001
            yield page
            number, more = number + 1, bool(context.get("has_more_page"))
