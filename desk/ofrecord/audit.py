"""`ofrecord audit`: freshness, balance, links, what is owed and held, as the ledger tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.cadence import Pipeline, cadence_of, pipelines
from ofrecord.history import is_balanced, streams_of
from ofrecord.opened_ledger import LedgerOption, opened, project_folder
from ofrecord.project_file import ProjectProblem
from ofrecord.tables import JsonOption, Table, length, note, show
from ofrecord_kit.ledger import Ledger, Run, store_of

RUNS_LOOKED_AT = 10_000
RED = {"failed", "refusals", "unbalanced"}
GOOD = "finished"
FOR_EVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Way:
    """One pipeline and its runs. A run counts when it carried one of the entities this way, whichever job it was of."""

    job: str
    source: str
    destination: str
    entities: tuple[str, ...]
    every: timedelta | None
    within: timedelta | None
    """How soon the rules want a change everywhere; freshness is judged by it where they say so."""
    last_run: datetime | None
    last_status: str | None
    last_good: datetime | None
    age: timedelta | None
    state: str
    """`fresh`, `stale` (older than `within`, else than twice `every`), `never` (no successful run yet) or `red` (the last run)."""


@dataclass(frozen=True)
class Lack:
    """A link that has no id in a system in which it had one."""

    entity: str
    link: str
    system: str


@dataclass(frozen=True)
class Audit:
    """What the ledger tells. `owed` counts by (system, reason), `held` by (entity, kind)."""

    ways: Sequence[Way]
    unbalanced: Sequence[Run]
    lacks: Sequence[Lack]
    owed: dict[tuple[str, str], int]
    held: dict[tuple[str, str], int]
    problems: Sequence[str]


def audit(
    freshness: Annotated[
        bool, typer.Option("--freshness", help="A way is wrong whose last good run is older than the rules allow.")
    ] = False,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Folder of the rule files; else rules beside meltano.yml.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each way's last good run against its cadence, unbalanced runs, broken links, owed writes, held records.

    A way is stale when its last good run is older than the cadence the rules state for what it carries; where they state
    none, than twice its schedule. Exit codes: 0 nothing is wrong, 1 the last run of a way failed or did not balance (with --freshness: or is stale
    or never was), or there is no ledger. Held records and owed writes are shown, and are not wrong by themselves.
    """
    folder = project or project_folder(Path.cwd())
    try:
        planned = pipelines(folder) if folder else []
        cadences = _cadences(planned, rules or (folder / "rules" if folder else None))
    except ProjectProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    with opened(ledger) as book:
        found = examine(book, planned, datetime.now(UTC), freshness=freshness, cadences=cadences)
    show(_tables(found), _told(found), as_json=as_json)
    if not found.problems:
        note("No way's last run failed, and every run balances.")
        return
    for line in found.problems:
        note(line)
    raise typer.Exit(1)


