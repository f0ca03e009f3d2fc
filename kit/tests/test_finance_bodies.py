from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from ofrecord_kit.target.finance_bodies import body_of, holds, merged_rows
from ofrecord_kit.target.finance_reading import Reader
from ofrecord_kit.target.finance_resources import Rows

PEOPLE = Rows(
    "person_id", (("email",), ("first_name", "last_name")), frozenset({"first_name", "last_name", "email", "phone"})
)
ANN = {
    "person_id": "1",
    "first_name": "Ann",
    "last_name": "Berg",
    "email": "ann@example.com",
    "phone": "11",
    "seen": "x",
}
BOB = {"person_id": "2", "first_name": "Bob", "last_name": "Cole", "email": "", "phone": ""}


def test_a_changed_part_of_an_address_travels_with_its_current_neighbours() -> None:
    current = {"billing_address": {"address_id": "7", "city": "Bonn", "zip": "", "phone": "1555"}}
    assert body_of({"billing_address.phone": "1777"}, current, clearing=True) == {
        "billing_address": {"city": "Bonn", "phone": "1777"}
    }


def test_custom_fields_travel_in_their_list_and_others_by_name() -> None:
    body = body_of({"name": "Bolt", "cf_crm_id": "9", "rate": Decimal("1.50")})
    assert body == {"name": "Bolt", "rate": Decimal("1.50"), "custom_fields": [{"api_name": "cf_crm_id", "value": "9"}]}


def test_an_empty_value_is_left_out_of_a_creation_and_clears_in_an_update() -> None:
    assert body_of({"name": "Bolt", "unit": None}) == {"name": "Bolt"}
    assert body_of({"unit": None}, {}, clearing=True) == {"unit": ""}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([{"person_id": "2", "phone": "9"}], [{"person_id": "2", "first_name": "Bob", "last_name": "Cole", "phone": "9"}]),
        ([{"email": "ANN@example.com"}], [{**ANN, "email": "ANN@example.com"}]),
        ([{"first_name": "Bob", "last_name": "Cole"}], [{"person_id": "2", "first_name": "Bob", "last_name": "Cole"}]),
        ([{"first_name": "Cem", "last_name": ""}], [{"first_name": "Cem", "last_name": ""}]),
        ([{"person_id": "", "first_name": "Cem", "phone": None}], [{"first_name": "Cem", "phone": ""}]),
        ([{"email": "ann@example.com", "phone": "1"}, {"person_id": "1", "phone": "2"}], [
            {"email": "ann@example.com", "phone": "1"}, {**ANN, "phone": "2"},
        ]),
    ],
)  # fmt: skip
def test_a_row_is_known_by_its_id_else_by_what_it_is_like_and_never_twice(sent: list[Any], expected: list[Any]) -> None:
    wanted = [{key: value for key, value in row.items() if key != "seen"} for row in expected]
    assert merged_rows(sent, [ANN, BOB], PEOPLE) == wanted


def test_rows_that_are_not_named_stay_only_where_the_list_says_so() -> None:
    staying = Rows(PEOPLE.id, PEOPLE.alike, PEOPLE.kept, stays=True)
    kept = merged_rows([{"person_id": "2", "phone": "9"}], [ANN, BOB], staying)
    assert [row["person_id"] for row in kept] == ["2", "1"]
    assert kept[1] == {key: value for key, value in ANN.items() if key != "seen"}


@pytest.mark.parametrize(
    ("there", "sent", "expected"),
    [
        ({"rate": 3, "unit": "pcs"}, {"rate": "3.00"}, True),
        ({"rate": 3}, {"rate": 4}, False),
        ({"lines": [{"id": "1", "q": 2}, {"id": "2", "q": 2}]}, {"lines": [{"q": 2}, {"id": "1"}]}, False),
        ({"lines": [{"id": "1", "q": 2}]}, {"lines": [{"q": 2}, {"q": 2}]}, False),
        ({"notes": ""}, {"notes": None}, True),
    ],
)
def test_what_was_sent_is_there_or_not(there: Any, sent: Any, *, expected: bool) -> None:
    assert holds(there, sent) is expected


def test_details_that_were_read_or_created_do_not_pile_up() -> None:
    reader = Reader(cast("Any", None), {})
    for number in range(10_000):
        reader.keep_fresh(str(number), {})
    assert len(reader.fresh) <= 2_000
    assert "9999" in reader.fresh
