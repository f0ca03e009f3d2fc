"""Custom modules made through the API, and what it refuses; the module the shipped rules use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sandbox_worlds import call

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.crm.settings import PROFILE
from ofrecord_sandbox.web import Response
from ofrecord_sandbox.world import World

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8" / "modules.json"
WANTED = {
    "plural_label": "Site visits", "singular_label": "Site visit", "api_name": "Site_Visits", "profiles": [{"id": PROFILE["id"]}],
    "display_field": {"field_label": "Name", "data_type": "text"},
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return new_world()


def create(world: World, *modules: Any) -> Response:
    return call(world, "POST", "settings/modules", {"modules": list(modules)})


def test_a_module_that_was_made_takes_fields_and_records_and_stands_among_the_related_lists(world: World) -> None:
    assert create(world, WANTED).status == 201
    row = call(world, "GET", "settings/modules/Site_Visits").content["modules"][0]
    assert (row["singular_label"], row["plural_label"], row["generated_type"]) == (
        "Site visit",
        "Site visits",
        "custom",
    )
    assert row["profiles"] == [PROFILE]
    lookup = {"field_label": "Account", "data_type": "lookup", "lookup": {"module": {"api_name": "Accounts"}}}
    assert call(world, "POST", "settings/fields?module=Site_Visits", {"fields": [lookup]}).status == 201
    made = call(world, "POST", "Accounts", {"data": [{"Account_Name": "A"}]}).content["data"][0]["details"]["id"]
    visit = {"Name": "V-1", "Account": {"id": made}}
    assert call(world, "POST", "Site_Visits", {"data": [visit]}).status == 201
    listed = call(world, "GET", f"Accounts/{made}/Site_Visits?fields=Name").content["data"]
    assert [one["Name"] for one in listed] == ["V-1"]


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        ({"api_name": "Accounts"}, "DUPLICATE_DATA", "api_name"),
        ({"plural_label": "Finance document"}, "DUPLICATE_DATA", "plural_label"),
        ({"api_name": "Site_Visits_"}, "INVALID_DATA", "api_name"),
        ({"api_name": "Site__Visits"}, "INVALID_DATA", "api_name"),
        ({"plural_label": "x" * 26}, "INVALID_DATA", "plural_label"),
        ({"singular_label": "Site-visit"}, "INVALID_DATA", "singular_label"),
        ({"singular_label": None}, "MANDATORY_NOT_FOUND", "singular_label"),
        ({"profiles": []}, "MANDATORY_NOT_FOUND", "profiles"),
        ({"profiles": [{"id": "1"}]}, "INVALID_DATA", "id"),
        ({"colour": "red"}, "INVALID_DATA", "colour"),
    ],
)
def test_what_is_wrong_with_a_module_is_named_and_nothing_is_made(
    world: World, change: dict[str, Any], code: str, names: str
) -> None:
    answer = create(world, WANTED | change)
    [error] = answer.content["modules"]
    assert (answer.status, error["code"], error["details"]["api_name"]) == (400, code, names)
    assert call(world, "GET", "settings/modules/Site_Visits").status == 400


def test_one_module_is_made_a_call(world: World) -> None:
    answer = create(world, WANTED, WANTED | {"api_name": "Others", "plural_label": "Others"})
    assert (answer.status, answer.content["code"]) == (400, "LIMIT_EXCEEDED")


def test_the_answer_is_of_the_shape_the_vendors_file_gives_it(world: World) -> None:
    if not SPECIFICATION.is_file():
        pytest.skip("the vendor's OpenAPI files are not on this machine")
    paths = json.loads(SPECIFICATION.read_text(encoding="utf-8"))["paths"]
    [said] = [said for path, said in paths.items() if path.endswith("/settings/modules")]
    shape = said["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    jsonschema.validate(create(world, WANTED).content, shape)


def test_the_seed_holds_the_module_of_the_shipped_rules(world: World) -> None:
    fields = {
        one["api_name"]: one for one in call(world, "GET", "settings/fields?module=Finance_Documents").content["fields"]
    }
    lookups = {
        name: one["lookup"]["module"]["api_name"] for name, one in fields.items() if one["data_type"] == "lookup"
    }
    assert lookups == {"Account": "Accounts", "Vendor": "Vendors", "Deal": "Deals", "Invoice": "Finance_Documents"}
    assert fields["Inventory_ID"]["external"] == {"type": "org", "show": False}