def _cadences(planned: Sequence[Pipeline], folder: Path | None) -> dict[Pipeline, timedelta]:
    """The cadence the rules state for each pipeline, as far as they state one and can be read."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    if folder is None or not folder.is_dir():
        return {}
    try:
        rules = load(folder)
    except RulesError:
        note(
            f"The rules in {folder} have problems, so freshness is judged by the schedules. `ofrecord check` names them."
        )
        return {}
    found = {pipeline: cadence_of(pipeline, planned, rules) for pipeline in planned}
    return {pipeline: cadence for pipeline, cadence in found.items() if cadence is not None}


def examine(
    ledger: Ledger,
    planned: Sequence[Pipeline],
    now: datetime,
    *,
    freshness: bool = False,
    cadences: Mapping[Pipeline, timedelta] | None = None,
) -> Audit:
    """The audit at `now` (UTC). Dry runs wrote nothing and do not count."""
    runs = [run for run in ledger.runs(last=RUNS_LOOKED_AT) if not run.dry]
    everything = [*planned, *_unplanned(runs, planned)]
    ways = [_way(pipeline, (cadences or {}).get(pipeline), runs, now) for pipeline in everything]
    last = {run.run for pipeline in everything if (run := _last(pipeline, runs)) is not None}
    unbalanced = [run for run in runs if _is_done(run) and not is_balanced(run)]
    problems = {
        f"{run.source}→{run.destination}, run {run.run}: "
        + ("read is not the sum of the outcomes." if not is_balanced(run) else f"ended as {run.status}.")
        + f" `ofrecord history {run.run}` says more.": None
        for run in runs
        if run.run in last and _is_red(run)
    }
    late = [
        _late(way)
        for way in ways
        if freshness and _allowed(way.within, way.every) and (way.last_good is None or way.state == "stale")
    ]
    return Audit(ways, unbalanced, _lacks(ledger), _owed(ledger, everything), _held(ledger), [*problems, *late])


def _unplanned(runs: Sequence[Run], planned: Sequence[Pipeline]) -> list[Pipeline]:
    """Ways of runs that no job of the project explains."""
    found = {}
    for run in runs:
        if not any(_carried(pipeline, run) for pipeline in planned):
            entities = tuple(sorted(streams_of(run)))
            found[run.source, run.destination, entities] = Pipeline("", run.source, run.destination, entities, None)
    return list(found.values())


def _carried(pipeline: Pipeline, run: Run) -> bool:
    same_way = (run.source, run.destination) == (pipeline.source, pipeline.destination)
    streams = streams_of(run).keys()
    return same_way and (not streams.isdisjoint(pipeline.entities) or (not streams and not pipeline.entities))


def _last(pipeline: Pipeline, runs: Sequence[Run]) -> Run | None:
    """The newest run that ended; one under way says nothing yet."""
    return next((run for run in runs if _carried(pipeline, run) and _is_done(run)), None)


def _is_done(run: Run) -> bool:
    return run.status != "running"


def _is_red(run: Run) -> bool:
    return run.status in RED or (run.status == GOOD and not is_balanced(run))


def _way(pipeline: Pipeline, within: timedelta | None, runs: Sequence[Run], now: datetime) -> Way:
    last = _last(pipeline, runs)
    good = next((run for run in runs if _carried(pipeline, run) and run.status == GOOD and is_balanced(run)), None)
    at = (good.finished or good.started) if good else None
    age = now - at if at else None
    if last is not None and _is_red(last):
        state = "red"
    elif age is None:
        state = "never"
    else:
        allowed = _allowed(within, pipeline.every)
        state = "stale" if allowed is not None and age > allowed else "fresh"
    return Way(
        pipeline.job, pipeline.source, pipeline.destination, pipeline.entities, pipeline.every, within,
        last.started if last else None, last.status if last else None, at, age, state,
    )  # fmt: skip


def _allowed(within: timedelta | None, every: timedelta | None) -> timedelta | None:
    """The oldest a last good run may be."""
    return within if within is not None else None if every is None else 2 * every


def _late(way: Way) -> str:
    what = f"the last good run is {length(way.age)} old" if way.age is not None else "there was no good run yet"
    if way.within is not None:
        wanted = f"the rules want changes everywhere within {length(way.within)}"
    else:
        wanted = f"every {length(way.every)} is planned" if way.every else ""
    return f"{way.job} {way.source}→{way.destination}: {what}, {wanted}. Look at the scheduler."


def _lacks(ledger: Ledger) -> list[Lack]:
    """Every link was told when it was made, with its ids; compare with the ids it has now."""
    made: dict[str, tuple[str, set[str]]] = {}
    for event in ledger.events(kinds=("created", "linked")):
        if event.link is not None:
            made.setdefault(event.link, (event.entity, set()))[1].update(store_of(system) for system in event.ids or {})
    found = []
    for system in sorted({system for _entity, systems in made.values() for system in systems}):
        has = ledger.ids_of(made, system)
        found += [
            Lack(entity, link, system)
            for link, (entity, systems) in made.items()
            if system in systems and link not in has
        ]
    return found


def _owed(ledger: Ledger, ways: Sequence[Pipeline]) -> dict[tuple[str, str], int]:
    """Owed writes by system and reason (`stamp`, `revert`), due or not."""
    systems = {store_of(system) for way in ways for system in (way.source, way.destination)}
    counted: Counter[tuple[str, str]] = Counter()
    for system in sorted(systems):
        counted.update((system, owed.reason.partition(":")[0]) for owed in ledger.owed(system, FOR_EVER))
    return dict(counted)


def _held(ledger: Ledger) -> dict[tuple[str, str], int]:
    return dict(sorted(Counter((held.entity, held.kind) for held in ledger.held()).items()))


def _tables(found: Audit) -> list[Table]:
    return [
        Table(
            "Freshness", ("job", "way", "entities", "every", "within", "last good run", "age", "last status", "state"),
            [
                (
                    way.job, f"{way.source}→{way.destination}", ", ".join(way.entities), way.every, way.within,
                    way.last_good, way.age, way.last_status, way.state,
                )
                for way in found.ways
            ],
            "way", aside=("last good run",),
        ),
        Table(
            "Runs that did not balance", ("started", "run", "way", "status"),
            [(run.started, run.run, f"{run.source}→{run.destination}", run.status) for run in found.unbalanced],
            "unbalanced",
        ),
        Table("Links that lack an id", ("entity", "link", "lacks"),
              [(lack.entity, lack.link, lack.system) for lack in found.lacks], "link"),
        Table("Owed", ("system", "reason", "writes"), [(*key, number) for key, number in found.owed.items()], "owed"),
        Table("Held", ("entity", "kind", "records"), [(*key, number) for key, number in found.held.items()], "held"),
    ]  # fmt: skip


def _told(found: Audit) -> dict[str, Any]:
    return {
        "ways": [asdict(way) for way in found.ways],
        "unbalanced": [asdict(run) for run in found.unbalanced],
        "links": [asdict(lack) for lack in found.lacks],
        "owed": [{"system": key[0], "reason": key[1], "writes": number} for key, number in found.owed.items()],
        "held": [{"entity": key[0], "kind": key[1], "records": number} for key, number in found.held.items()],
        "problems": list(found.problems),
    }
