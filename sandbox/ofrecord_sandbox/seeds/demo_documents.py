"""Deals, quotes, orders, invoices and payments of the built-in company.

Totals of quote and order agree to the last minor unit: taxed lines have whole amounts after discount, so that a tax of
19 % rounds alike by line and by document; yen have whole prices, dinars three decimals in prices and two in totals
(the CRM's home currency has two).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ofrecord_sandbox.seeds.doors import Doors, Record, as_number, custom

if TYPE_CHECKING:
    from random import Random

    from ofrecord_sandbox.seeds.demo import DemoFacts
    from ofrecord_sandbox.seeds.demo_masters import Customer, Item, Masters

ORDERED, WAITING, OPEN = 40, 6, 14
TAX = ("VAT 19", 19)
FAR_DUE = "2035-12-31"
"""Due date of invoices that shall not become overdue while the demo is of use."""
_FIRST_DAY = datetime(2025, 9, 1, 9, 15, tzinfo=UTC)
_SHIPPED = 8
"""The order (counted from 0) that was shipped, paid, returned in part and credited for it."""
_CRM_PRICE_BOOKS = ("Resellers -15 %", "Messepreise")
"""Price books reps made: one of the name of a price list in inventory, one of their own."""
_STATES = ("draft", "sent", "partly paid", "paid", "overdue")
_OPEN_STAGES = ("Draft", "Negotiation", "Delivered")


@dataclass
class _Line:
    item: Item
    quantity: int
    price: Decimal
    discount: Decimal
    taxed: bool


@dataclass
class _Quote:
    customer: Customer
    stage: str
    lines: list[_Line]
    adjustment: Decimal
    at: datetime
    deal_id: str = ""
    quote_id: str = ""


def plant(doors: Doors, random: Random, masters: Masters, facts: DemoFacts) -> None:
    """60 deals with a quote each; 40 orders, invoices and the payments of some."""
    tax_id = doors.tax(*TAX)
    orders: list[Record] = []
    quotes = _invent(random, masters)
    for number, quote in enumerate(quotes, start=1):
        doors.world.clock.freeze(quote.at)
        _deal_and_quote(doors, quote, number)
    for number, quote in enumerate(quotes[:ORDERED]):
        doors.world.clock.freeze(quote.at + timedelta(days=2))
        orders.append(_order(doors, quote, tax_id))
        _invoice(doors, orders[-1], quote, _STATES[number % len(_STATES)], facts)
    _aftermath(doors, orders[_SHIPPED], quotes[_SHIPPED].at, facts)
    stages = Counter(quote.stage for quote in quotes)
    facts.quotes, facts.orders, facts.accepted_with_order = len(quotes), ORDERED, ORDERED
    facts.accepted_without_order = stages["Accepted"] - ORDERED
    facts.open_quotes = len(quotes) - stages["Accepted"]
    facts.quotes_by_currency = dict(Counter(quote.customer.currency for quote in quotes))
    chosen = quotes[-1]
    facts.quote_to_accept = {"quote_id": chosen.quote_id, "deal_id": chosen.deal_id}


def _aftermath(doors: Doors, order: Record, at: datetime, facts: DemoFacts) -> None:
    """A shipment, a return and an open credit; and the price books of the CRM."""
    doors.world.clock.freeze(at + timedelta(days=4))
    doors.ship(order, (at + timedelta(days=4)).date().isoformat(), "DHL", "JVGL0555010123456789")
    doors.world.clock.freeze(at + timedelta(days=20))
    day = (at + timedelta(days=20)).date().isoformat()
    doors.take_back(order, 1, day, "Beschädigt angekommen")
    doors.credit(order, 1, day)
    whole = [{"from_range": 1, "to_range": 1_000_000, "discount": 15}]
    books = doors.crm("Price_Books", [{"Price_Book_Name": name, "Pricing_Details": whole} for name in _CRM_PRICE_BOOKS])
    facts.crm_price_books = len(books)
    facts.shipments = facts.returns = facts.open_credits = 1


def _invent(random: Random, masters: Masters) -> list[_Quote]:
    home = [one for one in masters.linked if one.currency == "USD"]
    ordering = [masters.linked[number % 30] for number in range(ORDERED)]
    waiting = home[-3:] + masters.others[20:23]
    asking = home[10:17] + masters.others[40:47]
    quotes = []
    for number, customer in enumerate([*ordering, *waiting, *asking]):
        accepted = number < ORDERED + WAITING
        stage = "Accepted" if accepted else _OPEN_STAGES[number % len(_OPEN_STAGES)]
        adjustment = Decimal("-0.37") if number % 6 == 5 and customer.currency == "USD" else Decimal(0)  # noqa: PLR2004
        at = _FIRST_DAY + timedelta(days=number, minutes=7 * number)
        lines = [_line(random, item, customer.currency) for item in random.sample(masters.quotable, 1 + number % 5)]
        quotes.append(_Quote(customer, stage, lines, adjustment, at))
    return quotes


def _line(random: Random, item: Item, currency: str) -> _Line:
    if currency == "JPY":
        return _Line(item, random.randint(1, 9), Decimal(random.randint(100, 90_000)), Decimal(0), taxed=False)
    if currency == "KWD":
        return _Line(
            item,
            8 * random.randint(1, 4),
            Decimal(random.randint(1_000, 99_999)) / 1000 // Decimal("0.005") * Decimal("0.005"),
            Decimal(0),
            taxed=False,
        )
    kind = random.randrange(4)
    if kind == 0:
        return _Line(
            item,
            250,
            Decimal(random.randint(100, 9_999)) / 10_000 // Decimal("0.0002") * Decimal("0.0002"),
            Decimal(0),
            taxed=False,
        )
    if kind == 1:
        whole = Decimal(random.randint(20, 900))
        return _Line(item, random.randint(1, 20), whole, Decimal(random.randint(1, 9)), taxed=True)
    if kind == 2:  # noqa: PLR2004 - the third of four kinds
        return _Line(item, random.randint(1, 12), item.rate, (item.rate / 20).quantize(Decimal("0.01")), taxed=False)
    return _Line(item, random.randint(1, 12), item.rate, Decimal(0), taxed=False)


def _deal_and_quote(doors: Doors, quote: _Quote, number: int) -> None:
    account = {"id": quote.customer.account_id}
    deal: Record = {
        "Deal_Name": f"Deal {number}: {quote.customer.name}"[:120].rstrip(),
        "Account_Name": account,
        "Stage": "Closed Won" if quote.stage == "Accepted" else "Proposal/Price Quote",
        "Closing_Date": (quote.at + timedelta(days=30)).date().isoformat(),
    }
    [quote.deal_id] = doors.crm("Deals", [deal])
    record: Record = {
        "Subject": f"Quote for deal {number}",
        "Quote_Stage": quote.stage,
        "Account_Name": account,
        "Deal_Name": {"id": quote.deal_id},
        "Currency": quote.customer.currency,
        "Adjustment": as_number(quote.adjustment),
        "Quoted_Items": [_quoted(line) for line in quote.lines],
    }
    if quote.customer.person_id is not None:
        record["Contact_Name"] = {"id": quote.customer.person_id}
    [quote.quote_id] = doors.crm("Quotes", [record])


def _quoted(line: _Line) -> Record:
    row: Record = {
        "Product_Name": {"id": line.item.product_id},
        "Quantity": line.quantity,
        "List_Price": as_number(line.price),
        "Discount": as_number(line.discount),
    }
    if line.taxed:
        row["Line_Tax"] = [{"name": TAX[0], "percentage": TAX[1]}]
    return row


def _order(doors: Doors, quote: _Quote, tax_id: str) -> Record:
    stored = doors.world.store.table("crm/records/Quotes").rows[quote.quote_id]
    lines = []
    for line in quote.lines:
        row: Record = {"item_id": line.item.item_id, "quantity": line.quantity, "rate": as_number(line.price)}
        if line.discount:
            row["discount"] = as_number(line.discount)
        if line.taxed:
            row["tax_id"] = tax_id
        lines.append(row)
    order = doors.order(
        {
            "customer_id": quote.customer.contact_id,
            "date": (quote.at + timedelta(days=2)).date().isoformat(),
            "reference_number": stored["Quote_Number"],
            "discount_type": "item_level",
            "is_discount_before_tax": True,
            "line_items": lines,
            "adjustment": as_number(quote.adjustment),
            "custom_fields": custom(cf_crm_id=quote.quote_id, cf_crm_deal_id=quote.deal_id),
        }
    )
    doors.confirm(order["salesorder_id"])
    return order


def _invoice(doors: Doors, order: Record, quote: _Quote, state: str, facts: DemoFacts) -> None:
    day = quote.at + timedelta(days=2)
    due = (day + timedelta(days=14)).date().isoformat() if state == "overdue" else FAR_DUE
    invoice = doors.invoice(order, day.date().isoformat(), due)
    facts.invoices += 1
    facts.invoices_by_state[state] = facts.invoices_by_state.get(state, 0) + 1
    if state == "draft":
        return
    doors.send(invoice["invoice_id"])
    total = Decimal(str(invoice["total"]))
    amounts = {"paid": total, "partly paid": total // 3}
    if state in amounts and amounts[state] > 0:
        doors.pay(invoice, amounts[state], (day + timedelta(days=5)).date().isoformat())
        facts.payments += 1
