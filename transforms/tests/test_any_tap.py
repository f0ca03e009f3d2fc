"""The mapper behind taps that know nothing of us: two foreign CRMs, their records written by hand as other people's taps send them.

Names and shapes: Salesforce Object Reference, Account (`Id`, `SystemModstamp`, `IsDeleted`, compound `BillingAddress`);
HubSpot CRM v3 docs, Companies (`properties`, `createdAt`, `updatedAt`, `archived`).
"""

import json
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-c", "from ofrecord_transforms.mapper import main; main()"]

SYSTEMS = """\
systems:
  salesforce:
    {tap: tap-salesforce, modified: SystemModstamp, created: CreatedDate, deleted: IsDeleted}
  hubspot: {tap: tap-hubspot, modified: updatedAt, created: createdAt, deleted: archived, read_only: true}
"""
HEAD = """\
entity: account
responsible: {owner: A, deputy: B, escalation: C}
"""
SALESFORCE = f"""\
{HEAD}
systems:
  salesforce: {{stream: Account, id: Id, external_id: Inventory_Id__c}}
  inventory: {{stream: contacts, id: contact_id, external_id: cf_salesforce_id}}
match: {{salesforce: Name, inventory: contact_name}}
new: [salesforce]
when: {{salesforce: {{Type: [Customer, Customer - Direct]}}}}
fields:
  - {{what: Name, owner: salesforce, salesforce: Name, inventory: contact_name}}
  - what: Phone
    owner: shared
    policy: latest
    format: phone
    salesforce: {{field: Phone, region: DE}}
    inventory: billing_address.phone
  - {{what: City, owner: salesforce, salesforce: BillingAddress.city, inventory: billing_address.city}}
  - what: Active
    owner: salesforce
    salesforce: {{field: Active__c, values: {{"Yes": active, "No": inactive}}}}
    inventory: status
  - what: Credit limit
    owner: inventory
    salesforce: {{field: Credit_Limit__c, unit: EUR}}
    inventory: {{field: credit_limit, unit: EUR}}
  - {{what: Since, owner: salesforce, format: date, salesforce: Customer_Since__c, inventory: cf_since}}
"""
HUBSPOT = f"""\
{HEAD}
systems:
  hubspot: {{stream: companies, id: id}}
  inventory: {{stream: contacts, id: contact_id, external_id: cf_hubspot_id}}
match: {{hubspot: properties.name, inventory: contact_name}}
new: [hubspot]
fields:
  - {{what: Name, owner: hubspot, hubspot: properties.name, inventory: contact_name}}
  - {{what: Phone, owner: hubspot, format: phone, hubspot: properties.phone, inventory: billing_address.phone}}
  - {{what: City, owner: hubspot, hubspot: properties.city, inventory: billing_address.city}}
  - {{what: Terms, owner: hubspot, format: number, hubspot: properties.payment_terms, inventory: payment_terms}}
"""
ACCOUNT = {
    "attributes": {"type": "Account", "url": "/services/data/v60.0/sobjects/Account/0015g00000A1bCdAAJ"},
    "Id": "0015g00000A1bCdAAJ",
    "Name": "Bücher & Söhne GmbH",
    "Type": "Customer - Direct",
    "Phone": "(030) 9876543",
    "BillingAddress": {"street": "Ufer 1", "city": "Berlin", "postalCode": "10785", "geocodeAccuracy": None},
    "Active__c": "Yes",
    "Credit_Limit__c": 12500.5,
    "Customer_Since__c": "2019-04-01",
    "NumberOfEmployees": 40,
    "Secret_Note__c": "unmapped",
    "IsDeleted": False,
    "CreatedDate": "2026-01-31T23:30:00.000+0000",
    "SystemModstamp": "2026-03-01T09:15:07.000+0000",
    "Inventory_Id__c": None,
}
COMPANY = {
    "id": 7714209381,
    "properties": {
        "name": "Bücher & Söhne GmbH",
        "phone": "+49 30 9876543",
        "city": "",
        "payment_terms": "30",
        "hs_note": "unmapped",
    },
    "createdAt": "2026-01-31T23:30:00.123Z",
    "updatedAt": "2026-03-01T10:15:07+01:00",
    "archived": False,
}


