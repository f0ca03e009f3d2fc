"""A record that carries the id of a counterpart that is gone was linked once: it is asked about, also without a ledger."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target.answers import to_try_again
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.testing.shop import World, record, schema

GONE = "4711"
STAMPED = {"stamped": GONE}


def say(world: World, answer: str) -> list[str | None]:
    """A person answers the question; what the next run makes of it."""
    (held,) = world.ledger.held()
    with world.ledger.writing(world.time) as writing:
        key = (held.entity, held.source, held.destination, held.source_id, held.field)
        assert writing.answer(*key, answer, "Ada")
    due = to_try_again(world.ledger.due("inventory", "crm", "product", world.time, list(WAITS_S)))
    return [item.outcome for item in world.delivery().deliver(due, again=True)]


@pytest.fixture
def asked(world: World) -> World:
    """Ledger, state and tokens were lost, and before that the counterpart was deleted by hand."""
    world.shop.put("Others")
    assert world.deliver(record(Name="Bolt", Price=1, note=STAMPED)) == ["held"]
    return world


def test_it_is_not_made_again_unseen_when_the_ledger_was_lost(asked: World) -> None:
    assert asked.products() == []
    assert [(row.kind, row.code) for row in asked.ledger.held()] == [("refused", "GONE")]
    assert "crm 4711, which does not exist any more" in asked.ledger.held()[0].message


def test_it_is_made_again_when_a_person_says_so(asked: World) -> None:
    assert say(asked, "create") == ["written"]
    assert asked.products() == [{"Name": "Bolt", "Price": 1, "Inventory_ID": "1"}]
    assert asked.ledger.held() == []
    assert asked.deliver(record(Name="Bolt", Price=1, note=STAMPED)) == ["unchanged"]


def test_a_person_lets_go_of_it_and_it_is_new_when_it_is_read_next(asked: World) -> None:
    assert say(asked, "unlink") == ["filtered"]
    assert (asked.ledger.held(), asked.products()) == ([], [])
    assert asked.deliver(record(Name="Bolt", Price=2, note=STAMPED)) == ["written"]
    assert len(asked.products()) == 1


def test_a_counterpart_with_the_records_own_id_is_taken_whatever_the_stamp_says(world: World) -> None:
    there = world.shop.put("Products", Name="Bolt", Inventory_ID="1")
    assert world.deliver(record(Name="Bolt", note=STAMPED)) == ["unchanged"]
    assert world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id == there


def test_a_counterpart_alike_is_taken_whatever_the_stamp_says(world: World) -> None:
    world.shop.put("Products", Code="B-1", Name="Bolt")
    assert world.deliver(record(Code="B-1", Name="Bolt", note=STAMPED)) == ["written"]
    assert len(world.products()) == 1


def test_where_the_rules_create_nothing_it_is_left_out_as_before(world: World) -> None:
    only: dict[str, Any] = schema(about={"create": False})
    assert world.deliver(record(Name="Bolt", note=STAMPED), said=only) == ["filtered"]
    assert world.ledger.held() == []
