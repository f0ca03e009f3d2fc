"""`ofrecord delays`: how long it took from a quote that was accepted, or a deal that was won, to its document, as percentiles.

The ledger notes with each document that was taken through its actions when (by the source's clock) the record it was made of
had last been changed: that is its winning, unless somebody edited it afterwards and before the job read it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Annotated

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Event

TAKEN = "then"
"""Why the ledger decided something: the actions of a document that is made once."""
SOON_S, LATER_S = 5 * 60, 15 * 60


@dataclass(frozen=True)
class Delay:
    """Documents of one kind in a system. Percentiles are nearest ranks: so many percent took no longer than that."""

    entity: str
    system: str
    documents: int
    median_s: float
    p95_s: float
    p99_s: float
    longest_s: float
    within_5_min_percent: float
    within_15_min_percent: float


def delays(
    days: Annotated[int, typer.Option(min=0, help="Documents of so many days. 0: all the ledger knows.")] = 30,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how long it took from an accepted quote or a won deal to its confirmed order or sent invoice, as percentiles.

    From the last change of the record before it was read (the vendor's clock) to the document's confirmation (the clock of this
    machine); time for which it was held counts. Documents that were made by hand, or that waited for another record, do not.
    Exit codes: 0 shown, 1 there is no ledger.
    """
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    with opened(ledger) as book:
        found = measured(book.events(kinds=("decided",), since=since))
    show([_table(found)], [asdict(one) for one in found], as_json=as_json)
    if not found:
        note("The ledger knows no document whose beginning it knows, too.")


def measured(events: Iterable[Event]) -> list[Delay]:
    """By entity and system, in the order of their names."""
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.why == TAKEN and isinstance(event.before, str) and event.at is not None:
            passed = (event.at - datetime.fromisoformat(event.before)).total_seconds()
            taken[event.entity, event.system or ""].append(max(0.0, passed))  # clocks differ by a little
    return [_delay(*key, sorted(seconds)) for key, seconds in sorted(taken.items())]


def _delay(entity: str, system: str, seconds: Sequence[float]) -> Delay:
    def rank(percent: int) -> float:
        return round(seconds[ceil(len(seconds) * percent / 100) - 1], 1)

    def within(most: float) -> float:
        return round(100 * sum(one <= most for one in seconds) / len(seconds), 1)

    return Delay(
        entity,
        system,
        len(seconds),
        rank(50),
        rank(95),
        rank(99),
        round(seconds[-1], 1),
        within(SOON_S),
        within(LATER_S),
    )


def _table(found: Sequence[Delay]) -> Table:
    columns = ("entity", "system", "documents", "median", "95th", "99th", "longest", "within 5 min", "within 15 min")
    rows = [
        (
            one.entity,
            one.system,
            one.documents,
            *(_minutes(seconds) for seconds in (one.median_s, one.p95_s, one.p99_s, one.longest_s)),
            f"{one.within_5_min_percent:g} %",
            f"{one.within_15_min_percent:g} %",
        )
        for one in found
    ]
    return Table("Delays", columns, rows)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"
