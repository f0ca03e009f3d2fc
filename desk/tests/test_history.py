"""`ofrecord history`: runs, and one of them in detail."""

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from ofrecord_kit.ledger import Event, Held

PRODUCTS = {
    "product": {"read": 5, "written": 1, "unchanged": 1, "held": 2, "filtered": 1, "filtered: not for sale": 1},
    "_end": {"stamped": 3},
}


@pytest.fixture
def told(book):
    """Two runs of one group, and what the second did."""
    book.run("a1", {"product": {"read": 1, "unchanged": 1}}, ("crm", "inventory"), ago=timedelta(hours=1), group="noon")
    book.run("b2", PRODUCTS, group="noon")
    with book.writing(timedelta(seconds=1), "b2") as ledger:
        ledger.event(
            Event("updated", "product", "l1", {"inventory": "7", "crm": "C7"}, "list price", "crm",
                  Decimal("10.50"), Decimal("11.00"), "rules/product.yml:31", "the owner changed it")
        )  # fmt: skip
        ledger.hold(Held("product", "inventory", "crm", "8", "refused", "too long", "INVALID_DATA", label="SKU-8"))
    return book


def test_a_pipe_gets_a_line_per_run_with_outcomes_calls_seconds_and_status(told):
    done = told.ask("history")
    assert done.exit_code == 0
    newest, oldest = [line.split("\t") for line in done.stdout.splitlines()]
    assert newest[1:] == [
        "b2",
        "noon",
        "target-crm",
        "inventory→crm",
        "5",
        "1",
        "1",
        "1",
        "2",
        "0",
        "7",
        "2.0",
        "finished",
        "0",
        "2",
    ]
    assert oldest[4] == "crm→inventory"


def test_fifty_runs_are_shown_and_fewer_when_asked(book):
    for number in range(60):
        book.run(f"r{number}", {}, ago=timedelta(minutes=number))
    shown = book.ask("history").stdout.splitlines()
    assert len(shown) == 50
    assert shown[0].split("\t")[1] == "r0"
    assert len(book.ask("history", "--last", "3").stdout.splitlines()) == 3


@pytest.mark.parametrize("name", ["b2", "b"])
def test_a_run_opens_to_its_streams_reasons_and_events(told, name):
    lines = [line.split("\t") for line in told.ask("history", name).stdout.splitlines()]
    assert [line[0] for line in lines] == ["run", "stream", "left out", "afterwards", "reason", "event", "event"]
    assert [line[1] for line in lines[5:]] == ["updated", "held"]
    assert lines[2][1:] == ["product", "filtered: not for sale", "1"]
    assert lines[3][1:] == ["stamped", "3"]
    assert lines[4][1:6] == ["product", "refused", "SKU-8", "INVALID_DATA", "too long"]
    assert lines[5][1:] == [
        "updated", "product", "crm C7 inventory 7", "list price", "crm", "10.50 → 11.00", "rules/product.yml:31",
        "the owner changed it", "",
    ]  # fmt: skip


def test_a_run_still_opens_to_what_it_set_aside_when_a_later_run_said_it_again(told):
    with told.writing(-timedelta(hours=1), "c3") as ledger:
        ledger.hold(Held("product", "inventory", "crm", "8", "refused", "too long", "INVALID_DATA", label="SKU-8"))
    assert [held["message"] for held in _of(told, "b2")["reasons"]] == ["too long"]
    assert _of(told, "a1")["reasons"] == []


def test_errors_are_counted_by_direction_as_seen_from_the_crm(told):
    told.run("c3", {"account": {"read": 3, "held": 1, "failed": 2}}, ("crm", "inventory"))
    runs = {run["run"]: run["errors"] for run in json.loads(told.ask("history", "--json").stdout)}
    assert runs == {"a1": {"push": 0, "pull": 0}, "b2": {"push": 0, "pull": 2}, "c3": {"push": 3, "pull": 0}}


