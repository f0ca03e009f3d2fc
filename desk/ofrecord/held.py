"""`ofrecord held`: what was set aside, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Held

COLUMNS = (
    "entity", "kind", "label", "way", "words", "code", "field", "attempts", "first seen", "last seen", "due", "rule",
)  # fmt: skip


def held(
    entity: Annotated[str | None, typer.Option(help="Show only this entity.")] = None,
    kind: Annotated[str | None, typer.Option(help="Show only this kind: refused, duplicate, conflict, ….")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was set aside, oldest first, with the vendor's own words and when it is tried again (UTC).

    What has no due time waits for a person. Exit codes: 0 also when something is held, 1 without a ledger.
    """
    with opened(ledger) as book:
        found = [one for one in book.held(entity=entity) if kind in {None, one.kind}]
    table = Table(
        "Held",
        COLUMNS,
        [_row(one) for one in found],
        aside=("way", "code", "last seen", "rule"),
        below=("words", "field", "due"),
    )
    show([table], [_told(one) for one in found], as_json=as_json)
    if not found:
        note("Nothing is held." if entity is None and kind is None else "Nothing of that is held.")


def _row(one: Held) -> tuple[Any, ...]:
    return (
        one.entity, one.kind, one.label or one.source_id, f"{one.source}→{one.destination}", one.message, one.code,
        one.field, one.attempts, one.first_at, one.last_at, one.due_at, one.rule,
    )  # fmt: skip


def _told(one: Held) -> dict[str, Any]:
    """Everything but the record itself."""
    return {name: value for name, value in asdict(one).items() if name != "payload"}
