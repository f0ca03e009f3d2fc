# ruff: noqa: S608 - the query is COQL of the sandbox's own, and no SQL
"""Metadata that changes between two reads, and what a call costs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sandbox_worlds import call, sent

from ofrecord_sandbox.web import Response
from ofrecord_sandbox.world import World


def control(world: World, method: str, path: str, **body: Any) -> Response:
    return world.call(method, f"/_sandbox/crm/{path}", body)


def fields(world: World, module: str) -> dict[str, dict[str, Any]]:
    rows = call(world, "GET", f"settings/fields?module={module}").content["fields"]
    return {row["api_name"]: row for row in rows}


def made(world: World, **values: Any) -> str:
    answer = call(world, "POST", "Accounts", {"data": [values]})
    assert answer.status == 201, answer.content
    return str(answer.content["data"][0]["details"]["id"])


def test_a_renamed_field_keeps_its_id_and_its_values_and_the_old_name_is_refused(world: World) -> None:
    record = made(world, Account_Name="A", Tax_Number="T-1")
    before = fields(world, "Accounts")["Tax_Number"]["id"]
    control(world, "PUT", "fields", module="Accounts", field="Tax_Number", api_name="Tax_Number1")
    known = fields(world, "Accounts")
    assert (known["Tax_Number1"]["id"], "Tax_Number" in known) == (before, False)
    assert call(world, "GET", "Accounts?fields=Tax_Number1").content["data"] == [{"Tax_Number1": "T-1", "id": record}]
    assert call(world, "GET", "Accounts?fields=Tax_Number").content["code"] == "INVALID_DATA"
    query = {"select_query": "select Tax_Number from Accounts where id is not null"}
    assert call(world, "POST", "coql", query).content["code"] == "INVALID_QUERY"


@pytest.mark.parametrize(
    ("data_type", "json_type", "values"),
    [
        ("text", "string", ["7", "12", None]),
        ("currency", "double", [7.0, 12.0, None]),
        ("bigint", "string", ["7", "12", None]),
        ("boolean", "boolean", [False, False, False]),
    ],
)
def test_a_retyped_field_shows_what_its_values_are_as_the_new_type(
    world: World, data_type: str, json_type: str, values: list[Any]
) -> None:
    for number, staff in enumerate([7, 12, None]):
        made(world, Account_Name=f"A{number}", Employees=staff)
    assert control(world, "PUT", "fields", module="Accounts", field="Employees", data_type=data_type).status == 200
    described = fields(world, "Accounts")["Employees"]
    assert (described["data_type"], described["json_type"]) == (data_type, json_type)
    rows = call(world, "GET", "Accounts?fields=Employees&sort_order=asc").content["data"]
    assert [row["Employees"] for row in rows] == values


def test_texts_that_are_no_numbers_are_gone_when_their_field_becomes_one(world: World) -> None:
    made(world, Account_Name="A", Tax_Number="12.5")
    made(world, Account_Name="B", Tax_Number="DE12")
    control(world, "PUT", "fields", module="Accounts", field="Tax_Number", data_type="double")
    rows = call(world, "GET", "Accounts?fields=Tax_Number&sort_order=asc").content["data"]
    assert [row["Tax_Number"] for row in rows] == [12.5, None]


def test_columns_of_a_subform_can_be_renamed(world: World) -> None:
    field = {"api_name": "Devices", "data_type": "subform", "fields": [{"api_name": "Serial", "data_type": "text"}]}
    control(world, "POST", "fields", module="Accounts", field=field)
    made(world, Account_Name="A", Devices=[{"Serial": "1"}])
    control(world, "PUT", "fields", module="Devices", field="Serial", api_name="Serial_No")
    assert call(world, "GET", "Devices?fields=Serial_No").content["data"][0]["Serial_No"] == "1"


@pytest.mark.parametrize(
    "body",
    [
        {"module": "Accounts", "field": "Nothing", "api_name": "A"},
        {"module": "Accounts", "field": "Modified_Time", "api_name": "A"},
        {"module": "Accounts", "field": "Tax_Number", "api_name": "Phone"},
        {"module": "Accounts", "field": "Price_List", "data_type": "text"},
        {"module": "Accounts", "field": "Tax_Number", "data_type": "odd"},
    ],
)
def test_a_change_that_cannot_be_is_told_plainly(world: World, body: dict[str, Any]) -> None:
    answer = control(world, "PUT", "fields", **body)
    assert (answer.status, isinstance(answer.content["error"], str)) == (400, True)


def test_a_module_that_is_gone_is_invalid_and_nothing_points_to_it_any_more(world: World) -> None:
    control(world, "POST", "modules", api_name="Projects", label="Projects")
    control(
        world,
        "POST",
        "fields",
        module="Accounts",
        field={"api_name": "Project", "data_type": "lookup", "lookup": "Projects"},
    )
    answer = call(world, "POST", "Projects", {"data": [{"Name": "P"}]})
    project = answer.content["data"][0]["details"]["id"]
    record = made(world, Account_Name="A", Project={"id": project})
    assert control(world, "DELETE", "modules", module="Projects").status == 200
    for path in ("Projects?fields=Name", f"Projects/{project}", "settings/fields?module=Projects"):
        assert call(world, "GET", path).content["code"] == "INVALID_MODULE", path
    assert "Project" not in fields(world, "Accounts")
    assert "Project" not in call(world, "GET", f"Accounts/{record}").content["data"][0]
    assert "Projects" not in {row["api_name"] for row in call(world, "GET", "settings/modules").content["modules"]}
    assert control(world, "DELETE", "modules", module="Projects").status == 400


def test_a_module_with_line_items_goes_with_them(world: World) -> None:
    assert control(world, "DELETE", "modules", module="Quotes").status == 200
    assert call(world, "GET", "Quoted_Items?fields=id").content["code"] == "INVALID_MODULE"
    assert "Quote_Name" not in fields(world, "Sales_Orders")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/crm/v8/coql", {"select_query": "select id from Contacts where id is not null"}),
        ("/crm/bulk/v8/read", {"query": {"module": {"api_name": "Contacts"}}}),
    ],
)
def test_a_query_and_a_bulk_read_take_the_scope_of_their_module_too(
    world: World, path: str, body: dict[str, Any]
) -> None:
    statuses = []
    for module in ("accounts", "contacts"):
        scopes = ["ZohoCRM.coql.READ", "ZohoCRM.bulk.READ", f"ZohoCRM.modules.{module}.READ"]
        world.call("POST", "/_sandbox/tokens", {"refresh_token": "1000.sandbox.refresh", "scopes": scopes})
        world.cache.pop("token", None)
        statuses.append(sent(world, "POST", path, body).status)
    assert statuses == [401, 204 if path.endswith("coql") else 201]


def select(limit: str) -> dict[str, str]:
    return {"select_query": f"select id from Accounts where Account_Name = 'limit 2000' {limit}"}


@pytest.mark.parametrize(
    ("method", "path", "body", "cost"),
    [
        ("GET", "Accounts?fields=id", None, 1),
        ("GET", "Accounts?fields=id&cvid=554023000000070001", None, 3),
        ("GET", "Accounts/actions/count", None, 50),
        ("GET", "settings/recycle_bin/actions/count", None, 1),
        ("GET", "settings/modules", None, 1),
        ("POST", "coql", select("limit 200"), 1),
        ("POST", "coql", select("limit 1000"), 2),
        ("POST", "coql", select("limit 5, 1001"), 3),
        ("POST", "coql", select("limit 2000 offset 10"), 3),
        ("POST", "Accounts", {"data": [{"Account_Name": str(one)} for one in range(10)]}, 1),
        ("POST", "Accounts", {"data": [{"Account_Name": str(one)} for one in range(11)]}, 2),
        ("POST", "Accounts/upsert", {"data": [{"Account_Name": str(one)} for one in range(100)]}, 10),
    ],
)
def test_the_journal_tells_what_a_call_costs(world: World, method: str, path: str, body: Any, cost: int) -> None:
    assert sent(world, method, path, body).status < 400
    assert world.journal[-1].credits == cost
    world.limits.crm_credits_per_day = 0
    sent(world, method, path, body)
    assert world.journal[-1].credits == cost


def test_a_refused_call_costs_nothing_and_credits_come_back_after_a_day(world: World) -> None:
    world.limits.crm_credits_per_day = 60
    assert sent(world, "GET", "Accounts/actions/count").status == 200
    assert sent(world, "GET", "Accounts/actions/count").status == 429
    assert world.journal[-1].credits == 0
    assert sent(world, "GET", "Accounts?fields=id").headers["X-API-CREDITS-REMAINING"] == "9"
    world.clock.freeze(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC))
    world.cache.pop("token")
    assert sent(world, "GET", "Accounts/actions/count").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "coql", select(""), 429),
        ("GET", "Accounts?fields=id&sort_by=id", None, 429),
        ("POST", "Accounts", {"data": [{"Account_Name": str(one)} for one in range(11)]}, 429),
        ("POST", "Accounts", {"data": [{"Account_Name": str(one)} for one in range(10)]}, 201),
        ("GET", "Accounts?fields=id", None, 204),
    ],
)
def test_of_heavy_calls_only_ten_run_at_once(world: World, method: str, path: str, body: Any, status: int) -> None:
    world.in_flight |= {"crm": 12, "crm heavy": 11}
    assert sent(world, method, path, body).status == status
