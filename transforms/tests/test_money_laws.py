"""Money does not drift: an amount with the digits of its currency is the same after any number of journeys.

`OFRECORD_ROUND_TRIPS=1000000` makes a million journeys in each currency instead of a million in all.
"""

import csv
import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ofrecord_kit.plan import canonical
from ofrecord_transforms import wire
from ofrecord_transforms.lenses import InvalidValueError, amounts
from ofrecord_transforms.units import DIGITS

CODES = Path(__file__).parents[3] / "shared" / "data" / "codes" / "iso4217-active.csv"
CURRENCIES = sorted(DIGITS)
FORMS = [(False, False), (False, True), (True, False), (True, True)]
TRIPS = int(os.environ.get("OFRECORD_ROUND_TRIPS", "0")) or 1_000_000 // len(CURRENCIES) + 1
NINETY_TRILLION = 90 * 10**12


@pytest.fixture(scope="module")
def active() -> dict[str, str]:
    """Currency → digits after the point as the standard's list has them; empty where there are none."""
    if not CODES.is_file():
        pytest.skip(f"needs the list of ISO 4217 currencies beside the project ({CODES.name})")
    with CODES.open(encoding="utf-8", newline="") as file:
        return {row["AlphabeticCode"]: row["MinorUnit"] for row in csv.DictReader(file)}


def own_form(minor: bool, digits: int, units: int) -> Decimal | int:
    """An amount of so many smallest units, as a side writes it."""
    return units if minor else Decimal(units).scaleb(-digits)


def there_and_back(lens, value):
    """One journey, with a wire on each way."""
    sent = wire.record_decoder.decode(wire.encode({"amount": lens.forward(value)}))["amount"]
    return sent, wire.record_decoder.decode(wire.encode({"amount": lens.backward(sent)}))["amount"]


@pytest.mark.real_input
def test_every_active_currency_of_the_standard_has_its_digits(active):
    with_digits = {code: int(digits) for code, digits in active.items() if digits}
    assert len(with_digits) > 150
    assert {code: DIGITS.get(code) for code in with_digits} == with_digits
    assert not {code for code, digits in active.items() if not digits} & DIGITS.keys()


@pytest.mark.promise("F097")
@pytest.mark.parametrize(("source_minor", "destination_minor"), FORMS)
@given(currency=st.sampled_from(CURRENCIES), units=st.integers(-NINETY_TRILLION * 10**4, NINETY_TRILLION * 10**4))
@example(currency="USD", units=1234)
@example(currency="USD", units=9007199254740993)
@example(currency="CLF", units=-NINETY_TRILLION * 10**4)
def test_one_journey_changes_no_amount_that_has_the_digits_of_its_currency(
    source_minor, destination_minor, currency, units
):
    """What one journey leaves as it is, a million leave as it is."""
    lens = amounts.amount(source_minor, destination_minor)(currency)
    value = own_form(source_minor, DIGITS[currency], units)
    sent, back = there_and_back(lens, value)
    assert sent == own_form(destination_minor, DIGITS[currency], units)
    assert (back, str(back)) == (value, str(value) if DIGITS[currency] or source_minor else str(int(value)))
    assert there_and_back(lens, back) == (sent, back)


@given(currency=st.sampled_from(CURRENCIES), value=st.decimals(-(10**15), 10**15, places=7))
def test_longer_amounts_are_rounded_once_half_away_from_zero(currency, value):
    lens = amounts.amount(False, True)(currency)
    sent, back = there_and_back(lens, value)
    assert sent == value.scaleb(DIGITS[currency]).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert there_and_back(lens, back) == (sent, back)
    assert amounts.amount()(currency).forward(value) == back


@pytest.mark.promise("N04")
@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_million_journeys_do_not_drift_by_the_smallest_unit(currency):
    """From units to minor units, over the wire and back, each journey beginning with what the one before brought."""
    lens = amounts.amount(False, True)(currency)
    digits = DIGITS[currency]
    forward, backward, encode, decode = lens.forward, lens.backward, wire.encode, wire.record_decoder.decode
    amounts_ = [Decimal(units).scaleb(-digits) for units in (1, -29, 1234, 1999999, 9007199254740993)]
    for start in amounts_:
        value = start
        for _ in range(-(-TRIPS // len(amounts_))):
            sent = decode(encode({"amount": forward(value)}))
            value = decode(encode({"amount": backward(sent["amount"])}))["amount"]
        assert value == start
        assert canonical(value, "money") == canonical(start, "money")


@pytest.mark.real_input
def test_a_million_journeys_cover_every_active_currency(active):
    """The journeys above are made in each of them, and 12.34 is 1234 in those with cents."""
    assert {code for code, digits in active.items() if digits} <= set(CURRENCIES)
    assert TRIPS * len(CURRENCIES) >= 1_000_000
    for code in (code for code, digits in active.items() if digits == "2"):
        assert amounts.amount(False, True)(code).forward(Decimal("12.34")) == 1234
        assert str(amounts.amount(True, False)(code).forward(1234)) == "12.34"


@pytest.mark.parametrize(
    ("form", "currency", "value", "reason"),
    [
        ((True, False), "USD", Decimal("12.5"), "not a whole number of the smallest unit"),
        ((True, True), "USD", "12.5", "not a whole number of the smallest unit"),
        ((False, True), "XAU", 1, "no known currency"),
        ((True, False), None, 1, "no known currency"),
        ((False, False), "USD", Decimal("1E+4000"), "more than 30 digits"),
        ((False, False), "USD", 10**30, "more than 30 digits"),
        ((False, True), "USD", "1_000", "not a number"),
        ((False, True), "USD", True, "true or false"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_refused(form, currency, value, reason):
    with pytest.raises(InvalidValueError, match=reason):
        amounts.amount(*form)(currency).forward(value)


@pytest.mark.parametrize("code", [None, "", "???", 7, object()])
def test_an_amount_of_an_unknown_currency_keeps_its_digits(code):
    assert str(amounts.amount()(code).forward(Decimal("1.23456"))) == "1.23456"


def test_a_code_is_read_in_any_case_and_zero_has_no_sign():
    assert amounts.amount()(" usd ").forward(Decimal("1.005")) == Decimal("1.01")
    assert str(amounts.amount()("USD").forward(Decimal("-0.001"))) == "0.00"
