"""Answers against the vendor's own OpenAPI files, beside the project; what differs is listed with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.world import World

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8"
pytestmark = [
    pytest.mark.real_input,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the vendor's OpenAPI files are not beside the project ({FOLDER})"),
]

ACCOUNT = {"data": [{"Account_Name": "A"}]}
RECORD = "554023000001000001"
ONE = "/{module}/{recordID}"

CASES = [
    ("POST", "Accounts", ACCOUNT, "record.json", "/{module}"),
    ("POST", "Accounts", {"data": [{}]}, "record.json", "/{module}"),
    ("GET", "Accounts?fields=Account_Name,Modified_Time,Owner", None, "record.json", "/{module}"),
    ("GET", f"Accounts/{RECORD}", None, "record.json", ONE),
    ("PUT", f"Accounts/{RECORD}", {"data": [{"Phone": "1"}]}, "record.json", ONE),
    ("POST", "Accounts/upsert", ACCOUNT, "record.json", "/{module}/upsert"),
    ("DELETE", f"Accounts/{RECORD}", None, "record.json", ONE),
    ("GET", "Accounts/deleted?type=all", None, "record.json", "/{module}/deleted"),
    ("GET", "settings/fields?module=Quotes", None, "fields.json", "/settings/fields"),
    ("GET", "settings/modules", None, "modules.json", "/settings/modules"),
]

DEVIATIONS = {
    "next_page_token": "the vendor answers null when there is no further page; the file says string",
    "previous_page_token": "as next_page_token",
    "page_token_expiry": "as next_page_token",
    "'action', 'duplicate_field'": "the vendor's upsert pages show both keys; the file forgets them",
}
LEFT_OUT = "is a required property"
"""Keys of field and module descriptions that concern the vendor's own pages are not imitated."""


def differences(world: World, case: tuple[str, str, Any, str, str]) -> tuple[list[str], int]:
    method, url, body, file, path = case
    answer = world.call(method, f"/crm/v8/{url}", body)
    document = json.loads((FOLDER / file).read_text())
    answers = document["paths"][path][method.lower()]["responses"]
    schema = answers[str(answer.status)]["content"]["application/json"]["schema"]
    checker = jsonschema.Draft202012Validator({**schema, "components": document.get("components", {})})
    found = []
    for error in checker.iter_errors(json.loads(answer.encoded())):
        said = f"{error.json_path}: {error.message[-200:]}"
        known = any(word in said for word in DEVIATIONS) or (path.startswith("/settings") and LEFT_OUT in said)
        if not known:
            found.append(said)
    return found, answer.status


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]}")
def test_answers_have_the_shape_the_vendor_publishes(case: tuple[str, str, Any, str, str]) -> None:
    world = new_world()
    if case != CASES[0] and case != CASES[1]:
        world.call("POST", "/crm/v8/Accounts", ACCOUNT)
    if "deleted" in case[1]:
        world.call("DELETE", f"/crm/v8/Accounts/{RECORD}")
    found, _ = differences(world, case)
    assert found == []
