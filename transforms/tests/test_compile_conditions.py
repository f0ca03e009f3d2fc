"""Conditions of the rules: who takes part, who is stopped, and what is said of those who are not taken."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.conditions import fulfils
from ofrecord_transforms.paths import ABSENT
from ofrecord_transforms.rules import Condition

HEAD = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
"""
FIELDS = "fields:\n  - {what: Name, owner: crm, crm: Name, inventory: name}\n"


@pytest.fixture
def note_of(rules_of):
    """What is said of a CRM record under rules with the given keys."""

    def note(keys, record):
        rules = rules_of(f"{HEAD}{keys}\n{FIELDS}")
        compiled = compile_entity(rules, rules.entities["product"], "crm", "inventory")
        [out] = compiled.records({"id": "1", "Name": "N", **record})
        return out["_ofrecord"]

    return note


TAKES_PART = [
    (Condition("in", ("Accepted", "Sent")), "Sent", True),
    (Condition("in", ("Accepted",)), "accepted", False),
    (Condition("in", ("Accepted",)), None, False),
    (Condition("in", ("Accepted",)), ABSENT, False),
    (Condition("in", (1, 2)), 1, True),
    (Condition("in", (1, 2)), Decimal("1.0"), True),
    (Condition("in", (1, 2)), "2", True),
    (Condition("in", ("1.5",)), Decimal("1.50"), True),
    (Condition("in", (1,)), True, False),
    (Condition("in", (True,)), True, True),
    (Condition("in", (True,)), "true", True),
    (Condition("in", (True,)), 1, False),
    (Condition("in", ("0123",)), "123", False),
    (Condition("in", ("Key",)), {"id": "9", "name": "Key"}, True),
    (Condition("in", ("Key",)), ["Old", "Key"], True),
    (Condition("not", ("Draft",)), "Sent", True),
    (Condition("not", ("Draft",)), "Draft", False),
    (Condition("not", ("Draft",)), None, True),
    (Condition("not", ("Draft",)), ["Sent", "Draft"], False),
    (Condition("present"), 0, True),
    (Condition("present"), False, True),
    (Condition("present"), "", False),
    (Condition("present"), [], False),
    (Condition("absent"), ABSENT, True),
    (Condition("absent"), "x", False),
    (Condition("at least", (10,)), 10, True),
    (Condition("at least", (10,)), "9.99", False),
    (Condition("at least", (Decimal("0.1"),)), Decimal("0.10"), True),
    (Condition("at most", (10,)), " 10.0 ", True),
    (Condition("more than", (0,)), 0, False),
    (Condition("more than", (0,)), Decimal("0.01"), True),
    (Condition("less than", (0,)), "-1", True),
    (Condition("less than", (10,)), None, False),
    (Condition("less than", (10,)), "many", False),
    (Condition("less than", (10,)), True, False),
    (Condition("less than", (10,)), "NaN", False),
    (Condition("from", ("2026-01-01",)), "2026-01-01", True),
    (Condition("from", ("2026-01-01",)), "2025-12-31", False),
    (Condition("from", ("2026-01-01",)), "2025-12-31T23:30:00-01:00", True),
    (Condition("from", ("2026-01-01",)), "2026-01-01T00:30:00+0100", False),
    (Condition("from", ("2026-01-01",)), "2026-01-01T00:00:00Z", True),
    (Condition("from", ("2026-01-01T12:00:00+00:00",)), "2026-01-01", False),
    (Condition("before", ("2026-01-01",)), "2025-12-31T23:59:59+00:00", True),
    (Condition("before", ("2026-01-01",)), "2026-01-01T00:00:00+00:00", False),
    (Condition("before", ("2026-01-01",)), None, False),
    (Condition("before", ("2026-01-01",)), "soon", False),
]


@pytest.mark.parametrize(("condition", "value", "expected"), TAKES_PART)
def test_a_value_fulfils_a_condition_or_not(condition, value, expected):
    assert fulfils(condition, None)(value) is expected


def test_days_and_times_without_an_offset_are_in_the_zone_of_their_line():
    holds = fulfils(Condition("from", ("2026-01-01",)), "Europe/Berlin")
    assert holds("2026-01-01")
    assert holds("2025-12-31T23:00:00+00:00")
    assert not holds("2025-12-31T23:00:00")


@given(
    st.sampled_from(["at least", "at most", "more than", "less than"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-999, max_value=999),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999),
)
def test_a_number_is_compared_the_same_as_text(test, value, limit):
    holds = fulfils(Condition(test, (limit,)), None)
    assert holds(value) == holds(str(value)) == holds(f" {value}0 ")
    opposite = {"at least": "less than", "less than": "at least", "at most": "more than", "more than": "at most"}
    assert holds(value) != fulfils(Condition(opposite[test], (limit,)), None)(value)


