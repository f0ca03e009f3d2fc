"""`ofrecord links`: the crosswalk as an asset. Shown, exported, imported, rebuilt from stamped ids, and stamps made complete."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ofrecord import crosswalk, stamps
from ofrecord.opened_ledger import LedgerOption, opened, place_of, project_folder
from ofrecord.pipes import Project
from ofrecord.project_file import ProjectProblem
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Ledger, LedgerProblem, Side, key_from
from ofrecord_transforms.load import load
from ofrecord_transforms.problems import RulesError

links = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

ProjectOption = Annotated[Path | None, typer.Option("--project", help="Folder of meltano.yml; else here or above.")]
EntityOption = Annotated[str | None, typer.Option(help="Only this entity.")]


@links.callback()
def root() -> None:
    """Show, export, import, rebuild the links between records, and complete the ids stamped in the systems."""


@links.command("show")
def show_links(entity: EntityOption = None, ledger: LedgerOption = None, as_json: JsonOption = False) -> None:
    """Count links by entity and by the systems they join. Example: ofrecord links show --entity account."""
    with opened(ledger) as book:
        sides = book.sides(entity)
    joined: dict[tuple[str, str], list[str]] = {}
    for side in sides:
        joined.setdefault((side.entity, side.link), []).append(side.system)
    again = Counter(side.entity for side in {(s.entity, s.link): s for s in sides if s.generation}.values())
    counted = Counter((one, "+".join(sorted(systems))) for (one, _link), systems in joined.items())
    rows = [(one, systems, number, again[one]) for (one, systems), number in sorted(counted.items())]
    columns = ("entity", "systems", "links", "made again")
    show([Table("Links", columns, rows)], [dict(zip(columns, row, strict=True)) for row in rows], as_json=as_json)
    if not rows:
        note("There are no links yet.")


@links.command("export")
def export_links(
    file: Annotated[str, typer.Argument(help="File to write, .csv or .jsonl; - prints JSON lines.")],
    entity: EntityOption = None,
    ledger: LedgerOption = None,
) -> None:
    """Write every link as CSV or JSON lines: entity, link, system, id, generation. No values of records are among them.

    Example: ofrecord links export links.csv. An existing file is replaced when the export is complete.
    """
    with opened(ledger) as book:
        sides = book.sides(entity)
    lines = crosswalk.as_text(sides, as_csv=file.lower().endswith(".csv"))
    if file == "-":
        for line in lines:
            typer.echo(line)
        return
    path = Path(file)
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        note(f"{path} cannot be written ({error.strerror}). Name a file in a folder you may write to.")
        raise typer.Exit(1) from None
    note(f"{len({side.link for side in sides})} links, {len(sides)} records.")


@links.command("import")
def import_links(
    file: Annotated[str, typer.Argument(help="A file as `links export` writes it; - reads standard input.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; keep nothing.")] = False,
    ledger: LedgerOption = None,
) -> None:
    """Take links from a file: all of them, or none when one line is wrong or contradicts what is known.

    Example: ofrecord links import links.csv. Exit codes: 0 taken, 1 something is wrong and nothing was taken.
    """
    try:
        text = _text_of(file)
    except (OSError, UnicodeDecodeError) as error:
        note(f"{file} cannot be read ({type(error).__name__}). Expected: a UTF-8 file as `links export` writes it.")
        raise typer.Exit(1) from None
    sides, problems = crosswalk.read(text)
    try:
        book = Ledger(place_of(ledger), key=key_from(os.environ))
        problems += crosswalk.clashes(sides, book)
        if problems:
            _complain(problems, "Nothing was taken. Correct these lines, or export and compare.")
        new = 0
        if not check:
            with book.writing(datetime.now(UTC)) as writing:
                new = crosswalk.keep(sides, book, writing, by=os.environ.get("USER"))
        book.close()
    except LedgerProblem as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    number = len({side.link for _number, side in sides})
    note(f"{number} links are sound; nothing was kept." if check else f"{number} links, {new} of them new here.")


@links.command("rebuild")
def rebuild_links(project: ProjectOption = None, ledger: LedgerOption = None) -> None:
    """Read every system whole and pair records by the ids stamped in them; nothing is written to any system.

    Every job of meltano.yml runs once with the setting `rebuild`. What both sides hold is remembered; where they differ the
    next ordinary run decides. Example: ofrecord links rebuild. Exit codes: 0 rebuilt, 1 a pipeline failed.
    """
    place = place_of(ledger)
    settings = {
        "rebuild": True,
        "ledger": str(Path(place).absolute()) if "://" not in place else place,
        "errors_allowed": "100%",
    }
    try:
        one = Project(_folder(project))
        for task in one.pipelines():
            if one.mappings.get(task.mapping, {}).get("fields"):
                continue  # some fields of what another pipeline carries whole
            note(f"{task.job}: {task.tap} {task.mapping} {task.target}")
            one.run(task, settings)
    except ProjectProblem as problem:
        note(f"{problem}. What was rebuilt so far is kept; run it again when the cause is gone.")
        raise typer.Exit(1) from None
    with opened(ledger) as book:
        _count(book.sides())


@links.command("stamp")
def stamp_links(
    yes: Annotated[
        bool, typer.Option("--yes", help="Owe the missing ids to the systems; the next runs write them.")
    ] = False,
    rules: Annotated[Path | None, typer.Option(help="Folder of the rule files; else rules beside meltano.yml.")] = None,
    project: ProjectOption = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether every linked record carries the id of its counterpart; plan what is missing.

    Missing ids go to the outbox with --yes: each next run of a job writes what is owed to its system, goes on where it was interrupted, and
    writes none twice. An id that is wrong is never overwritten. Example: ofrecord links stamp --yes.
    Exit codes: 0 every linked record carries it, 1 there are gaps.
    """
    folder = _folder(project)
    try:
        with opened(ledger) as book:
            coverage, gaps = stamps.examine(Project(folder), load(rules or folder / "rules"), book)
            if yes:
                with book.writing(datetime.now(UTC)) as writing:
                    note(f"{stamps.owe(gaps, writing)} ids are owed now; the next run of each job writes them.")
    except (ProjectProblem, RulesError) as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    rows = [(one.entity, one.system, one.field, one.linked, one.stamped, one.linked - one.stamped) for one in coverage]
    wrong = [(gap.entity, gap.system, gap.id, gap.field, gap.holds or "", gap.other) for gap in gaps]
    show(
        [
            Table("Stamped ids", ("entity", "system", "field", "linked", "stamped", "gaps"), rows, "coverage"),
            Table("Gaps", ("entity", "system", "id", "field", "holds", "should hold"), wrong, "gap"),
        ],
        {"coverage": [asdict(one) for one in coverage], "gaps": [asdict(one) for one in gaps]},
        as_json=as_json,
    )
    note(f"{len(gaps)} of {sum(one.linked for one in coverage)} linked records lack the right id.")
    if gaps:
        raise typer.Exit(1)


def _text_of(file: str) -> str:
    """All of a file that is not too large. Raises UnicodeDecodeError and OSError; a file that is too large ends the command."""
    with nullcontext(sys.stdin) if file == "-" else Path(file).open(encoding="utf-8", newline="") as opened:
        text = opened.read(crosswalk.MOST_CHARACTERS + 1)
    if len(text) > crosswalk.MOST_CHARACTERS:
        note(
            f"{file} is larger than {crosswalk.MOST_CHARACTERS >> 20} MiB. Import it in parts, the links of one entity at a time."
        )
        raise typer.Exit(1)
    return text


def _folder(project: Path | None) -> Path:
    return project or project_folder(Path.cwd()) or Path.cwd()


def _count(sides: Sequence[Side]) -> None:
    for entity, number in sorted(Counter(one for one, _link in {(side.entity, side.link) for side in sides}).items()):
        note(f"{entity}: {number} links")


def _complain(problems: Sequence[str], end: str) -> None:
    for problem in problems[:50]:
        note(problem)
    note(f"{len(problems)} problems. {end}")
    raise typer.Exit(1)
