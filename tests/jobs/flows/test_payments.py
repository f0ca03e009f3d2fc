"""The states of payment on the deal, told from the documents of accounting: payments, credits, refunds, write-offs, days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

FINANCE = "tap-books--finance own-finance-books-to-crm target-crm"
TOTAL = Decimal(60)


class Deals:
    """Deals whose quotes became orders, and what accounting does with them."""

    def __init__(self, company: Any, names: str) -> None:
        self.company, self.people = company, company.people
        self.at("2026-03-02T12:00:00-08:00")
        item = company.new_item("P-1", "20.00", stock=1000)
        account = company.crm_new("Accounts", Account_Name="Buyer AG")
        company.synced("products", "customers")
        product = company.product_of(item)["id"]
        quotes = {name: company.new_quote(account, [(product, 3, "20.00")]) for name in names.split()}
        company.synced("orders")
        self.deal = {name: quote["Deal_Name"]["id"] for name, quote in quotes.items()}
        self.order = {
            name: company.orders_of(quote["Quote_Number"])[0]["salesorder_id"] for name, quote in quotes.items()
        }
        self.customer = company.contacts_named("Buyer AG")[0]["contact_id"]
        self.account, self.invoice = account, dict[str, str]()
        self.bank = company.finance_new(
            "/books/v3/chartofaccounts", "chart_of_account", account_name="Bank", account_type="bank"
        )["account_id"]

    def at(self, moment: str) -> None:
        """Move the vendors' clock, which goes on running."""
        now = datetime.fromisoformat(self.company.stage.control("GET", "clock")["now"])
        self.company.stage.control("POST", "clock", {"move_s": (datetime.fromisoformat(moment) - now).total_seconds()})

    def bill(self, name: str, *, days: int = 30, sent: bool = True, quantity: int | None = None) -> str:
        """An invoice of the deal's order, due in so many days."""
        order = self.people.finance_get(f"/inventory/v1/salesorders/{self.order[name]}", "salesorder")
        [line] = order["line_items"]
        lines = [
            {
                "salesorder_item_id": line["line_item_id"],
                "item_id": line["item_id"],
                "rate": 20,
                "quantity": quantity or 3,
            }
        ]
        day = date.fromisoformat("2026-03-02")
        body = {
            "customer_id": self.customer,
            "line_items": lines,
            "date": day.isoformat(),
            "due_date": (day + timedelta(days)).isoformat(),
        }
        key = str(
            self.people.ask("POST", "/books/v3/invoices", body, salesorder_id=self.order[name])["invoice"]["invoice_id"]
        )
        if sent:
            self.status(key, "sent")
        self.invoice[name] = key
        return key

    def status(self, key: str, word: str) -> None:
        self.people.ask("POST", f"/books/v3/invoices/{key}/status/{word}")

    def pay(self, **shares: float) -> str:
        """One payment over invoices, by the name of their deal or by their id."""
        parts = [
            {"invoice_id": self.invoice.get(name, name.removeprefix("id")), "amount_applied": amount}
            for name, amount in shares.items()
        ]
        made = self.company.finance_new(
            "/books/v3/customerpayments", "payment", customer_id=self.customer, payment_mode="banktransfer",
            amount=sum(shares.values()), date="2026-03-03", invoices=parts,
        )  # fmt: skip
        return str(made["payment_id"])

    def note(self, name: str, amount: float, *, applied: bool = False) -> str:
        """A credit note made for the deal's invoice."""
        body = {
            "customer_id": self.customer,
            "date": "2026-03-04",
            "line_items": [{"name": "Taken back", "rate": amount, "quantity": 1}],
        }
        key = str(
            self.people.ask("POST", "/books/v3/creditnotes", body, invoice_id=self.invoice[name])["creditnote"][
                "creditnote_id"
            ]
        )
        if applied:
            parts = [{"invoice_id": self.invoice[name], "amount_applied": amount}]
            self.people.ask("POST", f"/books/v3/creditnotes/{key}/invoices", {"invoices": parts})
        return key

    def refund(self, what: str, amount: float) -> None:
        self.people.ask(
            "POST",
            f"/books/v3/{what}/refunds",
            {"amount": amount, "from_account_id": self.bank, "date": "2026-03-05"},
        )

    def sync(self) -> None:
        self.company.complaints = ""
        assert self.company.pipe(FINANCE, "payments") == 0, self.company.complaints

    def shown(self, name: str) -> dict[str, Any]:
        return self.people.crm_get("Deals", self.deal[name])

    def problem(self, name: str) -> tuple[Any, ...]:
        shown = self.shown(name)
        return shown["Payment_Status"], shown["Payment_Problem"], shown["Payment_Problem_Since"]

    def states(self, *names: str) -> dict[str, str | None]:
        return {name: self.shown(name)["Payment_Status"] for name in names}


