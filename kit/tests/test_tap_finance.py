"""How finance lists are read, and what becomes of bookmarks; the vendor is played by the test."""

import io
import json
import re
from contextlib import redirect_stdout
from typing import ClassVar

import pytest
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.errors import Stop
from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.tap.stream import DELETED
from ofrecord_kit.vendors import finance

SCHEMA = th.PropertiesList(
    th.Property("item_id", th.StringType),
    th.Property("rate", th.NumberType),
    th.Property("note", th.StringType),
    th.Property("custom_field_hash", th.ObjectType()),
    th.Property("last_modified_time", th.DateTimeType),
).to_dict()


class Base(FinanceStream):
    root = finance.INVENTORY
    path = "/items"
    name = "items"
    schema = SCHEMA
    primary_keys = ("item_id",)
    replication_key = "last_modified_time"


class Filtered(Base):
    filters_by_time = True
    sorts_by_time = True


class Sorted(Base):
    sorts_by_time = True
    detail = "item"


class Together(Filtered):
    details_together = "/itemdetails"


class Plain(Base):
    """Neither filter nor order."""


def tap_of(stream):
    class AnyTap(VendorTap):
        name = "tap-any"
        system = "inventory"
        config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
        stream_types = (stream,)

    return AnyTap


@pytest.fixture
def read(connection):
    """Runs a stream in this process: its records and its bookmark."""

    def run(stream, bookmark=None, states=None, written=None, marks=None, **more):
        config = {name: getattr(connection, name) for name in ("api_url", "accounts_url", "organization_id")}
        config |= {"client_id": "c", "client_secret": "s", "refresh_token": "r", "state_dir": str(connection.state_dir)}
        config |= {"retry_wait_s": 0, "calls_per_minute": 0, **more}
        mark = marks or (bookmark and {"replication_key": "last_modified_time", "replication_key_value": bookmark})
        tap = tap_of(stream)(config=config, state={"bookmarks": {"items": mark}} if mark else {})
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        try:
            with redirect_stdout(out):
                tap.sync_all()
        finally:
            tap.client.close()
            out.seek(0)
            lines = out.read().splitlines()
            messages = [json.loads(line) for line in lines]
            if written is not None:
                written += lines
            if states is not None:
                states += [
                    one["value"].get("bookmarks", {}).get("items", {}) for one in messages if one["type"] == "STATE"
                ]
                states.append(tap.state.get("bookmarks", {}).get("items", {}))
        return [one["record"] for one in messages if one["type"] == "RECORD"], tap.state["bookmarks"]["items"]

    return run


def row(number, at, **more):
    return {"item_id": str(number), "last_modified_time": at, **more}


