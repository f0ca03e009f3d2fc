"""Custom fields made through the API, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sandbox_worlds import call

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.web import Response
from ofrecord_sandbox.world import World

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8" / "fields.json"
TEXT = {"field_label": "ERP Number", "data_type": "text", "length": 40}


@pytest.fixture
def world() -> World:
    return new_world()


def create(world: World, *fields: Any, module: str = "Accounts") -> Response:
    return call(world, "POST", f"settings/fields?module={module}", {"fields": list(fields)})


def made(world: World, field: dict[str, Any]) -> dict[str, Any]:
    answer = create(world, field)
    assert answer.status == 201, answer.content
    field_id = answer.content["fields"][0]["details"]["id"]
    return dict(call(world, "GET", f"settings/fields/{field_id}?module=Accounts").content["fields"][0])


def test_a_field_gets_its_api_name_from_its_label_and_takes_values_at_once(world: World) -> None:
    row = made(world, TEXT)
    assert (row["api_name"], row["length"], row["custom_field"]) == ("ERP_Number", 40, True)
    answer = call(world, "POST", "Accounts", {"data": [{"Account_Name": "A", "ERP_Number": "x" * 41}]})
    assert answer.content["data"][0]["details"]["maximum_length"] == 40
    assert call(world, "POST", "Accounts", {"data": [{"Account_Name": "A", "ERP_Number": "7"}]}).status == 201


def test_an_external_field_finds_its_record_by_upsert(world: World) -> None:
    row = made(world, TEXT | {"external": {"type": "org", "show": False}})
    assert row["external"] == {"type": "org", "show": False}
    for name, action in (("A", "insert"), ("B", "update")):
        body = {"data": [{"Account_Name": name, "ERP_Number": "7"}], "duplicate_check_fields": ["ERP_Number"]}
        assert call(world, "POST", "Accounts/upsert", body).content["data"][0]["action"] == action


@pytest.mark.parametrize("unique", [True, {"case_sensitive": False}])
def test_a_unique_field_takes_no_value_twice(world: World, unique: Any) -> None:
    assert made(world, TEXT | {"unique": unique})["unique"] == {"case_sensitive": False}
    for name, status in (("A", 201), ("B", 400)):
        assert call(world, "POST", "Accounts", {"data": [{"Account_Name": name, "ERP_Number": "7"}]}).status == status


@pytest.mark.parametrize(
    ("field", "kind", "value"),
    [
        ({"data_type": "integer"}, "integer", 7),
        ({"data_type": "double", "decimal_place": 3}, "double", 7.125),
        ({"data_type": "currency"}, "currency", 7.5),
        ({"data_type": "date"}, "date", "2026-03-01"),
        ({"data_type": "boolean"}, "boolean", True),
        ({"data_type": "textarea", "textarea": {"type": "large"}}, "textarea", "x" * 32000),
        (
            {"data_type": "picklist", "pick_list_values": [{"display_value": "Eins", "actual_value": "One"}]},
            "picklist",
            "One",
        ),
    ],
)
def test_a_field_of_every_kind_keeps_a_value(world: World, field: dict[str, Any], kind: str, value: Any) -> None:
    row = made(world, {"field_label": "Mine", **field})
    assert row["data_type"] == kind
    answer = call(world, "POST", "Accounts", {"data": [{"Account_Name": "A", "Mine": value}]})
    record = answer.content["data"][0]["details"]["id"]
    assert call(world, "GET", f"Accounts/{record}").content["data"][0]["Mine"] == value


def test_a_lookup_points_to_its_module(world: World) -> None:
    made(world, {"field_label": "Wholesaler", "data_type": "lookup", "lookup": {"module": {"api_name": "Vendors"}}})
    vendor = call(world, "POST", "Vendors", {"data": [{"Vendor_Name": "V"}]}).content["data"][0]["details"]["id"]
    values = {"Account_Name": "A", "Wholesaler": {"id": vendor}}
    record = call(world, "POST", "Accounts", {"data": [values]}).content["data"][0]["details"]["id"]
    shown = call(world, "GET", f"Accounts/{record}").content["data"][0]["Wholesaler"]
    assert shown == {"name": "V", "id": vendor}


def test_a_field_is_made_with_the_permission_of_the_profile(world: World) -> None:
    profile = {"id": "554023000000001003", "permission_type": "read_only"}
    assert made(world, TEXT | {"profiles": [profile]})["read_only"] is True
    refused = call(world, "POST", "Accounts", {"data": [{"Account_Name": "A", "ERP_Number": "7"}]})
    assert refused.content["data"][0]["code"] == "NO_PERMISSION"


def test_a_deleted_field_leaves_its_api_name_behind(world: World) -> None:
    row = made(world, TEXT)
    call(world, "POST", "Accounts", {"data": [{"Account_Name": "A", "ERP_Number": "7"}]})
    gone = call(world, "DELETE", f"settings/fields/{row['id']}?module=Accounts")
    assert (gone.status, gone.content["fields"][0]["code"]) == (200, "SUCCESS")
    assert call(world, "GET", "Accounts?fields=ERP_Number").content["code"] == "INVALID_DATA"
    assert made(world, TEXT)["api_name"] == "ERP_Number1"
    rows = call(world, "GET", "settings/fields?module=Accounts").content["fields"]
    own = next(one for one in rows if one["api_name"] == "Phone")
    kept = call(world, "DELETE", f"settings/fields/{own['id']}?module=Accounts")
    assert kept.content["code"] == "NOT_ALLOWED"


@pytest.mark.parametrize(
    ("field", "code", "name"),
    [
        ({"data_type": "text"}, "MANDATORY_NOT_FOUND", "field_label"),
        ({"field_label": "A"}, "MANDATORY_NOT_FOUND", "data_type"),
        ({"field_label": "x" * 26, "data_type": "text"}, "INVALID_DATA", "field_label"),
        ({"field_label": 7, "data_type": "text"}, "INVALID_DATA", "field_label"),
        ({"field_label": "Phone", "data_type": "text"}, "DUPLICATE_DATA", "field_label"),
        ({"field_label": "Id", "data_type": "text"}, "RESERVED_KEYWORD_NOT_ALLOWED", "field_label"),
        ({"field_label": "A", "data_type": "words"}, "INVALID_DATA", "data_type"),
        ({"field_label": "A", "data_type": "formula"}, "NOT_SUPPORTED", None),
        ({"field_label": "A", "data_type": "text", "length": 256}, "DEPENDENT_MISMATCH", "length"),
        ({"field_label": "A", "data_type": "text", "length": "9"}, "INVALID_DATA", "length"),
        ({"field_label": "A", "data_type": "picklist"}, "DEPENDENT_FIELD_MISSING", "pick_list_values"),
        (
            {"field_label": "A", "data_type": "picklist", "pick_list_values": ["x"]},
            "MANDATORY_NOT_FOUND",
            "display_value",
        ),
        ({"field_label": "A", "data_type": "lookup"}, "DEPENDENT_FIELD_MISSING", "lookup"),
        (
            {"field_label": "A", "data_type": "lookup", "lookup": {"module": {"api_name": "X"}}},
            "INVALID_DATA",
            "api_name",
        ),
        ({"field_label": "A", "data_type": "boolean", "unique": True}, "DEPENDENT_MISMATCH", "unique"),
        ({"field_label": "A", "data_type": "date", "external": {"type": "org"}}, "DEPENDENT_MISMATCH", "external"),
        ({"field_label": "A", "data_type": "text", "external": {"type": "x"}}, "INVALID_DATA", "type"),
        ({"field_label": "A", "data_type": "text", "odd": 1}, "INVALID_DATA", "odd"),
    ],
)
def test_a_field_that_cannot_be_made_is_refused_and_none_of_the_call_is_made(
    world: World, field: dict[str, Any], code: str, name: str | None
) -> None:
    answer = create(world, TEXT, field)
    (refused,) = answer.content["fields"]
    assert (answer.status, refused["code"], refused["details"].get("api_name")) == (400, code, name)
    rows = call(world, "GET", "settings/fields?module=Accounts").content["fields"]
    assert "ERP_Number" not in {row["api_name"] for row in rows}


def test_the_call_itself_may_be_wrong(world: World) -> None:
    assert call(world, "POST", "settings/fields", {"fields": [TEXT]}).content["code"] == "REQUIRED_PARAM_MISSING"
    assert create(world, TEXT, module="Nonsense").content["code"] == "INVALID_MODULE"
    assert call(world, "POST", "settings/fields?module=Accounts", {}).content["code"] == "MANDATORY_NOT_FOUND"
    many = create(world, *[{"field_label": f"F{number}", "data_type": "text"} for number in range(6)])
    assert (many.content["code"], many.content["details"]) == ("LIMIT_EXCEEDED", {"limit": 5})


@pytest.mark.real_input
@pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason=f"the vendor's OpenAPI files are not beside the project ({SPECIFICATION})"
)
def test_answers_have_the_shape_the_vendor_publishes(world: World) -> None:
    document = json.loads(SPECIFICATION.read_text())
    answers = document["paths"]["/settings/fields"]["post"]["responses"]
    wrong = {"field_label": "A", "data_type": "text", "length": 256}
    for answer in (create(world, TEXT), create(world, wrong), create(world, TEXT)):
        schema = answers[str(answer.status)]["content"]["application/json"]["schema"]
        checker = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
        assert [error.message for error in checker.iter_errors(json.loads(answer.encoded()))] == []
