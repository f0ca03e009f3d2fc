"""`ofrecord ledger`: is history whole, and how long are runs kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show

ledger = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
_BROKEN = 1
_KEEP_DAYS = 400


@ledger.callback()
def root() -> None:
    """Check that history is whole, and take old runs off the list."""


@ledger.command("verify")
def verify(where: LedgerOption = None, as_json: JsonOption = False) -> None:
    """Check the chain of events: every one is as it was written, and none is missing.

    Example: ofrecord ledger verify. Exit codes: 0 whole, 1 broken (the first such event is named), or no ledger.
    """
    with opened(where) as book:
        place = book.verify()
    rows = [("whole" if place is None else "broken", place)]
    show(
        [Table("History", ("chain", "at event"), rows)],
        {"whole": place is None, "first_broken": place},
        as_json=as_json,
    )
    if place is not None:
        note(f"History is broken at event {place}: it was changed or taken out. Compare it with a copy of the ledger.")
        raise typer.Exit(_BROKEN)


@ledger.command("prune")
def prune(
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=1, help="Days after its end a run is kept.")
    ] = _KEEP_DAYS,
    where: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take runs that ended long ago off the list, but for those that history names; history itself is never pruned.

    Example: ofrecord ledger prune --keep-days 90. Exit codes: 0 pruned, 1 without a ledger.
    """
    with opened(where) as book, book.writing(datetime.now(UTC)) as writing:
        gone = writing.prune(keep_days)
    show([Table("Pruned", ("runs",), [(gone,)])], {"runs": gone, "keep_days": keep_days}, as_json=as_json)
