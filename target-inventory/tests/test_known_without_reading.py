"""A contact that nobody changed since it was written is written again without being read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench
from ofrecord_kit.testing.target import field as wire_field
from target_inventory.target import TargetInventory

KEY = "a key of forty characters and some more"
ADDRESS = {"street": "shipping_address.address", "city": "shipping_address.city"}


field = partial(wire_field, owner="crm")
SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "account", "object": "contacts", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": "cf_crm_id",
        "match": [{"field": "contact_name", "format": "text"}], "near": "create", "create": True,
    },
    "properties": {
        "cf_crm_id": {"type": "string"}, "contact_name": field("name"), "contact_type": field("kind"), "website": field("website"),
        "billing_address.phone": wire_field("phone", "phone", owner="shared", policy="review"),
        "billing_address.city": field("city"), "shipping address": field("shipping address", "address", parts=ADDRESS),
        "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


def account(number: int, **values: Any) -> dict[str, Any]:
    return {
        "contact_name": f"Firm {number}", "contact_type": "customer", "website": "https://example.com",
        "billing_address.phone": f"+49 228 10{number}", "billing_address.city": "Bonn",
        "shipping address": {"street": f"Weg {number}", "city": "Bonn"}, **values,
    }  # fmt: skip


class Contacts(Bench):
    """Twelve customers, written once."""

    def send_all(self, *, but: dict[int, dict[str, Any]] | None = None, **values: Any) -> int:
        """All of them with these values; `but`: other ones of some of them."""
        return self.send(*(self.record(str(n), account(n, **{**values, **(but or {}).get(n, {})})) for n in range(12)))

    def path(self, number: int) -> str:
        """Where one of them stands."""
        return f"/inventory/v1/contacts/{self.id_of(str(number))}"

    def contact(self, number: int) -> dict[str, Any]:
        """What stands there."""
        row: dict[str, Any] = self.client.get(self.path(number)).body["contact"]
        return row

    def edit(self, number: int, **values: Any) -> None:
        """Somebody edits it a minute later."""
        self.sandbox.control("POST", "clock", {"move_s": 60})
        self.client.send("PUT", self.path(number), json={"contact_name": f"Firm {number}", **values})

    @property
    def calls(self) -> int:
        """Of the last run."""
        return self.run().calls


@pytest.fixture
def contacts(sandbox: Sandbox, tmp_path: Path) -> Iterator[Contacts]:
    made = Contacts(TargetInventory, SCHEMA, sandbox, tmp_path)
    assert made.send_all() == 0
    yield made
    made.client.close()


def test_twelve_changed_contacts_cost_twelve_writes_and_one_list_again_and_again(contacts: Contacts) -> None:
    for phone, city in (("+49 30 1", "Bonn"), ("+49 30 2", "Ulm")):
        change = {"billing_address.phone": phone, "shipping address": {"street": "Allee 1", "city": city}}
        assert contacts.send_all(**change) == 0
        assert contacts.calls == 13
        row = contacts.contact(3)
        assert (row["billing_address"]["phone"], row["billing_address"]["city"]) == (phone, "Bonn")
        assert (row["shipping_address"]["address"], row["shipping_address"]["city"]) == ("Allee 1", city)
        assert (row["contact_name"], row["website"]) == ("Firm 3", "https://example.com")


def test_one_that_somebody_changed_meanwhile_is_read_and_asked_about(contacts: Contacts) -> None:
    contacts.edit(4, billing_address={"phone": "+49 89 7", "city": "Bonn"})
    assert contacts.send_all(**{"billing_address.phone": "+49 30 1"}) == 0
    assert (contacts.counts()["written"], contacts.counts()["held"]) == (11, 1)
    assert contacts.calls == 11 + 1 + 1
    assert contacts.contact(4)["billing_address"]["phone"] == "+49 89 7"
    assert contacts.send_all(**{"billing_address.phone": "+49 30 2"}) == 0
    assert contacts.contact(4)["billing_address"]["phone"] == "+49 89 7"


def test_an_edit_that_was_seen_and_left_there_is_not_taken_for_what_was_agreed(contacts: Contacts) -> None:
    contacts.edit(4, billing_address={"phone": "+49 89 7", "city": "Bonn"})
    assert contacts.send_all(website="https://example.org") == 0  # reads it, and writes another field
    assert contacts.send_all(website="https://example.org", **{"billing_address.phone": "+49 30 1"}) == 0
    assert contacts.counts()["held"] == 1
    assert contacts.contact(4)["billing_address"]["phone"] == "+49 89 7"


def test_what_no_rule_names_in_an_address_stays_and_such_a_contact_is_read_every_time(contacts: Contacts) -> None:
    there = {"phone": "+49 228 104", "city": "Bonn", "attention": "Frau Berg"}
    contacts.edit(4, billing_address=there)
    for phone in ("+49 30 1", "+49 30 2"):
        assert contacts.send_all(**{"billing_address.phone": phone}) == 0
        assert contacts.calls == 12 + 1 + 1
        assert contacts.contact(4)["billing_address"]["attention"] == "Frau Berg"


def test_a_contact_that_was_deleted_is_said_to_be_gone(contacts: Contacts) -> None:
    contacts.client.send("DELETE", contacts.path(4))
    assert contacts.send_all(website="https://example.org") == 1
    ledger = Ledger(contacts.config["ledger"])
    (held,) = ledger.held()
    ledger.close()
    assert (held.source_id, held.code) == ("4", "GONE")


def test_contacts_of_a_ledger_that_keeps_no_values_are_read(
    contacts: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFRECORD_LEDGER_KEY", KEY)
    contacts.config |= {"ledger": contacts.config["ledger"] + "-hashed", "values": "hashed"}
    assert contacts.send_all() == 0
    assert contacts.send_all(website="https://example.org") == 0
    ledger = Ledger(contacts.config["ledger"], key=KEY)
    assert ledger.runs()[0].calls == 12 + 12
    ledger.close()


def test_a_few_contacts_are_read_because_a_list_would_cost_as_much(contacts: Contacts) -> None:
    assert contacts.send(contacts.record("1", account(1, website="https://example.org"))) == 0
    assert contacts.calls == 2
