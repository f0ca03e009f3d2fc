"""Contacts, items, custom fields, lists, upserts, envelopes and limits of the finance APIs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from ofrecord_sandbox import finance
from ofrecord_sandbox.world import World

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


@pytest.fixture
def world() -> World:
    made = World()
    made.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    finance.register(made)
    return made


def call(world: World, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = world.call(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return answer.status, answer.content


def contact(world: World, name: str, **more: Any) -> dict[str, Any]:
    status, answer = call(world, "POST", f"{INVENTORY}/contacts", {"contact_name": name, **more})
    assert status == 201, answer
    return dict(answer["contact"])


def item(world: World, name: str, **more: Any) -> dict[str, Any]:
    status, answer = call(world, "POST", f"{INVENTORY}/items", {"name": name, **more})
    assert status == 200, answer
    return dict(answer["item"])


def names(world: World, path: str, key: str = "contact_name") -> list[str]:
    status, answer = call(world, "GET", path)
    assert status == 200, answer
    [rows] = [value for value in answer.values() if isinstance(value, list)]
    return [row[key] for row in rows]


def stamped(value: str) -> list[dict[str, str]]:
    return [{"api_name": "cf_crm_id", "value": value}]


def test_both_doors_show_one_store(world):
    made = contact(world, "Nordlicht")
    _, answer = call(world, "GET", f"{BOOKS}/contacts/{made['contact_id']}")
    assert answer["contact"] == made


def test_a_contact_name_is_unique_in_the_vendors_words(world):
    contact(world, "Nordlicht GmbH")
    status, answer = call(world, "POST", f"{INVENTORY}/contacts", {"contact_name": "nordlicht gmbh"})
    words = 'The customer "nordlicht gmbh" already exists. Please specify a different name.'
    assert (status, answer) == (400, {"code": 3062, "message": words})
    other = contact(world, "Other")
    status, answer = call(
        world, "PUT", f"{INVENTORY}/contacts/{other['contact_id']}", {"contact_name": "Nordlicht GmbH"}
    )
    assert (status, answer["code"]) == (400, 3062)


def test_a_renamed_contact_frees_its_name(world):
    made = contact(world, "Old")
    call(world, "PUT", f"{INVENTORY}/contacts/{made['contact_id']}", {"contact_name": "New"})
    assert contact(world, "Old")["contact_name"] == "Old"


def test_an_update_changes_only_what_is_sent(world):
    made = contact(world, "A", notes="keep", billing_address={"city": "Kiel", "phone": "1"})
    world.clock.move(timedelta(seconds=1))
    _, answer = call(world, "PUT", f"{INVENTORY}/contacts/{made['contact_id']}", {"website": "a.example"})
    changed = {key for key in made if made[key] != answer["contact"][key]}
    assert changed == {"website", "last_modified_time"}


def test_list_rows_lack_addresses_and_persons(world):
    contact(world, "A", contact_persons=[{"first_name": "Ann", "email": "ann@example.org"}])
    _, answer = call(world, "GET", f"{INVENTORY}/contacts")
    [row] = answer["contacts"]
    assert row["first_name"] == "Ann"
    assert not {"billing_address", "shipping_address", "contact_persons", "notes"} & set(row)


def test_the_first_person_is_primary_until_another_is_made_so(world):
    made = contact(world, "A", contact_persons=[{"first_name": "Ann"}, {"first_name": "Bob"}])
    bob = next(one for one in made["contact_persons"] if one["first_name"] == "Bob")["contact_person_id"]
    call(world, "POST", f"{INVENTORY}/contacts/contactpersons/{bob}/primary")
    _, answer = call(world, "GET", f"{INVENTORY}/contacts/{made['contact_id']}/contactpersons")
    primary = {one["first_name"]: one["is_primary_contact"] for one in answer["contact_persons"]}
    assert primary == {"Ann": False, "Bob": True}
    assert names(world, f"{INVENTORY}/contacts", "first_name") == ["Bob"]


def test_persons_are_added_changed_and_removed_by_their_own_calls(world):
    key = contact(world, "A")["contact_id"]
    path = f"{INVENTORY}/contacts/contactpersons"
    status, answer = call(world, "POST", path, {"contact_id": key, "first_name": "Ann"})
    assert status == 201
    [person] = answer["contact_person"]
    call(world, "PUT", f"{path}/{person['contact_person_id']}", {"contact_id": key, "last_name": "Lee"})
    _, answer = call(world, "GET", f"{INVENTORY}/contacts/{key}/contactpersons/{person['contact_person_id']}")
    assert (answer["contact_person"]["first_name"], answer["contact_person"]["last_name"]) == ("Ann", "Lee")
    assert call(world, "DELETE", f"{path}/{person['contact_person_id']}")[0] == 200
    assert call(world, "DELETE", f"{path}/{person['contact_person_id']}")[1]["code"] == 1002


def test_a_contact_with_transactions_cannot_be_deleted_only_put_to_sleep(world):
    key = contact(world, "A")["contact_id"]
    line = {"name": "Work", "rate": 1}
    call(world, "POST", f"{BOOKS}/invoices", {"customer_id": key, "line_items": [line]})
    assert call(world, "DELETE", f"{INVENTORY}/contacts/{key}")[0] == 400
    assert call(world, "POST", f"{INVENTORY}/contacts/{key}/inactive")[0] == 200
    assert names(world, f"{INVENTORY}/contacts?filter_by=Status.Inactive") == ["A"]
    assert names(world, f"{INVENTORY}/contacts?filter_by=Status.Active") == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("contacts", {"contact_name": "x" * 201}),
        ("items", {"name": "x" * 101}),
        ("items", {"name": "x", "sku": "x" * 101}),
        ("items", {"name": "x", "unit": "x" * 16}),
    ],
)
def test_texts_over_their_limit_are_refused(world, path, body):
    status, answer = call(world, "POST", f"{INVENTORY}/{path}", body)
    assert (status, answer["code"]) == (400, 15)
    assert "has less than" in answer["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 4),
        ({"name": ""}, 4),
        ({"name": 7}, 4),
        ({"name": "A", "rate": "dear"}, 4),
        ({"name": "A", "is_taxable": "yes"}, 4),
        ({"name": "A", "tax_id": "1.5"}, 4),
        ({"name": "A", "unit_id": "123"}, 1002),
        ({"name": "A", "colour": "red"}, 2),
        ({"name": "A", "custom_fields": [{"api_name": "cf_nothing", "value": "1"}]}, 2),
    ],
)
def test_items_with_wrong_values_are_refused(world, body, code):
    status, answer = call(world, "POST", f"{INVENTORY}/items", body)
    assert (status, answer["code"]) == (404 if code == 1002 else 400, code)
    assert names(world, f"{INVENTORY}/items", "name") == []


def test_a_second_item_with_the_sku_is_refused(world):
    item(world, "A", sku="B-1")
    assert call(world, "POST", f"{INVENTORY}/items", {"name": "A", "sku": "B-1"})[0] == 400
    assert item(world, "A", sku="B-2")["name"] == "A"


def test_item_details_come_together_up_to_100(world):
    ids = [item(world, f"I{number}")["item_id"] for number in range(101)]
    _, answer = call(world, "GET", f"{INVENTORY}/itemdetails?item_ids={','.join(ids[:100])}")
    assert [one["item_id"] for one in answer["items"]] == ids[:100]
    assert call(world, "GET", f"{INVENTORY}/itemdetails?item_ids={','.join(ids)}")[0] == 400


def test_weights_are_kept_as_sent_and_shown_in_lists(world):
    made = item(world, "A", package_details={"weight": 0.125, "weight_unit": "kg"})
    assert made["package_details"]["weight"] == 0.125
    _, answer = call(world, "GET", f"{INVENTORY}/items")
    assert (answer["items"][0]["weight"], answer["items"][0]["weight_unit"]) == (0.125, "kg")


def test_a_price_list_shows_its_items_in_the_list(world):
    key = item(world, "A")["item_id"]
    body = {
        "name": "Friends", "pricebook_type": "per_item", "sales_or_purchase_type": "sales",
        "pricebook_items": [{"item_id": key, "pricebook_rate": 8.5}],
    }  # fmt: skip
    assert call(world, "POST", f"{INVENTORY}/pricebooks", body)[0] == 201
    _, answer = call(world, "GET", f"{BOOKS}/pricebooks?filter_by=SalesOrPurchaseType.Sales")
    [row] = answer["pricebooks"][0]["pricebook_items"]
    assert (row["item_id"], row["pricebook_rate"]) == (key, 8.5)


def test_custom_fields_are_written_by_name_id_or_label_and_read_both_ways(world):
    made = item(world, "A", custom_fields=stamped("77"))
    assert made["custom_field_hash"] == {"cf_crm_id": "77", "cf_crm_id_unformatted": "77"}
    [field] = made["custom_fields"]
    assert (field["api_name"], field["label"], field["value"]) == ("cf_crm_id", "CRM id", "77")
    path = f"{INVENTORY}/item/{made['item_id']}/customfields"
    assert call(world, "PUT", path, [{"customfield_id": field["customfield_id"], "value": "78"}])[0] == 200
    call(world, "PUT", f"{INVENTORY}/items/{made['item_id']}", {"custom_fields": [{"label": "CRM id", "value": "79"}]})
    _, answer = call(world, "GET", f"{INVENTORY}/items/{made['item_id']}")
    assert answer["item"]["custom_field_hash"]["cf_crm_id"] == "79"


def test_a_field_without_duplicates_refuses_a_second_holder(world):
    item(world, "A", custom_fields=stamped("77"))
    status, _ = call(world, "POST", f"{INVENTORY}/items", {"name": "B", "custom_fields": stamped("77")})
    assert status == 400
    assert contact(world, "C", custom_fields=stamped("77"))["custom_field_hash"]["cf_crm_id"] == "77"


def test_preferences_name_the_custom_fields_of_each_module(world):
    _, answer = call(world, "GET", f"{INVENTORY}/settings/preferences")
    found = {module: [field["api_name"] for field in fields] for module, fields in answer["customfields"].items()}
    assert found == {
        "item": ["cf_crm_id", "cf_lead_time_days"],
        "contact": ["cf_crm_id"],
        "salesorder": ["cf_crm_id", "cf_crm_deal_id", "cf_deal_stage"],
        "invoice": ["cf_crm_id"],
        "journal": ["cf_crm_id", "cf_crm_deal_id"],
    }


def upsert(
    world: World, value: str, body: dict[str, Any], create: str = "true", door: str = BOOKS
) -> tuple[int, dict[str, Any]]:
    headers = {"x_unique_identifier_key": "cf_crm_id", "x_unique_identifier_value": value, "x_upsert": create}
    return call(world, "PUT", f"{door}/contacts", body, **headers)


def test_an_upsert_creates_once_and_updates_afterwards(world):
    body = {"contact_name": "A", "custom_fields": stamped("77")}
    status, first = upsert(world, "77", body)
    assert status == 201
    status, second = upsert(world, "77", body | {"notes": "again"})
    assert (status, second["contact"]["contact_id"]) == (200, first["contact"]["contact_id"])
    assert names(world, f"{BOOKS}/contacts") == ["A"]


def test_an_upsert_without_permission_to_create_finds_nothing(world):
    status, answer = upsert(world, "77", {"contact_name": "A"}, create="false")
    assert (status, answer["code"]) == (404, 1002)
    assert names(world, f"{BOOKS}/contacts") == []


def test_an_upsert_needs_a_field_without_duplicates_and_the_books_door(world):
    assert call(world, "PUT", f"{BOOKS}/contacts", {"contact_name": "A"}, x_upsert="true")[0] == 400
    assert upsert(world, "77", {"contact_name": "A"}, door=INVENTORY)[0] == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("contact_name=Beta%20AG", ["Beta AG"]),
        ("contact_name_startswith=al", ["Alpha GmbH"]),
        ("contact_name_contains=a", ["Alpha GmbH", "Beta AG"]),
        ("email=b@example.org", ["Beta AG"]),
        ("search_text=example", ["Beta AG"]),
        ("sort_column=contact_name&sort_order=D", ["Beta AG", "Alpha GmbH"]),
        ("filter_by=Status.Inactive", []),
    ],
)
def test_contacts_are_filtered_and_sorted(world, query, expected):
    contact(world, "Beta AG", contact_persons=[{"first_name": "B", "email": "b@example.org"}])
    contact(world, "Alpha GmbH")
    assert names(world, f"{INVENTORY}/contacts?{query}") == expected


def test_only_books_filters_contacts_by_kind(world):
    contact(world, "A")
    contact(world, "B", contact_type="vendor")
    assert names(world, f"{BOOKS}/contacts?contact_type=vendor") == ["B"]
    assert sorted(names(world, f"{INVENTORY}/contacts?contact_type=vendor")) == ["A", "B"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rate_less_than=10", ["A"]),
        ("rate_greater_equals=10", ["B", "C"]),
        ("rate=10", ["B"]),
        ("sku_startswith=x", ["C"]),
    ],
)
def test_items_are_filtered_by_number_and_text(world, query, expected):
    for name, rate, sku in (("A", 9.99, "a"), ("B", 10, "b"), ("C", 11, "X1")):
        item(world, name, rate=rate, sku=sku)
    assert names(world, f"{INVENTORY}/items?{query}", "name") == expected


def test_unknown_parameters_are_refused_except_where_the_vendor_ignores_them(world):
    assert call(world, "GET", f"{INVENTORY}/items?colour=red")[0] == 400
    assert call(world, "GET", f"{INVENTORY}/packages?colour=red")[0] == 200
    assert call(world, "GET", f"{INVENTORY}/salesreturns?customer_id=1")[0] == 200


def test_modified_after_excludes_the_second_itself_and_needs_its_plus_encoded(world):
    item(world, "Old")
    world.clock.move(timedelta(seconds=1))
    item(world, "New")
    since = quote("2026-03-02T19:00:00+0100")
    assert names(world, f"{INVENTORY}/items?last_modified_time={since}", "name") == ["New"]
    status, _ = call(world, "GET", f"{INVENTORY}/items?last_modified_time=2026-03-02T19:00:00+0100")
    assert status == 400


def test_the_doubtful_filter_of_contacts_can_be_switched_off(world, monkeypatch):
    path = f"{INVENTORY}/contacts?last_modified_time={quote('2026-03-02T19:00:00+0100')}"
    assert call(world, "GET", path)[0] == 200
    monkeypatch.setattr(finance.doubts, "inventory_modified_filter", False)
    assert call(world, "GET", path)[0] == 400


def test_pages_hold_at_most_200_rows_and_say_whether_more_follow(world):
    for number in range(205):
        item(world, f"I{number:03d}")
    _, first = call(world, "GET", f"{INVENTORY}/items?per_page=500")
    assert (len(first["items"]), first["page_context"]["per_page"]) == (200, 200)
    assert first["page_context"]["has_more_page"] is True
    _, last = call(world, "GET", f"{INVENTORY}/items?page=2")
    assert (len(last["items"]), last["page_context"]["has_more_page"]) == (5, False)
    assert first["items"][-1]["name"] < last["items"][0]["name"]


def test_a_list_follows_changes_between_two_reads(world):
    made = item(world, "A")
    assert names(world, f"{INVENTORY}/items", "name") == ["A"]
    call(world, "PUT", f"{INVENTORY}/items/{made['item_id']}", {"name": "B"})
    assert names(world, f"{INVENTORY}/items", "name") == ["B"]
    call(world, "DELETE", f"{INVENTORY}/items/{made['item_id']}")
    assert names(world, f"{INVENTORY}/items", "name") == []


def test_times_carry_the_organisations_offset_without_a_colon(world):
    assert item(world, "A")["created_time"] == "2026-03-02T10:00:00-0800"
    world.clock.freeze(datetime(2026, 7, 1, 12, 0, 0, 999999, tzinfo=UTC))
    assert item(world, "B")["created_time"] == "2026-07-01T05:00:00-0700"


def test_totals_of_invoice_lists_are_text(world):
    key = contact(world, "A")["contact_id"]
    call(world, "POST", f"{BOOKS}/invoices", {"customer_id": key, "line_items": [{"name": "Work", "rate": 12.5}]})
    _, answer = call(world, "GET", f"{BOOKS}/invoices")
    assert (answer["invoices"][0]["total"], answer["invoices"][0]["balance"]) == ("12.5", "12.5")


def test_the_control_api_takes_every_doubt_the_other_way_and_back():
    world = World()
    finance.register(world)
    first = world.call("GET", "/_sandbox/finance/doubts").content
    try:
        answer = world.call("POST", "/_sandbox/finance/doubts", {"books_modified_filter": False, "minute_block_s": 9})
        assert answer.content == {**first, "books_modified_filter": False, "minute_block_s": 9}
        world.call("POST", "/inventory/v1/contacts", {"contact_name": "A"})
        later = "last_modified_time=2099-01-01T00:00:00%2B0000"
        assert len(world.call("GET", f"/books/v3/contacts?{later}").content["contacts"]) == 1
        for wrong in ({"books_modified_filter": 1}, {"unheard_of": True}):
            assert world.call("POST", "/_sandbox/finance/doubts", wrong).status == 400
    finally:
        back = world.call("POST", "/_sandbox/finance/doubts", {"all": "default"}).content
    assert back == first
    assert world.call("GET", f"/books/v3/contacts?{later}").content["contacts"] == []


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_page_by_time_holds_what_any_other_order_holds_since_then(monkeypatch, inclusive):
    monkeypatch.setattr(finance.doubts, "modified_filter_inclusive", inclusive)
    world = World()
    world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    finance.register(world)
    world.call("POST", "/_sandbox/finance/plant", {"collection": "items", "count": 30})

    def names(query: str, since: str) -> list[str]:
        answer = world.call("GET", f"/inventory/v1/items?{query}&last_modified_time={since.replace('+', '%2B')}")
        return [one["name"] for one in answer.content["items"]]

    rows = world.call("GET", "/inventory/v1/items?sort_column=last_modified_time&sort_order=A").content["items"]
    for row in rows[::4]:
        since = row["last_modified_time"]
        rising = names("sort_column=last_modified_time&sort_order=A", since)
        falling = names("sort_column=last_modified_time&sort_order=D", since)
        assert sorted(rising) == sorted(falling) == sorted(names("sort_column=name", since))
        assert (row["name"] in rising) is inclusive
    world.call("PUT", f"/inventory/v1/items/{rows[0]['item_id']}", {"rate": 1})
    assert rows[0]["name"] in names("sort_column=last_modified_time", rows[20]["last_modified_time"])
