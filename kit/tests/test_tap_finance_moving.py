"""Records that change while their list is read: nothing is missed. The vendor is played by the test."""

import json
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from singer_sdk import typing as th
from singer_sdk.exceptions import SingerSDKError

from ofrecord_kit import settings
from ofrecord_kit.errors import Stop
from ofrecord_kit.tap.cells import Cut
from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.finance_order import InOrder
from ofrecord_kit.tap.finance_parts import FinancePart
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.pages import decode_value, value_of
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.vendors import finance

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = th.PropertiesList(
    th.Property("item_id", th.StringType), th.Property("last_modified_time", th.DateTimeType)
).to_dict()


class Neither(FinanceStream):
    root = finance.INVENTORY
    path = "/items"
    name = "items"
    schema = SCHEMA
    primary_keys = ("item_id",)
    replication_key = "last_modified_time"


class Sorted(Neither):
    sorts_by_time = True


class Filtered(Neither):
    filters_by_time = True
    sorts_by_time = True


class NeitherDetailed(Neither):
    detail = "item"


class SortedDetailed(Sorted):
    detail = "item"


class FilteredDetailed(Filtered):
    detail = "item"


class People(FinancePart, Filtered):
    name = "people"
    inside = FilteredDetailed
    within = ("people",)
    handed: ClassVar = {"last_modified_time": "last_modified_time"}


DETAILED = (NeitherDetailed, SortedDetailed, FilteredDetailed)
STATED = "last_modified_time"


class Busy:
    """A vendor with at most five rows a page; somebody changes, adds or deletes a record before each call. `details` are left of the day."""

    def __init__(self, vendor, connection):
        self.vendor, self.connection = vendor, connection
        vendor.next_answer = self.answer

    def holds(self, minutes_ago, edits):
        self.rows = {str(n): NOON - timedelta(minutes=ago) for n, ago in enumerate(minutes_ago)}
        self.edits, self.now, self.answers, self.details = list(edits), NOON, None, None
        self.vendor.seen.clear()

    def answer(self, path):
        if path == "/oauth/v2/token":
            return 200, {"access_token": "1000.fresh.token", "expires_in": 3600}, {}
        self.now += timedelta(seconds=1)
        if self.answers is not None:
            self.answers -= 1
            if self.answers < 0:
                return 400, {"code": 2, "message": "No more."}, {}
        for edited in self.edits.pop(0) if self.edits else ():
            if isinstance(edited, str):
                self.rows.pop(edited, None)
            else:
                self.rows[str(edited)] = self.now
        if (one := path.rpartition("/")[2]) != "items":
            return self.detail(one)
        query = self.vendor.seen[-1].query
        since = query.get("last_modified_time")
        rows = [(name, at) for name, at in self.rows.items() if not since or at >= datetime.fromisoformat(since)]
        if query.get("sort_column"):
            rows.sort(key=lambda one: one[1], reverse=query["sort_order"] == "D")
        else:
            rows.reverse()  # newest made first, whatever changed
        size = int(query["per_page"])
        start = (int(query["page"]) - 1) * size
        said = [{"item_id": name, "last_modified_time": text(at)} for name, at in rows[start : start + size]]
        body = {"code": 0, "items": said, "page_context": {"has_more_page": start + size < len(rows)}}
        return 200, body, {"Date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}

    def detail(self, one):
        if self.details is not None:
            self.details -= 1
            if self.details < 0:
                return 400, {"code": 45, "message": "You have exceeded the limit of the day."}, {}
        if one not in self.rows:
            return 404, {"code": 1002, "message": "Item does not exist."}, {}
        return (
            200,
            {
                "code": 0,
                "item": {"item_id": one, STATED: text(self.rows[one]), "people": [{"item_id": f"p{one}"}]},
            },
            {},
        )

    def days(self, kind, capsysbinary, state, details):
        """Runs, one a day with so many details, until one comes to its end: what each brought."""
        brought = []
        while self.details is None or self.details < 0:
            assert len(brought) < 60
            self.details = details
            records, state = self.read(kind, capsysbinary, json.loads(json.dumps(state)))
            brought.append(records)
            self.now += timedelta(days=1)
        self.details = None
        return brought, state

    def read(self, kind, capsysbinary, state):
        class AnyTap(FinanceTap):
            name = "tap-any"
            system = "inventory"
            config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
            stream_types = kind if isinstance(kind, tuple) else (kind,)

        given = {key: getattr(self.connection, key) for key in ("api_url", "accounts_url", "organization_id")}
        given |= {
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": "r",
            "state_dir": str(self.connection.state_dir),
        }
        tap = AnyTap(config={**given, "retry_wait_s": 0, "calls_per_minute": 0, "deletions_every_s": 0}, state=state)
        capsysbinary.readouterr()
        with nullcontext() if self.answers is None and self.details is None else suppress(SingerSDKError):
            tap.sync_all()
        tap.client.close()
        messages = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
        records = [one["record"] for one in messages if one["type"] == "RECORD"]
        return {(one["item_id"], one["last_modified_time"]) for one in records}, tap.state


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


@pytest.fixture
def busy(vendor, connection, monkeypatch):
    monkeypatch.setattr(finance, "PER_PAGE", 5)
    return Busy(vendor, connection)


@pytest.mark.parametrize(
    ("kind", "since"), [(kind, since) for kind in (Neither, Sorted, Filtered) for since in (None, 60)]
)
@with_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.tuples(
        st.lists(st.integers(1, 120), max_size=25), st.lists(st.lists(st.integers(0, 30), max_size=1), max_size=10)
    )
)
def test_the_last_version_of_every_record_comes_however_the_list_moves(busy, capsysbinary, kind, since, held):
    busy.holds(*held)
    mark = {
        "replication_key": "last_modified_time",
        "replication_key_value": (NOON - timedelta(minutes=since or 0)).isoformat(),
    }
    first, state = busy.read(kind, capsysbinary, {"bookmarks": {"items": mark}} if since else {})
    busy.edits.clear()
    second, _ = busy.read(kind, capsysbinary, state)
    oldest = NOON - timedelta(minutes=since) if since else datetime.min.replace(tzinfo=UTC)
    due = {(name, at.isoformat()) for name, at in busy.rows.items() if at >= oldest}
    assert due <= first | second