@pytest.fixture
def run(tmp_path):
    """Run the mapper with the foreign systems and one entity over lines of a tap; the finished process."""

    def start(rules, text, **settings):
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "systems.yml").write_text(SYSTEMS)
        (folder / "account.yml").write_text(rules)
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rules": str(folder), **settings}))
        return subprocess.run([*PROGRAM, "--config", str(config)], input=text, capture_output=True, check=False)

    return start


def lines(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def schema(stream, key):
    return {"stream": stream, "schema": {}, "key_properties": [key], "bookmark_properties": ["x"], "type": "SCHEMA"}


def record(stream, values):
    """A RECORD as other taps write it: keys in another order, and more of them."""
    return {
        "stream": stream,
        "time_extracted": "2026-03-01T09:16:00Z",
        "version": 1772356560,
        "record": values,
        "type": "RECORD",
    }


@pytest.fixture
def from_salesforce(run):
    """What becomes of accounts on their way to the inventory: their records."""

    def mapped(*accounts):
        text = lines(schema("Account", "Id"), *(record("Account", account) for account in accounts))
        done = run(SALESFORCE, text, **{"from": "salesforce", "to": "inventory"})
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line)["record"] for line in done.stdout.splitlines()[1:]]

    return mapped


def test_rules_for_a_foreign_crm_drive_the_same_mapper(from_salesforce):
    assert from_salesforce(ACCOUNT) == [
        {
            "cf_salesforce_id": "0015g00000A1bCdAAJ",
            "contact_name": "Bücher & Söhne GmbH",
            "billing_address.phone": "+49309876543",
            "billing_address.city": "Berlin",
            "status": "active",
            "cf_since": "2019-04-01",
            "_ofrecord": {
                "id": "0015g00000A1bCdAAJ",
                "modified": "2026-03-01T09:15:07+00:00",
                "created": "2026-01-31T23:30:00+00:00",
                "deleted": False,
                "stamped": None,
                "native": {
                    "name": "Bücher & Söhne GmbH",
                    "phone": "(030) 9876543",
                    "city": "Berlin",
                    "active": "Yes",
                    "since": "2019-04-01",
                },
                "observed": {"credit limit": 12500.5},
            },
        }
    ]


def test_another_foreign_crm_nests_its_properties_and_has_ids_that_are_numbers(run):
    text = lines(schema("companies", "id"), record("companies", COMPANY))
    done = run(HUBSPOT, text, **{"from": "hubspot", "to": "inventory"})
    assert done.returncode == 0, done.stderr.decode()
    _, mapped = [json.loads(line) for line in done.stdout.splitlines()]
    assert mapped["record"] == {
        "cf_hubspot_id": "7714209381",
        "contact_name": "Bücher & Söhne GmbH",
        "billing_address.phone": "+49309876543",
        "billing_address.city": None,
        "payment_terms": 30,
        "_ofrecord": {
            "id": "7714209381",
            "modified": "2026-03-01T09:15:07+00:00",
            "created": "2026-01-31T23:30:00.123000+00:00",
            "deleted": False,
            "native": {"name": "Bücher & Söhne GmbH", "phone": "+49 30 9876543", "city": None, "terms": "30"},
            "observed": {},
        },
    }


def test_the_schema_tells_the_target_of_the_foreign_system(run):
    done = run(SALESFORCE, lines(schema("Account", "Id")), **{"from": "salesforce", "to": "inventory"})
    said = json.loads(done.stdout)["schema"]["x-ofrecord"]
    expected = {
        "entity": "account",
        "from": "salesforce",
        "to": "inventory",
        "object": "contacts",
        "source_object": "Account",
        "external_id": "cf_salesforce_id",
        "source_external_id": "Inventory_Id__c",
        "match": [{"field": "contact_name", "format": "text"}],
        "create": True,
    }
    assert {key: said[key] for key in expected} == expected


