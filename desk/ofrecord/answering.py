"""`ofrecord answer`, `retry`, `drop`, `fix`, `approve`: what a person says to what is held. The next run carries it out, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from ofrecord.held import told
from ofrecord.held_rows import (
    PLANS,
    AnswerProblem,
    HeldProblem,
    address,
    all_held,
    checked,
    named_rows,
    possible,
    the_row,
)
from ofrecord.masking import without_values
from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Held, Ledger, Writing
from ofrecord_transforms.problems import nearest, one_of

NameArgument = Annotated[
    str,
    typer.Argument(metavar="ENTITY/ID[.FIELD]", help="As `ofrecord held` names it: account/4150868000000376.phone."),
]
ByOption = Annotated[str, typer.Option("--by", envvar="OFRECORD_BY", help="Who says so; history keeps it.")]
FromOption = Annotated[str | None, typer.Option("--from", help="The system it came from, when two ways hold it.")]
_NUMBERS = frozenset({"number", "money"})


def answer(  # noqa: PLR0917 - the options of a command
    held: NameArgument,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ANSWER]", help="As in: take crm. Without it the possible ones are listed."),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", envvar="OFRECORD_BY", help="Who says so; history keeps it.")] = None,
    source: FromOption = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide about what is held. The next run carries it out once, and history says who decided.

    Examples: ofrecord answer account/42.phone take crm --by Ada · ofrecord answer account/43 same 460000000026049 --by Ada.
    Exit codes: 0 answered (or listed), 1 nothing such is held, 2 this cannot be answered to that.
    """
    with _talking(ledger) as book:
        rows = named_rows(book, held, source)
        if not words:
            columns = ("name", "kind", "answers")
            listed = [(address(row), row.kind, ", ".join(possible(row))) for row in rows]
            show([Table("Answers", columns, listed)], [told(row) for row in rows], as_json=as_json)
            return
        row = the_row(rows, held)
        text = " ".join(words)
        checked(row, text)
        _say(book, [row], text, _named(by), as_json=as_json)


