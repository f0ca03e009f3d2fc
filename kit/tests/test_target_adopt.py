"""An edit of a field by a system that does not own it, which its owner takes over."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.ledger import Link
from ofrecord_kit.plan import Agreed
from ofrecord_kit.testing.shop import World, field, schema


def said(answer: str = "adopt", **more: Any) -> dict[str, Any]:
    return schema(Stage=field("stage", "crm", violation=answer, **more))


def edited(stage: Any, adopt: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    note = {"id": "1", "native": {"name": "Bolt"}, "observed": {"stage": stage}}
    return {
        "Inventory_ID": "1",
        "Name": "Bolt",
        **values,
        "_ofrecord": note if adopt is None else {**note, "adopt": adopt},
    }


@pytest.fixture
def linked(world: World) -> Link:
    """Product 1, whose stage is `new` in both, written `NEW` in the CRM."""
    world.deliver(edited("new"), said=said())
    link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"]
    world.products()[0]["Stage"] = "NEW"
    with world.ledger.writing(world.now()) as writing:
        writing.record_agreed(link.link, {"stage": {"inventory": "new", "crm": "NEW"}})
    return link


def agreed(world: World, link: Link) -> Agreed:
    return world.ledger.agreed_of([link.link], "inventory", "crm")[link.link]["stage"]


def test_an_adopted_edit_is_written_to_the_owner_once(world: World, linked: Link) -> None:
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said()) == ["written"]
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said()) == ["unchanged"]
    assert world.products()[0]["Stage"] == "SOLD"
    (event,) = world.ledger.events(kinds=["adopted"])
    assert (event.system, event.field, event.before, event.after, event.rule) == ("crm", "stage", "NEW", "SOLD", "product.yml:stage")  # fmt: skip
    assert agreed(world, linked) == Agreed("sold", "SOLD")
    assert world.ledger.events(kinds=["violation"]) == []


def test_an_owner_that_was_edited_meanwhile_wins_and_the_edit_is_put_back(world: World, linked: Link) -> None:
    world.products()[0]["Stage"] = "LOST"
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said()) == ["unchanged"]
    assert world.products()[0]["Stage"] == "LOST"
    (owed,) = world.ledger.owed("inventory", world.now().replace(hour=13))[1:]
    assert (owed.field, owed.reason, owed.link) == ("stage", "revert", linked.link)
    (event,) = world.ledger.events(kinds=["violation"])
    assert (event.before, event.after, event.why) == ("new", "sold", "revert")


def test_the_same_edit_by_both_is_agreed_and_only_told(world: World, linked: Link) -> None:
    world.products()[0]["Stage"] = "SOLD"
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said()) == ["unchanged"]
    assert agreed(world, linked) == Agreed("sold", "SOLD")
    assert [event.kind for event in world.ledger.events()] == ["created", "agreed"]


def test_other_fields_travel_with_an_adopted_one(world: World, linked: Link) -> None:
    record = edited("sold", {"Stage": "SOLD"}, Price=7)
    assert world.deliver(record, said=said()) == ["written"]
    assert (world.products()[0]["Stage"], world.products()[0]["Price"]) == ("SOLD", 7)
    assert agreed(world, linked).destination == "SOLD"


def test_a_record_changed_while_an_edit_was_adopted_is_read_again(world: World, linked: Link) -> None:
    world.shop.stale_once = {linked.destination_id}
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said()) == ["written"]
    assert world.products()[0]["Stage"] == "SOLD"


@pytest.mark.parametrize(("answer", "adopt"), [("hold", {"Stage": "SOLD"}), ("adopt", None)])
def test_an_edit_to_hold_or_without_a_value_waits_for_a_person(
    world: World, linked: Link, answer: str, adopt: dict[str, Any] | None
) -> None:
    assert world.deliver(edited("sold", adopt), said=said(answer)) == ["held"]
    assert [(held.kind, held.field) for held in world.ledger.held()] == [("violation", "stage")]
    assert world.products()[0]["Stage"] == "NEW"
    assert agreed(world, linked) == Agreed("new", "NEW")


def test_an_edit_the_owner_refuses_is_held_and_nothing_is_agreed(world: World, linked: Link) -> None:
    world.shop.refuses = "Stage"
    assert world.deliver(edited("sold", {"Stage": "SOLD"}, Price=7), said=said()) == ["held"]
    assert [(held.kind, held.field) for held in world.ledger.held()] == [("refused", "stage")]
    assert (world.products()[0]["Price"], agreed(world, linked)) == (7, Agreed("new", "NEW"))
    world.shop.refuses = None
    assert world.deliver(edited("sold", {"Stage": "SOLD"}, Price=7), said=said()) == ["written"]
    assert world.ledger.held() == []


def test_a_dry_run_adopts_nothing(world: World, linked: Link) -> None:
    assert world.deliver(edited("sold", {"Stage": "SOLD"}), said=said(), dry=True) == ["written"]
    assert (world.products()[0]["Stage"], agreed(world, linked)) == ("NEW", Agreed("new", "NEW"))
