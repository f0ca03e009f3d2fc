"""What the demo prints: one table a phase, one row a job, and the edits with before, after and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ofrecord.demo.people import Edit
from ofrecord.demo.stage import Sync

COUNTS = ("read", "written", "unchanged", "filtered", "held", "failed")


@dataclass(frozen=True)
class JobRow:
    """What a job did in a sync: outcome → records, and the API calls of its programs."""

    job: str
    counts: dict[str, int]
    calls: int


@contextmanager
def job_progress(console: Console, jobs: list[str]) -> Iterator[Callable[[str, int, int], None]]:
    """A live line: which job, how many of them are done, records and calls so far.

    Yields a function `(job, records, calls)`; on a pipe one plain line a job is printed instead.
    """
    if not console.is_terminal:
        seen: set[str] = set()

        def plain(job: str, _records: int, _calls: int) -> None:
            if job not in seen:
                seen.add(job)
                console.print(f"  running {job} ({jobs.index(job) + 1} of {len(jobs)}) …")

        yield plain
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[so_far]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=len(jobs), so_far="")

        def live(job: str, records: int, calls: int) -> None:
            done = jobs.index(job)
            progress.update(task, description=job, completed=done, so_far=f"{records:,} records, {calls:,} calls")

        yield live


def plain_table(title: str, *columns: str, numbers: bool = True) -> Table:
    """A table without rules, narrow enough for 80 columns; all columns but the first are numbers, or words."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="underline",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for place, name in enumerate(columns):
        justify: Literal["left", "right"] = "right" if numbers and place else "left"
        table.add_column(name, justify=justify, no_wrap=numbers)
    return table


def job_table(title: str, done: Sync, rows: list[JobRow]) -> Table:
    """One row a job: what became of the records read, and API calls."""
    table = plain_table(f"{title} ({done.seconds:.0f} seconds)", "job", *COUNTS, "API calls")
    for row in rows:
        table.add_row(row.job, *(f"{row.counts.get(name, 0):,}" for name in COUNTS), f"{row.calls:,}")
    return table


def reason_table(title: str, reasons: dict[tuple[str, str, str], int]) -> Table:
    """Why records were set aside: outcome, entity, reason and how many."""
    table = plain_table(title, "outcome", "entity", "records", "why", numbers=False)
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"
    for (outcome, entity, why), count in sorted(reasons.items()):
        table.add_row(outcome, entity, f"{count:,}", why)
    return table


def edit_lines(edits: list[Edit], rules: list[str]) -> Iterator[str]:
    """For each edit: what it was, by whom, before and after at the place where it must show, and which rule decided."""
    for edit, rule in zip(edits, rules, strict=True):
        mark = "[green]arrived[/green]" if edit.arrived else "[bold red]NOT ARRIVED[/bold red]"
        yield f"  {mark}  {escape(edit.what)}"
        yield f"           {edit.where}: {escape(shown(edit.before))} → {escape(shown(edit.after))}"
        yield f"           decided by: {escape(rule)}"


def shown(value: Any) -> str:
    """A value as a person writes it; numbers are amounts here."""
    if isinstance(value, int | Decimal):
        return f"{value:.2f}"
    return "–" if value in (None, "") else str(value)
