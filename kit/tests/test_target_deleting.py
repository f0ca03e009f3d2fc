"""Deletions: never from absence, answered once as the rules say, and not answered in turn."""

from __future__ import annotations

import pytest

from ofrecord_kit.target import Done, Refused, Result
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.testing.shop import NOON, World, record, schema

GONE = {"Inventory_ID": "1", "_ofrecord": {"id": "1", "deleted": True}}
BACK = schema(about={"from": "crm", "to": "inventory", "object": "items", "external_id": None, "source_external_id": None,
                     "match": [], "create": False, "deleted": "inactive"})  # fmt: skip


def there(world: World) -> str:
    return world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id


@pytest.mark.parametrize("action", ["inactive", "void", "delete"])
def test_a_deletion_takes_the_action_of_the_rules_once_and_counts_as_one(world: World, action: str) -> None:
    said = schema(about={"deleted": action})
    world.deliver(record(Name="Bolt"), said=said)
    identity = there(world)
    delivery = world.delivery(said)
    [item] = delivery.decide([GONE])
    assert (item.kind, item.pending, world.shop.actions) == ("delete", True, [])
    delivery.carry_out([item])
    assert world.deliver(GONE, said=said) == ["unchanged"]
    assert world.shop.actions == [(identity, action)]
    assert (identity in world.shop.objects["Products"]) == (action != "delete")
    (event,) = world.ledger.events(kinds=["deleted"])
    assert (event.why, event.system) == (action, "inventory")


def test_a_record_that_is_not_read_any_more_is_not_deleted(world: World) -> None:
    said = schema(about={"deleted": "delete"})
    world.deliver(record("1", Name="Bolt"), record("2", Name="Nut"), said=said)
    for _run in range(3):
        world.deliver(record("2", Name="Nut"), said=said)
    assert world.shop.actions == []
    assert [row["Name"] for row in world.products()] == ["Bolt", "Nut"]


def test_a_record_that_was_deleted_because_its_counterpart_was_does_not_come_back_as_a_deletion(world: World) -> None:
    said = schema(about={"deleted": "delete"})
    world.deliver(record(Name="Bolt"), said=said)
    identity = there(world)
    world.deliver(GONE, said=said)
    inventory = world.shop.__class__()
    echo = {"_ofrecord": {"id": identity, "deleted": True}}
    [item] = Delivery(world.wire(BACK), inventory, world.ledger, world.now).deliver([echo])
    assert (item.outcome, inventory.actions) == ("unchanged", [])


def test_what_the_vendor_will_not_delete_is_held_in_its_words_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = schema(about={"deleted": "delete"})
    world.deliver(record(Name="Bolt"), said=said)
    identity = there(world)
    refused = Refused("IN_USE", "it is part of an order; it is inactive now", fix="Void the order.")
    answers: list[Result] = [refused, Done(identity)]
    monkeypatch.setattr(world.shop, "act", lambda *_asked: answers.pop(0))
    assert world.deliver(GONE, said=said) == ["held"]
    (held,) = world.ledger.held()
    assert (held.code, held.message, held.fix) == (
        "IN_USE",
        "it is part of an order; it is inactive now",
        "Void the order.",
    )
    assert world.ledger.events(kinds=["deleted"]) == []
    [due] = world.ledger.due("inventory", "crm", "product", NOON.replace(hour=13), ["refused"])
    assert [item.outcome for item in world.delivery(said).deliver([due.payload], again=True)] == ["written"]
    assert len(world.ledger.events(kinds=["deleted"])) == 1
    assert world.ledger.held() == []
