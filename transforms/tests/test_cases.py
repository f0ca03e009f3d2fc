"""Cases run the real rules and the real plan, and say where a mistake is."""

from pathlib import Path

import pytest

from ofrecord_transforms.cases import run_cases
from ofrecord_transforms.load import load
from ofrecord_transforms.problems import RulesError

HEAD = """\
entity: company
responsible: {owner: A, deputy: B, escalation: C}
clock_tolerance: 5 minutes
systems:
  crm: {stream: Accs, id: id, external_id: Inventory_ID}
  inventory: {stream: conts, id: contact_id, external_id: cf_crm_id}
new: [crm]
fields:
"""
FIELDS = """\
  - {what: Name, owner: shared, crm: Name, inventory: contact_name}
  - {what: Phone, owner: shared, policy: latest, format: phone, crm: Phone, inventory: billing.phone}
  - {what: Note, owner: shared, policy: first created, crm: Note, inventory: notes}
  - {what: Web, owner: shared, policy: crm, crm: Website, inventory: website}
  - {what: Town, owner: shared, policy: [inventory, crm], crm: Town, inventory: billing.town}
  - {what: Price, owner: inventory, crm: {field: Price, unit: USD}, inventory: {field: rate, unit: USD}}
  - {what: Limit, owner: inventory, format: money, violation: hold, crm: Limit, inventory: credit_limit}
  - {what: Size, owner: inventory, violation: adopt, crm: Size, inventory: cf_size}
  - {what: Weight, owner: inventory, crm: {field: Weight_g, unit: g}, inventory: {field: weight, unit: kg}}
  - what: Address
    owner: shared
    policy: latest
    format: address
    crm: {parts: {street: Street, city: City}}
    inventory: {parts: {street: billing.address, city: billing.city}}
"""


@pytest.fixture
def outcomes_of(tmp_path):
    """Runs the text of cases against the text of a rule file."""

    def run(cases):
        folder = tmp_path / "rules"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "company.yml").write_text(HEAD + FIELDS, encoding="utf-8")
        (folder / "cases" / "company.yml").write_text(cases, encoding="utf-8")
        return run_cases(load(folder), folder)

    return run


def case(body):
    lines = body.strip("\n").split("\n")
    return "cases:\n  - case: It\n    entity: company\n" + "\n".join("    " + line for line in lines) + "\n"


def good(outcomes):
    assert outcomes
    assert [one.problem for one in outcomes if not one.is_good] == []


