"""Records that must not travel, that leave the view of the rules, and that come back."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target import Done, Refused, Result
from ofrecord_kit.testing.shop import NOON, World, field, record, schema

LEAVING = schema(about={"leaving": "inactive"})


def out_of_view(identity: str = "1", **note: Any) -> dict[str, Any]:
    about = {"id": identity, "filtered": "view Key accounts: Rating is Acquired"}
    return {"Inventory_ID": identity, "_ofrecord": {**about, **note}}


def stopped(identity: str = "1") -> dict[str, Any]:
    stop = {"name": "Order over nothing", "rule": "order.yml:9"}
    return {"Inventory_ID": identity, "_ofrecord": {"id": identity, "stopped": stop, "label": "Q-1"}}


def kinds(world: World) -> list[str]:
    return [event.kind for event in world.ledger.events()]


def test_a_stopped_record_is_held_under_the_name_of_its_stop_and_nothing_of_it_is_sent(world: World) -> None:
    assert world.deliver(stopped()) == ["held"]
    (held,) = world.ledger.held()
    assert (held.kind, held.message, held.rule, held.label, held.due_at) == ("stopped", "Order over nothing", "order.yml:9", "Q-1", None)  # fmt: skip
    assert world.shop.log == []


def test_a_stop_is_over_when_the_record_comes_without_it(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    world.deliver(stopped())
    world.deliver(stopped())
    assert (world.ledger.held()[0].attempts, world.products()[0]["Name"]) == (2, "Bolt")
    assert world.deliver(record(Name="Bolt")) == ["unchanged"]
    assert world.ledger.held() == []


def test_what_waited_of_a_record_is_not_tried_again_once_it_is_stopped(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    world.shop.refuses = "Price"
    world.deliver(record(Name="Nut", Price=2))
    assert [held.field for held in world.ledger.held()] == ["price"]
    world.deliver(stopped())
    assert [held.kind for held in world.ledger.held()] == ["stopped"]
    assert world.ledger.due("inventory", "crm", "product", NOON.replace(year=2027), ["refused"]) == []


def test_a_stop_is_no_refusal(world: World) -> None:
    delivery = world.delivery()
    delivery.deliver([stopped()])
    assert delivery.refused == 0


def test_a_record_that_was_never_synced_leaves_no_view(world: World) -> None:
    assert world.deliver(out_of_view(), said=LEAVING) == ["filtered"]
    assert (kinds(world), world.shop.log) == ([], [])


def test_a_linked_record_that_leaves_the_view_is_reported_once(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    assert [world.deliver(out_of_view()) for _run in range(2)] == [["filtered"], ["filtered"]]
    (event,) = world.ledger.events(kinds=["left"])
    assert (event.system, event.after, event.why) == ("inventory", None, "view Key accounts: Rating is Acquired")
    assert world.shop.actions == []


def test_a_record_that_leaves_the_view_takes_the_action_of_the_rules_once_and_comes_back_active(world: World) -> None:
    world.deliver(record(Name="Bolt"), said=LEAVING)
    assert world.deliver(out_of_view(), said=LEAVING) == ["written"]
    assert world.deliver(out_of_view(), said=LEAVING) == ["filtered"]
    there = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id
    assert world.shop.actions == [(there, "inactive")]
    assert world.deliver(record(Name="Bolt"), said=LEAVING) == ["written"]
    assert world.deliver(record(Name="Bolt"), said=LEAVING) == ["unchanged"]
    assert world.shop.actions == [(there, "inactive"), (there, "active")]
    assert kinds(world) == ["created", "left", "returned"]


def test_a_leaving_is_told_although_what_was_delivered_last_is_forgotten(world: World) -> None:
    world.deliver(record(Name="Bolt"), said=LEAVING)
    with world.ledger.writing(world.now()) as writing:
        [link] = world.ledger.linked("product", "inventory", ["1"]).values()
        writing.record_agreed(link, {"price": {"inventory": 1, "crm": 1}})
    assert world.deliver(out_of_view(), said=LEAVING) == ["written"]
    assert kinds(world) == ["created", "left"]


def test_a_record_that_comes_back_changed_is_written_as_well(world: World) -> None:
    for one in (record(Name="Bolt"), out_of_view(), record(Name="Nut")):
        assert world.deliver(one, said=LEAVING) == ["written"]
    assert (world.products()[0]["Name"], world.shop.actions[-1][1]) == ("Nut", "active")


def test_a_record_that_comes_back_without_an_action_is_only_told(world: World) -> None:
    for one in (record(Name="Bolt"), out_of_view()):
        world.deliver(one)
    assert world.deliver(record(Name="Bolt")) == ["unchanged"]
    assert (kinds(world)[-1], world.shop.actions) == ("returned", [])


def test_a_record_whose_own_state_is_inactive_comes_back_as_that(world: World) -> None:
    said = schema(about={"leaving": "inactive"}, status=field("status", "inventory", status=True))
    product = record(Name="Bolt", status="active", note={"native": {"name": "Bolt", "status": "active"}})
    for one in (product, out_of_view()):
        world.deliver(one, said=said)
    asleep = record(Name="Bolt", status="inactive", note={"native": {"name": "Bolt", "status": "inactive"}})
    world.deliver(asleep, said=said)
    assert "active" not in [action for _record, action in world.shop.actions]


def test_an_action_that_is_refused_holds_the_record_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(record(Name="Bolt"), said=LEAVING)
    answers: list[Result] = [Refused("IN_USE", "it is part of an open order"), Done("100")]
    monkeypatch.setattr(world.shop, "act", lambda *_asked: answers.pop(0))
    assert world.deliver(out_of_view(), said=LEAVING) == ["held"]
    assert (kinds(world), world.ledger.held()[0].code) == (["created", "held"], "IN_USE")
    [due] = world.ledger.due("inventory", "crm", "product", NOON.replace(hour=13), ["refused"])
    assert [item.outcome for item in world.delivery(LEAVING).deliver([due.payload], again=True)] == ["written"]
    assert (kinds(world), world.ledger.held()) == (["created", "held", "left"], [])


def test_a_dry_run_and_a_job_of_some_fields_leave_a_record_out_of_the_view_alone(world: World) -> None:
    world.deliver(record(Name="Bolt"), said=LEAVING)
    assert world.deliver(out_of_view(), said=LEAVING, dry=True) == ["written"]
    some = schema(about={"leaving": "inactive", "partial": True})
    assert world.deliver(out_of_view(), said=some) == ["filtered"]
    assert (world.shop.actions, kinds(world)) == ([], ["created"])


def test_while_an_entity_is_paused_nothing_is_done_about_records_that_leave(world: World) -> None:
    world.deliver(record(Name="Bolt"), said=LEAVING)
    with world.ledger.writing(NOON) as writing:
        writing.pause("product", "crm", "stocktaking")
    assert world.deliver(out_of_view(), said=LEAVING) == ["held"]
    assert world.shop.actions == []
    with world.ledger.writing(NOON) as writing:
        writing.resume("product", "crm")
    assert world.deliver(out_of_view(), said=LEAVING) == ["written"]
    assert world.ledger.held() == []
