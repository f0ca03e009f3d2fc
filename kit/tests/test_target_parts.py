"""A value that lives in several fields travels as one."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.parts import folded, unfolded
from ofrecord_kit.testing.shop import Shop, World, field, schema

PARTS = {"street": "Billing_Street", "city": "Billing_City"}
BONN = {"street": "Markt 1", "city": "Bonn"}


def addresses(owner: str = "inventory", **more: Any) -> dict[str, Any]:
    return schema(address=field("address", owner, format="address", parts=PARTS, **more))


def record(address: Any, identity: str = "1") -> dict[str, Any]:
    about = {"id": identity, "native": {"name": "Acme", "address": address}, "observed": {}}
    return {"Inventory_ID": identity, "Name": "Acme", "address": address, "_ofrecord": about}


def test_a_value_in_parts_is_unfolded_into_its_fields_and_folded_again() -> None:
    written = unfolded({"Name": "Acme", "address": BONN}, {"address": PARTS})
    assert written == {"Name": "Acme", "Billing_Street": "Markt 1", "Billing_City": "Bonn"}
    assert folded(written, {"address": PARTS})["address"] == BONN


def test_parts_of_nested_objects_are_found() -> None:
    there = {"billing_address": {"address": "Markt 1", "city": "Bonn"}}
    parts = {"address": {"street": "billing_address.address", "city": "billing_address.city"}}
    assert folded(there, parts)["address"] == BONN


def test_a_value_without_any_part_is_null() -> None:
    assert folded({"Billing_Street": "", "Billing_City": None}, {"address": PARTS})["address"] is None


def test_a_new_record_carries_each_part_in_its_own_field(world: World) -> None:
    world.deliver(record({"street": None, "city": "Bonn"}), said=addresses())
    assert world.products() == [{"Name": "Acme", "Billing_City": "Bonn", "Inventory_ID": "1"}]


def test_all_parts_are_written_together_and_what_is_not_there_is_cleared(world: World) -> None:
    world.deliver(record(BONN), said=addresses())
    assert world.deliver(record(BONN), said=addresses()) == ["unchanged"]
    assert world.deliver(record({"city": "Köln"}), said=addresses()) == ["written"]
    assert (world.products()[0]["Billing_Street"], world.products()[0]["Billing_City"]) == (None, "Köln")
    (event,) = world.ledger.events(kinds=["updated"])
    assert (event.field, event.before, event.after) == ("address", BONN, {"city": "Köln"})
    assert world.deliver(record(None), said=addresses()) == ["written"]
    assert world.products()[0]["Billing_City"] is None


def test_an_address_that_is_there_already_is_not_written_again(world: World) -> None:
    known = world.shop.put("Products", Name="Acme", Inventory_ID="1", Billing_Street="Markt 1", Billing_City="Bonn")
    assert world.deliver(record(BONN), said=addresses()) == ["unchanged"]
    link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"]
    assert link.destination_id == known
    assert world.ledger.agreed_of([link.link], "inventory", "crm")[link.link]["address"].destination == BONN


def test_a_part_that_was_edited_there_makes_a_conflict_of_the_whole_value(world: World) -> None:
    said = addresses("shared", policy="review")
    world.deliver(record(BONN), said=said)
    world.products()[0]["Billing_City"] = "Ulm"
    assert world.deliver(record({**BONN, "city": "Köln"}), said=said) == ["held"]
    (held,) = world.ledger.held()
    assert (held.kind, held.field) == ("conflict", "address")
    assert world.products()[0]["Billing_City"] == "Ulm"


def test_an_edit_of_one_part_by_another_system_is_put_back_whole(world: World) -> None:
    world.deliver(record(BONN), said=addresses())
    (crm,) = world.shop.objects["Products"]
    world.shop.objects["Products"][crm]["Billing_City"] = "Ulm"
    there = schema(about={"from": "crm", "to": "inventory", "object": "contacts", "external_id": None,
                          "source_external_id": None, "create": False, "match": []},
                   address=field("address", "inventory", format="address", violation="revert", parts={"city": "city"}))  # fmt: skip
    edited = {"_ofrecord": {"id": crm, "native": {}, "observed": {"address": {**BONN, "city": "Ulm"}}}}
    Delivery(world.wire(there), Shop(), world.ledger, world.now).deliver([edited])
    assert Outbox("crm", world.shop, world.ledger, world.now).drain()["reverted"] == 1
    assert world.shop.objects["Products"][crm]["Billing_City"] == "Bonn"
    (event,) = world.ledger.events(kinds=["reverted"])
    assert (event.before, event.after) == ({**BONN, "city": "Ulm"}, BONN)


@pytest.mark.parametrize("refused", ["Billing_City", "Billing_Street"])
def test_a_refused_part_names_the_value_it_belongs_to(world: World, refused: str) -> None:
    world.shop.refuses = refused
    assert world.deliver(record(BONN), said=addresses()) == ["held"]
    assert world.ledger.held()[0].rule == "product.yml:address"
