"""The laws of conversions: there and back is where one started, and a second pass changes nothing."""

import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ofrecord_kit.plan import same
from ofrecord_transforms import units, wire
from ofrecord_transforms.lenses import InvalidValueError, amounts, moments, places, words
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.rules import Field, Side

PAIRS = [("kg", "g"), ("g", "kg"), ("lb", "g"), ("oz", "kg"), ("in", "cm"), ("m", "ft"), ("l", "ml")]
decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
cents = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
@given(value=decimals)
def test_a_unit_there_and_back_is_the_same_amount(source, destination, value):
    conversion = amounts.unit(source, destination)
    assert abs(conversion.backward(conversion.forward(value)) - value) <= Decimal("1e-8")


@pytest.mark.promise("F097")
@pytest.mark.parametrize(("source", "destination"), [("m", "cm"), ("kg", "g"), ("g", "kg"), ("l", "ml")])
@given(value=decimals)
@example(value=Decimal("12.34"))
def test_a_decimal_unit_there_and_back_is_exact_and_so_never_drifts(source, destination, value):
    conversion = amounts.unit(source, destination)
    assert conversion.backward(conversion.forward(value)) == value
    assert conversion.forward(conversion.backward(conversion.forward(value))) == conversion.forward(value)


@pytest.mark.promise("F097")
def test_metres_become_centimetres_as_one_expects():
    conversion = amounts.unit("m", "cm")
    assert str(conversion.forward(Decimal("12.34"))) == "1234"
    assert str(conversion.backward(1234)) == "12.34"


@pytest.mark.parametrize(("source", "destination"), PAIRS)
@given(value=st.decimals(min_value=0, max_value=10**6, places=3))
def test_round_trips_without_end_do_not_drift(source, destination, value):
    conversion = amounts.unit(source, destination)
    once = conversion.forward(value)
    current = once
    for _ in range(50):
        current = conversion.forward(conversion.backward(current))
    assert abs(current - once) <= Decimal("1e-8")


@pytest.mark.promise("F097")
@given(value=cents)
@example(value=Decimal("12.34"))
@example(value=Decimal("90071992547409.93"))
def test_a_cent_never_drifts_however_often_an_amount_travels(value):
    conversion = amounts.money("USD")
    current = value
    for _ in range(50):
        sent = wire.encode({"amount": conversion.forward(current)})
        current = conversion.backward(wire.record_decoder.decode(sent)["amount"])
    assert current == value


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4)])
@given(value=decimals)
def test_money_has_the_digits_of_its_currency(currency, digits, value):
    rounded = amounts.money(currency).forward(value)
    assert rounded == value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert -rounded.as_tuple().exponent == digits
    assert amounts.money(currency).backward(rounded) == rounded


@pytest.mark.parametrize(
    ("one", "other"),
    [(a, b) for a, b in product(units._COMMON, repeat=2) if units._COMMON[a][0] == units._COMMON[b][0]],
)
def test_the_common_units_are_those_of_pint(one, other):
    ours = units._COMMON
    theirs = units._registry().Quantity(Decimal(1), one).to(other).magnitude
    assert abs(units.factor(one, other) / Decimal(theirs) - 1) < Decimal("1e-25")
    assert str(units._registry().Unit(one).dimensionality) == ours[one][0]
    assert units.symbol(one) == one


def test_numbers_leave_in_plain_notation():
    assert str(amounts.unit("kg", "g").forward(Decimal("1E+3"))) == "1000000"
    assert str(amounts.unit("g", "kg").forward(1)) == "0.001"


@given(table=st.dictionaries(st.text(max_size=5), st.integers(), max_size=8))
def test_a_list_of_values_reads_both_ways(table):
    distinct = {key: value for value, key in {value: key for key, value in table.items()}.items()}
    conversion = words.values(distinct)
    assert all(conversion.backward(conversion.forward(key)) == key for key in distinct)
    assert all(conversion.forward(conversion.backward(value)) == value for value in distinct.values())


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        (1, "one"),
        ("1", "one"),
        (Decimal("2.0"), "two"),
        ("2", "two"),
        (Decimal("2.50"), "half"),
        (Decimal("2.5"), "half"),
    ],
)
def test_a_value_of_a_list_is_found_as_it_is_or_by_its_text(value, becomes):
    assert words.values({1: "one", 2: "two", "2.5": "half"}).forward(value) == becomes


def test_a_truth_is_found_as_a_word_too_and_never_as_a_number():
    conversion = words.values({"active": True, "inactive": False})
    ways_back = [conversion.backward(value) for value in (True, "true", False, "false")]
    assert ways_back == ["active", "active", "inactive", "inactive"]
    with pytest.raises(InvalidValueError, match="not among the values"):
        conversion.backward(1)


