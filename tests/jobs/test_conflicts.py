"""Both sides changed: what each policy makes of it, in the systems themselves."""

import pytest

FIRST, SECOND = "+12065550142", "+12065550177"


def minutes(company, count):
    company.stage.control("POST", "clock", {"move_s": 60 * count})


def digits(text):
    return "".join(filter(str.isdigit, text or ""))


@pytest.fixture
def customer(company):
    """(account id, contact id) of one customer both systems know, with a phone, and a minute-hand to move."""
    account = company.crm_new("Accounts", Account_Name="Nordlicht GmbH", Phone="+12065550101")
    company.synced("customers")
    [contact] = company.contacts_named("Nordlicht GmbH")
    minutes(company, 5)
    return account, contact["contact_id"]


def set_phone_in_inventory(company, contact_id, phone):
    contact = company.contact(contact_id)
    body = {
        "contact_name": contact["contact_name"],
        "contact_type": contact["contact_type"],
        "billing_address": {**contact["billing_address"], "phone": phone},
    }
    company.people.ask("PUT", f"/inventory/v1/contacts/{contact_id}", body)


def phones(company, customer):
    account, contact = customer
    there = company.contact(contact)["billing_address"].get("phone")
    return [digits(company.people.crm_get("Accounts", account)["Phone"]), digits(there)]


@pytest.mark.promise("F015")
def test_the_later_edit_lands_on_both_and_one_within_the_clock_tolerance_waits_for_a_person(company, customer):
    account, contact = customer
    company.people.crm_put("Accounts", account, Phone=FIRST)
    minutes(company, 5)
    set_phone_in_inventory(company, contact, SECOND)
    company.synced("customers")
    assert phones(company, customer) == [digits(SECOND)] * 2
    minutes(company, 5)
    company.people.crm_put("Accounts", account, Phone="+12065550111")
    minutes(company, 1)
    set_phone_in_inventory(company, contact, "+12065550122")
    company.run("customers")
    assert phones(company, customer) == ["12065550111", "12065550122"]
    assert ("conflict", "phone") in [(held.kind, held.field) for held in company.held()]


@pytest.mark.promise("F016")
def test_edits_of_different_fields_of_one_record_are_all_kept(company, customer):
    account, contact = customer
    company.people.crm_put("Accounts", account, Website="https://nordlicht.example")
    minutes(company, 1)
    set_phone_in_inventory(company, contact, SECOND)
    company.synced("customers")
    assert phones(company, customer) == [digits(SECOND)] * 2
    assert company.contact(contact)["website"] == "https://nordlicht.example"
    assert company.people.crm_get("Accounts", account)["Website"] == "https://nordlicht.example"
    assert company.writes_of("customers") == []


@pytest.mark.promise("F018")
def test_the_owner_wins_when_a_price_is_edited_on_both_sides(company):
    item = company.new_item("P-1", "10.00")
    company.synced("products")
    product = company.product_of(item)["id"]
    company.people.ask("PUT", f"/inventory/v1/items/{item}", {"rate": 12})
    company.people.crm_put("Products", product, Unit_Price=7)
    company.synced("products", run="edited")
    assert company.product_of(item)["Unit_Price"] == 12
    assert company.people.finance_get(f"/inventory/v1/items/{item}", "item")["rate"] == 12
    assert {event.field for event in company.events("edited", "violation")} == {"list price"}
    assert company.writes_of("products") == []


@pytest.mark.promise("F018")
def test_a_system_named_by_the_policy_wins_a_real_double_edit(company, customer):
    account, contact = customer
    company.edit_rules("account.yml", "owner: shared\n    policy: latest", "owner: shared\n    policy: crm")
    company.people.crm_put("Accounts", account, Phone=FIRST)
    minutes(company, 5)
    set_phone_in_inventory(company, contact, SECOND)
    company.synced("customers")
    assert phones(company, customer) == [digits(FIRST)] * 2


@pytest.mark.promise("F019")
def test_a_touch_and_the_same_edit_on_both_sides_are_no_conflicts(company, customer):
    account, contact = customer
    company.people.crm_put("Accounts", account, Phone=FIRST)
    minutes(company, 1)
    set_phone_in_inventory(company, contact, FIRST)
    assert company.writes_of("customers") == []
    minutes(company, 1)
    company.people.crm_put("Accounts", account, Phone=FIRST)  # touched, not changed
    set_phone_in_inventory(company, contact, FIRST)
    assert company.writes_of("customers") == []
    assert company.held() == []


@pytest.mark.promise("F022")
def test_a_shared_name_without_a_policy_waits_for_a_person(company, customer):
    account, contact = customer
    company.edit_rules(
        "account.yml", "    policy: review\n    too_long: hold\n    crm: A", "    too_long: hold\n    crm: A"
    )
    company.people.crm_put("Accounts", account, Account_Name="Nordlicht AG")
    minutes(company, 5)
    body = {"contact_name": "Nordlicht SE", "contact_type": "customer"}
    company.people.ask("PUT", f"/inventory/v1/contacts/{contact}", body)
    company.run("customers")
    assert company.people.crm_get("Accounts", account)["Account_Name"] == "Nordlicht AG"
    assert company.contact(contact)["contact_name"] == "Nordlicht SE"
    assert ("conflict", "name") in [(held.kind, held.field) for held in company.held()]


@pytest.mark.promise("F014")
@pytest.mark.parametrize("older", ["crm", "inventory"])
def test_of_two_new_records_that_match_the_older_ones_values_land_on_both(company, older):
    company.edit_rules(
        "vendor.yml",
        "    policy: latest\n    inventory: website",
        "    policy: first created\n    inventory: website",
    )
    makers = {
        "crm": lambda: company.crm_new("Vendors", Vendor_Name="Radhaus", Website="https://crm.example"),
        "inventory": lambda: company.finance_new(
            "/inventory/v1/contacts",
            "contact",
            contact_name="Radhaus",
            contact_type="vendor",
            website="https://inventory.example",
        ),
    }
    makers.pop(older)()  # the older one first
    minutes(company, 5)
    [younger] = makers.values()
    younger()
    company.synced("customers")
    [contact] = company.contacts_named("Radhaus")
    [vendor] = company.people.crm_list("Vendors", "Vendor_Name,Website")
    assert [contact["website"], vendor["Website"]] == [f"https://{older}.example"] * 2


@pytest.mark.parametrize("who", ["crm", "inventory"])
def test_an_address_is_one_value_and_halves_of_two_addresses_never_meet(company, customer, who):
    account, contact = customer
    company.people.crm_put("Accounts", account, Billing_Street="Am Hafen 1", Billing_City="Kiel")
    company.synced("customers")
    assert company.contact(contact)["billing_address"]["city"] == "Kiel"
    minutes(company, 5)
    company.people.crm_put("Accounts", account, Billing_Street="Am Markt 2")
    address = company.contact(contact)["billing_address"]
    body = {"contact_name": "Nordlicht GmbH", "contact_type": "customer"}
    both = who == "inventory"
    if both:
        body["billing_address"] = {**address, "city": "Bremen"}
        company.people.ask("PUT", f"/inventory/v1/contacts/{contact}", body)
    company.run("customers")
    there = company.contact(contact)["billing_address"]
    here = company.people.crm_get("Accounts", account)
    if both:
        assert (there["address"], there["city"]) == ("Am Hafen 1", "Bremen")
        assert (here["Billing_Street"], here["Billing_City"]) == ("Am Markt 2", "Kiel")
        assert ("conflict", "billing address") in [(held.kind, held.field) for held in company.held()]
    else:
        assert (there["address"], there["city"]) == ("Am Markt 2", "Kiel")
