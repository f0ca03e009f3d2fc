"""References beyond a record: fields of the record pointed at, ids that are the other system's already, addresses of pages."""

from pathlib import Path

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import read_all
from ofrecord_transforms.pages import with_pages
from ofrecord_transforms.problems import RulesError

PERSONS = "responsible: {owner: A, deputy: B, escalation: C}\n"
ORDER = f"""\
entity: order
{PERSONS}systems:
  inventory: {{stream: orders, id: order_id}}
  crm: {{object: Papers, id: id, external_id: Inventory_ID}}
new: [inventory]
fields:
  - {{what: Deal, owner: inventory, ref: deal, inventory: {{field: cf_deal, id_in: crm}}, crm: Deal}}
  - {{what: Page, owner: inventory, inventory: {{field: order_id, page: orders}}, crm: Link}}
"""
DEAL = f"""\
entity: deal
{PERSONS}systems:
  crm: {{stream: Deals, id: id}}
  inventory: {{object: deals, id: deal_id}}
fields:
  - {{what: Name, owner: crm, crm: Deal_Name, inventory: name}}
"""
BILL = f"""\
entity: bill
{PERSONS}systems:
  books: {{stream: slips, id: slip_id}}
  crm: {{object: Papers, id: id, external_id: Inventory_ID}}
new: [books]
fields:
  - LINE
"""
WHOLE = "{what: Deal, owner: books, ref: order, of: Deal, unlinked: leave, books: order_id, crm: Deal}"


def read(line=WHOLE):
    texts = {"rules/order.yml": ORDER, "rules/deal.yml": DEAL, "rules/bill.yml": BILL.replace("LINE", line)}
    return read_all({name: text.encode() for name, text in texts.items()}, Path("nowhere/rules"))


def said(rules, entity, source, field):
    schema = compile_entity(rules, rules.entities[entity], source, "crm").schema["schema"]
    return schema["properties"][field]["x-ofrecord"]


def test_the_wire_says_which_field_is_meant_what_waits_and_that_an_id_is_one_of_the_destination():
    rules = read()
    assert {key: said(rules, "bill", "books", "Deal").get(key) for key in ("ref", "of", "unlinked", "direct")} == {
        "ref": "order", "of": "deal", "unlinked": "leave", "direct": None,
    }  # fmt: skip
    assert said(rules, "order", "inventory", "Deal")["direct"] is True


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{what: X, owner: books, of: Deal, books: a, crm: A}", "of belongs to a field with ref: the value is that of the entity it points at. Add ref."),
        ("{what: X, owner: books, ref: order, of: Deel, books: a, crm: A}", 'of "Deel" is not a field of "order". Did you mean "Deal"?'),
        ("{what: X, owner: books, unlinked: wait, books: a, crm: A}", "unlinked: wait belongs to a field with ref. Add ref, or remove it."),
        ("{what: X, owner: books, ref: order, unlinked: skip, books: a, crm: A}", 'unlinked "skip" is not known. Use hold, wait or leave.'),
        ("{what: X, owner: books, books: {field: a, id_in: crm}, crm: A}", "id_in belongs to a field with ref and without of. Add ref, or remove id_in."),
        ("{what: X, owner: books, ref: order, books: {field: a, id_in: books}, crm: A}", "id_in books is not the other system of this field. Use crm."),
        ("{what: X, owner: books, books: a, crm: {field: A, page: papers}}", "page: only crm itself tells its own pages. Use owner: crm."),
        ("{what: X, owner: books, format: date, books: {field: a, page: papers}, crm: A}", "page makes an address of a plain id. Remove what else is said of the value."),
    ],
)  # fmt: skip
def test_what_goes_with_no_reference_or_no_address_is_refused_in_words(line, problem):
    with pytest.raises(RulesError) as raised:
        read(line)
    assert [one.partition(", ")[2].partition(": ")[2] for one in raised.value.problems] == [problem]


def test_one_system_may_be_read_twice_where_it_owns_both_lines():
    twice = "{what: X, owner: books, books: order_id, crm: A}\n  - {what: Y, owner: books, books: order_id, crm: B}"
    assert len(read(twice).entities["bill"].fields) == 2


@pytest.mark.parametrize(
    ("web", "links"),
    [
        ("https://{system}.example.com/app/7/", {"Link": "https://inventory.example.com/app/7#/orders/9%2F1"}),
        ("", {}),
        ("$OFRECORD_WEB", {}),
    ],
)
def test_a_page_is_an_address_in_the_systems_own_web_app_and_nothing_without_the_setting(web, links):
    rules = with_pages(read(), web)
    compiled = compile_entity(rules, rules.entities["order"], "inventory", "crm")
    [record] = compiled.records({"order_id": "9/1"})
    assert {name: value for name, value in record.items() if name == "Link"} == links
    assert ("Link" in compiled.schema["schema"]["properties"]) is bool(links)
