"""`ofrecord learn`: one decision becomes a line of the rules and its case."""

import json

import pytest

from ofrecord.lesson import LessonProblem, with_policy
from ofrecord_kit.ledger import Held
from ofrecord_transforms.cases import run_cases
from ofrecord_transforms.load import load

RULES = """\
# Companies.
entity: company
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Accs, id: id, external_id: Inventory_ID}
  inventory: {stream: conts, id: contact_id, external_id: cf_crm_id}
fields:
  - what: Phone # of the switchboard
    owner: shared
    policy: latest # for now
    format: phone
    crm: Phone
    inventory: billing.phone

  # A person decides.
  - what: Name
    owner: shared
    crm: Name
    inventory: contact_name

  - {what: Weight, owner: shared, policy: review, crm: {field: W, unit: g}, inventory: {field: weight, unit: kg}}
  - what: Address
    owner: shared
    format: address
    crm: {parts: {street: Street, city: City}}
    inventory: {parts: {street: billing.address, city: billing.city}}
"""
LINES = {"phone": 8, "name": 16, "weight": 21, "address": 22}
REAL = "Müller Rohrbau"


@pytest.fixture
def learn(book, tmp_path):
    """The command with a conflict held for each field."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "company.yml").write_text(RULES, encoding="utf-8")
    with book.writing() as ledger:
        link = ledger.record_link("company", {"crm": "42", "inventory": "7"})
        ledger.record_agreed(link, {"phone": {"crm": REAL, "inventory": REAL}})
        for name, line in LINES.items():
            rule = f"rules/company.yml:{line}"
            ledger.hold(
                Held("company", "crm", "inventory", "42", "conflict", "both differ", field=name, label="C-1", rule=rule)
            )
        ledger.hold(Held("company", "crm", "inventory", "43", "refused", REAL, field="name"))
    return lambda *words: book.ask("learn", *words, "--rules", str(folder))


@pytest.fixture
def texts(tmp_path):
    """What the two files say now; None for one that is not there."""
    paths = [tmp_path / "rules" / "company.yml", tmp_path / "rules" / "cases" / "company.yml"]
    return lambda: [path.read_text(encoding="utf-8") if path.is_file() else None for path in paths]


@pytest.mark.promise("N17")
def test_a_decision_is_a_line_of_the_rules_with_its_case_and_no_real_value(learn, texts, tmp_path):
    done = learn("company/42.phone", "--keep", "crm")
    assert done.exit_code == 0, done.output
    rules, cases = texts()
    assert rules == RULES.replace("policy: latest # for now", "policy: crm  # for now")
    assert "Phone changed in crm and in inventory, crm wins" in cases
    assert "agreed: '+442079460001'" in cases
    assert REAL not in cases
    folder = tmp_path / "rules"
    [outcome] = run_cases(load(folder), folder)
    assert outcome.problem is None
    assert "the next run settles the conflict" in done.stderr


@pytest.mark.parametrize(
    ("field", "keep", "old", "new"),
    [
        (
            "name",
            "inventory",
            "  - what: Name\n    owner: shared\n",
            "  - what: Name\n    owner: shared\n    policy: inventory\n",
        ),
        ("weight", "crm", "policy: review", "policy: crm"),
        ("address", "crm", "Address\n    owner: shared\n", "Address\n    owner: shared\n    policy: crm\n"),
    ],
)
def test_only_the_policy_of_that_field_changes(  # noqa: PLR0917 - columns of the table
    learn, texts, field, keep, old, new
):
    done = learn(f"company/C-1.{field}", "--keep", keep)
    assert done.exit_code == 0, done.output
    assert texts()[0] == RULES.replace(old, new)


def test_a_second_lesson_is_added_to_the_first(learn, texts, tmp_path):
    assert learn("company/42.phone", "--keep", "crm").exit_code == 0
    assert learn("company/42.weight", "--keep", "inventory").exit_code == 0
    folder = tmp_path / "rules"
    outcomes = run_cases(load(folder), folder)
    assert [one.problem for one in outcomes] == [None, None]
    assert "result: {crm: 20000, inventory: 20}" in texts()[1]


def test_a_dry_run_shows_the_difference_and_changes_nothing(learn, texts):
    before = texts()
    done = learn("company/42.phone", "--keep", "crm", "--dry-run")
    assert done.exit_code == 0
    assert "-    policy: latest # for now\n+    policy: crm  # for now\n" in done.stdout
    assert "+  - case: Phone changed" in done.stdout
    assert texts() == before


def test_what_is_learned_can_be_read_by_a_program(learn, texts):
    before = texts()
    told = json.loads(learn("company/42.phone", "--keep", "crm", "--dry-run", "--json").stdout)
    assert (told["field"], told["keep"], told["written"]) == ("Phone", "crm", False)
    assert any("+    policy: crm" in change for change in told["changes"].values())
    assert texts() == before
    assert json.loads(learn("company/42.phone", "--keep", "crm", "--json").stdout) == told | {"written": True}
    assert texts() != before


def test_rules_that_changed_since_are_not_touched(learn, texts, tmp_path):
    path = tmp_path / "rules" / "company.yml"
    path.write_text("# One more line.\n" + RULES, encoding="utf-8")
    before = texts()
    done = learn("company/42.phone", "--keep", "crm")
    assert done.exit_code == 1
    assert 'held under rules/company.yml:8; "Phone" is now at rules/company.yml:9' in done.stderr
    assert texts() == before


def test_a_lesson_against_another_case_is_refused(learn, texts, tmp_path):
    cases = tmp_path / "rules" / "cases" / "company.yml"
    cases.parent.mkdir()
    cases.write_text(
        """\
cases:
  - case: The later number wins
    entity: company
    field: Phone
    agreed: "+442079460001"
    edits:
      - {in: crm, value: "+442079460002", at: 2026-03-02T09:00:00Z}
      - {in: inventory, value: "+442079460003", at: 2026-03-02T10:00:00Z}
    result: {crm: "+442079460003", inventory: "+442079460003"}
""",
        encoding="utf-8",
    )
    before = texts()
    done = learn("company/42.phone", "--keep", "crm")
    assert done.exit_code == 1
    assert "Nothing was changed. If the decision replaces a case, take it out, then learn again." in done.stderr
    assert "The later number wins" in done.stderr
    assert texts() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["company/42.phone", "--keep", "books"], 2, "Use --keep crm or inventory."),
        (["company/43.name", "--keep", "crm"], 1, "No conflict is held for company/43.name."),
        (["company/42.fone", "--keep", "crm"], 2, 'Did you mean "Phone"?'),
    ],
)
def test_what_cannot_be_learned_is_named(learn, texts, words, code, said):
    before = texts()
    done = learn(*words)
    assert done.exit_code == code
    assert said in done.stderr
    assert texts() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fields:\n  - what: A\n    owner: shared\n    policy:\n      - crm\n", "on several lines"),
        ("fields:\n  - {what: A,\n     owner: shared}\n", "in braces over several lines"),
        ("fields:\n  -\n    what: A\n", "does not begin"),
    ],
)
def test_a_line_of_another_shape_is_left_to_a_person(text, said):
    with pytest.raises(LessonProblem, match=said):
        with_policy(text, 2, "A", "crm")
