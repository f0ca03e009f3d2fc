"""What depends on a day, by the vendor's clock: parts that count from a day on, records that are settled from a day on."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ofrecord_kit.target.days import come_of_day
from ofrecord_kit.target.destination import in_zone
from ofrecord_kit.testing.shop import NOON, World, field, schema

BERLIN = ZoneInfo("Europe/Berlin")
THROUGH = {"whole": "deal", "through": "line", "by": "cf_crm_id", "field": "deal", "external": True}
EARNED = schema(
    about={"entity": "earned", "object": "Deals", "from": "books", "match": [], "external_id": None, "combine": THROUGH,
           "counts_from": {"zone": None}},
    Earned=field("earned", "books", format="money", combine="sum"),
)  # fmt: skip
LINES = schema(
    about={"entity": "line", "object": "Lines", "settled": {"field": "Day", "zone": None}, "deleted": "delete", "match": []},
    Day=field("day", "inventory", format="date"),
)  # fmt: skip


def earned(identity: str, amount: str, day: str, by: Any = "d/1") -> dict[str, Any]:
    return {"Earned": Decimal(amount), "_ofrecord": {"id": identity, "by": by, "counts_from": day}}


@pytest.fixture
def deal(world: World) -> str:
    """A deal to which the line `d/1`, known in inventory as `j-1`, leads."""
    deal = world.shop.put("Deals", Deal_Name="Big one")
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("line", {"crm": "d/1", "inventory": "j-1"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})
    world.shop.at = datetime(2026, 3, 31, 12, tzinfo=BERLIN)
    return deal


def total(world: World, deal: str) -> Any:
    return world.shop.objects["Deals"][deal].get("Earned")


def test_a_part_waits_until_its_day_begins_where_the_vendor_is(world: World, deal: str) -> None:
    came = world.deliver(earned("1", "5.00", "2026-03-31"), earned("2", "7.00", "2026-04-01"), said=EARNED)
    assert came == ["written", "filtered"]
    assert total(world, deal) == Decimal("5.00")
    [waiting] = world.ledger.held(state="waiting")
    assert (waiting.kind, waiting.due_at) == ("early", datetime(2026, 3, 31, 22, tzinfo=UTC)), "midnight in Berlin"
    delivery = world.delivery(EARNED)
    assert come_of_day(delivery) == []
    world.shop.at = datetime(2026, 4, 1, 0, 0, 1, tzinfo=BERLIN)
    [payload] = come_of_day(world.delivery(EARNED))
    assert world.deliver(payload, said=EARNED) == ["written"]
    assert total(world, deal) == Decimal("12.00")
    assert world.ledger.held(state="waiting") == []


def test_our_own_clock_decides_nothing(world: World, deal: str) -> None:
    world.time = datetime(2030, 1, 1, tzinfo=UTC)
    assert world.deliver(earned("2", "7.00", "2026-04-01"), said=EARNED) == ["filtered"]
    assert come_of_day(world.delivery(EARNED)) == []
    assert total(world, deal) is None


def test_the_zone_that_rules_name_goes_before_that_of_the_organisation(world: World, deal: str) -> None:
    about = {**EARNED["x-ofrecord"], "counts_from": {"zone": "Pacific/Kiritimati"}}
    said = {**EARNED, "x-ofrecord": about}
    assert world.deliver(earned("2", "7.00", "2026-04-01"), said=said) == ["written"], "there it is the first already"


def test_a_part_whose_day_is_moved_into_the_time_to_come_leaves_its_sum_and_waits(world: World, deal: str) -> None:
    world.deliver(earned("1", "5.00", "2026-03-31"), said=EARNED)
    world.deliver(earned("1", "5.00", "2026-05-31"), said=EARNED)
    assert total(world, deal) is None
    world.deliver(earned("1", "5.00", "2026-03-01"), said=EARNED)
    assert (total(world, deal), world.ledger.held(state="waiting")) == (Decimal("5.00"), [])


def test_one_that_is_deleted_before_its_day_waits_no_more(world: World, deal: str) -> None:
    world.deliver(earned("2", "7.00", "2026-04-01"), said=EARNED)
    world.deliver({"_ofrecord": {"id": "2", "deleted": True}}, said=EARNED)
    assert world.ledger.held(state="waiting") == []


def test_where_no_part_waits_nobody_asks_for_the_time(world: World, deal: str) -> None:
    world.shop.log.clear()
    assert come_of_day(world.delivery(EARNED)) == []
    assert "here" not in world.shop.log


def test_of_several_ways_the_first_that_leads_somewhere_is_taken_and_one_without_any_waits_for_nothing(
    world: World, deal: str
) -> None:
    ways = {"whole": "deal", "through": "order", "by": "o", "field": "deal", "or": [{key: one for key, one in THROUGH.items() if key != "whole"}]}  # fmt: skip
    said = {**EARNED, "x-ofrecord": {**EARNED["x-ofrecord"], "combine": ways}}
    came = [
        earned("1", "1", "2026-03-01", [None, "d/1"]),
        earned("2", "2", "2026-03-01", ["so-9", "d/1"]),
        earned("3", "4", "2026-03-01", [None, None]),
    ]
    assert world.deliver(*came, said=said) == ["written", "written", "filtered"]
    assert total(world, deal) == 3
    assert world.ledger.held(state="waiting") == []
    assert world.deliver(earned("4", "8", "2026-03-01", ["so-9", None]), said=said) == ["filtered"]
    assert [one.source_id for one in world.ledger.held(state="waiting")] == ["4"]


# -- settled -------------------------------------------------------------------------------------------------------------


def line(identity: str, day: str, name: str = "a", **note: Any) -> dict[str, Any]:
    native = {"day": day, "name": name}
    return {"Inventory_ID": identity, "Day": day, "Name": name, "_ofrecord": {"id": identity, "native": native, **note}}


def names(world: World) -> list[Any]:
    return [one["Name"] for one in world.shop.objects.get("Lines", {}).values()]


def test_from_its_day_on_a_record_stays_as_it_is_and_the_difference_is_listed(world: World) -> None:
    world.shop.at = datetime(2026, 3, 31, 12, tzinfo=BERLIN)
    world.deliver(line("1", "2026-03-31"), line("2", "2026-04-01"), said=LINES)
    assert names(world) == ["a", "a"], "a new record may be of a day that is over"
    assert world.deliver(line("1", "2026-03-31", "b"), line("2", "2026-04-01", "b"), said=LINES) == ["held", "written"]
    assert names(world) == ["a", "b"]
    [held] = world.ledger.held()
    assert (held.kind, held.source_id) == ("settled", "1")
    assert held.message == "settled since 2026-03-31 in crm, so nothing is changed there; name would be another"
    assert world.deliver(line("1", "2026-03-31", "b"), said=LINES) == ["held"], "as long as it differs"
    assert world.deliver(line("1", "2026-03-31"), said=LINES) == ["unchanged"]
    assert world.ledger.held() == []


def test_a_day_that_is_over_cannot_be_moved_but_one_to_come_can_be_moved_into_the_past(world: World) -> None:
    world.shop.at = datetime(2026, 3, 31, 12, tzinfo=BERLIN)
    world.deliver(line("1", "2026-03-31"), line("2", "2026-04-01"), said=LINES)
    assert world.deliver(line("1", "2026-06-30"), line("2", "2026-03-15"), said=LINES) == ["held", "written"]
    assert [one["Day"] for one in world.shop.objects["Lines"].values()] == ["2026-03-31", "2026-03-15"]


def test_a_settled_record_is_not_taken_away(world: World) -> None:
    world.shop.at = datetime(2026, 3, 31, 12, tzinfo=BERLIN)
    world.deliver(line("1", "2026-03-31"), line("2", "2026-04-01"), said=LINES)
    gone = [{"_ofrecord": {"id": one, "deleted": True}} for one in ("1", "2")]
    assert world.deliver(*gone, said=LINES) == ["held", "written"]
    assert len(world.shop.objects["Lines"]) == 1
    [held] = world.ledger.held()
    assert held.message.endswith("it is no more in inventory")


def test_a_zone_nobody_knows_is_utc() -> None:
    assert in_zone(NOON, "Nowhere/Land") == in_zone(NOON, None) == NOON
    assert in_zone(NOON, "Europe/Berlin").hour == 13
