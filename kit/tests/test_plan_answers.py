"""What a person may answer, and what an answer means."""

from __future__ import annotations

import pytest

from ofrecord_kit.plan import FieldRule, Violation
from ofrecord_kit.plan.answers import Answer, answered_violation, answers_to, has_moved_on, is_answer_to, read_answer

EDIT = Violation("stage", "new", "sold", "hold")
PRICE = FieldRule("Price", "price", "shared", form="money", native_form="money")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("take crm", Answer("take", "crm")),
        (" take  owner ", Answer("take", "owner")),
        ("same 5000", Answer("same", "5000")),
        ("same 0", Answer("same", "0")),
        ("new", Answer("new")),
        ("create", Answer("create")),
        ("unlink", Answer("unlink")),
        ("retry", Answer("retry")),
        ("drop", Answer("drop")),
        ("approve", Answer("approve")),
        ("take", None),
        ("same ", None),
        ("new one", None),
        ("perhaps", None),
        ("", None),
    ],
)
def test_an_answer_is_a_word_and_what_it_is_about(text: str, answer: Answer | None) -> None:
    assert read_answer(text) == answer


@pytest.mark.parametrize(
    ("kind", "code", "answers"),
    [
        ("refused", "INVALID_DATA", ("retry", "drop")),
        ("refused", "GONE", ("create", "unlink", "drop")),
        ("reference", None, ("retry", "drop")),
        ("conflict", None, ("take <system>", "drop")),
        ("violation", None, ("take <system>", "drop")),
        ("duplicate", "NEAR", ("same <id>", "new", "drop")),
        ("limits", None, ("approve", "drop")),
        ("stopped", None, ("drop",)),
        ("paused", None, ("drop",)),
    ],
)
def test_each_kind_of_what_is_held_takes_its_own_answers(kind: str, code: str | None, answers: tuple[str, ...]) -> None:
    assert answers_to(kind, code) == answers
    for said in answers:
        answer = read_answer(said.replace("<system>", "crm").replace("<id>", "7"))
        assert answer is not None
        assert is_answer_to(answer, kind, code)
    assert not is_answer_to(Answer("approve"), kind, code) or kind == "limits"


def test_an_answer_holds_for_the_values_it_was_given_for_in_whatever_form() -> None:
    asked = {"inventory": "12.00", "crm": 15}
    assert not has_moved_on(PRICE, asked, {"inventory": 12, "crm": "15.0"})
    assert has_moved_on(PRICE, asked, {"inventory": 12, "crm": 16})
    assert has_moved_on(PRICE, asked, {"inventory": None, "crm": 15})


@pytest.mark.parametrize(
    ("about", "becomes"), [("owner", "revert"), ("crm", "revert"), ("inventory", "adopt"), ("shop", None)]
)
def test_a_held_edit_is_put_back_or_adopted_as_the_answer_says(about: str, becomes: str | None) -> None:
    found = answered_violation(EDIT, Answer("take", about), owner="crm", editor="inventory")
    assert (found and found.answer) == becomes


def test_what_is_no_choice_between_two_values_leaves_an_edit_held() -> None:
    assert answered_violation(EDIT, Answer("drop"), owner="crm", editor="inventory") is None
