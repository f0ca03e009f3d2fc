"""`ofrecord review`: what waits for a person's decision, side by side."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ofrecord.held import BASE, sides_of, told
from ofrecord.held_rows import address, possible
from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Held

KINDS = ("conflict", "violation")


def review(
    entity: Annotated[str | None, typer.Option(help="Show only this entity.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show conflicts and edits that wait for a decision: both values, when and by whom, and what was agreed before.

    Decide with `ofrecord answer NAME take SYSTEM --by NAME`. Values are shown, personal ones too. Example: ofrecord review
    --entity account. Exit codes: 0 also when something waits, 1 without a ledger.
    """
    with opened(ledger) as book:
        found = [one for one in book.held(entity=entity) if one.kind in KINDS]
    rows = [row for one in found for row in _rows(one)]
    columns = ("name", "kind", "system", "value", "modified", "editor", "agreed before", "answers")
    table = Table("To decide", columns, rows, below=("answers",))
    show([table], [told(one, values=True) for one in found], as_json=as_json)
    if not found:
        note("Nothing waits for a decision.")


def _rows(one: Held) -> list[tuple[Any, ...]]:
    """A line for each side; the answers stand at the last one."""
    agreed = (one.values or {}).get(BASE) or {}
    sides = [side for side in sides_of(one) if not str(side[0]).startswith("agreed ")]
    rows = [
        (address(one), one.kind, system, value, modified, editor, agreed.get(system), None)
        for system, value, modified, editor in sides
    ] or [(address(one), one.kind, None, None, None, None, None, None)]
    last = rows[-1]
    return [*rows[:-1], (*last[:-1], ", ".join(possible(one)))]
