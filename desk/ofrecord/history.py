"""`ofrecord history`: the latest runs, one of them in detail, and what happened to one record."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.held import told
from ofrecord.held_rows import all_held
from ofrecord.masking import without_values
from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.record_history import Question, show_record
from ofrecord.tables import JsonOption, Table, cell, note, show
from ofrecord_kit.ledger import Event, Held, Ledger, Run

OUTCOMES = ("read", "written", "unchanged", "filtered", "held", "failed")
AFTERWARDS = "_end"
"""Stream name under which a run counts what it did after its streams: retries, stamps, reverts."""
EVERY_RUN = sys.maxsize
HUB = "crm"
"""Seen from here a way is a push or a pull."""


@dataclass(frozen=True)
class Detail:
    """One run: its streams' counts, what was set aside then (as far as it still is), its events."""

    run: Run
    streams: Mapping[str, Mapping[str, int]]
    afterwards: Mapping[str, int]
    reasons: Sequence[Held]
    events: Sequence[Event]


def history(  # noqa: PLR0917 - the options of a command
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN | ENTITY/ID[.FIELD]]",
            help="A run's id or its beginning, the name of its group; or a record, as in account/4150868000000376.phone.",
        ),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many runs to show.")] = 50,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="What the record was then, ISO 8601.")
    ] = None,
    who: Annotated[bool, typer.Option("--who", help="Only who set which value, when, by which rule.")] = False,
    system: Annotated[str | None, typer.Option("--system", help="The system whose id was given; else any.")] = None,
    rules: Annotated[Path, typer.Option(help="Folder of the rule files, for records.")] = Path("rules"),
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the latest runs (times are UTC), what one run did, or what happened to one record and who did it.

    Push errors are records that were set aside or failed on their way out of the CRM, pull errors those on their way into it;
    naming the run opens them. Values of records are shown as the ledger holds them, personal ones too. Examples: ofrecord history
    8c1f · ofrecord history product/42.price --who · ofrecord history account/42 --as-of 2026-03-01. Exit codes: 0 shown,
    1 without a ledger or when there is no such run or link, 2 what was named does not exist in the rules.
    """
    if run is not None and "/" in run:
        show_record(Question(run, system, rules, as_of, who=who), ledger, as_json=as_json)
        return
    if as_of is not None or who:
        typer.echo("--as-of and --who ask about a record. Name one: ofrecord history account/42.phone --who.", err=True)
        raise typer.Exit(2)
    with opened(ledger) as book:
        if run is None:
            runs = book.runs(last=last)
            details = None
        else:
            runs = find_runs(book, run)
            details = [detail(book, one) for one in runs]
    if run is not None and not runs:
        typer.echo(f'There is no run "{run}". `ofrecord history` lists them.', err=True)
        raise typer.Exit(1)
    if details is not None:
        show(_detail_tables(details), [_told_detail(one) for one in details], as_json=as_json)
        return
    show([_run_table(runs)], [_told_run(one) for one in runs], as_json=as_json)
    if not runs:
        note("The ledger holds no run yet.")


def find_runs(ledger: Ledger, name: str) -> list[Run]:
    """The runs of a group, or the one whose id begins so; newest first."""
    group = ledger.runs(group=name, last=EVERY_RUN)
    return group or [one for one in ledger.runs(last=EVERY_RUN) if one.run.startswith(name)]


def streams_of(run: Run) -> dict[str, dict[str, int]]:
    """Counts by stream, without what was done afterwards."""
    return {name: counts for name, counts in run.counts.items() if name != AFTERWARDS}


def totals(run: Run) -> dict[str, int]:
    """Outcomes over all streams of a run."""
    return {name: sum(counts.get(name, 0) for counts in streams_of(run).values()) for name in OUTCOMES}


def errors_of(run: Run) -> dict[str, int]:
    """Records set aside or failed: `push` on their way out of the CRM, `pull` on their way into it."""
    counted = totals(run)
    number = counted["held"] + counted["failed"]
    return {"push": number if run.source == HUB else 0, "pull": number if run.destination == HUB else 0}


def is_balanced(run: Run) -> bool:
    """Does read equal the sum of the outcomes, in every stream?"""
    return all(
        counts.get("read", 0) == sum(counts.get(name, 0) for name in OUTCOMES[1:])
        for counts in streams_of(run).values()
    )


def detail(ledger: Ledger, run: Run) -> Detail:
    """What one run did, from the ledger."""
    reasons = [
        held
        for held in all_held(ledger)
        if (held.source, held.destination) == (run.source, run.destination)
        and held.last_at is not None
        and run.started <= held.last_at
        and (run.finished is None or held.first_at is None or held.first_at <= run.finished)
    ]
    return Detail(run, streams_of(run), run.counts.get(AFTERWARDS, {}), reasons, ledger.events(run=run.run))


def _seconds(run: Run) -> float | None:
    return None if run.finished is None else round((run.finished - run.started).total_seconds(), 1)


def _status(run: Run) -> str:
    return f"{run.status} (dry)" if run.dry else run.status


def _run_table(runs: Sequence[Run]) -> Table:
    columns = (
        "started",
        "run",
        "group",
        "plugin",
        "way",
        *OUTCOMES,
        "calls",
        "seconds",
        "status",
        "push errors",
        "pull errors",
    )
    rows = [
        (
            run.started, run.run[:8],
            None if run.group == run.run else run.group, run.plugin,
            f"{run.source}→{run.destination}", *totals(run).values(), run.calls, _seconds(run), _status(run), *errors_of(run).values(),
        )
        for run in runs
    ]  # fmt: skip
    return Table(
        "Runs",
        columns,
        rows,
        aside=("plugin",),
        below=("group", "way", "calls", "seconds", "status", "push errors", "pull errors"),
    )


def _detail_tables(details: Sequence[Detail]) -> list[Table]:
    tables = []
    for one in details:
        ids = [_ids(event) for event in one.events]
        tables += [
            replace(_run_table([one.run]), title="Run", tag="run"),
            Table(
                "Streams", ("stream", *OUTCOMES),
                [(name, *(counts.get(each, 0) for each in OUTCOMES)) for name, counts in one.streams.items()], "stream",
            ),
            Table("Left out", ("stream", "why", "records"), _left_out(one.streams), "left out"),
            Table("Afterwards", ("what", "number"), list(one.afterwards.items()), "afterwards"),
            Table(
                "Reasons", ("entity", "kind", "label", "code", "words", "field", "rule", "fix", "request"),
                [
                    (
                        held.entity, held.kind, held.label or held.source_id, held.code, held.message, held.field, held.rule,
                        held.fix, held.request,
                    )
                    for held in without_values(one.reasons)
                ],
                "reason", below=("words", "code", "field", "rule", "fix", "request"),
            ),
            Table(
                "Events", ("kind", "entity", "ids", "field", "system", "before → after", "rule", "why", "editor"),
                [
                    (event.kind, event.entity, name, event.field, event.system, _change(event), event.rule, event.why, event.editor)
                    for event, name in zip(one.events, ids, strict=True)
                ],
                "event", below=("ids", "why", "rule", "editor"),
            ),
        ]  # fmt: skip
    return tables


def _left_out(streams: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str, int]]:
    """The reasons beside the outcomes: `filtered: not for sale` and its number."""
    return [
        (stream, name, number)
        for stream, counts in streams.items()
        for name, number in counts.items()
        if name.partition(": ")[1]
    ]


def _ids(event: Event) -> str:
    return " ".join(f"{system} {record}" for system, record in (event.ids or {}).items())


def _change(event: Event) -> str:
    if event.before is None and event.after is None:
        return ""
    before, after = (cell(value) or "(empty)" for value in (event.before, event.after))
    return f"{before} → {after}"


def _told_run(run: Run) -> dict[str, Any]:
    known = {"seconds": _seconds(run), "totals": totals(run), "balanced": is_balanced(run), "errors": errors_of(run)}
    return {**asdict(run), **known}


def _told_detail(one: Detail) -> dict[str, Any]:
    reasons = [told(held) for held in without_values(one.reasons)]
    return {**_told_run(one.run), "reasons": reasons, "events": [asdict(event) for event in one.events]}
