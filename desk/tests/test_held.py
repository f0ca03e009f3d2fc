"""`ofrecord held`: what was set aside."""

import json
from datetime import timedelta

import pytest

from ofrecord_kit.ledger import Held


@pytest.fixture
def waiting(book):
    refused = Held("account", "crm", "inventory", "0", "refused", "Name is too long", "1038", label="ACME", rule="r:1")
    with book.writing(timedelta(hours=3)) as ledger:
        ledger.hold(refused, wait_s=60)
    with book.writing(timedelta(hours=1)) as ledger:
        ledger.hold(refused, wait_s=60)
        ledger.hold(Held("product", "inventory", "crm", "7", "conflict", "both changed", field="description"))
    return book


def test_a_line_tells_the_vendors_words_attempts_first_and_last_time_and_when_it_is_due(waiting):
    lines = [line.split("\t") for line in waiting.ask("held").stdout.splitlines()]
    refused, conflict = lines
    at = [f"{waiting.now - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}" for hours in (3, 1)]
    due = f"{waiting.now - timedelta(minutes=58):%Y-%m-%d %H:%M:%S}"
    assert refused == [
        "account", "refused", "ACME", "crm→inventory", "Name is too long", "1038", "", "2", *at, due, "r:1",
        "", "", "retry, drop", "", "account/0",
    ]  # fmt: skip
    assert conflict[:3] == ["product", "conflict", "7"]
    assert conflict[6:8] == ["description", "1"]
    assert conflict[10] == ""


@pytest.mark.parametrize(
    ("narrowed", "left"),
    [
        (["--entity", "product"], ["7"]),
        (["--kind", "refused"], ["0"]),
        (["--entity", "product", "--kind", "refused"], []),
    ],
)
def test_the_list_is_narrowed_by_entity_and_kind(waiting, narrowed, left):
    assert [one["source_id"] for one in json.loads(waiting.ask("held", *narrowed, "--json").stdout)] == left


def test_nothing_held_is_said_and_is_good(book):
    done = book.ask("held")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Nothing is held.\n")


def test_a_value_that_the_vendors_words_repeat_is_told_by_its_field_unless_values_are_asked_for(book):
    payload = {"Email": "ada@example", "billing": {"city": "Bonn-Beuel"}, "_ofrecord": {"id": "7"}}
    words = "ada@example is no address; Bonn-Beuel is unknown"
    with book.writing() as ledger:
        ledger.hold(Held("contact", "crm", "inventory", "7", "refused", words, payload=payload))
    for shown in (book.ask("held").stdout, book.ask("held", "--json").stdout):
        assert "(Email) is no address; (city) is unknown" in shown
        assert "ada@example" not in shown
    assert words in book.ask("held", "--values").stdout


def test_what_looks_like_an_address_or_a_phone_number_is_not_told_whosever_it_is(book):
    words = (
        "Bo <bo.berg@example.com>, +49 (221) 47-11 08 or 0221 / 47 11 08, is record 460000000026049 of 2026-03-01 10:00"
    )
    with book.writing() as ledger:
        ledger.hold(Held("contact", "crm", "inventory", "7", "refused", words, payload={"Last_Name": "Bo"}))
    told = "Bo <(e-mail)>, (phone) or (phone), is record 460000000026049 of 2026-03-01 10:00"
    assert told in book.ask("held").stdout


def test_a_value_in_the_form_of_either_system_is_told_by_its_field_and_a_part_of_a_word_is_none(book):
    payload = {"phone": "+492214711", "lines": [{"note": "for Ada"}], "_ofrecord": {"native": {"Phone": "0221 4711"}}}
    words = "0221 4711 is +492214711, not +4922147110815; for Ada: metaphor Adamant"
    with book.writing() as ledger:
        ledger.hold(Held("contact", "crm", "inventory", "7", "refused", words, payload=payload))
    assert "(Phone) is (phone), not (phone); (note): metaphor Adamant" in book.ask("held").stdout


def test_the_figures_of_a_plan_are_told_as_they_are(book):
    figures = {"create": 2, "update": 0, "delete": 0, "money": {"USD": "678.30"}}
    words = "this is the first run: creates 2, updates 0, deletes 0, moves 678.30 USD"
    with book.writing() as ledger:
        ledger.hold(Held("product", "inventory", "crm", "*", "limits", words, payload=figures))
    assert words in book.ask("held").stdout