def listed(*rows, more=False):
    body = {"code": 0, "items": list(rows), "page_context": {"has_more_page": more}}
    return (200, body, {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"})


def test_a_complete_list_moves_the_bookmark_to_the_vendors_time_of_reading(vendor, read):
    vendor.will_answer(listed(row(1, "2026-03-01T10:00:00+0100")))
    records, mark = read(Filtered)
    assert records[0]["last_modified_time"] == "2026-03-01T09:00:00+00:00"
    assert mark["replication_key_value"] == "2026-03-01T12:00:00+00:00"


def test_the_next_run_asks_from_the_overlap_before_the_bookmark(vendor, read):
    vendor.will_answer(listed())
    read(Filtered, bookmark="2026-03-01T12:00:00+00:00")
    assert vendor.calls()[0].query["last_modified_time"] == "2026-03-01T11:58:59+0000"  # to the second, from before it


def test_rows_the_vendor_should_have_filtered_are_left_out(vendor, read):
    vendor.will_answer(listed(row(1, "2026-01-01T10:00:00+0000"), row(2, "2026-03-01T11:59:30+0000")))
    records, _ = read(Filtered, bookmark="2026-03-01T12:00:00+00:00")
    assert [record["item_id"] for record in records] == ["2"]


def test_a_version_listed_twice_is_emitted_once(vendor, read):
    one = row(1, "2026-03-01T10:00:00+0000")
    vendor.will_answer(listed(one, more=True), listed(one, row(1, "2026-03-01T10:00:01+0000")))
    records, _ = read(Filtered)
    assert [record["last_modified_time"][-8:-6] for record in records] == ["00", "01"]


def test_newest_first_stops_at_the_bookmark_and_only_changed_rows_are_read_in_detail(vendor, read):
    vendor.will_answer(
        listed(
            row(3, "2026-03-01T12:30:00+0000"),
            row(2, "2026-03-01T12:10:00+0000"),
            row(1, "2026-01-01T00:00:00+0000"),
            more=True,
        ),
        (200, {"code": 0, "item": row(2, "2026-03-01T12:10:00+0000", note="detail")}),
        (200, {"code": 0, "item": row(3, "2026-03-01T12:30:00+0000", note="detail")}),
    )
    records, mark = read(Sorted, bookmark="2026-03-01T12:00:00+00:00")
    assert [(record["item_id"], record["note"]) for record in records] == [("2", "detail"), ("3", "detail")]
    assert mark["replication_key_value"] == "2026-03-01T12:00:00+00:00"  # when reading began, not when changed since
    assert len(vendor.calls()) == 3


def test_a_record_deleted_between_list_and_detail_is_passed_over(vendor, read):
    gone = (404, {"code": 1002, "message": "does not exist"})
    vendor.will_answer(listed(row(1, "2026-03-01T10:00:00+0000")), gone, gone)
    records, mark = read(Sorted)
    assert records == []
    assert mark["replication_key_value"] == "2026-03-01T12:00:00+00:00"


def test_a_listed_record_that_the_vendor_denies_once_is_asked_for_again_and_read(vendor, read):
    detail = row(1, "2026-03-01T10:00:00+0000", note="detail")
    vendor.will_answer(
        listed(row(1, "2026-03-01T10:00:00+0000")), (404, {"code": 1002, "message": "does not exist"}),
        (200, {"code": 0, "item": detail}),
    )  # fmt: skip
    records, _ = read(Sorted)
    assert [record["note"] for record in records] == ["detail"]


def test_details_of_a_hundred_come_in_one_call_in_order_of_the_list(vendor, read):
    first, second = row(1, "2026-03-01T10:00:00+0000"), row(2, "2026-03-01T10:00:01+0000")
    details = {"code": 0, "items": [{**second, "rate": "7.50"}, {**first, "rate": ""}]}
    vendor.will_answer(listed(first, second), (200, details))
    records, _ = read(Together)
    assert [(record["item_id"], record["rate"]) for record in records] == [("1", None), ("2", 7.5)]
    assert vendor.calls()[1].query["item_ids"] == "1,2"


def test_details_of_rows_that_the_next_page_repeats_are_read_once(vendor, read):
    first, second, third = (row(number, f"2026-03-01T10:00:0{number}+0000") for number in (1, 2, 3))
    vendor.will_answer(
        listed(first, second, more=True), (200, {"code": 0, "items": [first, second]}),
        listed(first, second, third), (200, {"code": 0, "items": [third]}),
    )  # fmt: skip
    records, _ = read(Together)
    assert [record["item_id"] for record in records] == ["1", "2", "3"]
    assert [call.query.get("item_ids") for call in vendor.calls()] == [None, "1,2", None, "3"]


def test_a_list_without_order_is_handed_on_in_order(vendor, read):
    vendor.will_answer(listed(row(2, "2026-03-01T11:00:00+0000"), row(1, "2026-03-01T10:00:00+0000")))
    records, _ = read(Plain)
    assert [record["item_id"] for record in records] == ["1", "2"]


def test_nothing_older_than_the_start_date_is_read(vendor, read):
    vendor.will_answer(listed(row(1, "2026-01-01T10:00:00+0000"), row(2, "2026-03-01T10:00:00+0000")))
    records, _ = read(Filtered, start_date="2026-02-01T00:00:00Z")
    assert [record["item_id"] for record in records] == ["2"]


def test_a_vendor_that_does_not_sort_after_all_moves_the_bookmark_at_the_end_only(vendor, read):
    rows = [row(1, "2026-03-01T11:00:00+0000"), row(2, "2026-03-01T10:00:00+0000")]
    vendor.will_answer(listed(*rows, more=True), (400, {"code": 4, "message": "no"}))
    with pytest.raises(Stop, match="items"):
        read(Filtered, bookmark="2026-03-01T09:00:00+00:00")
    vendor.will_answer(listed(*rows))
    assert (
        read(Filtered, bookmark="2026-03-01T09:00:00+00:00")[1]["replication_key_value"] == "2026-03-01T12:00:00+00:00"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"custom_field_hash": {"cf_crm_id": "7"}},
        {"custom_fields": [{"api_name": "cf_crm_id", "value": "7"}]},
        {"cf_crm_id": "7"},
    ],
)
def test_custom_fields_arrive_under_one_key_however_they_were_sent(vendor, read, given):
    vendor.will_answer(listed(row(1, "2026-03-01T10:00:00+0000", **given)))
    records, _ = read(Filtered)
    assert records[0]["custom_field_hash"] == {"cf_crm_id": "7"}
    assert set(records[0]) == {"item_id", "last_modified_time", "custom_field_hash"}


