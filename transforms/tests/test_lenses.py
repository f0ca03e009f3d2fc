"""The laws of conversions: there and back is where one started, and a second pass changes nothing."""

from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ofrecord_transforms import units, wire
from ofrecord_transforms.lenses import InvalidValueError, amounts, moments, words
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.rules import Field

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


def test_a_value_outside_the_list_is_refused_without_being_quoted():
    with pytest.raises(InvalidValueError, match="not among the values") as caught:
        words.values({"a": "b"}).forward("secret")
    assert "secret" not in str(caught.value)


NORMAL = {
    "phone": (
        words.phone("DE"),
        [("030 123456", "+4930123456"), ("+1 (415) 555-2671", "+14155552671"), ("n/a", "n/a")],
    ),
    "phone of an unknown country": (
        words.phone(None),
        [("398-555-0132", "398-555-0132"), ("+49 30 123456", "+4930123456")],
    ),
    "phone with an extension": (words.phone("US"), [("415 555 2671 ext. 12", "415 555 2671 ext. 12")]),
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


GENERATED = {
    "number": decimals,
    "money": cents,
    "date": st.dates().map(lambda day: day.isoformat()),
    "boolean": st.booleans(),
    "text": st.text(min_size=1),
    "email": st.emails().map(words.email),
    "phone": st.integers(10**6, 10**7).map(lambda number: f"+4930{number}"),
}


def sample_of(rule: Field, source: str):
    """Values a source may hold in the form in which they were agreed."""
    side = rule.sides[source]
    if side.values is not None:
        return st.sampled_from(list(side.values))
    other = next((one for name, one in rule.sides.items() if name != source and one.values is not None), None)
    if other is not None:
        return st.sampled_from(list((other.values or {}).values()))
    return st.integers(1, 10**18).map(str) if rule.ref else GENERATED[rule.format]


@given(data=st.data())
def test_every_shipped_line_without_a_declared_loss_can_be_undone(shipped, data):
    for entity in shipped.entities.values():
        for rule in entity.fields:
            if rule.lossy or rule.lines or len(rule.sides) < 2:
                continue
            for source, to in [tuple(rule.sides), tuple(reversed(rule.sides))]:
                value = data.draw(sample_of(rule, source), label=f"{entity.entity}, {rule.what}")
                conversion = lens(rule, rule.sides[source], rule.sides[to])
                assert conversion.backward(conversion.forward(value)) == value, (entity.entity, rule.what)
