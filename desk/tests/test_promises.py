"""What a line and its quote are told, decided without a network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ofrecord.promises.asking import condition_of
from ofrecord.promises.figures import Figure, in_order
from ofrecord.promises.reviewing import shortage_of
from ofrecord.promises.saying import Sayings, before_in_words
from ofrecord.quotes import Document
from ofrecord_transforms.load import load
from ofrecord_transforms.promises_read import the_promise
from ofrecord_transforms.rules import Condition

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def promise():
    return the_promise(load(ROOT / "rules"), ROOT / "rules")


def document(key, *lines, **values):
    return Document(
        key, f"Q-{key}", values, tuple({"id": str(number), **line} for number, line in enumerate(lines)), NOON
    )


def figure(status="Partly", quantity=10, promised=4, **more):
    given = {name: Decimal(value) if isinstance(value, int) else value for name, value in more.items()}
    return Figure(status, "BOLT", Decimal(quantity), promised=Decimal(promised), **given)


def test_quotes_are_served_by_expected_closing_then_age_those_without_a_day_last_and_claims_before_all(promise):
    closing, created = "Deal_Name.Closing_Date", "Created_Time"
    quotes = [
        document("1", **{closing: None, created: "2026-01-01T00:00:00+01:00"}),
        document("2", **{closing: "2026-04-01", created: "2026-02-01T00:30:00+01:00"}),
        document("3", **{closing: "2026-04-01", created: "2026-01-31T23:00:00+00:00"}),
        document("4", **{closing: "2026-03-31", created: "2026-02-02T00:00:00Z"}),
        document("5", **{closing: "2026-12-01", created: "2026-02-02T00:00:00Z"}),
        document("10", **{closing: None, created: "2025-12-31T23:00:00Z"}),
    ]
    assert [one.id for one in in_order(promise, quotes, claimed=["5"])] == ["5", "4", "3", "2", "1", "10"]


def test_who_is_before_is_cut_with_how_many_more_there_are():
    many = figure(before={f"Q-{number}": Decimal(number) for number in range(1, 100)})
    text = before_in_words(many)
    assert text.startswith("Q-1 (1), Q-2 (2)")
    assert text.endswith(" more")
    assert len(text) <= 255
    assert text.count("(") + int(text.split()[-2]) == 99
    assert before_in_words(figure()) is None


def test_the_time_is_written_when_something_moved_or_after_a_day(promise):
    sayings = Sayings(promise, {})
    quote, said = document("1", {}, Quote_Stage="Draft"), figure(available=9, reserved=1)
    first = sayings.line(quote, quote.lines[0], said, NOON)
    assert (first["Stock_Status"], first["Stock_As_Of"]) == ("Partly", "2026-03-01T12:00:00+00:00")
    line = {"id": "0", **first}
    assert "Stock_As_Of" not in sayings.line(quote, line, said, NOON + timedelta(hours=23))
    assert "Stock_As_Of" in sayings.line(quote, line, said, NOON + timedelta(hours=24))
    assert "Stock_As_Of" in sayings.line(quote, line, replace(said, available=Decimal(8)), NOON)


def test_digits_a_field_has_no_room_for_do_not_make_it_differ_for_ever(promise):
    sayings = Sayings(promise, {"Stock_Available": 2})
    quote = document("1", {"Stock_Available": Decimal("0.33")})
    said = sayings.line(quote, quote.lines[0], figure(available=Decimal("0.339")), NOON)
    assert said["Stock_Available"] == Decimal("0.33")


@pytest.mark.parametrize(
    ("currency", "value", "why"),
    [
        ("USD", "6000.00", ""),
        ("JPY", "6000", ""),
        ("EUR", "6000.00", "names no amount in EUR"),
        (None, "6000", "in its currency"),
    ],
)
def test_money_is_compared_in_the_currency_of_the_quote_and_never_in_another(promise, currency, value, why):
    own = replace(
        promise,
        line=replace(promise.line, unit=None, currency="Currency"),
        money={"USD": Decimal(6000), "JPY": Decimal(6000)},
    )
    quote = document("1", {"List_Price": Decimal(1010), "Discount": Decimal(100)}, Currency=currency)
    found = shortage_of(own, quote, {"0": figure()})
    assert (found.units, str(found.value)) == (6, value)
    assert found.why.endswith(why)
    assert bool(found.why) is bool(why)


def test_a_line_of_which_nothing_is_known_lacks_nothing(promise):
    quote = document("1", {"List_Price": Decimal(1010)})
    found = shortage_of(promise, quote, {"0": Figure("Not linked", "1", Decimal(1000))})
    assert (found.units, found.why) == (0, "")


def test_conditions_are_said_as_a_query_takes_them():
    wanted = {
        "Stage": (Condition("not", ("Lost", "it's")),),
        "Deal": (Condition("present"),),
        "Day": (Condition("before", ("2026-05-01",)),),
    }
    assert condition_of(wanted) == (
        r"(((Stage is null or Stage not in ('Lost', 'it\'s')) and Deal is not null) and Day < '2026-05-01')"
    )
