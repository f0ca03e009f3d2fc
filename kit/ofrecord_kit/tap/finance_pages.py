"""Pages of the finance side's lists: `page` and `has_more_page`.

A page is read when it is asked for, never earlier, so that stopping early costs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

from ofrecord_kit.http import Client, Params
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.vendors import finance


def finance_pages(client: Client, path: str, key: str, params: Params | None = None) -> Iterator[Page]:
    """Pages of a finance list whose rows sit under `key`. Loops while `page_context.has_more_page`.

    Source: Zoho Inventory, "Pagination". Some lists answer without `page_context`: they have one page.
    """
    for number in itertools.count(1):
        answer = client.get(path, params={**(params or {}), "page": number, "per_page": finance.PER_PAGE})
        body = answer.body or {}
        yield Page(body.get(key) or [], answer.read_at)
        if not (body.get("page_context") or {}).get("has_more_page"):
            return


def finance_pages_by_time(
    client: Client, path: str, key: str, params: Params, modified: Callable[[Row], str]
) -> Iterator[Page]:
    """Pages of a finance list that is sorted by `last_modified_time`, oldest first, and can be filtered by it.

    A record changed while the list is read moves to its end, and every row after it one place forward: with page
    numbers alone the first row of the next page would be passed over. So the next page is asked for by the time of the
    last row. Rows may therefore come twice. `modified` gives a row's time in UTC (`2026-03-01T09:15:00+00:00`).
    """
    asked = dict(params)
    number = 1
    while True:
        answer = client.get(path, params={**asked, "page": number, "per_page": finance.PER_PAGE})
        body = answer.body or {}
        rows: list[Row] = body.get(key) or []
        yield Page(rows, answer.read_at)
        if not rows or not (body.get("page_context") or {}).get("has_more_page"):
            return
        begin = finance.modified_from(datetime.fromisoformat(modified(rows[-1])))
        if begin > str(asked.get("last_modified_time", "")):
            asked["last_modified_time"] = begin
            number = 1
        else:
            number += 1  # a whole page within two seconds, as an import leaves it
