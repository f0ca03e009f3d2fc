"""A field that goes to another place than before."""

from __future__ import annotations

from typing import Any

from ofrecord_kit.testing.shop import World, field, record, schema

PARTS = {"street": "Street", "city": "City"}
BONN = {"street": "Way 1", "city": "Bonn"}


def test_a_field_mapped_to_another_property_fills_it_and_the_link_stays(world: World) -> None:
    assert world.deliver(record(Name="Bolt", Price=10)) == ["written"]
    [link] = world.ledger.linked("product", "inventory", ["1"]).values()
    other = schema(Amount=field("price", "inventory", format="money"))
    del other["properties"]["Price"]
    again = record(Name="Bolt", Amount=10, note={"native": {"name": "Bolt", "price": 10}})
    assert world.deliver(again, said=other) == ["written"]
    [product] = world.products()
    assert (product["Price"], product["Amount"]) == (10, 10)
    assert world.ledger.linked("product", "inventory", ["1"]) == {"1": link}
    assert world.deliver(again, said=other) == ["unchanged"]
    assert world.ledger.agreed_of([link], "inventory", "crm")[link]["name"].destination == "Bolt"


def test_a_part_kept_in_another_column_fills_it(world: World) -> None:
    def said(parts: dict[str, str]) -> dict[str, Any]:
        return schema(address=field("address", "inventory", format="address", parts=parts))

    sent = record(Name="Bolt", address=BONN, note={"native": {"name": "Bolt", "address": BONN}})
    assert world.deliver(sent, said=said(PARTS)) == ["written"]
    moved = {**PARTS, "city": "Town"}
    assert [world.deliver(sent, said=said(moved)) for _ in range(2)] == [["written"], ["unchanged"]]
    assert (world.products()[0]["City"], world.products()[0]["Town"]) == ("Bonn", "Bonn")


def test_another_entity_keeps_what_it_agreed_when_a_field_moves(world: World) -> None:
    with world.ledger.writing(world.now()) as writing:
        kept = writing.record_link("part", {"inventory": "1", "crm": "2"})
        writing.record_agreed(kept, {"price": {"inventory": 1, "crm": 1}})
    world.deliver(record(Name="Bolt", Price=10))
    other = schema(Amount=field("price", "inventory"))
    del other["properties"]["Price"]
    world.wire(other)
    assert world.ledger.agreed_of([kept], "inventory", "crm")[kept]["price"].source == 1


def test_a_shared_field_read_from_another_column_that_is_empty_clears_nothing(world: World) -> None:
    def said(column: str) -> dict[str, Any]:
        return schema(Website=field("website", "shared", policy="latest", read=[column]))

    first = record(Name="Bolt", Website="a.example", note={"native": {"name": "Bolt", "website": "a.example"}})
    assert world.deliver(first, said=said("site")) == ["written"]
    empty = record(Name="Bolt", Website=None, note={"native": {"name": "Bolt", "website": None}})
    world.deliver(empty, said=said("homepage"))
    assert world.products()[0]["Website"] == "a.example"


def test_a_field_in_another_unit_is_written_anew_though_the_source_has_not_changed(world: World) -> None:
    def said(unit: str) -> dict[str, Any]:
        converted = {"inventory": {"unit": "kg"}, "crm": {"unit": unit}}
        return schema(Weight=field("weight", "inventory", format="number", converted=converted))

    def sent(weight: int) -> dict[str, Any]:
        return record(Name="Bolt", Weight=weight, note={"native": {"name": "Bolt", "weight": 3}})

    assert world.deliver(sent(3000), said=said("g")) == ["written"]
    assert world.deliver(sent(3000), said=said("g")) == ["unchanged"]
    assert world.deliver(sent(3), said=said("kg")) == ["written"]
    assert world.deliver(sent(3), said=said("kg")) == ["unchanged"]
    assert world.products()[0]["Weight"] == 3
