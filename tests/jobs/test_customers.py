"""Accounts with their contacts, and vendors."""

import pytest

PHONES = ("+1 206 555 0142", "+1 206 555 0177")


def account_with_contacts(company, *names, account="Nordlicht GmbH", **values):
    key = company.crm_new("Accounts", Account_Name=account, **values)
    for first, last in names:
        company.crm_new(
            "Contacts",
            First_Name=first,
            Last_Name=last,
            Account_Name={"id": key},
            Email=f"{first}.{last}@example.org".lower(),
        )
    return key


@pytest.mark.promise("F023")
def test_an_account_and_its_contacts_become_one_contact_with_persons_and_the_oldest_is_primary(company):
    account = account_with_contacts(company)
    company.stage.control("POST", "clock", {"move_s": 5})
    for number, name in enumerate(("Ada", "Bo", "Cy")):
        company.stage.control("POST", "clock", {"move_s": 60 * (number + 1)})
        company.crm_new("Contacts", First_Name=name, Last_Name="Berg", Account_Name={"id": account})
    company.synced("customers", "orders")
    [contact] = company.contacts_named("Nordlicht GmbH")
    persons = {p["first_name"]: p["is_primary_contact"] for p in contact["contact_persons"]}
    assert persons == {"Ada": True, "Bo": False, "Cy": False}
    assert company.writes_of("customers", "orders") == []


@pytest.mark.promise("F024")
def test_contacts_without_account_are_not_copied_and_are_counted(company):
    account_with_contacts(company, ("Ada", "Berg"))
    for name in ("Solo", "Single", "Alone"):
        company.crm_new("Contacts", Last_Name=name)
    company.synced("customers", run="first")
    [contact] = company.contacts_named("Nordlicht GmbH")
    assert [p["last_name"] for p in contact["contact_persons"]] == ["Berg"]
    counts = company.counts("first", "contact")
    assert (counts["read"], counts["filtered"], counts["filtered: no account"]) == (4, 3, 3)


@pytest.mark.promise("F006")
def test_a_phone_changed_in_either_system_shows_in_both_and_then_nothing_is_written(company):
    account = account_with_contacts(company, Phone="+1 206 555 0101")
    company.synced("customers", "orders")
    [contact] = company.contacts_named("Nordlicht GmbH")

    def both():
        seen = company.contact(contact["contact_id"])["billing_address"].get("phone")
        return ["".join(filter(str.isdigit, p)) for p in (company.people.crm_get("Accounts", account)["Phone"], seen)]

    company.people.crm_put("Accounts", account, Phone=PHONES[0])
    company.synced("customers")
    assert both() == ["12065550142"] * 2
    assert company.writes_of("customers") == []
    address = {**company.contact(contact["contact_id"])["billing_address"], "phone": PHONES[1]}
    body = {"contact_name": "Nordlicht GmbH", "contact_type": "customer", "billing_address": address}
    company.people.ask("PUT", f"/inventory/v1/contacts/{contact['contact_id']}", body)
    company.synced("customers")
    assert both() == ["12065550177"] * 2
    assert company.writes_of("customers") == []


@pytest.mark.promise("F026")
def test_a_vendor_made_on_either_side_appears_once_on_the_other(company):
    company.crm_new("Vendors", Vendor_Name="Radhaus & Söhne")
    company.finance_new("/inventory/v1/contacts", "contact", contact_name="Spokes Ltd", contact_type="vendor")
    company.synced("customers", "customers", "orders")
    assert [c["contact_type"] for c in company.contacts_named("Radhaus & Söhne")] == ["vendor"]
    names = sorted(row["Vendor_Name"] for row in company.people.crm_list("Vendors", "Vendor_Name"))
    assert names == ["Radhaus & Söhne", "Spokes Ltd"]
    assert len(company.contacts_named("Spokes Ltd")) == 1
    assert company.writes_of("customers") == []


@pytest.mark.promise("F007")
def test_a_field_no_rule_names_never_travels(company):
    account = account_with_contacts(company)
    company.synced("customers", "orders")
    [contact] = company.contacts_named("Nordlicht GmbH")
    company.people.crm_put("Accounts", account, Industry=None, Description="only for sales")
    company.people.ask(
        "PUT",
        f"/inventory/v1/contacts/{contact['contact_id']}",
        {"contact_name": "Nordlicht GmbH", "contact_type": "customer", "notes": "only for finance"},
    )
    assert company.writes_of("customers") == []
    assert company.contact(contact["contact_id"])["notes"] == "only for finance"


def test_two_accounts_of_one_name_do_not_become_one_customer(company):
    account_with_contacts(company, account="Friendly Bike Shop")
    account_with_contacts(company, account="Friendly Bike Shop")
    company.run("customers")
    assert len(company.contacts_named("Friendly Bike Shop")) == 1
    assert [h.kind for h in company.held()] == ["duplicate"]


@pytest.mark.promise("F095")
def test_odd_characters_and_missing_fields_arrive_as_they_are(company):
    names = ["Zoë & Björn’s Größe AS", "株式会社サンプル", 'O\'Hara <Ltd> "quoted"', "A" * 200]
    for name in names:
        company.crm_new("Accounts", Account_Name=name)
    item = company.new_item("Ü-1", "1.00", description="line 1\nline 2 – “quoted”")
    company.synced("products", "customers")
    assert all(len(company.contacts_named(name)) == 1 for name in names)
    buyer = company.people.crm_list("Accounts", "Account_Name")[0]["id"]
    lines = [(company.product_of(item)["id"], n + 1, f"{n}.99") for n in range(12)]
    quote = company.new_quote(buyer, lines)
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    assert order["total"] == quote["Grand_Total"]