def test_a_value_outside_the_list_is_refused_without_being_quoted():
    with pytest.raises(InvalidValueError, match="not among the values") as caught:
        words.values({"a": "b"}).forward("secret")
    assert "secret" not in str(caught.value)


NORMAL = {
    "phone": (
        words.phone("DE", "DE"),
        [
            ("030 123456", "+4930123456"),
            ("+49 (0)30 123456", "+4930123456"),
            ("+1 (415) 555-2671", "+14155552671"),
            ("n/a", "n/a"),
        ],
    ),
    "phone of an unknown country": (
        words.phone(None),
        [("398-555-0132", "398-555-0132"), ("+49 30 123456", "+4930123456")],
    ),
    "phone that E.164 cannot hold": (
        words.phone("US", "US"),
        [
            (written, written)
            for written in (
                "415 555 2671 ext. 12",
                "1-800-FLOWERS",
                "ext. 12",
                "415 555 2671 / 415 555 2672",
                "555 2671",
            )
        ],
    ),
    "country": (
        places.country(),
        [("DE", "Germany"), ("deu", "Germany"), ("Federal Republic of Germany", "Germany"), ("UK", "United Kingdom")],
    ),
    "country in two letters": (
        places.country("alpha-2", "alpha-2"),
        [("U.S.A.", "US"), ("England", "GB"), ("CH", "CH")],
    ),
    "country in three letters": (places.country("alpha-3", "alpha-3"), [("usa", "USA"), ("Viet Nam", "VNM")]),
    "email": (words.EMAIL, [(" Ann.Lee@EXAMPLE.com ", "Ann.Lee@example.com"), ("none", "none")]),
    "date": (moments.day(), [("2026-03-01", "2026-03-01"), ("2026-03-01T23:59:00-08:00", "2026-03-01")]),
    "datetime": (moments.moment(), [("2026-03-01T10:15:00-0800", "2026-03-01T18:15:00+00:00")]),
    "boolean": (words.BOOLEAN, [("true", True), (False, False)]),
    "text": (words.TEXT, [("Grüße", "Grüße"), (Decimal("1E+3"), "1000"), (7, "7"), (True, "true")]),
    "reference": (words.RECORD_ID, [({"id": "0", "name": "x"}, "0"), ("17", "17")]),
    "tax": (words.ENTRY_NAME, [([{"name": "VAT", "percentage": 19}], "VAT"), ([], None), ({"name": "VAT"}, "VAT")]),
    "number": (amounts.NUMBER, [("12.50", Decimal("12.50")), (3, 3)]),
}


@pytest.mark.parametrize("form", NORMAL)
def test_a_normal_form_is_reached_once_and_kept(form):
    conversion, cases = NORMAL[form]
    for written, normal in cases:
        assert conversion.forward(written) == normal
        if normal is not None:
            assert conversion.forward(normal) == normal
            assert conversion.backward(normal) == normal


