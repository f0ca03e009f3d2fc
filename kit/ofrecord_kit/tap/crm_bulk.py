"""Bulk read: a module as CSV files of 200,000 rows, made by jobs of the vendor.

A job is named in the bookmark, so that a run that ends while it waits, or in the middle of a file, goes on with the same
job within the day its result is kept; a file that was not delivered whole is delivered again. Rows come in no order, so the
bookmark moves at the end. Files wait on disk, readable by their owner only, and are read line by line.
Source: Zoho CRM v8 docs, "Create Bulk Read job", "Download Bulk Read Result" (ten downloads a minute); read 2026-11.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

from ofrecord_kit.errors import SetAside, VendorBusy, VendorRefusal, sentence
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_archive import MOST_PACKED, BrokenArchiveError, cells_of
from ofrecord_kit.tap.crm_fields import Wanted, as_listed, from_cells
from ofrecord_kit.tap.crm_pages import moment
from ofrecord_kit.tap.crm_plans import ROWS_A_JOB
from ofrecord_kit.tap.pages import Page, Row

JOBS = "/crm/bulk/v8/read"
MARK = "bulk"
"""Where the bookmark keeps the job: `{"job", "page", "begun", "since", "read", "asked"}`; `read` counts rows not changed since."""
KEPT = timedelta(hours=23)
"""A result is kept for a day."""
_POLLS = 400
_MOST_WAIT_S = 30.0
_ROWS_A_PAGE = 1_000
_DOWNLOADS_A_MINUTE = 10


@dataclass
class Downloads:
    """When results were downloaded, by the vendor's clock: of all modules of a run. What others download is told by a 429."""

    _lately: deque[datetime] = field(default_factory=lambda: deque(maxlen=_DOWNLOADS_A_MINUTE))

    def wait_s(self, now: datetime) -> float:
        """Seconds before the next one, which is taken for made after them."""
        waited = timedelta()
        if len(self._lately) == _DOWNLOADS_A_MINUTE:
            waited = max(waited, self._lately[0] + timedelta(minutes=1) - now)
        self._lately.append(now + waited)
        return waited.total_seconds()


