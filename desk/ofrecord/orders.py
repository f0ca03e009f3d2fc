"""`ofrecord orders`: orders that no quote stands behind, and orders whose lines are not those of their quote any more.

The ledger knows what each order was made with. Which orders came to the sync without a quote stands in it, too; `--live` asks
inventory for every order, and for the lines of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened, project_folder
from ofrecord.orders_live import LiveOrder, live_orders
from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.errors import Retry, Stop, VendorRefusal
from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.plan import UNKNOWN, Fingerprint, same

SALES, STOCK = "crm", "inventory"
ENTITY, LINES, ORDERS = "order", "lines", "salesorders"
NO_QUOTE, CHANGED, TYPED = "no quote", "lines changed", "lines differ"
_NUMBERS = frozenset({"quantity", "rate", "discount"})
_LEFT_OUT = frozenset({"draft", "void"})
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Made:
    """An order the ledger knows: the quote behind it, and its lines as they were sent. `found`: it was there already, and paired."""

    id: str
    number: str
    quote: str
    lines: Any
    found: bool


@dataclass(frozen=True)
class Finding:
    """`kind` is `no quote`, `lines changed` (of an order that was made from its quote) or `lines differ` (of one found beside it)."""

    kind: str
    order: str
    quote: str | None
    what: Sequence[str]


@dataclass(frozen=True)
class Report:
    """What was found, of how many orders; `compared`: whose lines were looked at."""

    findings: Sequence[Finding]
    orders: int
    compared: int
    notes: Sequence[str]


def orders(
    live: Annotated[
        bool, typer.Option("--live", help="Ask inventory: one call for 200 orders, and one for the lines of each.")
    ] = False,
    days: Annotated[
        int, typer.Option(min=0, help="With --live: orders changed within so many days. 0: all there are.")
    ] = 30,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml, for --live; else here or above.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List orders without a quote behind them, and (with --live) orders whose lines are not those they were made with.

    Without --live only what came to the sync is known: orders without a quote that a job has read. Exit codes: 0 nothing is
    listed, 1 something is, or there is no ledger, 2 inventory could not be asked.
    """
    with opened(ledger) as book:
        found = _asked(book, project, days) if live else known_report(book)
    show([_table(found)], asdict(found), as_json=as_json)
    for line in found.notes:
        note(line)
    if found.findings:
        raise typer.Exit(1)


def _asked(book: Ledger, project: Path | None, days: int) -> Report:
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    try:
        file = ProjectFile(project or project_folder(Path.cwd()) or Path.cwd())
        return live_report(book, live_orders(file, since))
    except (ProjectProblem, Stop, Retry, VendorRefusal) as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2) from None


def known_report(ledger: Ledger) -> Report:
    """From the ledger alone."""
    made = made_orders(ledger)
    waiting = {order: row.label for order, row in _waiting(ledger)} | _delivered(ledger)
    findings = [
        Finding(NO_QUOTE, number or order, None, ()) for order, number in sorted(waiting.items()) if order not in made
    ]
    notes = ["Lines are compared with --live only."]
    return Report(
        findings, len(made) + len(findings), 0, notes if made or findings else ["The ledger holds no order yet."]
    )


def _delivered(ledger: Ledger) -> dict[str, str]:
    """Orders that came to the sync as records of their own (an entry on their account), with their numbers; no drafts, no void ones."""
    found: dict[str, str] = {}
    for (entity, source), schema in ledger.wires(SALES).items():
        said = schema.get("x-ofrecord") or {}
        if source != STOCK or entity == ENTITY or said.get("source_object") != ORDERS or said.get("combine"):
            continue
        number, status = _field_of(schema, "salesorder_number"), _field_of(schema, "status")
        events = ledger.events(kinds=("created", "linked"), entity=entity)
        links = list({event.link: None for event in events if event.link})
        agreed = ledger.agreed_of(links, STOCK, SALES)
        for link, order in ledger.ids_of(links, STOCK).items():
            values = agreed.get(link, {})
            if _known(values, status) not in _LEFT_OUT:
                found[order] = _known(values, number) or order
    return found


def _field_of(schema: Mapping[str, Any], read: str) -> str:
    """The field of the rules that is read from this one in inventory."""
    abouts = [one.get("x-ofrecord") or {} for one in schema["properties"].values()]
    return next((str(about["field"]) for about in abouts if read in (about.get("read") or ())), "")