@pytest.mark.promise("F036")
def test_each_of_fifty_runs_opens_to_its_errors_with_the_vendors_words_also_when_they_are_mended(book):
    for number in range(50):
        refused = Held("product", "inventory", "crm", f"i{number}", "refused", f"too long by {number}", "INVALID_DATA")
        with book.writing(timedelta(minutes=number), f"r{number}") as ledger:
            ledger.hold(refused)
        with book.writing(timedelta(minutes=number), f"m{number}") as ledger:
            ledger.release("product", "inventory", "crm", [f"i{number}"])
        book.run(f"r{number}", {"product": {"read": 9, "held": 1, "unchanged": 8}}, ago=timedelta(minutes=number))
    listed = json.loads(book.ask("history", "--json").stdout)
    assert [(run["run"], run["errors"]) for run in listed] == [(f"r{n}", {"push": 0, "pull": 1}) for n in range(50)]
    for number in (0, 49):
        (event,) = _of(book, f"r{number}")["events"]
        assert (event["kind"], event["ids"], event["after"], event["why"]) == (
            "held", {"inventory": f"i{number}"}, f"too long by {number}", "refused INVALID_DATA",
        )  # fmt: skip


def _of(told, run):
    return json.loads(told.ask("history", run, "--json").stdout)[0]


def test_a_group_opens_to_all_its_runs(told):
    told_runs = json.loads(told.ask("history", "noon", "--json").stdout)
    assert [run["run"] for run in told_runs] == ["b2", "a1"]
    assert told_runs[0]["totals"]["held"] == 2
    assert told_runs[0]["balanced"] is True
    assert told_runs[0]["events"][0]["after"] == "11.00"
    assert told_runs[1]["events"] == []


def test_a_record_set_aside_is_shown_without_the_record(told):
    with told.writing(timedelta(seconds=1), "b2") as ledger:
        ledger.hold(Held("product", "inventory", "crm", "9", "refused", "no", payload={"Name": "planted"}))
    assert "planted" not in told.ask("history", "b2", "--json").stdout
    assert "planted" not in told.ask("held", "--json").stdout


def test_an_unknown_run_is_named(told):
    done = told.ask("history", "zz")
    assert (done.exit_code, done.stdout) == (1, "")
    assert 'There is no run "zz".' in done.stderr


def test_a_run_that_does_not_balance_says_so_in_json(book):
    book.run("c3", {"product": {"read": 5, "written": 4}}, status="unbalanced")
    assert json.loads(book.ask("history", "--json").stdout)[0]["balanced"] is False


@pytest.mark.parametrize("command", ["history", "held", "audit", "reconcile"])
def test_a_missing_ledger_is_one_message_and_is_not_made(ask, tmp_path, command):
    missing = tmp_path / "none.db"
    done = ask(command, "--ledger", str(missing))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"There is no ledger at {missing}. Run a job first, or name the ledger: --ledger or OFRECORD_LEDGER."
    ]
    assert not missing.exists()


@pytest.mark.parametrize("command", ["history", "held", "audit", "reconcile"])
def test_a_file_that_is_no_ledger_is_one_message(ask, tmp_path, command):
    other = tmp_path / "notes.txt"
    other.write_text("this is no database, and long enough to be seen as one. " * 40, encoding="utf-8")
    done = ask(command, "--ledger", str(other))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "is damaged or not a ledger" in done.stderr


def test_the_ledger_is_found_by_the_environment_and_beside_meltano_yml(told, ask, tmp_path, monkeypatch):
    monkeypatch.setenv("OFRECORD_LEDGER", str(told.path))
    assert len(ask("history").stdout.splitlines()) == 2
    monkeypatch.setenv("OFRECORD_LEDGER", "")
    (tmp_path / "meltano.yml").write_text("project_id: x\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    monkeypatch.chdir(tmp_path / "rules")
    assert len(ask("history").stdout.splitlines()) == 2


def test_a_person_gets_a_table_and_no_control_characters(told):
    with told.writing(timedelta(seconds=1), "b2") as ledger:
        ledger.hold(Held("product", "inventory", "crm", "9", "refused", "red \x1b[31m[bold] words\n\tand more"))
    seen = on_a_terminal("held", "--ledger", str(told.path))
    assert "SKU-8" in seen
    assert "product\t" not in seen
    assert "red  [31m[bold] words" in seen
    assert "\x1b[31m[bold]" not in seen


def on_a_terminal(*arguments):
    """What a person sees, in a wide terminal."""
    main_end, other_end = pty.openpty()
    command = [sys.executable, "-c", "from ofrecord.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, stdout=other_end, stderr=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "220", "TERM": "xterm"}
    ) as running:
        os.close(other_end)
        seen = b""
        while chunk := read(main_end):
            seen += chunk
        assert running.wait() == 0
    os.close(main_end)
    return seen.decode()


def read(end):
    """Bytes of a terminal; at its end Linux reports an error instead of nothing."""
    try:
        return os.read(end, 65536)
    except OSError:
        return b""
