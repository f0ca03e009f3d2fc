"""Accepted quotes of one day, each become one order that says what the quote says, or none, and it is said why.

All of them go through one run of the job, which brings the customers and items they need before them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from jobs.conftest import Company

from ofrecord.demo.stage import Stage

ODD = ['Größe M, 3/4"', "東京 & Söhne <b>", "L'Orange; –", "Zoë\u0301 😀"]
VAT = [{"name": "VAT", "percentage": 19}]
TERMS = "Zahlbar in 30 Tagen;\n„netto“ 😀"


class Desk:
    """A company in which quotes of every kind are accepted."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.quotes: dict[str, str] = {}
        self.items = {sku: company.new_item(sku, price, stock=30) for sku, price in (("A", "19.99"), ("B", "0.35"))}
        self.products = {
            sku: company.crm_new("Products", Product_Name=f"Made by a rep: {sku}", Product_Code=sku, Unit_Price=1)
            for sku in self.items
        }

    def account(self, name: str, **there: Any) -> str:
        """A customer made in the CRM, and perhaps one of that name in inventory."""
        if there:
            body = {"contact_name": name, "contact_type": "customer", **there}
            self.company.finance_new("/inventory/v1/contacts", "contact", **body)
        return self.company.crm_new("Accounts", Account_Name=name)

    def accept(
        self,
        name: str,
        account: str,
        *lines: tuple[str, int, str],
        row: dict[str, Any] | None = None,
        deal: str = "",
        **values: Any,
    ) -> str:
        """A quote; `row` is said of every line, the words of `ODD` are their descriptions."""
        deal = deal or self.company.crm_new(
            "Deals", Deal_Name=name, Stage="Qualification", Account_Name={"id": account}
        )
        rows = [
            {"Product_Name": {"id": self.products[sku]}, "Quantity": quantity, "List_Price": float(Decimal(price)),
             "Description": ODD[number % len(ODD)], **(row or {})}
            for number, (sku, quantity, price) in enumerate(lines)
        ]  # fmt: skip
        made = {
            "Subject": name, "Quote_Stage": "Accepted", "Account_Name": {"id": account}, "Deal_Name": {"id": deal}, "Quoted_Items": rows,
        }  # fmt: skip
        self.quotes[name] = self.company.crm_new("Quotes", **made | values)
        return deal

    def quote(self, name: str) -> dict[str, Any]:
        found = self.company.people.crm_get("Quotes", self.quotes[name])
        assert isinstance(found, dict)
        return found

    def orders(self, name: str) -> list[dict[str, Any]]:
        rows = self.company.orders_of(self.quote(name)["Quote_Number"])
        ids = [row["salesorder_id"] for row in rows]
        return [self.company.people.finance_get(f"/inventory/v1/salesorders/{one}", "salesorder") for one in ids]

    def order(self, name: str) -> dict[str, Any]:
        [found] = self.orders(name)
        return found

    def held(self, name: str) -> dict[str, str]:
        """Code (else kind) → words of what is held of a quote."""
        rows = self.company.held()
        return {row.code or row.kind: row.message for row in rows if row.source_id == self.quotes[name]}