def _waiting(ledger: Ledger) -> list[tuple[str, Held]]:
    """What belongs to an order and waits for its quote, with the order's id: the order itself last, whose label is its number."""
    found = []
    for row in ledger.held(source=STOCK, state="waiting"):
        by = (row.payload or {}).get("_ofrecord", {}).get("by") if isinstance(row.payload, Mapping) else None
        order = next((one for one in by if one), None) if isinstance(by, list) else by
        if order not in (None, ""):
            found.append((str(order), row))
    return sorted(found, key=lambda one: one[1].source_id == one[0])


def made_orders(ledger: Ledger) -> dict[str, Made]:
    """Every order with a quote, by its id."""
    first: dict[str, str] = {}
    for event in ledger.events(kinds=("created", "linked"), entity=ENTITY):
        if event.link:
            first[event.link] = event.kind
    agreed = ledger.agreed_of(first, SALES, STOCK)
    ids, quotes = ledger.ids_of(first, STOCK), ledger.ids_of(first, SALES)
    found = {}
    for link, kind in first.items():
        if link not in ids or link not in quotes:
            continue
        values = agreed.get(link, {})
        lines = values[LINES].destination if LINES in values else UNKNOWN
        number = _known(values, "order number") or ids[link]
        quote = _known(values, "quote number") or quotes[link]
        found[ids[link]] = Made(ids[link], number, quote, lines, kind == "linked")
    return found


def _known(values: Mapping[str, Any], field: str) -> str | None:
    base = values.get(field)
    said = [one for one in (base.destination, base.source) if isinstance(one, str)] if base is not None else []
    return said[0] if said else None


def live_report(ledger: Ledger, live: Iterable[LiveOrder]) -> Report:
    """What inventory holds beside what the ledger knows."""
    made, findings, number, compared = made_orders(ledger), list[Finding](), 0, 0
    for order in live:
        number += 1
        known = made.get(order.id)
        if known is None:
            findings.append(Finding(NO_QUOTE, order.number, None, ()))
            continue
        if known.lines is UNKNOWN or order.lines is None:
            continue
        compared += 1
        if what := differences(known.lines, order.lines):
            findings.append(Finding(TYPED if known.found else CHANGED, order.number, known.quote, what))
    notes = [f"{number} orders looked at, the lines of {compared} compared."]
    if number - compared - sum(one.kind == NO_QUOTE for one in findings):
        notes.append("Of the others the ledger does not hold the lines they were made with.")
    return Report(findings, number, compared, notes)


def differences(made: Any, live: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is different now, in words; nothing where the lines are the same, in whatever order.

    Hashed lines can only be told to be the same or not.

    >>> differences([{"item_id": "1", "quantity": 2}], [{"item_id": "1", "quantity": 3, "sku": "B-M8"}])
    ['B-M8: quantity is 3, was 2']
    """
    if isinstance(made, Fingerprint):
        keys = ("item_id", "quantity", "rate", "discount", "tax_id", "description")
        return (
            []
            if same(made, [{key: row.get(key) for key in keys} for row in live], "lines")
            else ["the lines are others"]
        )
    rest, found = list(live), []
    unpaired = []
    for line in made or ():
        equal = next((row for row in rest if not _changes(line, row)), None)
        if equal is None:
            unpaired.append(line)
        else:
            rest.remove(equal)
    for line in unpaired:
        row = next((row for row in rest if str(row.get("item_id")) == str(line.get("item_id"))), None)
        if row is None:
            found.append(f"item {line.get('item_id')}: gone")
        else:
            rest.remove(row)
            found += [
                f"{_name(row)}: {name} is {_said(row.get(name))}, was {_said(line.get(name))}"
                for name in _changes(line, row)
            ]
    return [*found, *(f"{_name(row)}: new" for row in rest)]


def _changes(line: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Names of what was sent of a line and is another now; nothing and zero are the same."""
    return [
        name
        for name, value in line.items()
        if not same(value or None, _plain(row.get(name)) or None, "number" if name in _NUMBERS else None)
    ]


def _plain(value: Any) -> Any:
    return None if value in ("", 0, "0") else value


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("sku") or row.get("name") or f"item {row.get('item_id')}")


def _said(value: Any) -> str:
    return "nothing" if value in (None, "") else str(value)


def _table(found: Report) -> Table:
    rows = []
    for one in found.findings:
        more = len(one.what) - _MOST_SHOWN
        words = "; ".join([*one.what[:_MOST_SHOWN], *([f"{more} more"] if more > 0 else [])])
        rows.append((one.kind, one.order, one.quote, words))
    return Table("Orders", ("kind", "order", "quote", "what"), rows, below=("what",))
