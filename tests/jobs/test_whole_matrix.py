"""Entities beyond products, customers and orders: sets, price lists, deals, shipments, returns, credits."""

from datetime import date
from decimal import Decimal

import pytest

TODAY = date(2026, 3, 2).isoformat()


@pytest.fixture
def sold(company):
    """A confirmed order of three pieces with its quote; (order, quote, deal id)."""
    item = company.new_item("Q-1", "20.00", stock=100)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("products", "customers")
    quote = company.new_quote(account, [(company.product_of(item)["id"], 3, "20.00")])
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    order = company.people.finance_get(f"/inventory/v1/salesorders/{order['salesorder_id']}", "salesorder")
    return order, quote, quote["Deal_Name"]["id"]


def deal(company, key):
    return company.people.crm_get("Deals", key)


def test_the_stage_of_a_deal_shows_on_its_order(company, sold):
    order, _quote, key = sold
    company.people.crm_put("Deals", key, Stage="Closed Won")
    company.synced("orders")
    shown = company.people.finance_get(f"/inventory/v1/salesorders/{order['salesorder_id']}", "salesorder")
    assert shown["custom_field_hash"]["cf_deal_stage"] == "Closed Won"
    assert company.writes_of("orders") == []


@pytest.mark.promise("F009")
def test_stock_deal_stage_contact_details_and_credit_limits_have_the_owners_users_expect(company):
    from ofrecord_transforms.load import load  # noqa: PLC0415 - the rules as this company has them

    rules = load(company.stage.folder / "rules").entities
    ways = {
        ("product", "Can be promised"): ("inventory", "crm"),
        ("deal", "Deal stage"): ("crm", "inventory"),
        ("contact", "E-mail"): ("crm", "inventory"),
        ("contact", "Phone"): ("crm", "inventory"),
        ("account", "Credit limit"): ("inventory", "crm"),
        ("account", "Payment terms"): ("inventory", "crm"),
        ("invoice", "Balance due"): ("books", "crm"),
    }
    for (entity, what), (owner, subscriber) in ways.items():
        [line] = [rule for rule in rules[entity].fields if rule.what == what]
        assert (line.owner, set(line.sides)) == (owner, {owner, subscriber}), (entity, what)


def test_an_open_credit_shows_on_the_account_and_goes_when_it_is_void(company, sold):
    order, quote, _deal = sold
    lines = [{"name": "Returned", "rate": 30, "quantity": 1}]
    body = {"customer_id": order["customer_id"], "date": TODAY, "line_items": lines}
    credit = company.finance_new("/books/v3/creditnotes", "creditnote", **body)
    key = credit["creditnote_id"]
    company.people.ask("POST", f"/books/v3/creditnotes/{key}/status/open")
    company.synced("finance")
    account = quote["Account_Name"]["id"]
    assert company.people.crm_get("Accounts", account)["Open_Credit"] == Decimal(30)
    assert company.writes_of("finance") == []
    company.people.ask("POST", f"/books/v3/creditnotes/{key}/status/void")
    company.synced("finance")
    assert company.people.crm_get("Accounts", account)["Open_Credit"] == 0


def test_a_set_of_items_is_a_product_marked_as_composite_and_stays_one(company):
    part = company.new_item("PART-1", "4.00", stock=10)
    body = {
        "name": "Starter set",
        "sku": "SET-1",
        "rate": 9,
        "item_type": "inventory",
        "product_type": "goods",
        "combo_type": "kit",
        "mapped_items": [{"item_id": part, "quantity": 2}],
    }
    made = company.finance_new("/inventory/v1/compositeitems", "composite_item", **body)
    company.synced("products", "products")
    rows = company.people.crm_list("Products", "Product_Code,Composite,Unit_Price,Inventory_ID")
    shown = {row["Product_Code"]: (row["Composite"], row["Unit_Price"]) for row in rows}
    assert shown == {"SET-1": (True, 9), "PART-1": (False, 4)}
    assert company.writes_of("products") == []
    [product] = [row for row in rows if row["Product_Code"] == "SET-1"]
    assert product["Inventory_ID"] == made["composite_item_id"]
    company.people.crm_put("Products", product["id"], Unit_Price=1)
    company.synced("products", run="edited")
    assert company.people.crm_get("Products", product["id"])["Unit_Price"] == 9
    assert [event.entity for event in company.events("edited", "violation")] == ["composite product"]


def test_a_price_book_made_by_hand_follows_the_list_of_its_name(company):
    book = {"name": "Resellers", "pricebook_type": "fixed_percentage", "sales_or_purchase_type": "sales"}
    key = company.finance_new(
        "/inventory/v1/pricebooks", "pricebook", **book, percentage=10, is_increase=False, description="Ten off"
    )["pricebook_id"]
    details = [{"from_range": 1, "to_range": 100, "discount": 10}]
    made = company.crm_new("Price_Books", Price_Book_Name="Resellers", Active=True, Pricing_Details=details)
    company.synced("prices")
    assert company.people.crm_get("Price_Books", made)["Description"] == "Ten off"
    company.people.ask("POST", f"/inventory/v1/pricebooks/{key}/inactive")
    company.synced("prices")
    assert company.people.crm_get("Price_Books", made)["Active"] is False
    assert company.writes_of("prices") == []


def pack(company, order):
    """Everything ordered, in one package; its id."""
    [line] = order["line_items"]
    path = f"/inventory/v1/packages?salesorder_id={order['salesorder_id']}"
    lines = [{"so_line_item_id": line["line_item_id"], "quantity": line["quantity"]}]
    return company.finance_new(path, "package", date=TODAY, line_items=lines)["package_id"]


def ship(company, order, package):
    path = f"/inventory/v1/shipmentorders?package_ids={package}&salesorder_id={order['salesorder_id']}"
    company.people.ask("POST", path, {"date": TODAY, "delivery_method": "DHL", "tracking_number": "JD-01"})


def test_a_shipment_shows_on_the_deal_with_carrier_and_tracking(company, sold):
    order, _quote, key = sold
    package = pack(company, order)
    company.synced("orders")
    assert deal(company, key)["Shipment_Status"] == "Packed"
    company.stage.control("POST", "clock", {"move_s": 120})
    ship(company, order, package)
    company.synced("orders")
    shown = deal(company, key)
    assert [shown[name] for name in ("Shipment_Status", "Carrier", "Tracking_Number", "Shipment_Date")] == [
        "Shipped",
        "DHL",
        "JD-01",
        TODAY,
    ]
    assert company.writes_of("orders") == []


def test_goods_that_come_back_show_on_the_deal(company, sold):
    order, _quote, key = sold
    ship(company, order, pack(company, order))
    [line] = order["line_items"]
    body = {"date": TODAY, "line_items": [{"salesorder_item_id": line["line_item_id"], "quantity": 1}]}
    made = company.finance_new(
        f"/inventory/v1/salesreturns?salesorder_id={order['salesorder_id']}", "salesreturn", **body
    )
    company.synced("orders")
    shown = deal(company, key)
    assert (shown["Return_Number"], shown["Last_Return_Date"]) == (made["salesreturn_number"], TODAY)
    assert shown["Return_Status"] == made["salesreturn_status"]
