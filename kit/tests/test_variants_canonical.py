"""However a value is written, it is the same value; and another value is another one."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofrecord_kit.plan import canonical, same
from ofrecord_kit.plan.countries import _tables, named

ONE_OF = st.sampled_from
BLANKS = ONE_OF(["", " ", "  ", "\t"])
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)


@st.composite
def texts(draw: st.DrawFn) -> tuple[Any, Any]:
    """Composed or decomposed, ends of lines, trailing blanks."""
    lines = draw(st.lists(WORDS, min_size=1, max_size=3))
    form = draw(ONE_OF(["NFC", "NFD"]))
    end = draw(ONE_OF(["\n", "\r\n"]))
    again = end.join(unicodedata.normalize(form, line) + draw(BLANKS) for line in lines)
    return "\n".join(lines), again


@st.composite
def amounts(draw: st.DrawFn) -> tuple[Any, Any]:
    """With more zeros, as text, as a whole number, with an exponent."""
    value = draw(st.decimals(-(10**18), 10**18, places=4))
    zeros = f"{value:f}" + "0" * draw(st.integers(0, 5))
    whole = int(value) if value == int(value) else value
    return value, draw(
        ONE_OF([zeros, f" {zeros} ", Decimal(zeros), whole, value.normalize(), f"{value.normalize():E}"])
    )


@st.composite
def phones(draw: st.DrawFn) -> tuple[Any, Any]:
    """Groups, signs between them, + or 00 or nothing before them."""
    groups = draw(st.lists(st.integers(1, 9999).map(str), min_size=2, max_size=4))
    sign = draw(ONE_OF([" ", "-", ".", "/", " - "]))
    first, *rest = groups
    return f"+{''.join(groups)}", draw(ONE_OF(["+", "00", ""])) + sign.join([first, f"({rest[0]})", *rest[1:]])


@st.composite
def countries(draw: st.DrawFn) -> tuple[Any, Any]:
    """Name or code, in any case."""
    code = draw(ONE_OF(sorted(_tables()[1])))
    forms = ["name", "alpha-2", "alpha-3"]
    one, other = (named(code, draw(ONE_OF(forms))) for _ in range(2))
    return one, draw(ONE_OF([other, other.lower(), other.upper(), f"{other} ", unicodedata.normalize("NFD", other)]))


@st.composite
def moments(draw: st.DrawFn) -> tuple[Any, Any]:
    """Any offset, with a colon or without, Z."""
    at = datetime.fromtimestamp(draw(st.integers(0, 4 * 10**9)), UTC)
    minutes = draw(st.integers(-14 * 4, 14 * 4)) * 15
    there = at.astimezone(timezone(timedelta(minutes=minutes)))
    colonless = there.strftime("%Y-%m-%dT%H:%M:%S%z")
    return at.isoformat(), draw(ONE_OF([there.isoformat(), colonless, at.isoformat().replace("+00:00", "Z"), there]))


@st.composite
def days(draw: st.DrawFn) -> tuple[Any, Any]:
    """Also with a time; the day is the one that is written."""
    day = draw(st.dates())
    midnight = f"{day.isoformat()}T00:00:00"
    return day.isoformat(), draw(ONE_OF([day, f" {day} ", midnight, f"{midnight}+0200", f"{midnight}Z"]))


@st.composite
def mails(draw: st.DrawFn) -> tuple[Any, Any]:
    """In any case, with blanks around."""
    mail = draw(st.emails())
    return mail, draw(BLANKS) + draw(ONE_OF([mail, mail.lower(), mail.upper()])) + draw(BLANKS)


@st.composite
def truths(draw: st.DrawFn) -> tuple[Any, Any]:
    truth = draw(st.booleans())
    return truth, draw(ONE_OF([str(truth), str(truth).lower(), str(truth).upper(), truth]))


@st.composite
def addresses(draw: st.DrawFn) -> tuple[Any, Any]:
    """Parts in any order, each in its own forms, empty ones present or not."""
    kinds = {"street": texts(), "city": texts(), "country": countries(), "phone": phones()}
    parts = {part: draw(kinds[part]) for part in draw(st.lists(ONE_OF(sorted(kinds)), unique=True))}
    blanks = dict.fromkeys(draw(st.lists(ONE_OF(["state", "code"]), unique=True)), draw(ONE_OF([None, "", "  "])))
    one = {part: pair[0] for part, pair in parts.items()}
    other = {**blanks, **{part: pair[1] for part, pair in reversed(parts.items())}}
    return one, other


VARIANTS: dict[str, st.SearchStrategy[tuple[Any, Any]]] = {
    "text": texts(),
    "legal name": texts(),
    "number": amounts(),
    "money": amounts(),
    "phone": phones(),
    "country": countries(),
    "datetime": moments(),
    "date": days(),
    "email": mails(),
    "boolean": truths(),
    "address": addresses(),
}


@pytest.mark.parametrize("form", VARIANTS)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_ways_to_write_a_value_are_equal(form: str, data: st.DataObject) -> None:
    one, other = data.draw(VARIANTS[form])
    assert same(one, other, form)
    assert hash(canonical(one, form)) == hash(canonical(other, form))


@pytest.mark.parametrize("form", [*VARIANTS, None, "lines", "reference"])
def test_empty_is_one_thing_and_never_zero_or_false(form: str | None) -> None:
    assert all(same(one, None, form) for one in ("", " ", "\n"))
    assert not any(same(one, None, form) for one in (0, False, "0"))


DIFFERENT: dict[str, st.SearchStrategy[Any]] = {
    "number": st.decimals(allow_nan=False, allow_infinity=False),
    "country": ONE_OF([named(code) for code in sorted(_tables()[1])]),
    "datetime": st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC).isoformat()),
    "date": st.dates().map(lambda day: day.isoformat()),
    "boolean": st.booleans(),
    "phone": st.integers(1, 10**12).map(lambda number: f"+{number}"),
    "text": WORDS.map(lambda word: unicodedata.normalize("NFC", word)),
}


@pytest.mark.parametrize("form", DIFFERENT)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(data=st.data())
def test_other_values_are_not_equal(form: str, data: st.DataObject) -> None:
    one, other = data.draw(DIFFERENT[form]), data.draw(DIFFERENT[form])
    assert same(one, other, form) == (one == other)
