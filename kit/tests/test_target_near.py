"""A new record whose name is only alike to one that is there waits for a person; it is neither merged nor made twice."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target.matching import is_name
from ofrecord_kit.testing.shop import World, field, record, schema

BY_NAME = {"object": "Accounts", "match": [{"field": "Name", "format": "text"}]}


def by_name(**about: Any) -> dict[str, Any]:
    return schema(about={**BY_NAME, **about})


def names(world: World) -> list[str]:
    return [row["Name"] for row in world.shop.objects.get("Accounts", {}).values()]


@pytest.mark.promise("F087")
def test_a_name_that_is_only_near_is_proposed_as_a_pair_and_neither_merged_nor_duplicated(world: World) -> None:
    there = world.shop.put("Accounts", Name="Acme Corp")
    assert world.deliver(record("7", Name="Acme Corporation Ltd."), said=by_name()) == ["held"]
    (held,) = world.ledger.held()
    assert (held.kind, held.code, held.source_id) == ("duplicate", "NEAR", "7")
    assert held.message == f"by Name: 1 in crm alike: {there} (100, same but for the legal form)"
    assert world.deliver(record("7", Name="Acme Corporation Ltd."), said=by_name()) == ["held"]
    assert names(world) == ["Acme Corp"]


def test_a_record_that_is_linked_already_is_a_candidate_too(world: World) -> None:
    assert world.deliver(record("1", Name="Acme Corp"), said=by_name()) == ["written"]
    assert world.deliver(record("2", Name="Acme Corporation Ltd."), said=by_name()) == ["held"]
    assert names(world) == ["Acme Corp"]


def test_of_two_new_records_that_are_alike_the_first_is_made_and_the_second_waits(world: World) -> None:
    two = [record("1", Name="Northwind Traders"), record("2", Name="Northwnid Traders")]
    assert world.deliver(*two, said=by_name()) == ["written", "held"]
    (held,) = world.ledger.held()
    assert (
        held.message == "by Name: 1 new in inventory alike: 1 (95, two letters differ)" or "one letter" in held.message
    )
    assert names(world) == ["Northwind Traders"]


def test_the_names_there_are_listed_once_and_only_when_something_is_to_be_created(world: World) -> None:
    world.shop.put("Accounts", Name="Fabrikam")
    assert world.deliver(record("1", Name="Fabrikam"), said=by_name()) == ["written"]
    assert world.shop.log.count("names") == 0
    world.deliver(*(record(str(n), Name=name) for n, name in enumerate(["Contoso", "Litware"], 2)), said=by_name())
    assert world.shop.log.count("names") == 1


def test_products_of_one_title_and_two_codes_are_no_matter_for_a_person(world: World) -> None:
    world.shop.put("Products", Name="Bolt M8", Code="B-1")
    assert world.deliver(record("2", Name="Bolt M8 ", Code="B-2")) == ["written"]
    assert world.ledger.held() == []


@pytest.mark.parametrize("about", [{"near": "create"}, {"duplicates": "clone"}])
def test_rules_may_say_that_likeness_does_not_matter(world: World, about: dict[str, Any]) -> None:
    world.shop.put("Accounts", Name="Acme Corp")
    assert world.deliver(record("7", Name="Acme Corporation"), said=by_name(**about)) == ["written"]
    assert names(world) == ["Acme Corp", "Acme Corporation"]


def test_a_person_who_says_that_it_is_new_is_believed(world: World) -> None:
    world.shop.put("Accounts", Name="Acme Corp")
    world.deliver(record("7", Name="Acme Corporation"), said=by_name())
    with world.ledger.writing(world.time) as writing:
        writing.answer("product", "inventory", "crm", "7", "", "new", by="somebody")
    assert world.deliver(record("7", Name="Acme Corporation"), said=by_name()) == ["written"]
    assert names(world) == ["Acme Corp", "Acme Corporation"]


def test_codes_and_numbers_are_no_names() -> None:
    assert [is_name(*one) for one in [("Account_Name", "text"), ("name", None), ("Quote_Number", "text"), ("email", "email")]] == [
        True, True, False, False,
    ]  # fmt: skip


PLACES = {"match": [{"field": "Name", "format": "text"}, {"field": "Street", "format": "text"}]}


@pytest.mark.promise("F086")
def test_rules_may_match_by_name_and_address_which_must_both_be_the_same(world: World) -> None:
    there = world.shop.put("Accounts", Name="Little Tykes", Street="1 N Ogden Ave")
    said = schema(about={"object": "Accounts", **PLACES}, Street=field("street", "inventory"))
    here = [
        record("1", Name="Little Tykes", Street="1 N Ogden Ave"), record("2", Name="Little Tykes", Street="9 Elm St"),
        record("3", Name="Little Tykes", Street="1 North Ogden"), record("4", Name="Little Tykes"),
    ]  # fmt: skip
    assert world.deliver(*here, said=said) == ["written", "written", "held", "held"]
    linked = world.ledger.links_of("product", "inventory", "crm", ["1", "2"])
    assert linked["1"].destination_id == there != linked["2"].destination_id
    assert {held.source_id: held.code for held in world.ledger.held()} == {"3": "NEAR", "4": "NEAR"}


def test_new_records_of_one_name_at_two_addresses_are_two(world: World) -> None:
    said = schema(about={"object": "Accounts", **PLACES}, Street=field("street", "inventory"))
    here = [record(one, Name="Little Tykes", Street=street) for one, street in (("1", "1 Elm St"), ("2", "9 Elm St"))]
    again = record("3", Name="Little Tykes", Street="9 Elm St")
    assert world.deliver(*here, again, said=said) == ["written", "written", "held"]
    assert [held.code for held in world.ledger.held()] == ["DUPLICATE"]
