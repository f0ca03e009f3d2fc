"""`ofrecord diff`: what a change of the rules changes, in the matrix and for recorded data."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ofrecord.matrix import rows
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_transforms.systems import System

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Field, Rules

ROW = ("owner", "subscribers", "policy", "names", "unit", "cadence", "conversion", "why")
BESIDE = ("format", "violation", "too_long", "after_create", "combine", "otherwise", "identity", "lossy")
"""What a field says that is no column of the matrix."""
_LEFT_OUT = {"entity", "file", "fields", "stop", "cadence"}
SHOWN_IDS = 20
SYSTEMS = "systems"
"""Stands for an entity where a system itself changed."""


class DiffProblem(Exception):  # noqa: N818 - named for what it is
    """Something to compare cannot be read; the message says what, and what to do."""


@dataclass(frozen=True)
class Change:
    """One line of the matrix that is `added`, `removed` or `changed`; `field` is empty for the entity itself.

    `what` names what changed, by column or key; `before` and `after` are what it said, in words.
    """

    kind: str
    entity: str
    field: str
    what: str = ""
    before: str = ""
    after: str = ""
    rule: str = ""


def changes(old: Rules, new: Rules) -> list[Change]:
    """Everything that differs, in the order of the new files; what is gone comes last."""
    before, after = _said(old), _said(new)
    found = []
    for key, said in after.items():
        there = before.get(key)
        if there is None:
            found.append(Change("added", *key, rule=said["rule"]))
            continue
        found += [
            Change("changed", *key, what, there[what], value, said["rule"])
            for what, value in said.items()
            if what != "rule" and there[what] != value
        ]
    return [*found, *(Change("removed", *key, rule=said["rule"]) for key, said in before.items() if key not in after)]


def _said(rules: Rules) -> dict[tuple[str, str], dict[str, str]]:
    said: dict[tuple[str, str], dict[str, str]] = {}
    listed = {(row.entity, row.field): row for row in rows(rules)}
    for name, system in rules.systems.items():
        said[SYSTEMS, name] = {one.name: _words(getattr(system, one.name)) for one in fields(system)} | {"rule": ""}
    for name, entity in rules.entities.items():
        said[name, ""] = {**_of_entity(entity), "rule": entity.file}
        for rule in entity.fields:
            row = listed[name, rule.what]
            said[name, rule.what] = {
                **{what: _words(getattr(row, what)) for what in ROW},
                **_beside(rule),
                "rule": rule.rule,
            }
    return said


def _of_entity(entity: Entity) -> dict[str, str]:
    return {one.name: _words(getattr(entity, one.name)) for one in fields(entity) if one.name not in _LEFT_OUT} | {
        "stop": ", ".join(f"{stop.what} {_words(stop.when)}" for stop in entity.stop)
    }


def _beside(rule: Field) -> dict[str, str]:
    said = {what: _words(getattr(rule, what)) for what in BESIDE}
    said["lines"] = "; ".join(
        f"{line.what} {_words({system: side.field for system, side in line.sides.items()})}" for line in rule.lines
    )
    return said


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(_words, value))
        case System():
            return value.name
        case dict():
            return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        said = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in {"rule", "line"}}
        return ", ".join(
            f"{name} {_words(inner)}" for name, inner in said.items() if inner not in (None, "", False, ())
        )
    return str(value)


def rules_at(against: str, folder: Path) -> Rules:
    """The rules of another folder, or of a commit of the folder given, with this folder's catalogs.

    Raises DiffProblem and RulesError.
    """
    from ofrecord_transforms.load import read_all  # noqa: PLC0415 - help needs none of it

    other = Path(against)
    if other.is_dir():
        files = [*other.glob("*.yml"), *other.glob("*.yaml")]
        return read_all({f"{other.resolve().name}/{file.name}": file.read_bytes() for file in files}, folder)
    listed = _git(folder, "ls-tree", "--name-only", against, "./").decode().splitlines()
    texts = {
        f"{folder.resolve().name}/{name}": _git(folder, "show", f"{against}:./{name}")
        for name in listed
        if name.endswith((".yml", ".yaml"))
    }
    if not texts:
        message = f"{against} holds no rule files in {folder}. Name a folder, or a commit that has them."
        raise DiffProblem(message)
    return read_all(texts, folder)


def _git(folder: Path, *words: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True).stdout  # noqa: S603, S607 - the user's own git
    except FileNotFoundError:
        message = "git is not installed, so only a folder can be compared: --against FOLDER."
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        message = f"git {words[0]}: {said[-1] if said else 'failed'}. Name a folder, or a commit of this project."
    raise DiffProblem(message)


def diff(  # noqa: PLR0917 - its options
    against: Annotated[str, typer.Option("--against", help="Another folder of rules, or a git commit, branch or tag.")],
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    data: Annotated[
        Path | None, typer.Option("--data", help="Recorded output of a tap (Singer lines); needs --from and --to.")
    ] = None,
    source: Annotated[str | None, typer.Option("--from", help="System the recorded data is from.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="System it would be sent to.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when something differs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between these rules and others, and which recorded records would be sent differently.

    Of records only ids and names of fields are shown, never values. Exit codes: 0 compared, 1 something differs (with
    --exit-code), 2 something cannot be read or the rules have problems.
    """
    from ofrecord.replay import Replay, replay  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.load import load  # noqa: PLC0415
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    if data is not None and (source is None or to is None):
        typer.echo("--data needs --from and --to: the systems the records go between.", err=True)
        raise typer.Exit(2)
    replays: list[Replay] = []
    try:
        old, new = rules_at(against, rules), load(rules)
        if data is not None and source is not None and to is not None:
            with data.open("rb") as lines:
                replays = replay(old, new, source, to, lines)
    except (DiffProblem, RulesError, OSError, ValueError) as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2) from None
    found = changes(old, new)
    show(list(_tables(found, replays)), {"changes": found, "records": replays}, as_json=as_json)
    if not found:
        note("The rules say the same.")
    for one in replays:
        note(
            f"{one.entity} {one.source}→{one.destination}: {len(one.ids)} of {one.read} records would be sent differently."
        )
    if exit_code and (found or any(one.ids for one in replays)):
        raise typer.Exit(1)


def _tables(found: Iterable[Change], replays: Iterable[Any]) -> Iterator[Table]:
    yield Table(
        "Rules",
        ("change", "entity", "field", "what", "before", "after", "line"),
        [(one.kind, one.entity, one.field, one.what, one.before, one.after, one.rule) for one in found],
        tag="rules",
        aside=("line",),
    )
    yield Table(
        "Records sent differently",
        ("entity", "way", "read", "differ", "fields", "ids"),
        [
            (
                one.entity, f"{one.source}→{one.destination}", one.read, len(one.ids),
                ", ".join(f"{name} {count}" for name, count in one.fields.items()),
                ", ".join(one.ids[:SHOWN_IDS]) + (" …" if len(one.ids) > SHOWN_IDS else ""),
            )
            for one in replays
            if one.ids
        ],
        tag="records",
        below=("fields", "ids"),
    )  # fmt: skip
