"""What a modification time says about an edit, and what it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ofrecord_kit.testing.shop import NOON, World, field, record, schema

LATEST = schema(Phone=field("phone", "shared", policy="latest"))


def sent(phone: str, modified: Any, name: str = "Bolt") -> dict[str, Any]:
    return record(Name=name, Phone=phone, note={"modified": modified.isoformat()})


@pytest.fixture
def queued(world: World) -> World:
    """Two edits a minute apart, long after our last write."""
    world.deliver(sent("11", NOON), said=LATEST)
    world.time = NOON + timedelta(hours=3)
    world.products()[0].update(Phone="33", modified=NOON + timedelta(hours=2))
    assert world.deliver(sent("22", NOON + timedelta(hours=2, minutes=1)), said=LATEST) == ["held"]
    return world


def test_a_queued_conflict_stays_when_only_the_time_moves(queued: World) -> None:
    assert queued.deliver(sent("22", NOON + timedelta(hours=9)), said=LATEST) == ["held"]
    assert queued.products()[0]["Phone"] == "33"
    assert [held.kind for held in queued.ledger.held()] == ["conflict"]


def test_a_queued_conflict_is_decided_when_a_value_changes_again(queued: World) -> None:
    assert queued.deliver(sent("44", NOON + timedelta(hours=9)), said=LATEST) == ["written"]
    assert queued.products()[0]["Phone"] == "44"
    assert queued.ledger.held() == []


def test_the_time_of_our_own_write_decides_nothing(world: World) -> None:
    world.deliver(sent("11", NOON), said=LATEST)
    world.time = NOON + timedelta(hours=3)
    world.deliver(sent("11", NOON, "Nut"), said=LATEST)
    world.products()[0].update(Phone="33", modified=world.time)
    assert world.deliver(sent("22", NOON + timedelta(hours=2), "Nut"), said=LATEST) == ["held"]
    assert world.products()[0]["Phone"] == "33"


def test_a_conflict_of_two_records_that_were_paired_stays_queued_too_whatever_we_write_beside_it(world: World) -> None:
    world.shop.put("Products", Name="Bolt", Code="B-1", Phone="33", modified=NOON + timedelta(hours=2))
    first = record(
        Name="Bolt", Code="B-1", Phone="22", note={"modified": (NOON + timedelta(hours=2, minutes=1)).isoformat()}
    )
    assert world.deliver(first, said=LATEST) == ["held"]
    world.products()[0]["modified"] = NOON + timedelta(hours=9)
    assert world.deliver({**first, "Name": "Nut"}, said=LATEST) == ["held"]
    assert world.products()[0]["Phone"] == "33"
