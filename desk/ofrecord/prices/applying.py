"""Lines of open quotes are told what is allowed, and get it where nobody typed another rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ofrecord.prices.lines import ALLOWED, FLAG, RATE, Line, judged
from ofrecord.prices.lists import PriceList
from ofrecord.prices.rates import allowed
from ofrecord.prices.reading import Product, own_currency, price_lists, products
from ofrecord.quotes import Document, Edit, Reading, Shape, write
from ofrecord_kit.http import Client
from ofrecord_kit.plan import same
from ofrecord_kit.tap.crm_coql import quoted
from ofrecord_kit.target import Destination, Refused, Result, Stale

STAGE, CURRENCY = "Quote_Stage", "Currency"
LIST = "Account_Name.Price_List.Inventory_ID"
"""The customer's price list, by inventory's id: two lookups away, as far as queries reach."""
CLOSED = ("Accepted", "Confirmed", "Closed Won", "Closed Lost")
_ROUNDS = 2
_COLUMNS = ("Product_Name", "Quantity", RATE, "Discount", ALLOWED, FLAG)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """A line whose rate was set, or that is flagged. `before` is the rate it had."""

    quote: str
    stage: str
    line: int
    product: str
    quantity: Decimal
    before: Decimal
    rate: Decimal
    allowed: Decimal | None
    flag: str | None


@dataclass
class Outcome:
    """What was looked at, written and refused."""

    quotes: int = 0
    lines: int = 0
    written: int = 0
    told: list[Told] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Quote and why."""


@dataclass(frozen=True)
class Prices:
    """All that rates follow from."""

    lists: Mapping[str, PriceList]
    own: str
    products: Mapping[str, Product]
    may_price: frozenset[str]

    def of(self, quote: Document, row: Row) -> dict[str, Any]:
        """The fields of a line as they should be; none of a line whose product is gone."""
        product = self.products.get(_id(row.get("Product_Name")))
        if product is None:
            return {}
        line = Line(_number(row, "Quantity"), _number(row, RATE), _number(row, "Discount"), _maybe(row, ALLOWED))
        prices = self.lists.get(str(quote.values.get(LIST) or ""))
        currency = str(quote.values.get(CURRENCY) or self.own)
        found = allowed(prices, product.item, line.quantity, product.price, currency=currency, own=self.own)
        return judged(line, found, product.price, may_price=quote.values.get(STAGE) in self.may_price)


def apply_prices(
    crm: Client, inventory: Client, there: Destination, may_price: Iterable[str], *, dry: bool = False
) -> Outcome:
    """Raises as `Client.send`. A quote that somebody edited meanwhile is read and judged once more, then left for the next run."""
    head = [STAGE, LIST, *([CURRENCY] if CURRENCY in there.facts("Quotes") else [])]
    shape = Shape("Quotes", "Quote_Number", "Quoted_Items", tuple(head), _COLUMNS)
    open_ = f"({STAGE} is null or {STAGE} not in ({', '.join(quoted(one) for one in CLOSED)}))"
    lists, own = price_lists(inventory), own_currency(inventory)
    outcome = Outcome()
    for left in range(_ROUNDS - 1, -1, -1):
        quotes = Reading(crm, shape).where(open_)
        known = products(crm, (_id(row.get("Product_Name")) for one in quotes for row in one.lines))
        prices = Prices(lists, own, known, frozenset(may_price))
        edits = [Edit(one, {}, {str(row["id"]): prices.of(one, row) for row in one.lines}) for one in quotes]
        told = [line for edit in edits for line in _told(edit)]
        outcome.quotes, outcome.lines = len(quotes), sum(len(one.lines) for one in quotes)
        outcome.told = _latest(outcome.told, told)
        results = {} if dry else write(there, shape, edits)
        outcome.written += sum(not isinstance(one, Refused | Stale) for one in results.values())
        stale = _refused(results, quotes, outcome)
        if not stale:
            break
        if not left:
            outcome.refused += [(one, "somebody kept editing it; the next run looks again") for one in stale]
    return outcome


def _refused(results: Mapping[str, Result], quotes: Sequence[Document], outcome: Outcome) -> list[str]:
    """Notes what was refused; the numbers of the quotes that were edited meanwhile."""
    numbers = {one.id: one.number for one in quotes}
    outcome.refused = [
        (numbers[one], f"{result.code}: {result.message}")
        for one, result in results.items()
        if isinstance(result, Refused)
    ]
    return [numbers[one] for one, result in results.items() if isinstance(result, Stale)]


def _told(edit: Edit) -> Iterator[Told]:
    one = edit.document
    for place, row in enumerate(one.lines, start=1):
        values = edit.lines[str(row["id"])]
        rate = values.get(RATE, row.get(RATE))
        if values and (values[FLAG] is not None or not same(rate, row.get(RATE), "money")):
            yield Told(
                one.number, str(one.values.get(STAGE) or ""), place, _id(row.get("Product_Name")), _number(row, "Quantity"),
                _number(row, RATE), Decimal(str(rate)), values[ALLOWED], values[FLAG],
            )  # fmt: skip


def _latest(before: Sequence[Told], now: Sequence[Told]) -> list[Told]:
    """What the last look says, and what only an earlier one wrote."""
    seen = {(one.quote, one.line) for one in now}
    return [*(one for one in before if (one.quote, one.line) not in seen), *now]


def _id(value: Any) -> str:
    return str(value["id"]) if isinstance(value, Mapping) else str(value or "")


def _maybe(row: Row, name: str) -> Decimal | None:
    return None if row.get(name) in (None, "") else Decimal(str(row[name]))


def _number(row: Row, name: str) -> Decimal:
    return _maybe(row, name) or Decimal(0)
