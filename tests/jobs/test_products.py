"""Items of inventory and products of the CRM."""

from decimal import Decimal

import pytest


@pytest.mark.promise("F027")
def test_items_become_products_once_and_inactive_ones_are_not_selectable(company):
    active = company.new_item("A-1", "12.50")
    retired = company.new_item("A-2")
    company.people.ask("POST", f"/inventory/v1/items/{retired}/inactive")
    company.synced("products", "customers")
    assert company.product_of(active)["Unit_Price"] == Decimal("12.5")
    assert company.product_of(active)["Product_Active"] is True
    assert company.product_of(retired)["Product_Active"] is False
    company.people.ask("POST", f"/inventory/v1/items/{retired}/active")
    company.synced("products")
    assert company.product_of(retired)["Product_Active"] is True
    assert company.writes_of("products", "customers") == []


@pytest.mark.promise("F001", "F003", "N01")
def test_a_price_edited_by_hand_in_the_crm_is_put_back_and_listed_as_a_violation(company):
    item = company.new_item("P-1", "10.00")
    company.synced("products", "customers")
    product = company.product_of(item)
    company.people.crm_put("Products", product["id"], Unit_Price=7)
    before = company.people.finance_get(f"/inventory/v1/items/{item}", "item")
    company.synced("products", run="edited")
    assert company.product_of(item)["Unit_Price"] == 10
    assert company.people.finance_get(f"/inventory/v1/items/{item}", "item") == before
    violations = company.events("edited", "violation")
    assert [(v.entity, v.field, Decimal(str(v.before)), Decimal(str(v.after))) for v in violations] == [
        ("product", "list price", Decimal(10), Decimal(7))
    ]
    assert company.writes_of("products") == []


@pytest.mark.promise("F003")
def test_a_lone_edit_is_held_where_the_rules_say_hold(company):
    company.edit_rules("product.yml", "what: List price\n", "what: List price\n    violation: hold\n")
    item = company.new_item("P-2", "10.00")
    company.synced("products", "customers")
    company.people.crm_put("Products", company.product_of(item)["id"], Unit_Price=7)
    company.synced("products", run="edited")
    assert company.product_of(item)["Unit_Price"] == 7
    assert [(h.kind, h.field) for h in company.held()] == [("violation", "list price")]


@pytest.mark.promise("N13")
def test_a_price_that_goes_and_comes_back_arrives_both_times(company):
    item = company.new_item("N-13", "10.00")
    company.synced("products")
    for price in (12, 10):
        company.people.ask("PUT", f"/inventory/v1/items/{item}", {"rate": price})
        company.synced("products")
        assert company.product_of(item)["Unit_Price"] == price


@pytest.mark.promise("F097")
def test_a_weight_in_kilograms_arrives_in_grams_and_never_drifts(company):
    item = company.new_item("W-1", package_details={"weight": 12.34, "weight_unit": "kg"})
    company.synced("products")
    assert company.product_of(item)["Weight_g"] == Decimal(12340)
    company.synced("customers")
    assert company.writes_of("products") == []


@pytest.mark.promise("N20")
def test_a_field_no_rule_names_stays_as_it_is_whatever_travels_beside_it(company):
    item = company.new_item("U-1", "5.00")
    company.synced("products", "customers")
    product = company.product_of(item)["id"]
    company.people.crm_put("Products", product, Description="Handgemacht – nicht ändern", Manufacturer=None)
    for price in (6, 8, 11):
        company.people.ask("PUT", f"/inventory/v1/items/{item}", {"rate": price})
        company.synced("products")
    assert company.people.crm_get("Products", product)["Description"] == "Handgemacht – nicht ändern"
    assert company.product_of(item)["Unit_Price"] == 11


@pytest.mark.promise("F088")
def test_both_sides_of_every_link_carry_the_other_sides_id(company):
    item = company.new_item("X-1")
    account = company.crm_new("Accounts", Account_Name="Nordlicht GmbH")
    company.synced("products", "customers", "orders")
    product = company.product_of(item)
    shown = company.people.finance_get(f"/inventory/v1/items/{item}", "item")
    assert shown["custom_field_hash"]["cf_crm_id"] == product["id"]
    [contact] = company.contacts_named("Nordlicht GmbH")
    assert contact["custom_field_hash"]["cf_crm_id"] == account
    assert company.people.crm_get("Accounts", account)["Inventory_ID"] == contact["contact_id"]


@pytest.mark.promise("F058", "F060")
def test_confirming_an_order_takes_its_quantity_from_what_can_be_promised(company):
    item = company.new_item("S-30", "3.00", stock=30)
    account = company.crm_new("Accounts", Account_Name="Stock Taker Ltd")
    company.synced("products", "customers")
    assert company.product_of(item)["Qty_in_Stock"] == 30
    quote = company.new_quote(account, [(company.product_of(item)["id"], 29, "3.00")])
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    assert order["status"] in {"confirmed", "open"}
    stock = company.people.finance_get(f"/inventory/v1/items/{item}", "item")
    assert stock["actual_available_stock"] == 1
    assert company.product_of(item)["Qty_in_Stock"] == 1


def looking_for_deletions(company):
    taps = {one["name"]: one for one in company.meltano["plugins"]["extractors"]}
    taps["tap-inventory--products"]["config"]["deletions_every_s"] = 600


def test_an_item_deleted_in_inventory_is_noted_once_and_its_product_stays_where_the_rules_say_nothing(company):
    looking_for_deletions(company)
    gone, kept = company.new_item("D-1", "5.00"), company.new_item("D-2", "5.00")
    company.synced("products")
    product = company.product_of(gone)
    company.people.ask("DELETE", f"/inventory/v1/items/{gone}")
    company.stage.control("POST", "clock", {"move_s": 900})
    company.synced("products", run="deleted")
    noted = [(event.entity, event.system) for event in company.events("deleted", "deleted")]
    assert noted == [("product", "inventory")]
    assert company.people.crm_get("Products", product["id"])["Product_Active"] is True
    assert company.product_of(kept)["Product_Active"] is True
    assert company.writes_of("products") == []


def test_an_item_deleted_in_inventory_switches_its_product_off_where_the_rules_say_so(company):
    company.edit_rules(
        "product.yml", "new: [inventory]\n", "new: [inventory]\n\ndeleted:\n  inventory: {crm: inactive}\n"
    )
    looking_for_deletions(company)
    gone = company.new_item("D-3", "5.00")
    company.synced("products")
    product = company.product_of(gone)
    company.people.ask("DELETE", f"/inventory/v1/items/{gone}")
    company.stage.control("POST", "clock", {"move_s": 900})
    company.synced("products")
    assert company.people.crm_get("Products", product["id"])["Product_Active"] is False
    assert company.writes_of("products") == []
