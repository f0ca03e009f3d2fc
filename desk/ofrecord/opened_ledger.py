"""Which ledger a command reads, and what to say when there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ofrecord_kit.ledger import Ledger, LedgerProblem, key_from

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="OFRECORD_LEDGER",
        help="Path or database URL of the ledger; else ledger.db beside meltano.yml.",
    ),
]


def project_folder(start: Path) -> Path | None:
    """The folder with `meltano.yml`, here or above."""
    return next((folder for folder in (start, *start.parents) if (folder / "meltano.yml").is_file()), None)


def place_of(where: str | None) -> str:
    """The ledger that is named, else the one beside `meltano.yml`."""
    return where or str((project_folder(Path.cwd()) or Path.cwd()) / "ledger.db")


@contextmanager
def opened(where: str | None) -> Iterator[Ledger]:
    """The ledger, opened with the key of the environment. A missing or unusable one ends the command: one message, exit code 1."""
    place = place_of(where)
    file = _file_of(place)
    if file is not None and not file.is_file():
        typer.echo(
            f"There is no ledger at {file}. Run a job first, or name the ledger: --ledger or OFRECORD_LEDGER.", err=True
        )
        raise typer.Exit(1)
    try:
        ledger = Ledger(place, key=key_from(os.environ))
        try:
            yield ledger
        finally:
            ledger.close()
    except LedgerProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None


def _file_of(place: str) -> Path | None:
    """The file behind a path or an SQLite URL; None for a database server."""
    if "://" not in place:
        return Path(place).expanduser()
    return Path(place.split("///", 1)[1]) if place.startswith("sqlite") and "///" in place else None
