"""Item groups, units with conversions, users, taxes: what a tap reads once and what is behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Office(Finance):
    """A world with nothing in it but what an organisation begins with."""

    def group(self) -> dict[str, Any]:
        variants = [
            {
                "name": f"Shirt {size}",
                "rate": 20,
                "purchase_rate": 8,
                "sku": f"S-{size}",
                "attribute_option_name1": size,
            }
            for size in ("S", "M")
        ]
        body = {"group_name": "Shirt", "unit": "pcs", "attribute_name1": "Size", "brand": "Acme", "items": variants}
        return dict(self.ok("POST", f"{INVENTORY}/itemgroups", body)["item_group"])

    def unit(self, unit: str) -> str:
        return next(one["unit_id"] for one in self.ok("GET", f"{INVENTORY}/units")["units"] if one["unit"] == unit)


@pytest.fixture
def office() -> Office:
    return Office()


def test_the_items_of_a_group_are_items_that_name_it(office):
    group = office.group()
    assert [one["name"] for one in group["items"]] == ["Shirt S", "Shirt M"]
    assert [one["name"] for one in group["attributes"][0]["options"]] == ["S", "M"]
    item = office.ok("GET", f"{INVENTORY}/items/{group['items'][0]['item_id']}")["item"]
    assert (item["group_name"], item["attribute_option_name1"], item["unit"], item["brand"]) == (
        "Shirt",
        "S",
        "pcs",
        "Acme",
    )
    [row] = office.ok("GET", f"{INVENTORY}/itemgroups")["itemgroups"]
    assert ([one["sku"] for one in row["items"]], "attributes" in row) == (["S-S", "S-M"], False)


def test_a_group_that_changes_carries_it_to_its_items_and_is_marked_with_them(office):
    group = office.group()
    office.world.clock.move(timedelta(hours=1))
    path = f"{INVENTORY}/itemgroups/{group['group_id']}"
    office.ok("PUT", path, {"group_name": "T-shirt"})
    office.ok("POST", f"{path}/inactive")
    rows = office.ok("GET", f"{INVENTORY}/items")["items"]
    assert {(one["status"], one["last_modified_time"]) for one in rows} == {("inactive", "2026-03-02T11:00:00-0800")}
    item = office.ok("GET", f"{INVENTORY}/items/{group['items'][0]['item_id']}")["item"]
    assert item["group_name"] == "T-shirt"


def test_a_group_goes_with_all_its_items_unless_one_of_them_was_sold(office):
    group = office.group()
    office.ok("DELETE", f"{INVENTORY}/itemgroups/{group['group_id']}")
    assert office.ok("GET", f"{INVENTORY}/items")["items"] == []
    assert office.call("GET", f"{INVENTORY}/itemgroups/{group['group_id']}")[1]["code"] == 1002
    group = office.group()
    customer = office.ok("POST", f"{INVENTORY}/contacts", {"contact_name": "A"})["contact"]["contact_id"]
    lines = [{"item_id": group["items"][1]["item_id"]}]
    office.ok("POST", f"{INVENTORY}/salesorders", {"customer_id": customer, "line_items": lines})
    assert office.call("DELETE", f"{INVENTORY}/itemgroups/{group['group_id']}")[1]["code"] == 2049


def test_a_group_with_a_sku_that_is_taken_makes_nothing(office):
    office.group()
    body = {"group_name": "Other", "unit": "pcs", "items": [{"name": "X", "rate": 1, "purchase_rate": 1, "sku": "S-M"}]}
    assert office.call("POST", f"{INVENTORY}/itemgroups", body)[1]["code"] == 1001
    assert len(office.ok("GET", f"{INVENTORY}/itemgroups")["itemgroups"]) == 1


def test_whether_the_detail_of_a_group_is_flat_is_a_doubt(office, monkeypatch):
    group = office.group()
    monkeypatch.setattr(finance.doubts, "flat_details", True)
    assert office.ok("GET", f"{INVENTORY}/itemgroups/{group['group_id']}")["group_name"] == "Shirt"


def test_conversions_of_units_are_shown_when_they_are_asked_for(office):
    gram = office.ok("POST", f"{INVENTORY}/units", {"name": "Gram", "unit": "g"})["unit"]["unit_id"]
    kilo = office.unit("kg")
    path = f"{INVENTORY}/units/{kilo}/unitconversions"
    body = {"target_unit_id": gram, "conversion_rate": 1000}
    made = office.ok("POST", path, body)["unit_conversion"]
    assert (made["target_unit"], made["conversion_rate"]) == ("g", 1000)
    assert office.ok("GET", path)["unit_conversions"] == [made]
    assert all("unit_conversions" not in one for one in office.ok("GET", f"{INVENTORY}/units")["units"])
    rows = office.ok("GET", f"{INVENTORY}/units?include_unit_conversions=true")["units"]
    [shown] = [one["unit_conversions"] for one in rows if one["unit"] == "kg"]
    assert [one["target_unit_id"] for one in shown] == [gram]
    assert office.call("POST", path, body)[1]["code"] == 120004


def test_a_conversion_is_changed_and_deleted_and_a_unit_in_use_is_not(office):
    kilo, box = office.unit("kg"), office.unit("box")
    path = f"{INVENTORY}/units/{kilo}/unitconversions"
    key = office.ok("POST", path, {"target_unit_id": box, "conversion_rate": 2})["unit_conversion"][
        "unit_conversion_id"
    ]
    assert office.ok("PUT", f"{path}/{key}", {"conversion_rate": 3})["unit_conversion"]["conversion_rate"] == 3
    assert office.call("DELETE", f"{INVENTORY}/units/{box}")[1]["code"] == 120003
    office.ok("DELETE", f"{path}/{key}")
    office.ok("DELETE", f"{INVENTORY}/units/{box}")
    assert office.call("PUT", f"{path}/{key}", {"conversion_rate": 3})[0] == 404


@pytest.mark.parametrize(
    "body", [{"target_unit_id": "1", "conversion_rate": 1}, {"conversion_rate": 0}, {"conversion_rate": "many"}]
)
def test_a_conversion_needs_another_unit_and_a_rate(office, body):
    sent = {"target_unit_id": office.unit("box"), **body}
    assert office.call("POST", f"{INVENTORY}/units/{office.unit('kg')}/unitconversions", sent)[0] in {400, 404}


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_there_are_several_users_and_one_of_them_calls(office, door):
    answer = office.ok("GET", f"{door}/users")
    assert answer["page_context"]["has_more_page"] is False
    assert len(answer["users"]) == 5
    assert [one["email"] for one in answer["users"] if one["is_current_user"]] == ["owner@example.com"]
    assert len(office.ok("GET", f"{door}/users?filter_by=Status.Active")["users"]) == 3
    me = office.ok("GET", f"{door}/users/me")["user"]
    assert office.ok("GET", f"{door}/users/{me['user_id']}")["user"] == me
    assert office.call("GET", f"{door}/users/1")[1]["code"] == 1002


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_an_organisation_begins_with_taxes_and_one_in_use_stays(office, door):
    rows = office.ok("GET", f"{door}/settings/taxes")["taxes"]
    assert {one["tax_name"]: one["tax_percentage"] for one in rows} == {
        "Reduced Rate": 4, "Standard Rate": 8.25, "Zero Rate": 0,
    }  # fmt: skip
    key = rows[0]["tax_id"]
    office.ok("POST", f"{INVENTORY}/items", {"name": "A", "tax_id": key})
    assert office.call("DELETE", f"{door}/settings/taxes/{key}")[1]["code"] == 1012
    office.ok("DELETE", f"{door}/settings/taxes/{rows[1]['tax_id']}")
    assert office.call("GET", f"{door}/settings/taxes/{rows[1]['tax_id']}")[0] == 404
