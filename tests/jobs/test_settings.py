"""Rules are changed at any time: views, keys, directions, what is stopped, what is switched off."""

import re
import shutil
from pathlib import Path

import pytest

from ofrecord_transforms.load import load

PROJECT = Path(__file__).parents[2]


def accounts(company, **ratings):
    return {name: company.crm_new("Accounts", Account_Name=name, Rating=rating) for name, rating in ratings.items()}


@pytest.mark.promise("F028")
@pytest.mark.parametrize(("key", "pairs"), [("sku", 0), ("name", 1)])
def test_the_key_of_an_entity_is_one_line_and_decides_who_is_paired(company, key, pairs):
    if key == "name":
        company.edit_rules(
            "product.yml",
            "match: {inventory: sku, crm: Product_Code}",
            "match: {inventory: name, crm: Product_Name}",
        )
    item = company.new_item("SKU-1")
    known = company.crm_new("Products", Product_Name="Item SKU-1", Product_Code="OTHER")
    company.synced("products", run="paired")
    kinds = [event.kind for event in company.events("paired", "linked", "created")]
    assert kinds.count("linked") == pairs
    assert (company.product_of(item)["id"] == known) is bool(pairs)


@pytest.mark.promise("F030")
def test_an_edit_at_a_subscriber_of_a_one_way_entity_never_travels(company):
    account = company.crm_new("Accounts", Account_Name="Nordlicht GmbH")
    person = company.crm_new("Contacts", First_Name="Ada", Last_Name="Berg", Account_Name={"id": account}, Title="CEO")
    company.synced("customers")
    [contact] = company.contacts_named("Nordlicht GmbH")
    [there] = contact["contact_persons"]
    path = f"/inventory/v1/contacts/contactpersons/{there['contact_person_id']}"
    company.people.ask(
        "PUT", path, {"contact_id": contact["contact_id"], "first_name": "Ada", "designation": "Director"}
    )
    company.synced("customers")
    assert company.people.crm_get("Contacts", person)["Title"] == "CEO"


@pytest.mark.promise("F032")
def test_only_records_of_the_view_take_part_and_one_that_leaves_it_is_reported_and_switched_off(company):
    company.edit_rules(
        "account.yml",
        "new: [crm]\n",
        "new: [crm]\nviews: {Key accounts: {crm: {Rating: [Active]}}}\nview: Key accounts\n"
        "leaving: {crm: {inventory: inactive}}\n",
    )
    made = accounts(company, Nordlicht="Active", Suedlicht="Acquired")
    company.synced("customers", run="first")
    assert (len(company.contacts_named("Nordlicht")), company.contacts_named("Suedlicht")) == (1, [])
    [reason] = [name for name in company.counts("first", "account") if name.startswith("filtered: ") and "view" in name]
    assert "Key accounts" in reason
    company.people.crm_put("Accounts", made["Nordlicht"], Rating="Acquired")
    company.synced("customers", run="left")
    [contact] = company.contacts_named("Nordlicht")
    assert contact["status"] == "inactive"
    assert [event.entity for event in company.events("left", "left")] == ["account"]
    company.people.crm_put("Accounts", made["Nordlicht"], Rating="Active")
    company.synced("customers")
    [contact] = company.contacts_named("Nordlicht")
    assert contact["status"] == "active"


def test_an_entity_that_is_switched_off_is_neither_read_nor_written(company):
    for off in ("vendor", "bill entry", "purchase entry", "receive entry"):  # the entries name their vendor
        file = f"{off.replace(' ', '_')}.yml"
        company.edit_rules(file, f"entity: {off}\n", f"entity: {off}\nenabled: false\n")
    company.crm_new("Vendors", Vendor_Name="Radhaus")
    company.crm_new("Accounts", Account_Name="Nordlicht GmbH")
    company.synced("customers")
    assert company.contacts_named("Radhaus") == []
    assert len(company.contacts_named("Nordlicht GmbH")) == 1


