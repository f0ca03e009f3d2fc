"""A new record here, and one there that is alike: the three answers, and what linking leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target import Change
from ofrecord_kit.testing.shop import World, record, schema

THERE = {"Code": "B-1", "Name": "Old", "Price": 3, "Phone": "1"}


@pytest.mark.parametrize("module", ["Products", "Accounts", "Contacts", "Vendors", "items"])
def test_what_is_overwritten_can_be_put_back_from_the_history(world: World, module: str) -> None:
    known = world.shop.put(module, **THERE)
    said = schema(about={"object": module, "duplicates": "overwrite"})
    assert world.deliver(record(Code="B-1", Name="Bolt", Price=5), said=said) == ["written"]
    row = world.shop.objects[module][known]
    assert (row["Name"], row["Price"], row["Phone"]) == ("Bolt", 5, "1")
    events = world.ledger.events(kinds=["updated"])
    before = {"name": "Name", "price": "Price"}
    world.shop.update(module, [Change(known, {before[str(one.field)]: one.before for one in events}, None)])  # type: ignore[arg-type]
    assert {name: row[name] for name in THERE} == THERE


@pytest.mark.parametrize(
    ("duplicates", "outcome", "found"),
    [
        ("overwrite", "written", [("Bolt", "1")]),
        ("skip", "written", [("Old", "1")]),
        ("clone", "written", [("Old", None), ("Bolt", "1")]),
    ],
)
def test_the_rules_say_whether_a_record_that_is_there_is_overwritten_skipped_or_cloned(
    world: World, duplicates: str, outcome: str, found: list[Any]
) -> None:
    world.shop.put("Products", **THERE)
    said = schema(about={"duplicates": duplicates})
    assert world.deliver(record(Code="B-1", Name="Bolt", Price=5), said=said) == [outcome]
    assert [(row["Name"], row.get("Inventory_ID")) for row in world.products()] == found
    assert world.deliver(record(Code="B-1", Name="Bolt", Price=5), said=said) == ["unchanged"]


@pytest.mark.promise("F025")
def test_new_records_are_made_and_linked_ones_get_only_what_changes_after_linking(world: World) -> None:
    said = schema(about={"duplicates": "skip"})
    world.shop.put("Products", **THERE)
    first = [record("1", Code="B-1", Name="Bolt", Price=5, Phone="2"), record("2", Code="B-2", Name="Nut")]
    assert world.deliver(*first, said=said) == ["written", "written"]
    assert [row["Name"] for row in world.products()] == ["Old", "Nut"]
    later = record("1", Code="B-1", Name="Bolt", Price=6, Phone="2")
    assert world.deliver(later, said=said) == ["written"]
    assert world.products()[0] == {**THERE, "Price": 6, "Inventory_ID": "1"}
    assert [event.field for event in world.ledger.events(kinds=["updated"])] == ["price"]


def test_linking_again_after_the_ledger_was_lost_rewrites_nothing_either(world: World, tmp_path: Path) -> None:
    said = schema(about={"duplicates": "skip"})
    world.shop.put("Products", **THERE)
    for number in range(2):
        world.deliver(record(Code="B-1", Name="Bolt", Price=5), said=said)
        world.ledger.close()
        world.ledger = Ledger(str(tmp_path / f"{number}.db"), "run")
    assert world.products() == [{**THERE, "Inventory_ID": "1"}]
