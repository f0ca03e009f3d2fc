"""`ofrecord check`: is everything in the rule files sound, and does the project carry it? Needs no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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


def examine(folder: Path) -> Findings:
    """The rules of a folder, their cases, and the Meltano project beside it when there is one."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    found = Findings()
    try:
        rules = load(folder)
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


def check(
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read the rules, run their cases, look whether meltano.yml carries them, and name everything that is wrong.

    Exit code 1 when something is.
    """
    found = examine(rules)
    if as_json:
        said = {
            "problems": found.problems, "entities": found.entities, "cases": found.cases, "rules": found.digest,
        }  # fmt: skip
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
            "All is well."
        )
    if found.problems:
        raise typer.Exit(1)
