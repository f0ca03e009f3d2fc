"""Accepted quotes, invoices and payments."""

from decimal import Decimal

import pytest


def accepted_quote(company, stage="Accepted"):
    item = company.new_item("Q-1", "19.99", stock=100)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("products", "customers")
    return company.new_quote(account, [(company.product_of(item)["id"], 3, "19.99")], stage=stage)


@pytest.mark.promise("F059")
def test_an_accepted_quote_becomes_exactly_one_order_also_after_a_lost_answer(company):
    quote = accepted_quote(company, stage="Draft")
    company.synced("orders")
    assert company.orders_of(quote["Quote_Number"]) == []
    company.people.crm_put("Quotes", quote["id"], Quote_Stage="Accepted")
    fault = {
        "match": {"method": "PUT", "path": "/books/v3/salesorders"},
        "nth": 1,
        "times": 1,
        "do": "drop_after_commit",
    }
    company.stage.control("POST", "faults", [fault])
    company.run("orders")
    company.stage.control("DELETE", "faults")
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    assert order["total"] == quote["Grand_Total"] == Decimal("59.97")
    assert company.people.crm_get("Quotes", quote["id"])["Order_Number"] == order["salesorder_number"]
    company.synced("orders")
    assert company.writes_of("orders") == []


@pytest.mark.promise("F064")
def test_a_new_customer_is_created_once_and_a_known_one_is_linked(company):
    company.finance_new("/inventory/v1/contacts", "contact", contact_name="Known Ltd", contact_type="customer")
    for name in ("Known Ltd", "New Ltd"):
        company.crm_new("Accounts", Account_Name=name)
    company.synced("customers")
    company.synced("customers")
    assert [len(company.contacts_named(name)) for name in ("Known Ltd", "New Ltd")] == [1, 1]


def test_an_order_whose_product_inventory_does_not_know_waits_and_says_for_what(company):
    product = company.crm_new("Products", Product_Name="Dreamt up", Product_Code="NONE", Unit_Price=4)
    account = company.crm_new("Accounts", Account_Name="Dreamer Ltd")
    quote = company.new_quote(account, [(product, 2, "4.00")])
    company.run("products", "customers", "orders")
    assert company.orders_of(quote["Quote_Number"]) == []
    [held] = company.held()
    assert held.kind == "reference"
    assert "product" in held.message
    company.new_item("NONE", "4.00")
    company.run("products", "orders")
    assert len(company.orders_of(quote["Quote_Number"])) == 1
    assert company.held() == []


def invoiced(company):
    quote = accepted_quote(company)
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    invoice = company.people.ask("POST", "/books/v3/invoices/fromsalesorder", {}, salesorder_id=order["salesorder_id"])[
        "invoice"
    ]
    company.people.ask("POST", f"/books/v3/invoices/{invoice['invoice_id']}/status/sent")
    company.synced("orders", "finance")
    return quote["Deal_Name"]["id"], invoice


@pytest.mark.promise("F068")
def test_the_invoice_number_and_date_are_on_the_deal_after_invoicing(company):
    deal, invoice = invoiced(company)
    shown = company.people.crm_get("Deals", deal)
    assert (shown["Invoice_Number"], shown["Invoice_Date"]) == (invoice["invoice_number"], invoice["date"])


@pytest.mark.promise("F069")
def test_a_part_payment_shows_partly_paid_with_its_balance_and_the_rest_shows_paid(company):
    deal, invoice = invoiced(company)
    total = Decimal(str(invoice["total"]))
    assert company.people.crm_get("Deals", deal)["Payment_Status"] in {"Unpaid", "Overdue"}
    for amount, status, balance in (
        (Decimal("23.99"), "Partly paid", total - Decimal("23.99")),
        (total - Decimal("23.99"), "Paid", 0),
    ):
        company.finance_new(
            "/books/v3/customerpayments",
            "payment",
            customer_id=invoice["customer_id"],
            payment_mode="cash",
            amount=float(amount),
            date=invoice["date"],
            invoices=[{"invoice_id": invoice["invoice_id"], "amount_applied": float(amount)}],
        )
        company.synced("finance")
        shown = company.people.crm_get("Deals", deal)
        assert (shown["Payment_Status"], shown["Balance_Due"]) == (status, balance)
    assert shown["Paid_Amount"] == total
    assert company.writes_of("finance") == []


@pytest.mark.promise("F107", "F108", "N16")
def test_one_bad_record_of_a_thousand_waits_and_the_others_land_and_every_record_is_counted(company):
    names = [f"Customer {n:04}" for n in range(999)] + ["X" * 210]
    for start in range(0, 1000, 100):
        company.people.ask(
            "POST", "/crm/v8/Accounts", {"data": [{"Account_Name": n} for n in names[start : start + 100]]}
        )
    codes = company.run("customers", run="thousand", errors_allowed="0")
    assert codes[0] == 1
    rows = company.people.finance_list("/inventory/v1/contacts", "contacts")
    assert len(rows) == 999
    [held] = company.held()
    assert held.kind == "invalid"
    assert "longer than the 200 characters" in held.message
    for run in company.ledger().runs(group="thousand"):
        assert run.counts, run.plugin
        for s in (counted for stream, counted in run.counts.items() if stream != "_end"):
            assert s.get("read", 0) == sum(
                s.get(name, 0) for name in ("written", "unchanged", "held", "failed", "filtered")
            )


@pytest.mark.promise("F110")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/books/v3/salesorders"),
        ("PUT", "/books/v3/contacts"),
        ("POST", "/inventory/v1/contacts/contactpersons"),
    ],
)
def test_an_answer_that_comes_too_late_after_a_successful_write_makes_no_second_record(company, method, path):
    item = company.new_item("LATE-1", "4.00")
    company.synced("products")
    account = company.crm_new("Accounts", Account_Name="Slow Ltd")
    company.crm_new("Contacts", First_Name="Ada", Last_Name="Berg", Account_Name={"id": account})
    quote = company.new_quote(account, [(company.product_of(item)["id"], 2, "4.00")])
    late = {"match": {"method": method, "path": path}, "nth": 1, "times": 1, "do": "delay", "delay_s": 3}
    company.stage.control("POST", "faults", [late])
    company.run("customers", "orders", timeout_s=1, retry_wait_s=0)
    company.stage.control("DELETE", "faults")
    company.run("customers", "orders")
    [contact] = company.contacts_named("Slow Ltd")
    assert [person["first_name"] for person in contact["contact_persons"]] == ["Ada"]
    assert len(company.orders_of(quote["Quote_Number"])) == 1
    assert company.writes_of("customers", "orders") == []
