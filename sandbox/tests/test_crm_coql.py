# ruff: noqa: S608 - the queries are the sandbox's own, and no SQL
"""COQL: what the documents let a query ask, and that a page costs no more than what it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.crm import predicates
from ofrecord_sandbox.crm.query import parse
from ofrecord_sandbox.web import Response
from ofrecord_sandbox.world import World

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PLANTED = 60


@pytest.fixture
def world() -> World:
    made = new_world()
    made.clock.freeze(NOW)
    return made


@pytest.fixture
def filled(world: World) -> World:
    control(world, "POST", "plant", module="Accounts", count=PLANTED)
    control(world, "POST", "plant", module="Contacts", count=PLANTED)
    return world


def control(world: World, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = world.call(method, f"/_sandbox/crm/{path}", body)
    assert answer.status == 200, answer.content
    return dict(answer.content)


def ask(world: World, query: str, **more: Any) -> Response:
    return world.call("POST", "/crm/v8/coql", {"select_query": query, **more})


def rows(world: World, query: str) -> list[dict[str, Any]]:
    answer = ask(world, query)
    if answer.status == 204:
        return []
    assert answer.status == 200, answer.content
    return list(answer.content["data"])


def stored(world: World, module: str = "Accounts") -> list[dict[str, Any]]:
    return list(world.store.table(f"crm/records/{module}"))


def refusal(world: World, query: str) -> tuple[str, dict[str, Any]]:
    answer = ask(world, query)
    assert answer.status == 400, answer.content
    return answer.content["code"], answer.content["details"]


def pages(world: World, query: str, limit: int) -> list[str]:
    """Every id by key paging over (Modified_Time, id), as the documents advise beyond the rows that offsets reach."""
    seen: list[str] = []
    after = ""
    while True:
        found = rows(world, query.format(after=after) + f" order by Modified_Time, id limit {limit}")
        seen += [row["id"] for row in found]
        if len(found) < limit:
            return seen
        last = found[-1]
        moment, key = last["Modified_Time"], last["id"]
        after = f" and (Modified_Time > '{moment}' or (Modified_Time = '{moment}' and id > '{key}'))"


@pytest.mark.parametrize("limit", [1, 7, 60, 2000])
def test_paging_by_time_and_id_gives_every_record_once_though_several_share_a_second(filled: World, limit: int) -> None:
    found = pages(filled, "select Modified_Time from Accounts where (id is not null{after})", limit)
    assert sorted(found) == sorted(one["id"] for one in stored(filled))
    assert len(found) == PLANTED


@pytest.mark.parametrize("order", ["id", "id desc", "Modified_Time, id", "Modified_Time desc, id desc", "Created_Time"])
def test_a_query_by_key_finds_what_a_look_at_every_record_finds(filled: World, order: str) -> None:
    middle = stored(filled)[PLANTED // 2]
    moment, key = middle["Modified_Time"], middle["id"]
    tests = {
        f"id > '{key}'": lambda one: int(one["id"]) > int(key),
        f"id in ('{key}', '1')": lambda one: one["id"] == key,
        f"Modified_Time between '{moment}' and '2027-01-01T00:00:00Z'": lambda one: one["_m"] >= middle["_m"],
        f"(Modified_Time < '{moment}' or id = '{key}')": lambda one: one["_m"] < middle["_m"] or one["id"] == key,
        f"(Modified_Time >= '{moment}' and id <= '{key}')": lambda one: (
            one["_m"] >= middle["_m"] and int(one["id"]) <= int(key)
        ),
        f"(id != '{key}' and Modified_Time not between '{moment}' and '{moment}')": lambda one: (
            one["_m"] != middle["_m"]
        ),
    }
    for where, holds in tests.items():
        found = [
            row["id"] for row in rows(filled, f"select id from Accounts where {where} order by {order} limit 2000")
        ]
        assert sorted(found) == sorted(one["id"] for one in stored(filled) if holds(one)), where
        stamps = {one["id"]: (one["_m"], int(one["id"])) for one in stored(filled)}
        by = [int(one) for one in found] if order.startswith("id") else [stamps[one][0] for one in found]
        assert by == sorted(by, reverse="desc" in order), where


def test_bounds_narrow_what_is_looked_at_to_the_records_after_the_key() -> None:
    where = "(Rating = 'Active' and (Modified_Time > '1970-01-01T00:00:09Z' or (Modified_Time = '1970-01-01T00:00:09Z' and id > '5')))"
    alternatives = predicates.boxes(parse(f"select id from Accounts where {where}").where)
    far = max(box["Modified_Time"][1] for box in alternatives)
    assert alternatives == [{"Modified_Time": (10, far)}, {"Modified_Time": (9, 9), "id": (6, far)}]


def test_joins_go_over_two_lookups_and_the_key_is_the_path(world: World) -> None:
    ids: dict[str, str] = {}
    for name, above in (("Top", None), ("Middle", "Top"), ("Low", "Middle")):
        body = {"Account_Name": name} | ({"Parent_Account": {"id": ids[above]}} if above else {})
        answer = world.call("POST", "/crm/v8/Accounts", {"data": [body]})
        ids[name] = answer.content["data"][0]["details"]["id"]
    path = "Parent_Account.Parent_Account.Account_Name"
    query = f"select Account_Name, Parent_Account, Parent_Account.Account_Name, {path}, Owner.first_name, Owner from Accounts where {path} = 'Top'"
    assert rows(world, query) == [
        {
            "Account_Name": "Low",
            "Parent_Account": {"id": ids["Middle"]},
            "Parent_Account.Account_Name": "Middle",
            path: "Top",
            "Owner.first_name": "Anna",
            "Owner": {"id": "554023000000001001"},
            "id": ids["Low"],
        }
    ]
    top = rows(world, "select Parent_Account.Account_Name from Accounts where Parent_Account is null")
    assert top == [{"Parent_Account.Account_Name": None, "id": ids["Top"]}]
    code, details = refusal(world, f"select Parent_Account.{path} from Accounts where id is not null")
    assert (code, details["column_name"]) == ("INVALID_QUERY", f"Parent_Account.{path}")


def test_count_and_the_other_aggregates_are_exact_and_group(filled: World) -> None:
    records = stored(filled)
    assert rows(filled, "select count(id) from Accounts where id is not null") == [{"count(id)": PLANTED}]
    assert rows(filled, "select count(id) as n from Accounts where Account_Name = 'nobody'") == [{"n": 0}]
    query = "select Rating, count(id) as n, sum(Employees) as s, max(Annual_Revenue) as most, min(Modified_Time) as first from Accounts where id is not null group by Rating order by Rating"
    found = rows(filled, query)
    for row in found:
        group = [one for one in records if one["Rating"] == row["Rating"]]
        staff = [one["Employees"] for one in group if one["Employees"] is not None]
        assert row["n"] == len(group)
        assert row["s"] == (sum(staff) if staff else None)
        assert row["most"] == max(one["Annual_Revenue"] for one in group if one["Annual_Revenue"] is not None)
        assert row["first"] == min(group, key=lambda one: one["_m"])["Modified_Time"]
    assert len(found) == len({one["Rating"] for one in records})
    assert sum(row["n"] for row in found) == PLANTED


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Account_Name like 'al%'", {"Alpha", "Alps"}),
        ("Account_Name like '%ta'", {"Beta", "Delta"}),
        ("Account_Name like '%l%'", {"Alpha", "Alps", "Delta"}),
        ("Account_Name not like '%l%'", {"Beta"}),
        ("Employees between 2 and 3", {"Alps", "Beta"}),
        ("Employees not between 2 and 3", {"Alpha"}),
        ("Employees is null", {"Delta"}),
        ("Account_Name in ('alpha', 'Beta')", {"Alpha", "Beta"}),
        ("(Account_Name not in ('alpha', 'Beta') and Employees is not null)", {"Alps"}),
        ("((Employees = 1 or Employees = 3) and Account_Name like 'a%')", {"Alpha"}),
        ("((Employees = 1) or (Employees = 3 and Account_Name like 'b%'))", {"Alpha", "Beta"}),
    ],
)
def test_operators_and_nesting(world: World, where: str, names: set[str]) -> None:
    values = [("Alpha", 1), ("Alps", 2), ("Beta", 3), ("Delta", None)]
    data = [{"Account_Name": name, "Employees": staff} for name, staff in values]
    world.call("POST", "/crm/v8/Accounts", {"data": data})
    assert {row["Account_Name"] for row in rows(world, f"select Account_Name from Accounts where {where}")} == names


def test_several_columns_sort_and_offsets_lead_on(filled: World) -> None:
    query = "select Industry, Account_Name from Accounts where Industry is not null order by Industry desc, Account_Name asc"
    whole = rows(filled, f"{query} limit 2000")
    wanted = sorted(whole, key=lambda row: str(row["Account_Name"]).casefold())
    wanted.sort(key=lambda row: str(row["Industry"]).casefold(), reverse=True)
    assert whole == wanted
    assert rows(filled, f"{query} limit 5, 10") == rows(filled, f"{query} limit 10 offset 5") == whole[5:15]
    assert ask(filled, f"{query} limit 10").content["info"] == {"count": 10, "more_records": True}
    assert ask(filled, f"{query} limit 40, 2000").content["info"]["more_records"] is False


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select id from Accounts", "SYNTAX_ERROR"),
        ("select id from Accounts where id is not null and id > '1' and id > '2'", "SYNTAX_ERROR"),
        ("select median(id) from Accounts where id is not null", "SYNTAX_ERROR"),
        ("select id from Nothing where id is not null", "INVALID_MODULE"),
        ("select id from Quoted_Items where id is not null", "INVALID_MODULE"),
        ("select Nothing from Accounts where id is not null", "INVALID_QUERY"),
        ("select Quoted_Items from Quotes where id is not null", "INVALID_QUERY"),
        ("select id from Accounts where Description = 'a'", "INVALID_QUERY"),
        ("select id from Accounts where Account_Name > 'a'", "INVALID_QUERY"),
        ("select id from Accounts where Account_Name not like 'a%'", "INVALID_QUERY"),
        ("select id from Accounts where Employees like '1%'", "INVALID_QUERY"),
        ("select id from Accounts where Modified_Time > 'yesterday'", "INVALID_QUERY"),
        ("select id from Contacts where Email_Opt_Out != 'true'", "INVALID_QUERY"),
        ("select Rating, count(id) from Accounts where id is not null", "INVALID_QUERY"),
        ("select sum(Account_Name) from Accounts where id is not null", "INVALID_QUERY"),
        ("select count(id), COUNT(id) from Accounts where id is not null", "DUPLICATE_DATA"),
        ("select Rating, Rating from Accounts where id is not null", "DUPLICATE_DATA"),
        ("select Rating as a, Industry as a from Accounts where id is not null", "DUPLICATE_ALIAS"),
        ("select id from Accounts where id is not null limit 2001", "LIMIT_EXCEEDED"),
        ("select id from Accounts where id is not null limit 99999, 2", "LIMIT_EXCEEDED"),
        ("select id from Accounts where id in ('1'" + ", '1'" * 100 + ")", "LIMIT_EXCEEDED"),
        (f"select id from Accounts where id is not null order by {','.join(['id'] * 11)}", "LIMIT_EXCEEDED"),
    ],
)
def test_what_a_query_may_not_ask_is_refused(world: World, query: str, code: str) -> None:
    assert refusal(world, query)[0] == code


def test_at_most_25_conditions_in_a_query(world: World) -> None:
    def nested(count: int) -> str:
        return "id > '1'" if count == 1 else f"(id > '1' and {nested(count - 1)})"

    assert ask(world, f"select id from Accounts where {nested(25)}").status == 204
    code, details = refusal(world, f"select id from Accounts where {nested(26)}")
    assert (code, details["limit"]) == ("LIMIT_EXCEEDED", 25)


def test_the_documents_two_limits_of_columns_and_of_reachable_rows_can_be_chosen(world: World) -> None:
    names = [name for name in world.store.table("crm/fields").rows if name.startswith("Contacts.")]
    columns = [name.removeprefix("Contacts.") for name in names][:45]
    wide = f"select {','.join(columns)} from Contacts where id is not null"
    assert ask(world, wide).status == 204
    control(world, "POST", "coql", columns=40, rows=10_000)
    assert refusal(world, wide) == ("LIMIT_EXCEEDED", {"limit": 40, "clause": "select"})
    far = "select id from Contacts where id is not null limit 9000, 2000"
    assert refusal(world, far) == ("LIMIT_EXCEEDED", {"limit": 10_000, "clause": "offset"})


def test_include_meta_brings_the_descriptions_of_the_columns(world: World) -> None:
    world.call("POST", "/crm/v8/Accounts", {"data": [{"Account_Name": "A"}]})
    answer = ask(world, "select Account_Name from Accounts where id is not null", include_meta=["fields"])
    assert answer.content["fields"]["Account_Name"]["data_type"] == "text"
