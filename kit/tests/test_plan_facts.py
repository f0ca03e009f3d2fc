"""Whether a value may be written at all, known before any call."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.plan.facts import Fact, Glance, obstacle, obstacles

NAME = FieldRule("Name", "name", "inventory")
STATE = FieldRule("State", "state", "inventory", status=True)
ADDRESS = FieldRule("address", "address", "inventory", parts={"street": "Billing_Street", "city": "Billing_City"})


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        (Fact(read_only=True), "Bolt", "READ_ONLY"),
        (Fact(read_only=True), None, "READ_ONLY"),
        (Fact(forbidden=True), "Bolt", "NO_PERMISSION"),
        (Fact(length=3), "Bolt", "TOO_LONG"),
        (Fact(values=("New", "Used")), "Old", "NOT_IN_LIST"),
        (Fact(values=("New", "Used")), ["New", "Old"], "NOT_IN_LIST"),
        (Fact(values=("1", "2")), 0, "NOT_IN_LIST"),
        (Fact(takes="number"), "12", "WRONG_TYPE"),
        (Fact(takes="text", length=9), 12, "WRONG_TYPE"),
    ],
)
def test_a_value_that_breaks_a_fact_is_not_sent(fact: Fact, value: Any, code: str) -> None:
    found = obstacle("Name", fact, value)
    assert found is not None
    assert found.code == code
    assert found.fix


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        (Fact(), "Bolt"),
        (Fact(length=4), "Bolt"),
        (Fact(length=1), None),
        (Fact(length=1), 1234),
        (Fact(values=("New", "Used")), "New "),
        (Fact(values=("New", "Used")), ["New", "Used"]),
        (Fact(values=("New", "Used")), None),
        (Fact(values=("New", "Used")), ""),
        (Fact(values=("1", "2")), 2),
    ],
)
def test_a_value_that_breaks_no_fact_may_be_sent(fact: Fact, value: Any) -> None:
    assert obstacle("Name", fact, value) is None


def test_an_obstacle_names_the_limit_and_never_the_value() -> None:
    found = obstacle("Name", Fact(length=10), "a secret that is long")
    assert found is not None
    assert found.message == "21 characters; Name takes 10"


def test_of_a_long_list_the_first_values_are_named() -> None:
    found = obstacle("Size", Fact(values=tuple(f"{n}" for n in range(20))), "XL")
    assert found is not None
    assert found.message == "Size takes only: 0, 1, 2, 3, 4, 5, 6, 7, …"


def test_the_remedy_of_the_vendor_comes_before_ours() -> None:
    found = obstacle("Stock", Fact(read_only=True, fix="Make an adjustment."), 5)
    assert found is not None
    assert found.fix == "Make an adjustment."


def test_a_value_in_parts_is_written_whole_or_not_at_all() -> None:
    found = obstacles(
        [ADDRESS], {"address": {"street": "Long Road 1", "city": "Bonn"}}, {"Billing_Street": Fact(length=5)}
    )
    assert {name: one.code for name, one in found.items()} == {"address": "TOO_LONG"}


def test_a_state_is_no_field_and_a_field_nothing_is_known_of_may_be_written() -> None:
    facts = {"State": Fact(read_only=True)}
    assert obstacles([NAME, STATE], {"Name": "Bolt", "State": "active"}, facts) == {}


def test_where_the_facts_name_every_field_another_one_cannot_be_written() -> None:
    facts, rules = {"A": Fact()}, [FieldRule("A", "a", "inventory"), FieldRule("B", "b", "inventory")]
    found = obstacles(rules, {"A": 1, "B": 2}, facts, whole=True)
    assert {name: one.code for name, one in found.items()} == {"B": "NO_FIELD"}
    assert not Glance(rules, facts, whole=True).sees_nothing({"B": 2})
    assert obstacles(rules, {"B": 2}, {}, whole=True) == {}
    assert Glance(rules, {}, whole=True).sees_nothing({"B": 2})
