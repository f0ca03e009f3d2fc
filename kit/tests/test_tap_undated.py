"""A list without modification times: changes are found in the details, newest first. The vendor is played by the test."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.finance_undated import UndatedStream
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.vendors import finance

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOKMARK = "2026-03-01T11:00:00+00:00"
SCHEMA = {
    "type": "object",
    "properties": {
        "journal_id": {"type": "string", "description": "Id."},
        "total": {"type": ["number", "null"], "description": "Sum."},
        "last_modified_time": {"type": ["string", "null"], "format": "date-time", "description": "Time."},
        "line_items": {
            "type": ["array", "null"],
            "items": {"type": "object"},
            "description": "Lines.",
            "x-detail": True,
        },
    },
}


class Journals(UndatedStream):
    root = finance.BOOKS
    path = "/journals"
    name = "journals"
    schema = SCHEMA
    primary_keys = ("journal_id",)
    replication_key = "last_modified_time"
    sorts_by_time = True
    detail = "journal"


class Payments(FinanceStream):
    root = finance.BOOKS
    path = "/journals"
    name = "journals"
    schema = SCHEMA
    primary_keys = ("journal_id",)
    replication_key = "last_modified_time"
    detail = "journal"


class Books:
    """A vendor with journals by id, and the time each was changed."""

    def __init__(self, vendor, connection):
        self.vendor, self.connection = vendor, connection
        vendor.next_answer = self.answer

    def holds(self, changed, *, sorts=True, gone=(), per_page=200):
        self.changed, self.sorts, self.gone, self.per_page = dict(changed), sorts, set(gone), per_page
        self.vendor.seen.clear()

    def answer(self, path):
        at = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}
        if path == "/oauth/v2/token":
            return 200, {"access_token": "1000.fresh.token", "expires_in": 3600}, {}
        if path == "/books/v3/journals":
            return 200, self.page(self.vendor.seen[-1].query), at
        name = path.rsplit("/", 1)[1]
        if name in self.gone:
            return 404, {"code": 1002, "message": "Journal does not exist."}, at
        found = {"journal_id": name, "last_modified_time": self.changed[name], "line_items": [{"amount": 1}]}
        return 200, {"code": 0, "journal": found}, at

    def page(self, query):
        names = list(self.changed)
        if self.sorts and query.get("sort_column"):
            names.sort(key=self.changed.get, reverse=query["sort_order"] == "D")
        start = (int(query["page"]) - 1) * self.per_page
        context = {"has_more_page": len(names) > start + self.per_page}
        context |= (
            {"sort_column": query["sort_column"] if self.sorts else "journal_date"} if "sort_column" in query else {}
        )
        rows = [{"journal_id": name, "total": 1} for name in names[start : start + self.per_page]]
        return {"code": 0, "journals": rows, "page_context": context}

    def read(self, stream, capsysbinary, bookmark=BOOKMARK, **more):
        class AnyTap(FinanceTap):
            name = "tap-any"
            system = "books"
            config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
            stream_types = (stream,)

        given = {key: getattr(self.connection, key) for key in ("api_url", "accounts_url", "organization_id")}
        given |= {
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": "r",
            "state_dir": str(self.connection.state_dir),
        }
        mark = {"replication_key": "last_modified_time", "replication_key_value": bookmark}
        state = {"bookmarks": {"journals": mark}} if bookmark else {}
        tap = AnyTap(config={**given, "retry_wait_s": 0, "calls_per_minute": 0, **more}, state=state)
        capsysbinary.readouterr()
        tap.sync_all()
        tap.client.close()
        messages = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
        return [one["record"]["journal_id"] for one in messages if one["type"] == "RECORD"], tap.state["bookmarks"][
            "journals"
        ]

    def calls(self):
        return [one.path.rsplit("/", 1)[1] for one in self.vendor.calls()]


@pytest.fixture
def books(vendor, connection):
    return Books(vendor, connection)


def at(minutes_ago):
    return (NOW - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def test_without_a_change_one_page_and_one_detail_are_read(books, capsysbinary):
    books.holds({str(number): at(100 + number) for number in range(300)})
    assert books.read(Journals, capsysbinary)[0] == []
    assert books.calls() == ["journals", "0"]


def test_a_change_is_read_in_detail_once_and_the_bookmark_moves_to_the_time_of_reading(books, capsysbinary):
    books.holds({str(number): at(100 + number) for number in range(300)} | {"70": at(5)})
    records, mark = books.read(Journals, capsysbinary)
    assert records == ["70"]
    assert books.calls().count("70") == 1
    assert mark["replication_key_value"] == "2026-03-01T12:00:00+00:00"


@with_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.integers(0, 120), max_size=30),
    sorts=st.booleans(),
    gone=st.sets(st.integers(0, 29), max_size=3),
)
def test_every_change_is_found_oldest_first_and_nothing_is_read_twice(books, capsysbinary, minutes, sorts, gone):
    changed = {str(number): at(ago) for number, ago in enumerate(minutes)}
    books.holds(changed, sorts=sorts, gone=map(str, gone), per_page=7)
    records, _ = books.read(Journals, capsysbinary)
    since = [name for name, time in changed.items() if time >= at(61) and name not in books.gone]
    assert sorted(records) == sorted(since)
    if sorts:
        assert [changed[name] for name in records] == sorted(changed[name] for name in records)
    details = [
        name for name in books.calls() if name != "journals" and name not in books.gone
    ]  # those are asked for twice
    assert len(details) == len(set(details))


def test_the_first_run_reads_every_detail_oldest_first(books, capsysbinary):
    books.holds({"1": at(30), "2": at(50), "3": at(40)})
    assert books.read(Journals, capsysbinary, bookmark=None)[0] == ["2", "3", "1"]


def test_a_list_that_says_it_is_sorted_otherwise_is_read_whole(books, capsysbinary):
    books.holds({"1": at(900), "2": at(5), "3": at(800)}, sorts=False)
    assert books.read(Journals, capsysbinary)[0] == ["2"]
    assert sorted(books.calls()) == ["1", "2", "3", "journals"]


def test_without_details_the_list_is_read_whole_and_no_detail(books, capsysbinary):
    books.holds({"1": at(900), "2": at(5)})
    assert sorted(books.read(Journals, capsysbinary, without_details=["journals"])[0]) == ["1", "2"]
    assert books.calls() == ["journals"]


def test_rows_without_a_time_in_a_list_that_is_not_sorted_count_as_changed(books, capsysbinary):
    books.holds({"1": at(900), "2": at(5)})
    assert books.read(Payments, capsysbinary)[0] == ["2"]
    assert sorted(books.calls()) == ["1", "2", "journals"]
