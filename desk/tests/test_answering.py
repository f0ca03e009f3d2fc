"""`ofrecord answer` and its short forms: a person decides, the next run of a target carries it out, once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from ofrecord import cli
from ofrecord_kit.ledger import Held
from ofrecord_kit.target.answers import to_try_again
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.testing.shop import World, record

LONG = "a name that is longer than the vendor takes"


class Shop(World):
    """A target on a vendor in memory, its ledger, and the command on that ledger."""

    def __init__(self, path):
        super().__init__(path)
        self.path = path / "ledger.db"

    def ask(self, *arguments):
        return CliRunner().invoke(cli.app, [*arguments, "--ledger", str(self.path)])

    def told(self, *arguments):
        return json.loads(self.ask(*arguments, "--json").stdout)

    def try_again(self):
        """The next run: what is due is tried."""
        self.time = datetime.now(UTC) + timedelta(seconds=1)
        due = to_try_again(self.ledger.due("inventory", "crm", "product", self.time, list(WAITS_S)))
        return [item.outcome for item in self.delivery().deliver(due, again=True)]


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.time = datetime.now(UTC).replace(microsecond=0)
    yield made
    made.ledger.close()


@pytest.fixture
def refused(shop):
    """The vendor refused the long name of product 1."""
    assert shop.deliver(record("1", Name=LONG, Code="C-1", Price="10")) == ["held"]
    return shop


@pytest.fixture
def conflicting(shop):
    """Both sides changed the phone of product 1 since they agreed."""
    shop.deliver(record("1", Name="Bolt", Code="C-1", Phone="11"))
    shop.products()[0]["Phone"] = "22"
    assert shop.deliver(record("1", Name="Bolt", Code="C-1", Phone="33")) == ["held"]
    return shop


def test_held_tells_the_remedy_and_what_can_be_answered_but_no_values(refused):
    (one,) = refused.told("held")
    assert (one["name"], one["kind"], one["answers"]) == ("product/1.name", "refused", ["retry", "drop"])
    assert "payload" not in one
    assert "values" not in one
    assert LONG not in refused.ask("held").stdout + json.dumps(one)


def test_a_corrected_value_is_sent_once_and_the_row_goes(refused):
    done = refused.ask("fix", "product/1", "name=A short name", "--by", "Ada")
    assert (done.exit_code, done.stdout) == (0, "product/1.name\tName\tAda\n")
    assert refused.told("held")[0]["corrected"] == ["Name"]
    assert refused.try_again() == ["written"]
    assert [row["Name"] for row in refused.products()] == ["A short name"]
    assert refused.told("held") == []


def test_the_destinations_own_name_and_a_number_are_taken_and_an_empty_value_clears(refused):
    assert refused.ask("fix", "product/1", "Name=Bolt", "Price=12.50", "code=", "--by", "Ada").exit_code == 0
    assert refused.try_again() == ["written"]
    (row,) = refused.products()
    assert (row["Name"], str(row["Price"]), row.get("Code")) == ("Bolt", "12.50", None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("naam=x", 'product has no field "naam" in crm. Use code, name, phone, price or stage. Did you mean "name"?'),
        ("price=many", '"many" is no number, and price is one. Write it as 1250.50.'),
        ("price=NaN", '"NaN" is no number'),
        ("price", '"price" corrects nothing. Write FIELD=VALUE.'),
    ],
)
def test_a_correction_that_cannot_be_is_one_clear_line_and_changes_nothing(refused, said, words):
    done = refused.ask("fix", "product/1", said, "--by", "Ada")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert refused.told("held")[0]["corrected"] == []


def test_retry_makes_a_record_due_at_once(refused):
    assert refused.ask("retry", "product/1", "--by", "Ada").exit_code == 0
    (one,) = refused.told("held")
    assert (one["answer"], one["answered_by"]) == ("retry", "Ada")
    assert refused.try_again() == ["held"]
    assert [(one["attempts"], one["answer"]) for one in refused.told("held")] == [(2, None)]


def test_what_is_dropped_is_gone_and_history_says_who_and_why(refused):
    assert refused.ask("drop", "product/1", "--by", "Ada", "--why", "a test").exit_code == 0
    assert refused.told("held") == []
    (event,) = refused.ledger.events(kinds=["dropped"])
    assert (event.editor, event.why, event.ids) == ("Ada", "a test", {"inventory": "1"})


def test_without_an_answer_the_possible_ones_are_listed(conflicting):
    done = conflicting.ask("answer", "product/1.phone")
    assert (done.exit_code, done.stdout) == (0, "product/1.phone\tconflict\ttake crm, take inventory, drop\n")


def test_both_values_of_a_conflict_stand_side_by_side_with_what_was_agreed(conflicting):
    lines = [line.split("\t") for line in conflicting.ask("review").stdout.splitlines()]
    assert [line[:4] for line in lines] == [
        ["product/1.phone", "conflict", "crm", "22"],
        ["product/1.phone", "conflict", "inventory", "33"],
    ]
    assert [line[6] for line in lines] == ["11", "11"]
    assert lines[1][7] == "take crm, take inventory, drop"
    (one,) = conflicting.told("review")
    assert one["values"]["inventory"]["value"] == "33"


def test_values_of_a_conflict_are_shown_by_held_only_when_asked(conflicting):
    assert "33" not in conflicting.ask("held").stdout
    lines = [line.split("\t") for line in conflicting.ask("held", "--values").stdout.splitlines()]
    assert [line[2:4] for line in lines if line[0] == "value"] == [
        ["crm", "22"], ["inventory", "33"], ["agreed crm", "11"], ["agreed inventory", "11"],
    ]  # fmt: skip


@pytest.mark.parametrize(("system", "phone"), [("inventory", "33"), ("crm", "22")])
def test_a_decision_is_carried_out_by_the_next_run_and_told_with_its_maker(conflicting, system, phone):
    done = conflicting.ask("answer", "product/1.phone", "take", system, "--by", "Ada")
    assert (done.exit_code, done.stderr) == (0, "The next run carries it out.\n")
    assert conflicting.told("held")[0]["answered_by"] == "Ada"
    conflicting.time += timedelta(minutes=1)
    conflicting.deliver(record("1", Name="Bolt", Code="C-1", Phone="33"))
    assert conflicting.products()[0]["Phone"] == phone
    assert conflicting.told("review") == []
    (event,) = conflicting.ledger.events(kinds=["decided"])
    assert (event.editor, event.field) == ("Ada", "phone")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["product/1.phone", "take", "books"], 2, 'and "take books" cannot be answered to that. Use take crm, take inventory or drop.'),
        (["product/1.phone", "take"], 2, '"take" cannot be answered'),
        (["product/1.phone", "retry"], 2, '"retry" cannot be answered'),
        (["product/1.phone", "same", "42"], 2, '"same 42" cannot be answered'),
        (["product/2", "drop"], 1, 'Nothing is held of "product/2"'),
        (["product", "drop"], 1, '"product" names no record'),
        (["product/1.fone", "drop"], 1, 'Did you mean "product/1.phone"?'),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_clear_line(conflicting, words, code, said):
    done = conflicting.ask("answer", *words, "--by", "Ada")
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert conflicting.told("held")[0]["answer"] is None


def test_an_answer_needs_a_name(conflicting, monkeypatch):
    monkeypatch.delenv("OFRECORD_BY", raising=False)
    done = conflicting.ask("answer", "product/1.phone", "take", "crm")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Say who decides: --by NAME, or OFRECORD_BY." in done.stderr


@pytest.fixture
def plans(book):
    """Two plans that are over their limits, and a record that two ways hold."""
    with book.writing(timedelta(hours=1)) as ledger:
        ledger.hold(Held("account", "crm", "inventory", "*", "limits", "this is the first run; it creates 7"))
        ledger.hold(Held("product", "inventory", "crm", "*", "limits", "creates 900, and 500 are allowed"))
        ledger.hold(Held("account", "crm", "inventory", "7", "refused", "no", field="name"))
        ledger.hold(Held("account", "inventory", "crm", "7", "refused", "no", field="name"))
        ledger.hold(Held("account", "crm", "inventory", "8", "refused", "gone", "GONE"))
    return book


def test_a_plan_is_approved_by_entity_or_all_at_once(plans):
    assert plans.ask("approve", "account", "--by", "Ada").stdout.startswith(
        "account/*\tlimits\tapprove\tAda\tthis is the"
    )
    answered = {one.entity: (one.answer, one.answered_by) for one in plans.ledger.held() if one.kind == "limits"}
    assert answered == {"account": ("approve", "Ada"), "product": (None, None)}
    assert len(json.loads(plans.ask("approve", "--by", "Bo", "--json").stdout)) == 2


def test_no_plan_to_approve_is_said(book):
    done = book.ask("approve", "product", "--by", "Ada")
    assert (done.exit_code, done.stderr) == (1, "No plan of product waits for a yes.\n")


def test_a_name_that_two_ways_hold_asks_which(plans):
    done = plans.ask("answer", "account/7.name", "retry", "--by", "Ada")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "names 2 held rows. Say which: --from crm or inventory." in done.stderr
    assert plans.ask("answer", "account/7.name", "retry", "--by", "Ada", "--from", "crm").exit_code == 0


def test_a_record_that_is_gone_has_its_own_answers(plans):
    assert plans.ask("answer", "account/8").stdout == "account/8\trefused\tcreate, unlink, drop\n"
    assert plans.ask("answer", "account/8", "create", "--by", "Ada").exit_code == 0


@pytest.mark.parametrize("command", ["answer", "retry", "drop", "fix", "approve", "review", "held", "history"])
def test_help_shows_an_example_and_the_exit_codes(ask, command):
    shown = " ".join(ask(command, "--help").stdout.split())
    assert f"ofrecord {command}" in shown
    assert "xample" in shown
    assert "Exit codes: 0" in shown
