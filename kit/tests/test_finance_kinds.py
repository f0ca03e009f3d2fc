"""Values in the kind their schema says, whatever the vendor sends."""

from decimal import Decimal

from msgspec import Raw

from ofrecord_kit.tap.finance_kinds import flag, kinds_of, text

SCHEMA = {
    "properties": {
        "id": {"type": "string"},
        "number": {"type": ["string", "null"]},
        "active": {"type": ["boolean", "null"]},
        "date": {"type": ["string", "null"], "format": "date"},
        "discount": {"type": ["number", "string", "null"]},
        "lines": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"item_id": {"type": ["string", "null"]}}},
        },
        "ids": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "address": {"type": ["object", "null"], "properties": {"zip": {"type": ["string", "null"]}}},
    }
}


def test_ids_and_numbers_of_documents_that_come_as_numbers_are_texts_everywhere():
    row = {
        "id": 46000000002,
        "number": Decimal(7),
        "lines": [{"item_id": 8}],
        "ids": [1, "2", None],
        "address": {"zip": 1010},
        "beside": 5,
    }
    assert kinds_of(SCHEMA)(row) == {
        "id": "46000000002",
        "number": "7",
        "lines": [{"item_id": "8"}],
        "ids": ["1", "2", None],
        "address": {"zip": "1010"},
        "beside": 5,
    }


def test_yes_and_no_that_come_as_texts_are_flags_and_an_empty_one_is_none():
    assert [flag(one) for one in ("true", "False", "", True, None, Raw(b'"true"'), Raw(b"false"))] == [
        True, False, None, True, None, True, Raw(b"false"),
    ]  # fmt: skip


def test_what_is_right_or_not_there_stays_as_it_is():
    row = {
        "id": "1",
        "active": False,
        "date": "2026-03-01",
        "discount": Decimal("2.50"),
        "lines": None,
        "address": None,
    }
    assert kinds_of(SCHEMA)(dict(row)) == row
    assert [text(one) for one in (None, "007", Raw(b'"007"'), Raw(b"7"), Raw(b"null"))] == [
        None,
        "007",
        Raw(b'"007"'),
        "7",
        Raw(b"null"),
    ]
