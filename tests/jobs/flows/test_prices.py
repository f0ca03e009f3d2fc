"""Price lists of inventory in the CRM, and what customers pay on their quotes."""

import json
import shutil
from decimal import Decimal

import pytest

from ofrecord.demo.people import People

BOOKS = "/inventory/v1/pricebooks"


def a_list(company, name, **values):
    """A price list for sales; its id."""
    body = {"name": name, "pricebook_type": "per_item", "sales_or_purchase_type": "sales", **values}
    return company.finance_new(BOOKS, "pricebook", **body)["pricebook_id"]


def rates(**by_item):
    return [{"item_id": item, "pricebook_rate": rate} for item, rate in by_item.items()]


def change(company, key, name, **values):
    """The definition of a list is replaced as a whole."""
    body = {"name": name, "pricebook_type": "per_item", "sales_or_purchase_type": "sales", **values}
    company.people.ask("PUT", f"{BOOKS}/{key}", body)


def book(company, key):
    """The price book of a list."""
    fields = "Price_Book_Name,Active,Inventory_ID,Pricing_Model"
    [found] = [row for row in company.people.crm_list("Price_Books", fields) if row["Inventory_ID"] == key]
    return company.people.crm_get("Price_Books", found["id"])


def entries(company, key):
    """Product code → list price, in the price book of a list."""
    path = f"/crm/v8/Price_Books/{book(company, key)['id']}/Products"
    page = company.people.ask("GET", path, fields="Product_Code,list_price")
    return {row["Product_Code"]: row["list_price"] for row in (page or {"data": []})["data"]}


def ranges(company, key):
    rows = book(company, key)["Pricing_Details"]
    return [(row["from_range"], row["to_range"], row["discount"]) for row in rows]


