"""Rows cut to their schema: the same whether they come decoded or as JSON text, every value in the kind its schema says."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from ofrecord_kit.tap.pages import decode_value, rows_under
from ofrecord_kit.tap.shapes import compile_shape, flag, text
from ofrecord_kit.tap.writer import encode_record

LINE = {"type": "object", "properties": {"item_id": {"type": ["string", "null"]}, "rate": {"type": ["number", "null"]}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "number": {"type": ["string", "null"]},
        "active": {"type": ["boolean", "null"]},
        "date": {"type": ["string", "null"], "format": "date"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "rate": {"type": ["number", "null"]},
        "discount": {"type": ["number", "string", "null"]},
        "lines": {"type": ["array", "null"], "items": LINE},
        "ids": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "address": {"type": ["object", "null"], "properties": {"zip": {"type": ["string", "null"]}, "sent": {"type": "string", "format": "date-time"}}},
        "any": {},
    },
}  # fmt: skip
SHAPE, AS_SENT = compile_shape(SCHEMA), compile_shape(SCHEMA, in_order=False)


def raw(row):
    (found,) = rows_under("rows").decode(b'{"rows":[%b]}' % encode_record(row))["rows"]
    return found


def both(row):
    """The record of a row, which is the same by both ways."""
    ways = [decode_value(encode_record(shape(one))) for shape in (SHAPE, AS_SENT) for one in (raw(row), row)]
    assert all(one == ways[0] for one in ways)
    return ways[0]


def test_ids_and_numbers_of_documents_that_come_as_numbers_are_texts_everywhere():
    row = {"id": 46000000002, "number": Decimal(7), "lines": [{"item_id": 8}], "ids": [1, "2", None], "beside": 5}
    assert both({**row, "address": {"zip": 1010}}) == {
        "id": "46000000002",
        "number": "7",
        "lines": [{"item_id": "8"}],
        "ids": ["1", "2", None],
        "address": {"zip": "1010"},
    }


def test_yes_and_no_that_come_as_texts_are_flags_and_an_empty_one_is_none():
    assert [both({"active": one})["active"] for one in ("true", "False", "", True, None)] == [
        True,
        False,
        None,
        True,
        None,
    ]
    assert flag(Raw(b"false")) == Raw(b"false")


@pytest.mark.parametrize("sent", ["12345678901234567.10", "0.30", "1E-7", "3", "null"])
def test_a_number_keeps_every_digit(sent):
    line = encode_record(SHAPE(rows_under("rows").decode(b'{"rows":[{"rate":%b}]}' % sent.encode())["rows"][0]))
    assert line == b'{"rate":%b}' % sent.encode()
    as_text = decode_value(encode_record(SHAPE(raw({"rate": sent if sent != "null" else ""}))))
    assert as_text["rate"] == (None if sent == "null" else Decimal(sent))


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "n/a", ""])
def test_a_text_that_is_no_number_is_none_where_a_number_belongs(sent):
    assert both({"rate": sent, "lines": [{"rate": sent}]}) == {"rate": None, "lines": [{"rate": None}]}


def test_times_are_utc_inside_objects_too_and_what_is_absent_stays_absent():
    time = "2026-03-01T10:15:00+0100"
    assert both({"at": time, "address": {"sent": time}, "date": ""}) == {
        "date": None,
        "at": "2026-03-01T09:15:00+00:00",
        "address": {"sent": "2026-03-01T09:15:00+00:00"},
    }


def test_an_object_or_a_list_of_another_shape_is_none_or_empty_and_not_an_error():
    assert both({"address": "", "lines": ""}) == {"address": None, "lines": []}
    assert both({"address": None, "lines": None}) == {"address": None, "lines": None}


def test_what_is_right_or_not_there_stays_as_it_is():
    row = {
        "id": "1",
        "active": False,
        "date": "2026-03-01",
        "discount": Decimal("2.50"),
        "lines": None,
        "address": None,
    }
    assert both(row) == row
    assert [text(one) for one in (None, "007", Raw(b'"007"'), Raw(b"7"), Raw(b"null"))] == [
        None, "007", Raw(b'"007"'), "7", Raw(b"null"),
    ]  # fmt: skip


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(max_size=8), st.just("1.50"), st.just("")
)
TEXTS = st.one_of(st.none(), st.text(max_size=8), st.integers(0, 10**19))
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS,
        "number": SCALARS,
        "active": SCALARS,
        "rate": SCALARS,
        "discount": SCALARS,
        "any": SCALARS,
        "beside": SCALARS,
        "ids": st.lists(TEXTS, max_size=3),
        "lines": st.lists(
            st.fixed_dictionaries({}, optional={"item_id": TEXTS, "rate": SCALARS, "x": SCALARS}), max_size=3
        ),
        "address": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"zip": TEXTS, "y": SCALARS})),
    },
)


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_a_row_says_the_same_decoded_and_as_json_text(row):
    record = both(row)
    assert set(record) == set(row) & set(SCHEMA["properties"])
    for name in ("id", "number"):
        assert record.get(name) is None or isinstance(record[name], str)


def test_a_page_whose_rows_are_none_comes_decoded():
    body = msgspec.json.encode({"rows": "nothing", "code": 0})
    assert rows_under("rows").decode(body) == json.loads(body)
