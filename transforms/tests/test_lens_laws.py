"""The laws of conversions, for every line of the shipped rules and for rules nobody wrote.

For a value x in the form of one side:

- there and back is x, in canonical form, unless the line says `lossy` (get-put);
- what arrived arrives again after a way back (put-get): nothing drifts;
- the form that is sent is a normal form of its side: converting it once more within the side changes nothing;
- the way back is the conversion of the exchanged sides.

Each way goes over the wire.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofrecord_kit.plan import canonical
from ofrecord_kit.plan.countries import _tables, named
from ofrecord_transforms import units, wire
from ofrecord_transforms.lenses import InvalidValueError, Lens, amounts, places, words
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.rules import Entity, Field, Rules, Side
from ofrecord_transforms.vocabulary import ADDRESS_PARTS, COUNTRY_FORMS

COUNTRIES = sorted(_tables()[1])
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"]
REGIONS = ["DE", "US", "GB", None]
DECIMALS = st.decimals(-(10**9), 10**9, places=4)
TEXT = st.text(min_size=1, max_size=30).filter(lambda text: text.strip())
MOMENTS = st.integers(631152000, 2114380800).map(lambda second: datetime.fromtimestamp(second, UTC))
PHONES = st.one_of(
    st.integers(10**6, 10**7).map(lambda number: f"+4930{number}"), st.sampled_from(["+14155552671", "n/a", "ext. 12"])
)
PART_FORMATS = {"country": "country", "phone": "phone"}


# --- values a side may hold ------------------------------------------------------------------------------------------


def clock_times(zone: str | None) -> st.SearchStrategy[str]:
    """Moments as a side writes them: in UTC, or as the clocks of its zone show them (in the hour shown twice: first)."""
    if zone is None:
        return MOMENTS.map(datetime.isoformat)
    at = lens(Field("t", "shared", {}, "r.yml:1", format="datetime"), Side("a"), Side("b", zone=zone)).forward
    return MOMENTS.map(lambda moment: at(moment.isoformat()))


def amounts_of(side: Side, currency: str) -> st.SearchStrategy[Any]:
    digits = units.DIGITS[currency]
    whole = st.integers(-(10**15), 10**15)
    return whole if side.minor else whole.map(lambda units_: Decimal(units_).scaleb(-digits))


def addresses_of(rule: Field, side: Side, other: Side) -> st.SearchStrategy[dict[str, Any]]:
    """Some parts missing, some empty; those that only one side has are left out, as they do not travel."""
    parts = {
        part: st.none() | values_of(part_rule(rule, part), inner, (other.parts or {})[part])
        for part, inner in (side.parts or {}).items()
        if part in (other.parts or {})
    }
    return st.fixed_dictionaries({}, optional=parts)


def part_rule(rule: Field, part: str) -> Field:
    return Field(part, rule.owner, {}, rule.rule, format=PART_FORMATS.get(part, "text"))


def values_of(rule: Field, side: Side, other: Side) -> st.SearchStrategy[Any]:
    """Values in the form in which a side holds them."""
    if side.values is not None:
        return st.sampled_from(list(side.values))
    if other.values is not None:
        return st.sampled_from(list(other.values.values()))
    if rule.ref is not None:
        return st.integers(0, 10**18).map(str)
    if other.page is not None:
        return TEXT.map(words.page(other.page).forward)  # addresses of its pages
    if side.parts is not None:
        return addresses_of(rule, side, other)
    for unit in (side.unit, other.unit):
        if unit is not None and units.looks_like_money(unit):
            return amounts_of(side, unit)
    return formatted(rule.format, side)


def formatted(form: str, side: Side) -> st.SearchStrategy[Any]:
    """Values of a format in the form of a side."""
    match form:
        case "country":
            return st.sampled_from(COUNTRIES).map(lambda code: named(code, side.form or "name"))
        case "datetime":
            return clock_times(side.zone)
    return {
        "number": DECIMALS,
        "money": DECIMALS,
        "email": st.emails().map(words.email),
        "phone": PHONES,
        "boolean": st.booleans(),
        "date": st.dates().map(lambda day: day.isoformat()),
    }.get(form, TEXT)


# --- the laws --------------------------------------------------------------------------------------------------------


def over_the_wire(value: Any) -> Any:
    return wire.record_decoder.decode(wire.encode({"value": value}))["value"]


def form_of(rule: Field) -> str | None:
    """The canonical form by which values of a line are compared."""
    if rule.ref is not None:
        return "reference"
    return None if any(side.values for side in rule.sides.values()) else rule.format


def hold(conversion: Lens, value: Any, form: str | None, *, lossy: bool = False) -> Any:
    """Get-put and put-get for one value; what was sent."""
    sent = over_the_wire(conversion.forward(value))
    back = over_the_wire(conversion.backward(sent))
    if not lossy:
        assert canonical(back, form) == canonical(value, form)
    again = over_the_wire(conversion.forward(back))
    assert canonical(again, form) == canonical(sent, form)
    assert over_the_wire(conversion.backward(again)) == back
    return sent


def laws(rule: Field, source: Side, to: Side, values: st.SearchStrategy[Any], examples: int) -> None:
    """All laws for generated values of one line, from one side to the other."""

    @settings(max_examples=examples)
    @given(value=values)
    def check(value: Any) -> None:
        for conversion, reverse, own in lenses(rule, source, to):
            sent = hold(conversion, value, form_of(rule), lossy=rule.lossy is not None)
            assert reverse.forward(sent) == conversion.backward(sent)
            if own is not None:
                assert over_the_wire(own.forward(sent)) == sent

    check()


def lenses(rule: Field, source: Side, to: Side) -> Iterator[tuple[Lens, Lens, Lens | None]]:
    """There, the exchanged sides, and within the destination; for each of some currencies when the record names one."""
    if source.currency is not None or to.currency is not None:
        for code in ("USD", "JPY", "KWD", "CLF"):
            here, there = source.minor, to.minor
            yield (
                amounts.amount(here, there)(code),
                amounts.amount(there, here)(code),
                amounts.amount(there, there)(code),
            )
        return
    side = replace(to, unit=to.unit or source.unit)
    own = None if source.values or to.values or source.page or to.page else lens(rule, side, side)
    yield lens(rule, source, to), lens(rule, to, source), own


# --- the shipped rules -----------------------------------------------------------------------------------------------


def lines_of(entity: Entity) -> Iterator[Field]:
    """Every line, and the lines of its documents; those lose what the whole says it loses."""
    for rule in entity.fields:
        yield from (replace(line, lossy=rule.lossy) for line in rule.lines) if rule.lines else (rule,)


def ways(rule: Field) -> list[tuple[str, str]]:
    return [
        (one, other)
        for one, other in permutations(rule.sides, 2)
        if rule.sides[one].always is None and rule.sides[other].always is None
    ]


def declared_moments(folder: Any, system: str, stream: str | None) -> set[str]:
    """Fields of a stream that the catalog beside the rules calls moments."""
    catalog = json.loads((folder / "catalog" / f"tap-{system}.json").read_text())
    return {
        name
        for entry in catalog["streams"]
        if entry["tap_stream_id"] == stream
        for name, said in entry["schema"]["properties"].items()
        if said.get("format") == "date-time"
    }


def whole_values(rule: Field, source: Side, to: Side) -> st.SearchStrategy[Any]:
    """Amounts of every currency a record may name have no more digits than the coarsest: such is a number of units."""
    if source.currency is not None or to.currency is not None:
        return st.integers(-(10**15), 10**15)
    return values_of(rule, source, to)


@pytest.mark.promise("N04")
def test_every_shipped_line_obeys_the_laws_and_an_inexact_one_says_lossy(shipped: Rules) -> None:
    checked = set()
    for entity in shipped.entities.values():
        for rule in lines_of(entity):
            for source, to in ways(rule):
                here, there = rule.sides[source], rule.sides[to]
                laws(rule, here, there, whole_values(rule, here, there), examples=10)
                checked.add((entity.entity, rule.what, source, to))
    assert {entity for entity, *_ in checked} == set(shipped.entities)
    assert len(checked) == sum(len(ways(rule)) for entity in shipped.entities.values() for rule in lines_of(entity))


def test_every_value_of_a_shipped_list_can_be_undone_unless_the_line_says_lossy(shipped: Rules) -> None:
    for entity in shipped.entities.values():
        for rule in lines_of(entity):
            for side in rule.sides.values():
                for key in side.values or {}:
                    conversion = lens(rule, side, Side("other"))
                    hold(conversion, key, None, lossy=rule.lossy is not None)


def test_every_shipped_line_that_makes_a_day_of_a_moment_says_lossy(shipped: Rules, shipped_folder: Any) -> None:
    silent = []
    for entity in shipped.entities.values():
        moments = {
            system: declared_moments(shipped_folder, system, place.stream) for system, place in entity.systems.items()
        }
        for rule in entity.fields:
            if rule.format == "date" and any(side.field in moments[name] for name, side in rule.sides.items()):
                silent += [f"{entity.entity}: {rule.what}"] if rule.lossy is None else []
    assert silent == []


# --- rules nobody wrote ----------------------------------------------------------------------------------------------

DIMENSIONS = sorted({dimension for dimension, _ in units._COMMON.values()})


def sides_of(**said: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Side, Side]]:
    """Two sides, each with its own choice of what is said."""
    one = st.fixed_dictionaries(said)
    return st.tuples(one, one).map(lambda pair: (Side("a", **pair[0]), Side("b", **pair[1])))


@st.composite
def tables(draw: st.DrawFn) -> tuple[Side, Side]:
    """A closed list without repetition, of words, numbers or truths."""
    keys = draw(st.lists(TEXT | st.integers(), min_size=1, max_size=6, unique_by=str))
    wanted = draw(st.sampled_from(["words", "numbers", "truths"]))
    if wanted == "truths":
        keys, values = keys[:2], [True, False][: len(keys)]
    else:
        kind = st.integers() if wanted == "numbers" else TEXT
        values = draw(st.lists(kind, min_size=len(keys), max_size=len(keys), unique_by=str))
    table = Side("a", values=dict(zip(keys, values, strict=True)))
    return (table, Side("b")) if draw(st.booleans()) else (Side("b"), table)


@st.composite
def in_parts(draw: st.DrawFn) -> tuple[Side, Side]:
    """Addresses whose sides have some parts in common."""

    def side(name: str) -> Side:
        forms = st.sampled_from([None, *COUNTRY_FORMS])
        parts = draw(st.lists(st.sampled_from(ADDRESS_PARTS), unique=True, min_size=1))
        return Side("", parts={part: Side(f"{name}_{part}", form=draw(forms)) for part in parts})

    return side("a"), side("b")


@st.composite
def measured(draw: st.DrawFn) -> tuple[Side, Side]:
    dimension = draw(st.sampled_from(DIMENSIONS))
    unit = st.sampled_from(sorted(name for name, (kind, _) in units._COMMON.items() if kind == dimension))
    return Side("a", unit=draw(unit)), Side("b", unit=draw(unit))


@st.composite
def priced(draw: st.DrawFn) -> tuple[Side, Side]:
    """One currency, said by one side or by both."""
    currency = draw(st.sampled_from(sorted(units.DIGITS)))
    said = draw(st.sampled_from([(currency, currency), (currency, None), (None, currency)]))
    one, other = (Side(name, unit=unit, minor=draw(st.booleans())) for name, unit in zip("ab", said, strict=True))
    return one, other


GENERATED = {
    "text": ("text", sides_of()),
    "legal name": ("legal name", sides_of()),
    "email": ("email", sides_of()),
    "boolean": ("boolean", sides_of()),
    "number": ("number", sides_of()),
    "phone": ("phone", sides_of(region=st.sampled_from(REGIONS))),
    "country": ("country", sides_of(form=st.sampled_from([None, *COUNTRY_FORMS]))),
    "date": ("date", sides_of(zone=st.sampled_from([None, *ZONES]))),
    "datetime": ("datetime", sides_of(zone=st.sampled_from([None, *ZONES]))),
    "unit": ("number", measured()),
    "money": ("money", priced()),
    "list": ("text", tables()),
    "address": ("address", in_parts()),
}


@pytest.mark.parametrize("kind", GENERATED)
@settings(max_examples=150)
@given(data=st.data())
def test_a_rule_nobody_wrote_obeys_the_laws_too(kind, data):
    form, sides = GENERATED[kind]
    here, there = data.draw(sides)
    rule = Field(kind, "shared", {"crm": here, "inventory": there}, "rules/x.yml:1", format=form)
    value = data.draw(values_of(rule, here, there))
    for conversion, reverse, own in lenses(rule, here, there):
        sent = hold(conversion, value, form_of(rule))
        assert reverse.forward(sent) == conversion.backward(sent)
        if own is not None:
            assert over_the_wire(own.forward(sent)) == sent


@settings(max_examples=300)
@given(one=st.sampled_from(sorted(units._COMMON)), value=DECIMALS, data=st.data())
def test_an_amount_of_any_unit_is_the_same_after_the_way_back(one, value, data):
    dimension = units._COMMON[one][0]
    other = data.draw(st.sampled_from([name for name, (kind, _) in units._COMMON.items() if kind == dimension]))
    assert hold(amounts.unit(one, other), value, "number") is not None


ANYTHING = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.decimals(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=4,
)


ONE_REGION = st.sampled_from(REGIONS).map(lambda region: (Side("a", region=region), Side("b", region=region)))
"""An incomplete number stays as it is written, and may be a complete one in another region."""


@pytest.mark.parametrize("kind", GENERATED)
@settings(max_examples=100)
@given(data=st.data())
def test_whatever_comes_is_converted_once_and_for_all_or_refused(kind, data):
    form, sides = GENERATED[kind] if kind != "phone" else ("phone", ONE_REGION)
    here, there = data.draw(sides)
    rule = Field(kind, "shared", {"crm": here, "inventory": there}, "rules/x.yml:1", format=form)
    conversion = lens(rule, here, there)
    value = data.draw(ANYTHING)
    try:
        sent = over_the_wire(conversion.forward(value))
    except InvalidValueError:
        return
    back = over_the_wire(conversion.backward(sent))
    assert canonical(over_the_wire(conversion.forward(back)), form_of(rule)) == canonical(sent, form_of(rule))


def test_an_address_travels_by_part_each_in_its_form():
    here = Side(
        "", parts={"street": Side("s"), "country": Side("c", form="alpha-2"), "phone": Side("p"), "city": Side("x")}
    )
    there = Side(
        "", parts={"country": Side("c", form="alpha-3"), "phone": Side("p"), "city": Side("x"), "state": Side("t")}
    )
    rule = Field("Address", "shared", {"crm": here, "inventory": there}, "rules/x.yml:1", format="address")
    value = {"street": "Weg 1", "country": "DE", "phone": "+49 (30) 123456", "city": " ", "unknown": 1}
    assert lens(rule, here, there).forward(value) == {"country": "DEU", "phone": "+4930123456", "city": None}
    with pytest.raises(InvalidValueError, match="its country is not the name or code of one country"):
        lens(rule, here, there).forward({"country": "Korea"})
    with pytest.raises(InvalidValueError, match="not an address in parts"):
        lens(rule, here, there).forward("Weg 1")


def test_a_part_of_an_address_may_have_a_closed_list_and_the_address_a_region():
    here = Side("", region="DE", parts={"state": Side("s", values={"BY": "Bayern"}), "phone": Side("p")})
    there = Side("", parts={"state": Side("t"), "phone": Side("p")})
    rule = Field("Address", "crm", {"crm": here, "inventory": there}, "rules/x.yml:1", format="address")
    assert lens(rule, here, there).forward({"state": "BY", "phone": "030 123456"}) == {
        "state": "Bayern",
        "phone": "+4930123456",
    }
    with pytest.raises(InvalidValueError, match="its state is not among the values"):
        lens(rule, here, there).forward({"state": "HE"})


@pytest.mark.parametrize("value", ["Korea", "Nowhere", "", 7, True, ["DE"]])
def test_what_is_no_country_is_refused(value):
    with pytest.raises(InvalidValueError, match="not the name or code of one country"):
        places.country().forward(value)
