"""Streams of anybody's tap, without a word of ours: an honest upsert on the key properties."""

import contextlib
import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.errors import Stop
from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.testing.finance import Company
from target_inventory.target import TargetInventory

Row = Mapping[str, Any]
UPDATES = ("PUT", "POST", "DELETE")


class Stream:
    """One stream to one ledger, sent as often as wanted."""

    def __init__(self, company: Company, folder: Path, name: str, *keys: str) -> None:
        self.company = company
        self.name = name
        self.keys = keys
        self.config = company.sandbox.config(folder, ledger=str(folder / "ledger.db"))

    def send(self, *rows: Row, **settings: Any) -> dict[str, int]:
        """Run the target once; the outcomes that were not nought."""
        names = {name for row in rows for name in row}
        schema = {"type": "object", "properties": {name: {} for name in names}}
        head = {"type": "SCHEMA", "stream": self.name, "key_properties": list(self.keys), "schema": schema}
        return self.listen(
            [head, *({"type": "RECORD", "stream": self.name, "record": row} for row in rows)], **settings
        )

    def listen(self, messages: Sequence[Row], **settings: Any) -> dict[str, int]:
        """Run the target once over these messages."""
        self.company.forget_calls()
        target = TargetInventory(config={**self.config, **settings})
        with contextlib.suppress(SystemExit):
            target.listen(io.StringIO("".join(json.dumps(message) + "\n" for message in messages)))
        outcomes = target.counts.get(self.name, {})
        return {name: number for name, number in outcomes.items() if number and name != "read" and ":" not in name}

    @property
    def held(self) -> list[Held]:
        """What is set aside."""
        ledger = Ledger(self.config["ledger"])
        found = list(ledger.held())
        ledger.close()
        return found


def stream(company: Company, folder: Path, name: str, *keys: str) -> Stream:
    return Stream(company, folder, name, *keys)


def test_records_found_by_their_sku_are_created_then_left_then_updated(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "sku")
    nut: Row = {"sku": "N-1", "name": "Nut", "rate": "1.50", "description": "Old", "unit": "pcs"}
    assert items.send(nut, {"sku": "B-1", "rate": 3}) == {"written": 1, "unchanged": 1}
    assert items.send(nut) == {"unchanged": 1}
    assert company.calls(*UPDATES) == []
    assert items.send({"sku": "N-1", "description": "New"}) == {"written": 1}
    [made] = [row for row in company.rows("items") if row["sku"] == "N-1"]
    assert (made["description"], made["unit"], made["rate"]) == ("New", "pcs", pytest.approx(1.5))
    assert items.send({"sku": "N-1", "description": None}) == {"written": 1}
    assert company.get("items", made["item_id"])["description"] == ""


def test_an_own_id_updates_and_is_held_when_it_is_gone(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "item_id")
    gone = company.post("items", name="Gone", rate=1)
    company.client.send("DELETE", f"/inventory/v1/items/{gone}")
    rows = [{"item_id": company.item, "description": "New"}, {"item_id": gone, "description": "New"}]
    assert items.send(*rows) == {"written": 1, "held": 1}
    assert [(one.kind, one.code, one.source_id) for one in items.held] == [("refused", "GONE", gone)]
    assert company.get("items", company.item)["description"] == "New"