@pytest.mark.promise("F069")
def test_a_deal_tells_its_state_of_payment_from_the_documents(company):
    deals = Deals(company, "part two credit refund gone none off back")
    for name in ["part", "credit", "refund", "off", "back"]:
        deals.bill(name)
    deals.bill("none", sent=False)
    deals.bill("gone")
    first, second = deals.bill("two", quantity=1), deals.bill("two", quantity=2)
    deals.sync()
    assert deals.states("part", "two", "credit", "none") == {
        "part": "Unpaid",
        "two": "Unpaid",
        "credit": "Unpaid",
        "none": "Draft",
    }

    forty = deals.pay(part=24)
    both = deals.pay(**{f"id{first}": 20, f"id{second}": 15})
    credit = deals.note("credit", 60, applied=True)
    deals.pay(refund=60)
    given = deals.pay(back=60)
    note = deals.note("refund", 60)
    deals.refund(f"creditnotes/{note}", 60)
    deals.people.ask("POST", f"/books/v3/invoices/{deals.invoice['off']}/writeoff")
    deals.status(deals.invoice["none"], "sent")
    deals.sync()
    assert deals.states("part", "two", "credit", "refund", "off", "none") == {
        "part": "Partly paid", "two": "Partly paid", "credit": "Credited", "refund": "Refunded", "off": "Written off", "none": "Unpaid",
    }  # fmt: skip
    part, refund = deals.shown("part"), deals.shown("refund")
    assert (part["Paid_Amount"], part["Balance_Due"], part["Invoiced_Amount"]) == (24, 36, 60)
    assert (refund["Refunded_Amount"], refund["Paid_Amount"], refund["Balance_Due"]) == (60, 60, 0)
    assert (deals.shown("credit")["Credited_Amount"], deals.shown("off")["Written_Off_Amount"]) == (60, 60)
    assert deals.shown("two")["Paid_Amount"] == 35

    rest = deals.pay(part=36)
    deals.pay(**{f"id{second}": 25})
    applied = deals.people.finance_get(f"/books/v3/creditnotes/{credit}", "creditnote")["invoices_credited"][0]
    deals.people.ask("DELETE", f"/books/v3/creditnotes/{credit}/invoices/{applied['creditnote_invoice_id']}")
    deals.people.ask("POST", f"/books/v3/invoices/{deals.invoice['off']}/writeoff/cancel")
    deals.status(deals.invoice["gone"], "void")
    body = {"invoices": []}  # the payment is taken off its invoice and paid back
    deals.people.ask("PUT", f"/books/v3/customerpayments/{given}", body)
    deals.refund(f"customerpayments/{given}", 60)
    deals.sync()
    assert deals.states("part", "two", "credit", "off", "gone", "back") == {
        "part": "Paid", "two": "Paid", "credit": "Reopened", "off": "Reopened", "gone": "Void", "back": "Reopened",
    }  # fmt: skip
    assert (deals.shown("part")["Balance_Due"], deals.shown("part")["Paid_Amount"]) == (0, 60)

    deals.people.ask("DELETE", f"/books/v3/customerpayments/{rest}")
    deals.people.ask("DELETE", f"/books/v3/customerpayments/{both}")
    deals.sync()
    assert deals.states("part", "two") == {"part": "Reopened", "two": "Reopened"}
    assert (deals.shown("part")["Balance_Due"], deals.shown("part")["Paid_Amount"]) == (36, 24)
    deals.people.ask("DELETE", f"/books/v3/customerpayments/{forty}")
    deals.pay(off=60)
    deals.status(deals.invoice["back"], "void")
    deals.sync()
    assert deals.states("part", "off", "back") == {"part": "Reopened", "off": "Paid", "back": "Void"}
    assert [stage for name in deals.deal if (stage := deals.shown(name)["Stage"]) != "Qualification"] == []
    assert company.writes_of("finance") == []


