"""Planted records: the same each time, made by the rules of the API, with answers that hold when they are read."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from ofrecord_sandbox import finance
from ofrecord_sandbox.finance import following, planting
from ofrecord_sandbox.finance.declare import INVENTORY, PATHS, RESOURCES
from ofrecord_sandbox.world import World


def new_world() -> World:
    world = World()
    world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    finance.register(world)
    return world


def planted(world: World, **body: Any) -> dict[str, Any]:
    answer = world.call("POST", "/_sandbox/finance/plant", body)
    assert answer.status == 200, answer.content
    return dict(answer.content)


def read(world: World, collection: str) -> list[dict[str, Any]]:
    """Every detail of a collection, as a tap reads them: pages, then one by one."""
    resource = RESOURCES[collection]
    root = f"{PATHS[INVENTORY if INVENTORY in resource.doors else resource.doors[0]]}/{collection}"
    details: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = world.call("GET", f"{root}?page={page}&per_page=50").content
        for row in answer[resource.list_key or collection]:
            shown = world.call("GET", f"{root}/{row[resource.id_key]}").content
            details.append(next(value for value in shown.values() if isinstance(value, dict)))
        if not answer["page_context"]["has_more_page"]:
            return details
        page += 1


@pytest.mark.parametrize("collection", sorted(planting.KNOWN))
def test_every_collection_can_be_planted_and_read_back_whole(collection):
    world = new_world()
    told = planted(world, collection=collection, count=7)
    assert (told["count"], told["collection"]) == (7, collection)
    table = (RESOURCES | {"refunds": following.FOLLOWING["refunds"].resource})[collection].table(world)
    assert {told["first"], told["last"]} <= set(table.rows)
    assert [record for record in table.rows.values() if "_query" in record] == []


def test_the_same_call_plants_the_same():
    worlds = [new_world(), new_world()]
    for world in worlds:
        planted(world, collection="company", count=200)
    one, other = (
        orjson.dumps({name: table.rows for name, table in world.store.tables.items()}, option=orjson.OPT_SORT_KEYS)
        for world in worlds
    )
    assert one == other


@pytest.mark.promise("F128")
@pytest.mark.parametrize("count", [200, 500])
def test_a_company_of_some_hundred_records_is_what_its_answers_say(count):
    world = new_world()
    told = planted(world, collection="company", count=count, answers=True)
    assert (told["count"], sum(one["count"] for one in told["answers"].values())) == (count, count)
    for collection in ("invoices", "salesorders", "packages", "creditnotes", "bills", "customerpayments", "journals"):
        answer, details = told["answers"][collection], read(world, collection)
        assert len(details) == answer["count"]
        assert Counter(one["status"] for one in details) == answer["status"]
        for name, amount in answer["sums"].items():
            assert sum(Decimal(str(one[name])) for one in details) == Decimal(amount), (collection, name)
        assert sum(len(one.get("line_items", [])) for one in details) == answer.get("lines", 0)
    names = {one["contact_name"] for one in read(world, "contacts")}
    assert any("&" in name for name in names)
    assert any(not name.isascii() for name in names)


def test_planted_records_share_seconds_in_threes_and_the_last_is_of_now():
    world = new_world()
    planted(world, collection="items", count=7, seconds=60)
    times = Counter(one["last_modified_time"] for one in RESOURCES["items"].table(world).rows.values())
    assert times == {"2026-03-02T10:00:00-0800": 3, "2026-03-02T09:59:00-0800": 3, "2026-03-02T09:58:00-0800": 1}
    again = planted(world, collection="items", count=3)
    assert (len(RESOURCES["items"].table(world)), again["count"]) == (10, 3)


def test_what_documents_need_is_planted_first():
    world = new_world()
    planted(world, collection="transferorders", count=1)
    assert (len(RESOURCES["items"].table(world)), len(RESOURCES["locations"].table(world))) == (20, 2)


@pytest.mark.parametrize(
    ("body", "words"),
    [({"collection": "trains", "count": 1}, "there is no collection 'trains'"), ({"collection": "items"}, "'count'"),
     ({"collection": "items", "count": 1, "color": "red"}, "unknown key 'color'")],
)  # fmt: skip
def test_a_planting_that_makes_no_sense_is_one_sentence(body, words):
    answer = new_world().call("POST", "/_sandbox/finance/plant", body)
    assert (answer.status, words in answer.content["error"]) == (400, True)


def quantities(world: World, collection: str, key: str, *, state: set[str] | None = None) -> Counter[str]:
    """By item, what the documents of a collection move, read as a tap reads them."""
    moved: Counter[str] = Counter()
    for one in read(world, collection):
        if state is None or one["status"] in state:
            for line in one["line_items"]:
                moved[line["item_id"]] += line[key]
    return moved


def test_the_two_stocks_of_a_planted_company_follow_from_its_documents():
    world = new_world()
    planted(world, collection="company", count=400)
    sold = quantities(world, "invoices", "quantity", state={"sent", "overdue", "paid", "partially_paid"})
    credited = quantities(world, "creditnotes", "quantity", state={"open", "closed"})
    billed = quantities(world, "bills", "quantity", state={"open", "overdue", "paid", "partially_paid"})
    shipped = quantities(world, "packages", "quantity", state={"shipped"})
    adjusted = Counter[str]()
    for one in RESOURCES["inventoryadjustments"].table(world).rows.values():
        adjusted.update({line["item_id"]: line["quantity_adjusted"] for line in one["line_items"]})
    received = Counter[str]()
    for one in RESOURCES["purchasereceives"].table(world).rows.values():
        for line in one["line_items"]:
            received[line["item_id"]] += line["quantity"]
    seen = 0
    for item in read(world, "items"):
        key = item["item_id"]
        if item["item_type"] == "inventory" and item["sku"].startswith("PL-"):
            opening = int(item["sku"].removeprefix("PL-")) % 300 + 50
            accounting = opening - sold[key] + credited[key] + billed[key] + adjusted[key]
            physical = opening - shipped[key] + received[key] + adjusted[key]
            assert (item["stock_on_hand"], item["available_stock"]) == (accounting, physical)
            places = sum(Decimal(one["location_stock_on_hand"]) for one in item["locations"])
            assert places == accounting
            seen += 1
    assert seen > 30