@pytest.mark.parametrize(
    ("conversion", "value", "reason"),
    [
        (moments.day(), "tomorrow", "is not a date"),
        (moments.moment(), "2026-03-01T10:15:00", "has no UTC offset"),
        (moments.moment(), "noon", "is not a date and time"),
        (moments.moment(), "2026-03-01", "neither side names the zone"),
        (moments.moment(None, "Europe/Berlin"), "2026-03-01T10:15:00", "has no UTC offset"),
        (moments.moment("Europe/Berlin"), "2026-03-29T02:30:00", "the clocks of Europe/Berlin skipped"),
        (moments.moment("Pacific/Apia"), "2011-12-30", "a day that the clocks of Pacific/Apia skipped"),
        (moments.moment(), "0001-01-01T00:00:00+05:00", "outside the years"),
        (moments.day(), "2026-03-01 noon", "is not a date"),
        (places.country(), "Korea", "not the name or code of one country"),
        (words.TEXT, Decimal("1E+999999"), "is not text"),
        (words.TEXT, Decimal("sNaN"), "is not text"),
        (words.values({"a": "b"}), Decimal("sNaN"), "not among the values"),
        (words.BOOLEAN, "perhaps", "neither true nor false"),
        (words.TEXT, ["a"], "is not text"),
        (words.RECORD_ID, {"name": "x"}, "without an id"),
        (words.ENTRY_NAME, [{"name": "A"}, {"name": "B"}], "several taxes"),
        (amounts.NUMBER, "twelve", "is not a number"),
        (amounts.NUMBER, "NaN", "is not a finite number"),
        (amounts.NUMBER, True, "is true or false"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_a_reason(conversion, value, reason):
    with pytest.raises(InvalidValueError, match=reason):
        conversion.forward(value)


@pytest.mark.promise("F090")
@pytest.mark.parametrize(
    ("form", "sides", "travels", "elsewhere"),
    [
        ("phone", ({"region": "DE"}, {}), ("030 / 123 456", "+4930123456", "+4930123456"), ["0049-30-123456"]),
        ("phone", ({}, {"region": "US"}), ("(415) 555-2671", "+14155552671", "+14155552671"), ["1 415 555 2671"]),
        ("country", ({"form": "alpha-2"}, {}), ("DE", "Germany", "DE"), ["DEU", "Federal Republic of Germany"]),
        ("country", ({}, {"form": "alpha-3"}), ("U.S.A.", "USA", "United States"), ["us", "United States of America"]),
        (
            "date",
            ({"zone": "Europe/Berlin"}, {}),
            ("2026-02-28T23:30:00Z", "2026-03-01", "2026-03-01"),
            ["2026-03-01T00:30:00+0100"],
        ),
        (
            "datetime",
            ({"zone": "Europe/Berlin"}, {}),
            ("2026-03-01T10:15:00", "2026-03-01T09:15:00+00:00", "2026-03-01T10:15:00"),
            ["2026-03-01T01:15:00-0800", "2026-03-01T09:15:00Z"],
        ),
    ],
)
def test_phones_countries_and_dates_have_one_form_when_sent_and_when_compared(form, sides, travels, elsewhere):
    """`travels`: as one side has it, as the other gets it, as it comes back."""
    rule = Field("Any", "shared", {}, "rules/any.yml:1", format=form)
    conversion = lens(rule, Side("a", **sides[0]), Side("b", **sides[1]))
    here, sent, back = travels
    assert conversion.forward(here) == sent
    assert conversion.backward(sent) == back
    assert all(same(sent, other, form) for other in elsewhere)


BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@pytest.mark.parametrize(
    ("source", "destination", "written", "day"),
    [
        (BERLIN, None, "2026-02-28T23:30:00Z", "2026-03-01"),
        (None, BERLIN, "2026-02-28T23:30:00+0000", "2026-03-01"),
        (NEW_YORK, BERLIN, "2026-03-01T03:30:00Z", "2026-02-28"),
        (None, None, "2026-02-28T23:30:00Z", "2026-02-28"),
        (BERLIN, NEW_YORK, "2026-03-01T00:30:00", "2026-03-01"),
        (BERLIN, None, "2026-03-01", "2026-03-01"),
    ],
)
def test_the_day_of_a_moment_is_that_of_the_zone_it_comes_from(source, destination, written, day):
    assert moments.day(source, destination).forward(written) == day
    assert moments.day(destination, source).backward(written) == day


@pytest.mark.parametrize(
    ("zone", "clock", "utc"),
    [
        (BERLIN, "2026-07-01T12:00:00", "2026-07-01T10:00:00+00:00"),
        (BERLIN, "2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        (BERLIN, "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00+10:30", "2026-04-04T15:15:00+00:00"),
        (NEW_YORK, "2026-11-01T01:30:00", "2026-11-01T05:30:00+00:00"),
    ],
)
def test_a_side_with_a_zone_holds_what_its_clocks_show_and_the_second_of_two_with_its_offset(zone, clock, utc):
    conversion = moments.moment(zone)
    assert conversion.forward(clock) == utc
    assert conversion.backward(utc) == clock


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        (BERLIN, "2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00+00:00"),
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00+00:00"),
    ],
)
def test_a_day_begins_with_its_first_moment_even_where_clocks_skip_midnight(zone, day, utc):
    assert moments.moment(zone).forward(day) == utc
    assert moments.moment(None, zone).forward(day) == moments.moment(zone, zone).forward(day)
    assert moments.day(zone).forward(utc) == day


def test_a_zone_is_one_that_iana_knows():
    assert moments.is_zone(BERLIN)
    assert not any(map(moments.is_zone, ["Berlin", "CEST+1", "", "../etc/passwd", "Europe"]))
    with pytest.raises(ValueError, match="is not a time zone"):
        moments.moment("Mars/Olympus")


@pytest.mark.parametrize("start", ["choose", "amounts", "moments", "words", "places", "lens"])
def test_what_rules_do_not_name_is_not_loaded(start):
    """Of the mapper's 0.7 seconds nothing is spent on tables of countries, phones, zones and units nobody asked for."""
    program = (
        f"import sys, ofrecord_transforms.lenses.{start}; "
        "print([name for name in ('pycountry', 'phonenumbers', 'zoneinfo', 'pint') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