@pytest.fixture(scope="module")
def desk(stage: Stage) -> Desk:
    """After one run of the job over a day's quotes."""
    company = Company(stage)
    company.finance_new("/inventory/v1/settings/taxes", "tax", tax_name="VAT", tax_percentage=19)
    made = Desk(company)
    buyer = made.account('"Odd" & Co. – 奇妙 GmbH')
    company.crm_new("Contacts", First_Name="Ada", Last_Name="Berg", Account_Name={"id": buyer})
    made.accept("new", buyer, ("A", 2, "19.99"))
    made.accept(
        "whole", buyer, *[("A", 3, "19.99"), ("B", 7, "0.35")] * 6, row={"Discount": 0.33, "Line_Tax": VAT}, Adjustment=4.5,
        Terms_and_Conditions=TERMS,
    )  # fmt: skip
    made.accept("rebate", buyer, ("A", 1, "19.99"), ("B", 3, "0.35"), row={"Line_Tax": VAT}, Discount=10)
    made.accept("two rebates", buyer, ("A", 1, "19.99"), ("B", 2, "5.00"), row={"Discount": 2}, Discount=1)
    made.accept("nothing", buyer, ("B", 2, "0"))
    made.accept("unknown tax", buyer, ("B", 2, "5.00"), row={"Line_Tax": [{"name": "Luxury", "percentage": 33}]})
    made.accept("euro", made.account("Käufer GmbH", currency_id=_euro(company)), ("A", 1, "19.99"))
    made.account("Acme Corporation Ltd", notes="in inventory alone")
    made.accept("alike", company.crm_new("Accounts", Account_Name="Acme Corp"), ("A", 1, "19.99"))
    won = made.accept("won", buyer, ("B", 1, "0.35"), Quote_Stage="Negotiation")
    company.people.crm_put("Deals", won, Stage="Closed Won")
    served = made.accept("served", buyer, ("B", 1, "0.35"), Quote_Stage="Negotiation")
    company.people.crm_put("Deals", served, Stage="Closed Won", Sold_As="Services")
    company.run("orders", run="day")
    return made


def _euro(company: Company) -> str:
    rows = company.people.ask("GET", "/inventory/v1/settings/currencies")["currencies"]
    return next(str(row["currency_id"]) for row in rows if row["currency_code"] == "EUR")


@pytest.mark.promise("F076")
def test_a_new_customer_a_new_contact_and_a_new_item_go_through_in_one_run_whatever_their_names(desk):
    order = desk.order("new")
    [contact] = desk.company.contacts_named('"Odd" & Co. – 奇妙 GmbH')
    assert (order["customer_id"], order["status"]) == (contact["contact_id"], "confirmed")
    assert [person["first_name"] for person in contact["contact_persons"]] == ["Ada"]
    assert [line["item_id"] for line in order["line_items"]] == [desk.items["A"]]


@pytest.mark.promise("F057", "F095")
def test_discounts_taxes_adjustment_terms_and_words_of_every_line_are_those_of_the_quote(desk):
    quote, order = desk.quote("whole"), desk.order("whole")
    assert (order["total"], order["status"]) == (quote["Grand_Total"], "confirmed")
    assert (order["adjustment"], order["terms"]) == (Decimal("4.5"), TERMS)
    assert len(order["line_items"]) == 12
    bare = desk.order("new")
    assert (bare["adjustment"], bare["terms"], bare["status"]) == (0, "", "confirmed")
    for here, there in zip(quote["Quoted_Items"], order["line_items"], strict=True):
        amounts = [here[name] for name in ("Quantity", "List_Price", "Discount", "Total_After_Discount")]
        assert amounts == [there[name] for name in ("quantity", "rate", "discount", "item_total")]
        assert (there["tax_percentage"], there["description"]) == (19, here["Description"])


def test_a_discount_of_the_whole_quote_is_taken_off_behind_its_taxes_as_the_crm_does(desk):
    quote, order = desk.quote("rebate"), desk.order("rebate")
    assert (order["discount_type"], order["is_discount_before_tax"]) == ("entity_level", False)
    assert (order["total"], order["status"]) == (quote["Grand_Total"], "confirmed")


@pytest.mark.promise("F057")
def test_a_difference_leaves_a_draft_and_says_which_line_which_figure_both_values_and_what_was_foreseen(desk):
    assert desk.order("two rebates")["status"] == "draft"
    [(code, message)] = desk.held("two rebates").items()
    assert code == "CHECK"
    for words in (
        "Total: 24.99 at crm, 28.99 at inventory",
        "line 1, Discount: 2 at crm, 0 at inventory",
        "line 2, After discount: 8 at crm, 10 at inventory",
        "foreseen: 24.99 however it is rounded",
    ):
        assert words in message


