"""What the demo prints: one table a phase, one row a job, and the edits with before, after and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ofrecord.demo.people import Edit
from ofrecord.demo.stage import JobResult

COUNTS = ("read", "written", "unchanged", "filtered", "held", "failed")
Counts = dict[str, int]


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
                console.print(f"  running {job} ({len(seen)} of {len(jobs)}) …")

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


def job_table(title: str, rows: list[tuple[JobResult, Counts]]) -> Table:
    """One row a job: what became of the records read, API calls and seconds."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("job")
    for name in (*COUNTS, "API calls", "seconds"):
        table.add_column(name, justify="right")
    for result, counts in rows:
        calls = sum(result.calls.values())
        values = [f"{counts.get(name, 0):,}" for name in COUNTS]
        table.add_row(result.job, *values, f"{calls:,}", f"{result.seconds:.1f}")
    return table


def reason_table(title: str, reasons: dict[tuple[str, str, str], int]) -> Table:
    """Why records were set aside: outcome, entity, reason and how many."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("outcome")
    table.add_column("entity")
    table.add_column("why", overflow="fold")
    table.add_column("records", justify="right")
    for (outcome, entity, why), count in sorted(reasons.items()):
        table.add_row(outcome, entity, why, f"{count:,}")
    return table


def edit_table(edits: list[Edit], rules: list[str]) -> Table:
    """Each edit: who made it, what was there before, what is there now, and which rule decided."""
    table = Table(title="What became of the edits", title_justify="left", title_style="bold", header_style="bold")
    for name in ("edit", "by", "before", "after", "decided by"):
        table.add_column(name, overflow="fold")
    for edit, rule in zip(edits, rules, strict=True):
        mark = "" if edit.arrived else "NOT ARRIVED: "
        table.add_row(edit.what, edit.who, shown(edit.before), mark + shown(edit.after), rule)
    return table


def shown(value: Any) -> str:
    """A value as a person writes it."""
    return "–" if value in (None, "") else str(value)