NINE, TEN = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"
GOOD = {
    "without a policy a person decides": f"""
field: Name
agreed: Ada
edits: [{{in: crm, value: Bea, at: {NINE}}}, {{in: inventory, value: Cleo, at: {TEN}}}]
result: {{crm: Bea, inventory: Cleo}}
outcome: review
""",
    "the later edit wins in one direction": f"""
field: Phone
agreed: "+49 30 1111"
edits: [{{in: crm, value: "+49 30 2222", at: {NINE}}}, {{in: inventory, value: "+49 30 3333", at: {TEN}}}]
result: {{crm: "+49 30 3333", inventory: "+49 30 3333"}}
outcome: written
""",
    "the later edit wins in the other direction": f"""
field: Phone
agreed: "+49 30 1111"
edits: [{{in: crm, value: "+49 30 2222", at: {TEN}}}, {{in: inventory, value: "+49 30 3333", at: {NINE}}}]
result: {{crm: "+49 30 2222", inventory: "+49 30 2222"}}
outcome: written
""",
    "edits within the tolerance the rules state are for a person": """
field: Phone
agreed: "+49 30 1111"
edits:
  - {in: crm, value: "+49 30 2222", at: 2026-03-01T09:00:00Z}
  - {in: inventory, value: "+49 30 3333", at: 2026-03-01T09:04:00Z}
result: {crm: "+49 30 2222", inventory: "+49 30 3333"}
outcome: review
""",
    "of two records just paired the one created first wins": f"""
field: Note
agreed: none
edits: [{{in: crm, value: new, created: {TEN}}}, {{in: inventory, value: old, created: {NINE}}}]
result: {{crm: old, inventory: old}}
outcome: written
""",
    "the system of the policy wins": f"""
field: Web
agreed: a.example
edits: [{{in: crm, value: b.example, at: {NINE}}}, {{in: inventory, value: c.example, at: {TEN}}}]
result: {{crm: b.example, inventory: b.example}}
outcome: written
""",
    "the system that comes first in the order wins": f"""
field: Town
agreed: Bonn
edits: [{{in: crm, value: Berlin, at: {TEN}}}, {{in: inventory, value: Ulm, at: {NINE}}}]
result: {{crm: Ulm, inventory: Ulm}}
outcome: written
""",
    "an edit on one side of a shared field travels": """
field: Web
agreed: a.example
edits: [{in: inventory, value: c.example}]
result: {crm: c.example, inventory: c.example}
outcome: written
""",
    "an edit where the owner is elsewhere is put back": """
field: Price
agreed: 10
edits: [{in: crm, value: 9.50}]
result: {crm: 10, inventory: 10}
outcome: revert
""",
    "the owner wins against an edit at the same time": """
field: Price
agreed: 10
edits: [{in: crm, value: 9.50}, {in: inventory, value: 12}]
result: {crm: 12, inventory: 12}
outcome: written
""",
    "an edit is held when the rules say so": """
field: Limit
agreed: 1000
edits: [{in: crm, value: 5000}]
result: {crm: 5000, inventory: 1000}
outcome: hold
""",
    "an edit is adopted when the rules say so": """
field: Size
agreed: S
edits: [{in: crm, value: M}]
result: {crm: M, inventory: M}
outcome: adopt
""",
    "the same edit on both sides is silent": """
field: Name
agreed: Ada
edits: [{in: crm, value: Bea}, {in: inventory, value: Bea}]
result: {crm: Bea, inventory: Bea}
outcome: silent
""",
    "a touch is no edit": f"""
field: Name
agreed: Ada
edits: [{{in: crm, at: {NINE}}}, {{in: inventory, value: Bea, at: {NINE}}}]
result: {{crm: Bea, inventory: Bea}}
outcome: written
""",
    "another way to write the same is no edit": """
field: Phone
agreed: "+49 30 1111"
edits: [{in: crm, value: "+49301111"}]
result: {crm: "+49301111", inventory: "+49301111"}
outcome: silent
""",
    "from A to B and back to A is no edit": f"""
field: Name
agreed: Ada
edits: [{{in: crm, value: Ada, at: {TEN}}}]
result: {{crm: Ada, inventory: Ada}}
outcome: silent
""",
    "back to A after B was agreed is an edit like any other": """
field: Web
agreed: b.example
edits: [{in: crm, value: a.example}]
result: {crm: a.example, inventory: a.example}
outcome: written
""",
    "a unit is converted": """
field: Weight
agreed: 1.2
edits: [{in: inventory, value: 1.25}]
result: {crm: 1250, inventory: 1.25}
outcome: written
""",
    "what was agreed may be said by system": """
field: Weight
agreed: {crm: 1200, inventory: 1.2}
edits: [{in: crm, value: 1300}]
result: {crm: 1200, inventory: 1.2}
outcome: revert
""",
    "null clears": """
field: Web
agreed: a.example
edits: [{in: crm, value: null}]
result: {crm: null, inventory: null}
outcome: written
""",
    "edits of different fields are both kept": f"""
fields:
  Name:
    agreed: Ada
    edits: [{{in: crm, value: Bea, at: {NINE}}}]
    result: {{crm: Bea, inventory: Bea}}
    outcome: written
  Web:
    agreed: a.example
    edits: [{{in: inventory, value: b.example, at: {NINE}}}]
    result: {{crm: b.example, inventory: b.example}}
    outcome: written
""",
}


PROMISES = {
    "edits of different fields are both kept": "F016",
    "the system of the policy wins": "F018",
    "without a policy a person decides": "F022",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.promise(PROMISES[name]) if name in PROMISES else ()) for name in GOOD]
)
def test_a_case_runs_as_real_records_would(outcomes_of, name):
    good(outcomes_of(case(GOOD[name])))


@pytest.mark.promise("F019")
@pytest.mark.parametrize("name", ["a touch is no edit", "the same edit on both sides is silent"])
def test_only_what_both_changed_since_they_agreed_is_a_conflict(outcomes_of, name):
    conflict = GOOD["without a policy a person decides"]
    good(outcomes_of(case(GOOD[name])))
    good(outcomes_of(case(conflict)))


