"""How results are shown: a table for a person, lines with tabs for a pipe, JSON for a program."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON; times are UTC, amounts are texts.")]


_GAP = "  "
_FORMULA = re.compile(r"\s*(?:[=@]|[+-](?![\d\s().,/+-]*$))")
"""How a text begins that Excel, LibreOffice and others take for a formula (OWASP, "CSV Injection"; read 2026-11)."""


@dataclass(frozen=True)
class Table:
    """Rows under names.

    `tag`, when given, is the first column in a pipe, so that several tables stay apart. Columns named in `aside` are
    for pipes only: a terminal is narrow. Those named in `below` stand under their row there.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    tag: str = ""
    aside: Sequence[str] = ()
    below: Sequence[str] = ()


def show(tables: Sequence[Table], value: Any, *, as_json: bool) -> None:
    """Print the tables, or `value` as JSON. Tables without rows are left out."""
    if as_json:
        typer.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))
        return
    filled = [table for table in tables if table.rows]
    if sys.stdout.isatty():
        _draw(filled)
        return
    for table in filled:
        for row in table.rows:
            typer.echo("\t".join([*([table.tag] if table.tag else []), *(harmless(one, cell(one)) for one in row)]))


def note(text: str) -> None:
    """A sentence for people; kept out of what a pipe or a program reads."""
    typer.echo(text, err=True)


def cell(value: Any) -> str:
    """A value as one line without control characters: vendors' words may hold anything.

    Times are UTC to the second, durations rounded (`5 min`), nothing is empty.
    """
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case datetime():
            text = f"{value:%Y-%m-%d %H:%M:%S}"
        case timedelta():
            text = length(value)
        case Decimal():
            text = f"{value:f}"
        case str():
            text = value
        case list() | tuple() | dict():
            text = json.dumps(value, default=_plain, ensure_ascii=False)
        case _:
            text = str(value)
    return "".join(sign if sign.isprintable() else " " for sign in text)


def harmless(value: Any, text: str | None = None) -> Any:
    """What goes into a file or pipe: a text that a spreadsheet would carry out as a formula begins with an apostrophe.

    Numbers and telephone numbers stay as they are. `text`: how the value is shown, where that is another thing.

    >>> harmless("=1+1"), harmless("@SUM(A1)"), harmless("+49 221 4711"), harmless(-5), harmless("-")
    ("'=1+1", "'@SUM(A1)", '+49 221 4711', -5, '-')
    """
    shown = value if text is None else text
    return f"'{shown}" if isinstance(value, str) and _FORMULA.match(shown) else shown


def without_guard(text: str) -> str:
    """The text behind such an apostrophe."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def length(span: timedelta) -> str:
    """A duration in its largest whole unit: `42 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(span.total_seconds(), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _draw(tables: Sequence[Table]) -> None:
    width = shutil.get_terminal_size().columns
    for number, table in enumerate(tables):
        if number:
            typer.echo()
        if table.title:
            typer.secho(table.title, bold=True)
        for line in lines_of(table, width):
            typer.echo(line)


def lines_of(table: Table, width: int) -> list[str]:
    """The table for a terminal `width` characters wide; columns named in `below` follow their row, indented.

    A cell that does not fit is folded in the widest column of words.
    """
    hidden = {*table.aside, *table.below}
    shown = [place for place, name in enumerate(table.columns) if name not in hidden]
    under = [table.columns.index(name) for name in table.below]
    numeric = [
        all(row[place] is None or type(row[place]) in {int, float, Decimal} for row in table.rows) for place in shown
    ]
    texts = [[drawn_cell(row[place]) for place in shown] for row in table.rows]
    names = [table.columns[place] for place in shown]
    sizes = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
    over = sum(sizes) + len(_GAP) * (len(sizes) - 1) - width
    words = [size for size, is_numeric in zip(sizes, numeric, strict=True) if not is_numeric]
    if over > 0 and words:
        widest = sizes.index(max(words))
        sizes[widest] = max(sizes[widest] - over, len(names[widest]), 8)
    lines = _laid_out(names, sizes, numeric)
    for row, text in zip(table.rows, texts, strict=True):
        lines += _laid_out(text, sizes, numeric)
        told = " · ".join(said for place in under if (said := _said(table.columns[place], row[place])))
        lines += textwrap.wrap(told, width, initial_indent="    ", subsequent_indent="    ") if told else []
    return lines


def _laid_out(texts: Sequence[str], sizes: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    """One row as as many lines as its longest folded cell needs."""
    folded = [
        textwrap.wrap(text, size, break_on_hyphens=False) or [""] for text, size in zip(texts, sizes, strict=True)
    ]
    return [
        _GAP.join(
            part.rjust(size) if is_number else part.ljust(size)
            for part, size, is_number in zip(parts, sizes, numeric, strict=True)
        ).rstrip()
        for parts in zip_longest(*folded, fillvalue="")
    ]


def drawn_cell(value: Any) -> str:
    """A cell of a drawn table: times to the minute, amounts with two digits where that loses nothing.

    >>> drawn_cell(Decimal("485.000")), drawn_cell(Decimal("0.125")), drawn_cell(0.1)
    ('485.00', '0.125', '0.1')
    """
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal) and value == round(value, 2):
        return f"{value:.2f}"
    return cell(value)


def _said(name: str, value: Any) -> str:
    """A value below its row: numbers and times need their name, words do not."""
    if value is None or value == "":
        return ""
    return f"{name} {drawn_cell(value)}" if isinstance(value, int | float | Decimal | datetime) else cell(value)
