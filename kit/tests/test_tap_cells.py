"""Rows that are decoded straight into records are what a cut of the decoded row gives, whatever the vendor sends."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ofrecord_kit.tap.cells import Cut, shape, without
from ofrecord_kit.tap.crm_fields import Wanted, as_listed, cells_as_listed, queried
from ofrecord_kit.tap.pages import decode_value, rows_under
from ofrecord_kit.tap.shapes import Cells, compile_shape
from ofrecord_kit.tap.writer import encode_record

TEXT, NUMBER, FLAG = {"type": ["string", "null"]}, {"type": ["number", "null"]}, {"type": ["boolean", "null"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": TEXT,
        "rate": NUMBER,
        "stock": {"type": ["integer", "null"]},
        "active": FLAG,
        "changed": {"type": ["string", "null"], "format": "date-time"},
        "begun": {"type": ["string", "null"], "format": "date"},
        "box": {"type": ["object", "null"], "properties": {"weight": NUMBER, "unit": TEXT}},
        "lines": {"type": ["array", "null"], "items": {"type": "object", "properties": {"n": NUMBER, "words": TEXT}}},
        "tags": {"type": ["array", "null"], "items": TEXT},
        "more": {"type": ["object", "null"]},
    },
}
_words = st.text(max_size=8)
_odd = st.one_of(st.none(), st.booleans(), st.integers(-9, 10**19), st.floats(-5, 5, allow_subnormal=False), _words)
_times = st.sampled_from(
    ["2026-03-01T10:15:00+0100", "2026-03-01T23:15:07+00:00", "2026-12-31T23:59:59-05:30", "2026-03-01T10:15:00Z",
     "2026-03-01T10:15:00.25+0100", "", None]
)  # fmt: skip
_numbers = st.one_of(st.none(), st.integers(-9, 9), st.sampled_from(["", "12.50", "3", "-0.10"]), st.floats(-5, 5))
_boxes = st.one_of(
    st.none(), st.fixed_dictionaries({}, optional={"weight": _numbers, "unit": _odd, "else": _odd}), st.just("")
)
_rows = st.fixed_dictionaries(
    {"id": st.one_of(_words, st.integers(0, 10**18))},
    optional={
        "name": _odd, "rate": _numbers, "stock": _numbers, "changed": _times, "begun": st.sampled_from(["2026-01-01", "", None]),
        "active": st.sampled_from([True, False, "true", "False", "", None]), "box": _boxes,
        "lines": st.one_of(st.none(), st.lists(st.fixed_dictionaries({}, optional={"n": _numbers, "words": _odd}), max_size=3)),
        "tags": st.one_of(st.none(), st.lists(_words, max_size=2)), "more": st.sampled_from([{}, {"a": 1}, None]), "other": _odd,
    },
)  # fmt: skip


def answer(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"code": 0, "things": rows, "page_context": {"has_more_page": False}}).encode()


def written(rows: list[Any]) -> list[Any]:
    if rows and isinstance(rows[0], Cells):
        shape(rows)
        return [decode_value(encode_record(row)) for row in rows]
    cut = compile_shape(SCHEMA)
    return [decode_value(encode_record(cut(row))) for row in rows]


@given(st.lists(_rows, max_size=4), st.lists(_rows, max_size=4))
def test_a_row_is_the_same_record_whichever_way_it_is_decoded(first: list[Any], second: list[Any]) -> None:
    cut = Cut("things", SCHEMA)
    for rows in (first, second):
        body = answer(rows)
        assert written(cut.decode(body)["things"]) == written(rows_under("things").decode(body)["things"])


def test_a_property_of_another_type_is_looked_at_from_then_on_and_the_rest_stays_typed() -> None:
    cut = Cut("things", SCHEMA)
    found = cut.decode(answer([{"id": 7, "name": "A", "changed": "2026-03-01T10:15:00+0100"}]))["things"]
    assert isinstance(found[0], Cells)
    assert written(found) == [{"id": "7", "name": "A", "changed": "2026-03-01T09:15:00+00:00"}]


def test_shaping_twice_changes_nothing() -> None:
    rows = Cut("things", SCHEMA).decode(answer([{"id": "7", "rate": "1.50", "changed": "2026-03-01T10:15:00+0100"}]))
    once = written(rows["things"])
    assert (
        written(rows["things"])
        == once
        == [{"id": "7", "rate": Decimal("1.50"), "changed": "2026-03-01T09:15:00+00:00"}]
    )


def test_an_answer_with_text_that_is_ruled_out_is_decoded_as_dicts() -> None:
    cut = Cut("things", SCHEMA, never=b'"cf_')
    assert isinstance(cut.decode(answer([{"id": "7"}]))["things"][0], Cells)
    assert isinstance(cut.decode(answer([{"id": "7", "cf_colour": "red"}]))["things"][0], dict)


def test_what_a_row_lacks_or_has_empty_is_filled_where_that_is_asked_for() -> None:
    cut = Cut("things", SCHEMA, filled={"more": b"{}"})
    rows = cut.decode(answer([{"id": "1"}, {"id": "2", "more": None}, {"id": "3", "more": {"a": 1}}]))["things"]
    assert [row["more"] for row in written(rows)] == [{}, {}, {"a": 1}]


def test_a_property_that_is_left_out_is_not_written_whichever_way_its_row_was_decoded() -> None:
    body = b'{"rows":[{"id":"1","name":"a","rate":7},{"id":"2"}]}'
    for decoder in (Cut("rows", SCHEMA), rows_under("rows")):
        rows = decoder.decode(body)["rows"]
        without(rows, {"rate", "absent"})
        assert [json.loads(encode_record(row)) for row in rows] == [{"id": "1", "name": "a"}, {"id": "2"}]


def test_digits_stay_as_they_were_sent() -> None:
    body = b'{"things":[{"id":"1","rate":12.500,"stock":12345678901234567890123}]}'
    rows = Cut("things", SCHEMA).decode(body)["things"]
    shape(rows)
    assert encode_record(rows[0]) == b'{"id":"1","rate":12.500,"stock":12345678901234567890123}'


def test_a_row_is_looked_at_like_a_dict() -> None:
    [row] = Cut("things", SCHEMA).decode(answer([{"id": "1", "name": None, "other": 3}]))["things"]
    assert (row.get("id"), row.get("name", "?"), row.get("rate"), row.get("other"), list(row)) == ("1", None, None, None, ["id", "name"])  # fmt: skip


LOOKUP = {"type": ["object", "null"], "properties": {"id": TEXT, "name": TEXT, "email": TEXT}}
WANTED = Wanted(
    "Products",
    ("id", "Modified_Time", "Vendor_Name", "Owner", "Handler"),
    {"Vendor_Name": "lookup", "Owner": "ownerlookup", "Handler": "userlookup"},
    {"Vendor_Name": "Vendor_Name.Vendor_Name"},
)
PEOPLE = {"1": {"name": "Anna Berg", "email": "anna@example.org"}}
_lookups = st.one_of(
    st.none(), st.fixed_dictionaries({"id": st.sampled_from(["1", "2", 1])}, optional={"name": st.sampled_from(["N", None])})
)  # fmt: skip
_answers = st.fixed_dictionaries(
    {"id": st.just("1")},
    optional={"Vendor_Name": _lookups, "Vendor_Name.Vendor_Name": st.sampled_from(["Acme", None]), "Owner": _lookups, "Handler": _lookups},
)  # fmt: skip


@given(st.lists(_answers, max_size=3))
def test_lookups_of_a_query_are_named_whichever_way_its_rows_are_decoded(rows: list[dict[str, Any]]) -> None:
    schema = {"type": "object", "properties": {"id": TEXT, "Vendor_Name": LOOKUP, "Owner": LOOKUP, "Handler": LOOKUP}}
    body = json.dumps({"data": rows}).encode()
    listed, cut = as_listed(WANTED, PEOPLE), compile_shape(schema)
    plain = [decode_value(encode_record(cut(listed(row)))) for row in rows_under("data").decode(body)["data"]]
    found = queried(schema, WANTED).decode(body)["data"]
    if found:
        assert isinstance(found[0], Cells)
        cells_as_listed(WANTED, PEOPLE)(found)
        shape(found)
    assert [decode_value(encode_record(row)) for row in found] == plain
