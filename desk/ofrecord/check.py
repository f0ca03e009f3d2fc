"""`ofrecord check`: is everything in the rule files sound? Needs no network."""

import json
from pathlib import Path
from typing import Annotated

import typer


def check(
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read the rules and name everything that is wrong with them. Exit code 1 when something is."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    problems: list[str] = []
    entities: dict[str, int] = {}
    digest = None
    try:
        loaded = load(rules)
        entities = {name: len(entity.fields) for name, entity in loaded.entities.items()}
        digest = loaded.hash
    except RulesError as error:
        problems = error.problems
    if as_json:
        typer.echo(json.dumps({"problems": problems, "entities": entities, "rules": digest}, ensure_ascii=False))
    elif problems:
        for problem in problems:
            typer.echo(problem)
        typer.echo(f"{rules}: {len(problems)} problem{'s' * (len(problems) != 1)}.", err=True)
    else:
        count = sum(entities.values())
        typer.echo(f"{rules}: {len(entities)} entities, {count} fields, each with one owner or a policy. All is well.")
    if problems:
        raise typer.Exit(1)
