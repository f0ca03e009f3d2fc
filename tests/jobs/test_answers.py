"""What a person answers, and what the CRM merges, in the systems themselves."""

import pytest

FIRST, SECOND = "+12065550142", "+12065550177"


def minutes(company, count):
    company.stage.control("POST", "clock", {"move_s": 60 * count})


def customer(company, name, phone):
    """(account id, contact id) of a customer both systems know."""
    account = company.crm_new("Accounts", Account_Name=name, Phone=phone)
    company.synced("customers")
    minutes(company, 5)
    [contact] = company.contacts_named(name)
    return account, contact["contact_id"]


def phones(company, account, contact):
    there = company.contact(contact)["billing_address"].get("phone")
    both = (company.people.crm_get("Accounts", account)["Phone"], there)
    return ["".join(filter(str.isdigit, one or "")) for one in both]


@pytest.mark.parametrize("taken", ["crm", "inventory"])
def test_a_conflict_waits_in_both_systems_until_a_person_takes_one_value_which_then_stands_in_both(company, taken):
    account, contact = customer(company, "Nordlicht GmbH", "+12065550101")
    company.people.crm_put("Accounts", account, Phone=FIRST)
    minutes(company, 1)
    body = company.contact(contact)
    address = {**body["billing_address"], "phone": SECOND}
    kept = {name: body[name] for name in ("contact_name", "contact_type")}
    company.people.ask("PUT", f"/inventory/v1/contacts/{contact}", {**kept, "billing_address": address})
    for _run in range(2):
        minutes(company, 5)
        company.run("customers")
        assert phones(company, account, contact) == [FIRST[1:], SECOND[1:]]
    held = next(held for held in company.held() if held.kind == "conflict")
    assert held.values["crm"]["editor"]
    assert held.values["crm"]["modified"] < held.values["inventory"]["modified"]
    name = f"account/{held.source_id}.phone"
    assert f"take {taken}" in company.desk("answer", name, "--from", held.source)
    company.desk("answer", name, "take", taken, "--from", held.source, "--by", "Ada")
    minutes(company, 5)
    company.run("customers", run="answered")
    company.run("customers", run="answered")
    assert phones(company, account, contact) == [(FIRST if taken == "crm" else SECOND)[1:]] * 2
    assert company.held() == []
    assert len([event for event in company.events("answered", "updated") if event.field == "phone"]) == 1
    assert company.writes_of("customers") == []


def test_the_counterpart_of_an_account_that_was_merged_goes_on_with_the_one_that_is_left(company):
    loser, its_contact = customer(company, "Nordlicht GmbH", FIRST)
    winner, double = customer(company, "Sonnenhof KG", SECOND)
    child = {"id": loser, "_fields": [{"api_name": "Inventory_ID"}]}
    company.people.ask("POST", f"/crm/v8/Accounts/{winner}/actions/merge", {"merge": [{"data": [child]}]})
    minutes(company, 5)
    company.run("customers", run="merged")
    company.run("customers", run="merged")
    assert {company.contact(one)["status"] for one in (its_contact, double)} == {"active"}
    assert [(event.before, event.after) for event in company.events("merged", "merged")] == [(loser, winner)]
    assert [held.code for held in company.held() if held.kind == "duplicate" and held.source == "crm"] == ["MERGED"]
    assert company.people.crm_get("Accounts", winner)["Inventory_ID"] == its_contact
    assert company.contact(double)["custom_field_hash"]["cf_crm_id"] == winner, (
        "or it would be taken for a new customer"
    )
