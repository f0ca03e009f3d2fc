"""A dealer's orders and payments through the jobs: from accepted quotes to invoices that are paid, disputed, or voided.

What must follow is computed from the CSV files (`classic_files`); results are read through the vendors' APIs. The sync makes the orders.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from jobs.flows.classic_company import OPENING, Entered, enter_masters, enter_money, enter_sales
from jobs.flows.classic_files import Files, Order
from jobs.flows.sandbox_here import PROJECT, Here, here

DATA = PROJECT.parent / "shared" / "data" / "classicmodels"
SEEN = datetime(2005, 6, 10, 18, tzinfo=UTC)
TODAY = "2005-06-10"
"""The day after the last payment."""
EVERY = 5
"""Of the customers about whom there is nothing to tell, so many times fewer are played where not the whole is asked for."""
WHOLE = "OFRECORD_RETAIL"
"""The environment variable that asks for the whole (`make retail`)."""
JOBS = ("products", "customers", "orders", "finance")

pytestmark = [
    pytest.mark.real_input,
    pytest.mark.skipif(not DATA.is_dir(), reason="the Classic Models files are not at ../shared/data/classicmodels"),
]

Record = dict[str, Any]


@dataclass
class Dealer:
    """The company when everything was entered and synced, and what one more cycle wrote."""

    here: Here
    files: Files
    entered: Entered
    payments: dict[str, int]
    """What became of the shares of payments."""
    second_writes: list[str]

    @cached_property
    def deals(self) -> dict[str, Record]:
        """By order number."""
        fields = "Deal_Name,Account_Name,Invoice_Number,Invoice_Date,Invoiced_Amount,Balance_Due,Paid_Amount,Payment_Status,Last_Payment_Date"
        rows = self.here.crm_list("Deals", fields)
        return {row["Deal_Name"].removeprefix("Order "): row for row in rows}

    @cached_property
    def quotes(self) -> dict[str, Record]:
        """By order number."""
        rows = self.here.crm_list("Quotes", "Subject,Quote_Number,Grand_Total,Order_Number,Order_Status,Inventory_ID")
        return {row["Subject"]: row for row in rows}


@pytest.fixture(scope="module")
def dealer() -> Iterator[Dealer]:
    """Masters, then quotes, then invoices and payments; the jobs run after each."""
    files = Files(DATA, 1 if os.environ.get(WHOLE) else EVERY)
    with here(SEEN) as company:
        entered = enter_masters(company.doors, files)
        company.run("products", "customers")
        rows = company.crm_list("Products", "Product_Code")
        enter_sales(company.doors, files, entered, {row["Product_Code"]: row["id"] for row in rows})
        company.run("orders")
        orders = {row["salesorder_id"]: row for row in company.finance_list("/inventory/v1/salesorders", "salesorders")}
        quotes = company.crm_list("Quotes", "Subject,Inventory_ID")
        made = {row["Subject"]: orders[row["Inventory_ID"]] for row in quotes if row["Inventory_ID"]}
        enter_money(company.doors, files, entered, made)
        company.run("orders", "finance")
        yield Dealer(company, files, entered, company.counts("finance", "payment"), company.writes(*JOBS))


def status(one: Order) -> str | None:
    """What a deal shows of its invoice; the published table of docs/quote-to-cash.md, as far as it occurs here."""
    if not one.is_invoiced:
        return None
    if one.is_void:
        return "Void"
    if not one.balance:
        return "Paid"
    return "Overdue" if one.due < TODAY else "Partly paid" if one.paid else "Unpaid"


def test_a_second_cycle_writes_nothing(dealer):
    assert dealer.second_writes == []


def test_every_accepted_quote_is_one_order_of_the_files_total(dealer):
    assert {number: row["Grand_Total"] for number, row in dealer.quotes.items()} == {
        number: one.total for number, one in dealer.files.orders.items()
    }
    orders = dealer.here.finance_list("/inventory/v1/salesorders", "salesorders")
    ids = {row["salesorder_id"]: row["total"] for row in orders}
    assert len(ids) == len(dealer.files.orders)
    assert {number: ids[row["Inventory_ID"]] for number, row in dealer.quotes.items()} == {
        number: one.total for number, one in dealer.files.orders.items()
    }


def test_the_quote_shows_what_became_of_its_order(dealer):
    shown: dict[str, set[str]] = defaultdict(set)
    for number, one in dealer.files.orders.items():
        shown[one.status].add(dealer.quotes[number]["Order_Status"])
    assert shown["Cancelled"] == {"void"}
    assert shown["On Hold"] == shown["In Process"] == {"confirmed"}
    assert shown["Shipped"] == shown["Resolved"] == shown["Disputed"] == {"invoiced"}


def test_every_deal_shows_its_invoice_its_balance_and_its_state_to_the_cent(dealer):
    names = ("Invoice_Number", "Invoice_Date", "Invoiced_Amount", "Balance_Due", "Payment_Status")
    shown = {number: tuple(row[name] for name in names) for number, row in dealer.deals.items()}
    expected = {}
    for number, one in dealer.files.orders.items():
        if one.is_invoiced:
            total = Decimal(0) if one.is_void else one.total
            expected[number] = (number, one.row["shippedDate"], total, one.balance, status(one))
        else:
            expected[number] = (None,) * len(names)
    assert shown == expected


def test_payments_that_name_no_invoice_are_shown_where_they_were_laid(dealer):
    shown = {number: (row["Paid_Amount"], row["Last_Payment_Date"]) for number, row in dealer.deals.items()}
    expected = {}
    for number, one in dealer.files.orders.items():
        days = [row["paymentDate"] for row, _share in one.laid]
        expected[number] = (one.paid if one.is_invoiced else None, max(days, default=None))
    assert shown == expected
    shares = sum(map(len, dealer.files.laid.values()))
    assert dealer.payments == {"read": shares, "written": shares}


def test_what_the_deals_of_a_customer_want_together_is_what_he_owes(dealer):
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for number, row in dealer.deals.items():
        owed[dealer.files.orders[number].customer] += row["Balance_Due"] or 0
    assert {key: amount for key, amount in owed.items() if amount} == {
        key: amount for key, amount in dealer.files.owed.items() if amount
    }


def test_disputed_invoices_want_their_money_and_cancelled_ones_none(dealer):
    states: dict[str, set[str | None]] = defaultdict(set)
    for number, one in dealer.files.orders.items():
        states[one.status].add(dealer.deals[number]["Payment_Status"])
    assert states["Disputed"] == {"Overdue", "Unpaid"}
    assert states["Resolved"] == {"Paid"}
    assert states["Cancelled"] == {"Void", None}
    assert states["On Hold"] == states["In Process"] == {None}


def test_what_can_be_promised_is_the_stock_less_what_was_ordered_and_not_cancelled(dealer):
    sold: dict[str, int] = defaultdict(int)
    for one in dealer.files.orders.values():
        if not one.is_void:
            for code, pieces, _price in one.lines:
                sold[code] += pieces
    rows = dealer.here.crm_list("Products", "Product_Code,Qty_in_Stock")
    assert {row["Product_Code"]: row["Qty_in_Stock"] for row in rows} == {
        row["productCode"]: OPENING - sold[row["productCode"]] for row in dealer.files.products
    }
