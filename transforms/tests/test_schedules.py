"""Periods of a contract and their amounts: sums exact, days right, whatever the terms."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofrecord_transforms.rules import Schedule
from ofrecord_transforms.schedules import NAME, periods_of, schedule_of
from ofrecord_transforms.systems import SYSTEMS

WAYS = ("contract months", "calendar months", "days")
contracts = st.tuples(
    st.dates(date(1990, 1, 1), date(2200, 12, 31)),
    st.integers(1, 120),
    st.integers(1, 10**12),
    st.sampled_from([0, 2, 3, 4]),
)


def split(by="contract months", **record):
    plan = Schedule("crm", "Start", "Months", "Amount", by, currency="Currency")
    terms = {"id": "7", "Start": "2026-01-01", "Months": 12, "Amount": 120000, "Currency": "USD"}
    return [one[NAME] for one in periods_of(plan, SYSTEMS["crm"], "id")(terms | record)]


@given(contracts, st.sampled_from(WAYS))
def test_the_periods_of_a_contract_add_up_to_its_amount_to_the_last_unit_and_none_is_negative(terms, by):
    start, months, units, digits = terms
    amount = Decimal(units).scaleb(-digits)
    made = [share for _period, share in schedule_of(start, months, amount, digits, by)]
    assert sum(made) == amount
    assert all(share >= 0 and share == share.quantize(Decimal(1).scaleb(-digits)) for share in made)


@given(contracts, st.sampled_from(WAYS))
def test_what_is_recognised_to_date_is_never_off_by_more_than_half_a_unit(terms, by):
    start, months, units, digits = terms
    amount = Decimal(units).scaleb(-digits)
    made = schedule_of(start, months, amount, digits, by)
    weights = [period.days if by == "days" else 1 for period, _share in made]
    for done, weight in zip(accumulate(share for _p, share in made), accumulate(weights), strict=True):
        assert abs(done * sum(weights) - amount * weight) * 2 <= sum(weights) * Decimal(1).scaleb(-digits)


@given(contracts)
def test_equal_months_differ_by_at_most_one_unit(terms):
    start, months, units, digits = terms
    made = [
        share for _p, share in schedule_of(start, months, Decimal(units).scaleb(-digits), digits, "contract months")
    ]
    assert max(made) - min(made) <= Decimal(1).scaleb(-digits)


@given(contracts, st.sampled_from(["contract months", "days"]))
def test_periods_follow_one_another_without_a_gap_from_the_first_day_to_the_last(terms, by):
    start, months, _units, _digits = terms
    made = [period for period, _share in schedule_of(start, months, Decimal(1), 2, by)]
    assert made[0].first == start
    assert all(other.first == one.last + timedelta(1) for one, other in pairwise(made))
    assert all(one.days >= 1 for one in made)
    after = made[-1].last + timedelta(1)
    whole = (start.year * 12 + start.month - 1) + months
    assert (after.year * 12 + after.month - 1, after.day) == (
        whole,
        min(start.day, monthrange(after.year, after.month)[1]),
    )


@given(contracts, st.sampled_from(["calendar months", "days"]))
def test_by_the_calendar_every_period_but_the_last_ends_with_its_month(terms, by):
    start, months, _units, _digits = terms
    made = [period for period, _share in schedule_of(start, months, Decimal(1), 2, by)]
    assert all(one.last.day == monthrange(one.last.year, one.last.month)[1] for one in made[:-1])
    assert all((one.first.year, one.first.month) == (one.last.year, one.last.month) for one in made)
    assert len(made) in {months, months + 1}


def test_120000_over_twelve_months_are_twelve_equal_months_on_their_last_days():
    made = split()
    assert [one["amount"] for one in made] == [Decimal(10000)] * 12
    assert [one["to"][5:] for one in made] == [
        "01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31",
    ]  # fmt: skip
    assert [one["reference"] for one in made[:2]] == ["7/1", "7/2"]
    assert made[0]["entry"] == [
        {"side": "debit", "amount": Decimal(10000)},
        {"side": "credit", "amount": Decimal(10000)},
    ]


def test_odd_cents_are_spread_so_that_the_sum_to_date_is_the_rounded_share():
    assert [one["amount"] for one in split(Amount=100, Months=3)] == [
        Decimal(text) for text in ("33.33", "33.34", "33.33")
    ]
    assert [str(one["amount"]) for one in split(Amount=Decimal("0.05"), Months=4)] == ["0.01", "0.02", "0.01", "0.01"]


@pytest.mark.parametrize(("year", "day"), [(2026, "02-27"), (2028, "02-28")])
def test_a_month_that_begins_on_the_31st_is_followed_by_the_last_day_of_february(year, day):
    made = split(Start=f"{year}-01-31", Months=3)
    assert [one["to"] for one in made] == [f"{year}-{day}", f"{year}-03-30", f"{year}-04-29"]


def test_by_days_a_start_in_the_middle_of_a_month_makes_one_more_and_leap_days_count():
    made = split("days", Start="2028-01-15", Months=12, Amount=366)
    assert len(made) == 13
    assert [one["amount"] for one in made] == [17, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 14]
    assert (made[0]["from"], made[-1]["to"]) == ("2028-01-15", "2029-01-14")


def test_by_calendar_months_the_month_of_the_start_counts_whole():
    made = split("calendar months", Start="2026-01-15", Months=2)
    assert [(one["from"], one["to"], one["amount"]) for one in made] == [
        ("2026-01-01", "2026-01-31", 60000),
        ("2026-02-01", "2026-02-28", 60000),
    ]


@pytest.mark.parametrize(
    ("currency", "amount", "first"),
    [("JPY", 100, ["33", "34", "33"]), ("KWD", Decimal("1.000"), ["0.333", "0.334", "0.333"])],
)
def test_currencies_without_and_with_three_decimals_have_their_own_smallest_unit(currency, amount, first):
    assert [str(one["amount"]) for one in split(Currency=currency, Amount=amount, Months=3)] == first


def test_what_is_too_small_to_be_booked_is_no_period():
    made = split(Amount=Decimal("0.02"))
    assert [(one["number"], one["amount"]) for one in made] == [(3, Decimal("0.01")), (9, Decimal("0.01"))]


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"Start": None}, "there is no first day"),
        ({"Start": "soon"}, "is not a date"),
        ({"Start": "9950-01-01"}, "too late"),
        ({"Months": None}, "no whole number from 1 to 1200"),
        ({"Months": 0}, "no whole number"),
        ({"Months": Decimal("1.5")}, "no whole number"),
        ({"Months": 1201}, "no whole number"),
        ({"Amount": 0}, "not more than 0"),
        ({"Amount": -5}, "not more than 0"),
        ({"Amount": Decimal("1.005")}, "more digits than its currency"),
        ({"Currency": None}, "no known currency"),
        ({"Currency": "Euro"}, "no known currency"),
    ],
)
def test_terms_that_make_no_schedule_are_told_in_words(terms, why):
    [told] = split(**terms)
    assert why in told
