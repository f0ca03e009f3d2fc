"""Held rows when their record comes again: none is lost, none stays behind, none brings an old version back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ofrecord_kit.ledger import Held
from ofrecord_kit.target.answers import end_pauses, to_try_again
from ofrecord_kit.target.merging import MERGED
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.testing.shop import NOON, World, record, schema

LONG = "a name much longer than the vendor takes"


def bolt(identity: int = 1, name: str = "Bolt", code: str = "B1", **values: Any) -> dict[str, Any]:
    return record(str(identity), Name=name, Code=code, **values)


def fields_held(world: World) -> list[str]:
    return sorted(held.field for held in world.ledger.held())


def retry(world: World) -> list[str | None]:
    world.time = NOON + timedelta(days=2)
    due = world.ledger.due("inventory", "crm", "product", world.time, list(WAITS_S))
    return [item.outcome for item in world.delivery().deliver(to_try_again(due), again=True)]


def test_a_field_that_is_mended_is_let_go_though_another_one_is_held_now(world: World) -> None:
    world.deliver(bolt(Phone="1"))
    world.deliver(bolt(name=LONG, Phone="1", Price="1"))
    assert fields_held(world) == ["name"]
    world.products()[0]["Phone"] = "9"
    assert world.deliver(bolt(name="Nut", Phone="2", Price="2")) == ["held"]
    assert fields_held(world) == ["phone"]
    assert retry(world) == []
    assert (world.products()[0]["Name"], world.products()[0]["Price"]) == ("Nut", "2")


def test_a_retry_sends_the_record_as_it_came_last(world: World) -> None:
    world.deliver(bolt(Price="1"))
    world.deliver(bolt(name=LONG, Price="1"))
    moved = record("1", Name="Nut", Code="B1", Price="2", Account="7")
    said = schema(
        Account={"type": ["string", "null"], "x-ofrecord": {"field": "account", "owner": "inventory", "ref": "account"}}
    )
    assert world.deliver(moved, said=said) == ["held"]
    assert {held.payload["Price"] for held in world.ledger.held()} == {"2"}


def test_of_two_versions_in_one_batch_the_later_one_stays_held(world: World) -> None:
    world.deliver(bolt(name=LONG))
    assert world.deliver(bolt(name=LONG, Price="1"), bolt(name=LONG, Price="2")) == ["unchanged", "held"]
    assert [held.payload["Price"] for held in world.ledger.held()] == ["2"]


def test_the_question_about_a_double_stays_when_the_deletion_comes_again(world: World) -> None:
    said = schema(about={"deleted": "inactive"})
    world.deliver(bolt(), said=said)
    world.deliver(record("2", Name="Nut"), said=said)
    [one] = world.ledger.links_of("product", "inventory", "crm", ["1"]).values()
    gone = record("1", note={"deleted": True})
    world.deliver(record("2", Name="Nut", note={"stamped": one.destination_id}), gone, said=said)
    for _again in range(2):
        assert [(held.code, held.source_id) for held in world.ledger.held()] == [(MERGED, "1")]
        world.deliver(gone, said=said)


def test_a_second_record_with_the_key_of_a_linked_one_is_asked_about_whatever_batch_it_comes_in(world: World) -> None:
    world.deliver(bolt(1, "one", "X"))
    assert world.deliver(bolt(2, "two", "X")) == ["held"]
    [held] = world.ledger.held()
    assert (held.kind, held.source_id) == ("duplicate", "2")
    assert "is linked with inventory 1" in held.message
    with world.ledger.writing(NOON) as writing:
        assert writing.answer("product", "inventory", "crm", "2", "", "new", "Ada")
    assert retry(world) == ["written"]
    assert len(world.products()) == 2
    assert world.ledger.held() == []


@pytest.fixture
def gone(world: World) -> World:
    """Its counterpart is gone, and a person said that it is to be made again."""
    world.deliver(bolt())
    world.shop.objects["Products"].clear()
    world.deliver(bolt(name="Nut"))
    with world.ledger.writing(NOON) as writing:
        assert writing.answer("product", "inventory", "crm", "1", "", "create", "Ada")
    return world


def test_a_rebuild_carries_no_answer_out_and_lets_go_of_nothing(gone: World) -> None:
    rebuilding = gone.delivery(rebuild=True)
    rebuilding.deliver([bolt(name="Nut")])
    assert [held.answer for held in gone.ledger.held()] == ["create"]
    assert len(gone.ledger.links_of("product", "inventory", "crm", ["1"])) == 1
    gone.shop.put("Products", Name="another")
    assert retry(gone) == ["written"]


def test_a_rebuild_lets_go_of_no_refused_record(world: World) -> None:
    world.deliver(bolt())
    world.deliver(bolt(name=LONG))
    world.delivery(rebuild=True).deliver([bolt(name=LONG)])
    assert fields_held(world) == ["name"]


@pytest.mark.parametrize("field", ["price", "_stamp"])
def test_nothing_that_is_owed_is_written_while_its_entity_is_paused(world: World, field: str) -> None:
    world.deliver(bolt(Price="1"))
    [link] = world.ledger.links_of("product", "inventory", "crm", ["1"]).values()
    place: dict[str, Any] = {"object_": "Products", "property_": "Stamp"} if field == "_stamp" else {}
    with world.ledger.writing(NOON) as writing:
        writing.owe("product", "crm", link.link, field, "stamp:inventory" if place else "revert", **place)
        writing.pause("product", "crm", "stock-taking")
    world.products()[0]["Price"] = "99"
    Outbox("crm", world.shop, world.ledger, world.now).drain()
    assert (world.products()[0]["Price"], world.products()[0].get("Stamp")) == ("99", None)
    with world.ledger.writing(NOON) as writing:
        writing.resume("product", "crm")
    Outbox("crm", world.shop, world.ledger, world.now).drain()
    assert (world.products()[0]["Price"], world.products()[0].get("Stamp")) in {("1", None), ("99", "1")}


def test_a_record_that_was_deleted_and_is_there_again_is_switched_on_again(world: World) -> None:
    said = schema(about={"deleted": "inactive"})
    world.deliver(bolt(), said=said)
    world.deliver(record("1", note={"deleted": True}), said=said)
    assert world.deliver(bolt(name="Nut"), said=said) == ["written"]
    assert [action for _one, action in world.shop.actions] == ["inactive", "active"]
    assert world.deliver(bolt(name="Screw"), said=said) == ["written"]
    assert [event.kind for event in world.ledger.events(kinds=["deleted", "returned"])].count("returned") == 1
    assert len(world.shop.actions) == 2
    world.deliver(record("1", note={"deleted": True}), said=said)
    assert len(world.shop.actions) == 3, "a second deletion is one again"


def test_a_job_of_some_fields_overtakes_nothing(world: World) -> None:
    world.deliver(bolt())
    world.deliver(bolt(name=LONG))
    some = schema(about={"partial": True})
    with world.ledger.writing(NOON) as writing:
        writing.hold(Held("product", "inventory", "crm", "1", "refused", "no", field="x", payload={"Name": "kept"}))
    world.deliver(bolt(name=LONG), said=some)
    assert {"Name": "kept"} in [held.payload for held in world.ledger.held()]


@pytest.mark.parametrize("kind", ["conflict", "violation"])
def test_history_tells_a_question_once_however_often_its_record_is_read(world: World, kind: str) -> None:
    said = schema(
        Stage={"type": ["string", "null"], "x-ofrecord": {"field": "stage", "owner": "crm", "violation": "hold"}}
    )
    world.deliver(bolt(Phone="1"), said=said)
    [link] = world.ledger.links_of("product", "inventory", "crm", ["1"]).values()
    with world.ledger.writing(NOON) as writing:
        writing.record_agreed(link.link, {"stage": {"inventory": "x", "crm": "x"}})
    world.products()[0]["Phone"] = "9"
    for number, told in (("2", 1), ("2", 1), ("3", 2)):
        if kind == "conflict":
            world.deliver(bolt(Phone=number), said=said)
        else:
            world.deliver(record("1", {"stage": number}, Name="Bolt", Code="B1", Phone="1"), said=said)
        assert [held.kind for held in world.ledger.held()] == [kind]
        assert len(world.ledger.events(kinds=[kind])) == told


def test_what_a_job_of_some_fields_set_aside_for_a_pause_is_over_with_the_pause(world: World) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    some = schema(about={"partial": True})
    with world.ledger.writing(NOON) as writing:
        writing.pause("product", "crm", "stock-taking")
    assert world.deliver(record(Name="Bolt", Price=10), said=some) == ["held"]
    assert world.deliver(record(Name="Nut", Price=10)) == ["held"]
    end_pauses(world.delivery(some))
    assert len(world.ledger.held()) == 2
    with world.ledger.writing(NOON) as writing:
        writing.resume("product", "crm")
    end_pauses(world.delivery(some))
    (left,) = world.ledger.held()
    assert (left.kind, left.field, left.payload is None) == ("paused", "", False)
