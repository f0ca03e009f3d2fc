"""Rates of price lists against figures computed by hand, and what becomes of a quote line."""

from decimal import Decimal
from typing import Any

import pytest

from ofrecord.prices.lines import BELOW, OTHER_CURRENCY, Line, judged
from ofrecord.prices.lists import PriceList, list_of
from ofrecord.prices.rates import Allowed, allowed


def a_list(**values: Any) -> PriceList:
    row = {
        "pricebook_id": "7", "name": "A list", "status": "active", "sales_or_purchase_type": "sales", "currency_code": "USD",
        "pricebook_type": "fixed_percentage", "percentage": 0, "is_increase": False, "rounding_type": "no_rounding", "decimal_place": 2,
    }  # fmt: skip
    return list_of({**row, **values})


def rate(
    prices: PriceList | None, standard: str | None = "10", quantity: str = "1", item: str = "a", currency: str = "USD"
) -> str | None:
    own = currency if prices is not None and prices.kind == "fixed_percentage" else "USD"
    price = None if standard is None else Decimal(standard)
    found = allowed(prices, item, Decimal(quantity), price, currency=currency, own=own)
    return None if found is None else str(found.rate)


PERCENTAGES = [
    # rate, percent, increase?, rounding, digits, currency → by hand
    ("19", "5", False, "no_rounding", 2, "USD", "18.05"),
    ("19", "5", False, "round_to_dollor", 2, "USD", "18.00"),  # the vendor's own example
    ("19", "5", False, "round_to_dollar_minus_01", 2, "USD", "17.99"),
    ("19", "5", False, "round_to_half_dollar", 2, "USD", "18.50"),
    ("19", "5", False, "round_to_half_dollar_minus_01", 2, "USD", "18.49"),
    ("19", "5", True, "no_rounding", 2, "USD", "19.95"),
    ("19", "5", True, "round_to_dollor", 2, "USD", "20.00"),
    ("1000.678", "0", True, "round_to_dollar_minus_01", 2, "USD", "1000.99"),
    ("0.30", "50", False, "round_to_dollar_minus_01", 2, "USD", "0.00"),  # never below nothing
    ("33.35", "15", False, "no_rounding", 2, "USD", "28.35"),  # 28.3475
    ("0.35", "50", False, "no_rounding", 2, "USD", "0.18"),  # 0.175: half goes up
    ("0.35", "50", False, "no_rounding", 3, "USD", "0.18"),  # a dollar has no third digit
    ("0.35", "50", False, "no_rounding", 1, "USD", "0.2"),
    ("1999", "12.5", False, "no_rounding", 2, "JPY", "1749"),  # 1749.125
    ("1999", "12.5", False, "round_to_dollar_minus_01", 2, "JPY", "1749"),  # 1748.99 has no place in yen
    ("7.777", "10", True, "no_rounding", 3, "KWD", "8.555"),  # 8.5547
    ("7.777", "10", True, "no_rounding", 2, "KWD", "8.55"),
    ("12.34", "100", False, "no_rounding", 2, "USD", "0.00"),
]


@pytest.mark.parametrize("case", PERCENTAGES, ids=str)
def test_a_percentage_is_put_on_or_taken_off_and_rounded_as_the_list_says(case: tuple[Any, ...]) -> None:
    standard, percent, up, rounding, places, currency, expected = case
    prices = a_list(percentage=Decimal(percent), is_increase=up, rounding_type=rounding, decimal_place=places)
    assert rate(prices, standard, currency=currency) == expected


VOLUME = [
    {"start_quantity": 10, "end_quantity": 49, "pricebook_rate": Decimal("8.50")},
    {"start_quantity": 2, "end_quantity": 9, "pricebook_rate": Decimal("9.25")},
    {"start_quantity": 50, "end_quantity": 100, "pricebook_rate": Decimal("7.995")},
]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("1", "10"), ("1.999", "10"), ("2", "9.25"), ("9", "9.25"), ("9.5", "9.25"), ("10", "8.50"), ("49", "8.50"),
        ("50", "7.995"), ("100", "7.995"), ("100.001", "10"), ("0", "10"),
    ],
)  # fmt: skip
def test_a_quantity_gets_the_rate_of_its_bracket_and_outside_of_all_the_standard_rate(
    quantity: str, expected: str
) -> None:
    items = [{"item_id": "a", "pricing_scheme": "volume", "price_brackets": VOLUME}]
    prices = a_list(pricebook_type="per_item", pricing_scheme="volume", pricebook_items=items)
    assert rate(prices, quantity=quantity) == expected