@dataclass
class BulkPages:
    """The jobs of one module. `mark` is the stream's bookmark, `marked` is called when it names another job."""

    client: Client
    wanted: Wanted
    mark: MutableMapping[str, Any]
    people: Mapping[str, Mapping[str, Any]]
    marked: Callable[[], None]
    criteria: tuple[Mapping[str, Any], ...] = ()
    downloads: Downloads = field(default_factory=Downloads)

    def can_resume(self) -> bool:
        """Does the bookmark name a job of these columns whose result is still there? A call."""
        kept = self.mark.get(MARK) or {}
        if kept.get("asked") != self._asked():
            return False
        try:
            now = self.client.get(f"{JOBS}/{kept['job']}").read_at
        except VendorRefusal:
            return False
        return now - datetime.fromisoformat(kept["begun"]) < KEPT

    def pages(self, since: datetime | None) -> Iterator[Page]:
        """Every record modified at or after `since`; with a job in the bookmark, what of it was not delivered yet."""
        kept = self.mark.get(MARK)
        if not kept:
            job, begun = self._begin(since, {"page": 1})
            said = since.isoformat() if since else None
            kept = {"job": job, "page": 1, "begun": begun.isoformat(), "since": said, "read": 0, "asked": self._asked()}
            self.mark[MARK] = kept
            self.marked()
        since = datetime.fromisoformat(kept["since"]) if kept["since"] else None
        begun = datetime.fromisoformat(kept["begun"])
        yield Page([], begun)
        while True:
            result, now = self._result(str(kept["job"]))
            self.client.pause(self.downloads.wait_s(now))
            unchanged = 0
            for page in self._file(str(result["download_url"]), begun):
                unchanged += sum(1 for row in page.rows if moment(row) < begun)
                yield page
            read = int(kept["read"]) + unchanged
            if not result.get("more_records"):
                self.mark[MARK] = {**kept, "read": read}
                return
            number = int(kept["page"]) + 1
            token = result.get("next_page_token")
            job, _ = self._begin(since, {"page_token": token} if token else {"page": number})
            kept = self.mark[MARK] = {**kept, "job": job, "page": number, "read": read}
            self.marked()

    def _asked(self) -> str:
        said = repr((self.wanted.columns, [dict(one) for one in self.criteria]))
        return sha256(said.encode()).hexdigest()[:12]

    def _begin(self, since: datetime | None, page: Mapping[str, Any]) -> tuple[str, datetime]:
        criteria = [*self.criteria]
        if since:
            criteria.append(compared("Modified_Time", "greater_equal", since.isoformat(timespec="seconds")))
        query: dict[str, Any] = {
            "module": {"api_name": self.wanted.module},
            "fields": self.wanted.columns,
            **page,
        }
        if criteria:
            query["criteria"] = criteria[0] if len(criteria) == 1 else {"group_operator": "and", "group": criteria}
        # Sent twice it costs a second job and harms nothing.
        answer = self.client.send("POST", JOBS, json={"query": query}, repeatable=True)
        told = answer.body["data"][0]
        if told.get("status") == "error":
            raise VendorRefusal(str(told.get("code")), str(told.get("message")), where=f"crm POST {JOBS}")
        return str(told["details"]["id"]), answer.read_at

    def _result(self, job: str) -> tuple[Mapping[str, Any], datetime]:
        """Wait for a job; what it says at its end, and when. A run that gives up leaves the job in its bookmark."""
        for attempt in range(_POLLS):
            answer = self.client.get(f"{JOBS}/{job}")
            told = answer.body["data"][0]
            if told["state"] == "COMPLETED":
                return told["result"], answer.read_at
            if told["state"] == "FAILURE":
                self.mark.pop(MARK, None)
                error = (told.get("result") or {}).get("error_message") or {}
                raise VendorRefusal(
                    str(error.get("code", "JOB_FAILED")), str(error.get("message")), where=f"crm {JOBS}"
                )
            self.client.pause(min(_MOST_WAIT_S, 2.0 ** min(attempt, 5)))
        raise VendorBusy(
            sentence(
                f"Bulk read job {job} does not end",
                where=f"crm GET {JOBS}/{{id}}",
                expected="COMPLETED",
                remedy="Run again later: the next run goes on with the same job.",
            )
        )

    def _file(self, url: str, read_at: datetime) -> Iterator[Page]:
        """The rows of one result, some at a time. After one that is damaged the next run has the file made anew."""
        listed = as_listed(self.wanted, self.people)
        with tempfile.TemporaryFile() as file:  # made readable by its owner only
            self.client.download(url, file, most=MOST_PACKED)
            try:
                for rows in _rows(cells_of(file, ROWS_A_JOB), self.wanted):
                    yield Page([listed(row) for row in rows], read_at)
            except BrokenArchiveError as broken:
                self.mark.pop(MARK, None)
                raise SetAside(
                    sentence(
                        f"The result of a bulk read is damaged and is made anew by the next run: {broken}",
                        where=f"crm GET {JOBS}/{{id}}/result",
                        expected="an archive of one CSV file",
                        remedy="Run again.",
                    )
                ) from None


def _rows(lines: Iterator[list[str]], wanted: Wanted) -> Iterator[list[Row]]:
    header = next(lines, None)
    if header is None:
        return
    row_of = from_cells(wanted, header)
    while rows := [row_of(cells) for cells in islice(lines, _ROWS_A_PAGE)]:
        yield rows


def compared(name: str, comparator: str, value: Any) -> dict[str, Any]:
    """One condition of a job."""
    return {"field": {"api_name": name}, "comparator": comparator, "value": value}


_IN = frozenset(
    {"text", "picklist", "email", "phone", "website", "autonumber", "integer", "double", "currency", "percent"}
)


def criteria_of(filters: Mapping[str, Any], kinds: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """A setting `filters` of one module as conditions; what they cannot say is checked on the record."""
    found = []
    for name, value in filters.items():
        values = list(value) if isinstance(value, list | tuple) else [value]
        if any(one is None for one in values):
            continue
        if kinds.get(name) in _IN:
            found.append(compared(name, "in", values))
        elif kinds.get(name) == "boolean" and len(values) == 1:
            found.append(compared(name, "equal", values[0]))
    return tuple(found)
