"""Real invoices of a wholesaler through the jobs: a month with cancellations, charges that pose as goods, and sales to nobody.

What must follow is computed from the CSV files (`retail_files`); results are read through the vendors' APIs. In every run of the tests
these are five days of the month, and of their customers every third one, chosen so that each oddity occurs; `make retail` plays the month.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest
from jobs.flows.retail_company import OPENING, Entered, enter_goods, enter_money, enter_sales, portions
from jobs.flows.retail_files import Books, Credit, read
from jobs.flows.sandbox_here import PROJECT, Here, here

DATA = PROJECT.parent / "shared" / "data" / "online-retail"
MONTH = "2011-08"
"""The only one with bad debts among its rows."""
DAYS = ("2011-08-02", "2011-08-12", "2011-08-15", "2011-08-25", "2011-08-26")
ENDS = "1268"
"""Of customers, those whose number ends so; sales to nobody are all played."""
WHOLE = "OFRECORD_RETAIL"
"""The environment variable that asks for the whole month."""
SEEN = datetime(2011, 8, 31, 18, tzinfo=UTC)
TODAY = "2011-08-31"
JOBS = ("customers", "orders", "finance")

pytestmark = [
    pytest.mark.real_input,
    pytest.mark.skipif(not DATA.is_dir(), reason="the Online Retail files are not at ../shared/data/online-retail"),
]

INVOICED = (
    "Invoice_Number",
    "Invoice_Date",
    "Payment_Due",
    "Invoiced_Amount",
    "Balance_Due",
    "Payment_Status",
    "Payment_Problem",
)
PAID = ("Paid_Amount", "Last_Payment_Date", "Credited_Amount", "Refunded_Amount")
RETURNED = ("Return_Number", "Return_Status", "Last_Return_Date")
NO_COUNTRY = {"Channel Islands", "European Community", "Unspecified"}
"""Of the files' countries, those that are not one country of ISO 3166."""
Record = dict[str, Any]


@dataclass
class Month:
    """The company after its first cycle, what its books say, and what a second cycle wrote."""

    here: Here
    books: Books
    entered: Entered
    first: dict[str, dict[str, int]]
    """Entity → what became of its records in the first cycle."""
    second_writes: list[str]

    @cached_property
    def products(self) -> dict[str, Record]:
        fields = "Product_Code,Product_Name,Unit_Price,Qty_in_Stock,Inventory_ID"
        return {row["Product_Code"]: row for row in self.here.crm_list("Products", fields)}

    @cached_property
    def deals(self) -> dict[str, Record]:
        """By the sale's number."""
        rows = self.here.crm_list("Deals", ",".join(("Deal_Name", *INVOICED, *PAID, *RETURNED)))
        return {row["Deal_Name"].removeprefix("Sale "): row for row in rows}

    @cached_property
    def accounts(self) -> dict[str, Record]:
        """By the customer's number."""
        fields = "Account_Name,Open_Credit,Last_Credit_Date,Inventory_ID,Billing_Country"
        rows = self.here.crm_list("Accounts", fields)
        return {row["Account_Name"].removeprefix("Customer "): row for row in rows}


@pytest.fixture(scope="module")
def month() -> Iterator[Month]:
    """Goods are synced first, then sales and money are entered, then the other jobs run, twice."""
    month_file = DATA / f"{MONTH}.csv.gz"
    books = read([month_file]) if os.environ.get(WHOLE) else read([month_file], DAYS, ENDS)
    with here(SEEN, "GBP") as company:
        charges = ", ".join(repr(code) for code, line in books.items.items() if not line.is_goods)
        old = "is_combo_product: {not: [true]}}"
        company.edit_rules("product.yml", old, f"{old[:-1]}, sku: {{not: [{charges}]}}}}")
        company.edit_rules("order.yml", "otherwise: USD}", "otherwise: GBP}")
        entered = enter_goods(company.doors, books)
        company.run("products")
        rows = company.crm_list("Products", "Product_Code")
        enter_sales(company.doors, books, entered, {row["Product_Code"]: row["id"] for row in rows})
        enter_money(company.doors, books, entered)
        company.run(*JOBS)
        first = {entity: company.counts("finance", entity) for entity in ("invoice", "payment", "credit")}
        first["product"] = company.counts("products", "product")
        yield Month(company, books, entered, first, company.writes("products", *JOBS))


