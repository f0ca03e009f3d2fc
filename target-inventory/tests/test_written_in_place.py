"""An update writes what changes, repeats what the vendor requires, and leaves all the rest as it is."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.target import Change, Done, Missing, Refused
from ofrecord_kit.testing.finance import DAY, Company

Values = dict[str, Any]
MOVES = {"last_modified_time", "date_formatted", "shipment_days"}
ADDRESS = {"attention": "Ann", "address": "Markt 1", "street2": "Hof", "city": "Bonn", "zip": "53111", "phone": "1555"}
PERSONS = [
    {"first_name": "Ann", "last_name": "Berg", "email": "ann@example.com", "phone": "11", "designation": "Buyer"},
    {"first_name": "Bob", "last_name": "Cole", "mobile": "22"},
]


def contact(company: Company) -> str:
    return company.post(
        "contacts", contact_name="Berg", contact_type="customer", website="https://old.example.com", notes="Pays late",
        payment_terms=30, billing_address=ADDRESS, shipping_address=ADDRESS | {"city": "Ulm"}, contact_persons=PERSONS,
        custom_fields=[{"api_name": "cf_crm_id", "value": "crm-1"}],
    )  # fmt: skip


def item(company: Company) -> str:
    return company.post(
        "items", name="Nut", sku="N-1", rate=1, description="Old", unit="pcs", purchase_rate="0.5", reorder_level=3,
        package_details={"length": "1.50", "width": "2", "weight": "0.250", "weight_unit": "kg"},
        custom_fields=[{"api_name": "cf_crm_id", "value": "crm-1"}],
    )  # fmt: skip


def composite(company: Company) -> str:
    other = company.post("items", name="Nut", sku="N-1", rate=1)
    parts = [{"item_id": company.item, "quantity": 2}, {"item_id": other, "quantity": 3}]
    return company.post(
        "compositeitems", name="Kit", sku="K-1", rate=9, item_type="inventory", product_type="goods", mapped_items=parts,
        description="Old",
    )  # fmt: skip


def price_list(company: Company) -> str:
    other = company.post("items", name="Nut", sku="N-1", rate=1)
    rates = [{"item_id": company.item, "pricebook_rate": 2}, {"item_id": other, "pricebook_rate": "0.9"}]
    return company.post(
        "pricebooks", name="Dealers", description="Old", pricebook_type="per_item", sales_or_purchase_type="sales",
        pricebook_items=rates, decimal_place=3,
    )  # fmt: skip


def two_lines(company: Company) -> Values:
    lines = [
        {"item_id": company.item, "quantity": 2, "rate": 3, "description": "Galvanised"},
        {"item_id": company.item, "quantity": 5, "rate": "2.75"},
    ]
    return {
        "customer_id": company.customer,
        "date": DAY,
        "reference_number": "Q-1",
        "notes": "Old",
        "line_items": lines,
    }


def order(company: Company) -> str:
    return company.post("salesorders", **two_lines(company))


def invoice(company: Company) -> str:
    return company.post("invoices", **two_lines(company))


def credit(company: Company) -> str:
    return company.post("creditnotes", **two_lines(company))


def package(company: Company) -> str:
    return str(company.package()["package_id"])


def returned(company: Company) -> str:
    shipped = company.shipped()
    back = [{"salesorder_item_id": shipped["line_items"][0]["line_item_id"], "quantity": 1}]
    return company.post(
        "salesreturns", {"salesorder_id": shipped["salesorder_id"]}, date=DAY, reason="Old", line_items=back
    )


def adjustment(company: Company) -> str:
    moved = [{"item_id": company.item, "quantity_adjusted": -1}]
    return company.post(
        "inventoryadjustments",
        date=DAY,
        reason="Counted",
        adjustment_type="quantity",
        description="Old",
        line_items=moved,
    )


Case = tuple[str, Callable[[Company], str], Values]
CASES: Mapping[str, Case] = {
    "the website of a contact": ("contacts", contact, {"website": "https://new.example.com"}),
    "the phone of an address": ("contacts", contact, {"billing_address.phone": "1777"}),
    "the description of an item": ("items", item, {"description": "New"}),
    "the weight of an item": ("items", item, {"package_details.weight": "0.300"}),
    "the description of a composite item": ("compositeitems", composite, {"description": "New"}),
    "the description of a price list": ("pricebooks", price_list, {"description": "New"}),
    "the notes of an order": ("salesorders", order, {"notes": "New"}),
    "the notes of an invoice": ("invoices", invoice, {"notes": "New"}),
    "the notes of a credit note": ("creditnotes", credit, {"notes": "New"}),
    "the notes of a package": ("packages", package, {"notes": "New"}),
    "the reason of a return": ("salesreturns", returned, {"reason": "New"}),
    "the description of an adjustment": ("inventoryadjustments", adjustment, {"description": "New"}),
    "a custom field of an order": ("salesorders", order, {"cf_deal_stage": "Won"}),
}  # fmt: skip


def flat(row: Any, above: str = "") -> dict[str, str]:
    """Every value of a record by its place, as its bytes."""
    match row:
        case dict():
            return {
                place: one
                for key, inner in row.items()
                if key not in MOVES
                for place, one in flat(inner, f"{above}.{key}").items()
            }
        case list():
            return {
                place: one
                for number, inner in enumerate(row)
                for place, one in flat(inner, f"{above}[{number}]").items()
            }
        case _:
            return {above.lstrip("."): json.dumps(str(row) if isinstance(row, Decimal) else row)}


def changed_places(before: Values, after: Values) -> set[str]:
    one, other = flat(before), flat(after)
    return {place for place in one.keys() | other.keys() if one.get(place) != other.get(place)}


@pytest.mark.parametrize("case", CASES)
def test_nothing_but_the_changed_field_changes(company: Company, case: str) -> None:
    object_, make, values = CASES[case]
    record = make(company)
    before = company.get(object_, record)
    writer = company.writer()
    current = writer.read(object_, [record], list(values))[record]
    assert writer.update(object_, [Change(record, values, current)]) == [Done(record)]
    writer.close()
    [(name, value)] = values.items()
    places = changed_places(before, company.get(object_, record))
    custom = {place for place in places if name in place or place.startswith("custom_fields")}
    twice = {name, name.rpartition(".")[2]}  # items tell their measures twice
    assert places - custom - twice == set()
    assert places, f"{value} was not written"


def test_a_quantity_is_changed_by_the_id_of_its_line_and_the_others_keep_theirs(company: Company) -> None:
    record = order(company)
    before = company.get("salesorders", record)
    first, second = before["line_items"]
    writer = company.writer()
    current = writer.read("salesorders", [record], ["line_items"])[record]
    rows = [
        {"line_item_id": second["line_item_id"], "quantity": 7},
        {"line_item_id": first["line_item_id"], "quantity": 2},
    ]
    assert writer.update("salesorders", [Change(record, {"line_items": rows}, current)]) == [Done(record)]
    lines = {line["line_item_id"]: line for line in company.get("salesorders", record)["line_items"]}
    assert lines[first["line_item_id"]]["description"] == "Galvanised"
    assert (lines[second["line_item_id"]]["quantity"], lines[second["line_item_id"]]["rate"]) == (7, Decimal("2.75"))
    assert len(lines) == 2


PEOPLE: Mapping[str, tuple[list[Values], list[str]]] = {
    "by e-mail, whatever its case": ([{"email": "ANN@example.com", "phone": "99"}], ["99", ""]),
    "by name": ([{"first_name": "Bob", "last_name": "Cole", "phone": "99"}], ["11", "99"]),
    "in another order": (
        [{"first_name": "Bob", "last_name": "Cole", "phone": "98"}, {"email": "ann@example.com", "phone": "99"}],
        ["99", "98"],
    ),
    "and a new one": ([{"first_name": "Cem", "email": "cem@example.com", "phone": "99"}], ["11", "", "99"]),
}


@pytest.mark.parametrize("way", PEOPLE)
def test_persons_sent_with_their_contact_are_known_again(company: Company, way: str) -> None:
    rows, phones = PEOPLE[way]
    record = contact(company)
    before = company.persons(record)
    writer = company.writer()
    for _time in range(2):
        current = writer.read("contacts", [record], ["contact_persons"])[record]
        assert writer.update("contacts", [Change(record, {"contact_persons": rows}, current)]) == [Done(record)]
    after = sorted(company.persons(record), key=lambda one: str(one["contact_person_id"]))
    assert [one["phone"] for one in after] == phones
    known = [{**one, "phone": None, "email": str(one["email"]).casefold()} for one in after[:2]]
    assert known == [{**one, "phone": None} for one in before]


def test_a_person_is_matched_by_its_id_even_when_its_name_is_new(company: Company) -> None:
    record = contact(company)
    ann = company.persons(record)[0]["contact_person_id"]
    writer = company.writer()
    current = writer.read("contacts", [record], [])[record]
    rows = [{"contact_person_id": ann, "first_name": "Anna", "email": "anna@example.com"}]
    writer.update("contacts", [Change(record, {"contact_persons": rows}, current)])
    assert [(one["first_name"], one["last_name"]) for one in company.persons(record)] == [
        ("Anna", "Berg"),
        ("Bob", "Cole"),
    ]


def test_a_contact_gets_its_price_list_through_the_door_that_documents_it(company: Company) -> None:
    record, prices = contact(company), price_list(company)
    before = company.get("contacts", record)
    writer = company.writer()
    current = writer.read("contacts", [record], ["pricebook_id"])[record]
    company.forget_calls()
    assert writer.update("contacts", [Change(record, {"pricebook_id": prices}, current)]) == [Done(record)]
    assert company.calls("PUT") == [f"PUT /books/v3/contacts/{record}"]
    places = changed_places(before, company.get("contacts", record))
    assert {place for place in places if not place.startswith("pricebook")} == set()
    assert company.get("contacts", record)["pricebook_id"] == prices


def test_one_rate_of_a_price_list_is_changed_and_a_row_is_not_doubled(company: Company) -> None:
    record = price_list(company)
    there = company.get("pricebooks", record)["pricebook_items"]
    rows = [{"item_id": one["item_id"], "pricebook_rate": 5} for one in there]
    writer = company.writer()
    current = writer.read("pricebooks", [record], ["pricebook_items"])[record]
    assert writer.update("pricebooks", [Change(record, {"pricebook_items": rows}, current)]) == [Done(record)]
    after = company.get("pricebooks", record)["pricebook_items"]
    assert [(one["pricebook_item_id"], one["pricebook_rate"]) for one in after] == [
        (one["pricebook_item_id"], 5) for one in there
    ]


def test_a_record_is_gone_only_when_it_is_not_one_that_it_points_at(company: Company) -> None:
    writer = company.writer()
    record = order(company)
    current = writer.read("salesorders", [record], [])[record]
    lost = writer.update("salesorders", [Change(record, {"customer_id": "460000000999999"}, current)])
    assert isinstance(lost[0], Refused)
    assert lost[0].fix
    gone = writer.update("items", [Change("460000000999998", {"description": "x"}, current)])
    assert gone == [Missing()]


@pytest.mark.parametrize("case", ["the phone of an address", "the notes of an invoice"])
def test_after_a_hundred_updates_everything_else_is_the_same_to_the_byte(company: Company, case: str) -> None:
    object_, make, values = CASES[case]
    record, [name] = make(company), list(values)
    before = flat(company.get(object_, record))
    for number in range(100):
        writer = company.writer()
        current = writer.read(object_, [record], [name])[record]
        assert writer.update(object_, [Change(record, {name: f"{number}th"}, current)]) == [Done(record)]
        writer.close()
    after = flat(company.get(object_, record))
    assert after == before | {name: json.dumps("99th")}
