"""What is deleted is gone from its list, and its detail says so with code 1002; what others need is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ofrecord_sandbox import finance
from ofrecord_sandbox.finance.declare import INVENTORY, PATHS, RESOURCES
from ofrecord_sandbox.world import World

LISTED = sorted(set(RESOURCES) - {"shipmentorders"})


class Store:
    """A planted company, and a new record of everything that nothing else names."""

    def __init__(self) -> None:
        self.world = World()
        self.world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
        finance.register(self.world)

    def plant(self, collection: str, count: int) -> str:
        body = {"collection": collection, "count": count}
        return str(self.world.call("POST", "/_sandbox/finance/plant", body).content["last"])

    def made(self, collection: str) -> str:
        """Id of a record that can be deleted."""
        bodies: dict[str, Any] = {
            "currencies": {"currency_code": "CHF", "currency_symbol": "Fr"}, "taxes": {"tax_name": "T", "tax_percentage": 1},
            "locations": {"location_name": "L"}, "units": {"name": "Litre", "unit": "l"},
            "chartofaccounts": {"account_name": "X", "account_type": "expense"},
        }  # fmt: skip
        if collection not in bodies:
            return self.plant(collection, 3 if collection != "packages" else 1)
        answer = self.call("POST", collection, body=bodies[collection])
        return str(answer[1][RESOURCES[collection].key_at(self.door(collection))][RESOURCES[collection].id_key])

    def door(self, collection: str) -> str:
        doors = RESOURCES[collection].doors
        return INVENTORY if INVENTORY in doors else doors[0]

    def call(self, method: str, collection: str, key: str = "", body: Any = None) -> tuple[int, dict[str, Any]]:
        place = f"settings/{collection}" if collection in {"currencies", "taxes"} else collection
        path = f"{PATHS[self.door(collection)]}/{place}{'/' if key else ''}{key}"
        answer = self.world.call(method, path, body)
        return answer.status, answer.content

    def listed(self, collection: str) -> int:
        answer = self.call("GET", collection)[1]
        rows = answer[RESOURCES[collection].list_key or collection]
        return len(rows)


@pytest.mark.parametrize("collection", LISTED)
def test_a_deleted_record_is_left_out_of_its_list_and_its_detail_is_1002(collection):
    store = Store()
    key = store.made(collection)
    before = store.listed(collection)
    assert store.call("GET", collection, key)[0] == 200
    if collection == "packages":
        shipment = store.call("GET", collection, key)[1]["package"]["shipment_order"]["shipment_id"]
        store.call("DELETE", "shipmentorders", shipment)
    status, answer = store.call("DELETE", collection, key)
    assert (status, answer["code"]) == (200, 0), answer
    status, answer = store.call("GET", collection, key)
    assert (status, answer["code"], answer["message"].endswith("does not exist.")) == (404, 1002, True)
    assert store.listed(collection) == before - 1
    assert store.call("DELETE", collection, key)[1]["code"] == 1002


@pytest.mark.parametrize("collection", LISTED)
def test_an_update_that_says_nothing_changes_nothing_but_the_time(collection):
    store = Store()
    key = store.made(collection)
    before = store.call("GET", collection, key)[1]
    store.world.clock.move(timedelta(hours=1))
    status, answer = store.call("PUT", collection, key, {})
    assert (status, answer["code"]) == (200, 0), answer
    after = store.call("GET", collection, key)[1]
    one, other = (next(value for value in shown.values() if isinstance(value, dict)) for shown in (before, after))
    assert {name for name in one if one[name] != other[name]} <= {"last_modified_time"}
    assert one.keys() == other.keys()


def test_what_is_in_use_is_not_deleted():
    store = Store()
    store.plant("company", 100)
    refused = {}
    for name in ("currencies", "locations", "contacts", "items", "taxes"):
        first = next(iter(RESOURCES[name].table(store.world).rows))
        refused[name] = store.call("DELETE", name, first)[1]["code"]
    assert refused == {"currencies": 1040, "locations": 1046, "contacts": 3000, "items": 2049, "taxes": 1012}


def test_a_user_can_be_deleted_and_the_one_who_calls_cannot():
    store = Store()
    rows = store.world.call("GET", "/books/v3/users").content["users"]
    codes = [store.world.call("DELETE", f"/books/v3/users/{one['user_id']}").content["code"] for one in rows]
    assert sorted(codes) == [0, 0, 0, 0, 1047]
    assert len(store.world.call("GET", "/inventory/v1/users").content["users"]) == 1
