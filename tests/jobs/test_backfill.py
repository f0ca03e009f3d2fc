"""Older records are brought over between two dates, quietly."""

import pytest

TASKS = ("tap-crm--orders", "tap-inventory--orders", "tap-books--finance")


@pytest.fixture
def periods(company):
    """Three sales, each invoiced, paid and won in a period of its own; (deal and order of each, begin and end of the second)."""
    item = company.new_item("Q-1", "20.00", stock=100)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("products", "customers")
    product = company.product_of(item)["id"]
    quotes = [company.new_quote(account, [(product, number, "20.00")]) for number in (1, 2, 3)]
    company.synced("orders")
    sales, times = [], []
    for quote in quotes:
        later(company)
        [order] = company.orders_of(quote["Quote_Number"])
        sell(company, order)
        company.people.crm_put("Deals", quote["Deal_Name"]["id"], Stage="Closed Won")
        sales.append((quote["Deal_Name"]["id"], order["salesorder_id"]))
        times.append(later(company))
    yield sales, times[0], times[1]
    company.stage.control("POST", "clock", {"run": True})


def later(company):
    company.stage.control("POST", "clock", {"move_s": 300})
    return company.stage.control("GET", "clock")["now"]


def sell(company, order):
    """Invoice an order and take the money."""
    ask = company.people.ask
    invoice = ask("POST", "/books/v3/invoices/fromsalesorder", {}, salesorder_id=order["salesorder_id"])["invoice"]
    ask("POST", f"/books/v3/invoices/{invoice['invoice_id']}/status/sent")
    company.finance_new(
        "/books/v3/customerpayments", "payment", customer_id=invoice["customer_id"], payment_mode="cash",
        amount=invoice["total"], date=invoice["date"],
        invoices=[{"invoice_id": invoice["invoice_id"], "amount_applied": invoice["total"]}],
    )  # fmt: skip


def between(company, **dates):
    """The taps read what was modified between two times."""
    for one in company.meltano["plugins"]["extractors"]:
        if one["name"] in TASKS:
            one["config"] = {name: value for name, value in one["config"].items() if not name.endswith("_date")} | dates


def shown(company, deal, order):
    """What a deal says of its invoice and payment, and its order of the deal."""
    found = company.people.crm_get("Deals", deal)
    order = company.people.finance_get(f"/inventory/v1/salesorders/{order}", "salesorder")
    return bool(found["Invoice_Number"]), found["Payment_Status"], order["custom_field_hash"].get("cf_deal_stage")


@pytest.mark.promise("F126")
def test_deals_invoices_and_payments_between_two_dates_are_brought_over_and_nothing_is_set_off(company, periods):
    sales, begin, end = periods
    fired = company.stage.control("GET", "automation")["fired"]
    assert fired, "what people do sets workflows off"
    since = company.stage.journal()["next"]
    between(company, start_date=begin, end_date=end)
    company.synced("orders", "finance")
    nothing, everything = (False, None, "Qualification"), (True, "Paid", "Closed Won")
    assert [shown(company, *one) for one in sales] == [nothing, everything, nothing]
    assert company.writes_of("orders", "finance") == [], "read again, nothing differs"
    between(company)
    company.forget_bookmarks()
    company.synced("orders", "finance")
    assert [shown(company, *one) for one in sales] == [everything] * 3
    assert company.stage.control("GET", "automation")["fired"] == fired
    calls = [f"{one['method']} {one['path']}" for one in company.stage.journal(since)["entries"]]
    assert any(one.startswith("PUT /crm/v8/Deals") for one in calls)
    assert [one for one in calls if "mail" in one or "/status/sent" in one or "/send" in one] == []
