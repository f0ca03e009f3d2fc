"""`ofrecord reconcile`: what was sold, ordered, invoiced and paid, as far as the ledger holds it.

The ledger knows an order by the lines that were agreed when it was made, and invoices and payments as parts of their
deal. It holds no tax: an order with tax is not compared with its invoices. Names of fields are those of `rules/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Ledger
from ofrecord_kit.plan import UNKNOWN, Agreed
from ofrecord_kit.plan.states import FIGURES

SALES, STOCK = "crm", "inventory"
NEARLY = Decimal("0.01")
"""A cent, in the currency of the document: what rounding may move."""


@dataclass(frozen=True)
class Order:
    """One order as it was agreed: net of tax; amounts None where the ledger lacks them."""

    number: str
    deal: str | None
    sold: Decimal | None
    ordered: Decimal | None
    is_taxed: bool
    is_checked: bool
    """The vendors' own totals were equal when the order was made."""


@dataclass(frozen=True)
class Row:
    """The orders of one deal (usually one) beside what was invoiced and paid on it."""

    orders: Sequence[str]
    deal: str | None
    sold: Decimal | None
    ordered: Decimal | None
    invoiced: Decimal | None
    paid: Decimal | None
    due: Decimal | None
    is_taxed: bool
    is_checked: bool


@dataclass(frozen=True)
class Mismatch:
    """`kind` is `missing hop` (a quote without order), `total` (the vendors' totals differ) or `amount`."""

    kind: str
    what: str
    why: str
    difference: Decimal | None = None


@dataclass(frozen=True)
class Reconciliation:
    """All rows, what does not agree, sums by column, and what could not be compared."""

    rows: Sequence[Row]
    mismatches: Sequence[Mismatch]
    sums: Mapping[str, Decimal]
    notes: Sequence[str]


def reconcile(ledger: LedgerOption = None, as_json: JsonOption = False) -> None:
    """Compare sold, ordered, invoiced and paid per order, from what the ledger holds; sold and ordered are without tax.

    Sums add amounts as they stand: the ledger does not hold their currencies. Exit codes: 0 nothing differs (or
    nothing can be compared, then a note says so), 1 at least one mismatch, or there is no ledger.
    """
    with opened(ledger) as book:
        found = compare(book)
    show(_tables(found), asdict(found), as_json=as_json)
    for line in found.notes:
        note(line)
    if found.mismatches:
        raise typer.Exit(1)


def compare(ledger: Ledger) -> Reconciliation:
    """The reconciliation of everything in the ledger."""
    orders = _orders(ledger)
    deals = list(dict.fromkeys(order.deal for order in orders if order.deal is not None))
    invoices = ledger.parts_of("invoice", SALES, deals)
    payments = ledger.parts_of("payment", SALES, deals)
    groups: dict[str, list[Order]] = defaultdict(list)
    for number, order in enumerate(orders):
        groups[f"deal {order.deal}" if order.deal is not None else f"order {number}"].append(order)
    rows = [_row(group, invoices, payments) for group in groups.values()]
    mismatches = [*_unordered(ledger), *(mismatch for row in rows for mismatch in _mismatches(row))]
    columns = ("sold", "ordered", "invoiced", "paid", "due")
    sums = {name: _sum(getattr(row, name) for row in rows) or Decimal(0) for name in columns}
    return Reconciliation(rows, mismatches, sums, _notes(rows, mismatches))


def _orders(ledger: Ledger) -> list[Order]:
    links = {event.link: None for event in ledger.events(kinds=("created", "linked"), entity="order") if event.link}
    agreed = ledger.agreed_of(links, SALES, STOCK)
    numbers = ledger.ids_of(links, STOCK)
    return [_order(agreed.get(link, {}), numbers.get(link, link)) for link in links]


def _order(agreed: Mapping[str, Agreed], record: str) -> Order:
    def value(field: str, *, at: str) -> Any:
        base = agreed.get(field)
        found = UNKNOWN if base is None else base.source if at == SALES else base.destination
        return None if found is UNKNOWN else found

    deal = value("deal", at=SALES)
    deal = deal.get("id") if isinstance(deal, dict) else deal
    lines = value("lines", at=STOCK)
    sold = _total(value("lines", at=SALES), ("Quantity", "List_Price", "Discount"), value("adjustment", at=SALES))
    ordered = _total(lines, ("quantity", "rate", "discount"), value("adjustment", at=STOCK))
    number = value("order number", at=STOCK) or value("quote number", at=SALES) or record
    taxed = any(line.get("tax_id") for line in lines or ())
    return Order(
        str(number),
        None if deal in {None, ""} else str(deal),
        sold,
        ordered,
        taxed,
        value("_then", at=STOCK) is not None,
    )


