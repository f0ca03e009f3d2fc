"""A module by queries, in order of modification and id, several pages side by side.

Pages begin behind the last row (`Modified_Time`, `id`), so that the bookmark follows and an edit meanwhile loses nothing. Pages
that are asked for while others are under way are counted off by offset behind the last row taken, each beginning a few rows early:
one whose first row lies beyond the last one had is not believed, what is under way is given up, and reading goes on from there.
Source: Zoho CRM v8 docs, "Records through a COQL Query" (limits differ between its versions); read 2026-11.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.answers import Decoder
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Answer, Client
from ofrecord_kit.tap.crm_fields import ALWAYS, Wanted
from ofrecord_kit.tap.crm_pages import field_batches, joined, moment
from ofrecord_kit.tap.crm_plans import COLUMNS_A_QUERY, ROWS_A_QUERY
from ofrecord_kit.tap.pages import Page, Row, rows_under, text_of
from ofrecord_kit.vendors import crm

PATH = f"{crm.ROOT}/coql"
_OVERLAP = 10
"""Rows read twice at each seam of two pages that are read side by side."""
_TAKEN_A_PAGE = 2
"""Pages that must have been taken, for each that is asked for ahead, before rows that move cost what was asked for in vain."""
_FEWEST = 100
_COLUMNS_BEFORE = 50
_REACH = 100_000
_REACH_BEFORE = 10_000
"""Rows an offset reaches by the newer page, and by the older one."""
_Key = tuple[datetime, int]


def count(client: Client, module: str, *conditions: str) -> int:
    """How many records there are: one credit."""
    where = both(*conditions) or "id is not null"
    query = f"select count(id) from {module} where {where}"  # noqa: S608 - COQL; values are escaped
    answer = client.send("POST", PATH, json={"select_query": query}, repeatable=True)
    row: dict[str, Any] = ((answer.body or {}).get("data") or [{}])[0]
    return int(next((value for name, value in row.items() if "count" in name.lower()), 0))


def both(*conditions: str) -> str:
    """Conditions that must all hold; the vendor wants more than two in pairs of brackets.

    >>> both("A = 1", "", "B = 2", "C = 3")
    '((A = 1 and B = 2) and C = 3)'
    """
    given = [one for one in conditions if one]
    found = given[0] if given else ""
    for one in given[1:]:
        found = f"({found} and {one})"
    return found


def either(conditions: Iterable[str]) -> str:
    """Conditions of which one must hold."""
    given = list(conditions)
    found = given[0]
    for one in given[1:]:
        found = f"({found} or {one})"
    return found


def quoted(text: str) -> str:
    """A text in a query."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Asked(NamedTuple):
    """A page under way: the rows it leaves out behind the last one taken, and how many of all rows will have come with it."""

    offset: int
    end: int