def test_a_record_changed_while_the_list_is_read_costs_no_other_record(vendor, read):
    """Page 2 is asked for by time: by number it would begin one row too late, as row 1 has moved to the end."""
    at = "2026-03-01T10:00:0{}+0000".format
    vendor.will_answer(
        listed(row(1, at(1)), row(2, at(3)), more=True),
        listed(row(2, at(3)), row(3, at(5)), more=True),
        listed(row(3, at(5)), row(1, "2026-03-01T12:00:01+0000")),
    )
    records, _ = read(Filtered)
    assert [record["item_id"] for record in records] == ["1", "2", "3", "1"]
    asked = [(call.query.get("last_modified_time"), call.query["page"]) for call in vendor.calls()]
    assert asked == [(None, "1"), (at(2), "1"), (at(4), "1")]


def test_a_page_within_one_second_is_followed_by_its_number(vendor, read):
    at = "2026-03-01T10:00:00+0000"
    again = listed(row(2, at), more=True)
    vendor.will_answer(listed(row(1, at), more=True), again, listed(row(3, at)), again, listed())
    records, _ = read(Filtered)
    assert [record["item_id"] for record in records] == ["1", "2", "3"]
    assert [call.query["page"] for call in vendor.calls()] == [
        "1",
        "1",
        "2",
        "1",
    ]  # and whether the first is still the same


def test_a_row_changed_within_a_crowded_second_costs_no_row_behind_it(vendor, read):
    at, later = "2026-03-01T10:00:00+0000", "2026-03-01T11:00:00+0000"
    first, second, last = listed(row(3, at), more=True), listed(row(4, at), more=True), listed(row(2, later))
    vendor.will_answer(
        listed(row(1, at), more=True), listed(row(2, at), more=True), second,
        first,  # the page before holds another row by now: the second is read again
        first, second, first, last, second, listed(),
    )  # fmt: skip
    records, _ = read(Filtered)
    assert sorted({record["item_id"] for record in records}) == ["1", "2", "3", "4"]


def test_a_vendor_that_says_it_sorted_otherwise_is_followed_by_page_number(vendor, read):
    def otherwise(*rows, more=False):
        status, body, headers = listed(*rows, more=more)
        return status, {**body, "page_context": {"has_more_page": more, "sort_column": "name"}}, headers

    old, new = "2026-01-01T10:00:00+0000", "2026-03-01T10:00:00+0000"
    vendor.will_answer(otherwise(row(1, new), more=True), otherwise(row(2, old)))
    records, _ = read(Filtered)
    assert [record["item_id"] for record in records] == ["1", "2"]
    assert [call.query.get("last_modified_time") for call in vendor.calls()] == [None, None]


def test_a_detail_newer_than_the_reading_does_not_move_the_bookmark_past_what_is_still_to_come(vendor, read):
    vendor.will_answer(
        listed(row(1, "2026-03-01T10:00:00+0000"), row(2, "2026-03-01T11:00:00+0000")),
        (200, {"code": 0, "item": row(1, "2026-03-01T12:00:05+0000", note="changed meanwhile")}),
        (400, {"code": 4, "message": "no"}),
    )
    states = []
    with pytest.raises(Stop, match="items"):
        read(Sorted, states=states)
    assert states
    assert all(mark.get("replication_key_value") is None for mark in states)


