"""What the CRM does not let a writer do: fields, lists, layouts, locked records, profiles; and what automation is told."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sandbox_worlds import call

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


@pytest.fixture
def world() -> World:
    return new_world()


def arrange(world: World, method: str, path: str, **body: Any) -> None:
    answer = world.call(method, f"/_sandbox/crm/{path}", body)
    assert answer.status == 200, answer.content


def write(world: World, method: str, path: str, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = call(world, method, path, {"data": [values], "trigger": []})
    return answer.status, answer.content["data"][0]


def made(world: World, module: str = "Accounts", **values: Any) -> str:
    status, element = write(world, "POST", module, values or {"Account_Name": "A"})
    assert status == 201, element
    return str(element["details"]["id"])


def described(world: World, module: str, name: str, query: str = "") -> dict[str, Any]:
    rows = call(world, "GET", f"settings/fields?module={module}{query}").content["fields"]
    return next(dict(row) for row in rows if row["api_name"] == name)


def test_a_field_made_read_only_says_so_and_refuses_a_value(world: World) -> None:
    record = made(world)
    arrange(world, "PUT", "fields", module="Accounts", field="Phone", read_only=True)
    row = described(world, "Accounts", "Phone")
    assert (row["read_only"], row["field_read_only"]) == (True, True)
    assert (row["operation_type"]["api_create"], row["operation_type"]["api_update"]) == (False, False)
    status, refused = write(world, "PUT", f"Accounts/{record}", {"Phone": "1"})
    assert (status, refused["code"], refused["details"]["api_name"]) == (400, "INVALID_DATA", "Phone")
    arrange(world, "PUT", "fields", module="Accounts", field="Phone", read_only=False)
    assert write(world, "PUT", f"Accounts/{record}", {"Phone": "1"})[0] == 200


def test_a_field_the_profile_may_only_read_is_read_only_for_this_user_and_refuses_with_no_permission(
    world: World,
) -> None:
    record = made(world)
    arrange(world, "PUT", "fields", module="Accounts", field="Phone", permission="read_only")
    row = described(world, "Accounts", "Phone", "&include=allowed_permissions_to_update")
    assert (row["read_only"], row["field_read_only"]) == (True, False)
    assert row["profiles"][0]["permission_type"] == "read_only"
    assert row["allowed_permissions_to_update"] == {"read_write": True, "read_only": True, "hidden": True}
    status, refused = write(world, "PUT", f"Accounts/{record}", {"Phone": "1", "Fax": "2"})
    assert (status, refused["code"]) == (403, "NO_PERMISSION")
    assert refused["details"]["permissions"] == ["Crm_Implied_Edit_Accounts"]
    assert call(world, "GET", f"Accounts/{record}").content["data"][0]["Fax"] is None


def test_a_hidden_field_is_described_and_not_read(world: World) -> None:
    record = made(world, Account_Name="A", Phone="1")
    arrange(world, "PUT", "fields", module="Accounts", field="Phone", permission="hidden")
    assert described(world, "Accounts", "Phone")["visible"] is False
    assert "Phone" not in call(world, "GET", f"Accounts/{record}").content["data"][0]
    assert set(call(world, "GET", "Accounts?fields=Phone,Fax").content["data"][0]) == {"id", "Fax"}


def test_a_field_that_was_shortened_refuses_what_is_longer_and_names_its_length(world: World) -> None:
    arrange(world, "PUT", "fields", module="Accounts", field="Account_Name", length=5)
    assert described(world, "Accounts", "Account_Name")["length"] == 5
    _, refused = write(world, "POST", "Accounts", {"Account_Name": "abcdef"})
    assert refused["code"] == "INVALID_DATA"
    assert refused["details"] == {
        "maximum_length": 5,
        "api_name": "Account_Name",
        "json_path": "$.data[0].Account_Name",
    }
    made(world, Account_Name="abcde")


def test_an_open_list_takes_a_new_value_and_a_closed_one_names_its_values(world: World) -> None:
    made(world, Account_Name="A", Industry="Beekeeping")
    arrange(world, "PUT", "fields", module="Accounts", field="Industry", values=["Retail", "Other"], restricted=True)
    listed = described(world, "Accounts", "Industry")["pick_list_values"]
    assert [row["actual_value"] for row in listed] == ["Retail", "Other"]
    _, refused = write(world, "POST", "Accounts", {"Account_Name": "B", "Industry": "Beekeeping"})
    assert (refused["code"], refused["details"]["supported_values"]) == ("INVALID_DATA", ["Retail", "Other"])
    made(world, Account_Name="C", Industry="Retail")


def test_a_list_may_show_other_words_than_the_api_writes(world: World) -> None:
    values = [{"display_value": "Handel", "actual_value": "Retail"}]
    arrange(world, "PUT", "fields", module="Accounts", field="Industry", values=values, restricted=True)
    row = described(world, "Accounts", "Industry")["pick_list_values"][0]
    assert (row["display_value"], row["actual_value"]) == ("Handel", "Retail")
    made(world, Account_Name="A", Industry="Retail")
    assert write(world, "POST", "Accounts", {"Account_Name": "B", "Industry": "Handel"})[1]["code"] == "INVALID_DATA"


def test_the_stage_of_a_deal_belongs_to_its_pipeline(world: World) -> None:
    _, refused = write(world, "POST", "Deals", {"Deal_Name": "D", "Stage": "Dreaming"})
    assert refused["details"]["api_name"] == "Stage"


def test_a_field_required_by_the_layout_is_missed_although_its_description_says_it_is_optional(world: World) -> None:
    record = made(world)
    arrange(world, "PUT", "fields", module="Accounts", field="Phone", required=True)
    assert described(world, "Accounts", "Phone")["system_mandatory"] is False
    layout = call(world, "GET", "settings/layouts?module=Accounts").content["layouts"][0]
    assert {row["api_name"] for row in layout["sections"][0]["fields"] if row["required"]} == {"Account_Name", "Phone"}
    _, refused = write(world, "POST", "Accounts", {"Account_Name": "B"})
    assert (refused["code"], refused["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", "Phone")
    assert write(world, "PUT", f"Accounts/{record}", {"Phone": None})[1]["code"] == "MANDATORY_NOT_FOUND"
    assert write(world, "PUT", f"Accounts/{record}", {"Fax": "1"})[0] == 200


@pytest.mark.parametrize(
    ("state", "code", "deleting"),
    [
        ("locked", "RECORD_LOCKED", "RECORD_LOCKED"),
        ("approval", "NOT_APPROVED", "NOT_APPROVED"),
        ("review", "NOT_REVIEWED", "NOT_REVIEWED"),
        ("blueprint", "RECORD_IN_BLUEPRINT", "SUCCESS"),
    ],
)
def test_a_record_that_is_held_refuses_a_change_until_it_is_free(
    world: World, state: str, code: str, deleting: str
) -> None:
    record, free = made(world), made(world, Account_Name="B")
    before = call(world, "GET", f"Accounts/{record}").content["data"][0]["Modified_Time"]
    arrange(world, "POST", "records", module="Accounts", id=record, state=state)
    both = call(world, "PUT", "Accounts", {"data": [{"id": record, "Fax": "1"}, {"id": free, "Fax": "1"}]})
    assert (both.status, [one["code"] for one in both.content["data"]]) == (207, [code, "SUCCESS"])
    assert write(world, "POST", "Accounts/upsert", {"Account_Name": "A", "Fax": "1"})[1]["code"] == code
    shown = call(world, "GET", f"Accounts/{record}").content["data"][0]
    assert (shown["Fax"], shown["Modified_Time"], shown["Locked__s"]) == (None, before, state == "locked")
    assert call(world, "DELETE", f"Accounts/{record}").content["data"][0]["code"] == deleting
    if deleting != "SUCCESS":
        arrange(world, "POST", "records", module="Accounts", id=record, state="free")
        assert write(world, "PUT", f"Accounts/{record}", {"Fax": "1"})[0] == 200


def test_a_blueprint_may_control_single_fields(world: World) -> None:
    record = made(world)
    arrange(world, "POST", "records", module="Accounts", id=record, state="blueprint", fields=["Rating"])
    _, refused = write(world, "PUT", f"Accounts/{record}", {"Rating": "Active", "Fax": "1"})
    assert (refused["code"], refused["details"]["api_name"]) == ("RECORD_IN_BLUEPRINT", "Rating")
    assert write(world, "PUT", f"Accounts/{record}", {"Fax": "1"})[0] == 200


def test_a_module_may_be_forbidden_by_right_and_the_list_of_modules_tells(world: World) -> None:
    record = made(world)
    arrange(world, "PUT", "modules", module="Accounts", creatable=False, editable=False, deletable=False)
    rows = {row["api_name"]: row for row in call(world, "GET", "settings/modules").content["modules"]}
    assert [rows["Accounts"][right] for right in ("creatable", "editable", "deletable", "viewable")] == [False] * 3 + [
        True
    ]
    status, refused = write(world, "POST", "Accounts", {"Account_Name": "B"})
    assert (status, refused["code"], refused["message"]) == (403, "NO_PERMISSION", "permission denied to create")
    assert write(world, "PUT", f"Accounts/{record}", {"Fax": "1"})[0] == 403
    gone = call(world, "DELETE", f"Accounts/{record}")
    assert (gone.status, gone.content["data"][0]["details"]["id"]) == (403, record)
    assert call(world, "GET", f"Accounts/{record}").status == 200


def test_a_module_that_may_not_be_read_is_403_and_one_the_api_does_not_support_is_no_module(world: World) -> None:
    record = made(world)
    arrange(world, "PUT", "modules", module="Accounts", viewable=False)
    for path in ("Accounts?fields=id", f"Accounts/{record}", "Accounts/deleted", "settings/fields?module=Accounts"):
        answer = call(world, "GET", path)
        assert (answer.status, answer.content["code"]) == (403, "NO_PERMISSION"), path
        assert answer.content["details"] == {"permissions": ["Crm_Implied_View_Accounts"]}
    arrange(world, "PUT", "modules", module="Accounts", api_supported=False, status="system_hidden")
    assert call(world, "GET", "Accounts?fields=id").content["code"] == "INVALID_MODULE"
    hidden = call(world, "GET", "settings/modules?status=system_hidden").content["modules"]
    assert [row["api_supported"] for row in hidden] == [False, False]
    assert hidden[0]["api_name"] == "Accounts"
    assert call(world, "GET", "settings/modules?status=odd").status == 400


def sent(world: World, method: str, path: str, body: Any = None, **query: str) -> Response:
    """As from outside: automation leaves its notes."""
    handler, values, _ = world.router.find(method, f"/crm/v8/{path}")
    assert handler is not None
    request = Request(method, f"/crm/v8/{path}", query=query, body=orjson.dumps(body))
    return handler(world, request, **values)


def notes(world: World) -> list[dict[str, Any]]:
    return list(world.call("GET", "/_sandbox/automation").content["fired"])


def test_automation_is_told_what_would_have_run_and_what_was_skipped(world: World) -> None:
    data = [{"Account_Name": "A"}]
    sent(world, "POST", "Accounts", {"data": data, "trigger": [], "skip_feature_execution": [{"name": "cadences"}]})
    assert notes(world) == []
    skip = [{"name": "cadences", "action": "update"}, {"name": "assignment_rules", "action": "insert"}]
    body = {"data": data, "trigger": ["workflow"], "skip_feature_execution": skip}
    sent(world, "POST", "Accounts/upsert", body | {"apply_feature_execution": [{"name": "layout_rules"}]})
    (note,) = notes(world)
    assert (note["event"], note["features"]) == ("update", ["workflow"])
    assert (note["skipped"], note["applied"]) == (["cadences"], ["layout_rules"])


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ({"trigger": ["workflows"]}, "$.trigger"),
        ({"trigger": "workflow"}, "$.trigger"),
        ({"skip_feature_execution": [{"name": "cadence"}]}, "$.skip_feature_execution[0].name"),
        ({"skip_feature_execution": [{"name": "cadences", "action": "delete"}]}, "$.skip_feature_execution[0].action"),
        ({"skip_feature_execution": ["cadences"]}, "$.skip_feature_execution[0]"),
        ({"apply_feature_execution": [{"name": "cadences"}]}, "$.apply_feature_execution[0].name"),
    ],
)
def test_a_feature_nobody_knows_is_refused(world: World, extra: dict[str, Any], path: str) -> None:
    answer = call(world, "POST", "Accounts", {"data": [{"Account_Name": "A"}], **extra})
    assert (answer.status, answer.content["code"], answer.content["details"]["json_path"]) == (
        400,
        "INVALID_DATA",
        path,
    )


def test_a_deletion_triggers_unless_it_is_told_not_to(world: World) -> None:
    quiet, loud = made(world), made(world, Account_Name="B")
    sent(world, "DELETE", f"Accounts/{quiet}", wf_trigger="false")
    assert notes(world) == []
    sent(world, "DELETE", "Accounts", ids=loud)
    assert [note["event"] for note in notes(world)] == ["delete"]
    assert sent(world, "DELETE", "Accounts", ids=loud, wf_trigger="no").content["code"] == "INVALID_DATA"


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "modules", {"module": "Nonsense"}, "there is no module 'Nonsense'"),
        ("PUT", "modules", {"module": "Accounts", "creatable": "no"}, "'creatable' cannot be 'no'"),
        ("PUT", "fields", {"module": "Accounts", "field": "Nonsense"}, "there is no field 'Accounts.Nonsense'"),
        ("PUT", "fields", {"module": "Accounts", "field": "Fax", "permission": "x"}, "unknown permission 'x'"),
        ("POST", "records", {"module": "Accounts", "id": "1", "state": "locked"}, "there is no record '1'"),
        ("POST", "records", {"module": "Accounts", "id": "1", "state": "odd"}, "unknown state 'odd'"),
        ("DELETE", "fields", {"module": "Accounts"}, "the key 'field' is missing"),
    ],
)
def test_what_cannot_be_arranged_is_said_in_a_sentence(
    world: World, method: str, path: str, body: dict[str, Any], said: str
) -> None:
    answer = world.call(method, f"/_sandbox/crm/{path}", body)
    assert answer.status == 400
    assert said in answer.content["error"]


def test_a_field_can_be_taken_away_with_its_values(world: World) -> None:
    record = made(world, Account_Name="A", Phone="1")
    arrange(world, "DELETE", "fields", module="Accounts", field="Phone")
    assert "Phone" not in call(world, "GET", f"Accounts/{record}").content["data"][0]
    assert write(world, "PUT", f"Accounts/{record}", {"Phone": "1"})[1]["details"]["api_name"] == "Phone"
