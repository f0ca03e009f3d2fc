"""Pages of the finance side's lists: `page` and `has_more_page`.

A page is read when it is asked for, never earlier, so that stopping early costs nothing.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from datetime import datetime, timedelta

from ofrecord_kit.answers import Decoder
from ofrecord_kit.http import Client, Params
from ofrecord_kit.tap.pages import Page, Row, rows_under
from ofrecord_kit.vendors import finance

_TIME = "last_modified_time"
_KEPT_PAGES = 5
"""Pages whose rows are known again."""


def finance_pages(
    client: Client,
    path: str,
    key: str,
    params: Params | None = None,
    *,
    is_paged: bool = True,
    decoder: Decoder | None = None,
) -> Iterator[Page]:
    """Pages of a finance list whose rows sit under `key`. Loops while `page_context.has_more_page`.

    Source: Zoho Inventory, "Pagination". Some lists answer without `page_context`, and some
    (`is_paged` False) document no parameters for pages: they have one page.
    """
    for number in itertools.count(1):
        page: Params = {"page": number, "per_page": finance.PER_PAGE} if is_paged else {}
        answer = client.get(path, params={**(params or {}), **page}, decoder=decoder or rows_under(key))
        body = answer.body or {}
        yield Page(body.get(key) or [], answer.read_at)
        if not (body.get("page_context") or {}).get("has_more_page"):
            return


def finance_pages_overlapping(
    client: Client,
    path: str,
    key: str,
    params: Params,
    version: Callable[[Row], str],
    *,
    decoder: Decoder | None = None,
) -> Iterator[Page]:
    """Pages of a finance list that is in order of modification and cannot be filtered by it: by number, with no row between two.

    A record that is changed or deleted while the list is read brings every row after it one place forward. So each page is
    asked for in a size that makes it begin with a row that was had (`_page_at`): where its first row was not, rows moved, and an
    earlier place is asked for. `version` tells rows apart. Rows come once. A vendor that takes no other size is followed by number.
    """
    had: deque[str] = deque(maxlen=_KEPT_PAGES * finance.PER_PAGE)
    place = 0
    while True:
        number, size = _page_at(place)
        start = (number - 1) * size
        asked = {**params, "page": number, "per_page": size}
        answer = client.get(path, params=asked, decoder=decoder or rows_under(key))
        rows: list[Row] = (answer.body or {}).get(key) or []
        if start and not (rows and version(rows[0]) in had):
            place = max(0, start - size // 2)
            continue
        known = set(had)
        fresh = [row for row in rows if version(row) not in known]
        has_more = bool(((answer.body or {}).get("page_context") or {}).get("has_more_page"))
        if not fresh and not start and has_more:
            yield from finance_pages(client, path, key, params, decoder=decoder)
            return
        had.extend(version(row) for row in fresh)
        yield Page(fresh, answer.read_at)
        if not has_more:
            return
        place = start + size - 1


def _page_at(place: int) -> tuple[int, int]:
    """Number and size of the page that has the row at `place` and reaches furthest behind it.

    >>> _page_at(0), _page_at(199), _page_at(397), _page_at(4000)
    ((1, 200), (2, 199), (3, 198), (21, 200))
    """
    sizes = range(finance.PER_PAGE, finance.PER_PAGE // 2, -1)
    size = max(sizes, key=lambda one: (place // one + 1) * one)
    return place // size + 1, size


def finance_pages_by_time(
    client: Client,
    path: str,
    key: str,
    params: Params,
    *,
    modified: Callable[[Row], str],
    version: Callable[[Row], str],
    decoder: Decoder | None = None,
) -> Iterator[Page]:
    """Pages of a finance list that is sorted by `last_modified_time`, oldest first, and can be filtered by it.

    A record changed while the list is read moves to its end, and every row after it one place forward: with page
    numbers alone the first row of the next page would be passed over. So the next page is asked for by the time of the
    last row. Where a whole page lies within two seconds, as an import leaves it, page numbers go on, and the page before is
    looked at again before the page goes on: when it is another one by now, the seconds are read again. Rows that a page begins with and that were had
    already are left out, others may come twice. `modified` gives a row's time in UTC (`2026-03-01T09:15:00+00:00`), `version` tells rows apart. A vendor that says it sorted otherwise is followed by page number.
    """

    def read(number: int) -> tuple[Page, bool, bool]:
        asked_now = {**asked, "page": number, "per_page": finance.PER_PAGE}
        answer = client.get(path, params=asked_now, decoder=decoder or rows_under(key))
        context = (answer.body or {}).get("page_context") or {}
        is_sorted = context.get("sort_column", _TIME) == _TIME
        return Page((answer.body or {}).get(key) or [], answer.read_at), bool(context.get("has_more_page")), is_sorted

    asked = dict(params)
    number, before = 1, None
    had: deque[str] = deque(maxlen=_KEPT_PAGES * finance.PER_PAGE)
    while True:
        page, has_more, is_sorted = read(number)
        if is_sorted and before is not None and before != read(number - 1)[0].rows:
            number, before = 1, None
            continue
        has_rows, last = bool(page.rows), modified(page.rows[-1]) if page.rows else ""
        begin = finance.modified_from(datetime.fromisoformat(last)) if is_sorted and last else ""
        goes_on = begin > str(asked.get(_TIME, ""))
        held = None if goes_on else [copy(row) for row in page.rows]  # whoever gets the page may change its rows
        known = set(had)
        first = (
            next((place for place, row in enumerate(page.rows) if version(row) not in known), len(page.rows))
            if had
            else 0
        )
        had.extend(version(row) for row in _of_last_seconds(page.rows, last, modified))
        yield Page(page.rows[first:], page.read_at)
        if not has_rows or not has_more:
            return
        if goes_on:
            asked[_TIME] = begin
            number, before = 1, None
        else:
            number, before = number + 1, held


def _of_last_seconds(rows: Sequence[Row], last: str, modified: Callable[[Row], str]) -> Iterator[Row]:
    """The rows that a list from the time of the last one begins with."""
    if last:
        oldest = (datetime.fromisoformat(last) - timedelta(seconds=1)).isoformat()
        yield from itertools.takewhile(lambda row: modified(row) >= oldest, reversed(rows))
