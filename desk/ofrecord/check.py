"""`ofrecord check`: is everything in the rule files sound, and does the project carry it? Only `--live` needs a network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Rules


@dataclass
class Findings:
    """What was read, and everything that is wrong with it."""

    problems: list[str] = field(default_factory=list)
    entities: dict[str, int] = field(default_factory=dict)
    """Name → number of fields."""
    cases: int = 0
    digest: str | None = None
    live: dict[str, Any] | None = None
    """What the connected systems say, when they were asked."""
    notes: list[str] = field(default_factory=list)


def examine(folder: Path) -> Findings:
    """The rules of a folder, their cases, and the Meltano project beside it when there is one."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415
    from ofrecord_transforms.promises_read import load_promises  # noqa: PLC0415

    found = Findings()
    try:
        rules = load(folder)
        load_promises(rules, folder)
    except RulesError as error:
        found.problems = error.problems
        return found
    found.entities = {name: len(entity.fields) for name, entity in rules.entities.items()}
    found.digest = rules.hash
    project = folder.resolve().parent
    if (project / "meltano.yml").is_file():
        from ofrecord.project_check import problems_of  # noqa: PLC0415

        found.problems += problems_of(rules, project)
    _run_cases(rules, folder, found)
    return found


def _run_cases(rules: Rules, folder: Path, found: Findings) -> None:
    if not (folder / "cases").is_dir():
        return
    from ofrecord_transforms.cases import run_cases  # noqa: PLC0415 - only where cases are written
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    try:
        outcomes = run_cases(rules, folder)
    except RulesError as error:
        found.problems += error.problems
        return
    found.cases = len(outcomes)
    found.problems += [outcome.problem for outcome in outcomes if outcome.problem is not None]


def examine_live(folder: Path, project: Path | None, found: Findings) -> None:
    """Compare good rules with the connected systems: scopes of the tokens, then every mapped field. Effects: network."""
    from ofrecord.live import look  # noqa: PLC0415 - only when it is asked for
    from ofrecord.opened_ledger import project_folder  # noqa: PLC0415
    from ofrecord.project_file import ProjectFile, ProjectProblem  # noqa: PLC0415
    from ofrecord.promises.fields import promised_uses  # noqa: PLC0415
    from ofrecord.scopes import granted_now, needs  # noqa: PLC0415
    from ofrecord_kit.errors import Retry, SetAside, Stop  # noqa: PLC0415
    from ofrecord_transforms.load import load  # noqa: PLC0415

    place = project or project_folder(folder.resolve()) or project_folder(Path.cwd()) or Path.cwd()
    try:
        rules, file = load(folder), ProjectFile(place)
        granted = granted_now(needs(rules), file)
        looked = look(rules, file, promised_uses(rules, folder))
    except (ProjectProblem, Stop, Retry, SetAside) as problem:
        found.problems.append(str(problem))
        return
    found.problems += [*granted.problems, *(one.message for one in looked.findings)]
    found.notes += [*granted.notes, *(f"Not looked at: {words}" for words in looked.unseen)]
    found.live = {
        "fields": looked.fields, "findings": [asdict(one) for one in looked.findings], "unseen": looked.unseen,
        "scopes": asdict(granted),
    }  # fmt: skip


def check(
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Ask the connected systems, too: scopes, fields, types, permissions, what they require."
        ),
    ] = False,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml, for --live; else here or above.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read the rules, run their cases, look whether meltano.yml carries them, and name everything that is wrong.

    With --live the connected systems are asked, too, one call a module: which mapped field the token cannot read or write, which is
    missing, of another type, or required and filled by nobody. Exit codes: 0 all is well, 1 something is wrong: a run would stop or hold.
    """
    found = examine(rules)
    if live and found.digest is not None:
        examine_live(rules, project, found)
    if as_json:
        said: dict[str, Any] = {
            "problems": found.problems, "entities": found.entities, "cases": found.cases, "rules": found.digest,
        }  # fmt: skip
        if live:
            said |= {"live": found.live, "notes": found.notes}
        typer.echo(json.dumps(said, ensure_ascii=False))
    elif found.problems:
        for problem in found.problems:
            typer.echo(problem)
        typer.echo(f"{rules}: {len(found.problems)} problem{'s' * (len(found.problems) != 1)}.", err=True)
    else:
        fields = sum(found.entities.values())
        cases = f" {found.cases} cases end as written." if found.cases else ""
        typer.echo(
            f"{rules}: {len(found.entities)} entities, {fields} fields, each with one owner or a policy.{cases} "
            f"{_looked(found)}All is well."
        )
    for words in () if as_json else found.notes:
        typer.echo(words, err=True)
    if found.problems:
        raise typer.Exit(1)


def _looked(found: Findings) -> str:
    return "" if found.live is None else f"{found.live['fields']} fields are as the connected systems have them. "
