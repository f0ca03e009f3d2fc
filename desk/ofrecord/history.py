"""`ofrecord history`: the latest runs, and one of them in detail."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, cell, note, show
from ofrecord_kit.ledger import Event, Held, Ledger, Run

OUTCOMES = ("read", "written", "unchanged", "filtered", "held", "failed")
AFTERWARDS = "_end"
"""Stream name under which a run counts what it did after its streams: retries, stamps, reverts."""
EVERY_RUN = sys.maxsize


@dataclass(frozen=True)
class Detail:
    """One run: its streams' counts, what it set aside (as far as no later run said it again), its events."""

    run: Run
    streams: Mapping[str, Mapping[str, int]]
    afterwards: Mapping[str, int]
    reasons: Sequence[Held]
    events: Sequence[Event]


def history(
    run: Annotated[str | None, typer.Argument(help="A run's id or its beginning, or the name of its group.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many runs to show.")] = 50,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the latest runs (times are UTC), or what one run did: streams, reasons, events with before and after.

    Exit codes: 0 shown, 1 without a ledger or when there is no such run.
    """
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
        for held in ledger.held()
        if (held.source, held.destination) == (run.source, run.destination)
        and held.last_at is not None
        and run.started <= held.last_at
        and (run.finished is None or held.last_at <= run.finished)
    ]
    return Detail(run, streams_of(run), run.counts.get(AFTERWARDS, {}), reasons, ledger.events(run=run.run))


def _seconds(run: Run) -> float | None:
    return None if run.finished is None else round((run.finished - run.started).total_seconds(), 1)


def _status(run: Run) -> str:
    return f"{run.status} (dry)" if run.dry else run.status


def _run_table(runs: Sequence[Run]) -> Table:
    columns = ("started", "run", "group", "plugin", "way", *OUTCOMES, "calls", "seconds", "status")
    rows = [
        (
            run.started, run.run[:8],
            None if run.group == run.run else run.group, run.plugin,
            f"{run.source}→{run.destination}", *totals(run).values(), run.calls, _seconds(run), _status(run),
        )
        for run in runs
    ]  # fmt: skip
    return Table("Runs", columns, rows, aside=("plugin",), below=("group", "way", "calls", "seconds", "status"))


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
                "Reasons", ("entity", "kind", "label", "code", "words", "field", "rule"),
                [
                    (held.entity, held.kind, held.label or held.source_id, held.code, held.message, held.field, held.rule)
                    for held in one.reasons
                ],
                "reason", below=("words", "code", "field", "rule"),
            ),
            Table(
                "Events", ("kind", "entity", "ids", "field", "system", "before → after", "rule", "why"),
                [
                    (event.kind, event.entity, name, event.field, event.system, _change(event), event.rule, event.why)
                    for event, name in zip(one.events, ids, strict=True)
                ],
                "event", below=("ids", "why", "rule"),
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
    return {**asdict(run), "seconds": _seconds(run), "totals": totals(run), "balanced": is_balanced(run)}


def _told_detail(one: Detail) -> dict[str, Any]:
    reasons = [{name: value for name, value in asdict(held).items() if name != "payload"} for held in one.reasons]
    return {**_told_run(one.run), "reasons": reasons, "events": [asdict(event) for event in one.events]}
