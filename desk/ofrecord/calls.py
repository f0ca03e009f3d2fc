"""`ofrecord calls`: what the schedules call within a day, beside what the organisation may."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from ofrecord.calls_plan import Line, Plan, plan_of, terms_of
from ofrecord.first_sync import days_of, first_sync
from ofrecord.opened_ledger import project_folder
from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.quota import CRM, FINANCE
from ofrecord.tables import JsonOption, Table, note, show


def calls(
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    first: Annotated[
        list[str] | None,
        typer.Option(help="An entity and how many records: what its first sync takes (product=100000)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each schedule calls a run and a day, its share of the quota, and what `reserve` leaves to whom.

    Calls of Inventory and Books, credits of the CRM. A run is the median of the last ten as they were counted, else the least it can be. The
    quota is `calls_per_day`, else the smallest edition of the vendor's tables with room. Exit codes: 0 the plan fits, 1 it does not, or
    cannot be made.
    """
    try:
        found = ProjectFile(project or project_folder(Path.cwd()) or Path.cwd())
        if first:
            _show_first(found, first, as_json=as_json)
            return
        plan = plan_of(found, time.time())
    except ProjectProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    show(_tables(plan), plan, as_json=as_json)
    for words in plan.problems:
        note(words)
    if plan.problems:
        raise typer.Exit(1)
    note("The plan fits.")


def _show_first(project: ProjectFile, said: list[str], *, as_json: bool) -> None:
    """What a first sync takes."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - only where rules are asked for
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    counts = {}
    for one in said:
        name, _, number = one.partition("=")
        if not number.replace("_", "").isdecimal():
            message = f"--first: {one} is not an entity with a number of records. Write it as product=100000."
            raise ProjectProblem(message)
        counts[name.strip()] = int(number)
    try:
        firsts = first_sync(load(project.folder / "rules"), counts)
    except RulesError as error:
        raise ProjectProblem(str(error)) from None
    total = sum(one.calls for one in firsts)
    days = days_of(total, *terms_of(project))
    rows = [(one.entity, one.records, one.writes, one.reads, one.calls) for one in firsts]
    tables = [
        Table("First sync", ("entity", "records", "writes", "reads", "calls"), rows, tag="first"),
        Table(
            "Days",
            ("said by", "calls a day", "% left to others", "days"),
            [(one.said, one.a_day, one.reserve, one.days) for one in days],
            tag="days",
        ),
    ]
    show(tables, {"first": firsts, "calls": total, "days": days}, as_json=as_json)
    note(f"{total} calls of Inventory and Books. What does not fit into a day goes on the next day where it stopped.")


def _tables(plan: Plan) -> list[Table]:
    quotas = [
        (one.budget, one.unit, one.planned, one.quota.a_day, None if one.quota.a_day is None else one.quota.a_day - one.planned, one.last_24_hours, one.quota.said)
        for one in plan.budgets
    ]  # fmt: skip
    reserves = [
        (one.plugin, one.budget, one.percent, one.stops_at, one.left, ", ".join(one.to)) for one in plan.reserves
    ]
    return [
        Table(
            "Schedules",
            (
                "schedule",
                "job",
                "runs a day",
                "calls a run",
                "a day",
                "%",
                "credits a run",
                "a day",
                "%",
                "runs counted",
            ),
            [
                (line.schedule, line.job, line.runs_a_day, *_of(line, FINANCE), *_of(line, CRM), line.source)
                for line in plan.schedules
            ],
            tag="schedule",
        ),
        Table(
            "A day",
            ("budget", "unit", "planned", "quota", "left", "last 24 h", "said by"),
            quotas,
            tag="day",
            below=("said by",),
        ),
        Table(
            "Reserve",
            ("plugin", "budget", "% left to others", "stops at", "left", "to"),
            reserves,
            tag="reserve",
            below=("to",),
        ),
    ]


def _of(line: Line, budget: str) -> tuple[int | None, int | None, float | None]:
    return line.a_run.get(budget), line.a_day.get(budget), line.share.get(budget)