def test_an_address_is_one_value(outcomes_of):
    outcomes = outcomes_of(
        case(f"""
field: Address
agreed: {{street: Old Road 1, city: Bonn}}
edits:
  - {{in: crm, value: {{street: New Road 2, city: Bonn}}, at: {NINE}}}
  - {{in: inventory, value: {{street: Old Road 1, city: Berlin}}, at: {TEN}}}
result:
  crm: {{street: Old Road 1, city: Berlin}}
  inventory: {{street: Old Road 1, city: Berlin}}
outcome: written
""")
    )
    good(outcomes)


@pytest.mark.promise("F021")
def test_a_wrong_result_is_told_with_file_line_and_rule(outcomes_of):
    body = GOOD["the later edit wins in one direction"].replace(
        'result: {crm: "+49 30 3333"', 'result: {crm: "+49 30 4"'
    )
    [outcome] = outcomes_of(case(body))
    assert outcome.problem is not None
    assert outcome.problem.startswith('rules/cases/company.yml:2, "It": Phone in crm is "+49303333", not "+49 30 4"')
    assert "(rules/company.yml:10)" in outcome.problem


def test_a_wrong_outcome_is_told(outcomes_of):
    [outcome] = outcomes_of(case(GOOD["a unit is converted"].replace("outcome: written", "outcome: silent")))
    assert outcome.problem is not None
    assert "the outcome is written, not silent" in outcome.problem


def test_all_mistakes_of_a_file_are_told_at_once(outcomes_of):
    cases = """\
cases:
  - {case: A, entity: compny, field: Name, agreed: x, edits: [], result: {crm: x, inventory: x}}
  - {case: B, entity: company, field: Nme, agreed: x, edits: [], result: {crm: x, inventory: x}}
  - {case: C, entity: company, field: Name, agreed: x, edits: [{in: shop, value: y}], result: {crm: x, inventory: x}}
  - case: D
    entity: company
    field: Name
    agreed: x
    edits: [{in: crm, value: y}, {in: crm, value: z}]
    reslt: {crm: x}
  - {case: E, entity: company, field: Name, edits: [{in: crm, value: y, at: noon}], result: {crm: y}, outcome: reviewed}
  - {case: F, entity: company, field: Name, agreed: none, edits: [{in: crm}], result: {crm: x, inventory: x}}
  - {case: F, entity: company, agreed: none, edits: [], result: {crm: x, inventory: x}}
"""
    with pytest.raises(RulesError) as caught:
        outcomes_of(cases)
    told = caught.value.problems
    expected = [
        ('2, "A": "compny" is not an entity.', 'Did you mean "company"?'),
        ('3, "B": company has no field "Nme".', 'Did you mean "Name"?'),
        ('4, "C": Name is not held in "shop".', "Use crm or inventory."),
        ('5, "D": "result" is missing', ""),
        ('9, "D": two edits in crm.', ""),
        ('10, "D": "reslt" is not a key here.', 'Did you mean "result"?'),
        ('11, "E": "agreed" is missing', ""),
        ('11, "E": at "noon" is no time.', ""),
        ('11, "E": outcome "reviewed" is not known.', ""),
        ('11, "E": the result does not say what inventory holds', ""),
        ('12, "F": an edit without "value" changes nothing', ""),
        ('13, "F": needs either "field" or "fields".', ""),
    ]
    for begin, end in expected:
        assert any(line.startswith(f"rules/cases/company.yml:{begin}") and end in line for line in told), (begin, told)


def test_rules_without_cases_have_none(tmp_path):
    (tmp_path / "company.yml").write_text(HEAD + FIELDS, encoding="utf-8")
    assert run_cases(load(tmp_path), tmp_path) == []


def test_a_value_that_cannot_be_converted_is_told_as_invalid(outcomes_of):
    good(
        outcomes_of(
            case("""
field: Weight
agreed: 1.2
edits: [{in: inventory, value: heavy}]
result: {crm: 1200, inventory: heavy}
outcome: invalid
""")
        )
    )


def test_every_shipped_case_comes_as_written(shipped):
    outcomes = run_cases(shipped, Path(__file__).parents[2] / "rules")
    good(outcomes)
    assert {one.entity for one in outcomes} >= {"account", "product"}
