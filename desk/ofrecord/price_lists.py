"""`ofrecord price-lists`: the biggest accounts that have no price list."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ofrecord.connected import client_of
from ofrecord.opened_ledger import project_folder
from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.errors import Retry, Stop

_COLUMNS = ("place", "currency", "account", "name", "customer", "invoiced", "invoices", "last")


def price_lists(
    most: Annotated[int, typer.Option("--most", min=1, help="So many accounts of each currency.")] = 50,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Invoices of this day and later; else all.")
    ] = None,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the accounts without a price list by what they were invoiced, those of each currency for themselves.

    Drafts and void invoices do not count. Give the customer its list in inventory; the CRM shows it within the hour.
    Exit codes: 0 shown, 1 something cannot be read.
    """
    from ofrecord.prices.untagged import accounts, invoices, ranked, sold  # noqa: PLC0415 - needs the network

    first: date | None = since.date() if since else None
    try:
        file = ProjectFile(project or project_folder(Path.cwd()) or Path.cwd())
        with client_of(file, "tap-books") as books, client_of(file, "tap-crm") as crm:
            found = ranked(sold(invoices(books, first)), accounts(crm), most)
    except (ProjectProblem, Stop, Retry) as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    rows = [tuple(asdict(one)[name] for name in _COLUMNS) for one in found.accounts]
    show([Table("Accounts without a price list", _COLUMNS, rows, aside=("customer",))], asdict(found), as_json=as_json)
    note(f"{len(found.accounts)} accounts without a price list, by {found.invoices} invoices.")
    if found.unlinked:
        note(f"{found.unlinked} customers with invoices are no account of the CRM.")