def test_the_other_way_writes_the_foreign_names_and_only_what_the_inventory_may_write(run):
    contact = {
        "contact_id": "460000000026049",
        "contact_name": "Buecher",
        "status": "inactive",
        "credit_limit": 900,
        "billing_address": {"phone": "+49 30 555000", "city": "Bonn"},
        "last_modified_time": "2026-03-02T09:15:00+00:00",
        "custom_field_hash": {"cf_salesforce_id": "0015g00000A1bCdAAJ"},
    }
    text = lines(schema("contacts", "contact_id"), record("contacts", contact))
    done = run(SALESFORCE, text, **{"from": "inventory", "to": "salesforce"})
    assert done.returncode == 0, done.stderr.decode()
    mapped = json.loads(done.stdout.splitlines()[1])["record"]
    note = mapped.pop("_ofrecord")
    assert mapped == {"Inventory_Id__c": "460000000026049", "Phone": "+4930555000", "Credit_Limit__c": 900}
    assert note["stamped"] == "0015g00000A1bCdAAJ"
    assert note["observed"] == {"name": "Buecher", "city": "Bonn", "active": "inactive", "since": None}


@pytest.mark.parametrize(("flag", "deleted"), [(True, True), (False, False), (None, False)])
def test_a_deletion_is_read_from_the_flag_the_foreign_system_has(from_salesforce, flag, deleted):
    [mapped] = from_salesforce({**ACCOUNT, "IsDeleted": flag})
    assert mapped["_ofrecord"]["deleted"] is deleted
    assert ("contact_name" in mapped) is not deleted


def test_what_the_foreign_filter_leaves_out_says_why(from_salesforce):
    [mapped] = from_salesforce({**ACCOUNT, "Type": "Partner"})
    assert "contact_name" not in mapped
    assert "type" in mapped["_ofrecord"]["filtered"]


def test_a_foreign_id_of_zero_is_an_id(from_salesforce):
    assert [mapped["_ofrecord"]["id"] for mapped in from_salesforce({**ACCOUNT, "Id": 0}, {**ACCOUNT, "Id": "0"})] == [
        "0",
        "0",
    ]


@pytest.mark.parametrize("address", [None, "", "Berlin", ["Berlin"], 7])
def test_a_nested_value_of_another_shape_is_empty_and_stops_nothing(from_salesforce, address):
    first, second = from_salesforce({**ACCOUNT, "BillingAddress": address}, ACCOUNT)
    assert first["billing_address.city"] is None
    assert second["billing_address.city"] == "Berlin"


def test_a_value_the_list_does_not_know_leaves_the_other_fields_alone(from_salesforce):
    [mapped] = from_salesforce({**ACCOUNT, "Active__c": "Perhaps"})
    assert "status" not in mapped
    assert mapped["contact_name"] == ACCOUNT["Name"]
    assert mapped["_ofrecord"]["invalid"].keys() == {"active"}


def test_streams_versions_and_fields_nobody_named_are_left_out_and_state_is_untouched(run):
    state = b'{"value": {"bookmarks": {"Account": {"SystemModstamp": "x"}}},   "type": "STATE"}\n'
    contact = {"Id": "0035g", "AccountId": ACCOUNT["Id"], "Email": "somebody@example.com"}
    text = (
        lines(
            schema("Contact", "Id"),
            record("Contact", contact),
            schema("Account", "Id"),
            {"type": "ACTIVATE_VERSION", "stream": "Account", "version": 1772356560},
            record("Account", ACCOUNT),
        )
        + b"\n"
        + state
        + lines(record("Contact", contact), record("Account", ACCOUNT))
        + state
    )
    done = run(SALESFORCE, text, **{"from": "salesforce", "to": "inventory"})
    assert done.returncode == 0, done.stderr.decode()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [(message["type"], message.get("stream")) for message in found]
    one = [("RECORD", "account"), ("STATE", None)]
    assert kinds == [("SCHEMA", "account"), *one, *one]
    assert done.stdout.splitlines(keepends=True)[2] == state
    for word in (b"Secret_Note__c", b"unmapped", b"somebody@", b"NumberOfEmployees", b"Ufer 1"):
        assert word not in done.stdout


def test_nothing_is_ever_sent_to_a_foreign_system_that_is_read_only(run):
    done = run(HUBSPOT, b"", **{"from": "inventory", "to": "hubspot"})
    assert done.returncode == 1
    assert done.stdout == b""
    assert b'"hubspot" is not a system that is written to' in done.stderr
