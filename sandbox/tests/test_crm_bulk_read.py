"""Bulk reads: jobs that take their time, criteria, pages, archives, downloads."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sandbox_worlds import control, sent

from ofrecord_sandbox import pipeline
from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World

READ = "/crm/bulk/v8/read"
PLANTED = 30


def asked(world: World, module: str = "Accounts", **query: Any) -> str:
    answer = sent(world, "POST", READ, {"query": {"module": {"api_name": module}, **query}})
    assert answer.status == 201, answer.content
    return str(answer.content["data"][0]["details"]["id"])


def status(world: World, job_id: str) -> dict[str, Any]:
    return dict(sent(world, "GET", f"{READ}/{job_id}").content["data"][0])


def rows(world: World, job_id: str) -> list[dict[str, str]]:
    world.clock.move(timedelta(seconds=10))
    result = status(world, job_id)["result"]
    answer = sent(world, "GET", result["download_url"])
    assert answer.status == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.encoded()))
    assert archive.namelist() == [f"{job_id}.csv"]
    found = list(csv.DictReader(io.StringIO(archive.read(f"{job_id}.csv").decode(), newline="")))
    assert len(found) == result["count"]
    return found


def stored(world: World, module: str = "Accounts") -> list[dict[str, Any]]:
    return list(world.store.table(f"crm/records/{module}"))


def test_a_job_goes_through_its_states_by_the_clock_and_shows_no_result_before_the_end(world: World) -> None:
    control(world, "bulk", seconds=30)
    control(world, "plant", module="Accounts", count=PLANTED)
    job_id = asked(world, fields=["Account_Name"])
    for state in ("ADDED", "QUEUED", "IN PROGRESS"):
        assert status(world, job_id)["state"] == state
        assert "result" not in status(world, job_id)
        assert sent(world, "GET", f"{READ}/{job_id}/result").status == 404
        world.clock.move(timedelta(seconds=10))
    done = status(world, job_id)
    assert done["state"] == "COMPLETED"
    assert done["result"] == {
        "page": 1,
        "per_page": 200_000,
        "count": PLANTED,
        "download_url": f"{READ}/{job_id}/result",
        "more_records": False,
        "next_page_token": None,
    }


def test_without_fields_every_column_is_there_and_each_cell_says_what_the_record_holds(world: World) -> None:
    for module in ("Price_Books", "Accounts"):
        control(world, "plant", module=module, count=PLANTED)
    found = {row["id"]: row for row in rows(world, asked(world))}
    assert set(found) == {one["id"] for one in stored(world)}
    for one in stored(world):
        row = found[one["id"]]
        assert row["Account_Name"] == one["Account_Name"]
        assert row["Owner"] == one["Owner"]["id"]
        assert row["Locked__s"] == "false"
        assert row["Price_List"] == (one["Price_List"]["id"] if one["Price_List"] else "")
        assert row["Modified_Time"] == one["Modified_Time"]
        assert row["Description"] == (one["Description"] or "")
        assert row["Annual_Revenue"] == ("" if one["Annual_Revenue"] is None else str(one["Annual_Revenue"]))


def test_labels_of_lookups_come_by_their_path_and_id_always(world: World) -> None:
    control(world, "plant", module="Accounts", count=3)
    control(world, "plant", module="Contacts", count=9)
    fields = ["Last_Name", "Account_Name", "Account_Name.Account_Name", "Owner.last_name"]
    names = {one["id"]: one["Account_Name"] for one in stored(world)}
    found = rows(world, asked(world, "Contacts", fields=fields))
    assert list(found[0]) == ["id", *fields]
    assert {row["Account_Name.Account_Name"] for row in found} <= {*names.values(), ""}
    assert all(names.get(row["Account_Name"], "") == row["Account_Name.Account_Name"] for row in found)
    assert {row["Owner.last_name"] for row in found} == {"Berg"}


def test_small_numbers_and_several_values_have_a_plain_form(world: World) -> None:
    product = {"Product_Name": 'a "b", c\nd', "Reorder_Level": 0.00001, "Tax": ["VAT", "Sales Tax"]}
    world.call("POST", "/crm/v8/Products", {"data": [product]})
    fields = ["Product_Name", "Reorder_Level", "Tax", "Product_Active"]
    row = rows(world, asked(world, "Products", fields=fields))[0]
    assert row | {"id": ""} == {
        "id": "",
        "Product_Name": 'a "b", c\nd',
        "Reorder_Level": "0.00001",
        "Tax": "VAT;Sales Tax",
        "Product_Active": "false",
    }


@pytest.mark.parametrize("by_token", [False, True])
def test_pages_together_are_every_record_once(world: World, by_token: bool) -> None:
    control(world, "bulk", seconds=2, rows=12)
    control(world, "plant", module="Accounts", count=PLANTED)
    job_id = asked(world, fields=["Account_Name"])
    seen = [row["id"] for row in rows(world, job_id)]
    page = 1
    while (result := status(world, job_id)["result"])["more_records"]:
        page += 1
        more = {"page_token": result["next_page_token"]} if by_token else {"page": page}
        job_id = asked(world, fields=["Account_Name"], **more)
        seen += [row["id"] for row in rows(world, job_id)]
    assert page == 3
    assert sorted(seen) == sorted(one["id"] for one in stored(world))


def test_a_page_token_is_bound_to_its_query_and_ends_after_a_day(world: World) -> None:
    control(world, "bulk", seconds=0, rows=1)
    control(world, "plant", module="Accounts", count=2)
    token = status(world, asked(world))["result"]["next_page_token"]

    def refused(**query: Any) -> str:
        answer = sent(world, "POST", READ, {"query": {"module": {"api_name": "Accounts"}, **query}})
        return str(answer.content["code"])

    assert refused(page_token=token, fields=["Account_Name"]) == "TOKEN_BOUND_DATA_MISMATCH"
    assert refused(page_token=token, page=2) == "INVALID_REQUEST"
    assert refused(page_token="odd") == "INVALID_DATA"
    world.clock.move(timedelta(hours=24, seconds=1))
    assert refused(page_token=token) in {"EXPIRED_VALUE", "INVALID_TOKEN"}
    world.cache.pop("token")
    assert refused(page_token=token) == "EXPIRED_VALUE"


def criterion(name: str, comparator: str, value: Any) -> dict[str, Any]:
    return {"field": {"api_name": name}, "comparator": comparator, "value": value}


def test_criteria_choose_rows_alone_in_groups_and_with_a_view(world: World) -> None:
    control(world, "plant", module="Accounts", count=PLANTED, seconds=60)
    middle = stored(world)[PLANTED // 2]
    late = criterion("Modified_Time", "greater_equal", middle["Modified_Time"])
    rated = criterion("Rating", "not_equal", "${EMPTY}")
    either = {
        "group_operator": "or",
        "group": [criterion("Employees", "less_than", 20), criterion("Fax", "contains", "-00001")],
    }
    view = control(world, "views", module="Accounts", name="Rated", criteria=rated)["id"]

    def chosen(**query: Any) -> set[str]:
        return {row["id"] for row in rows(world, asked(world, fields=["id"], **query))}

    def those(holds: Any) -> set[str]:
        return {one["id"] for one in stored(world) if holds(one)}

    assert chosen(criteria=late) == those(lambda one: one["_m"] >= middle["_m"])
    both = {"group_operator": "and", "group": [late, either]}
    staff = those(
        lambda one: (one["Employees"] is not None and one["Employees"] < 20) or "-00001" in (one["Fax"] or "")
    )
    assert chosen(criteria=both) == those(lambda one: one["_m"] >= middle["_m"]) & staff
    assert chosen(cvid=view) == those(lambda one: one["Rating"] is not None)
    assert chosen(cvid=view, criteria=late) == those(
        lambda one: one["Rating"] is not None and one["_m"] >= middle["_m"]
    )
    world.clock.move(timedelta(minutes=1))
    assert chosen(criteria=criterion("id", "in", [middle["id"], "1"])) == {middle["id"]}


def test_rows_of_subforms_are_read_with_their_parent(world: World) -> None:
    for module in ("Products", "Quotes"):
        control(world, "plant", module=module, count=4)
    found = rows(world, asked(world, "Quoted_Items", fields=["Parent_Id", "Quantity", "Product_Name.Product_Code"]))
    wanted = {(row["id"], one["id"]) for one in stored(world, "Quotes") for row in one["Quoted_Items"]}
    assert {(row["id"], row["Parent_Id"]) for row in found} == wanted
    assert {row["Product_Name.Product_Code"][:2] for row in found} <= {"P-", ""}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"module": {"api_name": "Nothing"}}, "MODULE_NOT_AVAILABLE"),
        ({"module": {"api_name": "Notes"}}, "MODULE_NOT_SUPPORTED"),
        ({"module": {"api_name": "Accounts"}, "fields": ["Nothing"]}, "FIELD_NOT_AVAILABLE"),
        ({"module": {"api_name": "Accounts"}, "fields": ["Parent_Account." * 3 + "id"]}, "JOIN_LIMIT_EXCEEDED"),
        ({"module": {"api_name": "Accounts"}, "page": 501}, "PAGE_RANGE_EXCEEDED"),
        ({"module": {"api_name": "Accounts"}, "cvid": "1"}, "CVID_NOT_SUPPORTED"),
        ({"module": {"api_name": "Accounts"}, "odd": 1}, "QUERY_NOT_SUPPORTED"),
        (
            {"module": {"api_name": "Accounts"}, "criteria": criterion("Nothing", "equal", 1)},
            "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        ),
        (
            {"module": {"api_name": "Accounts"}, "criteria": criterion("Employees", "contains", "1")},
            "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE",
        ),
        (
            {"module": {"api_name": "Accounts"}, "criteria": criterion("Employees", "equal", "many")},
            "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        ),
        (
            {"module": {"api_name": "Accounts"}, "criteria": {"group_operator": "xor", "group": []}},
            "GROUP_OPERATOR_NOT_SUPPORTED",
        ),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(world: World, query: dict[str, Any], code: str) -> None:
    answer = sent(world, "POST", READ, {"query": query})
    assert (answer.status, answer.content["code"]) == (400, code)


def test_callbacks_are_checked_an_unknown_job_is_404_and_a_body_needs_its_type(world: World) -> None:
    query = {"module": {"api_name": "Accounts"}}
    bad = sent(world, "POST", READ, {"query": query, "callback": {"url": "http://a", "method": "post"}})
    assert bad.content["code"] == "INVALID_CALLBACK_URL"
    good = {"url": "https://sync.example.org/hook", "method": "post"}
    assert sent(world, "POST", READ, {"query": query, "callback": good}).status == 201
    assert sent(world, "GET", f"{READ}/1").content["code"] == "RESOURCE_NOT_FOUND"
    headers = {"authorization": f"Zoho-oauthtoken {world.cache['token']}"}
    bare = Request("POST", READ, headers=headers, body=orjson.dumps({"query": query}))
    assert pipeline.handle(world, bare).status == 415


def test_a_job_can_be_made_to_fail(world: World) -> None:
    control(world, "bulk", seconds=0, fails=1)
    failed = status(world, asked(world))
    assert (failed["state"], failed["result"]["error_message"]["code"]) == ("FAILURE", "INTERNAL_ERROR")
    assert status(world, asked(world))["state"] == "COMPLETED"


def test_ten_downloads_a_minute_and_a_result_is_kept_for_a_day(world: World) -> None:
    control(world, "bulk", seconds=0)
    job_id = asked(world)
    url = status(world, job_id)["result"]["download_url"]
    assert [sent(world, "GET", url).status for _ in range(11)] == [200] * 10 + [429]
    world.clock.move(timedelta(seconds=61))
    assert sent(world, "GET", url).status == 200
    world.clock.move(timedelta(days=1))
    world.cache.pop("token")
    assert sent(world, "GET", url).status == 404


def test_a_job_costs_50_credits_and_the_rest_one_each(world: World) -> None:
    control(world, "bulk", seconds=0)
    job_id = asked(world)
    status(world, job_id)
    sent(world, "GET", f"{READ}/{job_id}/result")
    assert [entry.credits for entry in world.journal] == [0, 50, 1, 1]
