"""Deleting, voiding and other actions; refusals with a remedy; what is known of fields before any call."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.target import Change, Done, New, Refused
from ofrecord_kit.testing.finance import DAY, Company
from ofrecord_kit.vendors.finance import remedy
from target_inventory.objects import RESOURCES

CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "tap-inventory.json"
DOCUMENTS = [
    "salesorders",
    "packages",
    "shipmentorders",
    "invoices",
    "creditnotes",
    "salesreturns",
    "inventoryadjustments",
]


def test_what_nothing_names_is_made_inactive_and_then_deleted(company: Company) -> None:
    record = company.post("items", name="Nut", rate=1)
    company.forget_calls()
    assert company.writer().act("items", record, "delete") == Done(record)
    assert company.calls() == [f"POST /inventory/v1/items/{record}/inactive", f"DELETE /inventory/v1/items/{record}"]
    assert record not in {row["item_id"] for row in company.rows("items")}


@pytest.mark.parametrize("object_", ["contacts", "items"])
def test_what_documents_name_stays_inactive_and_says_so(company: Company, object_: str) -> None:
    company.order()
    record = company.customer if object_ == "contacts" else company.item
    result = company.writer().act(object_, record, "delete")
    assert isinstance(result, Refused)
    assert result.message.startswith("it is inactive now and stays so: ")
    assert result.fix
    assert company.get(object_, record)["status"] == "inactive"


@pytest.mark.parametrize("object_", ["items", "contact_persons"])
def test_a_lost_answer_to_a_deletion_is_no_failure(company: Company, object_: str) -> None:
    record = person(company) if object_ == "contact_persons" else company.post("items", name="Nut", rate=1)
    company.fault("DELETE", f"/inventory/v1/{RESOURCES[object_].path}/{record}", do="drop_after_commit")
    assert company.writer().act(object_, record, "delete") == Done(record, changed=False)


def person(company: Company) -> str:
    made = company.writer().create("contact_persons", [New({"contact_id": company.customer, "first_name": "Ann"})])
    return next(one.id for one in made if isinstance(one, Done))


@pytest.mark.parametrize("object_", DOCUMENTS)
def test_documents_are_never_deleted(company: Company, object_: str) -> None:
    company.forget_calls()
    result = company.writer().act(object_, "460000000100001", "delete")
    assert isinstance(result, Refused)
    assert (result.code, "void" in str(result.fix)) == ("NEVER_DELETED", True)
    assert company.calls() == []


def document(company: Company, object_: str) -> str:
    lines = [{"item_id": company.item, "quantity": 2, "rate": 3}]
    return company.post(object_, customer_id=company.customer, date=DAY, line_items=lines)


@pytest.mark.parametrize("object_", ["salesorders", "invoices", "creditnotes"])
def test_a_document_is_voided_once(company: Company, object_: str) -> None:
    record = document(company, object_)
    assert company.writer().act(object_, record, "void") == Done(record)
    assert company.get(object_, record)["status"] == "void"
    company.forget_calls()
    assert company.writer().act(object_, record, "void") == Done(record, changed=False)
    assert company.calls("POST") == []


FORWARD: Mapping[str, tuple[str, str]] = {
    "confirmed": ("salesorders", "confirmed"), "open": ("salesorders", "confirmed"), "sent": ("invoices", "sent"),
}  # fmt: skip


@pytest.mark.parametrize("action", FORWARD)
def test_a_draft_goes_on_once_and_a_void_document_never(company: Company, action: str) -> None:
    object_, status = FORWARD[action]
    record = document(company, object_)
    assert company.writer().act(object_, record, action) == Done(record)
    assert company.get(object_, record)["status"] in {status, "overdue"}, "sent is overdue when its day is past"
    assert company.writer().act(object_, record, action) == Done(record, changed=False)
    company.writer().act(object_, record, "void")
    again = company.writer().act(object_, record, action)
    assert isinstance(again, Refused)
    assert again.code == "VOID"
    assert company.get(object_, record)["status"] == "void"


def test_a_shipment_is_delivered_and_an_unknown_action_names_those_there_are(company: Company) -> None:
    writer, package = company.writer(), company.package()
    values = {
        "salesorder_id": package["salesorder_id"],
        "package_ids": package["package_id"],
        "date": DAY,
        "delivery_method": "Van",
    }
    [made] = writer.create("shipmentorders", [New(values)])
    assert isinstance(made, Done)
    assert writer.act("shipmentorders", made.id, "delivered") == Done(made.id)
    assert company.get("packages", package["package_id"])["status"] == "delivered"
    refused = writer.act("shipmentorders", made.id, "lost")
    assert isinstance(refused, Refused)
    assert refused.message == "shipmentorders have no action lost; they have: delivered"


REFUSALS: Mapping[str, tuple[str, Callable[[Company], dict[str, Any]], str]] = {
    "a name that is taken": ("contacts", lambda _company: {"contact_name": "Acme"}, "share one set of names"),
    "an SKU that is taken": ("items", lambda _company: {"name": "Other", "sku": "B-1", "rate": 1}, "SKU or number"),
    "a customer that is not there": (
        "salesorders", lambda company: {"customer_id": "460000000999999", "line_items": [{"item_id": company.item}]}, "deleted",
    ),
    "a date in another form": (
        "salesorders",
        lambda company: {"customer_id": company.customer, "date": "2.3.2026", "line_items": [{"item_id": company.item}]},
        "2026-03-01",
    ),
    "a text that is too long": ("items", lambda _company: {"name": "N" * 101, "rate": 1}, "Shorten"),
}  # fmt: skip

BLAMED = {
    "a name that is taken": "contact_name", "an SKU that is taken": None, "a customer that is not there": None,
    "a date in another form": "date", "a text that is too long": "name",
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refusal_says_what_to_do(company: Company, why: str) -> None:
    object_, make, words = REFUSALS[why]
    [result] = company.writer().create(object_, [New(make(company))])
    assert isinstance(result, Refused)
    assert result.code
    assert result.message
    assert words in str(result.fix)
    assert result.field == BLAMED[why]


def test_one_bad_record_of_two_hundred_is_refused_and_the_others_land(company: Company) -> None:
    ids = [company.post("items", name=f"Nut {number}", rate=1) for number in range(200)]
    writer = company.writer()
    found = writer.read("items", ids, ["description"])
    changes = [Change(one, {"description": "x" * 2001 if one == ids[77] else "New"}, found[one]) for one in ids]
    results = writer.update("items", changes)
    assert [number for number, result in enumerate(results) if not isinstance(result, Done)] == [77]


def test_codes_and_words_of_the_vendor_have_a_remedy() -> None:
    assert {code for code in ("57", "6041", "44", "45", "1070", "3062", "1002") if not remedy(code, "")} == set()
    assert remedy("36004", 'Sales order number "SO-1" already exists.')
    assert remedy("99999", "Something new") is None


def test_what_may_be_written_is_known_without_a_call(company: Company) -> None:
    writer = company.writer()
    company.forget_calls()
    contacts, items = writer.facts("contacts"), writer.facts("items")
    assert contacts["billing_address.city"].length == 100
    assert writer.facts("pricebooks")["pricebook_type"].values == ("per_item", "fixed_percentage")
    assert "contact_type" not in contacts, "without it a vendor would become a customer"
    assert items["stock_on_hand"].read_only
    assert items["product_type"].values is None, "other countries have more"
    assert "status" not in contacts, "it is set by an action"
    assert writer.facts("unheard_of") == {}
    assert company.calls() == []


@pytest.mark.parametrize("object_", ["items", "contacts", "compositeitems", "pricebooks", "salesorders"])
def test_what_the_taps_call_read_only_is_read_only_here(company: Company, object_: str) -> None:
    stream = next(one for one in json.loads(CATALOG.read_text())["streams"] if one["tap_stream_id"] == object_)
    told = {
        entry["breadcrumb"][1]
        for entry in stream["metadata"]
        if len(entry["breadcrumb"]) == 2 and entry["metadata"].get("read-only")
    } - {"_sdc_deleted_at"}
    ours = {name for name, fact in company.writer().facts(object_).items() if fact.read_only}
    assert told - ours == {RESOURCES[object_].id, "status", *(["custom_field_hash"] if object_ != "pricebooks" else [])}