def test_a_unique_custom_field_upserts_and_keeps_addresses_and_persons(company: Company, tmp_path: Path) -> None:
    contacts = stream(company, tmp_path, "contacts", "cf_crm_id")
    full: Row = {
        "cf_crm_id": "crm-1", "contact_name": "Berg", "contact_type": "customer", "website": "https://berg.example.com",
        "billing_address": {"address": "Markt 1", "city": "Bonn"},
        "contact_persons": [{"first_name": "Ann", "email": "ann@example.com"}, {"first_name": "Bob"}],
    }  # fmt: skip
    assert contacts.send(full) == {"written": 1}
    assert contacts.send(full) == {"unchanged": 1}
    changed: Row = {
        "cf_crm_id": "crm-1", "contact_name": "Berg", "contact_type": "customer", "billing_address": {"city": "Ulm"},
        "contact_persons": [{"email": "ann@example.com", "phone": "99"}],
    }  # fmt: skip
    assert contacts.send(changed) == {"written": 1}
    [row] = [one for one in company.rows("contacts") if one["contact_name"] == "Berg"]
    found = company.get("contacts", row["contact_id"])
    assert (found["billing_address"]["address"], found["billing_address"]["city"]) == ("Markt 1", "Ulm")
    assert [(one["first_name"], one["phone"]) for one in found["contact_persons"]] == [("Ann", "99"), ("Bob", "")]
    assert found["website"] == "https://berg.example.com"


def test_a_custom_field_without_anything_nested_costs_one_call(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "cf_crm_id")
    assert items.send({"cf_crm_id": "p-1", "name": "Nut", "rate": 1}) == {"written": 1}
    assert company.calls() == ["PUT /books/v3/items"]


def test_several_keys_together_tell_which_order_it_is(company: Company, tmp_path: Path) -> None:
    orders = stream(company, tmp_path, "salesorders", "customer_id", "reference_number")
    other = company.post("contacts", contact_name="Berg", contact_type="customer")
    lines = [{"item_id": company.item, "quantity": 2, "rate": 3}]
    rows = [{"customer_id": one, "reference_number": "Q-1", "line_items": lines} for one in (company.customer, other)]
    assert orders.send(*rows) == {"written": 2}
    assert orders.send(*rows) == {"unchanged": 2}
    assert orders.send({**rows[1], "line_items": [{**lines[0], "quantity": 5}], "status": "confirmed"}) == {
        "written": 1
    }
    found = {
        one["customer_id"]: company.get("salesorders", one["salesorder_id"]) for one in company.rows("salesorders")
    }
    assert [found[one]["line_items"][0]["quantity"] for one in (company.customer, other)] == [2, 5]
    assert [found[one]["status"] for one in (company.customer, other)] == ["draft", "confirmed"]


@pytest.mark.parametrize("many", [False, True])
def test_more_than_one_match_is_a_duplicate_for_a_person(company: Company, tmp_path: Path, *, many: bool) -> None:
    twins = [company.post("items", name="Twin", rate=1) for _one in range(2)]
    items = stream(company, tmp_path, "items", "name")
    more = [{"name": f"Nut {number}", "rate": 1} for number in range(8 if many else 0)]
    outcome = items.send({"name": "Twin", "rate": 9}, *more)
    assert outcome == {"held": 1, **({"written": 8} if many else {})}
    [held] = items.held
    assert (held.kind, held.code) == ("duplicate", "DUPLICATE")
    assert [twin for twin in twins if twin not in held.message] == []


def test_a_key_that_comes_again_in_a_later_batch_makes_no_second_record(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "name")
    rows = [{"name": f"Nut {number % 7}", "rate": number} for number in range(28)]
    items.send(*rows, batch_size_rows=7)
    assert sorted(row["name"] for row in company.rows("items")) == ["Bolt", *(f"Nut {number}" for number in range(7))]


def test_a_filter_the_vendor_ignores_does_no_harm(company: Company, tmp_path: Path) -> None:
    order = company.order()
    line = order["line_items"][0]["line_item_id"]
    packages = stream(company, tmp_path, "packages", "package_number")
    row: Row = {
        "package_number": "P-7", "salesorder_id": order["salesorder_id"], "date": "2026-03-02",
        "line_items": [{"so_line_item_id": line, "quantity": 4}],
    }  # fmt: skip
    assert packages.send(row) == {"written": 1}
    assert packages.send(row) == {"unchanged": 1}
    assert packages.send({"package_number": "P-7", "notes": "Fragile"}) == {"written": 1}
    [found] = company.rows("packages")
    assert (found["package_number"], found["notes"]) == ("P-7", "Fragile")