def retry(
    held: NameArgument,
    by: ByOption,
    source: FromOption = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try a held record again in the next run, whenever it is due. Example: ofrecord retry account/42 --by Ada.

    Exit codes: 0 it will be tried, 1 nothing such is held, 2 it cannot be tried as it is.
    """
    _answer_all(held, "retry", by, source, ledger, as_json=as_json)


def drop(  # noqa: PLR0917 - the options of a command
    held: NameArgument,
    by: ByOption,
    why: Annotated[str | None, typer.Option("--why", help="The reason, for history.")] = None,
    source: FromOption = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give up what is held: it is not tried again, and history says who gave it up.

    Example: ofrecord drop account/42 --by Ada --why "a test". What is still wrong when the record changes is held anew.
    Exit codes: 0 dropped, 1 nothing such is held.
    """
    _answer_all(held, "drop", by, source, ledger, why=why, as_json=as_json)


def approve(
    by: ByOption,
    entity: Annotated[str | None, typer.Argument(help="Only the plans of this entity.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let plans pass that are over the limits, or are first runs. Example: ofrecord approve account --by Ada.

    The yes is for one plan, not greater in any figure than the one that is shown. Exit codes: 0 approved, 1 no plan waits.
    """
    with _talking(ledger) as book:
        rows = [row for row in all_held(book, entity) if row.kind == PLANS]
        if not rows:
            message = f"No plan{f' of {entity}' if entity else ''} waits for a yes."
            raise HeldProblem(message)
        _say(book, rows, "approve", by, as_json=as_json)


def fix(  # noqa: PLR0917 - the options of a command
    held: NameArgument,
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="An empty value clears the field.")],
    by: ByOption,
    source: FromOption = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Correct what is sent of a held record, once; what the source holds is not changed.

    Example: ofrecord fix account/42 "name=ACME Ltd" --by Ada. FIELD is a field of the rules, or the destination's own name.
    Exit codes: 0 corrected, 1 nothing such is held, 2 there is no such field, or the value is none for it.
    """
    with _talking(ledger) as book:
        rows = [row for row in named_rows(book, held, source) if row.kind != PLANS]
        ways = sorted({(row.source, row.destination) for row in rows})
        if len(ways) != 1:
            the_row(rows, held)
        row = rows[0]
        correction = _correction(book, row, values)
        with _writing(book) as writing:
            writing.correct(*_key(row), correction, by)
        show(
            [Table("Corrected", ("name", "property", "by"), [(address(row), name, by) for name in correction])],
            [{"name": address(row), "corrected": sorted(correction), "by": by}], as_json=as_json,
        )  # fmt: skip
    note("The next run sends it so, once.")


def _answer_all(
    held: str, word: str, by: str, source: str | None, ledger: str | None, *, why: str | None = None, as_json: bool
) -> None:
    """The short forms speak of everything that is held of a record."""
    with _talking(ledger) as book:
        rows = named_rows(book, held, source)
        takers = [row for row in rows if word in possible(row)]
        if not takers:
            checked(rows[0], word)
        _say(book, takers, word, by, why=why, as_json=as_json)


def _say(book: Ledger, rows: Sequence[Held], text: str, by: str, why: str | None = None, *, as_json: bool) -> None:
    with _writing(book) as writing:
        for row in rows:
            if text == "drop":
                writing.drop(*_key(row), by, why)
            else:
                writing.answer(*_key(row), text, by)
    listed = [(address(row), row.kind, text, by, row.message) for row in without_values(rows)]
    names = ("name", "kind", "answer", "by")
    show(
        [Table("Answered", (*names, "words"), listed, below=("words",))],
        [dict(zip(names, one[:4], strict=True)) for one in listed], as_json=as_json,
    )  # fmt: skip
    if text != "drop":
        note("The next run carries it out.")


def _correction(book: Ledger, row: Held, said: Sequence[str]) -> dict[str, Any]:
    """Property → value, by the fields of the way that holds the row. Raises AnswerProblem."""
    wire = book.wires(row.destination).get((row.entity, row.source), {})
    properties: Mapping[str, Any] = wire.get("properties", {})
    known = {name: one["x-ofrecord"] for name, one in properties.items() if "x-ofrecord" in one}
    by_field = {str(about.get("field", "")).lower(): name for name, about in known.items()}
    found = {}
    for one in said:
        field, equals, value = one.partition("=")
        name = field if field in known else by_field.get(field.strip().lower())
        if not equals:
            message = f'"{one}" corrects nothing. Write FIELD=VALUE.'
            raise AnswerProblem(message)
        if name is None:
            fields = sorted(by_field) or ["(none: no run has told this ledger its fields)"]
            message = f'{row.entity} has no field "{field}" in {row.destination}. Use {one_of(fields)}.{nearest(field, fields)}'
            raise AnswerProblem(message)
        found[name] = _value(field, value, known[name].get("format"))
    return found


def _value(field: str, text: str, form: str | None) -> Any:
    """A value as its format wants it; an empty one is null. Raises AnswerProblem."""
    if text == "":
        return None
    if form == "boolean":
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        message = f'"{text}" is no value of {field}. Write true or false.'
        raise AnswerProblem(message)
    if form not in _NUMBERS:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        message = f'"{text}" is no number, and {field} is one. Write it as 1250.50.'
        raise AnswerProblem(message)
    return number


def _key(row: Held) -> tuple[str, str, str, str, str]:
    return (row.entity, row.source, row.destination, row.source_id, row.field)


def _named(by: str | None) -> str:
    if not by:
        message = "An answer needs a name. Say who decides: --by NAME, or OFRECORD_BY."
        raise AnswerProblem(message)
    return by


def _writing(book: Ledger) -> AbstractContextManager[Writing]:
    return book.writing(datetime.now(UTC))


@contextmanager
def _talking(ledger: str | None) -> Iterator[Ledger]:
    """The ledger; a problem with what was named or said ends the command with its message."""
    try:
        with opened(ledger) as book:
            yield book
    except HeldProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    except AnswerProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2) from None
