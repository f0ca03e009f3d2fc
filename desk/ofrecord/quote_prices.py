"""`ofrecord quote-prices`: lines of open quotes get the rates of their customer's price list, and a flag below what is allowed."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from ofrecord.connected import client_of
from ofrecord.opened_ledger import project_folder
from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.errors import Retry, Stop

if TYPE_CHECKING:
    from ofrecord.prices.applying import Outcome

CALLER = "quote-prices"
"""The command's name in `meltano.yml`, under which its calls are counted."""
PRICED = ("Draft", "Negotiation")
_COLUMNS = ("quote", "stage", "line", "product", "quantity", "before", "rate", "allowed", "flag")


def quote_prices(
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Stages in which rates are set; else Draft and Negotiation. In others lines are flagged."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, show what would be written.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell each line of the open quotes its allowed rate, and set it where nobody typed another.

    A line whose rate is the standard price, or what it was allowed before, gets the rate of the customer's price list for its quantity,
    while its quote is in one of the stages. A rate a person typed is left alone. A line below what is allowed is flagged.
    Exit codes: 0 done, 1 something cannot be read or was refused.
    """
    from ofrecord.prices.applying import apply_prices  # noqa: PLC0415 - needs the network
    from ofrecord.quotes import destination  # noqa: PLC0415

    try:
        file = ProjectFile(project or project_folder(Path.cwd()) or Path.cwd())
        run = os.environ.get("OFRECORD_RUN") or uuid4().hex
        with (
            client_of(file, "tap-crm", CALLER, run) as crm,
            client_of(file, "tap-inventory", CALLER, run) as inventory,
        ):
            outcome = apply_prices(crm, inventory, destination(crm, file), stage or PRICED, dry=dry_run)
    except (ProjectProblem, Stop, Retry) as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    _show(outcome, as_json=as_json, dry=dry_run)
    if outcome.refused:
        raise typer.Exit(1)


def _show(outcome: Outcome, *, as_json: bool, dry: bool) -> None:
    rows = [tuple(asdict(one)[name] for name in _COLUMNS) for one in outcome.told]
    show([Table("Lines", _COLUMNS, rows, "line", aside=("product",))], asdict(outcome), as_json=as_json)
    for quote, why in outcome.refused:
        note(f"quote {quote}: {why}")
    set_, flagged = (
        sum(one.before != one.rate for one in outcome.told),
        sum(one.flag is not None for one in outcome.told),
    )
    wrote = "Nothing was written." if dry else f"{outcome.written} quotes were written."
    note(f"{outcome.quotes} open quotes, {outcome.lines} lines: {set_} rates set, {flagged} lines flagged. {wrote}")
