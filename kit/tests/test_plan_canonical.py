"""When two values are the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofrecord_kit.plan import canonical, match_form, same


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        (10, "10.00", "money"),
        (Decimal("1E+3"), "1000", "number"),
        (Decimal(10), 10, None),
        ("+1 555", "1555", "phone"),
        ("0049 30 12", "+49 (30) 12", "phone"),
        ("a  \r\nb ", "a\nb", "text"),
        ("Café", "Cafe\u0301", "text"),
        (None, "", "text"),
        ("   ", None, None),
        ("Ann@Example.com ", "ann@example.com", "email"),
        ("2026-03-01T10:15:00+01:00", "2026-03-01T01:15:00-0800", "datetime"),
        ("2026-03-01T09:15:00Z", "2026-03-01T10:15:00+0100", "datetime"),
        ("2026-03-01", "2026-03-01T10:15:00", "date"),
        ("true", True, "boolean"),
        ({"city": "Bonn ", "zip": None}, {"zip": "", "city": "Bonn"}, "address"),
        ([{"id": 1, "quantity": 2}, {"id": 2, "quantity": 1}], [{"quantity": "1", "id": 2}, {"id": 1, "quantity": 2}], None),
        ({"id": "7", "name": "Old"}, {"id": "7", "name": "New"}, "reference"),
        ({"id": "7", "name": "Old"}, "7", None),
        ("Germany", "DE", "country"),
        ("deu", "Federal Republic of Germany", "country"),
        ("U.S.A.", "United States", "country"),
        ("UK", "United Kingdom", "country"),
        ("St. Lucia", "Saint Lucia", "country"),
        ("Cote d'Ivoire", "Côte d’Ivoire", "country"),
        ("Bosnia & Herzegovina", "BIH", "country"),
        ({"country": "DE", "phone": "+49 30 1"}, {"phone": "0049 301", "country": "Germany", "city": " "}, "address"),
        (Decimal("12345678901234567890123456789012345.10"), "12345678901234567890123456789012345.1", "money"),
        ("-0.00", 0, "money"),
        ("1-800-FLOWERS", "1 800 flowers", "phone"),
    ],
)  # fmt: skip
def test_these_are_the_same(one: Any, other: Any, form: str | None) -> None:
    if isinstance(one, list):
        form = "lines"
        other = [{**row, "quantity": Decimal(str(row["quantity"]))} for row in other]
    assert same(one, other, form)


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        (10, "10.01", "money"),
        (0, None, "money"),
        (False, None, "boolean"),
        ("0", None, "text"),
        ("a b", "ab", "text"),
        ("Acme", "ACME", "text"),
        ("2026-03-01T10:15:00+01:00", "2026-03-01T10:15:00+00:00", "datetime"),
        ([{"id": 1}], [{"id": 1}, {"id": 1}], "lines"),
        ("Germany", "Austria", "country"),
        ("Korea", "South Korea", "country"),
        ("Nowhere", "Erewhon", "country"),
        ("DE", "Germany", "text"),
        ({"city": "Bonn"}, {"city": "BONN"}, "address"),
        ({"country": "DE"}, {"state": "DE"}, "address"),
        ("1-800-FLOWERS", "1-800-CANDIES", "phone"),
        (Decimal("12345678901234567890123456789012345.10"), Decimal("12345678901234567890123456789012345.11"), "money"),
    ],
)
def test_these_are_different(one: Any, other: Any, form: str | None) -> None:
    assert not same(one, other, form)


def test_legal_names_are_matched_without_case_and_dots_but_compared_with_them() -> None:
    assert match_form("ACME Corp.", "legal name") == match_form("Acme  corp", "legal name")
    assert not same("ACME Corp.", "Acme corp", "legal name")


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
FORMS = st.sampled_from(
    [None, "text", "number", "money", "phone", "email", "country", "date", "datetime", "boolean", "address", "lines"]
)


@given(value=ANYTHING, form=FORMS)
def test_a_canonical_form_exists_for_every_value_and_equals_itself(value: Any, form: str | None) -> None:
    found = canonical(value, form)
    assert hash(found) == hash(canonical(value, form))
    assert same(value, value, form)


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=4), zeros=st.integers(0, 4))
def test_trailing_zeros_are_no_edit(number: Decimal, zeros: int) -> None:
    assert same(number, f"{number:f}" + "0" * zeros, "money")


@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)), max_size=4), seed=st.randoms())
def test_the_order_of_lines_is_no_edit(rows: list[dict[str, int]], seed: Any) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert same(rows, shuffled, "lines")
