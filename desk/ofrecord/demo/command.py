"""`ofrecord demo`, as a person types it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

INTERRUPTED = 130


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the AdventureWorks CSV files, instead of the made-up company.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Keep the demo's folder (ledger, logs) afterwards.")] = False,
) -> None:
    """Sync a company on the local sandbox, edit it, and watch the edits arrive."""
    from ofrecord.demo.play import run_demo  # noqa: PLC0415 - the other commands need none of it
    from ofrecord.demo.stage import DemoError, find_project  # noqa: PLC0415

    console = Console()
    try:
        fine = run_demo(console, find_project(Path.cwd()), data, keep=keep)
    except DemoError as error:
        console.print(str(error), style="bold red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopped; everything the demo made is removed. Start it again whenever you like.")
        raise typer.Exit(INTERRUPTED) from None
    if not fine:
        console.print("[bold red]Something did not arrive; the lines above say what.[/bold red]")
        raise typer.Exit(1)
    console.print("\n[bold green]Everything arrived, and nothing was written when nothing changed.[/bold green]")