@pytest.mark.promise("F075")
def test_a_quote_over_nothing_is_stopped_under_the_name_of_the_rule_and_nothing_is_sent(desk):
    assert desk.orders("nothing") == []
    assert desk.held("nothing") == {"stopped": "Order over nothing"}


def test_a_tax_that_inventory_does_not_know_is_no_order_but_a_question(desk):
    assert desk.orders("unknown tax") == []
    assert list(desk.held("unknown tax").values()) == ["the destination has no taxes entry of that name"]


def test_a_quote_in_another_currency_than_its_customers_stays_a_draft_and_says_so(desk):
    assert desk.order("euro")["status"] == "draft"
    assert desk.held("euro")["CHECK"].startswith("Currency: USD at crm, EUR at inventory")


def test_the_one_open_quote_of_a_won_deal_becomes_its_order_without_being_accepted(desk):
    assert desk.order("won")["status"] == "confirmed"
    assert desk.quote("won")["Order_Number"] == desk.order("won")["salesorder_number"]
    assert desk.orders("served") == [], "services are billed by their deal"


@pytest.mark.promise("F058", "F060")
def test_what_the_orders_reserve_is_gone_from_what_the_crm_shows_in_the_same_job(desk):
    shown = desk.company.people.crm_get("Products", desk.products["A"])
    reserved = sum(
        line["quantity"]
        for name in ("new", "whole", "rebate")
        for line in desk.order(name)["line_items"]
        if line["item_id"] == desk.items["A"]
    )
    assert (reserved, shown["Qty_in_Stock"]) == (21, 30 - 21)


def test_a_second_day_makes_no_second_order_and_what_was_settled_meanwhile_goes(desk):
    """Also: a quote changed after it became an order, and one that is accepted when its deal was won already."""
    company = desk.company
    [near] = [held for held in company.held() if held.entity == "account"]
    company.desk("answer", f"{near.entity}/{near.source_id}", "new", "--from", near.source, "--by", "Ada")
    company.people.crm_put("Quotes", desk.quotes["two rebates"], Discount=0)
    row = desk.quote("new")["Quoted_Items"][0]["id"]
    company.people.crm_put("Quotes", desk.quotes["new"], Quoted_Items=[{"id": row, "Quantity": 3}])
    [line] = desk.order("rebate")["line_items"][:1]
    packed = {"date": "2026-03-01", "line_items": [{"so_line_item_id": line["line_item_id"], "quantity": 1}]}
    company.people.ask("POST", "/inventory/v1/packages", packed, salesorder_id=desk.order("rebate")["salesorder_id"])
    company.people.crm_put("Quotes", desk.quotes["rebate"], Adjustment=1)
    company.people.crm_put("Quotes", desk.quotes["won"], Quote_Stage="Accepted")
    before = desk.order("rebate")
    company.run("orders", run="second day")
    assert desk.order("alike")["status"] == "confirmed"
    assert (desk.order("two rebates")["status"], desk.order("two rebates")["total"]) == ("confirmed", Decimal("25.99"))
    assert [(one["quantity"], one["item_id"]) for one in desk.order("new")["line_items"]] == [(3, desk.items["A"])]
    assert desk.order("rebate") == before
    assert list(desk.held("rebate")) == ["LATE"]
    assert len(desk.orders("won")) == 1
    since = company.stage.journal()["next"]
    assert company.pipe("tap-crm--order-parties own-parties-crm-to-inventory target-inventory", "quiet") == 0
    assert len(company.stage.journal(since)["entries"]) <= 3, "a call for each of accounts, contacts and products"
    asked = {held.source_id for held in company.held() if held.entity == "order"}
    assert asked == {desk.quotes[name] for name in ("rebate", "nothing", "unknown tax", "euro")}