@pytest.mark.parametrize("kind", [Sorted, Filtered])
@with_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.tuples(
        st.lists(st.integers(1, 9), min_size=8, max_size=25),
        st.lists(st.lists(st.one_of(st.integers(0, 24), st.integers(0, 24).map(str)), max_size=4), max_size=10),
    ),
    answers=st.integers(1, 6),
)
def test_a_first_run_that_is_interrupted_and_gone_on_with_passes_over_no_row_that_moved(
    busy, capsysbinary, kind, held, answers
):
    """Without a sweep. Numbers change or add a record, their texts delete one."""
    busy.holds(*held)
    busy.answers = answers
    first, state = busy.read(kind, capsysbinary, {})
    busy.answers = None
    busy.edits.clear()
    second, _ = busy.read(kind, capsysbinary, json.loads(json.dumps(state)))
    assert {(name, at.isoformat()) for name, at in busy.rows.items()} <= first | second


@pytest.mark.parametrize("kind", DETAILED)
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("seconds", [1, 50])
def test_an_import_of_one_moment_that_is_more_than_three_days_of_calls_is_delivered_in_four(
    busy, capsysbinary, kind, is_first, seconds
):
    busy.holds([], [])
    busy.rows = {str(n): NOON - timedelta(minutes=9, seconds=n % seconds) for n in range(34)}
    since = None if is_first else (NOON - timedelta(minutes=30)).isoformat()
    mark = {"replication_key": STATED, "replication_key_value": since}
    brought, state = busy.days(kind, capsysbinary, {} if is_first else {"bookmarks": {"items": mark}}, 10)
    assert [len(one) for one in brought] == [10, 10, 10, 4]
    assert len(set.union(*brought)) == len(busy.rows)
    assert set(state["bookmarks"]["items"]) == {"replication_key", "replication_key_value"}


@pytest.mark.parametrize("is_first", [True, False])
def test_rows_within_the_details_of_a_crowded_moment_come_over_days_too(busy, capsysbinary, is_first):
    busy.holds([9] * 14, [])
    mark = {"replication_key": STATED, "replication_key_value": (NOON - timedelta(minutes=30)).isoformat()}
    state = {} if is_first else {"bookmarks": {"items": dict(mark), "people": dict(mark)}}
    brought, _ = busy.days((FilteredDetailed, People), capsysbinary, state, 10)
    assert [len(one) for one in brought] == [10, 10, 8]
    assert {name for one in brought for name, _ in one} == {f"{kind}{n}" for kind in ("", "p") for n in range(14)}


