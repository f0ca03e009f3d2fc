"""Contracts in rules: what a deal becomes, which words do not go together, and ways to a whole."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError

HEAD = """\
entity: month
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Deals, id: id}
  inventory: {object: journals, id: journal_id, external_id: cf_crm_id}
new: [crm]
"""
PLAN = "schedule: {in: crm, start: Start, months: Months, amount: Amount, unit: USD, by: contract months}\n"
FIELDS = """\
fields:
  - {what: Day, owner: crm, format: date, crm: schedule.to, inventory: journal_date}
  - {what: Share, owner: crm, format: number, crm: schedule.amount, inventory: total}
  - {what: Deal, owner: crm, crm: Deal_Name, inventory: notes}
"""
DEAL: dict[str, Any] = {
    "id": "7", "Deal_Name": "Care", "Stage": "Won", "Start": "2026-01-01", "Months": 2, "Amount": Decimal("10.01"),
    "Modified_Time": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


def problems_of(*texts: str) -> list[str]:
    try:
        read_all({f"rules/{number}.yml": text.encode() for number, text in enumerate(texts)}, Path("nowhere/rules"))
    except RulesError as error:
        return error.problems
    return []


def made(rules_of: Any, keys: str = "", **values: Any) -> list[dict[str, Any]]:
    rules = rules_of(HEAD + PLAN + keys + FIELDS)
    return compile_entity(rules, rules.entities["month"], "crm", "inventory").records({**DEAL, **values})


def test_a_contract_becomes_a_record_for_each_period_and_each_tells_of_all(rules_of):
    first, second = made(rules_of)
    assert (first["journal_date"], first["total"], first["notes"]) == ("2026-01-31", Decimal("5.01"), "Care")
    assert (second["journal_date"], second["total"]) == ("2026-02-28", Decimal("5.00"))
    assert [one["cf_crm_id"] for one in (first, second)] == first["_ofrecord"]["each"] == ["7/1", "7/2"]
    assert first["_ofrecord"]["native"]["share"] == Decimal("5.01")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"_sdc_deleted_at": "2026-02-01T00:00:00+00:00"}, {"deleted": True, "each": []}),
        ({"Months": None}, {"invalid": {"schedule": "the months of the contract are no whole number from 1 to 1200"}}),
        ({"Stage": "Lost"}, {"filtered": "stage is Lost"}),
        ({"Amount": 0}, {"stopped": {"name": "Over nothing", "rule": "rules/0.yml:10"}}),
    ],
)
def test_a_contract_that_makes_no_periods_comes_as_one_record_and_takes_none_away(rules_of, values, told):
    keys = "when: {crm: {Stage: [Won]}}\nstop:\n  - {what: Over nothing, when: {crm: {Amount: {at most: 0}}}}\n"
    keys = keys.replace("Stage: [Won]", "Stage: {not: [Lost]}")
    [one] = made(rules_of, keys, **values)
    note = one["_ofrecord"]
    assert note["id"] == "7"
    assert {key: note.get(key) for key in told} == told
    assert ("each" in note) == ("each" in told)


BAD = {
    "no such value of a period": (
        HEAD + PLAN + FIELDS.replace("schedule.to", "schedule.too"),
        'Day": a period has no "too"',
    ),
    "no word for what a period is": (
        HEAD + PLAN.replace(", by: contract months", "") + FIELDS,
        '"by" is missing: what a period is. Use contract months, calendar months or days.',
    ),
    "a currency twice": (
        HEAD + PLAN.replace("unit: USD", "unit: USD, currency: Code") + FIELDS,
        'needs either "currency", a field, or "unit", the currency. Give one.',
    ),
    "a currency that is none": (
        HEAD + PLAN.replace("USD", "USX") + FIELDS,
        'unit "USX" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
    ),
    "a system it does not live in": (
        HEAD + PLAN.replace("in: crm", "in: books") + FIELDS,
        'books is not among the systems of "month". Add it there.',
    ),
    "elements and periods": (
        HEAD + PLAN + "each: {in: crm, list: Lines, id: id}\n" + FIELDS,
        "a record is split into elements of a list or into periods. Remove each or schedule.",
    ),
    "periods that are parts": (
        HEAD + PLAN + "combine: {into: month, through: month, by: id}\n" + FIELDS.replace("}", ", combine: same}"),
        "each period is a record of its own. Remove combine and spread.",
    ),
    "days without a whole": (
        HEAD + PLAN + "counts_from: {crm: Start}\n" + FIELDS,
        "only parts of a whole count from a day on. Add combine, or remove it.",
    ),
    "days in no zone": (
        HEAD + PLAN + "counts_from: {crm: {field: Start, zone: Berlin}}\n" + FIELDS,
        'zone "Berlin" is not an IANA time zone. Write it as Europe/Berlin.',
    ),
    "settled by no day": (
        HEAD + PLAN + "settled: Share\n" + FIELDS,
        '"Share" is not the name of a field with a day. Use Day.',
    ),
    "no other way": (
        HEAD + "combine: {into: month, through: month, by: id, or: []}\n" + FIELDS.replace("schedule.", "").replace("}", ", combine: same}"),
        "expected a list of ways, as in [{through: order, by: salesorder_id}].",
    ),
    "a way to nowhere": (
        HEAD + "combine: {into: month, through: month, by: id, or: [{through: order, by: id}]}\n" + FIELDS.replace("schedule.", "").replace("}", ", combine: same}"),
        '"order" is not an entity. Use month.',
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD)
def test_words_that_do_not_go_together_are_refused_with_their_remedy(mistake):
    text, expected = BAD[mistake]
    assert any(expected in problem for problem in problems_of(text)), problems_of(text)


def test_what_stands_above_is_good():
    assert problems_of(HEAD + PLAN + "settled: Day\n" + FIELDS) == []


def test_a_list_of_ways_travels_with_what_leads_along_each(shipped):
    compiled = compile_entity(shipped, shipped.entities["invoice"], "books", "crm")
    said = compiled.schema["schema"]["x-ofrecord"]["combine"]
    assert said == {
        "whole": "deal", "through": "order", "by": "salesorder_id", "field": "deal",
        "or": [{"through": "service invoice", "by": "cf_crm_id", "field": "deal", "external": True}],
    }  # fmt: skip
    invoice = {"invoice_id": "1", "salesorder_id": "", "custom_field_hash": {"cf_crm_id": "7"}}
    [one] = compiled.records(invoice)
    assert one["_ofrecord"]["by"] == [None, "7"]


def test_words_of_a_list_are_looked_up_where_both_are_said(rules_of):
    line = "  - {what: Account, owner: crm, lookup: accounts, crm: {field: Kind, values: {A: Sales, B: Fees}}, inventory: account_id}\n"
    rules = rules_of(HEAD + FIELDS.replace("schedule.", "") + line)
    compiled = compile_entity(rules, rules.entities["month"], "crm", "inventory")
    [one] = compiled.records({**DEAL, "Kind": "B"})
    assert one["account_id"] == "Fees"
    assert compiled.schema["schema"]["properties"]["account_id"]["x-ofrecord"]["lookup"] == "accounts"
