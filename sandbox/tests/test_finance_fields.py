"""Custom fields of the finance APIs: how they are arranged, written and found again, and what an upsert by one of them does."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance
from ofrecord_sandbox.web import Request

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Office(Finance):
    """A world with short ways to fields and contacts."""

    def field(self, module: str, api_name: str, **more: Any) -> str:
        body = {"module": module, "label": api_name.removeprefix("cf_").title(), "api_name": api_name, **more}
        return str(self.ok("POST", f"{INVENTORY}/settings/customfields", body)["customfield"]["customfield_id"])

    def contact(self, name: str, **values: Any) -> dict[str, Any]:
        return dict(
            self.ok("POST", f"{BOOKS}/contacts", {"contact_name": name, "custom_fields": given(values)})["contact"]
        )

    def upsert(self, value: str, body: dict[str, Any], create: str = "true") -> tuple[int, dict[str, Any]]:
        headers = {"x_unique_identifier_key": "cf_crm_id", "x_unique_identifier_value": value, "x_upsert": create}
        return self.call("PUT", f"{BOOKS}/contacts", body, **headers)

    def names(self) -> list[str]:
        return sorted(row["contact_name"] for row in self.ok("GET", f"{BOOKS}/contacts")["contacts"])


def given(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"api_name": name, "value": value} for name, value in values.items()]


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize(
    ("data_type", "good", "bad"),
    [
        ("string", "x" * 255, "x" * 256),
        ("text_area", "x" * 2000, 7),
        ("number", 7, 7.5),
        ("decimal", 7.25, "dear"),
        ("amount", 1.5, True),
        ("date", "2026-03-02", "02.03.2026"),
        ("check_box", True, "yes"),
        ("dropdown", "red", "blue"),
        ("multiselect", ["red", "green"], ["blue"]),
    ],
)
def test_a_custom_field_keeps_what_its_type_allows(office, data_type, good, bad):
    office.field("contact", "cf_new", data_type=data_type, values=["red", "green"])
    made = office.contact("A", cf_new=good)
    assert made["custom_field_hash"]["cf_new"] == good
    body = {"custom_fields": given({"cf_new": bad})}
    assert office.code("PUT", f"{BOOKS}/contacts/{made['contact_id']}", body) in {4, 15}


def test_preferences_describe_a_field_that_was_arranged(office):
    key = office.field("item", "cf_colour", data_type="dropdown", values=["red"], is_mandatory=True)
    office.ok("PUT", f"{INVENTORY}/settings/customfields/{key}", {"label": "Paint", "values": ["red", "blue"]})
    fields = office.ok("GET", f"{BOOKS}/settings/preferences")["customfields"]["item"]
    [field] = [one for one in fields if one["api_name"] == "cf_colour"]
    assert (field["label"], field["data_type"], field["values"]) == ("Paint", "dropdown", ["red", "blue"])
    assert (field["is_mandatory"], field["is_active"], field["is_unique"]) == (True, True, False)


def test_a_field_without_a_proper_or_free_name_is_refused(office):
    body = {"module": "item", "label": "X", "api_name": "cf_crm_id"}
    for wrong in (body, body | {"api_name": "colour"}, body | {"api_name": "cf_x", "data_type": "colour"}):
        assert office.code("POST", f"{INVENTORY}/settings/customfields", wrong) == 4


def test_a_mandatory_field_is_demanded_of_new_records_and_cannot_be_cleared(office):
    old = office.contact("Old")
    office.field("contact", "cf_region", is_mandatory=True)
    assert office.code("POST", f"{BOOKS}/contacts", {"contact_name": "A"}) == 4
    made = office.contact("A", cf_region="North")
    body = {"custom_fields": given({"cf_region": ""})}
    assert office.code("PUT", f"{BOOKS}/contacts/{made['contact_id']}", body) == 4
    office.ok("PUT", f"{BOOKS}/contacts/{old['contact_id']}", {"notes": "an update without custom fields"})


def test_an_inactive_field_is_neither_shown_nor_written_and_a_deleted_one_loses_its_values(office):
    key = office.field("contact", "cf_region")
    made = office.contact("A", cf_region="North")
    path, own = f"{INVENTORY}/settings/customfields/{key}", f"{BOOKS}/contacts/{made['contact_id']}"
    office.ok("PUT", path, {"is_active": False})
    assert office.ok("GET", own)["contact"]["custom_fields"] == []
    assert office.code("PUT", own, {"custom_fields": given({"cf_region": "South"})}) == 2
    office.ok("PUT", path, {"is_active": True})
    assert office.ok("GET", own)["contact"]["custom_field_hash"]["cf_region"] == "North"
    office.ok("DELETE", path)
    assert office.ok("GET", own)["contact"]["custom_field_hash"] == {}
    assert office.code("PUT", path, {}) == 1002


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_the_short_path_is_there_where_it_is_documented_only(office, door, monkeypatch):
    for module in ("invoice", "contact"):
        office.field(module, "cf_note")
    contact = office.contact("A")["contact_id"]
    item = office.ok("POST", f"{INVENTORY}/items", {"name": "Bolt", "rate": 1})["item"]["item_id"]
    body = {"customer_id": contact, "line_items": [{"item_id": item}]}
    order = office.ok("POST", f"{door}/salesorders", body)["salesorder"]["salesorder_id"]
    invoice = office.ok("POST", f"{door}/invoices", body)["invoice"]["invoice_id"]
    for path, name in ((f"item/{item}", "cf_crm_id"), (f"invoice/{invoice}", "cf_note")):
        office.ok("PUT", f"{door}/{path}/customfields", given({name: "7"}))
    status, answer = office.call("PUT", f"{door}/salesorder/{order}/customfields", given({"cf_crm_id": "7"}))
    assert (status, answer["code"]) == ((200, 0) if door == BOOKS else (404, 5))
    assert office.code("PUT", f"{door}/contact/{contact}/customfields", given({"cf_note": "7"})) == 5
    monkeypatch.setattr(finance.doubts, "undocumented_field_paths", True)
    office.ok("PUT", f"{door}/contact/{contact}/customfields", given({"cf_note": "7"}))


def test_books_lists_the_fields_of_an_invoice_and_writes_those_of_a_credit_note(office):
    for module in ("invoice", "creditnote"):
        office.field(module, "cf_note")
    body = {"customer_id": office.contact("A")["contact_id"], "line_items": [{"name": "Work", "rate": 1}]}
    invoice = office.ok("POST", f"{BOOKS}/invoices", body | {"custom_fields": given({"cf_note": "7"})})["invoice"]
    [field] = office.ok("GET", f"{BOOKS}/invoices/{invoice['invoice_id']}/customfields")["custom_fields"]
    assert (field["api_name"], field["value"]) == ("cf_note", "7")
    note = office.ok("POST", f"{BOOKS}/creditnotes", body)["creditnote"]["creditnote_id"]
    path = f"{BOOKS}/creditnotes/{note}/customfields"
    office.ok("POST", path, {"custom_fields": [{"index": 1, "value": "8"}]})
    assert office.ok("GET", path)["custom_fields"][0]["value"] == "8"


def test_fields_are_not_written_by_api_name_when_the_doubt_says_so(office, monkeypatch):
    made = office.contact("A")
    monkeypatch.setattr(finance.doubts, "field_written_by_api_name", False)
    path = f"{BOOKS}/contacts/{made['contact_id']}"
    assert office.code("PUT", path, {"custom_fields": given({"cf_crm_id": "7"})}) == 4
    office.ok("PUT", path, {"custom_fields": [{"label": "CRM id", "value": "7"}]})


def test_a_body_that_is_no_json_is_answered_in_the_vendors_words(office):
    request = Request(method="POST", path=f"{BOOKS}/contacts", body=b"contact_name=A", internal=True)
    handler, _, _ = office.world.router.find("POST", request.path)
    answer = handler(office.world, request)
    assert (answer.status, answer.content) == (400, {"code": 1038, "message": "JSON is not well formed"})


def test_a_record_an_upsert_creates_has_its_key_only_from_the_body_unless_the_doubt_says_otherwise(office, monkeypatch):
    assert office.upsert("77", {"contact_name": "A"})[0] == 201
    status, answer = office.upsert("77", {"contact_name": "A"})
    assert (status, answer["code"]) == (400, 3062)
    monkeypatch.setattr(finance.doubts, "upsert_stamps_key", True)
    first = office.upsert("78", {"contact_name": "B"})[1]["contact"]
    assert first["custom_field_hash"]["cf_crm_id"] == "78"
    assert office.upsert("78", {"notes": "again"})[1]["contact"]["contact_id"] == first["contact_id"]


def test_an_upsert_creates_anew_what_was_deleted_unless_the_doubt_says_otherwise(office, monkeypatch):
    body = {"contact_name": "A", "custom_fields": given({"cf_crm_id": "77"})}
    first = office.upsert("77", body)[1]["contact"]["contact_id"]
    office.ok("DELETE", f"{BOOKS}/contacts/{first}")
    status, answer = office.upsert("77", body)
    assert (status, answer["contact"]["contact_id"] != first) == (201, True)
    office.ok("DELETE", f"{BOOKS}/contacts/{answer['contact']['contact_id']}")
    monkeypatch.setattr(finance.doubts, "upsert_remembers_deleted", True)
    assert office.upsert("77", body)[1]["code"] == 1002
    assert office.names() == []


def test_an_upsert_changes_an_inactive_record_and_leaves_it_inactive(office):
    made = office.contact("A", cf_crm_id="77")
    office.ok("POST", f"{BOOKS}/contacts/{made['contact_id']}/inactive")
    shown = office.upsert("77", {"notes": "x"})[1]["contact"]
    assert (shown["contact_id"], shown["notes"], shown["status"]) == (made["contact_id"], "x", "inactive")


def test_an_upsert_with_several_holders_is_refused_unless_the_doubt_takes_the_oldest(office, monkeypatch):
    key = office.ok("GET", f"{BOOKS}/settings/preferences")["customfields"]["contact"][0]["customfield_id"]
    path = f"{BOOKS}/settings/customfields/{key}"
    office.ok("PUT", path, {"is_unique": False})
    first = office.contact("A", cf_crm_id="77")
    office.contact("B", cf_crm_id="77")
    assert office.upsert("77", {"notes": "x"})[1]["code"] == 4
    office.ok("PUT", path, {"is_unique": True})
    assert office.upsert("77", {"notes": "x"})[1]["code"] == 1045
    monkeypatch.setattr(finance.doubts, "upsert_takes_first_of_many", True)
    assert office.upsert("77", {"notes": "x"})[1]["contact"]["contact_id"] == first["contact_id"]


def test_where_header_and_body_differ_the_header_finds_and_the_body_is_written(office):
    made = office.contact("A", cf_crm_id="77")
    shown = office.upsert("77", {"custom_fields": given({"cf_crm_id": "78"})})[1]["contact"]
    assert (shown["contact_id"], shown["custom_field_hash"]["cf_crm_id"]) == (made["contact_id"], "78")
    assert office.upsert("77", {"notes": "x"}, create="false")[1]["code"] == 1002
