"""Every kind of record is made exactly once, whatever happens to the answer of the call that makes it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ofrecord_kit.target import Change, Done, New, Refused
from ofrecord_kit.testing.finance import DAY, Company
from ofrecord_kit.vendors.finance import BOOKS
from target_inventory.objects import RESOURCES

Values = dict[str, Any]


def lines(company: Company) -> list[Values]:
    return [{"item_id": company.item, "quantity": 2, "rate": 3}]


def document(company: Company, **more: Any) -> Values:
    return {"customer_id": company.customer, "date": DAY, "line_items": lines(company), **more}


def package(company: Company, **more: Any) -> Values:
    order = company.order()
    packed = [{"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 4}]
    return {"salesorder_id": order["salesorder_id"], "date": DAY, "line_items": packed, **more}


def shipment(company: Company) -> Values:
    made = company.package()
    return {
        "salesorder_id": made["salesorder_id"], "package_ids": made["package_id"], "date": DAY,
        "delivery_method": "Van", "tracking_number": "T-1",
    }  # fmt: skip


def returned(company: Company, **more: Any) -> Values:
    order = company.shipped()
    back = [{"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}]
    return {"salesorder_id": order["salesorder_id"], "date": DAY, "reason": "Bent", "line_items": back, **more}


def adjustment(company: Company, **more: Any) -> Values:
    moved = [{"item_id": company.item, "quantity_adjusted": -1}]
    return {"date": DAY, "reason": "Counted", "adjustment_type": "quantity", "line_items": moved, **more}


def composite(company: Company) -> Values:
    return {
        "name": "Kit", "sku": "K-1", "rate": 9, "item_type": "inventory", "product_type": "goods",
        "mapped_items": [{"item_id": company.item, "quantity": 2}],
    }  # fmt: skip


def price_list(company: Company) -> Values:
    rates = [{"item_id": company.item, "pricebook_rate": 2}]
    return {
        "name": "Dealers",
        "pricebook_type": "per_item",
        "sales_or_purchase_type": "sales",
        "pricebook_items": rates,
    }


def person(company: Company) -> Values:
    return {"contact_id": company.customer, "first_name": "Ann", "last_name": "Berg", "email": "ann@example.com"}


def journal(company: Company, **more: Any) -> Values:
    """From what is unearned to sales."""
    rows = company.client.get(f"{BOOKS}/chartofaccounts").body["chartofaccounts"]
    ids = {row["account_name"]: row["account_id"] for row in rows}
    sides = (("debit", "Unearned Revenue"), ("credit", "Sales"))
    both = [{"debit_or_credit": side, "account_id": ids[name], "amount": 3} for side, name in sides]
    return {"journal_date": DAY, "status": "published", "line_items": both, **more}


Making = tuple[str, Callable[[Company], Values]]
KINDS: Mapping[str, Making] = {
    "a contact": ("contacts", lambda _company: {"contact_name": "Berg", "contact_type": "customer"}),
    "a person": ("contact_persons", person),
    "a person without e-mail": ("contact_persons", lambda company: {"contact_id": company.customer, "first_name": "Ann"}),
    "an item": ("items", lambda _company: {"name": "Nut", "sku": "N-1", "rate": 1}),
    "an item without SKU": ("items", lambda _company: {"name": "Nut", "rate": 1}),
    "a composite item": ("compositeitems", composite),
    "a price list": ("pricebooks", price_list),
    "an order with a reference": ("salesorders", lambda company: document(company, reference_number="Q-1")),
    "an order with its own number": ("salesorders", lambda company: document(company, salesorder_number="A-7")),
    "an order with neither": ("salesorders", document),
    "a package": ("packages", package),
    "a package with its own number": ("packages", lambda company: package(company, package_number="P-7")),
    "a shipment": ("shipmentorders", shipment),
    "an invoice": ("invoices", lambda company: document(company, reference_number="Q-1")),
    "an invoice with neither": ("invoices", document),
    "an invoice of an order": ("invoices", lambda company: {
        "salesorder_id": company.order()["salesorder_id"], "customer_id": company.customer, "invoice_number": "I-7",
    }),
    "a journal": ("journals", lambda company: journal(company, reference_number="7/1")),
    "a journal without a reference": ("journals", journal),
    "a credit note": ("creditnotes", lambda company: document(company, creditnote_number="C-7")),
    "a return": ("salesreturns", returned),
    "a return with its own number": ("salesreturns", lambda company: returned(company, salesreturn_number="R-7")),
    "an adjustment": ("inventoryadjustments", adjustment),
    "an adjustment with a reference": ("inventoryadjustments", lambda company: adjustment(company, reference_number="A-1")),
}  # fmt: skip
BLOCKED = {"code": 44, "message": "For security reasons your organization has been blocked"}
FAULTS: Mapping[str, Values] = {
    "the connection breaks when all is done": {"do": "drop_after_commit"},
    "it says 503 when all is done": {"do": "status", "status": 503, "after_commit": True},
    "the answer is cut short": {"do": "truncate"},
    "the connection breaks before": {"do": "drop_before"},
    "it is refused for load": {"do": "status", "status": 429, "body": BLOCKED},
}
CF = ("cf_crm_id", "crm-1")


def there(company: Company, object_: str, values: Values) -> list[str]:
    """Ids of what the vendor holds of this kind, without what the company began with."""
    resource = RESOURCES[object_]
    if object_ == "contact_persons":
        return [row["contact_person_id"] for row in company.persons(values["contact_id"])]
    if object_ == "shipmentorders":
        shipped = company.get("packages", values["package_ids"])["shipment_id"]
        return [shipped] if shipped else []
    known = {company.customer, company.item, values.get("salesorder_id")}
    return [row[resource.id] for row in company.rows(object_) if row[resource.id] not in known]


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "the answer is cut short"])
@pytest.mark.parametrize("kind", KINDS)
def test_exactly_one_is_made(company: Company, kind: str, fault: str) -> None:
    object_, make = KINDS[kind]
    values = make(company)
    company.fault("POST", f"/inventory/v1/{RESOURCES[object_].path}", **FAULTS[fault])
    writer = company.writer()
    [result] = writer.create(object_, [New(values)])
    writer.close()
    assert isinstance(result, Done), result
    assert there(company, object_, values) == [result.id]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["a contact", "an item", "an order with neither"])
def test_a_unique_custom_field_makes_exactly_one_too(company: Company, kind: str, fault: str) -> None:
    object_, make = KINDS[kind]
    values = {**make(company), CF[0]: CF[1]}
    company.fault("PUT", f"/books/v3/{object_}", **FAULTS[fault])
    writer = company.writer()
    [result] = writer.create(object_, [New(values, CF)])
    writer.close()
    assert isinstance(result, Done), result
    assert there(company, object_, values) == [result.id]
    assert company.get(object_, result.id)["custom_field_hash"]["cf_crm_id"] == "crm-1"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_begins_again_finds_what_the_one_before_made(company: Company, kind: str) -> None:
    object_, make = KINDS[kind]
    values = make(company)
    first, second = company.writer(), company.writer()
    [made] = first.create(object_, [New(values)])
    [found] = second.create(object_, [New(values, again=True)])
    assert isinstance(made, Done)
    assert isinstance(found, Done)
    assert (found.id, there(company, object_, values)) == (made.id, [made.id])
    first.close()
    second.close()


def test_persons_sent_within_a_new_contact_are_not_appended_by_a_lost_answer(company: Company) -> None:
    values = {
        "contact_name": "Berg",
        "contact_type": "customer",
        "contact_persons": [{"first_name": "Ann"}],
        CF[0]: CF[1],
    }
    company.fault("PUT", "/books/v3/contacts", do="drop_after_commit")
    writer = company.writer()
    [result] = writer.create("contacts", [New(values, CF)])
    assert isinstance(result, Done)
    before = company.persons(result.id)
    [again] = company.writer().create("contacts", [New(values, CF, again=True)])
    assert again == result
    assert company.persons(result.id) == before
    assert [one["first_name"] for one in before] == ["Ann"]
    assert writer.make_primary("contact_persons", before[0]["contact_person_id"]).changed is False  # type: ignore[union-attr]


def test_when_several_could_be_the_one_none_is_made_again(company: Company) -> None:
    """Nothing tells equal adjustments without a reference apart."""
    values = adjustment(company)
    for _time in range(2):
        company.post("inventoryadjustments", **values)
    company.fault("POST", "/inventory/v1/inventoryadjustments", do="drop_after_commit")
    [result] = company.writer().create("inventoryadjustments", [New(values)])
    assert isinstance(result, Refused)
    assert (result.code, "3 records could be the one" in result.message) == ("DOUBTFUL", True)
    assert result.fix
    assert len(company.rows("inventoryadjustments")) == 3


def test_a_record_that_was_there_before_is_not_taken_for_the_one_that_got_lost(company: Company) -> None:
    company.sandbox.control("POST", "clock", {"move_s": 60})
    writer = company.writer()
    writer.find("items", "sku", ["none"], None)  # the vendor's time is known from here on
    company.fault("POST", "/inventory/v1/items", do="drop_before")
    [result] = writer.create("items", [New({"name": "Bolt", "rate": 1})])
    assert isinstance(result, Done)
    assert result.id != company.item


@pytest.mark.promise("F110")
@pytest.mark.parametrize("kind", ["a person", "a package", "an order with neither"])
def test_an_answer_that_does_not_come_in_time_makes_no_second_record(company: Company, kind: str) -> None:
    object_, make = KINDS[kind]
    values = make(company)
    company.fault("POST", f"/inventory/v1/{RESOURCES[object_].path}", do="delay", delay_s=0.4)
    writer = company.writer(timeout_s=0.2)
    [result] = writer.create(object_, [New(values)])
    writer.close()
    assert isinstance(result, Done)
    assert there(company, object_, values) == [result.id]


def test_what_is_told_of_a_new_order_is_read_again_only_when_the_document_itself_was_changed(company: Company) -> None:
    writer = company.writer()
    [made] = writer.create("salesorders", [New(document(company))])
    assert isinstance(made, Done)
    writer.stamp("salesorders", "cf_crm_deal_id", {made.id: "D-1"})
    company.forget_calls()
    told = writer.document("salesorders", made.id)
    assert told is not None
    assert ([line["quantity"] for line in told.lines], company.calls()) == ([2], [])
    current = writer.read("salesorders", [made.id], ["line_items"])[made.id]
    [changed] = writer.update("salesorders", [Change(made.id, {"line_items": [{**lines(company)[0], "quantity": 5}]}, current)])  # fmt: skip
    assert isinstance(changed, Done)
    told = writer.document("salesorders", made.id)
    assert told is not None
    assert 5 in [line["quantity"] for line in told.lines]
