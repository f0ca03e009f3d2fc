"""What a person may answer to what is held, and what an answer means; see "Held rows and answers" in docs/architecture.md.

>>> read_answer("take crm")
Answer(word='take', about='crm')
>>> answers_to("duplicate")
('same <id>', 'new', 'drop')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ofrecord_kit.plan.canonical import same
from ofrecord_kit.plan.fields import FieldRule, Violation

GONE: Final = "GONE"
"""Code of a refusal: the linked record does not exist any more."""

_RETRY: Final = ("retry", "drop")
_TAKE: Final = ("take <system>", "drop")
_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "refused": _RETRY,
    "failed": _RETRY,
    "check": _RETRY,
    "invalid": _RETRY,
    "moved": _RETRY,
    "reference": _RETRY,
    "conflict": _TAKE,
    "violation": _TAKE,
    "duplicate": ("same <id>", "new", "drop"),
    "limits": ("approve", "drop"),
    "review": ("accept", "drop"),
}
_NEED: Final = frozenset({"take", "same"})
"""Words that say nothing alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A word, and what it is about: a system (`take`) or a record id (`same`); otherwise empty."""

    word: str
    about: str = ""


def answers_to(kind: str, code: str | None = None) -> tuple[str, ...]:
    """The answers a held row takes, in the order in which they are offered."""
    if code == GONE:
        return ("create", "unlink", "drop")
    return _ANSWERS.get(kind, ("drop",))


def read_answer(text: str) -> Answer | None:
    """An answer as a person writes it; None when it is none."""
    word, _gap, about = text.strip().partition(" ")
    known = {said.partition(" ")[0] for kind in (*_ANSWERS, "") for said in (*answers_to(kind), *answers_to("", GONE))}
    about = about.strip()
    return Answer(word, about) if word in known and bool(about) == (word in _NEED) else None


def is_answer_to(answer: Answer, kind: str, code: str | None = None) -> bool:
    """May this be answered to that?"""
    return answer.word in {said.partition(" ")[0] for said in answers_to(kind, code)}


def has_moved_on(rule: FieldRule, asked: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Is one of the two values (by system) another than when the person was asked? Then the answer is about something else."""
    return any(not same(asked.get(system), value, rule.native_form) for system, value in now.items())


def answered_violation(violation: Violation, answer: Answer, owner: str, editor: str) -> Violation | None:
    """A held edit with what a person chose: `take <owner>` puts it back, `take <editor's system>` has the owner adopt it.

    None when the answer names neither.
    """
    if answer.word != "take" or answer.about not in {owner, editor, "owner"}:
        return None
    chosen = "adopt" if answer.about == editor else "revert"
    return Violation(violation.field, violation.before, violation.after, chosen)
