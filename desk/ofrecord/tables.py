"""How results are shown: a table for a person, lines with tabs for a pipe, JSON for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON; times are UTC, amounts are texts.")]


@dataclass(frozen=True)
class Table:
    """Rows under names.

    `tag`, when given, is the first column in a pipe, so that several tables stay apart. Columns named in `aside` are
    for pipes only: a terminal is narrow.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    tag: str = ""
    aside: Sequence[str] = ()


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
            typer.echo("\t".join([*([table.tag] if table.tag else []), *map(cell, row)]))


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
    from rich.console import Console  # noqa: PLC0415 - only for people
    from rich.table import Table as Drawn  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    for table in tables:
        drawn = Drawn(title=table.title or None, title_justify="left", title_style="bold")
        shown = [place for place, name in enumerate(table.columns) if name not in table.aside]
        for name, values in ((table.columns[place], [row[place] for row in table.rows]) for place in shown):
            numbers = all(value is None or type(value) in {int, float, Decimal} for value in values)
            drawn.add_column(name, justify="right" if numbers else "left", overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(cell(row[place])) for place in shown))
        console.print(drawn)