def test_amounts_keep_every_digit(vendor, read):
    body = b'{"code":0,"items":[{"item_id":"1","last_modified_time":"2026-03-01T10:00:00+0000",'
    body += (
        b'"rate":12345678901234567.10},{"item_id":"2","last_modified_time":"2026-03-01T10:00:00+0000","rate":"0.30"}]}'
    )
    vendor.will_answer((200, body, {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}))
    written = []
    read(Filtered, written=written)
    assert [re.search(r'"rate":([^,}]+)', line)[1] for line in written if '"RECORD"' in line] == [
        "12345678901234567.10",
        "0.30",
    ]


class Swept(Sorted):
    schema: ClassVar = {**SCHEMA, "properties": {**SCHEMA["properties"], DELETED: {"type": ["string", "null"]}}}


def test_a_record_that_was_pushed_over_the_border_of_a_page_comes_with_its_detail_at_the_next_sweep(vendor, read):
    first, second, third = (row(number, f"2026-02-01T10:0{number}:00+0000") for number in (1, 2, 3))
    details = [(200, {"code": 0, "item": {**one, "note": "detail"}}) for one in (first, second, third)]
    vendor.by_path = {f"/inventory/v1/items/{number}": one for number, one in enumerate(details, 1)}
    vendor.will_answer(listed(first, third))  # the second moved to a page that was read when another one was deleted
    records, mark = read(Swept, deletions_every_s=60)
    assert [one["item_id"] for one in records] == ["1", "3"]
    later = {"Date": "Sun, 01 Mar 2026 14:00:00 GMT"}
    vendor.will_answer((*listed()[:2], later), (*listed(first, second, third)[:2], later))
    records, after = read(Swept, marks=mark, deletions_every_s=60)
    assert [(one["item_id"], one["note"]) for one in records] == [("2", "detail")]
    assert after["replication_key_value"] == "2026-03-01T14:00:00+00:00"


def test_what_is_later_than_the_end_is_not_read_in_detail(vendor, read):
    early, late = row(1, "2026-02-01T10:00:00+0000"), row(2, "2026-02-20T10:00:00+0000")
    vendor.by_path = {"/inventory/v1/items/1": (200, {"code": 0, "item": early})}
    vendor.will_answer(listed(early, late))
    records, mark = read(Sorted, end_date="2026-02-10T00:00:00Z")
    assert [one["item_id"] for one in records] == ["1"]
    assert [call.path for call in vendor.calls()] == ["/inventory/v1/items", "/inventory/v1/items/1"]
    assert mark["replication_key_value"] == "2026-02-10T00:00:00+00:00"


def test_where_no_record_can_be_asked_for_by_itself_one_more_reading_tells_of_all_that_are_missing(vendor, read):
    class Alone(Plain):
        schema = Swept.schema
        replication_key = None
        answers_one = False

    vendor.will_answer(listed(*(row(number, None) for number in range(1, 6))))
    _, mark = read(Alone, deletions_every_s=60)
    vendor.seen.clear()
    vendor.will_answer(listed(row(1, None)), listed(row(1, None), row(2, None)))
    records, _ = read(Alone, marks=mark, deletions_every_s=60)
    assert sorted(one["item_id"] for one in records if one.get(DELETED)) == ["3", "4", "5"]
    assert len(vendor.calls()) == 2


def test_a_filter_for_nothing_is_checked_here_and_not_sent(vendor, read):
    class ByNote(Filtered):
        filtered_by: ClassVar = {"note": "note"}

    vendor.will_answer(
        listed(row(1, "2026-02-01T10:00:00+0000", note="x"), row(2, "2026-02-01T10:00:00+0000", note=""))
    )
    records, _ = read(ByNote, filters={"items": {"note": ""}})
    assert [one["item_id"] for one in records] == ["2"]
    assert "note" not in vendor.calls()[0].query
