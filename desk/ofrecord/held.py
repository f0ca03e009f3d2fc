"""`ofrecord held`: what was set aside, why, and what can be answered to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ofrecord.held_rows import address, all_held, possible
from ofrecord.masking import without_values
from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Held

COLUMNS = (
    "entity", "kind", "label", "way", "words", "code", "field", "attempts", "first seen", "last seen", "due", "rule",
    "fix", "request", "answers", "answered", "name",
)  # fmt: skip
BASE = "base"
"""Among the values of a held row: what both sides last agreed on, by system."""


def held(  # noqa: PLR0917 - the options of a command
    entity: Annotated[str | None, typer.Option(help="Show only this entity.")] = None,
    kind: Annotated[str | None, typer.Option(help="Show only this kind: refused, duplicate, conflict, ….")] = None,
    values: Annotated[bool, typer.Option("--values", help="Show the values of conflicts and edits, too.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Show also what waits for another record only.")] = False,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was set aside, oldest first: the vendor's own words and request id, a remedy, when it is tried again (UTC).

    The last column is the name by which `ofrecord answer` knows it. Values of records are shown with --values only. Example:
    ofrecord held --entity account --kind refused. Exit codes: 0 also when something is held, 1 without a ledger.
    """
    with opened(ledger) as book:
        rows = all_held(book, entity) if waiting else book.held(entity=entity)
    found = [one for one in rows if kind in {None, one.kind}]
    found = found if values else without_values(found)
    tables = [
        Table(
            "Held", COLUMNS, [_row(one) for one in found], tag="held" if values else "",
            aside=("way", "code", "last seen", "rule", "request"),
            below=("words", "field", "due", "fix", "answers", "answered", "name"),
        )
    ]  # fmt: skip
    if values:
        sides = [(address(one), *side) for one in found for side in sides_of(one)]
        tables.append(Table("Values", ("name", "system", "value", "modified", "editor"), sides, tag="value"))
    show(tables, [told(one, values=values) for one in found], as_json=as_json)
    if not found:
        note("Nothing is held." if entity is None and kind is None else "Nothing of that is held.")


def sides_of(one: Held) -> list[tuple[Any, ...]]:
    """What each system holds of a conflict or an edit, when it was changed there and by whom; last what was agreed."""
    known = one.values if isinstance(one.values, Mapping) else {}
    found: list[tuple[Any, ...]] = [
        (system, side.get("value"), side.get("modified"), side.get("editor"))
        for system, side in known.items()
        if system != BASE and isinstance(side, Mapping)
    ]
    agreed = known.get(BASE)
    if isinstance(agreed, Mapping):
        found += [(f"agreed {system}", value, None, None) for system, value in agreed.items()]
    return found


def told(one: Held, *, values: bool = False) -> dict[str, Any]:
    """Everything but the record itself; values of fields only when they are asked for."""
    (one,) = [one] if values else without_values([one])
    hidden = {"payload"} if values else {"payload", "values", "correction"}
    shown = {name: value for name, value in asdict(one).items() if name not in hidden}
    return {"name": address(one), **shown, "corrected": sorted(one.correction or {}), "answers": possible(one)}


def _row(one: Held) -> tuple[Any, ...]:
    return (
        one.entity, one.kind, one.label or one.source_id, f"{one.source}→{one.destination}", one.message, one.code,
        one.field, one.attempts, one.first_at, one.last_at, one.due_at, one.rule, one.fix, one.request,
        ", ".join(possible(one)), _answered(one), address(one),
    )  # fmt: skip


def _answered(one: Held) -> str | None:
    """What a person said to it, as long as no run has carried it out."""
    said = one.answer or (f"corrected: {', '.join(sorted(one.correction))}" if one.correction else None)
    return f"{said} ({one.answered_by})" if said else None