def test_the_last_bracket_without_an_end_has_none() -> None:
    brackets = [
        {"start_quantity": 1, "pricebook_rate": 9},
        {"start_quantity": 5, "end_quantity": "", "pricebook_rate": 8},
    ]
    prices = a_list(pricebook_type="per_item", pricebook_items=[{"item_id": "a", "price_brackets": brackets}])
    assert [rate(prices, quantity=one) for one in ("4.99", "5", "1000000")] == ["9", "8", "8"]


def test_an_item_of_a_list_has_its_rate_or_its_discount_and_others_keep_theirs() -> None:
    items = [{"item_id": "a", "pricebook_rate": Decimal("8.123")}, {"item_id": "b", "pricebook_discount": "10.5%"}]
    prices = a_list(pricebook_type="per_item", pricebook_items=items)
    assert [rate(prices, item=one) for one in "abc"] == ["8.123", "8.95", "10"]


@pytest.mark.parametrize("values", [{"status": "inactive"}, {"sales_or_purchase_type": "purchases"}])
def test_a_list_that_is_not_in_use_for_sales_changes_nothing(values: dict[str, str]) -> None:
    assert rate(a_list(percentage=50, **values)) == "10"


def test_currencies_are_never_mixed() -> None:
    euros = a_list(
        pricebook_type="per_item", currency_code="EUR", pricebook_items=[{"item_id": "a", "pricebook_rate": 8}]
    )
    assert rate(euros, currency="EUR") == "8"
    assert rate(euros, currency="USD") == "10"
    assert rate(euros, item="b", currency="EUR") is None
    off = a_list(percentage=10)
    assert allowed(off, "a", Decimal(1), Decimal(10), currency="EUR", own="USD") is None
    assert allowed(None, "a", Decimal(1), None, currency="USD", own="USD") is None


def test_a_rate_nobody_chose_becomes_what_is_allowed() -> None:
    found, standard = Allowed(Decimal("8.50"), "7"), Decimal(10)
    fresh = judged(Line(Decimal(3), Decimal("10.00")), found, standard, may_price=True)
    assert fresh == {"List_Price": Decimal("8.50"), "Allowed_Rate": Decimal("8.50"), "Price_Flag": None}
    ours = judged(Line(Decimal(3), Decimal(9), told=Decimal("9.00")), found, standard, may_price=True)
    assert ours["List_Price"] == Decimal("8.50")


@pytest.mark.parametrize(
    ("typed", "less", "flag"),
    [("8.49", "0", BELOW), ("8.50", "0", None), ("9", "0", None), ("9", "1.50", None), ("9", "1.51", BELOW), ("0", "0", BELOW)],
)  # fmt: skip
def test_a_rate_a_person_typed_stays_and_is_flagged_when_it_is_below(typed: str, less: str, flag: str | None) -> None:
    line = Line(Decimal(3), Decimal(typed), Decimal(less), told=Decimal("9.99"))
    found = judged(line, Allowed(Decimal("8.50"), "7"), Decimal(10), may_price=True)
    assert (found["List_Price"], found["Price_Flag"]) == (Decimal(typed), flag)


def test_where_rates_are_not_to_be_set_a_line_is_only_told() -> None:
    line = Line(Decimal(1), Decimal(10))
    found = judged(line, Allowed(Decimal(12), "7"), Decimal(10), may_price=False)
    assert found == {"List_Price": Decimal(10), "Allowed_Rate": Decimal(12), "Price_Flag": BELOW}
    assert judged(line, None, Decimal(10), may_price=True) == {"Allowed_Rate": None, "Price_Flag": OTHER_CURRENCY}
