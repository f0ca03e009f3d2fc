"""`ofrecord history ENTITY/ID[.FIELD]`: what it was, who set it."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from ofrecord_kit.ledger import Event

RULES = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Products, id: id, external_id: Inventory_ID}
  inventory: {stream: items, id: item_id, external_id: cf_crm_id}
fields:
  - {what: Price, owner: inventory, format: money, crm: Unit_Price, inventory: rate}
  - {what: Name, owner: inventory, crm: Product_Name, inventory: name}
"""
IDS = {"crm": "42", "inventory": "7"}


@pytest.fixture
def told(book, tmp_path):
    """A product created at 10, priced 12 by Bo, edited to 15 in the CRM by Cy and put back."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/product.yml").write_text(RULES, encoding="utf-8")
    with book.writing(timedelta(days=9), "first") as ledger:
        link = ledger.record_link("product", IDS)
        snapshot = {"price": Decimal("10.00"), "name": "Bolt"}
        ledger.event(Event("created", "product", link, IDS, None, "crm", None, snapshot, editor="Ada"))
    for days, kind, before, after, who, why in (
        (5, "updated", "10.00", "12.00", "Bo", "the owner changed it"),
        (3, "violation", "12.00", "15.00", "Cy", "revert"),
        (2, "reverted", "15.00", "12.00", None, "revert"),
    ):
        with book.writing(timedelta(days=days), f"run-{days}") as ledger:
            ledger.event(
                Event(kind, "product", link, IDS, "price", "crm", Decimal(before), Decimal(after), "rules/product.yml:7", why, editor=who)
            )  # fmt: skip

    def ask(*words):
        return book.ask("history", *words, "--rules", str(tmp_path / "rules"))

    ask.book = book
    return ask


def day(told, ago):
    return (told.book.now - timedelta(days=ago)).isoformat()


@pytest.mark.promise("F135")
def test_who_set_a_price_is_told_with_time_value_rule_and_run(told):
    found = json.loads(told("product/42.price", "--who", "--json").stdout)
    assert [(one["value"], one["editor"], one["run"], one["kind"]) for one in found["set"]] == [
        ("10.00", "Ada", "first", "created"),
        ("12.00", "Bo", "run-5", "updated"),
        ("12.00", None, "run-2", "reverted"),
    ]
    assert found["set"][1]["rule"] == "rules/product.yml:7"
    assert found["set"][1]["since"] == day(told, 5)
    lines = [line.split("\t") for line in told("product/7.price", "--who", "--system", "inventory").stdout.splitlines()]
    assert [line[4:7] for line in lines] == [["10.00", "", "Ada"], ["12.00", "10.00", "Bo"], ["12.00", "15.00", ""]]
    assert told.book.ask("ledger", "verify").exit_code == 0


@pytest.mark.promise("N08")
def test_a_record_is_shown_as_it_was_at_a_time_and_since_when_it_differed(told):
    then = json.loads(told("product/42", "--as-of", day(told, 6), "--json").stdout)
    assert {one["field"]: one["value"] for one in then["values"]} == {"Price": "10.00", "Name": "Bolt"}
    assert then["differs"] == []
    edited = json.loads(told("product/42.price", "--as-of", day(told, 2.5), "--json").stdout)
    assert [one["value"] for one in edited["values"]] == ["12.00"]
    assert [(one["value"], one["editor"], one["since"]) for one in edited["differs"]] == [("15.00", "Cy", day(told, 3))]
    now = json.loads(told("product/42.price", "--as-of", day(told, 0), "--json").stdout)
    assert now["differs"] == []


def test_everything_that_happened_to_a_field_is_listed_with_its_editors_and_where_it_began(told):
    lines = [line.split("\t") for line in told("product/42.price").stdout.splitlines()]
    assert [(line[2], line[6], line[7]) for line in lines] == [
        ("created", "10.00", "Ada"), ("updated", "12.00", "Bo"), ("violation", "15.00", "Cy"), ("reverted", "12.00", ""),
    ]  # fmt: skip
    assert len(told("product/42").stdout.splitlines()) == 4


def test_before_the_first_event_nothing_is_known_and_that_is_said(told):
    done = told("product/42", "--as-of", "2001-01-01")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "History knows nothing of that.\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["product/42", "--as-of", "yesterday"], 2, '"yesterday" is no time. Write it as 2026-03-01'),
        (["prodct/42"], 2, 'Did you mean "product"?'),
        (["product/42.prise"], 2, 'Did you mean "Price"?'),
        (["product/"], 2, '"product/" names no record'),
        (["product/99"], 1, "No product 99 is linked."),
        (["--who"], 2, "--as-of and --who ask about a record"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(told, words, code, said):
    done = told(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
