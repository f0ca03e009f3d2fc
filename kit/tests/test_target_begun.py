"""A program that dies between a write and its record: what arrived is known afterwards, whatever the source says then."""

from __future__ import annotations

import pytest

from ofrecord_kit.testing.shop import World, record


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("name", ["Name", "Phone"])
def test_a_value_that_goes_back_after_a_run_that_died_stands_in_both(world: World, name: str, arrives: bool) -> None:
    """`Name` is the source's, `Phone` is shared: neither is taken for agreed, nor for an edit of the other side."""
    world.deliver(record(**{name: "1"}))
    world.deliver_and_die(record(**{name: "2"}), arrives=arrives)
    assert world.products()[0][name] == ("2" if arrives else "1")
    assert world.deliver(record(**{name: "1"})) == ["written" if arrives else "unchanged"]
    assert world.products()[0][name] == "1"
    assert world.ledger.begun("product", "crm") == {}
    assert world.deliver(record(**{name: "1"})) == ["unchanged"]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_value_that_stays_is_recorded_or_written_once(world: World, arrives: bool) -> None:
    world.deliver(record(Name="1"))
    world.deliver_and_die(record(Name="2"), arrives=arrives)
    world.shop.log.clear()
    assert world.deliver(record(Name="2")) == ["unchanged" if arrives else "written"]
    assert world.shop.log.count("update") == (0 if arrives else 1)
    assert world.products()[0]["Name"] == "2"
    world.shop.log.clear()
    assert world.deliver(record(Name="2")) == ["unchanged"]
    assert world.shop.log == []


def test_an_edit_of_the_other_side_after_the_run_that_died_is_no_write_of_ours(world: World) -> None:
    world.deliver(record(Phone="1"))
    world.deliver_and_die(record(Phone="2"), arrives=True)
    world.products()[0]["Phone"] = "3"
    assert world.deliver(record(Phone="2")) == ["held"]
    [held] = world.ledger.held()
    assert (held.kind, world.products()[0]["Phone"]) == ("conflict", "3")


def test_what_was_begun_and_refused_is_in_doubt_no_more(world: World) -> None:
    world.deliver(record(Name="1"))
    assert world.deliver(record(Name="x" * 30)) == ["held"]
    assert world.ledger.begun("product", "crm") == {}
