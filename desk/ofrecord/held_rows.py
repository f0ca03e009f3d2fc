"""`ENTITY/ID[.FIELD]`: how a person names what is held, and what may be answered to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.plan.answers import Answer, answers_to, is_answer_to, read_answer
from ofrecord_transforms.problems import nearest, one_of

STATES = ("open", "waiting")
PLANS = "limits"
"""Kind of a row about a whole plan; its id is `*`."""


class HeldProblem(Exception):  # noqa: N818 - named for what it is
    """What was named is not held, or not alone; the message says what is."""


class AnswerProblem(Exception):  # noqa: N818 - named for what it is
    """This cannot be answered to that; the message says what can."""


def all_held(book: Ledger, entity: str | None = None) -> list[Held]:
    """Everything that is set aside, what only waits too, oldest first."""
    return [one for state in STATES for one in book.held(entity=entity, state=state)]


def address(row: Held) -> str:
    """How the row is named in commands."""
    return f"{row.entity}/{row.source_id}" + (f".{row.field}" if row.field else "")


def named_rows(book: Ledger, text: str, source: str | None = None) -> list[Held]:
    """The rows that `ENTITY/ID[.FIELD]` names: of that record all, or the one of that field. Raises HeldProblem."""
    entity, slash, rest = text.partition("/")
    if not (slash and entity and rest):
        message = f'"{text}" names no record. Write it as account/4150868000000376, with .FIELD for one field of it.'
        raise HeldProblem(message)
    rows = [row for row in all_held(book, entity) if source in {None, row.source}]
    found = [row for row in rows if rest in _records(row)] or [row for row in rows if rest.lower() in _fields(row)]
    if not found:
        known = [address(row) for row in all_held(book)]
        message = f'Nothing is held of "{text}". `ofrecord held` lists what is.{nearest(text, known)}'
        raise HeldProblem(message)
    return found


def the_row(rows: Sequence[Held], text: str) -> Held:
    """The one row of them. Raises HeldProblem when there are several."""
    if len(rows) > 1:
        names = sorted({address(row) for row in rows})
        ways = "" if len(names) > 1 else f" Say which: --from {one_of(sorted({row.source for row in rows}))}."
        fields = f" Say which: {one_of(names)}." if len(names) > 1 else ""
        message = f'"{text}" names {len(rows)} held rows.{fields}{ways}'
        raise HeldProblem(message)
    return rows[0]


def possible(row: Held) -> list[str]:
    """The answers this row takes, with the names of its systems."""
    found = []
    for one in answers_to(row.kind, row.code):
        if one == "take <system>":
            found += [f"take {system}" for system in sorted({row.source, row.destination})]
        else:
            found.append(one)
    return found


def checked(row: Held, text: str) -> Answer:
    """The answer a text means, when the row takes it. Raises AnswerProblem."""
    answer = read_answer(text)
    fits = answer is not None and is_answer_to(answer, row.kind, row.code)
    if answer is None or not fits or (answer.word == "take" and answer.about not in {row.source, row.destination}):
        message = f'{address(row)} is held as {row.kind}, and "{text}" cannot be answered to that. Use {one_of(possible(row))}.'
        raise AnswerProblem(message)
    return answer


def _records(row: Held) -> set[str]:
    return {name for name in (row.source_id, row.label) if name}


def _fields(row: Held) -> Iterable[str]:
    return {f"{name}.{row.field}".lower() for name in _records(row)} if row.field else set()