def _total(lines: Any, names: tuple[str, str, str], adjustment: Any) -> Decimal | None:
    """Quantity times rate, less discount, of all lines, and the adjustment; None when a line says less, or there is none."""
    if not isinstance(lines, list) or not lines:
        return None
    total = _amount(adjustment) or Decimal(0)
    for line in lines:
        quantity, rate, discount = (_amount(line.get(name)) for name in names)
        if quantity is None or rate is None:
            return None
        total += quantity * rate - (discount or Decimal(0))
    return total.quantize(NEARLY) if total == total.quantize(NEARLY) else total


def _amount(value: Any) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | Decimal | str) and str(value).strip() else None


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


Parts = Mapping[str, Mapping[str, Mapping[str, Any]]]


def _row(orders: Sequence[Order], invoices: Parts, payments: Parts) -> Row:
    deal = orders[0].deal
    billed = invoices.get(deal or "", {}).values()
    settled = payments.get(deal or "", {}).values()
    complete = all(order.ordered is not None for order in orders)
    return Row(
        [order.number for order in orders], deal,
        _sum(order.sold for order in orders),
        _sum(order.ordered for order in orders) if complete else None,
        _sum(_amount(part.get("Invoiced_Amount")) for part in billed),
        _sum(_amount((part.get(FIGURES) or {}).get("Paid", part.get("Paid_Amount"))) for part in settled),
        _sum(_amount(part.get("Balance_Due")) for part in billed),
        any(order.is_taxed for order in orders), all(order.is_checked for order in orders),
    )  # fmt: skip


def _unordered(ledger: Ledger) -> list[Mismatch]:
    """Accepted quotes without an order, and orders whose total differed from their quote's."""
    held = ledger.held(entity="order", source=SALES)
    linked = ledger.links_of("order", SALES, STOCK, [one.source_id for one in held])
    return [
        Mismatch("total" if one.kind == "check" else "missing hop", f"quote {one.label or one.source_id}", one.message)
        for one in held
        if one.kind == "check" or one.source_id not in linked
    ]


def _mismatches(row: Row) -> list[Mismatch]:
    what = f"order {', '.join(row.orders)}"
    found = []
    if row.sold is not None and row.ordered is not None and row.sold != row.ordered:
        found.append(_differs(what, "sold", row.sold, "ordered", row.ordered))
    if (
        row.invoiced is not None
        and row.ordered is not None
        and not row.is_taxed
        and row.invoiced - row.ordered > NEARLY
    ):
        found.append(_differs(what, "ordered", row.ordered, "invoiced", row.invoiced))
    settled = None if row.invoiced is None or row.due is None else row.invoiced - row.due
    if settled is not None and settled != (row.paid or Decimal(0)):
        found.append(_differs(what, "invoiced less balance due", settled, "paid", row.paid or Decimal(0)))
    return found


def _differs(what: str, left: str, one: Decimal, right: str, other: Decimal) -> Mismatch:
    return Mismatch("amount", what, f"{left} {one:f}, {right} {other:f}", other - one)


def _notes(rows: Sequence[Row], mismatches: Sequence[Mismatch]) -> list[str]:
    if not rows and not mismatches:
        return ["Nothing can be compared: the ledger holds no order yet."]
    notes = []
    if taxed := sum(len(row.orders) for row in rows if row.is_taxed):
        notes.append(f"{taxed} orders carry tax, which the ledger does not hold: not compared with their invoices.")
    if unknown := sum(len(row.orders) for row in rows if row.ordered is None):
        notes.append(f"{unknown} orders have no amounts in the ledger (paired, not made from a quote).")
    if apart := sum(len(row.orders) for row in rows if row.deal is None):
        notes.append(f"{apart} orders belong to no deal: their invoices and payments are not known here.")
    if not mismatches:
        notes.append("Nothing differs.")
    return notes


def _tables(found: Reconciliation) -> list[Table]:
    sums = found.sums
    rows = [
        (
            ", ".join(row.orders), row.deal, row.sold, row.ordered, row.invoiced, row.paid, row.due, row.is_taxed,
            row.is_checked,
        )
        for row in found.rows
    ]  # fmt: skip
    columns = ("order", "deal", "sold", "ordered", "invoiced", "paid", "due", "taxed", "totals checked")
    return [
        Table("Orders", columns, rows, "order", aside=("deal", "totals checked")),
        Table("Sums", tuple(sums), [tuple(sums.values())] if rows else [], "sum"),
        Table(
            "Mismatches", ("kind", "what", "why", "difference"),
            [(one.kind, one.what, one.why, one.difference) for one in found.mismatches], "mismatch",
        ),
    ]  # fmt: skip