@dataclass
class QueryPages:
    """The queries of one module. `at_once`: how many pages are asked for before the first of them is taken, where that pays."""

    client: Client
    wanted: Wanted
    at_once: int = 5
    rows_a_query: int = ROWS_A_QUERY
    columns_a_query: int = COLUMNS_A_QUERY
    reach: int = _REACH
    decoder: Decoder | None = None
    """What decodes a page whose columns come in one query."""
    _since: datetime | None = field(default=None, init=False)
    _last: _Key | None = field(default=None, init=False)
    _had: int = field(default=0, init=False)

    def pages(self, since: datetime | None, expected: int | None = None) -> Iterator[Page]:
        """Every record modified at or after `since`, in order. `expected`: how many there are, to read none in vain."""
        self._since, self._last, self._had = since, None, 0
        more = True
        while more:
            more = False
            taken = 0
            try:
                for page, is_behind, follows in self._read(expected or 0):
                    if is_behind and not self._joins(page.rows):
                        more = True  # rows moved between the two calls
                        if taken < _TAKEN_A_PAGE * self.at_once:
                            self.at_once = max(1, self.at_once // 2)
                        break
                    yield self._taken(page)
                    taken += 1
                    more = follows
                    if not follows:
                        break
            except VendorRefusal as refusal:
                if refusal.code != "LIMIT_EXCEEDED" or not self._smaller():
                    raise
                more = True

    def _joins(self, rows: Sequence[Row]) -> bool:
        """Whether a page begins no later than behind the last row had."""
        return bool(rows) and self._last is not None and _key(rows[0]) <= self._last

    def _taken(self, page: Page) -> Page:
        """Its rows that were not had; from now on they were."""
        rows = list(itertools.dropwhile(_is_had(self._last), page.rows))
        self._last = _key(rows[-1]) if rows else self._last
        self._had += len(rows)
        return Page(rows, page.read_at)

    def _smaller(self) -> bool:
        """Ask for less, as the older page of the vendor says: a shorter reach, fewer columns, then fewer rows."""
        if self.reach > _REACH_BEFORE and self.at_once * self.rows_a_query > _REACH_BEFORE:
            self.reach = _REACH_BEFORE
        elif self.columns_a_query > _COLUMNS_BEFORE and len(self.wanted.columns) > _COLUMNS_BEFORE:
            self.columns_a_query = _COLUMNS_BEFORE
        elif self.rows_a_query > _FEWEST:
            self.rows_a_query //= 2
        else:
            return False
        return True

    def _from(self) -> str:
        """The condition that a page begins behind the last row."""
        if self._last is None:
            since = self._since
            begin = f"Modified_Time >= '{since.isoformat(timespec='seconds')}'" if since else "id is not null"
        else:
            at, identity = self._last
            begin = (
                f"((Modified_Time = '{at.isoformat()}' and id > '{identity}') or Modified_Time > '{at.isoformat()}')"
            )
        return both(begin, self.wanted.where)

    def _read(self, expected: int) -> Iterator[tuple[Page, bool, bool]]:
        """Pages, whether each was counted off by offset, and whether others follow it.

        Each is asked for behind the last row taken by then, and behind the pages that are under way: so the way never breaks off,
        and one after the other no offset is needed.
        """
        batches = field_batches(self.wanted.columns, ALWAYS, self.columns_a_query)
        under_way: deque[_Asked] = deque()
        pages = max(1, min(self.at_once, self.reach // self.rows_a_query))
        most = min(crm.HEAVY_AT_ONCE, (pages - 1) * len(batches) + 1)
        decoder = self.decoder if self.decoder and len(batches) == 1 else rows_under("data")
        answers = (_opened(one, decoder) for one in ahead(self.client, self._calls(batches, under_way, expected), most))
        while found := list(itertools.islice(answers, len(batches))):
            is_behind = under_way.popleft().offset > 0
            info = (found[0].body or {}).get("info") or {}
            page = joined(self.client, self.wanted.path, found[0], found[1:])
            # Pages behind it may have been answered before it was.
            asked_at = page.read_at - timedelta(seconds=found[0].took_s)
            yield Page(page.rows, asked_at), is_behind, bool(info.get("more_records"))

    def _calls(self, batches: Sequence[list[str]], under_way: deque[_Asked], expected: int) -> Iterator[Call]:
        """As many as the rows expected need. A page begins a few rows before the end of the one asked for before it."""
        while not under_way or under_way[-1].end < expected:
            begin = max(self._had, under_way[-1].end - _OVERLAP) if under_way else self._had
            offset = begin - self._had
            under_way.append(_Asked(offset, begin + self.rows_a_query))
            where = self._from()
            yield from [self._call(batch, where, offset) for batch in batches]

    def _call(self, columns: list[str], where: str, offset: int) -> Call:
        order = "order by Modified_Time asc, id asc"
        query = f"select {', '.join(columns)} from {self.wanted.module} where {where} {order} limit {offset}, {self.rows_a_query}"  # noqa: S608 - COQL
        return Call(PATH, json={"select_query": query}, decoder=_UNOPENED)


class _Unopened:
    """Leaves an answer as it came: pages of 2,000 rows that wait for their turn are small before they are decoded."""

    def decode(self, body: bytes, /) -> Any:
        """The text, in place of the rows; one that was cut short is refused, so that the call is made again."""
        _whole(body)
        return {"data": [], "text": body}


_whole = msgspec.json.Decoder(msgspec.Raw).decode
_UNOPENED = _Unopened()


def _opened(answer: Answer, decoder: Decoder) -> Answer:
    return replace(answer, body=decoder.decode(answer.body["text"])) if answer.body else answer


def _is_had(last: _Key | None) -> Callable[[Row], bool]:
    """Whether a row does not lie behind `last`; those that do not stand at the beginning of a page."""
    return lambda row: last is not None and _key(row) <= last


def _key(row: Row) -> _Key:
    return moment(row), int(text_of(row, "id"))


def condition_of(filters: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    """A setting `filters` of one module as a condition; empty where a query cannot say it (it is checked on the record).

    >>> condition_of({"Industry": ["Retail", "Other"], "Active": True}, {"Industry": "picklist", "Active": "boolean"})
    "(Industry in ('Retail', 'Other') and Active = 'true')"
    """
    return both(*(_one(name, value, kinds.get(name, "")) for name, value in filters.items()))


_TEXTS = frozenset({"text", "picklist", "email", "phone", "website", "autonumber", "bigint"})
_NUMBERS = frozenset({"integer", "double", "currency", "percent", "decimal"})


def _one(name: str, value: Any, kind: str) -> str:
    values = value if isinstance(value, list) else [value]
    if not values or any(one is None for one in values):
        return ""
    if kind == "boolean":
        return either(f"{name} = '{str(one).lower()}'" for one in values)
    if kind in _TEXTS:
        return f"{name} in ({', '.join(quoted(str(one)) for one in values)})"
    if kind in _NUMBERS:
        return f"{name} in ({', '.join(str(one) for one in values)})"
    return ""
