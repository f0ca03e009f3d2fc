"""`ofrecord reconcile`: sold, ordered, invoiced, paid."""

import json
from decimal import Decimal

import pytest

from ofrecord_kit.ledger import Event, Held


def add_order(book, number, *, deal="D1", rate="19.99", sold=None, tax=None):
    """An order of three pieces as the target records it when it made one from a quote."""
    here = {"Product_Name": "P1", "Quantity": 3, "List_Price": Decimal(sold or rate), "Discount": Decimal("0.97")}
    there = {"item_id": "I1", "quantity": 3, "rate": Decimal(rate), "discount": Decimal("0.97")}
    if tax:
        there["tax_id"] = tax
    with book.writing() as ledger:
        ids = {"crm": f"Q{number}", "inventory": f"S{number}"}
        link = ledger.record_link("order", ids)
        ledger.event(Event("created", "order", link, ids, system="inventory"))
        ledger.record_agreed(
            link,
            {
                "deal": {"crm": deal, "inventory": deal},
                "lines": {"crm": [here], "inventory": [there]},
                "adjustment": {"crm": Decimal("1.00"), "inventory": Decimal("1.00")},
                "order number": {"inventory": f"SO-{number}", "crm": f"SO-{number}"},
                "_then": {"inventory": ["confirmed"]},
            },
        )


def add_invoice(book, deal, invoiced, due, paid=None, *, number="V1"):
    with book.writing() as ledger:
        values = {"Invoice_Number": number, "Invoiced_Amount": Decimal(invoiced), "Balance_Due": Decimal(due)}
        ledger.record_part("invoice", "crm", deal, number, values)
        if paid is not None:
            ledger.record_part("payment", "crm", deal, f"P/{number}", {"Paid_Amount": Decimal(paid)})


def test_an_order_stands_beside_what_was_invoiced_and_paid_to_the_cent(book):
    add_order(book, 1)
    add_invoice(book, "D1", "60.00", "36.01", "23.99")
    done = book.ask("reconcile")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "order\tSO-1\tD1\t60.00\t60.00\t60.00\t23.99\t36.01\tno\tyes",
        "sum\t60.00\t60.00\t60.00\t23.99\t36.01",
    ]
    assert done.stderr == "Nothing differs.\n"


@pytest.mark.parametrize(
    ("order", "invoice", "why", "difference"),
    [
        ({"sold": "20.00"}, None, "sold 60.03, ordered 60.00", "-0.03"),
        ({}, ("61.00", "61.00"), "ordered 60.00, invoiced 61.00", "1.00"),
        ({}, ("60.00", "10.00", "40.00"), "invoiced less balance due 50.00, paid 40.00", "-10.00"),
        ({}, ("60.00", "0"), "invoiced less balance due 60.00, paid 0", "-60.00"),
    ],
)
def test_a_mismatch_is_one_line_with_both_amounts(book, order, invoice, why, difference):
    add_order(book, 1, **order)
    add_order(book, 2, deal="D2")
    if invoice:
        add_invoice(book, "D1", *invoice)
    done = book.ask("reconcile")
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("mismatch")] == [
        f"mismatch\tamount\torder SO-1\t{why}\t{difference}"
    ]


def test_an_order_invoiced_in_part_is_no_mismatch(book):
    add_order(book, 1)
    add_invoice(book, "D1", "20.00", "20.00")
    assert book.ask("reconcile").exit_code == 0


def test_the_orders_of_one_deal_are_compared_together(book):
    add_order(book, 1)
    add_order(book, 2)
    add_invoice(book, "D1", "60.00", "60.00", number="V1")
    add_invoice(book, "D1", "60.00", "0.00", "60.00", number="V2")
    found = json.loads(book.ask("reconcile", "--json").stdout)
    [row] = found["rows"]
    assert (row["orders"], row["ordered"], row["invoiced"]) == (["SO-1", "SO-2"], "120.00", "120.00")
    assert found["mismatches"] == []


def test_an_order_with_tax_is_not_compared_with_its_invoice_and_that_is_said(book):
    add_order(book, 1, tax="T1")
    add_invoice(book, "D1", "71.40", "71.40")
    done = book.ask("reconcile")
    assert done.exit_code == 0
    assert "1 orders carry tax" in done.stderr


def test_a_quote_without_order_and_one_whose_total_differs_are_named(book):
    add_order(book, 1)
    with book.writing() as ledger:
        words = "total is 61 at inventory and 60 at crm; left as it is"
        ledger.hold(Held("order", "crm", "inventory", "Q1", "check", words, label="QUOTE-1"))
        ledger.hold(Held("order", "crm", "inventory", "Q2", "reference", "product 5 is not known", label="QUOTE-2"))
    done = book.ask("reconcile", "--json")
    assert done.exit_code == 1
    assert [(one["kind"], one["what"]) for one in json.loads(done.stdout)["mismatches"]] == [
        ("total", "quote QUOTE-1"),
        ("missing hop", "quote QUOTE-2"),
    ]


def test_an_empty_ledger_has_nothing_to_compare_and_that_is_good(book):
    done = book.ask("reconcile")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "Nothing can be compared: the ledger holds no order yet.\n"
