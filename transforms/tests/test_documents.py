"""Documents made once: what the rules say of them, what is refused, and what of it travels."""

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError

HEAD = """\
entity: bid
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Bids, id: id, external_id: Paper_ID}
  inventory: {stream: papers, id: paper_id, external_id: cf_crm_id}
new: [crm]
"""
FIELDS = """\
fields:
  - {what: Trade, owner: crm, crm: Trade, inventory: cf_trade}
  - what: Kind
    owner: crm
    format: boolean
    inventory: {field: is_early, always: true, unless: {false: {Less: {more than: 0}}}}
  - what: Lines
    owner: crm
    after_create: true
    crm: Rows
    inventory: line_items
    lines:
      - {what: Name, crm: Name, inventory: name}
      - {what: Quantity, format: number, crm: Quantity, inventory: quantity}
      - {what: Rate, format: number, crm: Price, inventory: rate}
"""
TRADE = """\
entity: trade
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Trades, id: id}
  inventory: {object: papers, id: paper_id}
spread: {through: bid, by: Trade}
fields:
  - {what: Phase, owner: crm, crm: Phase, inventory: cf_phase}
"""
CHECK = """\
once:
  check:
    - {what: Total, crm: Sum, inventory: total}
    - {what: Currency, format: text, crm: {always: USD}, inventory: currency_code}
    - what: Lines
      crm: Rows
      inventory: line_items
      lines:
        - {what: Rate, crm: Price, inventory: rate}
"""
WAITS = """\
when: {crm: {Phase: [Accepted]}}
waits_for: {entity: trade, by: Trade, until: {crm: {Phase: [Won]}}, when: {crm: {Phase: [Draft]}}}
"""


@pytest.fixture
def rules_of(tmp_path):
    def read(said):
        files = {"rules/bid.yml": f"{HEAD}{said}{FIELDS}".encode(), "rules/trade.yml": TRADE.encode()}
        return read_all(files, tmp_path)

    return read


def notes(rules, entity, *records):
    compiled = compile_entity(rules, rules.entities[entity], "crm", "inventory")
    return [out for record in records for out in compiled.records(record)]


def test_figures_of_the_document_and_of_its_lines_travel_under_the_names_of_the_destination(rules_of):
    [out] = notes(rules_of(CHECK), "bid", {"id": "1", "Sum": 3, "Rows": [{"Name": "Bolt", "Price": 3, "Quantity": 1}]})
    assert out["_ofrecord"]["check"] == {"total": 3, "currency_code": "USD", "line_items": [{"rate": 3}]}


def test_one_pair_of_fields_is_a_figure_that_is_an_amount(rules_of):
    rules = rules_of("once: {check: {crm: Sum, inventory: total}, then: [confirmed]}\n")
    compiled = compile_entity(rules, rules.entities["bid"], "crm", "inventory")
    once = compiled.schema["schema"]["x-ofrecord"]["once"]
    assert once == {"then": ["confirmed"], "check": [{"field": "total", "label": "Total", "format": "money"}]}


@pytest.mark.parametrize(
    ("quote", "said"), [({}, "USD"), ({"Money": None}, "USD"), ({"Money": ""}, "USD"), ({"Money": "JPY"}, "JPY")]
)
def test_a_figure_may_say_what_stands_where_its_field_is_empty_or_is_none(rules_of, quote, said):
    rules = rules_of(CHECK.replace("{always: USD}", "{field: Money, otherwise: USD}"))
    [out] = notes(rules, "bid", {"id": "1", "Sum": 3, "Rows": [], **quote})
    assert out["_ofrecord"]["check"]["currency_code"] == said


@pytest.mark.parametrize(("less", "early"), [(0, True), (None, True), (1, False)])
def test_a_constant_may_depend_on_the_record(rules_of, less, early):
    [out] = notes(rules_of(""), "bid", {"id": "1", "Less": less, "Rows": []})
    assert out["is_early"] is early


