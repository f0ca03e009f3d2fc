"""Duplicates that were merged, and records that come back after a deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sandbox_worlds import call, made

from ofrecord_sandbox.world import World


def read(world: World, module: str, record_id: str) -> dict[str, Any]:
    return dict(call(world, "GET", f"{module}/{record_id}").content["data"][0])


def pair(world: World) -> tuple[str, str]:
    winner = made(world, "Accounts", Account_Name="A", Phone="1", Inventory_ID="W")
    return winner, made(world, "Accounts", Account_Name="A Ltd", Phone="2", Fax="3", Inventory_ID="L")


def through_the_api(world: World, winner: str, loser: str) -> None:
    answer = call(world, "POST", f"Accounts/{winner}/actions/merge", {"merge": [{"data": [{"id": loser}]}]})
    assert (answer.status, answer.content["merge"][0]["details"]) == (200, {"id": winner})


def arranged(world: World, winner: str, loser: str) -> None:
    body = {"module": "Accounts", "winner": winner, "losers": [loser]}
    assert world.call("POST", "/_sandbox/crm/merge", body).status == 200


@pytest.mark.parametrize("merge", [through_the_api, arranged])
def test_the_loser_is_deleted_its_children_move_to_the_winner_and_the_winners_time_moves(
    world: World, merge: Any
) -> None:
    winner, loser = pair(world)
    contact = made(world, "Contacts", Last_Name="C", Account_Name={"id": loser})
    child = made(world, "Accounts", Account_Name="Child", Parent_Account={"id": loser})
    call(world, "POST", f"Accounts/{loser}/Notes", {"data": [{"Note_Title": "T"}]})
    product = made(world, "Products", Product_Name="P")
    call(world, "PUT", f"Accounts/{loser}/Products/{product}", {"data": [{"id": product}]})
    world.clock.move(timedelta(hours=1))
    merge(world, winner, loser)
    assert call(world, "GET", f"Accounts/{loser}").status == 204
    assert [row["id"] for row in call(world, "GET", "Accounts/deleted").content["data"]] == [loser]
    kept = read(world, "Accounts", winner)
    assert (kept["Phone"], kept["Fax"], kept["Modified_Time"]) == ("1", None, "2026-03-01T11:00:00+01:00")
    assert read(world, "Contacts", contact)["Account_Name"] == {"name": "A", "id": winner}
    assert read(world, "Contacts", contact)["Modified_Time"] == "2026-03-01T10:00:00+01:00"
    assert read(world, "Accounts", child)["Parent_Account"]["id"] == winner
    assert call(world, "GET", f"Accounts/{winner}/Notes?fields=id").content["info"]["count"] == 1
    assert call(world, "GET", f"Accounts/{winner}/Products?fields=id").content["data"] == [{"id": product}]


def test_lines_of_a_quote_follow_a_merged_product(world: World) -> None:
    winner, loser = made(world, "Products", Product_Name="P"), made(world, "Products", Product_Name="Q")
    quote = made(world, "Quotes", Subject="S", Quoted_Items=[{"Product_Name": {"id": loser}, "Quantity": 1}])
    body = {"module": "Products", "winner": winner, "losers": [loser]}
    assert world.call("POST", "/_sandbox/crm/merge", body).status == 200
    assert read(world, "Quotes", quote)["Quoted_Items"][0]["Product_Name"]["id"] == winner


def test_a_winner_below_its_loser_stands_for_itself(world: World) -> None:
    loser = made(world, "Accounts", Account_Name="A")
    winner = made(world, "Accounts", Account_Name="B", Parent_Account={"id": loser})
    through_the_api(world, winner, loser)
    assert read(world, "Accounts", winner)["Parent_Account"] is None


def test_the_winner_takes_the_fields_of_a_loser_that_are_named(world: World) -> None:
    winner, loser = pair(world)
    child = {"id": loser, "_fields": [{"api_name": "Fax"}, {"api_name": "Inventory_ID"}]}
    call(world, "POST", f"Accounts/{winner}/actions/merge", {"merge": [{"data": [child]}]})
    kept = read(world, "Accounts", winner)
    assert (kept["Phone"], kept["Fax"], kept["Inventory_ID"]) == ("1", "3", "L")
    found = world.call("GET", "/crm/v8/Accounts/L", None, {"X-EXTERNAL": "Accounts.Inventory_ID"})
    assert found.content["data"][0]["id"] == winner


def test_what_cannot_be_merged_is_refused_and_stays(world: World) -> None:
    winner, loser = pair(world)
    third = made(world, "Accounts", Account_Name="B")
    path = f"Accounts/{winner}/actions/merge"
    for children, code in (
        ([], "INVALID_DATA"),
        ([{}], "MANDATORY_NOT_FOUND"),
        ([{"id": "1"}], "INVALID_DATA"),
        ([{"id": winner}], "DUPLICATE_DATA"),
        ([{"id": loser}, {"id": third}, {"id": "1"}], "LIMIT_EXCEEDED"),
        ([{"id": loser, "_fields": [{"api_name": "Created_Time"}]}], "INVALID_DATA"),
    ):
        answer = call(world, "POST", path, {"merge": [{"data": children}]})
        assert (answer.status, answer.content["merge"][0]["code"]) == (400, code)
    world.call("POST", "/_sandbox/crm/records", {"module": "Accounts", "id": loser, "state": "locked"})
    locked = call(world, "POST", path, {"merge": [{"data": [{"id": loser}]}]})
    assert locked.content["merge"][0]["code"] == "RECORD_LOCKED"
    assert call(world, "POST", "Products/1/actions/merge", {"merge": []}).content["code"] == "INVALID_MODULE"
    assert call(world, "GET", path).status == 204
    assert read(world, "Accounts", loser)["Fax"] == "3"
    body = {"module": "Accounts", "winner": winner, "losers": [winner]}
    assert world.call("POST", "/_sandbox/crm/merge", body).status == 400