def test_persons_and_shipments_are_found_in_what_they_belong_to(company: Company, tmp_path: Path) -> None:
    persons = stream(company, tmp_path, "contact_persons", "contact_id", "email")
    ann: Row = {"contact_id": company.customer, "email": "ann@example.com", "first_name": "Ann"}
    assert persons.send(ann, {**ann, "email": "bob@example.com", "first_name": "Bob"}) == {"written": 2}
    assert persons.send({**ann, "phone": "99"}) == {"written": 1}
    assert [(one["first_name"], one["phone"]) for one in company.persons(company.customer)] == [
        ("Ann", "99"),
        ("Bob", ""),
    ]
    package = company.package()
    ships = stream(company, tmp_path, "shipmentorders", "package_ids")
    row: Row = {
        "package_ids": package["package_id"], "salesorder_id": package["salesorder_id"], "date": "2026-03-02",
        "delivery_method": "Van",
    }  # fmt: skip
    assert ships.send(row) == {"written": 1}
    assert ships.send(row) == {"unchanged": 1}


WRONG = {
    "a resource nobody has": ("item", ("item_id",), {"item_id": "1"}, "NO_RESOURCE", "items"),
    "no key": ("items", (), {"name": "Nut"}, "NO_KEY", "item_id"),
    "an empty key": ("items", ("sku",), {"sku": "", "name": "Nut"}, "NO_KEY", "source"),
    "a key no list tells": ("contacts", ("website",), {"website": "https://x.example.com"}, "NO_KEY", "contact_name"),
    "a shipment by its tracking number": ("shipmentorders", ("tracking_number",), {"tracking_number": "1"}, "NO_KEY", "package_ids"),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_what_cannot_be_meant_is_held_with_a_way_out(company: Company, tmp_path: Path, why: str) -> None:
    name, keys, row, code, way_out = WRONG[why]
    wrong = stream(company, tmp_path, name, *keys)
    assert wrong.send(row) == {"held": 1}
    [held] = wrong.held
    assert held.code == code
    assert way_out in str(held.fix)
    assert company.calls(*UPDATES) == []


def test_a_misspelt_column_ends_the_run_before_anything_is_written(company: Company, tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"contact_nmae .near: contact_name."):
        stream(company, tmp_path, "contacts", "contact_name").send({"contact_name": "Berg", "contact_nmae": "Berg"})
    assert company.calls(*UPDATES) == []


def test_a_value_that_breaks_a_fact_is_held_and_the_others_go_on(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "sku")
    assert items.send({"sku": "B-1", "description": "x" * 2001, "unit": "box"}) == {"held": 1}
    assert [(one.code, one.field) for one in items.held] == [("TOO_LONG", "description")]
    assert company.get("items", company.item)["unit"] == "box"


def tapped(name: str, config: Mapping[str, Any], folder: Path, *streams: str) -> list[dict[str, Any]]:
    """What a tap of ours says."""
    file = folder / f"{name}.json"
    wanted = {key: value for key, value in config.items() if key != "ledger"} | {"streams": list(streams)}
    if name == "tap-crm":
        wanted = {key: value for key, value in wanted.items() if key not in {"organization_id", "calls_per_minute"}}
    file.write_text(json.dumps(wanted))
    command = [str(Path(sys.executable).with_name(name)), "--config", str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_the_items_of_our_own_tap_come_back_without_a_write(company: Company, tmp_path: Path) -> None:
    company.post(
        "items",
        name="Nut",
        rate=1,
        package_details={"weight": "0.250"},
        custom_fields=[{"api_name": "cf_crm_id", "value": "p"}],
    )
    items = stream(company, tmp_path, "items", "item_id")
    messages = tapped("tap-inventory", items.config, tmp_path, "items")
    assert items.listen(messages) == {"unchanged": 2}
    assert company.calls(*UPDATES) == []
    for message in messages:
        if message["type"] == "RECORD":
            message["record"]["description"] = "Counted today"
    assert items.listen(messages) == {"written": 2}
    assert [row["description"] for row in company.rows("items")] == ["Counted today"] * 2


def test_the_contacts_of_our_own_tap_come_back_without_a_write(company: Company, tmp_path: Path) -> None:
    company.post(
        "contacts", contact_name="Berg", billing_address={"city": "Bonn"}, contact_persons=[{"first_name": "Ann"}]
    )
    contacts = stream(company, tmp_path, "contacts", "contact_id")
    assert contacts.listen(tapped("tap-inventory", contacts.config, tmp_path, "contacts")) == {"unchanged": 2}
    assert company.calls(*UPDATES) == []


def test_accounts_of_the_crm_become_contacts_when_their_columns_are_renamed(company: Company, tmp_path: Path) -> None:
    accounts = [{"Account_Name": f"Account {number}", "Website": "https://a.example.com"} for number in range(7)]
    company.client.send("POST", "/crm/v8/Accounts", json={"data": accounts})
    contacts = stream(company, tmp_path, "contacts", "cf_crm_id")
    renamed = {"id": "cf_crm_id", "Account_Name": "contact_name", "Website": "website"}
    rows = [
        {renamed[name]: value for name, value in message["record"].items() if name in renamed}
        for message in tapped("tap-crm", contacts.config, tmp_path, "Accounts")
        if message["type"] == "RECORD"
    ]
    assert contacts.send(*rows) == {"written": 7}
    contacts.send(*rows)
    names = {row["contact_name"] for row in company.rows("contacts")}
    assert (len(company.rows("contacts")), names) == (8, {"Acme", *(f"Account {number}" for number in range(7))})


CSV = """sku,name,rate,is_taxable,description,package_details.weight,cf_crm_id
B-1,Bolt,3.10,true,"Bolt, galvanised",0.5,p-1
N-1,Nut,0.90,false,,,p-2
"""


def test_a_file_of_rows_is_text_and_arrives_as_what_it_means(company: Company, tmp_path: Path) -> None:
    items = stream(company, tmp_path, "items", "sku")
    rows = list(csv.DictReader(io.StringIO(CSV)))
    assert items.send(*rows) == {"written": 2}
    assert items.send(*rows) == {"unchanged": 2}
    bolt = company.get("items", company.item)
    assert (float(bolt["rate"]), bolt["is_taxable"], bolt["package_details"]["weight"]) == (
        3.1,
        True,
        pytest.approx(0.5),
    )
    assert bolt["custom_field_hash"]["cf_crm_id"] == "p-1"


@pytest.mark.promise("N20")
def test_after_a_hundred_runs_a_field_nobody_sends_is_the_same_to_the_byte(company: Company, tmp_path: Path) -> None:
    address = {"address": "Markt 1", "city": "Bonn", "zip": "05311", "phone": "1555"}
    record = company.post(
        "contacts", contact_name="Berg", contact_type="customer", notes="  two blanks ", payment_terms=30,
        billing_address=address, contact_persons=[{"first_name": "Ann", "phone": "0011"}],
        custom_fields=[{"api_name": "cf_crm_id", "value": "crm-1"}],
    )  # fmt: skip
    contacts = stream(company, tmp_path, "contacts", "contact_id")
    before = company.get("contacts", record)
    for number in range(100):
        assert contacts.send({"contact_id": record, "billing_address.phone": str(number)}) == {"written": 1}
    after = company.get("contacts", record)
    assert after["billing_address"].pop("phone") == "99"
    before["billing_address"].pop("phone")
    before.pop("last_modified_time")
    after.pop("last_modified_time")
    assert json.dumps(after, default=str, sort_keys=True) == json.dumps(before, default=str, sort_keys=True)
