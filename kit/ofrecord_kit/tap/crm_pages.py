"""Pages of the CRM's lists, in order of modification, so that edits between two pages lose nothing.

The vendor's page tokens count rows, so a record that is changed while a list is read shifts every row behind it, and one
of them falls between two pages. Here every page begins with the time of the last row instead (`If-Modified-Since`), and a
few rows come twice. Tokens are followed within one second only, where more than a page of records share it; those are
checked against a query afterwards. Source: Zoho CRM v8 docs, "Get Records"; that tokens count rows is UNVERIFIED.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.answers import Answer, Decoder
from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.http import Client, Params
from ofrecord_kit.tap.crm_fields import ALWAYS
from ofrecord_kit.tap.pages import Page, Row, rows_under, text_of
from ofrecord_kit.vendors import crm

logger = logging.getLogger(__name__)

STALE_TOKEN = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH", "PAGINATION_LIMIT_EXCEEDED"})
"""A page token is of no use any more: the list is begun again where it stood."""
_IN_ORDER = {"sort_by": "Modified_Time", "sort_order": "asc"}


def crm_pages(
    client: Client,
    path: str,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    rows: str = "data",
) -> Iterator[Page]:
    """Pages of a CRM list, chained by page token; every parameter stays the same within a chain.

    204 (nothing there) and 304 (nothing new) give one page without rows. Source: Zoho CRM v8, "Get Records".
    """
    asked: dict[str, str | int] = {**(params or {}), "per_page": crm.PER_PAGE}
    while True:
        page, info = _page(client, path, asked, headers, rows)
        yield page
        token = _next_token(info)
        if not token:
            return
        asked["page_token"] = token


def crm_numbered_pages(
    client: Client,
    path: str,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    rows: str = "data",
) -> Iterator[Page]:
    """Pages of a CRM list that has no page tokens, such as the list of deleted records."""
    for number in itertools.count(1):
        asked = {**(params or {}), "page": number, "per_page": crm.PER_PAGE}
        page, info = _page(client, path, asked, headers, rows)
        yield page
        if not info.get("more_records"):
            return


def _page(
    client: Client, path: str, asked: Params, headers: Mapping[str, str] | None, rows: str
) -> tuple[Page, Mapping[str, Any]]:
    """Rows, and what the answer says of the page."""
    answer = client.get(path, params=asked, headers=headers, decoder=rows_under(rows))
    body = answer.body or {}
    return Page(body.get(rows) or [], answer.read_at), body.get("info") or {}


def field_batches(fields: Sequence[str], always: Sequence[str], most: int = crm.FIELDS_A_CALL) -> list[list[str]]:
    """`fields` in batches the CRM accepts (50 names), each beginning with `always`.

    >>> [len(batch) for batch in field_batches([f"F{n}" for n in range(98)], ["id"])]
    [50, 50]
    """
    room = most - len(always)
    rest = [name for name in fields if name not in always]
    batches = [[*always, *rest[start : start + room]] for start in range(0, len(rest), room)]
    return batches or [list(always)]


def modified_from(since: datetime) -> dict[str, str]:
    """The header that asks for records modified at or after `since`, or a second earlier.

    Whether the vendor includes the very second is UNVERIFIED (Zoho CRM v8 docs, "Get Records"); what is too old is left
    out afterwards.
    """
    return {"If-Modified-Since": (since - timedelta(seconds=1)).isoformat(timespec="seconds")}


def moment(row: Row) -> datetime:
    """When a row was last written; the beginning of time where the vendor does not say."""
    text = text_of(row, "Modified_Time")
    return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.min.replace(tzinfo=UTC)


@dataclass
class ListPages:
    """A list in order of modification. `more` tells after each page whether others follow, `last` how far it went.

    `pages` may be left early and asked again from `last`.
    """

    client: Client
    path: str
    fields: Sequence[str]
    params: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=lambda: dict(_IN_ORDER))
    decoder: Decoder | None = None
    """What decodes a page whose fields come in one call."""
    more: bool = False
    last: datetime | None = None

    def pages(self, since: datetime | None) -> Iterator[Page]:
        """Every record modified at or after `since`, at least once; edits meanwhile come again at the end."""
        anchor = since
        given: set[str] = set()
        while True:
            page, tokens = self._read(anchor, {})
            yield self._fresh(page, given)
            if not self.more:
                return
            first, last = (moment(page.rows[0]), moment(page.rows[-1])) if page.rows else (anchor, anchor)
            if last and first and last > first and (anchor is None or last > anchor):
                anchor = last
                continue
            second = last or page.read_at
            whole = yield from self._same_second(anchor, second, tokens, given)
            if whole:
                return
            anchor = second + timedelta(seconds=1)

    def chained(self) -> Iterator[Page]:
        """The list by page tokens, in the order the vendor has it: of a custom view, which takes no other."""
        tokens: list[str | None] = []
        while True:
            page, tokens = self._read(None, dict(enumerate(tokens)))
            yield page
            if not all(tokens):
                return

    def _fresh(self, page: Page, given: set[str]) -> Page:
        """Rows that were not given yet; `given` keeps those that the next page may repeat."""
        ids = {one.partition(" ")[0] for one in given}
        rows = [row for row in page.rows if text_of(row, "id") not in ids or _version(row) not in given]
        if page.rows:
            self.last = moment(page.rows[-1])
            border = self.last - timedelta(seconds=1)
            repeated = itertools.takewhile(lambda row: moment(row) >= border, reversed(page.rows))
            kept = {_version(row) for row in repeated}
            if len(kept) < len(page.rows):
                given.clear()
            given |= kept
        return Page(rows, page.read_at)

    def _same_second(
        self, anchor: datetime | None, second: datetime, tokens: list[str | None], given: set[str]
    ) -> Generator[Page, None, bool]:
        """On from a page whose rows all share a second, by page tokens, and what an edit meanwhile put between two pages.

        Returns whether that was all there is.
        """
        stale = False
        while self.more and self.last == second and all(tokens):
            try:
                page, tokens = self._read(anchor, dict(enumerate(tokens)))
            except VendorRefusal as refusal:
                if refusal.code not in STALE_TOKEN:
                    raise
                stale = True
                break  # the query finds the rest of this second, and the list goes on behind it
            rows = [row for row in page.rows if _version(row) not in given]
            given |= {_version(row) for row in rows}
            self.last = moment(page.rows[-1]) if page.rows else self.last
            yield Page(rows, page.read_at)
        ended = not self.more and not stale
        try:
            yield from self._forgotten("Modified_Time >=" if ended else "Modified_Time =", second, given)
        except (VendorRefusal, PermissionMissing):
            logger.warning(
                "%s: what was changed while a page was followed by the next cannot be looked for.", self.path
            )
            return False
        return ended

    def _forgotten(self, condition: str, second: datetime, given: set[str]) -> Iterator[Page]:
        """Records of one second, or from there on, that no page had, found by queries in order of id."""
        seen = {one.partition(" ")[0] for one in given}
        module = self.path.rpartition("/")[2]
        after = "0"
        while True:
            where = f"{condition} '{second.isoformat()}' and id > '{after}'"
            query = f"select id from {module} where {where} order by id asc limit 2000"  # noqa: S608 - COQL, no values of others
            answer = self.client.send("POST", f"{crm.ROOT}/coql", json={"select_query": query}, repeatable=True)
            found = [str(row["id"]) for row in (answer.body or {}).get("data") or []]
            missing = [Call(f"{self.path}/{one}", decoder=rows_under("data")) for one in found if one not in seen]
            rows = [row for one in ahead(self.client, missing) for row in (one.body or {}).get("data") or []]
            yield Page(rows, answer.read_at)
            if not found or not ((answer.body or {}).get("info") or {}).get("more_records"):
                return
            after = found[-1]

    def _read(self, since: datetime | None, tokens: Mapping[int, str | None]) -> tuple[Page, list[str | None]]:
        """A page with all fields, a call for each batch of them side by side, and the tokens of the next page."""
        headers = modified_from(since) if since else {}
        calls = []
        batches = field_batches(self.fields, ALWAYS)
        decoder = self.decoder if self.decoder and len(batches) == 1 else rows_under("data")
        for number, batch in enumerate(batches):
            asked: dict[str, Any] = {**self.order, **self.params, "fields": ",".join(batch), "per_page": crm.PER_PAGE}
            if tokens.get(number):
                asked["page_token"] = tokens[number]
            calls.append(Call(self.path, asked, headers, decoder))
        first, *others = list(ahead(self.client, calls))
        page = joined(self.client, self.path, first, others)
        infos = [(one.body or {}).get("info") or {} for one in (first, *others)]
        self.more = bool(infos[0].get("more_records"))
        return page, [_next_token(info) for info in infos]


def joined(client: Client, path: str, first: Answer, others: Sequence[Answer]) -> Page:
    """Rows of one page with the fields of all batches; a row that changed between two calls is read by itself."""
    rows: list[Row] = (first.body or {}).get("data") or []
    if others:
        parts = [{text_of(row, "id"): row for row in (one.body or {}).get("data") or []} for one in others]
        torn = [row for row in rows if any(_differ(row, part.get(text_of(row, "id"))) for part in parts)]
        whole = dict(zip((text_of(row, "id") for row in torn), _alone(client, path, torn), strict=True))
        for row in rows:
            identity = text_of(row, "id")
            for part in [whole[identity]] if identity in whole else [part[identity] for part in parts]:
                row.update(part)
        rows = [row for row in rows if whole.get(text_of(row, "id"), row)]
    return Page(rows, first.read_at)


def _alone(client: Client, path: str, rows: Sequence[Row]) -> Iterator[Row]:
    """Whole records; an empty one where the record is gone."""
    for answer in ahead(client, [Call(f"{path}/{text_of(row, 'id')}", decoder=rows_under("data")) for row in rows]):
        yield ((answer.body or {}).get("data") or [{}])[0]


def _version(row: Row) -> str:
    return f"{text_of(row, 'id')} {text_of(row, 'Modified_Time')}"


def _differ(row: Row, part: Row | None) -> bool:
    return part is None or _version(part) != _version(row)


def _next_token(info: Mapping[str, Any]) -> str | None:
    return info.get("next_page_token") if info.get("more_records") else None
