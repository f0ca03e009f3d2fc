"""The Classic Models company as its accountant would book it, and what must follow. Exact decimals; knows the CSV files only.

An invoice is an order that was shipped (DATA-DICTIONARY.md). One that was cancelled after it was shipped was invoiced and then voided.
Payments name a customer and a cheque, never an invoice. They are laid: first each that is exactly what one invoice of the customer wants,
oldest first; then the others, by day, against the customer's oldest invoices that still want money.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

Row = dict[str, str]
NOTHING = Decimal(0)
TERMS = 30
SHIPPED = ("Shipped", "Resolved", "Disputed")


@dataclass
class Order:
    """One order with its lines as (product code, pieces, price)."""

    row: Row
    lines: list[tuple[str, int, Decimal]] = field(default_factory=list)
    laid: list[tuple[Row, Decimal]] = field(default_factory=list)
    """Payments laid against its invoice, each with its share."""

    @property
    def number(self) -> str:
        return self.row["orderNumber"]

    @property
    def customer(self) -> str:
        return self.row["customerNumber"]

    @property
    def status(self) -> str:
        return self.row["status"]

    @property
    def total(self) -> Decimal:
        return sum((pieces * price for _code, pieces, price in self.lines), NOTHING)

    @property
    def is_invoiced(self) -> bool:
        return bool(self.row["shippedDate"])

    @property
    def is_void(self) -> bool:
        return self.status == "Cancelled"

    @property
    def due(self) -> str:
        return (date.fromisoformat(self.row["shippedDate"]) + timedelta(days=TERMS)).isoformat()

    @property
    def paid(self) -> Decimal:
        return sum((share for _payment, share in self.laid), NOTHING)

    @property
    def balance(self) -> Decimal:
        return NOTHING if self.is_void else self.total - self.paid


class Files:
    """The tables, and what follows from them.

    `every`: of the customers all of whose orders were shipped and paid only every so many, in the order of the file.
    """

    def __init__(self, folder: Path, every: int = 1) -> None:
        self.folder = folder
        self.every = every

    def rows(self, name: str) -> list[Row]:
        """Of a table; of customers, orders and payments, those of the customers that are looked at."""
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            found = list(csv.DictReader(lines))
        return [row for row in found if row.get("customerNumber") in {None, *self.chosen}]

    @cached_property
    def chosen(self) -> set[str]:
        """Numbers of the customers that are looked at."""
        with (self.folder / "customers.csv").open(encoding="utf-8", newline="") as lines:
            numbers = [row["customerNumber"] for row in csv.DictReader(lines)]
        if self.every == 1:
            return set(numbers)
        whole = Files(self.folder)
        odd = {one.customer for one in whole.orders.values() if one.status != "Shipped"}
        odd |= {key for key, amount in whole.owed.items() if amount}
        return odd | {key for at, key in enumerate(one for one in numbers if one not in odd) if at % self.every == 0}

    @cached_property
    def customers(self) -> list[Row]:
        return self.rows("customers")

    @cached_property
    def products(self) -> list[Row]:
        return self.rows("products")

    @cached_property
    def orders(self) -> dict[str, Order]:
        """By number, payments laid."""
        found = {row["orderNumber"]: Order(row) for row in self.rows("orders")}
        details = [row for row in self.rows("orderdetails") if row["orderNumber"] in found]
        for row in sorted(details, key=lambda row: int(row["orderLineNumber"])):
            line = (row["productCode"], int(row["quantityOrdered"]), Decimal(row["priceEach"]))
            found[row["orderNumber"]].lines.append(line)
        self._lay(found)
        return found

    @cached_property
    def payments(self) -> list[Row]:
        return sorted(self.rows("payments"), key=lambda row: (row["paymentDate"], row["checkNumber"]))

    def _lay(self, orders: dict[str, Order]) -> None:
        wanting: dict[str, list[Order]] = defaultdict(list)
        for one in sorted(orders.values(), key=lambda one: (one.row["shippedDate"], one.number)):
            if one.is_invoiced and not one.is_void:
                wanting[one.customer].append(one)
        rest = []
        for row in self.payments:
            same = [
                one for one in wanting[row["customerNumber"]] if not one.laid and one.total == Decimal(row["amount"])
            ]
            if same:
                same[0].laid.append((row, same[0].total))
            else:
                rest.append(row)
        for row in rest:
            left = Decimal(row["amount"])
            for one in wanting[row["customerNumber"]]:
                share = min(left, one.total - one.paid)
                if share:
                    one.laid.append((row, share))
                    left -= share

    @cached_property
    def laid(self) -> dict[str, dict[str, Decimal]]:
        """Cheque → its shares by order number."""
        found: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for one in self.orders.values():
            for row, share in one.laid:
                found[row["checkNumber"]][one.number] = share
        return dict(found)

    @cached_property
    def owed(self) -> dict[str, Decimal]:
        """Customer → invoiced less paid."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.orders.values():
            if one.is_invoiced and not one.is_void:
                found[one.customer] += one.total
        for row in self.payments:
            found[row["customerNumber"]] -= Decimal(row["amount"])
        return dict(found)