REASONS = [
    ("when: {crm: {Kind: present}}", {}, "no kind"),
    ("when: {crm: {Kind: absent}}", {"Kind": "x"}, "has kind"),
    ("when: {crm: {Kind: [A]}}", {"Kind": "Mrs Meyer"}, "kind is another"),
    ("when: {crm: {Kind: [A]}}", {"Kind": {"id": "1", "name": "Mrs Meyer"}}, "kind is another"),
    ("when: {crm: {Kind: {not: [B]}}}", {"Kind": "B"}, "kind is B"),
    ("when: {crm: {Kind: [true]}}", {"Kind": False}, "kind is false"),
    ("when: {crm: {Kind: [1, 2]}}", {"Kind": 3}, "kind is 3"),
    ("when: {crm: {Name: [A]}}", {}, "name is another"),
    ("when: {crm: {Total: {more than: 0}}}", {"Total": 0}, "total is not more than 0"),
    ("when: {crm: {Total: {more than: 0}}}", {"Total": "a lot"}, "total is no number"),
    ("when: {crm: {Total: {more than: 0}}}", {}, "no total"),
    ("when: {crm: {Made: {from: 2026-01-01}}}", {"Made": "2025-01-01"}, "made is before 2026-01-01"),
    ("when: {crm: {Made: {before: 2026-01-01}}}", {"Made": "2026-01-01"}, "made is not before 2026-01-01"),
    ("when: {crm: {Made: {before: 2026-01-01}}}", {"Made": "soon"}, "made is no time"),
]


@pytest.mark.parametrize(("keys", "record", "reason"), REASONS)
def test_a_reason_tells_the_field_and_nothing_a_person_typed(note_of, keys, record, reason):
    assert note_of(keys, record)["filtered"] == reason


def test_two_conditions_on_one_field_both_hold(note_of):
    keys = "when: {crm: {Total: {more than: 0, at most: 10}}}"
    assert "filtered" not in note_of(keys, {"Total": 10})
    assert note_of(keys, {"Total": 0})["filtered"] == "total is not more than 0"
    assert note_of(keys, {"Total": 11})["filtered"] == "total is not at most 10"


VIEW = """\
when: {crm: {Kind: present}}
views:
  Key accounts: {crm: {Rating: {not: [Shut Down]}}}
  Others: {crm: {Rating: [Shut Down]}}
view: Key accounts"""


def test_a_record_outside_the_view_is_left_out_under_the_views_name(note_of):
    assert "filtered" not in note_of(VIEW, {"Kind": "x", "Rating": "Active"})
    out = note_of(VIEW, {"Kind": "x", "Rating": "Shut Down"})
    assert out["filtered"] == 'not in view "Key accounts": rating is Shut Down'
    assert "native" not in out


def test_when_is_asked_before_the_view(note_of):
    assert note_of(VIEW, {"Rating": "Shut Down"})["filtered"] == "no kind"


STOP = """\
when: {crm: {Kind: present}}
stop:
  - {what: Over nothing, when: {crm: {Total: {at most: 0}, Gift: absent}}, why: A mistake in the quote.}
  - {what: Elsewhere, when: {inventory: {total: {at most: 0}}}}"""


def test_a_stopped_record_names_the_stop_and_sends_nothing(note_of, rules_of):
    note = note_of(STOP, {"Kind": "x", "Total": "0.00"})
    assert note["stopped"] == {"name": "Over nothing", "rule": "rules/0.yml:8"}
    assert "native" not in note
    rules = rules_of(f"{HEAD}{STOP}\n{FIELDS}")
    compiled = compile_entity(rules, rules.entities["product"], "crm", "inventory")
    [out] = compiled.records({"id": "1", "Name": "N", "Kind": "x", "Total": 0})
    assert set(out) == {"cf_crm_id", "_ofrecord"}


def test_all_conditions_of_a_stop_hold_and_filters_come_first(note_of):
    assert "stopped" not in note_of(STOP, {"Kind": "x", "Total": 0, "Gift": "yes"})
    assert "stopped" not in note_of(STOP, {"Kind": "x"})
    out = note_of(STOP, {"Total": 0})
    assert (out["filtered"], "stopped" in out) == ("no kind", False)


def test_a_stop_of_another_system_does_not_concern_this_one(note_of):
    assert "stopped" not in note_of(STOP, {"Kind": "x", "total": 0, "Total": 1})