def stocked(company):
    """Three items and a set of two, and two customers, all known on both sides."""
    items = {sku: company.new_item(sku, rate) for sku, rate in (("A", "10.00"), ("B", "20.00"), ("C", "0.35"))}
    body = {"sku": "SET", "rate": 9, "item_type": "inventory", "product_type": "goods", "combo_type": "kit"}
    parts = [{"item_id": company.new_item("PART", "4.00", stock=10), "quantity": 2}]
    path = "/inventory/v1/compositeitems"
    made = company.finance_new(path, "composite_item", name="Set", **body, mapped_items=parts)
    accounts = {name: company.crm_new("Accounts", Account_Name=name) for name in ("Acme", "Other")}
    company.synced("products", "customers")
    found = {name: (one, company.contacts_named(name)[0]["contact_id"]) for name, one in accounts.items()}
    return {**items, "SET": made["composite_item_id"]}, found


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where what was synced once for all tests lies: the ledger, bookmarks and what the taps know."""
    return {"folder": tmp_path_factory.mktemp("kept")}


@pytest.fixture
def shop(company, kept):
    """A company whose items and customers are synced, as it was when they were."""
    folder, project = kept["folder"], company.stage.folder
    names = ("ledger.db", "run", ".ofrecord")
    if "made" not in kept:
        kept["made"] = stocked(company)
        company.stage.control("POST", "snapshot/stocked")
        for name in names:
            copied(project / name, folder / name)
    else:
        company.stage.control("POST", "restore/stocked")
        company.people = People(company.stage)  # a token of its own: those made since are not known any more
        for name in names:
            copied(folder / name, project / name)
    company.items, company.customers = kept["made"]
    return company


def copied(there, here):
    if there.is_dir():
        shutil.copytree(there, here)
    else:
        shutil.copy(there, here)


@pytest.fixture
def customers(shop):
    """Name → account and contact."""
    return shop.customers


def synced(company, *taps):
    """Only the pipelines of these taps: a job has others, too, which these tests are not about."""
    tasks = {task.split()[0]: task for job in company.meltano["jobs"] for task in job["tasks"]}
    for tap in taps:
        assert company.pipe(tasks[tap], "test") == 0, company.last_output


LISTS, PRICES, CUSTOMERS = "tap-inventory--price-lists", "tap-inventory--prices", "tap-inventory--customers"


def written(company, *taps):
    """What these pipelines change at a vendor."""
    before = company.stage.journal()["next"]
    synced(company, *taps)
    asked = [one for one in company.stage.journal(before)["entries"] if one["method"] != "GET"]
    return [f"{one['method']} {one['path']}" for one in asked if not one["path"].endswith(("/coql", "/token"))]


def currency(company, code):
    """The id of a currency that the organisation uses."""
    path = "/inventory/v1/settings/currencies"
    found = {row["currency_code"]: row["currency_id"] for row in company.people.finance_list(path, "currencies")}
    return (
        found.get(code)
        or company.finance_new(path, "currency", currency_code=code, currency_symbol=code)["currency_id"]
    )


def test_a_list_becomes_a_price_book_with_its_items_and_follows_what_is_changed(shop):
    a, b, c, kit = (shop.items[sku] for sku in ("A", "B", "C", "SET"))
    key = a_list(shop, "Partners", pricebook_items=rates(**{a: 8.5, kit: 7.75}), description="Who sells on")
    shop.synced("prices")  # the whole job, once
    made = book(shop, key)
    assert (made["Price_Book_Name"], made["Active"], made["Pricing_Model"], made["Description"]) == (
        "Partners", True, "Flat", "Who sells on",
    )  # fmt: skip
    assert ranges(shop, key) == [(1, 1000000, 0)]
    assert entries(shop, key) == {"A": Decimal("8.5"), "SET": Decimal("7.75")}
    assert written(shop, LISTS) == []
    change(shop, key, "Partners", pricebook_items=rates(**{a: 8.25, b: 19, c: 0.3}))
    path = f"/crm/v8/Price_Books/{made['id']}/Products"
    assert written(shop, LISTS) == [f"PUT {path}", f"DELETE {path}"]
    assert entries(shop, key) == {"A": Decimal("8.25"), "B": 19, "C": Decimal("0.3")}


def test_a_list_by_volume_a_percentage_and_one_of_another_currency_say_in_the_crm_what_it_can(shop):
    brackets = [
        {"start_quantity": 1, "end_quantity": 9, "pricebook_rate": 9.5},
        {"start_quantity": 10, "end_quantity": 99, "pricebook_rate": 8},
    ]
    volume = [{"item_id": shop.items["A"], "price_brackets": brackets}]
    percent = {"pricebook_type": "fixed_percentage"}
    keys = {
        "volume": a_list(shop, "By volume", pricing_scheme="volume", pricebook_items=volume),
        "off": a_list(shop, "Resellers", **percent, percentage=12.5, is_increase=False),
        "on": a_list(shop, "Overseas", **percent, percentage=20, is_increase=True),
        "euro": a_list(
            shop, "Euroland", currency_id=currency(shop, "EUR"), pricebook_items=rates(**{shop.items["A"]: 9})
        ),
        "bought": a_list(shop, "What we pay", sales_or_purchase_type="purchases"),
    }
    synced(shop, LISTS)
    assert entries(shop, keys["volume"]) == {"A": Decimal("9.5")}
    assert [ranges(shop, keys[one])[0][2] for one in ("volume", "off", "on", "euro")] == [0, Decimal("12.5"), 0, 0]
    assert entries(shop, keys["euro"]) == {}, "a rate in euros is not shown as dollars"
    names = {row["Price_Book_Name"] for row in shop.people.crm_list("Price_Books", "Price_Book_Name")}
    assert names == {"By volume", "Resellers", "Overseas", "Euroland"}
    shop.people.ask("POST", f"{BOOKS}/{keys['off']}/inactive")
    shop.people.ask("DELETE", f"{BOOKS}/{keys['on']}")
    synced(shop, LISTS)
    assert [book(shop, keys[one])["Active"] for one in ("off", "on", "volume")] == [False, False, True]
    assert written(shop, LISTS) == []


def tag(company, contact, key):
    """Finance gives a customer its price list."""
    company.people.ask("PUT", f"/books/v3/contacts/{contact}", {"pricebook_id": key})


def quote(company, account, *lines, stage="Draft", **values):
    """A quote of (sku, quantity, rate or None: as the CRM fills it in); its id."""
    rows = [
        {"Product_Name": {"id": company.product_of(company.items[sku])["id"]}, "Quantity": quantity}
        | ({} if rate is None else {"List_Price": rate})
        for sku, quantity, rate in lines
    ]
    return company.crm_new(
        "Quotes", Subject="A quote", Quote_Stage=stage, Account_Name={"id": account}, Quoted_Items=rows, **values
    )


def told(company, key):
    """(rate, allowed rate, flag) of each line."""
    rows = company.people.crm_get("Quotes", key)["Quoted_Items"]
    return [tuple(row[name] for name in ("List_Price", "Allowed_Rate", "Price_Flag")) for row in rows]


BELOW = "Below the allowed rate"


@pytest.mark.promise("F050")
@pytest.mark.promise("F051")
@pytest.mark.promise("F056")
def test_a_customers_list_is_on_its_quote_lines_and_on_nobody_elses(shop, customers):
    key = a_list(shop, "Acme 2026", pricebook_items=rates(**{shop.items["A"]: 8.5}))
    (acme, contact), (other, _) = customers["Acme"], customers["Other"]
    tag(shop, contact, key)
    synced(shop, LISTS, CUSTOMERS)
    assert shop.people.crm_get("Accounts", acme)["Price_List"]["id"] == book(shop, key)["id"]
    lines = [("A", 3, None), ("B", 1, None), ("A", 2, 9.25), ("A", 1, 8.49)]
    ours, theirs = quote(shop, acme, *lines), quote(shop, other, *lines)
    sent, won = quote(shop, acme, *lines, stage="Delivered"), quote(shop, acme, *lines, stage="Accepted")
    shop.desk("quote-prices")
    listed, plain = Decimal("8.5"), Decimal(10)
    assert told(shop, ours) == [
        (listed, listed, None), (20, 20, None), (Decimal("9.25"), listed, None), (Decimal("8.49"), listed, BELOW),
    ]  # fmt: skip
    assert told(shop, theirs) == [
        (plain, plain, None), (20, 20, None), (Decimal("9.25"), plain, BELOW), (Decimal("8.49"), plain, BELOW),
    ]  # fmt: skip
    assert [line[0] for line in told(shop, sent)] == [plain, 20, Decimal("9.25"), Decimal("8.49")]
    assert [line[1:] for line in told(shop, sent)] == [(listed, None), (20, None), (listed, None), (listed, BELOW)]
    assert told(shop, won)[0] == (plain, None, None), "an accepted quote is left as it is"
    assert shop.people.crm_get("Quotes", ours)["Quoted_Items"][0]["Product_Name"]["id"]
    again = json.loads(shop.desk("quote-prices", "--json"))
    assert (again["quotes"], again["written"]) == (3, 0)


def test_a_list_that_changes_is_followed_until_somebody_types_a_rate(shop, customers):
    account, contact = customers["Acme"]
    brackets = [
        {"start_quantity": 1, "end_quantity": 9, "pricebook_rate": 9.5},
        {"start_quantity": 10, "end_quantity": 99, "pricebook_rate": 8},
    ]
    volume = {"pricing_scheme": "volume", "pricebook_items": [{"item_id": shop.items["A"], "price_brackets": brackets}]}
    key = a_list(shop, "By volume", **volume)
    tag(shop, contact, key)
    synced(shop, LISTS, CUSTOMERS)
    one = quote(shop, account, ("A", 9, None), ("A", 10, None), ("A", 99, None), ("A", 100, None), ("C", 1, None))
    shop.desk("quote-prices")
    low, high = Decimal("9.5"), Decimal(8)
    assert [line[0] for line in told(shop, one)] == [low, high, high, 10, Decimal("0.35")]
    rows = shop.people.crm_get("Quotes", one)["Quoted_Items"]
    changed = [
        {"id": rows[0]["id"], "Quantity": 10},
        {"id": rows[1]["id"], "List_Price": 7.5},
        *({"id": row["id"]} for row in rows[2:]),
    ]
    shop.stage.control("POST", "clock", {"move_s": 120})
    shop.people.crm_put("Quotes", one, Quoted_Items=changed)
    shop.desk("quote-prices")
    assert told(shop, one)[:3] == [(high, high, None), (Decimal("7.5"), high, BELOW), (high, high, None)]
    shop.people.ask("POST", f"{BOOKS}/{key}/inactive")
    shop.stage.control("POST", "clock", {"move_s": 120})
    shop.desk("quote-prices")
    assert [line[0] for line in told(shop, one)] == [10, Decimal("7.5"), 10, 10, Decimal("0.35")]
    tag(shop, contact, "")
    synced(shop, CUSTOMERS)
    assert shop.people.crm_get("Accounts", account)["Price_List"] is None


@pytest.mark.promise("F049")
def test_a_price_changed_in_inventory_is_on_the_next_quote_line(shop, customers):
    account, _ = customers["Acme"]
    off = a_list(shop, "Less fifteen", pricebook_type="fixed_percentage", percentage=15, is_increase=False)
    tag(shop, customers["Other"][1], off)
    synced(shop, LISTS, CUSTOMERS)
    old = quote(shop, account, ("A", 1, None), stage="Delivered")
    shop.stage.control("POST", "clock", {"move_s": 120})
    shop.people.ask("PUT", f"/inventory/v1/items/{shop.items['A']}", {"name": "Item A", "rate": 33.35})
    synced(shop, PRICES)
    new, less = quote(shop, account, ("A", 1, None)), quote(shop, customers["Other"][0], ("A", 1, None))
    shop.desk("quote-prices")
    price = Decimal("33.35")
    assert told(shop, new) == [(price, price, None)]
    assert told(shop, less) == [(Decimal("28.35"), Decimal("28.35"), None)]
    assert told(shop, old) == [(10, price, BELOW)]


@pytest.mark.promise("F048")
def test_every_active_item_is_in_the_crm_and_an_inactive_one_cannot_be_chosen(shop):
    gone = shop.new_item("OLD", "1.00")
    synced(shop, "tap-inventory--products")
    shop.stage.control("POST", "clock", {"move_s": 120})
    shop.people.ask("POST", f"/inventory/v1/items/{gone}/inactive")
    synced(shop, "tap-inventory--products")
    items = shop.people.finance_list("/inventory/v1/items", "items")
    rows = shop.people.crm_list("Products", "Inventory_ID,Product_Active")
    assert {row["Inventory_ID"]: row["Product_Active"] for row in rows} == {
        item["item_id"]: item["status"] == "active" for item in items
    }
    assert [item["sku"] for item in items if item["status"] != "active"] == ["OLD"]


@pytest.mark.promise("F052")
def test_the_biggest_accounts_without_a_list_are_ranked_by_what_they_were_invoiced(shop, customers):
    abroad = shop.crm_new("Accounts", Account_Name="Abroad")
    for number in range(3):
        shop.crm_new("Accounts", Account_Name=f"Number {number}")
    shop.synced("customers")
    contacts = {
        row["contact_name"]: row["contact_id"] for row in shop.people.finance_list("/inventory/v1/contacts", "contacts")
    }
    shop.people.ask("PUT", f"/books/v3/contacts/{contacts['Abroad']}", {"currency_id": currency(shop, "JPY")})

    def bill(name, rate, *, send=True):
        line = [{"item_id": shop.items["A"], "quantity": 1, "rate": rate}]
        made = shop.finance_new("/books/v3/invoices", "invoice", customer_id=contacts[name], line_items=line)
        if send:
            shop.people.ask("POST", f"/books/v3/invoices/{made['invoice_id']}/status/sent")
        return made["invoice_id"]

    for name, rate in (
        ("Acme", 100.1),
        ("Acme", 50.05),
        ("Other", 500),
        ("Number 1", 150.16),
        ("Number 2", 7),
        ("Abroad", 9000),
    ):
        bill(name, rate)
    bill("Number 2", 9999, send=False)
    shop.people.ask("POST", f"/books/v3/invoices/{bill('Number 2', 8888)}/status/void")
    tag(shop, contacts["Other"], a_list(shop, "Other", pricebook_items=rates(**{shop.items["A"]: 9})))
    shop.stage.control("POST", "clock", {"move_s": 120})
    synced(shop, LISTS, CUSTOMERS)
    found = json.loads(shop.desk("price-lists", "--json"))["accounts"]
    assert [
        (one["currency"], one["place"], one["name"], Decimal(str(one["invoiced"])), one["invoices"]) for one in found
    ] == [
        ("JPY", 1, "Abroad", 9000, 1),
        ("USD", 1, "Number 1", Decimal("150.16"), 1),
        ("USD", 2, "Acme", Decimal("150.15"), 2),
        ("USD", 3, "Number 2", 7, 1),
    ]
    assert found[0]["account"] == abroad
    first = shop.desk("price-lists", "--most", "1").splitlines()
    assert [line.split("\t")[3] for line in first] == ["Abroad", "Number 1"]