def test_a_record_that_waits_travels_whole_and_names_whom_it_waits_for(rules_of):
    rules = rules_of(WAITS)
    draft, accepted, lost, alone = notes(
        rules, "bid",
        {"id": "1", "Phase": "Draft", "Trade": {"id": "9", "name": "A trade"}, "Rows": []},
        {"id": "2", "Phase": "Accepted", "Trade": {"id": "9", "name": "A trade"}, "Rows": []},
        {"id": "3", "Phase": "Lost", "Trade": {"id": "9", "name": "A trade"}, "Rows": []},
        {"id": "4", "Phase": "Draft", "Trade": None, "Rows": []},
    )  # fmt: skip
    assert (draft["_ofrecord"]["awaits"], draft["line_items"]) == ("9", [])
    assert "awaits" not in accepted["_ofrecord"]
    assert [out["_ofrecord"].get("filtered") for out in (draft, accepted, lost, alone)] == [
        None, None, "phase is another", "phase is another",
    ]  # fmt: skip


def test_a_record_that_others_wait_for_says_whether_it_gives_its_word(rules_of):
    given = notes(rules_of(WAITS), "trade", {"id": "9", "Phase": "Won"}, {"id": "9", "Phase": "Lost"}, {"id": "9", "_sdc_deleted_at": "2026-01-01T00:00:00+00:00", "Phase": "Won"})  # fmt: skip
    assert [out["_ofrecord"]["grants"] for out in given] == [True, False, False]


WRONG = {
    "a constant for no field": ("once: {check: [{what: Unit, crm: {otherwise: USD}, inventory: unit}]}\n", 'rules/bid.yml:7, "once: check: Unit": "field" is missing. Add it.'),
    "a list that stands for a field": ("once: {check: [{what: Unit, crm: {field: Unit, otherwise: [USD]}, inventory: unit}]}\n", 'rules/bid.yml:7, "once: check: Unit": otherwise must be one value. Write it as in {field: Currency, otherwise: USD}.'),
    "a figure in one system": ("once: {check: [{what: Total, crm: Sum}]}\n", 'rules/bid.yml:7, "once: Total": names one system. Name the other one, too: two figures are compared.'),
    "a figure that points at no entity": ("once: {check: [{what: Item, ref: bod, crm: Row, inventory: row}]}\n", 'rules/bid.yml:7, "once: Item": ref "bod" is not an entity. Did you mean "bid"?'),
    "an unknown key of a figure": ("once: {check: [{what: Total, crm: Sum, inventory: total, owner: crm}]}\n", 'rules/bid.yml:7, "once: check: Total": "owner" is not a key here. Use what, format, ref, lookup, lines, why, crm or inventory.'),
    "a name of the sum that is no field": ("once: {sum: {lines: Lines, quantity: Quantty, rate: Rate}}\n", 'rules/bid.yml:7, "once: sum": quantity: "Quantty" is not known here. Did you mean "Quantity"?'),
    "a sum without lines": ("once: {sum: {quantity: Quantity, rate: Rate}}\n", 'rules/bid.yml:7, "once: sum": "lines" is missing. Add it.'),
    "an amendment by amount": ("once: {amend: {inventory: {total: {more than: 3}}}}\n", 'rules/bid.yml:7, "once: amend: inventory": "total": a list of values, not, present or absent decides here. Use one of these.'),
    "waiting for nobody": ("waits_for: {entity: trad, by: Trade, until: {crm: {Phase: [Won]}}, when: {crm: {Phase: [Draft]}}}\n", 'rules/bid.yml:7, "waits_for": "trad" is not an entity. Did you mean "trade"?'),
    "waiting by nothing": ("waits_for: {entity: trade, by: Trad, until: {crm: {Phase: [Won]}}, when: {crm: {Phase: [Draft]}}}\n", 'rules/bid.yml:7, "waits_for": "Trad" is not a field that names its trade. Did you mean "Trade"?'),
    "waiting for ever": ("waits_for: {entity: trade, by: Trade, when: {crm: {Phase: [Draft]}}}\n", 'rules/bid.yml:7, "waits_for": "until" is missing: what that record must fulfil. Add it.'),
    "waiting for what is not read": ("waits_for: {entity: trade, by: Trade, until: {inventory: {status: [Won]}}, when: {inventory: {status: [Draft]}}}\n", 'rules/bid.yml:7, "waits_for": "trade" is not read from inventory.'),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_with_its_remedy(rules_of, mistake):
    said, message = WRONG[mistake]
    with pytest.raises(RulesError) as refused:
        rules_of(said)
    assert message in str(refused.value).splitlines()
