"""What the rules a customer starts with say."""

from pathlib import Path

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.rules import Rules

RULES = Path(__file__).parents[2] / "rules"


def owner(rules: Rules, entity: str, what: str) -> str:
    return next(rule.owner for rule in rules.entities[entity].fields if rule.what == what)


@pytest.mark.parametrize(
    ("entity", "what", "expected"),
    [
        ("product", "Name", "inventory"),
        ("product", "List price", "inventory"),
        ("product", "Can be promised", "inventory"),
        ("account", "Name", "shared"),
        ("account", "Phone", "shared"),
        ("account", "Payment terms", "inventory"),
        ("account", "Credit limit", "inventory"),
        ("contact", "E-mail", "crm"),
        ("order", "Lines", "crm"),
        ("order", "Order status", "inventory"),
        ("invoice", "Payment status", "books"),
        ("invoice", "Paid", "books"),
        ("invoice", "Payment problem", "books"),
        ("payment", "Last payment", "books"),
    ],
)
def test_the_shipped_owner_of_a_field(shipped, entity, what, expected):
    assert owner(shipped, entity, what) == expected


PACKS = {
    "inventory and books to the CRM": ({"inventory", "books"}, {
        ("product", "sku"), ("product", "name"), ("product", "rate"), ("product", "actual_available_stock"),
        ("product", "package_details.weight"), ("product", "unit"), ("product", "status"), ("product", "ean"),
        ("product", "reorder_level"), ("product", "is_taxable"), ("composite product", "sku"), ("price list", "name"),
        ("price list", "status"), ("account", "payment_terms"), ("account", "credit_limit"), ("account", "tax_reg_no"),
        ("vendor", "billing_address.address"), ("order", "salesorder_number"), ("order", "status"),
        ("shipment", "shipment_order.carrier"), ("shipment", "shipment_order.tracking_number"),
        ("return", "salesreturn_status"), ("invoice", "invoice_number"), ("invoice", "date"), ("invoice", "total"),
        ("invoice", "balance"), ("invoice", "status"), ("invoice", "payment_made"), ("invoice", "due_date"), ("payment", "date"),
        ("credit", "balance"),
    }),
    "CRM to inventory": ({"crm"}, {
        ("account", "Website"), ("account", "Shipping_Street"), ("account", "Shipping_City"), ("contact", "First_Name"),
        ("contact", "Last_Name"), ("contact", "Email"), ("contact", "Phone"), ("contact", "Mobile"), ("contact", "Title"),
        ("contact", "Department"), ("contact", "Account_Name"), ("deal", "Stage"), ("order", "Account_Name"),
        ("order", "Quote_Number"), ("order", "Quoted_Items"), ("order", "Created_Time"), ("order", "Adjustment"),
    }),
}  # fmt: skip


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param("inventory and books to the CRM", marks=pytest.mark.promise("F004")),
        pytest.param("CRM to inventory", marks=pytest.mark.promise("F005")),
    ],
)
def test_a_new_project_starts_with_these_fields_mapped_from_their_owner(shipped, pack):
    owners, wanted = PACKS[pack]
    mapped = {
        (entity.entity, name)
        for entity in shipped.entities.values()
        for rule in entity.fields
        if rule.owner in owners and len(rule.sides) > 1
        for name in rule.sides[rule.owner].fields()
    }
    assert wanted - mapped == set()


def test_a_two_way_field_always_names_its_policy(shipped):
    open_ends = [
        rule.rule
        for entity in shipped.entities.values()
        for rule in entity.fields
        if rule.owner == "shared" and rule.policy is None
    ]
    assert open_ends == []


def test_nothing_is_written_to_books_or_between_the_doors_of_one_store(shipped):
    directions = {way for entity in shipped.entities.values() for way in entity.directions()}
    assert directions == {("crm", "inventory"), ("inventory", "crm"), ("books", "crm")}


def test_every_file_opens_with_a_comment_for_its_reader():
    silent = [path.name for path in RULES.glob("*.yml") if not path.read_text(encoding="utf-8").startswith("# ")]
    assert silent == []


def test_an_edit_of_a_created_order_is_no_violation_but_an_edit_of_its_number_in_the_crm_is(shipped):
    order = shipped.entities["order"]
    rules = {rule.what: rule for rule in order.fields}
    assert not order.reads(rules["Adjustment"], "inventory")
    assert order.reads(rules["Order number"], "crm")


@pytest.mark.parametrize(("code", "told"), [("JPY", {"Open_Credit": "JPY"}), ("", {}), (None, {})])
def test_an_amount_that_is_added_up_says_its_currency_beside_it(shipped, code, told):
    credit = compile_entity(shipped, shipped.entities["credit"], "books", "crm")
    note = {
        "creditnote_id": "1",
        "customer_id": "2",
        "status": "open",
        "balance": 7,
        "date": "2026-03-01",
        "currency_code": code,
    }
    (made,) = credit.records(note)
    assert made["_ofrecord"]["currencies"] == told
    assert made["Open_Credit"] == 7
