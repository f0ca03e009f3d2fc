"""A month of the Online Retail set as an accountant would book it, and what must follow. Exact decimals; knows the CSV files only.

What the files do not say is decided here, once, by rules that anybody can follow with the files in hand:

- The set has no payments. The last digit of an invoice's number says how it was paid: 0 to 3 at once; 4 by 40 %; 5 and 6 in one payment
  for all of those of the customer; 7 in two payments; 8 and 9 not at all.
- A cancellation names no invoice. It belongs to the customer's only earlier invoice with all its goods at the same prices, if there is
  exactly one. What that invoice still wants is settled by it. What remains is refunded where the invoice was paid at once, and else
  stays open for the customer's next order, as do cancellations that belong to no invoice.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

Row = dict[str, str]
CENT = Decimal("0.01")
NOTHING = Decimal(0)
TERMS = 14
"""Days after which an invoice is due."""
AT_ONCE, FOR_ALL = "0123", "56"
GOODS = re.compile(r"\d{5}")
"""Codes of goods begin with five digits; all others are charges, fees, discounts, vouchers and samples."""


def cents(amount: Decimal) -> Decimal:
    """Half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """One row; the quantity of a cancellation is turned round."""

    code: str
    text: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    @property
    def is_goods(self) -> bool:
        return GOODS.match(self.code) is not None


@dataclass
class Document:
    """All rows with one number, whenever in the day they were typed."""

    number: str
    customer: str
    country: str
    moments: list[str]
    lines: list[Line]

    @property
    def moment(self) -> str:
        return min(self.moments)

    @property
    def day(self) -> str:
        return self.moment[:10]

    @property
    def total(self) -> Decimal:
        return cents(sum((line.amount for line in self.lines), NOTHING))

    @property
    def goods(self) -> list[Line]:
        return [line for line in self.lines if line.is_goods]

    @property
    def charges(self) -> list[Line]:
        return [line for line in self.lines if not line.is_goods]

    @property
    def due(self) -> str:
        return (date.fromisoformat(self.day) + timedelta(days=TERMS)).isoformat()


@dataclass
class Payment:
    """Money of a customer; shares by invoice number."""

    customer: str
    day: str
    shares: dict[str, Decimal]


@dataclass
class Credit:
    """A cancellation: what of it settles its invoice, what was given back, and whether the goods came back."""

    document: Document
    invoice: str = ""
    applied: Decimal = NOTHING
    refunded: Decimal = NOTHING
    returned: bool = False

    @property
    def open(self) -> Decimal:
        return self.document.total - self.applied - self.refunded