def status(books: Books, number: str) -> str:
    """What a deal shows of an invoice: the table of states in rules/invoice.yml, as far as it occurs here."""
    one, paid, credited, refunded = (
        books.sales[number],
        books.paid(number),
        books.credited(number),
        books.refunded(number),
    )
    if paid + credited >= one.total:
        if refunded and refunded >= paid:
            return "Refunded"
        return "Paid" if paid else "Credited"
    if one.due < TODAY:
        return "Overdue"
    return "Partly paid" if paid or credited else "Unpaid"


def orders_it_came_from(books: Books, credit: Credit) -> int:
    """Goods of a sale in portions come back to the orders they were sold by, the first one first: a return for each."""
    left, found = Counter[str](), 0
    for line in credit.document.goods if credit.returned else ():
        left[line.code] += line.quantity
    for portion in portions(books.sales[credit.invoice]) if credit.returned else ():
        there = Counter[str]()
        for line in portion:
            there[line.code] += line.quantity
        taken = left & there
        left -= taken
        found += bool(taken)
    return found


def test_every_oddity_of_the_set_is_in_the_part_that_is_played(month):
    lines = [line for one in month.books.documents for line in one.lines]
    codes = {line.code for line in lines}
    assert {"POST", "DOT", "M", "D", "BANK CHARGES", "AMAZONFEE", "B"} <= codes
    assert any(len(set(one.moments)) > 1 for one in month.books.documents)
    assert any(not line.text.isascii() for line in lines)
    assert any(not line.text for line in lines)
    assert any(not line.price for line in lines)
    assert max(Counter(code.upper() for code in codes).values()) == 2
    assert any(line.quantity < 0 for one in month.books.counts.values() for line in one.lines)
    assert any(len(portions(one)) > 1 for one in month.books.sales.values())
    settled = [one for one in month.books.credits.values() if one.invoice]
    assert any(one.applied for one in settled)
    assert any(one.refunded for one in settled)
    kinds = ("sales", "direct", "gifts", "counter", "counter_credits", "counts", "credits", "payments")
    assert all(getattr(month.books, kind) for kind in kinds)


def test_a_second_cycle_writes_nothing(month):
    assert month.second_writes == []


def test_goods_are_products_under_each_spelling_of_their_code_and_charges_are_none(month):
    goods = {code: line for code, line in month.books.items.items() if line.is_goods}
    assert month.products.keys() == goods.keys()
    for code, line in goods.items():
        product = month.products[code]
        assert (product["Product_Name"], product["Inventory_ID"]) == (line.text or code, month.entered.items[code])
        assert product["Unit_Price"] == line.price, code
    charges = len(month.books.items) - len(goods)
    assert month.first["product"] == {"read": len(month.books.items), "written": len(goods), "filtered": charges}


def test_what_orders_reserve_and_counting_finds_moves_what_can_be_promised(month):
    moved = month.books.moved()
    wrong = {
        code: (row["Qty_in_Stock"], OPENING + moved[code])
        for code, row in month.products.items()
        if row["Qty_in_Stock"] != OPENING + moved[code]
    }
    assert wrong == {}


@pytest.mark.promise("F095")
def test_every_deal_shows_its_invoice_with_total_balance_and_state_to_the_cent(month):
    books = month.books
    assert month.deals.keys() == books.sales.keys() | books.gifts.keys()
    shown = {number: tuple(month.deals[number][name] for name in INVOICED) for number in books.sales}
    expected = {}
    for number, one in books.sales.items():
        balance, state = one.total - books.paid(number) - books.credited(number), status(books, number)
        expected[number] = (number, one.day, one.due, one.total, balance, state, state if state == "Overdue" else None)
    assert shown == expected
    assert {row[-2] for row in shown.values()} >= {"Paid", "Partly paid", "Overdue", "Unpaid"}


