"""What is in Books alone: estimates, recurring invoices, refunds, the chart of accounts, journals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Ledger(Finance):
    """A world with a customer, and a line of ten."""

    root = BOOKS

    def __init__(self) -> None:
        super().__init__()
        self.customer = self.made("contacts", {"contact_name": "Nordlicht"}, "contact")["contact_id"]
        self.head = {"customer_id": self.customer, "line_items": [{"name": "Work", "rate": 10}]}

    def made(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        return dict(self.ok("POST", f"/{path}", body)[key])

    def account(self, name: str) -> str:
        return str(self.ok("GET", f"/chartofaccounts?account_name={name}")["chartofaccounts"][0]["account_id"])

    def note(self) -> dict[str, Any]:
        return self.made("creditnotes", self.head, "creditnote")

    def refund(self, path: str, amount: float) -> tuple[int, dict[str, Any]]:
        body = {"date": "2026-03-02", "amount": amount, "from_account_id": self.account("Petty%20Cash")}
        return self.call("POST", f"{path}/refunds", body)

    def journal(self, debit: float, credit: float, **head: Any) -> tuple[int, dict[str, Any]]:
        lines = [
            {"account_id": self.account("Rent%20Expense"), "debit_or_credit": "debit", "amount": debit},
            {"account_id": self.account("Checking%20Account"), "debit_or_credit": "credit", "amount": credit},
        ]
        return self.call("POST", "/journals", {"journal_date": "2026-03-02", "line_items": lines, **head})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_an_estimate_is_sent_and_then_accepted_or_declined(ledger):
    made = ledger.made("estimates", {**ledger.head, "expiry_date": "2026-03-10"}, "estimate")
    path = f"/estimates/{made['estimate_id']}"
    assert (made["status"], made["estimate_number"], made["total"]) == ("draft", "EST-00001", 10)
    assert ledger.call("POST", f"{path}/status/accepted")[1]["code"] == 36511
    ledger.ok("POST", f"{path}/status/sent")
    assert ledger.ok("POST", f"{path}/status/accepted")["message"] == "Estimate status has been changed to Accepted."
    [row] = ledger.ok("GET", "/estimates?filter_by=Status.Accepted")["estimates"]
    assert (row["accepted_date"], "line_items" in row) == ("2026-03-02", False)


def test_an_estimate_that_nobody_answers_expires(ledger):
    body = {**ledger.head, "expiry_date": "2026-03-10"}
    made = ledger.made("estimates?send=true", body, "estimate")
    ledger.world.clock.move(timedelta(days=9))
    assert ledger.ok("GET", f"/estimates/{made['estimate_id']}")["estimate"]["status"] == "expired"
    assert len(ledger.ok("GET", "/estimates?status=expired")["estimates"]) == 1
    ledger.ok("DELETE", f"/estimates/{made['estimate_id']}")
    assert ledger.call("GET", f"/estimates/{made['estimate_id']}")[1]["code"] == 1002


def test_a_recurring_invoice_stops_resumes_and_expires(ledger):
    body = {**ledger.head, "recurrence_name": "Rent", "recurrence_frequency": "weeks", "start_date": "2026-02-20",
            "end_date": "2026-03-10"}  # fmt: skip
    made = ledger.made("recurringinvoices", body, "recurring_invoice")
    assert (made["status"], made["next_invoice_date"], made["total"]) == ("active", "2026-03-06", 10)
    path = f"/recurringinvoices/{made['recurring_invoice_id']}"
    assert ledger.call("POST", f"{path}/status/stop")[0] == 201
    [row] = ledger.ok("GET", "/recurringinvoices?status=stopped")["recurring_invoices"]
    assert {"line_items", "last_modified_time", "created_time", "total"} & set(row) == set()
    assert ledger.ok("POST", f"/recurringinvoices/status/resume?recurring_invoice_ids={made['recurring_invoice_id']}")
    assert ledger.ok("GET", path)["recurring_invoice"]["status"] == "active"
    ledger.world.clock.move(timedelta(days=9))
    assert ledger.ok("GET", path)["recurring_invoice"]["status"] == "expired"


def test_the_list_of_recurring_invoices_takes_no_modification_time(ledger):
    assert ledger.call("GET", "/recurringinvoices?last_modified_time=2026-03-02T18:00:00%2B0000")[0] == 400
    assert ledger.call("GET", "/recurringinvoices?sort_column=last_modified_time")[0] == 400


def test_a_name_of_a_recurring_invoice_is_taken_once(ledger):
    body = {**ledger.head, "recurrence_name": "Rent", "recurrence_frequency": "months"}
    ledger.made("recurringinvoices", body, "recurring_invoice")
    assert ledger.call("POST", "/recurringinvoices", body)[1]["code"] == 36611


def test_a_refund_lowers_what_is_left_of_a_credit_note(ledger):
    note = ledger.note()
    path = f"/creditnotes/{note['creditnote_id']}"
    status, answer = ledger.refund(path, 4)
    made = answer["creditnote_refund"]
    assert (status, made["amount"], made["creditnote_id"]) == (200, 4, note["creditnote_id"])
    assert ledger.ok("GET", path)["creditnote"]["balance"] == 6
    assert ledger.refund(path, 7)[1]["code"] == 12015
    [row] = ledger.ok("GET", f"{path}/refunds")["creditnote_refunds"]
    assert (row["amount_bcy"], row["creditnote_number"], row["customer_name"]) == (4, "CN-00001", "Nordlicht")
    assert ledger.ok("GET", f"/creditnotes/refunds/{made['creditnote_refund_id']}")["creditnote_refund"] == made
    assert ledger.call("DELETE", path)[1]["code"] == 12011
    ledger.ok("DELETE", f"{path}/refunds/{made['creditnote_refund_id']}")
    assert ledger.ok("GET", path)["creditnote"]["balance"] == 10


def test_a_note_that_was_refunded_whole_is_closed_and_all_refunds_are_one_list(ledger):
    first, second = ledger.note(), ledger.note()
    ledger.refund(f"/creditnotes/{first['creditnote_id']}", 10)
    ledger.refund(f"/creditnotes/{second['creditnote_id']}", 3)
    assert ledger.ok("GET", f"/creditnotes/{first['creditnote_id']}")["creditnote"]["status"] == "closed"
    answer = ledger.ok("GET", "/creditnotes/refunds?sort_column=amount_fcy&sort_order=A")
    assert [one["amount_fcy"] for one in answer["creditnote_refunds"]] == [3, 10]
    assert answer["page_context"]["has_more_page"] is False
    other = ledger.world.call("GET", f"{INVENTORY}/creditnotes/refunds").content
    assert len(other["creditnote_refunds"]) == 2


def test_a_refund_is_changed_and_its_note_with_it(ledger):
    note = ledger.note()
    path = f"/creditnotes/{note['creditnote_id']}"
    key = ledger.refund(path, 4)[1]["creditnote_refund"]["creditnote_refund_id"]
    ledger.ok("PUT", f"{path}/refunds/{key}", {"amount": 9})
    assert ledger.ok("GET", path)["creditnote"]["balance"] == 1
    assert ledger.call("PUT", f"{path}/refunds/{key}", {"amount": 11})[1]["code"] == 12015


def test_a_payment_gives_back_what_was_not_used(ledger):
    body = {"customer_id": ledger.customer, "payment_mode": "cash", "amount": 10}
    path = f"/customerpayments/{ledger.made('customerpayments', body, 'payment')['payment_id']}"
    assert [one["payment_number"] for one in ledger.refund(path, 4)[1]["payment_refunds"]] == ["00001"]
    assert ledger.ok("GET", path)["payment"]["unused_amount"] == 6
    assert len(ledger.ok("GET", f"{path}/refunds")["payment_refunds"]) == 1
    assert ledger.call("DELETE", path)[1]["code"] == 24019


def test_the_chart_of_accounts_is_filtered_by_class_name_and_time(ledger):
    every = ledger.ok("GET", "/chartofaccounts")["chartofaccounts"]
    assert len(every) == 24
    income = ledger.ok("GET", "/chartofaccounts?filter_by=AccountType.Income")["chartofaccounts"]
    assert {one["account_type"] for one in income} == {"income", "other_income"}
    assert len(ledger.ok("GET", "/chartofaccounts?account_name_starts_with=acc")["chartofaccounts"]) == 2
    assert len(ledger.ok("GET", "/chartofaccounts?account_code_ends_with=100")["chartofaccounts"]) == 4
    made = ledger.made("chartofaccounts", {"account_name": "Trains", "account_type": "expense"}, "chart_of_account")
    since = "/chartofaccounts?last_modified_time=2026-03-02T17:59:59%2B0000"
    assert [one["account_id"] for one in ledger.ok("GET", since)["chartofaccounts"]] == [made["account_id"]]
    assert ledger.call("GET", "/chartofaccounts?filter_by=AccountType.Odd")[0] == 400


def test_accounts_that_are_used_or_the_systems_stay_and_others_go(ledger):
    made = ledger.made("chartofaccounts", {"account_name": "Trains", "account_type": "expense"}, "chart_of_account")
    path = f"/chartofaccounts/{made['account_id']}"
    assert ledger.call("POST", f"{path}/inactive")[0] == 201
    inactive = ledger.ok("GET", "/chartofaccounts?filter_by=AccountType.Inactive")["chartofaccounts"]
    assert [(one["account_name"], one["is_active"]) for one in inactive] == [("Trains", False)]
    ledger.ok("DELETE", path)
    assert ledger.call("GET", path)[1]["code"] == 1002
    assert ledger.call("DELETE", f"/chartofaccounts/{ledger.account('Sales')}")[1]["code"] == 11003
    ledger.journal(5, 5)
    assert ledger.call("DELETE", f"/chartofaccounts/{ledger.account('Rent%20Expense')}")[1]["code"] == 11004


def test_debits_are_credits_or_the_journal_is_refused(ledger):
    status, answer = ledger.journal(5, 4)
    assert (status, answer["code"]) == (400, 13010)
    assert ledger.ok("GET", "/journals")["journals"] == []
    made = ledger.journal(5, 5)[1]["journal"]
    assert (made["total"], made["entry_number"], made["line_items"][0]["account_name"]) == (5, "00001", "Rent Expense")


def test_a_journal_that_is_a_draft_changes_balances_when_it_is_published(ledger):
    made = ledger.journal(5, 5, status="draft")[1]["journal"]
    rent = ledger.account("Rent%20Expense")

    def balance() -> Any:
        rows = ledger.ok("GET", f"/chartofaccounts?showbalance=true&account_id={rent}")["chartofaccounts"]
        return rows[0]["current_balance"]

    assert balance() == 0
    assert ledger.call("POST", f"/journals/{made['journal_id']}/status/publish")[0] == 201
    assert balance() == 5
    assert ledger.ok("GET", f"/chartofaccounts/{rent}")["chart_of_account"]["closing_balance"] == 5
    ledger.ok("DELETE", f"/journals/{made['journal_id']}")
    assert balance() == 0


def test_a_list_of_journals_has_no_lines_and_its_modification_time_means_that_day(ledger, monkeypatch):
    ledger.journal(5, 5)
    ledger.world.clock.move(timedelta(days=1))
    ledger.journal(6, 6, journal_date="2026-03-03")
    rows = ledger.ok("GET", "/journals?date_after=2026-03-02")["journals"]
    assert [(one["total"], {"line_items", "last_modified_time"} & set(one)) for one in rows] == [(6, set())]
    since = "/journals?last_modified_time=2026-03-02T08:00:00-0800"
    assert [one["total"] for one in ledger.ok("GET", since)["journals"]] == [5]
    monkeypatch.setattr(finance.doubts, "journals_modified_on_the_day", False)
    assert len(ledger.ok("GET", since)["journals"]) == 2


def test_books_prints_the_orders_of_a_list(ledger):
    ledger.made("salesorders", ledger.head, "salesorder")
    key = ledger.made("salesorders", ledger.head, "salesorder")["salesorder_id"]
    answer = ledger.world.call("GET", f"{BOOKS}/salesorders?accept=pdf&print=true&salesorder_ids={key}")
    assert (answer.headers["content-type"], b"SO-00002" in answer.content, b"SO-00001" in answer.content) == (
        "application/pdf", True, False,
    )  # fmt: skip


def test_what_is_open_of_a_sent_invoice_is_written_off_and_taken_back(ledger):
    invoice = ledger.made("invoices", ledger.head, "invoice")
    path = f"/invoices/{invoice['invoice_id']}"
    assert ledger.call("POST", f"{path}/writeoff")[1]["code"] == 4022
    ledger.ok("POST", f"{path}/status/sent")
    assert ledger.ok("POST", f"{path}/writeoff")["message"] == "Invoice has been written off."
    given_up = ledger.ok("GET", path)["invoice"]
    assert (given_up["write_off_amount"], given_up["balance"], given_up["status"]) == (10, 0, "paid")
    assert ledger.call("POST", f"{path}/writeoff")[1]["code"] == 4022
    ledger.ok("POST", f"{path}/writeoff/cancel")
    assert ledger.call("POST", f"{path}/writeoff/cancel")[1]["code"] == 4023
    assert ledger.ok("GET", path)["invoice"]["balance"] == 10


def test_a_payment_that_fails_later_is_paid_on_no_invoice(ledger):
    invoice = ledger.made("invoices", ledger.head, "invoice")
    path = f"/invoices/{invoice['invoice_id']}"
    ledger.ok("POST", f"{path}/status/sent")
    body = {"customer_id": ledger.customer, "payment_mode": "banktransfer", "amount": 10}
    made = ledger.made(
        "customerpayments",
        {**body, "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": 10}]},
        "payment",
    )
    assert ledger.ok("GET", path)["invoice"]["status"] == "paid"
    for status, balance in (("failure", 10), ("success", 0)):
        answer = ledger.world.call(
            "POST", "/_sandbox/finance/payments", {"payment_id": made["payment_id"], "status": status}
        )
        assert answer.status == 200
        assert ledger.ok("GET", path)["invoice"]["balance"] == balance
    assert (
        ledger.world.call(
            "POST", "/_sandbox/finance/payments", {"payment_id": made["payment_id"], "status": "lost"}
        ).status
        == 400
    )


def test_an_invoice_becomes_overdue_when_its_day_is_over_and_nothing_is_modified(ledger):
    invoice = ledger.made("invoices", {**ledger.head, "date": "2026-03-02", "due_date": "2026-03-03"}, "invoice")
    path = f"/invoices/{invoice['invoice_id']}"
    ledger.ok("POST", f"{path}/status/sent")
    before = ledger.ok("GET", path)["invoice"]
    ledger.world.clock.move(timedelta(days=1))
    assert ledger.ok("GET", path)["invoice"]["status"] == "sent"
    ledger.world.clock.move(timedelta(days=1))
    after = ledger.ok("GET", path)["invoice"]
    assert (after["status"], after["last_modified_time"]) == ("overdue", before["last_modified_time"])
    assert [row["invoice_id"] for row in ledger.ok("GET", "/invoices?status=overdue")["invoices"]] == [
        invoice["invoice_id"]
    ]
