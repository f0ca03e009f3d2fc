"""The built-in company: its counts, its awkwardness, and that it is the same each time."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sandbox_worlds import crm, listed, read

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.seeds import DemoFacts, seed_demo
from ofrecord_sandbox.world import World

Planted = tuple[World, DemoFacts]


@pytest.fixture(scope="module")
def planted() -> Planted:
    world = new_world()
    return world, seed_demo(world)


def contents(world: World) -> dict[str, Any]:
    return {
        name: table.rows
        for name, table in world.store.tables.items()
        if name.startswith(("crm/records/", "crm/deleted/", "finance/", "sandbox/facts"))
    }


def test_the_crm_holds_what_the_facts_say(planted: Planted) -> None:
    world, facts = planted
    counts = {module: len(crm(world, module)) for module in ("Accounts", "Contacts", "Products", "Quotes", "Deals")}
    assert counts == {"Accounts": 300, "Contacts": 500, "Products": 60, "Quotes": 60, "Deals": 60}
    assert (facts.accounts, facts.contacts, facts.crm_products, facts.quotes) == (300, 500, 60, 60)
    lone = [one for one in crm(world, "Contacts") if one.get("Account_Name") is None]
    assert len(lone) == facts.contacts_without_account == 12
    assert len(crm(world, "Vendors")) == facts.vendors_in_both + facts.vendors_only_crm


def test_inventory_holds_what_the_facts_say(planted: Planted) -> None:
    world, facts = planted
    items = listed(world, "inventory/v1/items", "items")
    assert len(items) == facts.items == 400
    assert sum(one["status"] == "inactive" for one in items) == facts.inactive_items > 0
    assert sum(one["rate"] == 0 for one in items) == facts.items_with_price_zero > 0
    kinds = Counter(one["contact_type"] for one in listed(world, "inventory/v1/contacts", "contacts"))
    assert kinds == {
        "customer": facts.customers,
        "vendor": facts.vendors_in_both + facts.vendors_only_inventory,
    }
    assert len(listed(world, "inventory/v1/salesorders", "salesorders")) == facts.orders == 40
    assert len(listed(world, "inventory/v1/pricebooks", "pricebooks")) == facts.price_lists == 3


def test_invoices_are_draft_sent_partly_paid_paid_and_overdue(planted: Planted) -> None:
    world, facts = planted
    statuses = Counter(one["status"] for one in listed(world, "books/v3/invoices", "invoices"))
    assert sum(statuses.values()) == facts.invoices == 40
    assert set(statuses) == {"draft", "sent", "partially_paid", "paid", "overdue"}
    assert len(listed(world, "books/v3/customerpayments", "customerpayments")) == facts.payments


def test_account_names_are_awkward(planted: Planted) -> None:
    world, facts = planted
    names = [one["Account_Name"] for one in crm(world, "Accounts")]
    assert {"Acme Corp", "Acme Corporation Ltd.", "Müller GmbH", "Mueller GmbH"} <= set(names)
    assert sum(count == 2 for count in Counter(names).values()) == facts.same_name_pairs == 2
    long = [name for name in names if len(name) > 200]
    assert len(long) == facts.too_long_names >= 3
    assert max(map(len, long)) <= 255
    scripts = {unicodedata.name(letter).split()[0] for name in names for letter in name if letter.isalpha()}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HANGUL", "THAI", "CJK"} <= scripts


def test_some_records_lack_phone_email_or_first_name(planted: Planted) -> None:
    world, _ = planted
    contacts = crm(world, "Contacts")
    for name in ("Phone", "Email", "First_Name"):
        assert 0 < sum(not one.get(name) for one in contacts) < len(contacts)
    owners = Counter(one["Account_Name"]["id"] for one in contacts if one.get("Account_Name"))
    assert max(owners.values()) > 1
    assert len(owners) < len(crm(world, "Accounts"))


def test_only_reserved_addresses_and_numbers_occur(planted: Planted) -> None:
    world, _ = planted
    for one in crm(world, "Accounts") + crm(world, "Contacts"):
        email, phone = one.get("Email"), one.get("Phone")
        assert email is None or email.rpartition("@")[2] in {"example.org", "example.com", "example.net"}
        assert phone is None or re.search(r"55501\d\d$", re.sub(r"\D", "", phone))


def test_products_agree_with_items_only_in_part(planted: Planted) -> None:
    world, facts = planted
    items = {one["sku"]: one for one in listed(world, "inventory/v1/items", "items")}
    products = crm(world, "Products")
    codes = Counter(one["Product_Code"] for one in products)
    known = [one for one in products if one["Product_Code"] in items and codes[one["Product_Code"]] == 1]
    assert len(known) == facts.products_with_known_code == 50
    assert sum(one["Product_Code"] not in items for one in products) == facts.products_with_unknown_code == 8
    assert sum(count for count in codes.values() if count > 1) == facts.products_sharing_a_code == 2
    assert any(one["Unit_Price"] != items[one["Product_Code"]]["rate"] for one in known)
    assert any(one["Product_Name"] != items[one["Product_Code"]]["name"] for one in known)


def test_every_order_agrees_with_its_quote_to_the_cent(planted: Planted) -> None:
    world, facts = planted
    quotes = {one["id"]: one for one in crm(world, "Quotes")}
    orders = [
        read(world, f"inventory/v1/salesorders/{row['salesorder_id']}")["salesorder"]
        for row in listed(world, "inventory/v1/salesorders", "salesorders")
    ]
    for order in orders:
        quote = quotes[order["custom_field_hash"]["cf_crm_id"]]
        assert Decimal(str(order["total"])) == Decimal(str(quote["Grand_Total"])), order["salesorder_number"]
        assert order["reference_number"] == quote["Quote_Number"]
        assert order["custom_field_hash"]["cf_crm_deal_id"] == quote["Deal_Name"]["id"]
        assert order["currency_code"] == quote["Currency"]
    assert set(facts.quotes_by_currency) == {"USD", "JPY", "KWD"}
    assert {"USD", "JPY", "KWD"} == {order["currency_code"] for order in orders}


def test_quotes_have_several_lines_discounts_taxes_and_adjustments(planted: Planted) -> None:
    world, _ = planted
    quotes = crm(world, "Quotes")
    lines = [line for one in quotes for line in one["Quoted_Items"]]
    assert any(len(one["Quoted_Items"]) > 3 for one in quotes)
    assert any(line["Discount"] for line in lines)
    assert any(line["Line_Tax"] for line in lines)
    assert any(one["Adjustment"] for one in quotes)
    stages = Counter(one["Quote_Stage"] for one in quotes)
    assert stages["Accepted"] == 46
    assert set(stages) == {"Accepted", "Draft", "Negotiation", "Delivered"}


def test_accepted_quotes_without_order_can_become_orders(planted: Planted) -> None:
    world, facts = planted
    contacts = listed(world, "inventory/v1/contacts", "contacts")
    customers = {
        read(world, f"inventory/v1/contacts/{one['contact_id']}")["contact"]["custom_field_hash"].get("cf_crm_id")
        for one in contacts
        if one["contact_type"] == "customer"
    }
    ordered = {
        read(world, f"inventory/v1/salesorders/{row['salesorder_id']}")["salesorder"]["custom_field_hash"]["cf_crm_id"]
        for row in listed(world, "inventory/v1/salesorders", "salesorders")
    }
    waiting = [one for one in crm(world, "Quotes") if one["Quote_Stage"] == "Accepted" and one["id"] not in ordered]
    assert len(waiting) == facts.accepted_without_order == 6
    known = [one["Account_Name"]["id"] in customers for one in waiting]
    assert any(known)
    assert not all(known)
    active = {one["sku"] for one in listed(world, "inventory/v1/items", "items") if one["status"] == "active"}
    codes = {one["id"]: one["Product_Code"] for one in crm(world, "Products")}
    used = {codes[line["Product_Name"]["id"]] for one in waiting for line in one["Quoted_Items"]}
    assert used <= active


def test_no_deal_knows_an_invoice_yet(planted: Planted) -> None:
    world, _ = planted
    assert all(one.get("Invoice_Number") is None for one in crm(world, "Deals"))


def test_two_seeds_are_equal_whenever_they_are_planted(planted: Planted) -> None:
    world, facts = planted
    other = new_world()
    other.clock.move(timedelta(days=1))
    assert seed_demo(other) == facts
    assert contents(other) == contents(world)


def test_the_clock_runs_again_afterwards() -> None:
    world = new_world()
    before = world.clock.now()
    seed_demo(world)
    assert world.clock.now() > before


def test_two_items_are_made_of_others_and_a_kit_lasts_as_long_as_its_components(planted: Planted) -> None:
    world, facts = planted
    rows = listed(world, "inventory/v1/compositeitems", "composite_items")
    assert len(rows) == facts.composite_items == 2
    among_items = [one for one in listed(world, "inventory/v1/items", "items") if one["is_combo_product"]]
    assert {one["item_id"] for one in among_items} == {one["composite_item_id"] for one in rows}
    made = [read(world, f"inventory/v1/compositeitems/{one['composite_item_id']}")["composite_item"] for one in rows]
    assert {one["combo_type"] for one in made} == {"assembly", "kit"}
    kit = next(one for one in made if one["combo_type"] == "kit")
    lasts = min(part["available_stock"] // part["quantity"] for part in kit["mapped_items"])
    assert kit["available_stock"] == lasts > 0


def test_one_order_was_shipped_returned_in_part_and_credited(planted: Planted) -> None:
    world, facts = planted
    [row] = listed(world, "inventory/v1/packages", "packages")
    shipment = read(world, f"inventory/v1/packages/{row['package_id']}")["package"]["shipment_order"]
    assert (shipment["carrier"], shipment["tracking_number"]) == ("DHL", "JVGL0555010123456789")
    [back] = listed(world, "inventory/v1/salesreturns", "salesreturns")
    [credit] = listed(world, "books/v3/creditnotes", "creditnotes")
    order = read(world, f"inventory/v1/salesorders/{row['salesorder_id']}")["salesorder"]
    assert back["salesorder_id"] == order["salesorder_id"]
    assert (credit["status"], credit["reference_number"]) == ("open", order["salesorder_number"])
    assert credit["balance"] == credit["total"] > 0
    assert order["status"] == "fulfilled"
    assert facts.shipments == facts.returns == facts.open_credits == 1


def test_reps_made_price_books_of_which_inventory_knows_one(planted: Planted) -> None:
    world, facts = planted
    books = {one["Price_Book_Name"] for one in crm(world, "Price_Books")}
    lists = {one["name"] for one in listed(world, "inventory/v1/pricebooks", "pricebooks")}
    assert len(books) == facts.crm_price_books == 2
    assert len(books & lists) == 1
