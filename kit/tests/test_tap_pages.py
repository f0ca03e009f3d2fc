"""Every row once, no call too many."""

import pytest

from ofrecord_kit.tap.crm_pages import STALE_TOKEN, ListPages, crm_pages, field_batches
from ofrecord_kit.tap.finance_pages import finance_pages
from ofrecord_kit.tap.pages import value_of


def test_finance_pages_end_where_the_vendor_says_so(vendor, client_of):
    vendor.will_answer(
        (200, {"code": 0, "items": [{"n": 1}], "page_context": {"has_more_page": True}}),
        (200, {"code": 0, "items": [{"n": 2}], "page_context": {"has_more_page": False}}),
    )
    pages = list(finance_pages(client_of("inventory"), "/inventory/v1/items", "items"))
    assert [value_of(row, "n") for page in pages for row in page.rows] == [1, 2]
    assert [call.query["page"] for call in vendor.calls()] == ["1", "2"]


def test_a_chain_of_page_tokens_keeps_every_parameter(vendor, client_of):
    vendor.will_answer(
        (200, {"data": [{"id": "1"}], "info": {"more_records": True, "next_page_token": "t"}}),
        (200, {"data": [{"id": "2"}], "info": {"more_records": False}}),
    )
    pages = crm_pages(client_of("crm"), "/crm/v8/Deals", {"fields": "id"}, {"If-Modified-Since": "x"})
    assert [value_of(row, "id") for page in pages for row in page.rows] == ["1", "2"]
    first, second = vendor.calls()
    assert second.query == {**first.query, "page_token": "t"}
    assert second.headers["if-modified-since"] == "x"


@pytest.mark.parametrize("status", [204, 304])
def test_nothing_there_is_a_page_without_rows(vendor, client_of, status):
    vendor.will_answer((status, None))
    assert [page.rows for page in crm_pages(client_of("crm"), "/crm/v8/Deals")] == [[]]


def test_fields_go_in_batches_of_fifty_with_id_and_time_in_each():
    batches = field_batches([f"F{n}" for n in range(120)], ("id", "Modified_Time"))
    assert [len(batch) for batch in batches] == [50, 50, 26]
    assert all(batch[:2] == ["id", "Modified_Time"] for batch in batches)


def test_batches_of_fields_are_joined_on_id_and_a_moved_row_is_read_by_itself(vendor, client_of):
    fields = [f"F{n}" for n in range(60)]
    at = "2026-03-01T10:00:00+01:00"
    vendor.will_answer(
        (200, {"data": [{"id": "1", "Modified_Time": at, "F0": "a"}, {"id": "2", "Modified_Time": at}], "info": {}}),
        (200, {"data": [{"id": "1", "Modified_Time": at, "F50": "b"}], "info": {}}),
        (200, {"data": [{"id": "2", "Modified_Time": at, "F50": "c"}]}),
    )
    (page,) = ListPages(client_of("crm"), "/crm/v8/Deals", fields).pages(None)
    assert {name: value_of(page.rows[0], name) for name in page.rows[0]} == {
        "id": "1", "Modified_Time": at, "F0": "a", "F50": "b",
    }  # fmt: skip
    assert value_of(page.rows[1], "F50") == "c"
    assert vendor.calls()[-1].path == "/crm/v8/Deals/2"


def test_a_page_begins_with_the_time_of_the_last_row_and_repeats_none(vendor, client_of):
    times = [f"2026-03-01T10:00:0{n}+00:00" for n in range(3)]
    rows = [{"id": str(n), "Modified_Time": at} for n, at in enumerate(times)]
    vendor.will_answer(
        (200, {"data": rows[:2], "info": {"more_records": True, "next_page_token": "t"}}),
        (200, {"data": rows[1:], "info": {"more_records": False}}),
    )
    pages = ListPages(client_of("crm"), "/crm/v8/Deals", ["id"]).pages(None)
    assert [value_of(row, "id") for page in pages for row in page.rows] == ["0", "1", "2"]
    first, second = vendor.calls()
    assert "if-modified-since" not in first.headers
    assert second.headers["if-modified-since"] == "2026-03-01T10:00:00+00:00"
    assert "page_token" not in second.query


@pytest.mark.parametrize("code", sorted(STALE_TOKEN))
def test_a_page_token_that_is_of_no_use_any_more_is_replaced_by_a_query(vendor, client_of, code):
    at = "2026-03-01T10:00:00+00:00"
    rows = [{"id": str(n), "Modified_Time": at} for n in range(1, 5)]
    more = {"more_records": True, "next_page_token": "t"}
    vendor.will_answer(
        (200, {"data": rows[:2], "info": more}),
        (400, {"code": code, "message": "stale", "status": "error", "details": {"param_name": "page_token"}}),
        (200, {"data": [{"id": row["id"]} for row in rows], "info": {"more_records": False}}),
        (200, {"data": [rows[2]]}),
        (200, {"data": [rows[3]]}),
        (304, None),
    )
    pages = ListPages(client_of("crm"), "/crm/v8/Deals", ["id"]).pages(None)
    assert [value_of(row, "id") for page in pages for row in page.rows] == ["1", "2", "3", "4"]
    assert vendor.calls()[-1].headers["if-modified-since"] == "2026-03-01T10:00:00+00:00"