def test_an_import_that_is_read_within_the_overlap_is_repeated_for_a_day_at_most(busy, capsysbinary):
    busy.holds([], [])
    busy.rows = {str(n): NOON - timedelta(seconds=9) for n in range(34)}
    brought, _ = busy.days(FilteredDetailed, capsysbinary, {}, 10)
    assert [len(one) for one in brought] == [10, 10, 10, 10, 4]
    assert len(set.union(*brought)) == len(busy.rows)


def test_a_bookmark_that_a_person_set_back_is_read_from_whatever_was_delivered_within_its_moment(busy, capsysbinary):
    busy.holds([9] * 8, [])
    busy.details = 4
    _, state = busy.read(FilteredDetailed, capsysbinary, {})
    busy.details = None
    mark = state["bookmarks"]["items"]
    assert mark["place"]["id"] == "3"
    mark["replication_key_value"] = (NOON - timedelta(minutes=30)).isoformat()
    records, _ = busy.read(FilteredDetailed, capsysbinary, state)
    assert len(records) == 8


@pytest.mark.parametrize("kind", DETAILED)
@with_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.tuples(
        st.lists(st.integers(1, 4), min_size=8, max_size=25),
        st.lists(st.lists(st.one_of(st.integers(0, 24), st.integers(0, 24).map(str)), max_size=3), max_size=30),
    ),
    details=st.integers(2, 9),
)
def test_days_that_end_within_a_moment_pass_over_no_record_however_the_list_moves(
    busy, capsysbinary, kind, held, details
):
    minutes_ago, edits = held
    if kind is NeitherDetailed:  # what a deletion hides in a list without an order, only a sweep finds
        edits = [[one for one in some if isinstance(one, int)] for some in edits]
    busy.holds(minutes_ago, edits)
    brought, state = busy.days(kind, capsysbinary, {}, details)
    busy.edits.clear()
    brought += busy.days(kind, capsysbinary, state, 99)[0]
    assert {(name, at.isoformat()) for name, at in busy.rows.items()} <= set.union(*brought)


def test_a_list_that_does_not_fit_in_memory_comes_in_order_each_version_once(tmp_path, monkeypatch):
    monkeypatch.setattr("ofrecord_kit.tap.finance_order._HELD_BYTES", 2_000)
    rows = [{"id": str(n * 7919 % 997), "at": f"{n * 31 % 50:02}", "price": Decimal("1.10")} for n in range(1_500)]
    with InOrder(lambda row: (row["at"], row["id"]), tmp_path / "state") as order:
        for start in range(0, len(rows), 100):
            order.add(rows[start : start + 150])  # the last fifty come twice
        pages = list(order.pages())
    told = [(decode_value(row["at"]), decode_value(row["id"]), bytes(row["price"])) for page in pages for row in page]
    assert told == sorted({(row["at"], row["id"], b"1.10") for row in rows})
    assert list((tmp_path / "state").iterdir()) == []


def test_rows_of_both_forms_come_in_pages_of_one_form(tmp_path):
    cut = Cut("items", SCHEMA)
    (cell,) = cut.decode(b'{"items":[{"item_id":"2","last_modified_time":"2026-03-01T10:00:00+0000"}]}')["items"]
    order = InOrder(lambda row: ("", value_of(row, "item_id")), tmp_path)
    order.add([{"item_id": "3"}, cell, {"item_id": "1"}])
    pages = list(order.pages())
    assert [type(page[0]) is dict for page in pages] == [True, False, True]
    assert [value_of(page[0], "item_id") for page in pages] == ["1", "2", "3"]


def test_a_list_that_finds_no_room_ends_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("ofrecord_kit.tap.finance_order._HELD_BYTES", 1)
    (tmp_path / "file").write_text("")
    order = InOrder(lambda row: ("", row["id"]), tmp_path / "file")
    with pytest.raises(Stop, match="state_dir"):
        order.add([{"id": "1"}])