@pytest.mark.promise("F039")
def test_key_mapping_and_direction_change_and_every_link_stays(company):
    items = [company.new_item(f"L-{number}", description=f"Made of steel {number}") for number in range(3)]
    company.synced("products")
    before = {item: company.product_of(item)["id"] for item in items}
    company.edit_rules(
        "product.yml", "match: {inventory: sku, crm: Product_Code}", "match: {inventory: name, crm: Product_Name}"
    )
    company.edit_rules("product.yml", "crm: Unit_Of_Measure", "crm: Components")
    company.edit_rules("product.yml", "    owner: shared\n    policy: latest\n", "    owner: crm\n")
    company.forget_bookmarks()  # meltano run --full-refresh
    company.synced("products", "products")
    assert {item: company.product_of(item)["id"] for item in items} == before
    rows = company.people.crm_list("Products", "Product_Code,Components")
    assert len(rows) == len(items)
    assert {row["Components"] for row in rows} == {"pcs"}
    company.people.crm_put("Products", before[items[0]], Description="Edited by sales")
    company.synced("products")
    shown = company.people.finance_get(f"/inventory/v1/items/{items[0]}", "item")
    assert shown["description"] == "Edited by sales"
    assert company.writes_of("products") == []


@pytest.mark.promise("F075")
def test_an_order_over_nothing_is_stopped_under_its_name_and_nothing_is_sent(company):
    item = company.new_item("Z-1", "0.00", stock=5)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("products", "customers")
    quote = company.new_quote(account, [(company.product_of(item)["id"], 3, "0.00")])
    company.run("orders")
    assert company.orders_of(quote["Quote_Number"]) == []
    [held] = [one for one in company.held() if one.entity == "order"]
    assert held.kind == "stopped"
    assert "Order over nothing" in held.message


@pytest.mark.promise("F093")
def test_a_value_that_cannot_be_converted_is_held_at_its_source_and_its_neighbours_travel(company):
    account = company.crm_new("Accounts", Account_Name="Nordlicht GmbH", Billing_City="Kiel", Billing_Country="Denmark")
    company.synced("customers")
    company.people.crm_put("Accounts", account, Billing_Country="Atlantis", Website="https://n.example")
    company.run("customers")
    [contact] = company.contacts_named("Nordlicht GmbH")
    assert contact["website"] == "https://n.example"
    assert contact["billing_address"]["country"] == "Denmark"
    [held] = [one for one in company.held() if one.source_id == account]
    assert (held.kind, held.field) == ("invalid", "billing address")
    assert "Atlantis" not in held.message
    company.people.crm_put("Accounts", account, Billing_Country="Germany")
    company.synced("customers")
    assert company.contact(contact["contact_id"])["billing_address"]["country"] == "Germany"
    assert company.held() == []


@pytest.mark.promise("F032")
def test_products_are_limited_to_a_view_as_accounts_are(company):
    company.edit_rules(
        "product.yml",
        "new: [inventory]\n",
        "new: [inventory]\nviews: {Sold here: {inventory: {brand: [Nord]}}}\nview: Sold here\n"
        "leaving: {inventory: {crm: inactive}}\n",
    )
    inside, outside = company.new_item("IN-1", brand="Nord"), company.new_item("OUT-1", brand="South")
    company.synced("products", run="first")
    assert [row["Inventory_ID"] for row in company.people.crm_list("Products", "Inventory_ID")] == [inside]
    [reason] = [name for name in company.counts("first", "product") if name.startswith("filtered: ") and "view" in name]
    assert "Sold here" in reason
    for item, brand in ((inside, "South"), (outside, "Nord")):
        company.people.ask("PUT", f"/inventory/v1/items/{item}", {"name": f"Item {item}", "rate": 10, "brand": brand})
    company.synced("products", run="left")
    assert (company.product_of(inside)["Product_Active"], company.product_of(outside)["Product_Active"]) == (
        False,
        True,
    )
    assert [event.entity for event in company.events("left", "left")] == ["product"]


@pytest.mark.promise("F032")
@pytest.mark.parametrize("file", sorted(path.name for path in (PROJECT / "rules").glob("*.yml")))
def test_every_entity_takes_a_view(tmp_path, file):
    shutil.copytree(PROJECT / "rules", tmp_path / "rules")
    path = tmp_path / "rules" / file
    text = path.read_text()
    [(system, key)] = re.findall(r"^  (\w+): {(?:stream|object): \w+, id: (\w+)", text, re.MULTILINE)[:1]
    view = f"views: {{Some: {{{system}: {{{key}: present}}}}}}\nview: Some\nfields:\n"
    path.write_text(text.replace("\nfields:\n", f"\n{view}", 1))
    [entity] = [one for one in load(tmp_path / "rules").entities.values() if one.view == "Some"]
    assert key in dict(entity.conditions(system))
