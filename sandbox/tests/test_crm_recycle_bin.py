"""Deleted records: in the bin, restored, gone for good, sent again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sandbox_worlds import call

from ofrecord_sandbox.world import World

SPECIFICATION = (
    Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8" / "recycle_bin.json"
)
BIN = "settings/recycle_bin"


def made(world: World, module: str = "Accounts", **values: Any) -> str:
    answer = call(world, "POST", module, {"data": [values or {"Account_Name": "A"}], "trigger": []})
    assert answer.status == 201, answer.content
    return str(answer.content["data"][0]["details"]["id"])


def deleted(world: World, **values: Any) -> str:
    record = made(world, **values)
    call(world, "DELETE", f"Accounts/{record}")
    return record


def test_a_deleted_record_sent_again_by_its_external_value_becomes_a_new_one(world: World) -> None:
    first = made(world, "Accounts", Account_Name="A", Inventory_ID="7")
    call(world, "DELETE", f"Accounts/{first}")
    body = {"data": [{"Account_Name": "A", "Inventory_ID": "7"}], "duplicate_check_fields": ["Inventory_ID"]}
    again = call(world, "POST", "Accounts/upsert", body).content["data"][0]
    assert again["action"] == "insert"
    assert again["details"]["id"] != first
    assert [row["id"] for row in call(world, "GET", "Accounts/deleted").content["data"]] == [first]


def test_it_may_be_that_the_bin_keeps_a_unique_value(world: World) -> None:
    first = deleted(world, Account_Name="A", Inventory_ID="7")
    world.call("POST", "/_sandbox/crm/bin", {"keeps_unique_values": True})
    body = {"data": [{"Account_Name": "A", "Inventory_ID": "7"}], "duplicate_check_fields": ["Inventory_ID"]}
    refused = call(world, "POST", "Accounts/upsert", body).content["data"][0]
    assert (refused["code"], refused["details"]["duplicate_record"]["id"]) == ("DUPLICATE_DATA", first)
    call(world, "DELETE", f"{BIN}/{first}")
    assert call(world, "POST", "Accounts/upsert", body).content["data"][0]["action"] == "insert"


def test_a_restored_record_is_there_again_as_it_was(world: World) -> None:
    record = deleted(world, Account_Name="A", Inventory_ID="7", Phone="1")
    world.clock.move(timedelta(days=3))
    (row,) = call(world, "GET", BIN).content["recycle_bin"]
    assert (row["id"], row["display_name"], row["module"]) == (record, "A", "Accounts")
    answer = call(world, "POST", f"{BIN}/{record}/actions/restore")
    assert (answer.status, answer.content["recycle_bin"][0]["code"]) == (200, "SUCCESS")
    again = call(world, "GET", f"Accounts/{record}").content["data"][0]
    assert (again["Phone"], again["Modified_Time"]) == ("1", "2026-03-01T10:00:00+01:00")
    assert call(world, "GET", "Accounts/deleted").status == 204
    assert call(world, "GET", BIN).status == 204
    assert call(world, "POST", f"{BIN}/{record}/actions/restore").status == 204


def test_several_are_restored_in_one_call_unless_their_value_was_taken(world: World) -> None:
    taken, free = deleted(world, Account_Name="A", Inventory_ID="7"), deleted(world, Account_Name="B")
    made(world, Account_Name="C", Inventory_ID="7")
    answer = call(world, "POST", f"{BIN}/actions/restore", {"ids": [taken, free]})
    assert answer.status == 207
    assert {one["code"] for one in answer.content["recycle_bin"]} == {"DUPLICATE_DATA", "SUCCESS"}
    assert call(world, "GET", f"{BIN}/{taken}").status == 200
    assert call(world, "GET", f"Accounts/{free}").status == 200


def test_what_is_deleted_from_the_bin_is_known_by_its_id_alone(world: World) -> None:
    first, second = deleted(world, Account_Name="A"), deleted(world, Account_Name="B")
    assert call(world, "GET", f"{BIN}/actions/count").content == {"count": 2}
    call(world, "DELETE", f"{BIN}/{first}")
    rows = {row["id"]: row for row in call(world, "GET", "Accounts/deleted?type=all").content["data"]}
    assert (rows[first]["type"], rows[first]["display_name"]) == ("permanent", None)
    assert rows[second]["type"] == "recycle"
    call(world, "POST", f"{BIN}/actions/empty")
    assert call(world, "GET", f"{BIN}/actions/count").content == {"count": 0}


def test_after_60_days_nothing_can_be_restored(world: World) -> None:
    record = deleted(world)
    world.clock.move(timedelta(days=60))
    assert call(world, "POST", f"{BIN}/{record}/actions/restore").status == 204


def test_a_restore_says_what_it_wants(world: World) -> None:
    assert call(world, "POST", f"{BIN}/actions/restore", {}).content["code"] == "MANDATORY_NOT_FOUND"
    assert call(world, "POST", f"{BIN}/actions/restore", {"filters": {}}).content["code"] == "NOT_SUPPORTED"


@pytest.mark.real_input
@pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason=f"the vendor's OpenAPI files are not beside the project ({SPECIFICATION})"
)
def test_answers_have_the_shape_the_vendor_publishes(world: World) -> None:
    document = json.loads(SPECIFICATION.read_text())
    record = deleted(world)
    cases = [
        ("GET", BIN, "/settings/recycle_bin"),
        ("GET", f"{BIN}/{record}", "/settings/recycle_bin/{recordId}"),
        ("GET", f"{BIN}/actions/count", "/settings/recycle_bin/actions/count"),
        ("POST", f"{BIN}/{record}/actions/restore", "/settings/recycle_bin/{recordId}/actions/restore"),
    ]
    for method, url, path in cases:
        answer = call(world, method, url)
        answers = document["paths"][path][method.lower()]["responses"]
        schema = answers[str(answer.status)]["content"]["application/json"]["schema"]
        checker = jsonschema.Draft202012Validator({**schema, "components": document.get("components", {})})
        assert [error.message for error in checker.iter_errors(json.loads(answer.encoded()))] == [], url