@pytest.mark.promise("F069")
def test_every_deal_shows_what_was_paid_when_last_what_was_credited_and_what_went_back(month):
    books = month.books
    shown = {number: tuple(month.deals[number][name] for name in PAID) for number in books.sales}
    assert shown == {
        number: (books.paid(number), books.last_payment(number), books.credited(number), books.refunded(number))
        for number in books.sales
    }


def test_what_a_customer_may_still_use_up_stands_on_the_account_to_the_cent(month):
    shown = {name: (row["Open_Credit"], row["Last_Credit_Date"]) for name, row in month.accounts.items()}
    credit, last = month.books.open_credit(), month.books.last_credit()
    assert shown == {name: (credit.get(name), last.get(name)) for name in month.books.customers}


def test_goods_that_came_back_stand_on_the_deal_they_were_sold_in(month):
    back: dict[str, str] = {}
    for one in month.books.credits.values():
        if one.returned:
            back[one.invoice] = max(one.document.day, back.get(one.invoice, ""))
    shown = {number: row["Last_Return_Date"] for number, row in month.deals.items() if row["Return_Number"]}
    assert shown == back


@pytest.mark.promise("F074")
def test_every_invoice_credit_refund_and_return_of_a_customer_is_a_line_on_the_account_to_the_cent(month):
    books = month.books
    rows = month.here.crm_list("Finance_Documents", "Name,Kind,Account,Amount,Balance,Document_Date,Currency_Code")
    names = {row["id"]: name for name, row in month.accounts.items()}
    shown = Counter(
        (
            row["Kind"],
            row["Name"],
            names[row["Account"]["id"]],
            row["Document_Date"],
            row["Amount"],
            row["Balance"],
            row["Currency_Code"],
        )
        for row in rows
        if row["Kind"] in {"Invoice", "Credit note"}
    )
    expected: Counter[tuple[Any, ...]] = Counter()
    for one in (*books.sales.values(), *books.direct.values()):
        balance = one.total - books.paid(one.number) - books.credited(one.number)
        expected["Invoice", one.number, one.customer, one.day, one.total, balance, "GBP"] += 1
    for number, credit in books.credits.items():
        gone = credit.document
        expected["Credit note", number, gone.customer, gone.day, gone.total, credit.open, "GBP"] += 1
    assert shown == expected
    kinds = Counter(row["Kind"] for row in rows)
    assert kinds["Refund"] == sum(bool(one.refunded) for one in books.credits.values())
    assert kinds["Return"] == sum(orders_it_came_from(books, one) for one in books.credits.values())
    assert kinds["Sales order"] == sum(len(portions(one)) for one in books.sales.values())


def test_what_is_held_is_a_sale_for_nothing_and_customers_of_no_country_each_with_its_reason(month):
    books = month.books
    held = Counter(
        (one.entity, one.kind, one.message, one.source) for one in month.here.held() if one.state != "waiting"
    )
    nowhere = sum(country in NO_COUNTRY for country in books.customers.values())
    why = "its country is not the name or code of one country (ISO 3166)"
    assert held == +Counter({
        ("order", "stopped", "Order over nothing", "crm"): len(books.gifts),
        ("account", "invalid", why, "crm"): nowhere,
        ("account", "invalid", why, "inventory"): nowhere,
    })  # fmt: skip
    assert all(month.deals[number]["Invoice_Number"] is None for number in books.gifts)


def test_every_document_is_counted_once_and_what_belongs_to_no_deal_or_account_says_so(month):
    books = month.books
    elsewhere = [*books.direct, *books.counter]
    told = {entity: month.first[entity] for entity in ("invoice", "payment", "credit")}
    shares = [number for one in books.payments for number in one.shares]
    assert told == {
        "invoice": {"read": len(books.sales) + len(elsewhere), "written": len(books.sales), "filtered": len(elsewhere)},
        "payment": {
            "read": len(shares),
            "written": sum(number in books.sales for number in shares),
            "filtered": sum(number not in books.sales for number in shares),
        },
        "credit": {
            "read": len(books.credits) + len(books.counter_credits),
            "written": len(books.credits),
            "filtered": len(books.counter_credits),
        },
    }
