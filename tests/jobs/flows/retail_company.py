"""The books of Online Retail, entered at the vendors' doors by their own calls: sales in the CRM, goods in inventory, money in books."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import orjson
from jobs.flows.retail_files import GOODS, NOTHING, TERMS, Books, Credit, Document, Line, Payment, cents

from ofrecord_sandbox.seeds.doors import Doors, as_number, custom

OPENING = 100_000
PORTION = 100
"""Lines a quote of the CRM takes (Zoho CRM v8, "Subform Data"); a longer sale is quoted in portions."""
COUNTER = "Counter sales"
"""A customer of accounting that sales has no account for."""
OWN = {"ignore_auto_number_generation": "true"}
Record = dict[str, Any]


@dataclass
class Entered:
    """Ids by what the files call it."""

    items: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    deals: dict[str, str] = field(default_factory=dict)
    quotes: int = 0
    orders: dict[str, list[Record]] = field(default_factory=dict)
    """As the vendor answered them, by sale; a sale in portions has several."""
    invoices: dict[str, str] = field(default_factory=dict)


def enter_goods(doors: Doors, books: Books) -> Entered:
    """Everything with a code is an item, as the source has it: goods with stock, charges as services."""
    entered = Entered()
    for code, line in books.items.items():
        kind: Record = {"product_type": "service", "item_type": "sales"}
        if line.is_goods:
            kind = {
                "product_type": "goods",
                "item_type": "inventory",
                "initial_stock": OPENING,
                "initial_stock_rate": 1,
            }
        body = {"name": line.text or code, "sku": code, "unit": "pcs", "rate": as_number(line.price), **kind}
        entered.items[code] = doors.item(body)
    return entered


def enter_sales(doors: Doors, books: Books, entered: Entered, products: dict[str, str]) -> None:
    """Accounts, deals, accepted quotes; `products`: what the sync made of the items, by code."""
    names = list(books.customers)
    records = [{"Account_Name": f"Customer {one}", "Billing_Country": books.customers[one]} for one in names]
    entered.accounts = dict(zip(names, doors.crm("Accounts", records), strict=True))
    sold = [*books.sales.values(), *books.gifts.values()]
    deals = doors.crm("Deals", [_deal(one, entered) for one in sold])
    entered.deals = dict(zip([one.number for one in sold], deals, strict=True))
    quotes = [(one, at, lines) for one in sold for at, lines in enumerate(portions(one))]
    made = doors.crm("Quotes", [_quote(one, at, lines, entered, products) for one, at, lines in quotes])
    entered.quotes = len(made)
    _customers(doors, books, entered)
    numbers = _numbers(doors)
    for (one, at, lines), quote in zip(quotes, made, strict=True):
        if one.number in books.sales:
            _order(doors, one, (at, lines), entered, (quote, numbers[quote]))


def portions(one: Document) -> list[list[Line]]:
    """The goods of a sale, as many at a time as a quote takes."""
    return [one.goods[begin : begin + PORTION] for begin in range(0, len(one.goods), PORTION)]


def _customers(doors: Doors, books: Books, entered: Entered) -> None:
    pounds = doors.currency("GBP", "£", 2)
    for name, country in books.customers.items():
        entered.contacts[name] = doors.contact({
            "contact_name": f"Customer {name}", "contact_type": "customer", "currency_id": pounds, "payment_terms": TERMS,
            "billing_address": {"country": country}, "custom_fields": custom(cf_crm_id=entered.accounts[name]),
        })  # fmt: skip
    entered.contacts[""] = doors.contact({"contact_name": COUNTER, "contact_type": "customer", "currency_id": pounds})


def _deal(one: Document, entered: Entered) -> Record:
    account = {"id": entered.accounts[one.customer]}
    amount = as_number(one.total)
    return {"Deal_Name": f"Sale {one.number}", "Account_Name": account, "Stage": "Closed Won", "Amount": amount}


def _quote(one: Document, at: int, lines: list[Line], entered: Entered, products: dict[str, str]) -> Record:
    return {
        "Subject": one.number, "Quote_Stage": "Accepted", "Account_Name": {"id": entered.accounts[one.customer]},
        "Deal_Name": {"id": entered.deals[one.number]}, "Adjustment": as_number(_charged(one, at)),
        "Quoted_Items": [
            {"Product_Name": {"id": products[line.code]}, "Quantity": line.quantity, "List_Price": as_number(line.price)}
            for line in lines
        ],
    }  # fmt: skip


def _charged(one: Document, at: int) -> Decimal:
    """Sales has no product for a charge: what they cost together is the adjustment of the first portion."""
    return cents(NOTHING if at else sum((line.amount for line in one.charges), NOTHING))


def _numbers(doors: Doors) -> dict[str, str]:
    """Quote → its number, as the list of quotes tells."""
    found: dict[str, str] = {}
    query = {"fields": "Quote_Number", "per_page": "200"}
    while True:
        answer = doors.world.call("GET", f"/crm/v8/Quotes?{urlencode(query)}")
        page = orjson.loads(answer.encoded())
        found |= {row["id"]: row["Quote_Number"] for row in page["data"]}
        if not page["info"]["more_records"]:
            return found
        query["page_token"] = page["info"]["next_page_token"]


def _order(
    doors: Doors, one: Document, portion: tuple[int, list[Line]], entered: Entered, quote: tuple[str, str]
) -> None:
    """The order of an accepted quote (its id and number), which is a portion of a sale."""
    at, lines = portion
    order = doors.order({
        "customer_id": entered.contacts[one.customer], "date": one.day, "reference_number": quote[1],
        "line_items": _lines(lines, entered), "adjustment": as_number(_charged(one, at)),
        "custom_fields": custom(cf_crm_id=quote[0], cf_crm_deal_id=entered.deals[one.number]),
    })  # fmt: skip
    doors.confirm(order["salesorder_id"])
    entered.orders.setdefault(one.number, []).append(order)


def _lines(lines: list[Line], entered: Entered) -> list[Record]:
    return [
        {
            "item_id": entered.items[line.code],
            "quantity": line.quantity,
            "rate": as_number(line.price),
            "description": line.text,
        }
        for line in lines
    ]


def enter_money(doors: Doors, books: Books, entered: Entered) -> None:
    """Invoices, payments, credit notes, refunds and returns; what was counted."""
    kept = ("item_id", "quantity", "rate", "description")
    for one in books.sales.values():
        ordered = [line for order in entered.orders[one.number] for line in order["line_items"]]
        lines = [{key: line[key] for key in kept} | {"salesorder_item_id": line["line_item_id"]} for line in ordered]
        _invoice(doors, one, entered, [*lines, *_lines(one.charges, entered)])
    for kind in (books.direct, books.counter):
        for one in kind.values():
            _invoice(doors, one, entered, _lines(one.lines, entered))
    for payment in books.payments:
        _pay(doors, payment, entered)
    for credit in books.credits.values():
        _credit(doors, credit, entered)
    for one in books.counter_credits.values():
        _note(doors, one, entered)
    for one in books.counts.values():
        _count(doors, one, entered)


def _invoice(doors: Doors, one: Document, entered: Entered, lines: list[Record]) -> None:
    body = {
        "customer_id": entered.contacts[one.customer], "invoice_number": one.number, "date": one.day, "due_date": one.due,
        "line_items": lines,
    }  # fmt: skip
    made = doors.finance("POST", "books/v3/invoices", body, send="true", **OWN)["invoice"]
    entered.invoices[one.number] = made["invoice_id"]


def _pay(doors: Doors, payment: Payment, entered: Entered) -> None:
    doors.finance("POST", "books/v3/customerpayments", {
        "customer_id": entered.contacts[payment.customer], "payment_mode": "banktransfer", "date": payment.day,
        "amount": as_number(sum(payment.shares.values(), NOTHING)),
        "invoices": [
            {"invoice_id": entered.invoices[number], "amount_applied": as_number(share)} for number, share in payment.shares.items()
        ],
    })  # fmt: skip


def _note(doors: Doors, one: Document, entered: Entered, **query: str) -> str:
    body = {
        "customer_id": entered.contacts[one.customer], "creditnote_number": one.number, "date": one.day,
        "line_items": _lines(one.lines, entered),
    }  # fmt: skip
    return str(doors.finance("POST", "books/v3/creditnotes", body, **OWN, **query)["creditnote"]["creditnote_id"])


def _credit(doors: Doors, credit: Credit, entered: Entered) -> None:
    one = credit.document
    if not credit.invoice:
        _note(doors, one, entered)
        return
    invoice = entered.invoices[credit.invoice]
    note = _note(doors, one, entered, invoice_id=invoice)
    if credit.applied:
        body: Record = {"invoices": [{"invoice_id": invoice, "amount_applied": as_number(credit.applied)}]}
        doors.finance("POST", f"books/v3/creditnotes/{note}/invoices", body)
    if credit.refunded:
        body = {"amount": as_number(credit.refunded), "date": one.day, "from_account_id": _bank(doors)}
        doors.finance("POST", f"books/v3/creditnotes/{note}/refunds", body)
    _goods_back(doors, one, entered.orders[credit.invoice])


def _bank(doors: Doors) -> str:
    accounts = doors.finance("GET", "books/v3/chartofaccounts")["chartofaccounts"]
    return str(next(row["account_id"] for row in accounts if row["account_type"] in {"bank", "cash"}))


def _goods_back(doors: Doors, one: Document, orders: list[Record]) -> None:
    """What they were sold by is packed and shipped, and then some of it comes back: a return for each order."""
    left: Counter[str] = Counter()
    for line in one.goods:
        left[line.code] += line.quantity
    for order in orders:
        order_id = str(order["salesorder_id"])
        lines = []
        for line in order["line_items"]:
            taken = min(left[line["sku"]], int(line["quantity"]))
            if taken:
                left[line["sku"]] -= taken
                lines.append({"salesorder_item_id": line["line_item_id"], "quantity": taken})
        if lines and not order.get("shipped"):
            stocked = [line for line in order["line_items"] if GOODS.match(line["sku"])]
            doors.ship({**order, "line_items": stocked}, order["date"])
            order["shipped"] = True
        if lines:
            body = {"date": one.day, "reason": "came back", "line_items": lines}
            doors.finance("POST", "inventory/v1/salesreturns", body, salesorder_id=order_id)


def _count(doors: Doors, one: Document, entered: Entered) -> None:
    lines = [
        {"item_id": entered.items[line.code], "quantity_adjusted": line.quantity} for line in one.lines if line.is_goods
    ]
    if lines:
        reason = one.lines[0].text or "counted"
        body = {"date": one.day, "reason": reason, "adjustment_type": "quantity", "line_items": lines}
        doors.finance("POST", "inventory/v1/inventoryadjustments", body)
