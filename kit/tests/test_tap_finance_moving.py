"""Records that change while their list is read: nothing is missed. The vendor is played by the test."""

import json
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from singer_sdk import typing as th
from singer_sdk.exceptions import SingerSDKError

from ofrecord_kit import settings
from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.finance_tap import FinanceTap
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


class Busy:
    """A vendor with at most five rows a page; somebody changes, adds or deletes a record before each page."""

    def __init__(self, vendor, connection):
        self.vendor, self.connection = vendor, connection
        vendor.next_answer = self.answer

    def holds(self, minutes_ago, edits):
        self.rows = {str(n): NOON - timedelta(minutes=ago) for n, ago in enumerate(minutes_ago)}
        self.edits, self.now, self.answers = list(edits), NOON, None
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

    def read(self, kind, capsysbinary, state):
        class AnyTap(FinanceTap):
            name = "tap-any"
            system = "inventory"
            config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
            stream_types = (kind,)

        given = {key: getattr(self.connection, key) for key in ("api_url", "accounts_url", "organization_id")}
        given |= {
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": "r",
            "state_dir": str(self.connection.state_dir),
        }
        tap = AnyTap(config={**given, "retry_wait_s": 0, "calls_per_minute": 0, "deletions_every_s": 0}, state=state)
        capsysbinary.readouterr()
        with nullcontext() if self.answers is None else suppress(SingerSDKError):
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