@dataclass
class Books:
    """The documents of some days of a month."""

    sales: dict[str, Document] = field(default_factory=dict)
    """Of customers, with goods that cost something: a deal, a quote, an order, an invoice."""
    direct: dict[str, Document] = field(default_factory=dict)
    """Of customers, charges alone: an invoice without an order."""
    gifts: dict[str, Document] = field(default_factory=dict)
    """Of customers, for nothing: a quote that must not become an order."""
    counter: dict[str, Document] = field(default_factory=dict)
    """Of nobody: counter and web sales, and bad debts; an invoice of the customer "Counter sales"."""
    counter_credits: dict[str, Document] = field(default_factory=dict)
    counts: dict[str, Document] = field(default_factory=dict)
    """Of nobody, for nothing: goods found or written off."""
    credits: dict[str, Credit] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)

    @cached_property
    def documents(self) -> list[Document]:
        """All of them."""
        kinds = (self.sales, self.direct, self.gifts, self.counter, self.counter_credits, self.counts)
        own = [one for kind in kinds for one in kind.values()]
        return own + [one.document for one in self.credits.values()]

    @cached_property
    def customers(self) -> dict[str, str]:
        """Customer → country, as told last."""
        told = sorted((one.moment, one.number, one) for one in self.documents if one.customer)
        return {one.customer: one.country for _, _, one in told}

    @cached_property
    def items(self) -> dict[str, Line]:
        """Code as it is spelled → its first row that has a name and a price, as far as there is one."""
        found: dict[str, Line] = {}
        for one in self.documents:
            for line in one.lines:
                known = found.setdefault(line.code, line)
                if (bool(line.text), line.price > 0) > (bool(known.text), known.price > 0):
                    found[line.code] = line
        return found

    # -- what must follow ----------------------------------------------------------------------------------------

    def paid(self, number: str) -> Decimal:
        return sum((one.shares.get(number, NOTHING) for one in self.payments), NOTHING)

    def credited(self, number: str) -> Decimal:
        return sum((one.applied for one in self.credits.values() if one.invoice == number), NOTHING)

    def refunded(self, number: str) -> Decimal:
        return sum((one.refunded for one in self.credits.values() if one.invoice == number), NOTHING)

    def last_payment(self, number: str) -> str | None:
        return max((one.day for one in self.payments if number in one.shares), default=None)

    def open_credit(self) -> dict[str, Decimal]:
        """Customer → what he may still use up."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.credits.values():
            found[one.document.customer] += one.open
        return dict(found)

    def last_credit(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self.credits.values():
            found[one.document.customer] = max(one.document.day, found.get(one.document.customer, ""))
        return found

    def moved(self) -> Counter[str]:
        """Code → pieces that orders reserve (less) and counting found (more)."""
        found: Counter[str] = Counter()
        for one in self.sales.values():
            for line in one.goods:
                found[line.code] -= line.quantity
        for one in self.counts.values():
            for line in one.lines:
                found[line.code] += line.quantity
        return found


def read(files: Iterable[Path], days: Iterable[str] = (), ends: str = "0123456789") -> Books:
    """The books of these days, or of all; of customers, those whose number ends so. Sales to nobody are always among them."""
    wanted = set(days)
    rows: dict[str, list[Row]] = defaultdict(list)
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                name = row["CustomerID"].removesuffix(".0")
                if (not wanted or row["InvoiceDate"][:10] in wanted) and (not name or name[-1] in ends):
                    rows[row["InvoiceNo"]].append(row)
    books = Books()
    for number, own in rows.items():
        _sort(books, _document(number, own))
    books.payments = list(_payments(books))
    _settle(books)
    return books


def _document(number: str, rows: list[Row]) -> Document:
    sign = -1 if number.startswith("C") else 1
    lines = [
        Line(row["StockCode"], row["Description"].strip(), sign * int(row["Quantity"]), Decimal(row["UnitPrice"]))
        for row in rows
    ]
    first = rows[0]
    customer = first["CustomerID"].removesuffix(".0")
    return Document(number, customer, first["Country"], [row["InvoiceDate"] for row in rows], lines)


def _sort(books: Books, one: Document) -> None:
    if one.number.startswith("A"):  # a bad debt; what is taken back is a credit
        if one.total < 0:
            one.lines = [Line(line.code, line.text, line.quantity, -line.price) for line in one.lines]
            books.counter_credits[one.number] = one
        else:
            books.counter[one.number] = one
    elif one.number.startswith("C"):
        if one.customer:
            books.credits[one.number] = Credit(one)
        else:
            books.counter_credits[one.number] = one
    elif not one.customer:
        (books.counter if one.total else books.counts)[one.number] = one
    elif not one.total:
        books.gifts[one.number] = one
    else:
        (books.sales if one.goods else books.direct)[one.number] = one


def _payments(books: Books) -> Iterator[Payment]:
    together: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for one in (*books.sales.values(), *books.direct.values(), *books.counter.values()):
        how = one.number[-1]
        if how in AT_ONCE:
            yield Payment(one.customer, one.day, {one.number: one.total})
        elif how == "4":
            yield Payment(one.customer, one.day, {one.number: cents(one.total * Decimal("0.4"))})
        elif how == "7":
            first = cents(one.total * Decimal("0.6"))
            for share in (first, one.total - first):
                yield Payment(one.customer, one.day, {one.number: share})
        elif how in FOR_ALL:
            together[one.customer][one.number] = one.total
    for customer, shares in together.items():
        yield Payment(customer, max(_any(books, number).day for number in shares), shares)


def _any(books: Books, number: str) -> Document:
    return next(kind[number] for kind in (books.sales, books.direct, books.counter) if number in kind)


def _settle(books: Books) -> None:
    of_customer: dict[str, list[Document]] = defaultdict(list)
    for one in books.sales.values():
        of_customer[one.customer].append(one)
    back: dict[str, Counter[tuple[str, Decimal]]] = defaultdict(Counter)
    for credit in sorted(books.credits.values(), key=lambda one: (one.document.moment, one.document.number)):
        gone = credit.document
        found = [one for one in of_customer[gone.customer] if _could_be_of(gone, one, back[one.number])]
        if len(found) != 1:
            continue
        (sale,) = found
        back[sale.number].update(_pieces(gone))
        credit.invoice, credit.returned = sale.number, True
        wanted = sale.total - books.paid(sale.number) - books.credited(sale.number)
        credit.applied = min(gone.total, wanted)
        if sale.number[-1] in AT_ONCE:
            credit.refunded = gone.total - credit.applied


def _could_be_of(gone: Document, sale: Document, back: Counter[tuple[str, Decimal]]) -> bool:
    left = _pieces(sale)
    left.subtract(back)
    own = _pieces(gone)
    return sale.moment <= gone.moment and not gone.charges and all(left[key] >= own[key] for key in own)


def _pieces(one: Document) -> Counter[tuple[str, Decimal]]:
    found: Counter[tuple[str, Decimal]] = Counter()
    for line in one.goods:
        found[line.code, line.price] += line.quantity
    return found
