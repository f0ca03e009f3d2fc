"""`ofrecord delays`: from a won deal to its invoice."""

import json
from datetime import timedelta

from ofrecord_kit.ledger import Event

SENT = ["sent"]


def made(book, seconds, *, entity="service invoice", ago=timedelta(hours=1), known=True):
    """A document that was sent `ago`, so many seconds after its deal was won."""
    won = (book.now - ago - timedelta(seconds=seconds)).isoformat() if known else None
    with book.writing(ago) as ledger:
        ledger.event(Event("decided", entity, "L", {"crm": "1"}, None, "inventory", won, SENT, why="then"))


def test_percentiles_are_told_by_kind_of_document(book):
    for number in range(1, 101):
        made(book, 6 * number)
    made(book, 1000, entity="order")
    done = book.ask("delays")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "order\tinventory\t1\t16.7 min\t16.7 min\t16.7 min\t16.7 min\t0 %\t0 %",
        "service invoice\tinventory\t100\t5.0 min\t9.5 min\t9.9 min\t10.0 min\t50 %\t100 %",
    ]


def test_a_program_gets_seconds(book):
    made(book, 90)
    assert json.loads(book.ask("delays", "--json").stdout) == [
        {
            "entity": "service invoice", "system": "inventory", "documents": 1, "median_s": 90.0, "p95_s": 90.0, "p99_s": 90.0,
            "longest_s": 90.0, "within_5_min_percent": 100.0, "within_15_min_percent": 100.0,
        }
    ]  # fmt: skip


def test_documents_of_older_days_and_those_that_were_there_already_do_not_count(book):
    made(book, 60, ago=timedelta(days=31))
    made(book, 60, known=False)
    done = book.ask("delays")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no document" in done.stderr
    assert "\t1\t" in book.ask("delays", "--days", "0").stdout


def test_a_deal_that_was_changed_after_its_reading_by_another_clock_took_no_time(book):
    made(book, -3)
    assert json.loads(book.ask("delays", "--json").stdout)[0]["longest_s"] == 0


def test_other_decisions_are_no_documents(book):
    with book.writing() as ledger:
        ledger.event(Event("decided", "account", "L", {"crm": "1"}, "phone", "crm", "2026-01-01T00:00:00+00:00", "x"))
    assert book.ask("delays").stdout == ""
