"""`ofrecord catalog`: capture what the connected systems have, so that rules are checked without a network."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.tables import JsonOption
from ofrecord.whole_file import write_whole

TIMEOUT_S = 600


class CaptureProblem(ProjectProblem):
    """A catalog cannot be captured; the message says which and what to do."""


@dataclass(frozen=True)
class Extractor:
    """A tap of `meltano.yml` that has a catalog in the project. `config` holds its settings, secrets among them."""

    name: str
    executable: str
    catalog: Path
    config: dict[str, Any]


def extractors(folder: Path) -> list[Extractor]:
    """The taps of `folder/meltano.yml` with a catalog of their own; `$NAME` is read from the environment. Raises ProjectProblem."""
    project = ProjectFile(folder)
    return [
        Extractor(name, str(project.said(name, "executable")), Path(said["catalog"]), project.settings(name))
        for name, said in project.extractors.items()
        if "catalog" in said
    ]


def discovered(tap: Extractor) -> dict[str, Any]:
    """What a tap finds at its system. Raises CaptureProblem with the tap's own last words."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(tap.config), encoding="utf-8")
        command = [tap.executable, "--config", str(settings), "--discover"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 - the project's own tap
        except (OSError, subprocess.TimeoutExpired) as error:
            message = f"{tap.name}: {tap.executable} could not be run ({type(error).__name__}). Is it installed?"
            raise CaptureProblem(message) from error
    if ran.returncode:
        words = [line for line in ran.stderr.splitlines() if line.strip()]
        message = f"{tap.name}: {words[-1] if words else 'ended without a word'}"
        raise CaptureProblem(message)
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)  # noqa: S101 - a Singer catalog is an object
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line for each stream or field that came, went or changed."""
    old, new = _described(before), _described(after)
    lines = [f"new: {name}" for name in new if name not in old]
    lines += [f"gone: {name}" for name in old if name not in new]
    lines += [f"changed: {name}" for name in new if name in old and new[name] != old[name]]
    return sorted(lines)


def _described(catalog: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for stream in (*catalog.get("streams", []), *catalog.get("objects", [])):
        facts = {".".join(one["breadcrumb"][1::2]): one["metadata"] for one in stream.get("metadata", [])}
        for name, about in stream["schema"].get("properties", {}).items():
            shape = {key: value for key, value in about.items() if key != "description"}
            found[f"{stream['tap_stream_id']}.{name}"] = (shape, facts.get(name))
    return found


@dataclass(frozen=True)
class Captured:
    """What became of one tap: its differences, or the problem it was not captured for."""

    tap: str
    catalog: str
    differences: list[str]
    problem: str | None = None
    written: bool = False


def capture(one: Extractor, folder: Path, *, write: bool) -> Captured:
    """Ask one system and keep what it said. A system that cannot be asked keeps its catalog. Effects: a program, a file."""
    path = folder / one.catalog
    try:
        after = discovered(one)
    except CaptureProblem as problem:
        return Captured(one.name, str(one.catalog), [], str(problem))
    before = json.loads(path.read_bytes()) if path.exists() else {}
    if write:
        write_whole(path, json.dumps(after, indent=2, ensure_ascii=False) + "\n")
    return Captured(one.name, str(one.catalog), differences(before, after), written=write)


def catalog(
    folder: Annotated[Path, typer.Option(help="Folder of meltano.yml.")] = Path(),
    tap: Annotated[list[str] | None, typer.Option(help="Only this tap; may be repeated.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the differences and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask every connected system for its fields and keep them in the project's catalogs.

    Settings come from the environment, as in runs. Exit codes: 0 captured, 1 a system cannot be asked; its catalog stays as it is.
    """
    try:
        chosen = [one for one in extractors(folder) if not tap or one.name in tap]
    except ProjectProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    found = []
    for extractor in chosen:
        one = capture(extractor, folder, write=not show)
        found.append(one)
        if one.problem is not None:
            typer.echo(one.problem, err=True)
        elif not as_json:
            lines = one.differences
            typer.echo(f"{one.catalog}: {len(lines)} differences" if lines else f"{one.catalog}: as it was")
            for line in lines:
                typer.echo(f"  {line}")
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    if any(one.problem is not None for one in found):
        raise typer.Exit(1)
