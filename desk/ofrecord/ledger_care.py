"""`ofrecord ledger`: is history whole, how long are runs kept, and another key."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from ofrecord.opened_ledger import LedgerOption, opened, place_of
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import KEY_VARIABLE, LedgerProblem, key_from, rekey

ledger = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
_BROKEN = 1
_KEEP_DAYS = 400
_NEW_KEY = f"{KEY_VARIABLE}_NEW"


@ledger.callback()
def root() -> None:
    """Check that history is whole, take old runs off the list, give the ledger another key."""


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


@ledger.command("rekey")
def change_key(where: LedgerOption = None) -> None:
    """Give the ledger another key: the present one stands in OFRECORD_LEDGER_KEY, the new one in OFRECORD_LEDGER_KEY_NEW.

    All of it or nothing is changed; afterwards every program needs the new key as OFRECORD_LEDGER_KEY. The cache of tokens does not open any
    more and is made anew. Example: ofrecord ledger rekey. Exit codes: 0 done, 1 nothing was changed (a run has not ended, a wrong key, a
    broken history).
    """
    try:
        old, new = key_from(os.environ), key_from(os.environ, _NEW_KEY)
        if new is None or new == old:
            said = "is not set" if new is None else f"is the same as {KEY_VARIABLE}"
            note(
                f"{_NEW_KEY} {said}. Expected: another key, for instance of `openssl rand -base64 32`. Nothing was changed."
            )
            raise typer.Exit(1)
        with opened(where):
            pass  # there is one, and the present key is its key
        events = rekey(place_of(where), old, new, datetime.now(UTC))
    except LedgerProblem as problem:
        note(f"{problem} Nothing was changed.")
        raise typer.Exit(1) from None
    note(f"The ledger has the new key, and so has its history of {events} events. Set {KEY_VARIABLE} to it everywhere.")
