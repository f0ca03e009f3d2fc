"""Money of several currencies: each amount has the digits of its own, and no figure mixes two."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from jobs.flows.sandbox_here import Here, here

from ofrecord_sandbox.seeds.doors import Record, as_number, custom

DIGITS = {"JPY": 0, "KWD": 3, "GBP": 2, "EUR": 2}
SALES = {
    "yen": [("JPY", "1000.5", 3)],
    "dinars": [("KWD", "4.115", 3)],
    "pounds twice": [("GBP", "10.10", 1), ("GBP", "0.05", 3)],
    "pounds and euros": [("GBP", "10.00", 1), ("EUR", "7.00", 1)],
}
"""Deal → its invoices: currency, price, pieces. Every currency has a customer of its own."""


class Trader:
    """A company that sells one thing in every currency, all of it planted as the vendors' own calls do."""

    def __init__(self, company: Here) -> None:
        self.here, self.doors = company, company.doors
        item = self.doors.item({"name": "Thing", "sku": "T-1", "rate": 1, "unit": "pcs"})
        company.run("products")
        (product,) = company.crm_list("Products", "Product_Code")
        self.accounts = dict(
            zip(
                DIGITS,
                self.doors.crm("Accounts", [{"Account_Name": f"Buyer in {code}"} for code in DIGITS]),
                strict=True,
            )
        )
        contacts = {code: self._contact(code, digits) for code, digits in DIGITS.items()}
        self.deals: dict[str, str] = {}
        self.totals: dict[str, list[Decimal]] = {}
        for name, sales in SALES.items():
            (deal,) = self.doors.crm("Deals", [{"Deal_Name": name, "Stage": "Closed Won"}])
            self.deals[name], self.totals[name] = deal, []
            for currency, price, pieces in sales:
                line = {"quantity": pieces, "rate": as_number(Decimal(price))}
                quote = self._quote(
                    deal,
                    self.accounts[currency],
                    {"Product_Name": {"id": product["id"]}, "Quantity": pieces, "List_Price": line["rate"]},
                )
                made = self._invoice(
                    {"item_id": item, **line}, contacts[currency], custom(cf_crm_id=quote, cf_crm_deal_id=deal)
                )
                self.totals[name].append(Decimal(str(made["total"])))

    def _contact(self, code: str, digits: int) -> str:
        currency = self.doors.currency(code, code, digits)
        mine = custom(cf_crm_id=self.accounts[code])
        return self.doors.contact(
            {
                "contact_name": f"Buyer in {code}",
                "contact_type": "customer",
                "currency_id": currency,
                "custom_fields": mine,
            }
        )

    def _quote(self, deal: str, account: str, line: Record) -> str:
        head = {
            "Subject": "A sale",
            "Quote_Stage": "Accepted",
            "Account_Name": {"id": account},
            "Deal_Name": {"id": deal},
        }
        (quote,) = self.doors.crm("Quotes", [{**head, "Quoted_Items": [line]}])
        return quote

    def _invoice(self, line: Record, customer: str, mine: list[Record]) -> Record:
        order = self.doors.order({"customer_id": customer, "line_items": [line], "custom_fields": mine})
        self.doors.confirm(order["salesorder_id"])
        body: Record = {"payment_terms": 30}
        found = self.doors.finance("POST", "books/v3/invoices", body, send="true", salesorder_id=order["salesorder_id"])
        invoice: Record = found["invoice"]
        return invoice

    def shown(self, name: str) -> Record:
        return self.here.crm_get("Deals", self.deals[name])


@pytest.fixture(scope="module")
def trader() -> Iterator[Trader]:
    with here(datetime(2026, 3, 2, 12, tzinfo=UTC)) as company:
        made = Trader(company)
        company.run("customers", "orders", "finance")
        yield made


@pytest.mark.parametrize(("name", "total"), [("yen", "3002"), ("dinars", "12.345"), ("pounds twice", "10.25")])
def test_an_amount_keeps_the_digits_of_its_currency(trader, name, total):
    deal = trader.shown(name)
    assert deal["Invoiced_Amount"] == deal["Balance_Due"] == sum(trader.totals[name]) == Decimal(total)


def test_pounds_and_euros_of_one_deal_make_no_sum_and_a_person_is_told(trader):
    deal = trader.shown("pounds and euros")
    assert deal["Invoiced_Amount"] in {None, *trader.totals["pounds and euros"]}
    held = [one for one in trader.here.held() if one.code == "CURRENCIES"]
    assert {one.field for one in held} == {"invoiced", "balance due"}
    assert all("amounts in EUR and GBP make no sum" in one.message for one in held)
    told = trader.here.counts("finance", "invoice")
    assert told["held"] == len({one.source_id for one in held})
