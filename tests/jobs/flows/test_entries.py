"""Documents of the finance side on the account, the vendor and the deal: orders, invoices, credits, returns, refunds, purchases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from ofrecord.demo.people import People

FIELDS = (
    "Name,Kind,Account,Vendor,Deal,Invoice,Document_Date,Due_Date,Amount,Balance,Currency_Code,Status,Invoiced_Status,Shipped_Status,"
    "Paid_Status,Backordered,Shipment_Status,Carrier,Tracking_Number,Shipment_Date,Link,Inventory_ID"
)
DAY = "2026-03-02"
WEB = "https://{system}.zoho.eu/app/700001"
HEAD = "https://inventory.zoho.eu/app/700001#"


def documents(company: Any, module: str, record: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The related list of an account or vendor, by kind and number; each document once."""
    page = company.people.ask("GET", f"/crm/v8/{module}/{record}/Finance_Documents", fields=FIELDS, per_page="200")
    rows = page["data"] if page else []
    found = {(row["Kind"], row["Name"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def only(rows: dict[tuple[str, str], dict[str, Any]], kind: str) -> dict[str, Any]:
    [row] = [row for (one, _name), row in rows.items() if one == kind]
    return row


def run(company: Any, *ways: str) -> None:
    """Single pipelines of the jobs, by their mapping; each must succeed."""
    tasks = {task.split()[1]: task for job in company.meltano["jobs"] for task in job["tasks"] if " " in task}
    company.complaints = ""
    assert [company.pipe(tasks[f"own-{way}"], "test") for way in ways] == [0] * len(ways), company.complaints


def ordered(company: Any) -> tuple[str, str, dict[str, Any]]:
    """An account whose quote of three at 20.00 became an order; account, deal, order."""
    company.stage.environment["OFRECORD_WEB"] = WEB
    item = company.new_item("E-1", "20.00", stock=100)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    run(company, "products-inventory-to-crm", "customers-crm-to-inventory")
    quote = company.new_quote(account, [(company.product_of(item)["id"], 3, "20.00")])
    run(company, "orders-crm-to-inventory")
    [row] = company.orders_of(quote["Quote_Number"])
    return account, quote["Deal_Name"]["id"], order_now(company, row["salesorder_id"])


def order_now(company: Any, key: str) -> dict[str, Any]:
    return company.people.finance_get(f"/inventory/v1/salesorders/{key}", "salesorder")


def line_of(order: dict[str, Any]) -> dict[str, Any]:
    [line] = order["line_items"]
    return line


def packed(company: Any, order: dict[str, Any], quantity: int) -> str:
    lines = [{"so_line_item_id": line_of(order)["line_item_id"], "quantity": quantity}]
    answer = company.people.ask(
        "POST", "/inventory/v1/packages", {"date": DAY, "line_items": lines}, salesorder_id=order["salesorder_id"]
    )
    return str(answer["package"]["package_id"])


def shipped(company: Any, order: dict[str, Any], package: str, number: str) -> str:
    answer = company.people.ask(
        "POST", "/inventory/v1/shipmentorders", {"date": DAY, "delivery_method": "DHL", "tracking_number": number},
        salesorder_id=order["salesorder_id"], package_ids=package,
    )  # fmt: skip
    return str(answer["shipment_order"]["shipment_id"])


def invoiced(company: Any, order: dict[str, Any]) -> dict[str, Any]:
    answer = company.people.ask("POST", "/books/v3/invoices/fromsalesorder", {}, salesorder_id=order["salesorder_id"])
    invoice = answer["invoice"]
    company.people.ask("POST", f"/books/v3/invoices/{invoice['invoice_id']}/status/sent")
    return dict(invoice)


def returned(company: Any, order: dict[str, Any]) -> dict[str, Any]:
    """One of the order comes back."""
    lines = [{"salesorder_item_id": line_of(order)["line_item_id"], "quantity": 1}]
    answer = company.people.ask(
        "POST", "/inventory/v1/salesreturns", {"date": DAY, "line_items": lines}, salesorder_id=order["salesorder_id"]
    )["salesreturn"]
    got = [{"line_item_id": line["line_item_id"], "quantity": 1} for line in answer["line_items"]]
    company.people.ask(
        "POST", "/inventory/v1/salesreturnreceives", {"date": DAY, "line_items": got},
        salesreturn_id=answer["salesreturn_id"],
    )  # fmt: skip
    return dict(answer)


def credited(company: Any, invoice: dict[str, Any], amount: str) -> dict[str, Any]:
    """A credit note for an invoice, over a line that is no item."""
    body = {
        "customer_id": invoice["customer_id"],
        "date": DAY,
        "line_items": [{"name": "Sent back", "rate": float(amount), "quantity": 1}],
    }
    return dict(
        company.people.ask("POST", "/books/v3/creditnotes", body, invoice_id=invoice["invoice_id"])["creditnote"]
    )


def refunded(company: Any, note: dict[str, Any], amount: str) -> None:
    accounts = company.people.ask("GET", "/books/v3/chartofaccounts")["chartofaccounts"]
    [cash] = [one["account_id"] for one in accounts if one["account_name"] == "Petty Cash"]
    body = {"date": DAY, "refund_mode": "cash", "amount": float(amount), "from_account_id": cash}
    company.people.ask("POST", f"/books/v3/creditnotes/{note['creditnote_id']}/refunds", body)


def bought(company: Any, **more: Any) -> tuple[dict[str, Any], str]:
    """A purchase order of two, issued; and its vendor."""
    vendor = company.finance_new("/inventory/v1/contacts", "contact", contact_name="Maker Ltd", contact_type="vendor")[
        "contact_id"
    ]
    item = company.new_item("B-1", "9.00", stock=1)
    lines = [{"item_id": item, "quantity": 2, "rate": 5}]
    order = company.people.ask(
        "POST", "/inventory/v1/purchaseorders", {"vendor_id": vendor, "date": DAY, "line_items": lines, **more}
    )
    order = order["purchase_order"]
    company.people.ask("POST", f"/inventory/v1/purchaseorders/{order['purchaseorder_id']}/status/issued")
    return dict(order), vendor


def received(company: Any, order: dict[str, Any]) -> dict[str, Any]:
    lines = [{"line_item_id": line_of(order)["line_item_id"], "quantity": 2}]
    body = {"date": DAY, "line_items": lines}
    answer = company.people.ask(
        "POST", "/inventory/v1/purchasereceives", body, purchaseorder_id=order["purchaseorder_id"]
    )
    return dict(answer["purchase_receive"])


ORDERS, FINANCE, PURCHASES = "orders-inventory-to-crm", "finance-books-to-crm", "purchases-inventory-to-crm"
Rows = dict[tuple[str, str], dict[str, Any]]


@dataclass
class Story:
    """What people saw in the CRM, step by step; and the papers themselves."""

    account: str
    deal: str
    order: dict[str, Any]
    steps: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    same: list[bool] = field(default_factory=list)
    """Does the deal say of its order what the account's list does? At each step."""
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)
    before_refund: Rows = field(default_factory=dict)
    after_refund: Rows = field(default_factory=dict)
    open_credit: Any = None
    bought: Rows = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    quiet: Counter[str] = field(default_factory=Counter)


def later(company: Any) -> None:
    """Taps look at what was changed within the last minute again."""
    company.stage.control("POST", "clock", {"move_s": 300})


TRAVEL = ("Shipment_Status", "Carrier", "Tracking_Number", "Shipment_Date")


def look(company: Any, story: Story, step: str) -> None:
    """Run the pipeline of orders, and note what the account's list and the deal say."""
    run(company, ORDERS)
    row = documents(company, "Accounts", story.account)["Sales order", story.order["salesorder_number"]]
    there = company.people.crm_get("Deals", story.deal)
    states = [row[name] for name in ("Invoiced_Status", "Shipped_Status", "Paid_Status", "Backordered", *TRAVEL)]
    story.same.append(
        states == [there[name] for name in ("Orders_Invoiced", "Orders_Shipped", "Orders_Paid", "Backordered", *TRAVEL)]
    )
    story.steps[step] = (row["Status"], *states)


@pytest.fixture(scope="module")
def story(lasting: Any) -> Story:
    """An order from confirmation to refund, and a purchase."""
    company = lasting
    story = Story(*ordered(company))
    papers, order = story.papers, story.order
    purchase, vendor = bought(company, salesorder_id=order["salesorder_id"], is_backorder=True)
    look(company, story, "goods on order")
    papers["receive"], papers["purchase"] = received(company, purchase), purchase
    package = packed(company, order, 2)
    look(company, story, "packed")
    shipment = shipped(company, order, package, "T-1")
    look(company, story, "shipped in part")
    company.people.ask("POST", f"/inventory/v1/shipmentorders/{shipment}/status/delivered")
    shipped(company, order, packed(company, order, 1), "T-2")
    invoice = papers["invoice"] = invoiced(company, order)
    papers["return"] = returned(company, order_now(company, order["salesorder_id"]))
    papers["note"] = credited(company, invoice, "20.00")
    papers["by hand"] = company.finance_new(
        "/inventory/v1/salesorders", "salesorder", customer_id=order["customer_id"], date=DAY,
        line_items=[{"item_id": line_of(order)["item_id"], "quantity": 1, "rate": 7}],
    )  # fmt: skip
    papers["bill"] = company.finance_new(
        "/books/v3/bills", "bill", vendor_id=vendor, bill_number="B-77", date=DAY, due_date="2026-04-01",
        line_items=[{"name": "Freight", "rate": 10, "quantity": 1}],
    )  # fmt: skip
    later(company)
    look(company, story, "invoiced")
    run(company, "customers-inventory-to-crm", FINANCE, PURCHASES)
    story.before_refund = documents(company, "Accounts", story.account)
    story.open_credit = company.people.crm_get("Accounts", story.account)["Open_Credit"]
    [maker] = [
        row["id"] for row in company.people.crm_list("Vendors", "Vendor_Name") if row["Vendor_Name"] == "Maker Ltd"
    ]
    story.bought = documents(company, "Vendors", maker)
    refunded(company, papers["note"], "12.50")
    later(company)
    run(company, FINANCE)
    story.after_refund = documents(company, "Accounts", story.account)
    story.held = company.held()
    since = company.stage.journal()["next"]
    run(company, ORDERS, FINANCE, PURCHASES)
    calls = company.stage.journal(since)["entries"]
    story.quiet = Counter(
        f"{one['method']} {one['path']}" for one in calls if one["system"] in {"crm", "inventory", "books"}
    )
    return story


@pytest.mark.promise("F040")
def test_an_account_shows_its_orders_invoices_credits_and_returns_and_a_vendor_its_bills_orders_and_receives(
    story: Story,
) -> None:
    shown, papers = story.before_refund, story.papers
    order, invoice, note = story.order, papers["invoice"], papers["note"]
    assert set(shown) == {
        ("Sales order", order["salesorder_number"]), ("Sales order", papers["by hand"]["salesorder_number"]),
        ("Invoice", invoice["invoice_number"]), ("Return", papers["return"]["salesreturn_number"]),
        ("Credit note", note["creditnote_number"]),
    }  # fmt: skip
    mine = shown["Sales order", order["salesorder_number"]]
    assert (mine["Amount"], mine["Document_Date"], mine["Currency_Code"]) == (60, order["date"], order["currency_code"])
    assert mine["Link"] == f"https://inventory.zoho.eu/app/700001#/salesorders/{order['salesorder_id']}"
    assert shown["Sales order", papers["by hand"]["salesorder_number"]]["Deal"] is None
    paper = only(shown, "Invoice")
    assert (paper["Amount"], paper["Balance"], paper["Due_Date"]) == (60, 60, invoice["due_date"])
    assert paper["Status"] in {"sent", "overdue"}
    assert paper["Link"] == f"https://books.zoho.eu/app/700001#/invoices/{invoice['invoice_id']}"
    for kind in ("Invoice", "Credit note", "Return"):
        assert only(shown, kind)["Deal"]["id"] == story.deal, kind
    assert set(story.bought) == {
        ("Bill", "B-77"), ("Purchase order", papers["purchase"]["purchaseorder_number"]), ("Receive", papers["receive"]["receive_number"])
    }  # fmt: skip
    assert (only(story.bought, "Bill")["Balance"], only(story.bought, "Bill")["Due_Date"]) == (
        10,
        papers["bill"]["due_date"],
    )
    assert (only(story.bought, "Purchase order")["Amount"], only(story.bought, "Purchase order")["Shipped_Status"]) == (
        10,
        "received",
    )
    assert story.held == []


@pytest.mark.promise("F072")
def test_each_step_of_an_order_is_on_the_deal_and_on_the_account_after_a_run(story: Story) -> None:
    nothing = (None, None, None, None)
    assert story.steps == {
        "goods on order": ("backordered", "not_invoiced", "pending", "unpaid", True, *nothing),
        "packed": ("confirmed", "not_invoiced", "pending", "unpaid", False, "Packed", None, None, None),
        "shipped in part": (
            "partially_shipped",
            "not_invoiced",
            "partially_shipped",
            "unpaid",
            False,
            "Shipped",
            "DHL",
            "T-1",
            DAY,
        ),
        "invoiced": ("fulfilled", "invoiced", "shipped", "unpaid", False, "Partly shipped", "DHL", "T-1, T-2", DAY),
    }
    assert story.same == [True] * 4


@pytest.mark.promise("F074")
def test_a_return_that_was_processed_is_a_credit_on_the_account_after_one_run_and_its_refund_names_the_invoice(
    story: Story,
) -> None:
    shown, paper = story.before_refund, only(story.before_refund, "Invoice")
    assert (only(shown, "Return")["Status"], only(shown, "Return")["Shipped_Status"]) == ("approved", "received")
    assert (only(shown, "Credit note")["Balance"], only(shown, "Credit note")["Status"], story.open_credit) == (
        20,
        "open",
        20,
    )
    assert only(shown, "Credit note")["Invoice"]["id"] == paper["id"]
    refund = only(story.after_refund, "Refund")
    assert (refund["Amount"], refund["Currency_Code"]) == (Decimal("12.5"), paper["Currency_Code"])
    assert refund["Name"] == story.papers["note"]["creditnote_number"]
    assert (refund["Invoice"]["id"], refund["Deal"]["id"]) == (paper["id"], story.deal)
    assert only(story.after_refund, "Credit note")["Balance"] == Decimal("7.5")


def test_a_run_without_news_reads_one_page_a_stream_and_writes_nothing(story: Story) -> None:
    mine = {
        "/inventory/v1/salesorders", "/inventory/v1/packages", "/inventory/v1/salesreturns", "/books/v3/invoices", "/books/v3/creditnotes",
        "/books/v3/creditnotes/refunds", "/books/v3/bills", "/inventory/v1/purchaseorders", "/inventory/v1/purchasereceives",
    }  # fmt: skip
    assert {f"GET {path}" for path in mine} <= story.quiet.keys()
    assert [one for one, times in story.quiet.items() if times > 1 or not one.startswith("GET ")] == []
    finance = {one for one in story.quiet if not one.startswith("GET /crm")}
    assert [one for one in finance if one.rpartition("/")[2].isdecimal()] == []


def test_documents_without_account_wait_and_are_counted_charges_are_no_products_void_ones_stay_and_deleted_ones_go(
    company: Any,
) -> None:
    customer = company.finance_new(
        "/inventory/v1/contacts", "contact", contact_name="Walk-in GmbH", contact_type="customer"
    )["contact_id"]
    lines = [
        {"name": name, "rate": rate, "quantity": 1} for name, rate in (("Postage", 15), ("Adjust bad debt", 110.62))
    ]
    voided, deleted = (
        company.finance_new("/books/v3/invoices", "invoice", customer_id=customer, date=DAY, line_items=lines)
        for _time in range(2)
    )
    run(company, FINANCE)
    why = "filtered: the account it refers to has no counterpart yet"
    assert company.counts("test", "direct invoice entry") == {"read": 2, "filtered": 2, why: 2}
    assert (company.held(), company.people.crm_list("Finance_Documents", "Name")) == ([], [])
    waiting = company.ledger().held(state="waiting", entity="direct invoice entry")
    assert {one.label for one in waiting} == {voided["invoice_number"], deleted["invoice_number"]}
    account = company.crm_new("Accounts", Account_Name="Walk-in GmbH")
    deal = company.crm_new("Deals", Deal_Name="Repair", Stage="Qualification")
    stamp = {"custom_fields": [{"api_name": "cf_crm_id", "value": deal}]}
    company.people.ask("PUT", f"/books/v3/invoices/{voided['invoice_id']}", stamp)
    run(company, "customers-crm-to-inventory", FINANCE)
    shown = documents(company, "Accounts", account)
    assert [row["Amount"] for row in shown.values()] == [Decimal("125.62")] * 2
    assert company.ledger().held(state="waiting", entity="direct invoice entry") == []
    assert company.people.crm_list("Products", "Product_Name") == []
    company.people.ask("POST", f"/books/v3/invoices/{voided['invoice_id']}/status/void")
    company.people.ask("DELETE", f"/books/v3/invoices/{deleted['invoice_id']}")
    company.stage.control("POST", "clock", {"move_s": 604801})
    run(company, FINANCE)
    company.people = People(company.stage)
    [row] = documents(company, "Accounts", account).values()
    assert row["Deal"]["id"] == deal
    assert (row["Name"], row["Status"], row["Balance"], row["Amount"]) == (
        voided["invoice_number"],
        "void",
        0,
        Decimal("125.62"),
    )
