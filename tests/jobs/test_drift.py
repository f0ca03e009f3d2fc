"""The CRM changes under the sync: fields that come, go and change their type, and a module of one's own."""

import pytest

from ofrecord.demo.people import People

DAY = {"move_s": 90_000}


@pytest.fixture
def synced(company):
    """An account that is a customer of inventory, a day before the CRM changes; (account, contact id)."""
    account = company.crm_new("Accounts", Account_Name="Nordlicht GmbH", Website="https://n.example", Phone="+49 30 1")
    company.synced("customers")
    [contact] = company.contacts_named("Nordlicht GmbH")
    company.stage.control("POST", "clock", DAY)
    company.people = People(company.stage)  # who was logged in is not any more
    yield account, contact["contact_id"]
    company.stage.control("POST", "clock", {"run": True})


def said(company, *words):
    """The warnings with all these words."""
    return [
        line for line in company.last_output.splitlines() if "WARNING" in line and all(one in line for one in words)
    ]


CUSTOMERS = "tap-crm--customers own-customers-crm-to-inventory target-inventory"


@pytest.mark.promise("F099")
def test_a_new_field_and_one_that_is_gone_are_told_by_the_next_run_and_only_that_field_stops(company, synced):
    account, contact = synced
    control = company.stage.control
    control("POST", "crm/fields", {"module": "Accounts", "field": {"api_name": "Region", "data_type": "text"}})
    control("DELETE", "crm/fields", {"module": "Accounts", "field": "Website"})
    company.people.crm_put("Accounts", account, Phone="+49 30 2")
    assert company.pipe(CUSTOMERS, "next") == 0, company.last_output
    assert said(company, "Accounts.Region is new in the CRM and not read")
    assert said(company, "Accounts.Website does not exist any more in the CRM")
    assert said(company, '"website" reads Website, expected text, found nothing. See', "account.yml:")
    [row] = [one for one in company.ledger().runs(group="next") if one.notes.get("drift")]
    assert "Website" in str(row.notes["drift"]["account"])
    shown = company.contact(contact)
    assert (shown["billing_address"]["phone"][-1], shown["website"]) == ("2", "https://n.example")
    assert company.pipe(CUSTOMERS, "again") == 0, company.last_output
    assert said(company, "Accounts.Website does not exist any more"), "until the catalog or the rules say so, too"


@pytest.mark.promise("F100")
def test_a_changed_type_is_told_with_its_line_of_the_rules_and_the_other_fields_travel(company, synced):
    account, contact = synced
    control = company.stage.control
    control("PUT", "crm/fields", {"module": "Accounts", "field": "Website", "data_type": "integer"})
    company.people.crm_put("Accounts", account, Phone="+49 30 2", Website=7)
    for run in ("next", "again"):
        assert company.pipe(CUSTOMERS, run) == 0, company.last_output
        assert said(company, "Accounts.Website was string and is integer in the CRM")
        assert said(company, '"website" reads Website, expected text, found nothing. See', "account.yml:")
    shown = company.contact(contact)
    assert (shown["billing_address"]["phone"][-1], shown["website"]) == ("2", "https://n.example")


MACHINES = """
entity: machine
responsible: {owner: Rental <rental@example.com>, deputy: Sales <sales@example.com>, escalation: Head <head@example.com>}
systems:
  crm: {stream: Machines, id: id, external_id: Inventory_ID}
  inventory: {stream: items, id: item_id, external_id: cf_crm_id}
match: {crm: Serial, inventory: sku}
new: [crm]
cadence: 1 hour
fields:
  - {what: Name, owner: crm, too_long: hold, crm: Name, inventory: name}
  - {what: Serial number, owner: crm, too_long: hold, crm: Serial, inventory: sku}
  - {what: Rent, owner: inventory, format: money, inventory: rate, crm: Rent}
"""
FIELDS = [
    {"api_name": "Serial", "data_type": "text"},
    {"api_name": "Inventory_ID", "data_type": "text", "unique": True},
    {"api_name": "Rent", "data_type": "currency"},
]


@pytest.mark.promise("F102")
def test_a_module_of_ones_own_syncs_both_ways_by_configuration_alone(company):
    company.stage.control("POST", "crm/modules", {"api_name": "Machines", "label": "Machines", "fields": FIELDS})
    press = company.crm_new("Machines", Name="Press", Serial="M-1")
    company.desk("catalog")
    (company.stage.folder / "rules" / "machine.yml").write_text(MACHINES)
    plugins = company.meltano["plugins"]
    plugins["extractors"] += [
        {"name": "tap-crm--machines", "inherit_from": "tap-crm", "config": {"streams": ["Machines"]}},
        {"name": "tap-inventory--machines", "inherit_from": "tap-inventory", "config": {"streams": ["items"]}},
    ]
    plugins["mappers"][0]["mappings"] += [
        {"name": f"machines-{one}-to-{other}", "config": {"rules": "rules", "from": one, "to": other, "entities": ["machine"]}}
        for one, other in (("crm", "inventory"), ("inventory", "crm"))
    ]  # fmt: skip
    company.meltano["jobs"].append(
        {
            "name": "machines",
            "tasks": [
                "tap-crm--machines machines-crm-to-inventory target-inventory",
                "tap-inventory--machines machines-inventory-to-crm target-crm",
            ],
        }
    )
    company.synced("machines")
    rows = company.people.finance_list("/inventory/v1/items", "items")
    [item] = [row for row in rows if row["sku"] == "M-1"]
    assert item["name"] == "Press"
    company.people.ask("PUT", f"/inventory/v1/items/{item['item_id']}", {"name": "Press", "rate": 12.5})
    company.people.crm_put("Machines", press, Name="Large press")
    company.synced("machines")
    shown = company.people.crm_get("Machines", press)
    assert (shown["Rent"], shown["Inventory_ID"]) == (12.5, item["item_id"])
    assert company.people.finance_get(f"/inventory/v1/items/{item['item_id']}", "item")["name"] == "Large press"
    assert company.writes_of("machines") == []
