"""`ofrecord why`: one field of one record."""

import json
from datetime import timedelta

import pytest

from ofrecord_kit.ledger import Event, Held

RULES = """\
entity: company
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Accs, id: id, external_id: Inventory_ID}
  inventory: {stream: conts, id: contact_id, external_id: cf_crm_id}
fields:
  - {what: Phone, owner: shared, policy: [inventory, crm], why: They call first., format: phone, crm: Phone, inventory: phone}
  - {what: Credit limit, owner: inventory, format: money, violation: hold, crm: Limit, inventory: credit_limit}
"""


@pytest.fixture
def told(book, tmp_path):
    """A company whose phone was a conflict once and was written since."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "company.yml").write_text(RULES, encoding="utf-8")
    ids = {"crm": "42", "inventory": "7"}
    with book.writing(timedelta(hours=3), "first") as ledger:
        link = ledger.record_link("company", ids)
        ledger.record_agreed(link, {"phone": {"crm": "+49301", "inventory": "+49301"}})
        ledger.event(
            Event("conflict", "company", link, ids, "phone", None, "+49302", "+49303", "rules/company.yml:7", "review")
        )
        ledger.hold(Held("company", "crm", "inventory", "42", "conflict", "both sides differ", field="phone"))
    with book.writing(timedelta(hours=1), "second") as ledger:
        ledger.record_agreed(link, {"phone": {"crm": "+49303", "inventory": "+49303"}})
        ledger.event(
            Event("updated", "company", link, ids, "phone", "crm", "+49302", "+49303", "rules/company.yml:7", "policy inventory, crm")
        )  # fmt: skip
        ledger.event(Event("updated", "company", link, ids, "credit limit", "crm", 1, 2, "rules/company.yml:8", "x"))
        ledger.record_link("company", {"crm": "7", "inventory": "8"})
    return lambda *words: book.ask("why", *words, "--rules", str(folder))


@pytest.mark.promise("F008")
def test_the_rule_the_agreed_values_and_the_events_of_the_field_are_shown(told):
    found = json.loads(told("company/42.phone", "--json").stdout)
    assert found["rule"] == {
        "entity": "company", "field": "Phone", "line": "rules/company.yml:7", "owner": "shared",
        "policy": "inventory before crm", "why": "They call first.",
    }  # fmt: skip
    assert found["ids"] == {"crm": "42", "inventory": "7"}
    assert found["agreed"] == {"crm": "+49303", "inventory": "+49303"}
    conflict, write = found["events"]
    assert (conflict["kind"], conflict["before"], conflict["after"], conflict["run"]) == (
        "conflict", "+49302", "+49303", "first",
    )  # fmt: skip
    assert (write["kind"], write["system"], write["why"], write["run"]) == (
        "updated",
        "crm",
        "policy inventory, crm",
        "second",
    )
    assert [held["kind"] for held in found["held"]] == ["conflict"]


def test_a_pipe_gets_tagged_lines(told):
    lines = [line.split("\t") for line in told("company/42.Phone").stdout.splitlines()]
    assert [line[0] for line in lines] == ["rule", "agreed", "agreed", "event", "event", "held"]


def test_an_owned_field_says_what_an_edit_elsewhere_leads_to(told):
    found = json.loads(told("company/42.credit limit", "--json").stdout)
    assert found["rule"]["policy"] == "inventory owns it; an edit in crm: hold"
    assert [event["after"] for event in found["events"]] == [2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["company"], 2, "names no field of a record"),
        (["compny/42.phone"], 2, 'Did you mean "company"?'),
        (["company/42.fone"], 2, 'Did you mean "Phone"?'),
        (["company/7.phone"], 2, "is an id in crm and in inventory, of different records"),
        (["company/42.phone", "--system", "books"], 2, 'does not live in "books"'),
        (["company/99.phone"], 1, "No company 99 is linked."),
    ],
)
def test_what_is_not_there_is_named(told, words, code, said):
    done = told(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_the_system_tells_two_records_with_one_id_apart(told):
    assert json.loads(told("company/7.phone", "--system", "inventory", "--json").stdout)["ids"]["crm"] == "42"
