"""Prices on the lines of open quotes: currencies, edits meanwhile, refusals, and how few calls it takes."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from ofrecord.prices.applying import apply_prices
from ofrecord.project_file import ProjectFile
from ofrecord.quotes import destination
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection

PROJECT = ProjectFile(Path(__file__).parents[2])
OTHER = "Other currency"


class Shop:
    """A CRM with one product, an account with a price list by volume, and the list in inventory."""

    def __init__(self, crm, inventory, sandbox):
        self.crm, self.inventory, self.sandbox = crm, inventory, sandbox
        self.lists = 0
        item = self.made("items", "item", name="Bolt", rate=10, sku="BOLT")
        self.item = item["item_id"]
        self.product = self.new("Products", Product_Name="Bolt", Unit_Price=10, Inventory_ID=self.item)

    def new(self, module, **values):
        answer = self.crm.send("POST", f"/crm/v8/{module}", json={"data": [values]}, repeatable=False)
        return answer.body["data"][0]["details"]["id"]

    def made(self, collection, singular, **values):
        answer = self.inventory.send("POST", f"/inventory/v1/{collection}", json=values, repeatable=False)
        return answer.body[singular]

    def account(self, **values):
        """An account with a price list of its own."""
        self.lists += 1
        name = f"List {self.lists}"
        values = {"pricebook_type": "per_item", "sales_or_purchase_type": "sales", **values}
        key = self.made("pricebooks", "pricebook", name=name, **values)["pricebook_id"]
        ranges = [{"from_range": 1, "to_range": 9, "discount": 0}]
        book = self.new("Price_Books", Price_Book_Name=name, Inventory_ID=key, Pricing_Details=ranges)
        return self.new("Accounts", Account_Name=name, Price_List={"id": book})

    def quote(self, account, *lines, **values):
        rows = [
            {"Product_Name": {"id": self.product}, "Quantity": number, "List_Price": rate} for number, rate in lines
        ]
        values = {"Quote_Stage": "Draft", "Account_Name": {"id": account}, **values}
        return self.new("Quotes", Subject="A quote", Quoted_Items=rows, **values)

    def lines(self, quote):
        rows = self.crm.get(f"/crm/v8/Quotes/{quote}").body["data"][0]["Quoted_Items"]
        return [(row["List_Price"], row["Allowed_Rate"], row["Price_Flag"]) for row in rows]

    def apply(self, **values):
        self.sandbox.control("POST", "clock", {"move_s": 60})
        self.sandbox.control("DELETE", "journal")
        return apply_prices(self.crm, self.inventory, destination(self.crm, PROJECT), ("Draft",), **values)

    def calls(self):
        entries = self.sandbox.control("GET", "journal")["entries"]
        return Counter(f"{one['method']} {one['path']}" for one in entries if one["system"] in {"crm", "inventory"})


@pytest.fixture
def shop(sandbox, tmp_path):
    config = sandbox.config(tmp_path / "state")
    with (
        Client(Connection.from_config(config), system="crm", plugin="test") as crm,
        Client(Connection.from_config(config), system="inventory", plugin="test") as inventory,
    ):
        yield Shop(crm, inventory, sandbox)


def rates(shop, rate):
    return [{"item_id": shop.item, "pricebook_rate": rate}]


def test_a_quote_in_another_currency_gets_what_a_list_says_in_that_currency_and_nothing_else(shop):
    shop.sandbox.control("POST", "crm/currencies", {"rates": {"JPY": "150", "KWD": "0.3"}})
    found = {
        one["currency_code"]: one["currency_id"]
        for one in shop.inventory.get("/inventory/v1/settings/currencies").body["currencies"]
    }
    for code in ("JPY", "KWD"):
        if code not in found:
            answer = shop.made("settings/currencies", "currency", currency_code=code, currency_symbol=code)
            found[code] = answer["currency_id"]
    yen = shop.account(currency_id=found["JPY"], pricebook_items=rates(shop, 1500))
    dinar = shop.account(currency_id=found["KWD"], pricebook_items=rates(shop, 3.125))
    off = shop.account(pricebook_type="fixed_percentage", percentage=10, is_increase=False)
    quotes = {
        "yen": shop.quote(yen, (1, 10), (1, 1499), Currency="JPY"),
        "dinar": shop.quote(dinar, (2, 3.124), Currency="KWD"),
        "dollars": shop.quote(yen, (1, 10)),
        "percent": shop.quote(off, (1, 10), Currency="JPY"),
        "plain": shop.quote(off, (1, 10)),
    }
    outcome = shop.apply()
    assert (outcome.refused, outcome.lines) == ([], 6)
    below = "Below the allowed rate"
    assert shop.lines(quotes["yen"]) == [(1500, 1500, None), (1499, 1500, below)]
    assert shop.lines(quotes["dinar"]) == [(Decimal("3.124"), Decimal("3.125"), below)]
    assert shop.lines(quotes["dollars"]) == [(10, 10, None)]
    assert shop.lines(quotes["percent"]) == [(10, None, OTHER)]
    assert shop.lines(quotes["plain"]) == [(9, 9, None)]


def test_twenty_quotes_take_one_write_and_a_second_look_none(shop):
    account = shop.account(pricebook_items=rates(shop, 8))
    quotes = [shop.quote(account, (number + 1, 10)) for number in range(20)]
    shown = shop.apply(dry=True)
    assert (len(shown.told), shop.lines(quotes[0])) == (20, [(10, None, None)])
    outcome = shop.apply()
    assert (outcome.written, {one.rate for one in outcome.told}) == (20, {8})
    calls = shop.calls()
    assert calls["PUT /crm/v8/Quotes"] == 1
    assert (calls["POST /crm/v8/coql"], calls["GET /inventory/v1/pricebooks"]) == (2, 1)
    shop.apply()  # the lines that were written are read once more
    again = shop.apply()
    assert (again.written, shop.calls().total()) == (0, 4)


def test_a_quote_edited_meanwhile_is_judged_again_and_one_that_cannot_be_written_is_named(shop):
    account = shop.account(pricebook_items=rates(shop, 8))
    quote = shop.quote(account, (1, 10))
    stale = {"data": [{"code": "ALREADY_MODIFIED", "details": {"id": quote}, "message": "later", "status": "error"}]}
    fault = {"match": {"method": "PUT", "path": "/crm/v8/Quotes"}, "do": "status", "status": 412, "body": stale}
    shop.sandbox.control("POST", "faults", fault)
    outcome = shop.apply()
    assert (outcome.written, outcome.refused, shop.lines(quote)) == (1, [], [(8, 8, None)])
    other = shop.quote(account, (1, 10))
    shop.sandbox.control("POST", "faults", {**fault, "times": 2})
    outcome = shop.apply()
    assert [why for _number, why in outcome.refused] == ["somebody kept editing it; the next run looks again"]
    locked = {"data": [{"code": "RECORD_LOCKED", "details": {"id": other}, "message": "locked", "status": "error"}]}
    shop.sandbox.control("DELETE", "faults")
    shop.sandbox.control("POST", "faults", {**fault, "status": 400, "body": locked})
    assert [why for _number, why in shop.apply().refused] == ["RECORD_LOCKED: locked"]
    assert shop.apply().written == 1
    assert shop.lines(other) == [(8, 8, None)]
