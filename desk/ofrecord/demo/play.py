"""The demo itself: a first sync, nine edits by people, a second sync that shows them, a third that writes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from ofrecord.calls_made import counts_of
from ofrecord.demo.oddities import find_oddities, oddity_table
from ofrecord.demo.papers import paper_edits
from ofrecord.demo.people import Edit, People, five_edits
from ofrecord.demo.show import COUNTS, JobRow, edit_lines, job_progress, job_table, reason_table
from ofrecord.demo.stage import DemoError, Stage, Sync, set_stage
from ofrecord.demo.verdict import compare_systems, verdict_table
from ofrecord.project_file import ProjectFile
from ofrecord_kit.ledger import Event, Ledger, Run, key_from

JOBS = ["products", "customers", "prices", "orders", "services", "finance", "quote-stock", "quote-prices"]
QUARTER_HOUR_S = 900
FINANCE_CALLS_PER_MINUTE = 100
"""Zoho Inventory and Books API, Introduction: requests a minute and organisation."""
CREATED = {
    "order": "an accepted quote becomes one order",
    "service invoice": "a won deal is billed once",
}
DECIDING = ("updated", "reverted", "created", "conflict", "violation")


def run_demo(console: Console, project: Path, data: Path | None, *, keep: bool = False) -> bool:
    """Play the demo; whether everything arrived. Raises DemoError when it cannot go on."""
    if data is not None and not data.is_dir():
        msg = f"There is no folder {data}. Name the folder with the AdventureWorks CSV files."
        raise DemoError(msg)
    seed = ["--seed", "adventureworks", "--data", str(data.resolve())] if data else ["--seed", "demo"]
    console.print("[bold]1. Start the sandbox[/bold]: Zoho CRM, Inventory and Books, played on this machine")
    with set_stage(project, [*seed, "--limits", "off"], keep=keep) as stage:
        console.print(f"  ready at {stage.url}, project in {stage.folder.relative_to(project)}\n")
        fine = first_sync(console, stage)
        fine &= edits(console, stage)
        fine &= silence(console, stage)
        fine &= agreement(console, stage)
    if keep:
        console.print(f"\nKept: {stage.folder} (ledger.db, logs/)")
    return fine


def play_jobs(console: Console, stage: Stage, phase: str) -> tuple[Sync, list[JobRow]]:
    """One `meltano run` of all jobs, and what each did; raises DemoError when it fails."""
    project = ProjectFile(stage.folder)
    with job_progress(console, JOBS) as tell:
        done = stage.sync(JOBS, phase, watcher(stage, phase, project, tell))
    if done.exit_code:
        tail = "\n".join(done.log.read_text().splitlines()[-12:])
        msg = f"meltano run {' '.join(JOBS)} failed with exit code {done.exit_code}. Its last lines:\n{tail}"
        raise DemoError(msg)
    return done, rows_of(stage, phase, project)


def watcher(
    stage: Stage, phase: str, project: ProjectFile, tell: Callable[[str, int, int], None]
) -> Callable[[int], None]:
    """Reports the job that is under way and the records done so far (from the ledger) beside calls made."""
    pipelines = [task.job for job in JOBS for task in project.tasks if task.job == job]
    last = next((job for job in JOBS[::-1] if job not in pipelines), JOBS[-1])

    def watch(calls: int) -> None:
        runs = runs_of(stage, phase)
        ended = sum(run.finished is not None for run in runs)
        records = sum(
            number
            for run in runs
            for counts in run.counts.values()
            for name, number in counts.items()
            if name in COUNTS[1:]
        )
        tell(pipelines[ended] if ended < len(pipelines) else last, records, calls)

    return watch


def runs_of(stage: Stage, phase: str) -> list[Run]:
    """What the targets did, in order; nothing while the ledger does not exist."""
    if not stage.ledger.exists():
        return []
    ledger = Ledger(str(stage.ledger), key=key_from(stage.environment))
    runs = ledger.runs(group=phase)
    ledger.close()
    return sorted(runs, key=lambda run: run.started)


def rows_of(stage: Stage, phase: str, project: ProjectFile) -> list[JobRow]:
    """Of each job the outcomes of its records, and the calls of its pipelines and commands."""
    called = [one for one in counts_of([stage.state_dir]) if one.run == phase]
    pipelines = [task for job in JOBS for task in project.tasks if task.job == job]
    counts: dict[str, Counter[str]] = {job: Counter() for job in JOBS}
    for task, run in zip(pipelines, runs_of(stage, phase), strict=True):  # pipelines run one after the other
        for outcomes in run.counts.values():
            counts[task.job].update({name: outcomes.get(name, 0) for name in COUNTS})
    taps = {task.tap: task.job for task in pipelines}
    commands = {step.command: step.job for step in project.steps}
    calls: Counter[str] = Counter()
    for one in called:
        calls[taps.get(one.pipeline) or commands.get(one.plugin, "")] += one.calls
    return [JobRow(job, dict(counts[job]), calls[job]) for job in JOBS]


def first_sync(console: Console, stage: Stage) -> bool:
    """Everything for the first time."""
    console.print(f"[bold]2. First sync[/bold]: meltano run {' '.join(JOBS)}")
    done, rows = play_jobs(console, stage, "first")
    console.print(job_table("First sync", done, rows), "")
    console.print(reason_table("What was set aside, and why", reasons(stage)), "")
    minutes = max(1, round(done.finance_calls / FINANCE_CALLS_PER_MINUTE))
    console.print(
        "  The sandbox's call limits are lifted here. At the vendor's "
        f"{FINANCE_CALLS_PER_MINUTE} calls a minute\n  these {done.finance_calls:,} finance calls take about {minutes} minutes.\n"
    )
    return True


def reasons(stage: Stage) -> dict[tuple[str, str, str], int]:
    """(outcome, entity, reason) → records: what is held now, and what the first runs filtered."""
    ledger = Ledger(str(stage.ledger), key=key_from(stage.environment))
    found: Counter[tuple[str, str, str]] = Counter()
    for held in ledger.held():
        found["held", held.entity, f"{held.kind}: {without_names(held.message)}"] += 1
    for run in ledger.runs():
        for entity, outcomes in run.counts.items():
            for name, count in outcomes.items():
                outcome, _, why = name.partition(": ")
                if outcome == "filtered" and why:
                    found["filtered", entity, why] += count
    ledger.close()
    return dict(found)


def without_names(message: str) -> str:
    """A message with what it quotes, amounts, ids and how alike they are left out, so that equal reasons count together."""
    return re.sub(r"\d{6,}(?: \(\d+, [^)]*\))?|\d+\.\d+", "…", re.sub(r'"[^"]*"', '"…"', message))


def edits(console: Console, stage: Stage) -> bool:
    """Edits by people, a sync, and what became of each."""
    stage.control("POST", "clock", {"move_s": QUARTER_HOUR_S})
    console.print("[bold]3. A quarter of an hour later people edit[/bold], through the vendors' own APIs")
    people = People(stage)
    made = [*five_edits(people), *paper_edits(people)]
    for edit in made:
        edit.make()
        edit.before = edit.look()
        console.print(f"  • {edit.what}\n    by {edit.who}", highlight=False, markup=False)
    console.print("\n[bold]4. Sync again[/bold]")
    done, rows = play_jobs(console, stage, "edited")
    console.print(job_table("Second sync", done, rows), "")
    for edit in made:
        edit.after = edit.look()
    people.close()
    console.print("[bold]What became of the edits[/bold]")
    for line in edit_lines(made, rules_of(stage, "edited", made)):
        console.print(line, highlight=False, soft_wrap=True)
    console.print()
    return all(edit.arrived for edit in made)


def rules_of(stage: Stage, phase: str, made: list[Edit]) -> list[str]:
    """For each edit the rule that decided it, as the ledger recorded it."""
    ledger = Ledger(str(stage.ledger), key=key_from(stage.environment))
    events = [e for run in ledger.runs(group=phase) for e in ledger.events(run=run.run)]
    ledger.close()
    return [edit.rule or decided_by(edit, events) for edit in made]


def decided_by(edit: Edit, events: list[Event]) -> str:
    """The rule of the events that touched this edit's record and field: a revert outranks what caused it."""
    own = [
        event
        for event in events
        if event.entity == edit.entity
        and event.kind in DECIDING
        and (not edit.field or event.field == edit.field)
        and set(edit.ids) & set((event.ids or {}).values())
    ]
    words = {"reverted": "ownership violation, put back", "created": CREATED.get(edit.entity, "")}
    for kind in ("reverted", "violation", "conflict", "created", "updated"):
        for event in own:
            if event.kind == kind:
                rule = event.rule or f"rules/{event.entity.replace(' ', '_')}.yml"
                return f"{words.get(kind) or event.why} ({rule})"
    return "no event"


def silence(console: Console, stage: Stage) -> bool:
    """A third sync must change nothing at any vendor."""
    stage.control("POST", "clock", {"move_s": QUARTER_HOUR_S})
    console.print("[bold]5. Sync once more[/bold], a quarter of an hour later: nobody changed anything")
    done, rows = play_jobs(console, stage, "silent")
    console.print(job_table("Third sync", done, rows), "")
    console.print(f"  Writes at the vendors, by the sandbox's own journal: {done.writes}")
    console.print("  (held records are tried again from time to time; a refusal writes nothing)\n")
    return done.writes == 0


def agreement(console: Console, stage: Stage) -> bool:
    """Both sides read through the vendors' APIs and compared, without the ledger's help."""
    console.print("[bold]6. Compare the systems[/bold], as the vendors' APIs show them")
    ledger = Ledger(str(stage.ledger), key=key_from(stage.environment))
    held = ledger.held()
    ledger.close()
    people = People(stage)
    lines = compare_systems(people, held)
    console.print(verdict_table(lines), "")
    console.print(oddity_table(find_oddities(people, held)))
    people.close()
    return all(line.fine for line in lines)
