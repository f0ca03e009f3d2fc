"""Every cell of the decision table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofrecord_kit.plan import (
    UNKNOWN,
    Agree,
    Agreed,
    Conflict,
    FieldRule,
    Leave,
    Times,
    Violation,
    Write,
    adopt,
    decide,
    observe,
)
from ofrecord_kit.plan.records import plan_create, plan_update, source_has_changed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NO_TIMES = Times()
MINE = FieldRule("Unit_Price", "list price", "inventory", form="money", native_form="money")
THEIRS = FieldRule("Unit_Price", "list price", "crm", form="money", native_form="money")


def shared(policy: str | None = None) -> FieldRule:
    return FieldRule("Phone", "phone", "shared", policy)


def ask(  # noqa: PLR0917 - a row of the table
    rule: FieldRule, s: Any, a: Agreed, d: Any, times: Times = NO_TIMES, missing: str = "leave"
) -> Any:
    return decide(rule, "inventory", s, s, a, d, times, missing)


def both(value: Any) -> Agreed:
    return Agreed(value, value)


def test_an_owned_field_that_did_not_change_is_left() -> None:
    assert ask(MINE, 10, both(10), None) == Leave()


def test_an_owned_field_that_changed_is_written() -> None:
    assert ask(MINE, 12, both(10), 10) == Write(12, "inventory owns it")


def test_an_owned_field_that_changed_overrules_the_edit_of_the_other_side_and_says_so() -> None:
    assert ask(MINE, 12, both(10), 15) == Write(12, "inventory owns it", 15)


def test_an_owned_field_whose_new_value_is_there_already_is_agreed_silently() -> None:
    assert isinstance(ask(MINE, 12, both(10), "12.00"), Agree)


def test_when_two_records_are_paired_the_owners_value_wins() -> None:
    assert ask(MINE, 12, Agreed(), 99) == Write(12, "inventory owns it")


def test_when_two_records_are_paired_an_owner_without_a_value_leaves_what_is_there() -> None:
    assert ask(MINE, None, Agreed(), 99) == Agree(99, "the source does not fill it")


def test_when_two_records_are_paired_an_owner_without_a_value_clears_if_the_rules_say_so() -> None:
    assert ask(MINE, None, Agreed(), 99, missing="clear") == Write(None, "inventory owns it")


def test_an_owner_who_clears_an_agreed_value_clears_it() -> None:
    assert ask(MINE, None, both(10), 10) == Write(None, "inventory owns it")


def test_a_field_the_destination_owns_is_never_written() -> None:
    assert ask(THEIRS, 12, both(10), 10) == Leave()


def test_an_edit_of_a_field_the_source_does_not_own_is_a_violation_answered_by_revert() -> None:
    assert observe(THEIRS, 15, both(10)) == Violation("list price", 10, 15, "revert")


@pytest.mark.parametrize("answer", ["revert", "hold", "adopt"])
def test_the_answer_to_a_violation_is_the_one_chosen(answer: str) -> None:
    rule = FieldRule("Unit_Price", "list price", "crm", answer=answer)
    found = observe(rule, 15, both(10))
    assert found is not None
    assert found.answer == answer


def test_an_unowned_field_that_holds_what_was_agreed_is_no_violation() -> None:
    assert observe(THEIRS, "10.00", both(10)) is None


def test_an_unowned_field_nobody_agreed_on_is_no_violation() -> None:
    assert observe(THEIRS, 15, Agreed()) is None


def test_a_shared_field_that_did_not_change_is_left_for_the_other_direction() -> None:
    assert ask(shared(), "1", both("1"), "2") == Leave()


def test_a_shared_field_that_changed_on_one_side_is_written() -> None:
    assert ask(shared(), "2", both("1"), "1") == Write("2", "shared, changed on one side only")


def test_the_same_edit_on_both_sides_of_a_shared_field_is_agreed_silently() -> None:
    assert isinstance(ask(shared(), "2", both("1"), "2"), Agree)


def test_two_different_edits_of_a_shared_field_without_a_policy_are_held_for_review() -> None:
    assert isinstance(ask(shared(), "2", both("1"), "3"), Conflict)


def test_two_different_edits_under_review_are_held() -> None:
    assert isinstance(ask(shared("review"), "2", both("1"), "3"), Conflict)


def test_the_latest_edit_wins_when_the_source_is_later() -> None:
    times = Times(source_modified=NOON + timedelta(minutes=5), destination_modified=NOON)
    assert ask(shared("latest"), "2", both("1"), "3", times) == Write("2", "policy latest", "3")


def test_the_latest_edit_wins_when_the_destination_is_later() -> None:
    times = Times(source_modified=NOON, destination_modified=NOON + timedelta(minutes=5))
    assert ask(shared("latest"), "2", both("1"), "3", times) == Leave()


@pytest.mark.parametrize("seconds", [0, 1, 119])
def test_two_edits_within_the_clock_tolerance_are_held_for_review(seconds: int) -> None:
    times = Times(source_modified=NOON + timedelta(seconds=seconds), destination_modified=NOON)
    assert isinstance(ask(shared("latest"), "2", both("1"), "3", times), Conflict)


def test_the_latest_edit_cannot_win_when_a_time_is_missing() -> None:
    assert isinstance(ask(shared("latest"), "2", both("1"), "3", Times(source_modified=NOON)), Conflict)


def test_the_value_of_the_record_created_first_wins() -> None:
    older = Times(source_created=NOON, destination_created=NOON + timedelta(days=1))
    younger = Times(source_created=NOON + timedelta(days=1), destination_created=NOON)
    assert ask(shared("first created"), "2", Agreed(), "3", older) == Write("2", "policy first created", "3")
    assert ask(shared("first created"), "2", Agreed(), "3", younger) == Leave()


def test_a_named_system_wins_every_conflict() -> None:
    assert ask(shared("inventory"), "2", both("1"), "3") == Write("2", "policy inventory", "3")
    assert ask(shared("crm"), "2", both("1"), "3") == Leave()


def test_when_two_records_are_paired_an_empty_side_takes_the_others_shared_value() -> None:
    assert ask(shared(), "2", Agreed(), "") == Write("2", "shared, empty on one side")
    assert ask(shared(), None, Agreed(), "3") == Leave()


def test_when_two_records_are_paired_equal_shared_values_are_agreed() -> None:
    assert isinstance(ask(shared(), "2", Agreed(), "2 "), Agree)


def test_a_value_that_goes_and_comes_back_travels_both_times() -> None:
    there = ask(MINE, 12, both(10), 10)
    back = ask(MINE, 10, Agreed(12, 12), 12)
    assert (there.value, back.value) == (12, 10)


def test_a_conversion_that_loses_something_is_not_taken_for_an_edit() -> None:
    rule = FieldRule("date", "order date", "crm", form="date", native_form="datetime")
    agreed = Agreed("2026-03-01T09:15:00+00:00", "2026-03-01")
    assert decide(rule, "crm", "2026-03-01", "2026-03-01T10:15:00+01:00", agreed, "2026-03-01") == Leave()


def test_absent_is_not_mine_and_null_clears() -> None:
    rules = (MINE, FieldRule("Description", "description", "inventory"))
    agreed = {"list price": both(10), "description": both("old")}
    plan = plan_update(
        rules, "inventory", {"Description": None}, {}, agreed, {"Unit_Price": 10, "Description": "old"}, Times()
    )
    assert set(plan.writes) == {"Description"}
    assert plan.writes["Description"].value is None


def test_an_entity_created_once_is_afterwards_written_only_where_the_rules_allow_it() -> None:
    rules = (MINE, FieldRule("Memo", "memo", "inventory", after_create=True))
    values = {"Unit_Price": 12, "Memo": "new"}
    agreed = {"list price": both(10), "memo": both("old")}
    plan = plan_update(rules, "inventory", values, {}, agreed, {"Unit_Price": 10, "Memo": "old"}, Times(), once=True)
    assert set(plan.writes) == {"Memo"}


def test_a_pair_that_is_to_be_skipped_agrees_on_what_each_side_holds() -> None:
    plan = plan_update((MINE,), "inventory", {"Unit_Price": 12}, {}, {}, {"Unit_Price": 10}, Times(), skip=True)
    assert not plan.writes
    assert plan.agrees["Unit_Price"].destination == 10


def test_a_creation_writes_every_value_and_no_empty_one() -> None:
    rules = (MINE, FieldRule("Description", "description", "inventory"))
    assert set(plan_create(rules, {"Unit_Price": Decimal(0), "Description": None}).writes) == {"Unit_Price"}


VALUES = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(["", "a", "a ", "b"]))


@given(
    owner=st.sampled_from(["inventory", "crm", "shared"]),
    policy=st.sampled_from(["review", "latest", "first created", "inventory", "crm"]),
    s=VALUES,
    d=VALUES,
    base=st.one_of(st.none(), st.tuples(VALUES, VALUES)),
    apart=st.integers(-600, 600),
)
def test_deciding_twice_gives_nothing_to_do(  # noqa: PLR0917
    owner: str, policy: str, s: Any, d: Any, base: tuple[Any, Any] | None, apart: int
) -> None:
    rule = FieldRule("F", "f", owner, policy)
    agreed = Agreed(*base) if base else Agreed()
    later = NOON + timedelta(seconds=apart)
    first = decide(rule, "inventory", s, s, agreed, d, Times(NOON, later, NOON, later))
    if isinstance(first, Write):
        agreed, d = Agreed(s, first.value), first.value
    elif isinstance(first, Agree):
        agreed = Agreed(s, first.destination)
    second = decide(rule, "inventory", s, s, agreed, d, Times(NOON, later, NOON, later))
    assert not isinstance(second, Write)
    if isinstance(first, Write | Agree):
        assert second == Leave()
        assert not source_has_changed([rule], {"F": s}, {"f": s}, {"f": agreed})
    assert agreed.source is not UNKNOWN or not isinstance(first, Write)


def precedence(order: tuple[str, ...], destination: str | None) -> Any:
    return decide(shared_by(order), "inventory", "2", "2", both("1"), "3", destination=destination)


def shared_by(order: tuple[str, ...]) -> FieldRule:
    return FieldRule("Phone", "phone", "shared", order)


@pytest.mark.parametrize(
    ("order", "source_wins"),
    [(("inventory", "crm"), True), (("crm", "inventory"), False), (("shop", "inventory", "crm"), True)],
)
def test_of_two_systems_that_both_changed_the_one_named_earlier_wins(
    order: tuple[str, ...], *, source_wins: bool
) -> None:
    expected = Write("2", f"policy {', '.join(order)}", "3") if source_wins else Leave()
    assert precedence(order, "crm") == expected


@pytest.mark.parametrize(
    ("order", "there"), [(("inventory", "shop"), "crm"), (("crm",), "crm"), (("inventory",), None)]
)
def test_an_order_that_does_not_name_both_systems_decides_nothing(order: tuple[str, ...], there: str | None) -> None:
    assert precedence(order, there) == Conflict("2", "3", f"policy {', '.join(order)}: both sides differ")


def test_a_policy_that_names_a_third_system_decides_nothing_between_two_others() -> None:
    assert isinstance(decide(shared("shop"), "inventory", "2", "2", both("1"), "3", destination="crm"), Conflict)


@pytest.mark.parametrize(("tolerance_s", "kind"), [(30, Write), (61, Conflict)])
def test_clocks_order_edits_only_beyond_the_tolerance_of_the_rules(tolerance_s: int, kind: type) -> None:
    times = Times(NOON + timedelta(seconds=60), NOON)
    made = plan_update(
        [shared("latest")], "inventory", {"Phone": "2"}, {}, {"phone": both("1")}, {"Phone": "3"}, times,
        destination="crm", tolerance_s=tolerance_s,
    )  # fmt: skip
    assert isinstance({**made.writes, **made.conflicts}["Phone"], kind)


EDIT = Violation("list price", 10, 15, "adopt")


@pytest.mark.parametrize(
    ("current", "agreed", "outcome"),
    [
        (10, both(10), Write(15, "adopted", 10)),
        ("15.00", both(10), Agree("15.00", "the owner holds the same")),
        (12, both(10), Violation("list price", 10, 15, "revert")),
        (12, Agreed(), Violation("list price", 10, 15, "revert")),
    ],
)
def test_an_edit_is_adopted_unless_its_owner_changed_the_field_too(current: Any, agreed: Agreed, outcome: Any) -> None:
    assert adopt(THEIRS, 15, EDIT, agreed, current) == outcome
