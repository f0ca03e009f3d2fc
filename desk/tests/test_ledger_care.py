"""`ofrecord ledger`: is history whole, how long are runs kept."""

import json
import sqlite3
from datetime import timedelta

from ofrecord_kit.ledger import Event


def three_events(book):
    with book.writing(timedelta(days=500), "old") as ledger:
        for price in (1, 2, 3):
            ledger.event(Event("updated", "product", "l1", {"crm": "C7"}, "price", "crm", price, price + 1))


def test_a_whole_history_is_said_to_be_whole(book):
    three_events(book)
    done = book.ask("ledger", "verify")
    assert (done.exit_code, done.stdout) == (0, "whole\t\n")


def test_an_event_that_was_changed_is_named(book):
    three_events(book)
    book.ledger.close()
    with sqlite3.connect(book.path) as database:
        database.execute("UPDATE event SET after = '99' WHERE id = 2")
    database.close()
    done = book.ask("ledger", "verify", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (1, {"whole": False, "first_broken": 2})
    assert "History is broken at event 2" in done.stderr


def test_old_runs_are_pruned_but_for_those_history_names(book):
    three_events(book)
    book.run("old", {}, ago=timedelta(days=500))
    book.run("silent", {}, ago=timedelta(days=500))
    book.run("young", {}, ago=timedelta(days=10))
    assert json.loads(book.ask("ledger", "prune", "--json").stdout) == {"runs": 1, "keep_days": 400}
    assert [run.run for run in book.ledger.runs()] == ["young", "old"]
    assert book.ask("ledger", "prune", "--keep-days", "5").stdout == "1\n"


def test_keeping_runs_for_no_day_is_refused(book):
    assert book.ask("ledger", "prune", "--keep-days", "0").exit_code == 2


def test_the_key_is_changed_and_every_refusal_says_that_nothing_was(book, monkeypatch):
    three_events(book)
    book.ledger.close()
    old, new = "a key of forty characters and some more", "another key of forty characters, not it"
    monkeypatch.setenv("OFRECORD_LEDGER_KEY", old)
    for said, words in (
        (None, "is not set"),
        ("short", "shorter than 32"),
        (old, "is the same as OFRECORD_LEDGER_KEY"),
    ):
        if said is not None:
            monkeypatch.setenv("OFRECORD_LEDGER_KEY_NEW", said)
        done = book.ask("ledger", "rekey")
        assert (done.exit_code, words in done.stderr, "Nothing was changed" in done.stderr) == (1, True, True)
        assert "OFRECORD_LEDGER_KEY_NEW" in done.stderr
    monkeypatch.setenv("OFRECORD_LEDGER_KEY_NEW", new)
    done = book.ask("ledger", "rekey")
    assert (done.exit_code, "its history of 3 events" in done.stderr) == (0, True)
    assert book.ask("ledger", "verify").exit_code == 1
    monkeypatch.setenv("OFRECORD_LEDGER_KEY", new)
    assert book.ask("ledger", "verify").stdout == "whole\t\n"
