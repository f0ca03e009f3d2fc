"""A value in parts: an address is one property, and its parts travel together."""

import pytest

from ofrecord_transforms.compile import compile_entity

RULES = """\
entity: account
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Things, id: id, external_id: Inventory_ID}
  inventory: {stream: things, id: contact_id, external_id: cf_crm_id}
fields:
  - {what: Name, owner: crm, crm: Name, inventory: name}
  - what: Billing address
    owner: OWNER
    lossy: Each side keeps what the other does not know.
    crm: {parts: {street: Billing_Street, city: Billing_City, code: Billing_Code, state: Billing_State}}
    inventory:
      parts: {street: billing_address.address, city: billing_address.city, code: billing_address.zip, attention: billing_address.attention}
"""


@pytest.fixture
def compiled(rules_of):
    """The rules with an owner of the address, compiled for one direction."""

    def make(source, to, owner="crm"):
        rules = rules_of(RULES.replace("OWNER", owner))
        return compile_entity(rules, rules.entities["account"], source, to)

    return make


def test_the_parts_are_one_property_named_as_the_field(compiled):
    record = {"id": "1", "Billing_Street": "Am Markt 1", "Billing_City": "Bonn", "Billing_Code": "53111", "Other": "x"}
    [out] = compiled("crm", "inventory").records(record)
    whole = {"street": "Am Markt 1", "city": "Bonn", "code": "53111"}
    assert out["billing address"] == whole
    assert out["_ofrecord"]["native"]["billing address"] == whole


def test_the_annotation_tells_the_destinations_field_of_each_part_that_both_sides_have(compiled):
    about = compiled("crm", "inventory").schema["schema"]["properties"]["billing address"]
    assert about["type"] == ["object", "null"]
    assert about["x-ofrecord"]["format"] == "address"
    assert about["x-ofrecord"]["parts"] == {
        "street": "billing_address.address",
        "city": "billing_address.city",
        "code": "billing_address.zip",
    }


def test_a_part_the_destination_does_not_have_is_remembered_and_not_sent(compiled):
    [out] = compiled("crm", "inventory").records({"id": "1", "Billing_City": "Bonn", "Billing_State": "NRW"})
    assert out["billing address"] == {"city": "Bonn"}
    assert out["_ofrecord"]["native"]["billing address"] == {"city": "Bonn", "state": "NRW"}


def test_an_absent_part_is_left_out_and_an_empty_one_is_null(compiled):
    [out] = compiled("crm", "inventory").records({"id": "1", "Billing_City": "Bonn", "Billing_Code": ""})
    assert out["billing address"] == {"city": "Bonn", "code": None}
    assert out["_ofrecord"]["native"]["billing address"] == {"city": "Bonn", "code": None}


def test_an_address_nothing_is_said_about_is_absent(compiled):
    [out] = compiled("crm", "inventory").records({"id": "1", "Name": "N"})
    assert "billing address" not in out
    assert "billing address" not in out["_ofrecord"]["native"]


def test_an_address_whose_parts_are_all_empty_is_cleared(compiled):
    record = {"id": "1", "Billing_Street": None, "Billing_City": "", "Billing_Code": None}
    [out] = compiled("crm", "inventory").records(record)
    assert out["billing address"] is None
    assert out["_ofrecord"]["native"]["billing address"] == {"street": None, "city": None, "code": None}


def test_parts_are_read_out_of_the_nested_object_of_the_finance_side(compiled):
    address = {"address": "Am Markt 1", "city": "Bonn", "zip": "", "fax": "1"}
    [out] = compiled("inventory", "crm", "inventory").records({"contact_id": "1", "billing_address": address})
    assert out["billing address"] == {"street": "Am Markt 1", "city": "Bonn", "code": None}


def test_parts_the_source_does_not_own_are_observed_as_one_value(compiled):
    [out] = compiled("inventory", "crm").records({"contact_id": "1", "billing_address": {"city": "Bonn", "zip": ""}})
    assert set(out) == {"Inventory_ID", "_ofrecord"}
    assert out["_ofrecord"]["observed"]["billing address"] == {"city": "Bonn", "code": None}


def test_a_part_that_is_no_text_makes_the_whole_value_invalid(compiled):
    [out] = compiled("crm", "inventory").records({"id": "1", "Billing_City": ["Bonn"], "Billing_Code": "5"})
    assert "billing address" not in out
    assert "billing address" in out["_ofrecord"]["invalid"]
