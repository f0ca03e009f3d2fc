"""`ofrecord stock`: what open quotes can be promised, asked now, written to their lines or shown."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened, project_folder
from ofrecord.subject import problems_told
from ofrecord.tables import JsonOption, Table, note, show

if TYPE_CHECKING:
    from ofrecord.promises.asking import Asking
    from ofrecord.promises.saying import Sayings
    from ofrecord.promises.telling import Outcome

QuoteArgument = Annotated[
    str | None, typer.Argument(metavar="[QUOTE]", help="Number or id of one quote; else all open ones.")
]


def stock(  # noqa: PLR0917 - the options of a command
    quote: QuoteArgument = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="List open quotes whose stock or price moved since the customer was told.")
    ] = False,
    show_only: Annotated[bool, typer.Option("--show", help="Ask, and write nothing.")] = False,
    rules: Annotated[Path | None, typer.Option(help="Folder of the rule files; else rules beside meltano.yml.")] = None,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask inventory now for the stock of all open quotes, divide it among them, and write what each line can be promised.

    With QUOTE its lines are shown, with how old the figures were that the CRM had; they alone are written. rules/promises/ says which quotes,
    who is served first, and into which fields. Examples: ofrecord stock · ofrecord stock Q-17 --show · ofrecord stock --stale.
    Exit codes: 0 done (also where somebody edited a quote meanwhile: the next run), 1 a system cannot be asked, a quote was refused or does
    not exist, with --stale: some are, 2 the command was called wrongly.
    """
    from ofrecord.promises.shown import one_quote, stale_lines, summary  # noqa: PLC0415 - help needs none of it

    if quote is not None and stale:
        note("--stale lists all open quotes. Leave the quote out, or leave --stale out.")
        raise typer.Exit(2)
    folder = project or project_folder(Path.cwd()) or Path.cwd()
    with _asking(folder, rules or folder / "rules", ledger) as (asking, sayings):
        seen = asking.see(quote)
        if seen is None:
            note(
                f'The CRM has no {asking.promise.documents.object} with the number or id "{quote}". Write it as the CRM shows it.'
            )
            raise typer.Exit(1)
        if stale:
            found = stale_lines(seen, sayings)
            columns = ("quote", "item", "told", "now", "price told", "price now", "told at", "moved")
            show(
                [Table("Moved since the customer was told", columns, [tuple(one.values()) for one in found], "stale")],
                found,
                as_json=as_json,
            )
            note(
                f"{len({one['quote'] for one in found})} quotes are stale."
                if found
                else "What customers were told holds."
            )
            raise typer.Exit(1 if found else 0)
        outcome = _tell(asking, sayings, seen, write_it=not show_only, only=seen.asked.id if seen.asked else None)
        if seen.asked is not None:
            tables, said = one_quote(seen, asking, sayings)
            show(tables, said | {"outcome": asdict(outcome)}, as_json=as_json)
        else:
            show([Table("", *summary(outcome))], asdict(outcome), as_json=as_json)
    _end(outcome, show_only=show_only)


def _tell(asking: Asking, sayings: Sayings, seen: Any, *, write_it: bool, only: str | None) -> Outcome:
    from ofrecord.connected import client_of, tokens_of  # noqa: PLC0415
    from ofrecord.promises.asking import CALLER, shape_of  # noqa: PLC0415
    from ofrecord.promises.telling import Telling  # noqa: PLC0415
    from ofrecord.quotes import destination  # noqa: PLC0415

    shape = shape_of(asking.promise)
    if not write_it:
        return Telling(sayings, shape, asking.ledger, None, only).tell(seen)
    writer = next(one.plugin for one in tokens_of(asking.project, "crm") if one.writes)
    with client_of(asking.project, writer, CALLER, asking.run) as client:
        return Telling(sayings, shape, asking.ledger, destination(client, asking.project), only).tell(seen)


@contextmanager
def _asking(folder: Path, rules: Path, ledger: str | None) -> Iterator[tuple[Asking, Sayings]]:
    """Rules, project, ledger and a client of the CRM; what goes wrong ends the command with its message and 1."""
    from ofrecord.connected import client_of  # noqa: PLC0415
    from ofrecord.project_file import ProjectFile, ProjectProblem  # noqa: PLC0415
    from ofrecord.promises.asking import CALLER, Asking  # noqa: PLC0415
    from ofrecord.promises.saying import Sayings  # noqa: PLC0415
    from ofrecord_kit.errors import Retry, SetAside, Stop, VendorRefusal  # noqa: PLC0415
    from ofrecord_transforms.load import load  # noqa: PLC0415
    from ofrecord_transforms.promises_read import the_promise  # noqa: PLC0415

    with problems_told(ProjectProblem, Stop, Retry, SetAside), opened(ledger) as book:
        read = load(rules)
        promise, project = the_promise(read, rules), ProjectFile(folder)
        known = read.catalogs.object(read.systems["crm"], promise.documents.object) or {}
        rows = f"{promise.documents.lines}."
        decimals = {name.removeprefix(rows): one.decimals for name, one in known.items() if one.decimals is not None}
        run = os.environ.get("OFRECORD_RUN") or f"{CALLER}-{int(time.time())}-{os.getpid()}"
        try:
            with client_of(project, "tap-crm", CALLER, run) as client:
                yield Asking(project, read, promise, book, client, run), Sayings(promise, decimals)
        except VendorRefusal as refusal:
            note(
                f"If {refusal.field or 'a field'} is not there: `ofrecord check --live` names it, `ofrecord setup` makes it."
            )
            raise


def _end(outcome: Outcome, *, show_only: bool) -> None:
    """What a person should know beside the figures, and the exit code."""
    for number, words in outcome.refused.items():
        note(f"{number}: the CRM refused what its lines can be promised. {words}")
    if outcome.edited_meanwhile:
        note(f"Edited while they were read, so the next run writes them: {', '.join(outcome.edited_meanwhile)}.")
    if outcome.unlinked:
        note(
            f"Products without an item: {', '.join(outcome.unlinked)}. `ofrecord held product` says why, or nobody synced them yet."
        )
    if outcome.paused:
        note("Nothing was written: it is paused.")
    if show_only:
        note("Nothing was written: --show.")
    if outcome.refused:
        raise typer.Exit(1)
