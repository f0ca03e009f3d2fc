from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from singer_sdk.testing import TargetTestRunner, get_target_test_class

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, TargetContract
from ofrecord_kit.testing.target import field as wire_field
from target_inventory.target import TargetInventory

field = partial(wire_field, owner="crm")
SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "account", "object": "contacts", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": "cf_crm_id",
        "source_external_id": "Inventory_ID", "source_object": "Accounts", "match": [{"field": "contact_name", "format": "text"}],
        "create": True, "deleted": "inactive",
    },
    "properties": {
        "cf_crm_id": {"type": "string"}, "contact_name": field("name"), "contact_type": field("kind"), "website": field("website"),
        "billing_address.phone": field("phone", "phone"), "billing_address.city": field("city"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip
PERSONS = {
    "type": "object",
    "x-ofrecord": {
        "entity": "contact", "object": "contact_persons", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": None,
        "source_external_id": "Inventory_ID", "source_object": "Contacts", "match": [{"field": "email", "format": "email"}],
        "create": True, "parent": {"field": "contact_id", "entity": "account", "primary": {"least": "Created_Time"}},
    },
    "properties": {
        "contact_id": field("account", ref="account"), "first_name": field("first name"), "last_name": field("last name"),
        "email": field("email", "email"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


class TestContract(TargetContract):
    target = TargetInventory
    schema = SCHEMA
    changed = ("website", "https://example.org")
    clearable = "website"
    refused: ClassVar[Mapping[str, Any]] = {"contact_type": "neighbour"}
    create_call: ClassVar[Mapping[str, Any]] = {"method": "PUT", "path": "/books/v3/contacts"}

    def sample(self, number: int) -> dict[str, Any]:
        return {
            "contact_name": f"Acme {number}", "contact_type": "customer", "website": "https://example.com",
            "billing_address.phone": "1555", "billing_address.city": "Bonn",
        }  # fmt: skip

    def stored(self, bench: Bench, record: str) -> Mapping[str, Any]:
        row = bench.client.get(f"/inventory/v1/contacts/{record}").body["contact"]
        address = row["billing_address"]
        names = ("contact_name", "contact_type", "website")
        kept = {name: row.get(name) for name in names}
        return {**kept, "address": dict(address), "cf_crm_id": row["custom_field_hash"]["cf_crm_id"]}

    def count(self, bench: Bench) -> int:
        return len(bench.client.get("/inventory/v1/contacts").body["contacts"])


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Any:
    made = Bench(TargetInventory, SCHEMA, sandbox, tmp_path)
    yield made
    made.client.close()


ACCOUNT = {"contact_name": "Acme", "contact_type": "customer", "billing_address.phone": "1555"}


def test_the_neighbours_of_a_changed_phone_stay_as_they_are(bench: Bench) -> None:
    bench.send(bench.record("1", ACCOUNT))
    path = f"/inventory/v1/contacts/{bench.id_of('1')}"
    bench.client.send("PUT", path, json={"contact_name": "Acme", "billing_address": {"city": "Bonn", "phone": "1555"}})
    assert bench.send(bench.record("1", {**ACCOUNT, "billing_address.phone": "1777"})) == 0
    address = bench.client.get(path).body["contact"]["billing_address"]
    assert (address["city"], address["phone"]) == ("Bonn", "1777")


def test_a_customer_is_never_matched_with_a_vendor_of_the_same_name(bench: Bench) -> None:
    bench.client.send("POST", "/inventory/v1/contacts", json={"contact_name": "Acme", "contact_type": "vendor"})
    assert bench.send(bench.record("1", ACCOUNT)) == 1
    assert bench.counts()["held"] == 1


def test_a_deleted_account_makes_its_contact_inactive(bench: Bench) -> None:
    bench.send(bench.record("1", ACCOUNT))
    assert bench.send({"cf_crm_id": "1", "_ofrecord": {"id": "1", "deleted": True}}) == 0
    assert bench.client.get(f"/inventory/v1/contacts/{bench.id_of('1')}").body["contact"]["status"] == "inactive"


def person(bench: Bench, identity: str, first: str, rank: str) -> dict[str, Any]:
    del bench
    values = {"contact_id": "1", "first_name": first, "last_name": "Berg", "email": f"{first}@example.com"}
    native = {"account": "1", "first name": first, "last name": "Berg", "email": values["email"]}
    return {**values, "_ofrecord": {"id": identity, "native": native, "observed": {}, "deleted": False, "rank": rank}}


@pytest.mark.promise("F023")
def test_an_account_and_its_contacts_become_one_contact_with_persons_and_the_first_one_is_primary(bench: Bench) -> None:
    bench.send(bench.record("1", ACCOUNT))
    account = bench.id_of("1")
    bench.schema = PERSONS
    records = [person(bench, "10", "ann", "2026-02-01"), person(bench, "11", "bob", "2026-01-01")]
    lost = {"match": {"method": "POST", "path": "/inventory/v1/contacts/contactpersons"}, "do": "drop_after_commit"}
    bench.sandbox.control("POST", "faults", lost)
    assert bench.send(*records) == 0
    assert bench.send(*records) == 0
    persons = bench.client.get(f"/inventory/v1/contacts/{account}/contactpersons").body["contact_persons"]
    assert sorted(one["first_name"] for one in persons) == ["ann", "bob"]
    assert [one["first_name"] for one in persons if one["is_primary_contact"]] == ["bob"]


ITEMS = {
    "type": "object",
    "x-ofrecord": {
        "entity": "product", "object": "items", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": "cf_crm_id",
        "source_external_id": None, "source_object": "Products", "match": [{"field": "sku", "format": "text"}], "create": False,
    },
    "properties": {
        "cf_crm_id": {"type": "string"}, "sku": field("code"), "description": field("description"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


def calls(bench: Bench, path: str) -> list[str]:
    """Calls of a path and what is below it, without the organisation."""
    entries = bench.sandbox.control("GET", "journal")["entries"]
    return [f"{one['method']} {one['path']}" for one in entries if one["path"].startswith(path)]


def test_a_first_person_is_neither_searched_nor_made_primary_when_the_vendor_said_enough(bench: Bench) -> None:
    target = bench.target(config=bench.config)
    accounts = {"type": "SCHEMA", "stream": "account", "key_properties": ["cf_crm_id"], "schema": SCHEMA}
    persons = {"type": "SCHEMA", "stream": "contact", "key_properties": [], "schema": PERSONS}
    ann, bob = person(bench, "10", "ann", "2026-01-01"), person(bench, "11", "bob", "2026-02-01")
    messages = [
        accounts, {"type": "RECORD", "stream": "account", "record": bench.record("1", ACCOUNT)}, {"type": "STATE", "value": {}},
        persons, *({"type": "RECORD", "stream": "contact", "record": one} for one in (ann, bob)),
    ]  # fmt: skip
    target.listen(io.StringIO("".join(json.dumps(message) + "\n" for message in messages)))
    assert calls(bench, "/inventory/v1/contacts/contactpersons") == ["POST /inventory/v1/contacts/contactpersons"] * 2
    assert [call for call in calls(bench, "/inventory/v1/contacts/") if call.startswith("GET")] == []
    rows = bench.client.get(f"/inventory/v1/contacts/{bench.id_of('1')}/contactpersons").body["contact_persons"]
    assert {one["first_name"]: one["is_primary_contact"] for one in rows} == {"ann": True, "bob": False}


def test_paired_items_are_read_together_and_the_rest_goes_on_when_one_is_gone(bench: Bench) -> None:
    bench.schema = ITEMS
    ids = []
    for number in range(3):
        body = {"name": f"Bolt {number}", "sku": f"B-{number}", "rate": 1}
        ids.append(bench.client.send("POST", "/inventory/v1/items", json=body).body["item"]["item_id"])
    first = [bench.record(str(number), {"sku": f"B-{number}", "description": "Old"}) for number in range(3)]
    assert bench.send(*first) == 0
    assert [call for call in calls(bench, "/inventory/v1/items/") if call.startswith("GET")] == []
    assert len(calls(bench, "/inventory/v1/itemdetails")) == 1
    bench.client.send("DELETE", f"/inventory/v1/items/{ids[2]}")
    again = [bench.record(str(number), {"sku": f"B-{number}", "description": "New"}) for number in range(3)]
    assert bench.send(*again) == 1
    assert (bench.counts()["written"], bench.counts()["held"]) == (2, 1)
    assert bench.client.get(f"/inventory/v1/items/{ids[0]}").body["item"]["description"] == "New"


DEALS = {
    "type": "object",
    "x-ofrecord": {
        "entity": "deal", "object": "salesorders", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": None,
        "source_external_id": None, "source_object": "Deals", "match": [], "create": False,
        "spread": {"through": "order", "field": "deal"},
    },
    "properties": {"cf_crm_deal_id": field("deal stage"), "_ofrecord": {"type": "object"}},
}  # fmt: skip


def test_a_deal_is_written_into_its_orders_and_touches_neither_lines_nor_state(bench: Bench) -> None:
    contact = {"contact_name": "Acme", "contact_type": "customer"}
    customer = bench.client.send("POST", "/inventory/v1/contacts", json=contact).body["contact"]["contact_id"]
    item = bench.client.send("POST", "/inventory/v1/items", json={"name": "Bolt", "rate": 1}).body["item"]["item_id"]
    body = {"customer_id": customer, "line_items": [{"item_id": item, "quantity": 2, "rate": 3}]}
    order = bench.client.send("POST", "/inventory/v1/salesorders", json=body).body["salesorder"]["salesorder_id"]
    bench.client.send("POST", f"/inventory/v1/salesorders/{order}/status/confirmed")
    bench.schema = DEALS
    assert bench.send(bench.record("d-1", {"cf_crm_deal_id": "Won"})) == 0
    assert bench.counts()["filtered: no order yet"] == 1
    ledger = Ledger(bench.config["ledger"])
    with ledger.writing(ledger.runs()[0].started) as writing:
        link = writing.record_link("order", {"inventory": order, "crm": "q-1"})
        writing.record_agreed(link, {"deal": {"inventory": "d-1", "crm": "d-1"}})
    ledger.close()
    before = bench.client.get(f"/inventory/v1/salesorders/{order}").body["salesorder"]
    assert bench.send() == 0
    assert bench.run().counts["_end"]["retried written"] == 1
    after = bench.client.get(f"/inventory/v1/salesorders/{order}").body["salesorder"]
    assert after["custom_field_hash"]["cf_crm_deal_id"] == "Won"
    assert (after["line_items"], after["status"]) == (before["line_items"], before["status"])


LIKE = {
    "contacts": ("contact_name", "contact_name", "notes", {"contact_type": "customer"}),
    "items": ("sku", "name", "description", {"rate": 1}),
}


@pytest.mark.promise("F031")
@pytest.mark.parametrize("resource", LIKE)
def test_a_record_that_is_there_already_is_overwritten_skipped_or_cloned(
    sandbox: Sandbox, tmp_path: Path, resource: str
) -> None:
    match, name, other, needed = LIKE[resource]
    """Here names and SKUs are unique, so a clone is refused, in the vendor's words, and the record that is there stays."""
    found, told, held = {}, [], []
    for mode in ("overwrite", "skip", "clone"):
        about = {
            **SCHEMA["x-ofrecord"],
            "object": resource,
            "match": [{"field": match, "format": "text"}],
            "duplicates": mode,
        }
        properties = {one: field(one) for one in dict.fromkeys((match, name, other, *needed))}
        said = {"type": "object", "x-ofrecord": about, "properties": {"cf_crm_id": {"type": "string"}, **properties}}
        bench = Bench(TargetInventory, said, sandbox, tmp_path)
        one, key = resource[:-1], f"{resource[:-1]}_id"
        path = f"/inventory/v1/{resource}"
        same = {name: mode, match: mode, **needed}
        known = bench.client.send("POST", path, json={**same, other: "old"}).body[one][key]
        sent = {**same, other: "new"}
        code = bench.send(bench.record(mode, sent))
        rows = [bench.client.get(f"{path}/{row[key]}").body[one] for row in bench.client.get(path).body[resource]]
        mine = {row[key]: row[other] for row in rows if row[match] == mode}
        found[mode] = (code, mine.pop(known), list(mine.values()))
        ledger = Ledger(bench.config["ledger"])
        told = [event.before for event in ledger.events(kinds=["updated"]) if event.field == other]
        held = [one.message for one in ledger.held()]
        ledger.close()
        bench.client.close()
    assert found == {"overwrite": (0, "new", []), "skip": (0, "old", []), "clone": (1, "old", [])}
    assert told == ["old"]
    assert [words for words in held if "already exists" not in words] == []
    assert len(held) == 1


class TestStandard(get_target_test_class(TargetInventory)):  # type: ignore[misc]
    """The SDK's own tests. Resources cannot be added to the finance APIs, so each record is held with that reason."""

    @pytest.fixture
    def runner(self, sandbox: Sandbox, tmp_path: Path) -> TargetTestRunner:
        config = sandbox.config(tmp_path, ledger=str(tmp_path / "ledger.db"), errors_allowed="1000", approve=True)
        return TargetTestRunner(target_class=TargetInventory, config=config)


ADDRESSES = {
    **SCHEMA,
    "properties": {
        "cf_crm_id": {"type": "string"}, "contact_name": field("name"), "contact_type": field("kind"), "_ofrecord": {"type": "object"},
        "address": field("address", "address", parts={"street": "billing_address.address", "city": "billing_address.city"})
        | {"type": ["object", "null"]},
    },
}  # fmt: skip


def test_the_parts_of_an_address_are_written_together_and_the_others_stay(bench: Bench) -> None:
    bench.schema = ADDRESSES
    named = {"contact_name": "Acme", "contact_type": "customer"}
    bench.send(bench.record("1", {**named, "address": {"street": "Markt 1", "city": "Bonn"}}))
    path = f"/inventory/v1/contacts/{bench.id_of('1')}"
    address = bench.client.get(path).body["contact"]["billing_address"]
    assert (address["address"], address["city"]) == ("Markt 1", "Bonn")
    there = {"address": "Markt 1", "city": "Bonn", "phone": "1555"}
    bench.client.send("PUT", path, json={"contact_name": "Acme", "billing_address": there})
    assert bench.send(bench.record("1", {**named, "address": {"city": "Ulm"}})) == 0
    address = bench.client.get(path).body["contact"]["billing_address"]
    assert (address["address"], address["city"], address["phone"]) == ("", "Ulm", "1555")
    assert bench.send(bench.record("1", {**named, "address": {"city": "Ulm", "street": ""}})) == 0
    assert bench.counts()["unchanged"] == 1


def test_settings_are_described_once() -> None:
    assert "organization_id" in json.dumps(TargetInventory.config_jsonschema)
