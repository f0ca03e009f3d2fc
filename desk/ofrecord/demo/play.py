"""The demo itself: a first sync, five edits by people, a second sync that shows them, a third that writes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from ofrecord.demo.oddities import find_oddities, oddity_table
from ofrecord.demo.people import Edit, People, five_edits
from ofrecord.demo.show import COUNTS, Counts, edit_lines, job_progress, job_table, reason_table
from ofrecord.demo.stage import DemoError, JobResult, Stage, set_stage
from ofrecord.demo.verdict import compare_systems, verdict_table
from ofrecord_kit.ledger import Event, Ledger, key_from

JOBS = ["products", "customers", "orders", "finance"]
QUARTER_HOUR_S = 900
FINANCE_CALLS_PER_MINUTE = 100
"""Zoho Inventory and Books API, Introduction: requests a minute and organisation."""
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


def play_jobs(console: Console, stage: Stage, phase: str) -> list[tuple[JobResult, Counts]]:
    """Run the four jobs and count what became of their records; raises DemoError when a job fails."""
    rows = []
    with job_progress(console, JOBS) as tell:
        for job in JOBS:
            tell(job, 0, 0)
            result = stage.run_job(job, phase, watcher(stage, phase, job, tell))
            rows.append((result, counts_of(stage, result.run)))
            if result.exit_code:
                tail = "\n".join(result.log.read_text().splitlines()[-12:])
                msg = f"The job {job} failed with exit code {result.exit_code}. Its last lines:\n{tail}"
                raise DemoError(msg)
    return rows


def watcher(stage: Stage, phase: str, job: str, tell: Callable[[str, int, int], None]) -> Callable[[int], None]:
    """Reports records done (from the ledger) beside calls made."""

    def watch(calls: int) -> None:
        tell(job, sum(counts_of(stage, f"{phase}-{job}").get(name, 0) for name in COUNTS[1:]), calls)

    return watch


def counts_of(stage: Stage, group: str) -> Counts:
    """Outcomes of all streams of a run group, added up; nothing while the ledger does not exist."""
    total: Counter[str] = Counter()
    if stage.ledger.exists():
        ledger = Ledger(str(stage.ledger), key=key_from(stage.environment))
        for run in ledger.runs(group=group):
            for outcomes in run.counts.values():
                total.update({name: outcomes.get(name, 0) for name in COUNTS})
        ledger.close()
    return dict(total)


def first_sync(console: Console, stage: Stage) -> bool:
    """Everything for the first time."""
    console.print(f"[bold]2. First sync[/bold]: meltano run {' '.join(JOBS)}")
    rows = play_jobs(console, stage, "first")
    console.print(job_table("First sync", rows), "")
    console.print(reason_table("What was set aside, and why", reasons(stage)), "")
    finance = sum(result.calls.get(system, 0) for result, _ in rows for system in ("inventory", "books"))
    minutes = max(1, round(finance / FINANCE_CALLS_PER_MINUTE))
    console.print(
        "  The sandbox's call limits are lifted here. At the vendor's "
        f"{FINANCE_CALLS_PER_MINUTE} calls a minute\n  these {finance:,} finance calls take about {minutes} minutes.\n"
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
    """A vendor's message with what it quotes, ids and how alike they are left out, so that equal reasons count together."""
    return re.sub(r"\d{6,}(?: \(\d+, [^)]*\))?", "…", re.sub(r'"[^"]*"', '"…"', message))


def edits(console: Console, stage: Stage) -> bool:
    """Five edits by people, a sync, and what became of each."""
    stage.control("POST", "clock", {"move_s": QUARTER_HOUR_S})
    console.print("[bold]3. A quarter of an hour later people edit[/bold], through the vendors' own APIs")
    people = People(stage)
    made = five_edits(people)
    for edit in made:
        edit.make()
        edit.before = edit.look()
        console.print(f"  • {edit.what}\n    by {edit.who}", highlight=False, markup=False)
    console.print("\n[bold]4. Sync again[/bold]")
    rows = play_jobs(console, stage, "edited")
    console.print(job_table("Second sync", rows), "")
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
    events = [e for job in JOBS for run in ledger.runs(group=f"{phase}-{job}") for e in ledger.events(run=run.run)]
    ledger.close()
    return [decided_by(edit, events) for edit in made]


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
    words = {"reverted": "ownership violation, put back", "created": "an accepted quote becomes one order"}
    for kind in ("reverted", "violation", "conflict", "created", "updated"):
        for event in own:
            if event.kind == kind:
                return f"{words.get(kind, event.why)} ({event.rule or f'rules/{event.entity}.yml'})"
    return "no event"


def silence(console: Console, stage: Stage) -> bool:
    """A third sync must change nothing at any vendor."""
    stage.control("POST", "clock", {"move_s": QUARTER_HOUR_S})
    console.print("[bold]5. Sync once more[/bold], a quarter of an hour later: nobody changed anything")
    rows = play_jobs(console, stage, "silent")
    console.print(job_table("Third sync", rows), "")
    writes = sum(result.writes for result, _ in rows)
    console.print(f"  Writes at the vendors, by the sandbox's own journal: {writes}")
    console.print("  (held records are tried again from time to time; a refusal writes nothing)\n")
    return writes == 0


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