@pytest.mark.promise("F071")
def test_an_invoice_that_becomes_overdue_by_time_alone_raises_a_flag_until_it_is_settled(company):
    deals = Deals(company, "late later failed")
    deals.bill("late", days=10)
    deals.bill("later", days=20)
    deals.bill("failed")
    failing = deals.pay(failed=60)
    deals.sync()
    assert deals.states("late", "failed") == {"late": "Unpaid", "failed": "Paid"}
    company.stage.control("POST", "finance/payments", {"payment_id": failing, "status": "failure"})
    deals.people.ask("PUT", f"/books/v3/customerpayments/{failing}", {"description": "Returned by the bank"})
    deals.at("2026-03-13T06:30:00+00:00")  # in London the next day, in Los Angeles still the 12th
    deals.sync()
    assert deals.states("late", "later", "failed") == {"late": "Unpaid", "later": "Unpaid", "failed": "Reopened"}
    assert deals.problem("failed") == ("Reopened", "Payment failed", "2026-03-03")
    before = deals.company.stage.journal()["next"]
    deals.at("2026-03-13T07:01:00+00:00")
    deals.sync()
    assert deals.problem("late") == ("Overdue", "Overdue", "2026-03-12")
    assert deals.shown("later")["Payment_Problem"] is None
    calls = [one for one in deals.company.stage.journal(before)["entries"] if one["system"] == "crm"]
    assert len(calls) <= 6
    deals.pay(late=60, failed=60)
    deals.sync()
    assert (deals.problem("late"), deals.problem("failed")) == (("Paid", None, None), ("Paid", None, None))
    assert company.writes_of("finance") == []
    company.stage.control("POST", "finance/doubts", {"payment_bumps_invoice": False})  # no document says that it does
    try:
        deals.pay(later=60)
        deals.sync()
        assert deals.states("later") == {"later": "Paid"}
    finally:
        company.stage.control("POST", "finance/doubts", {"all": "default"})


@pytest.mark.promise("F073")
def test_terms_and_credit_limit_show_in_the_crm_and_an_edit_there_is_put_back(company):
    key = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("customers")
    [contact] = company.contacts_named("Buyer AG")
    company.people.ask(
        "PUT",
        f"/inventory/v1/contacts/{contact['contact_id']}",
        {"contact_name": "Buyer AG", "payment_terms": 30, "credit_limit": 5000},
    )
    company.synced("customers")

    def shown() -> tuple[Any, Any]:
        account = company.people.crm_get("Accounts", key)
        return account["Payment_Terms_Days"], account["Credit_Limit"]

    assert shown() == (30, 5000)
    company.people.crm_put("Accounts", key, Payment_Terms_Days=90, Credit_Limit=999999)
    company.synced("customers", run="edited")
    assert shown() == (30, 5000)
    [contact] = company.contacts_named("Buyer AG")
    assert (contact["payment_terms"], contact["credit_limit"]) == (30, 5000)
    assert {event.field for event in company.events("edited", "violation")} == {"payment terms", "credit limit"}
    assert company.writes_of("customers") == []
