"""Orders of a company whose CRM keeps several currencies: each has the digits of its own, and none is taken for another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jobs.conftest import Company


def keeps_several_currencies(company: Company) -> None:
    """The CRM has them; the shipped rules compare the field in which it says them."""
    company.stage.control("POST", "crm/currencies", {"rates": {"EUR": "0.92", "JPY": "150", "KWD": "0.31"}})


def test_yen_dinars_and_euros_become_orders_to_their_last_digit_and_a_quote_in_another_currency_none(company):
    keeps_several_currencies(company)
    rows = company.people.ask("GET", "/inventory/v1/settings/currencies")["currencies"]
    ids = {row["currency_code"]: row["currency_id"] for row in rows}
    company.finance_new("/inventory/v1/settings/taxes", "tax", tax_name="VAT", tax_percentage=10)
    company.new_item("A", "5.00", stock=100)
    product = company.crm_new("Products", Product_Name="A", Product_Code="A", Unit_Price=5)
    quotes: dict[str, dict[str, Any]] = {}
    for name, theirs, ours, price in (
        ("yen", "JPY", "JPY", 333), ("dinars", "KWD", "KWD", 0.335), ("euros", "EUR", "EUR", 0.35), ("mixed", "EUR", "JPY", 333),
    ):  # fmt: skip
        body = {"contact_name": name, "contact_type": "customer", "currency_id": ids[theirs]}
        company.finance_new("/inventory/v1/contacts", "contact", **body)
        account = company.crm_new("Accounts", Account_Name=name)
        line = {"Product_Name": {"id": product}, "Quantity": 3, "List_Price": price, "Line_Tax": [{"name": "VAT", "percentage": 10}]}  # fmt: skip
        made = {"Subject": name, "Quote_Stage": "Accepted", "Account_Name": {"id": account}, "Currency": ours, "Quoted_Items": [line]}  # fmt: skip
        quotes[name] = company.people.crm_get("Quotes", company.crm_new("Quotes", **made))
    company.run("orders")
    orders = {name: company.orders_of(quote["Quote_Number"])[0] for name, quote in quotes.items()}
    totals = {"yen": "1099", "dinars": "1.106", "euros": "1.16"}
    for name, total in totals.items():
        assert orders[name]["status"] == "confirmed"
        assert orders[name]["total"] == quotes[name]["Grand_Total"] == Decimal(total)
    assert orders["mixed"]["status"] == "draft"
    [held] = company.held()
    assert held.source_id == quotes["mixed"]["id"]
    assert "Currency: JPY at crm, EUR at inventory" in held.message
