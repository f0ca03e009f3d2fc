"""Elements of one record that are records of their own: those that go, those that come back, those that never were."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target.answers import to_try_again
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.testing.shop import World, schema

LINES = schema(about={"entity": "line", "object": "Lines", "deleted": "delete", "match": []})


def elements(*numbers: int, of: str = "d", name: str = "a") -> list[dict[str, Any]]:
    ids = [f"{of}/{number}" for number in numbers]
    note = {"native": {"name": name}, "each": ids}
    return [{"Inventory_ID": one, "Name": name, "_ofrecord": {"id": one, **note}} for one in ids]


def told_at_the_end(world: World) -> list[str | None]:
    """What a run does last: held records that are due."""
    due = world.ledger.due("inventory", "crm", "line", world.now(), list(WAITS_S))
    delivery = world.delivery(LINES)
    return [item.outcome for item in delivery.deliver(to_try_again(due), again=True)]


def there(world: World) -> list[str]:
    return sorted(one["Inventory_ID"] for one in world.shop.objects.get("Lines", {}).values())


def test_an_element_its_record_has_no_more_is_taken_away_at_the_end_of_the_run_or_by_the_next(world: World) -> None:
    world.deliver(*elements(1, 2, 3), *elements(1, of="e"), said=LINES)
    world.deliver(*elements(1), said=LINES)
    assert there(world) == ["d/1", "d/2", "d/3", "e/1"], "a run that is killed here forgets nothing"
    assert told_at_the_end(world) == ["written", "written"]
    assert there(world) == ["d/1", "e/1"]
    assert world.ledger.held(state="waiting") == []
    world.deliver(*elements(1), said=LINES)
    assert told_at_the_end(world) == []


def test_an_element_that_comes_back_is_made_again_once(world: World) -> None:
    world.deliver(*elements(1, 2), said=LINES)
    world.deliver(*elements(1), said=LINES)
    told_at_the_end(world)
    assert world.deliver(*elements(1, 2), said=LINES) == ["unchanged", "written"]
    assert there(world) == ["d/1", "d/2"]
    assert world.deliver(*elements(1, 2), said=LINES) == ["unchanged", "unchanged"]
    world.deliver(*elements(1), said=LINES)
    assert told_at_the_end(world) == ["written"]
    assert there(world) == ["d/1"]


def test_of_a_record_that_is_deleted_all_elements_go(world: World) -> None:
    world.deliver(*elements(1, 2), said=LINES)
    world.deliver({"_ofrecord": {"id": "d", "deleted": True, "each": []}}, said=LINES)
    assert told_at_the_end(world) == ["written", "written"]
    assert there(world) == []


@pytest.mark.parametrize("held", ["d/2", "d"])
def test_what_was_held_of_an_element_that_is_gone_or_of_the_record_itself_is_over(world: World, held: str) -> None:
    stopped = {"_ofrecord": {"id": held, "stopped": {"name": "Without terms", "rule": "r.yml:1"}}}
    assert world.deliver(stopped, said=LINES) == ["held"]
    world.deliver(*elements(1), said=LINES)
    assert world.ledger.held() == []
    assert there(world) == ["d/1"]


def test_a_dry_run_takes_nothing_away(world: World) -> None:
    world.deliver(*elements(1, 2), said=LINES)
    world.deliver(*elements(1), said=LINES, dry=True)
    assert told_at_the_end(world) == []
    assert there(world) == ["d/1", "d/2"]
