"""`ofrecord demo`, as a person types it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

INTERRUPTED = 130
REMOVED = "nothing is left running, and everything the demo made is removed."
KEPT = "nothing is left running; the folder is kept."


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the AdventureWorks CSV files, instead of the made-up company.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Keep the demo's folder (ledger, logs) afterwards.")] = False,
) -> None:
    """Sync a company on the local sandbox, edit it, and watch the edits arrive."""
    console = Console()
    try:
        fine = play(console, data, keep=keep)
    except KeyboardInterrupt:
        console.print(f"\nStopped; {KEPT if keep else REMOVED} Start it again whenever you like.")
        raise typer.Exit(INTERRUPTED) from None
    if not fine:
        console.print("\n[bold red]Something did not arrive; the lines above say what.[/bold red]")
        raise typer.Exit(1)
    console.print("\n[bold green]Everything arrived, and nothing was written when nothing changed.[/bold green]")


def play(console: Console, data: Path | None, *, keep: bool) -> bool:
    """The demo from start to end; whether everything arrived. A request to end it counts as Ctrl-C."""
    from ofrecord.demo.play import run_demo  # noqa: PLC0415 - the other commands need none of it
    from ofrecord.demo.stage import DemoError, find_project, stop_when_asked  # noqa: PLC0415

    stop_when_asked()

    try:
        return run_demo(console, find_project(Path.cwd()), data, keep=keep)
    except DemoError as error:
        console.print(str(error), style="bold red", markup=False)
        raise typer.Exit(1) from None
