"""What a person answers to a held record, what waits on the spool, and who may create what."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ofrecord_kit.ledger import Held, Intention, Ledger, Run

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
VALUES = {"crm": {"value": Decimal("10.50")}, "inventory": {"value": 12}, "base": 11}
CONFLICT = Held(
    "product", "crm", "inventory", "9", "conflict", "both edited", field="price", payload={"a": 1}, values=VALUES
)
KEY = ("product", "crm", "inventory", "9", "price")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url, "run-1")
    yield opened
    opened.close()


def hold(ledger: Ledger, *helds: Held, wait_s: float | None = None, at: datetime = NOON, keep: bool = True) -> None:
    with ledger.writing(at) as writing:
        for held in helds:
            writing.hold(held, wait_s=wait_s, keep=keep)


def answer(ledger: Ledger, words: str = "take crm") -> None:
    with ledger.writing(NOON) as writing:
        assert writing.answer(*KEY, words, "ada")


def test_a_held_row_keeps_its_remedy_its_request_and_both_sides(ledger: Ledger) -> None:
    hold(ledger, replace(CONFLICT, fix="choose one", request="r-1"))
    (held,) = ledger.held()
    assert (held.fix, held.request, held.values, held.answer, held.correction) == (
        "choose one",
        "r-1",
        VALUES,
        None,
        None,
    )
    assert ledger.held_conflict(*KEY) == {"crm": Decimal("10.50"), "inventory": 12}


def test_an_answered_record_is_due_whatever_its_kind(ledger: Ledger) -> None:
    hold(ledger, CONFLICT)
    assert ledger.due("crm", "inventory", "product", NOON, ["refused"]) == []
    answer(ledger)
    (due,) = ledger.due("crm", "inventory", "product", NOON, ["refused"])
    assert (due.kind, due.field, due.answer, due.answered_by, due.payload) == (
        "conflict",
        "price",
        "take crm",
        "ada",
        {"a": 1},
    )
    (held,) = ledger.held()
    assert (held.state, held.answered_by, held.answered_at) == ("open", "ada", NOON)


def test_answers_are_found_from_either_direction_by_record(ledger: Ledger) -> None:
    there = replace(CONFLICT, source="inventory", destination="crm", source_id="1")
    hold(ledger, CONFLICT, there, replace(CONFLICT, field="name"))
    answer(ledger)
    with ledger.writing(NOON) as writing:
        assert writing.answer("product", "inventory", "crm", "1", "price", "drop", None)
    (one,) = ledger.answers_of("product", "crm", "inventory", ["9", "8"])["9"]
    assert (one.field, one.answer) == ("price", "take crm")
    assert [held.answer for held in ledger.answers_of("product", "inventory", "crm", ["1"])["1"]] == ["drop"]


def test_an_answer_to_nothing_says_so(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        assert not writing.answer(*KEY, "take crm", "ada")
        assert not writing.correct(*KEY, {"Name": "x"}, "ada")
        assert not writing.drop(*KEY, "ada", "not there")
    assert ledger.events() == []


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        (CONFLICT, "take crm"),
        (replace(CONFLICT, message="said otherwise"), "take crm"),
        (replace(CONFLICT, values={**VALUES, "inventory": {"value": 13}}), None),
        (replace(CONFLICT, kind="refused", values=None), None),
    ],
)
def test_an_answer_stays_while_its_question_is_the_same_one(ledger: Ledger, again: Held, kept: str | None) -> None:
    hold(ledger, CONFLICT)
    answer(ledger)
    hold(ledger, again, at=LATER)
    (held,) = ledger.held()
    assert held.answer == kept
    assert (ledger.due("crm", "inventory", "product", LATER, []) != []) == (kept is not None)


def test_a_correction_is_used_once(ledger: Ledger) -> None:
    refused = replace(CONFLICT, kind="refused", values=None)
    hold(ledger, refused, wait_s=60)
    with ledger.writing(NOON) as writing:
        assert writing.correct(*KEY, {"Name": "Bolt", "Price": Decimal("1.50")}, "ada")
    (due,) = ledger.due("crm", "inventory", "product", NOON, [])
    assert due.correction == {"Name": "Bolt", "Price": Decimal("1.50")}
    hold(ledger, refused, wait_s=60, keep=False)
    (held,) = ledger.held()
    assert (held.correction, held.answered_by, held.attempts) == (None, None, 2)


def test_a_dropped_record_is_gone_and_history_says_who_gave_it_up(ledger: Ledger) -> None:
    hold(ledger, CONFLICT)
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"crm": "9", "inventory": "1"})
    with ledger.writing(NOON) as writing:
        assert writing.drop(*KEY, "ada", "made by mistake")
    (event,) = ledger.events()
    assert (event.kind, event.link, event.field, event.before, event.editor, event.why) == (
        "dropped", link, "price", "conflict", "ada", "made by mistake",
    )  # fmt: skip
    assert ledger.held() == []


def test_what_is_due_comes_in_pages_without_repetition(ledger: Ledger) -> None:
    names = [f"{number:03}" for number in range(25)]
    for start in range(0, 25, 5):
        helds = [replace(CONFLICT, source_id=name, kind="refused", values=None) for name in names[start : start + 5]]
        hold(ledger, *helds, wait_s=0, at=NOON + timedelta(seconds=start))
    found, page = [], ledger.due("crm", "inventory", "product", LATER, ["refused"], limit=7)
    while page:
        assert len(page) <= 7
        found += [due.source_id for due in page]
        page = ledger.due("crm", "inventory", "product", LATER, ["refused"], limit=7, after=page[-1])
    assert found == names


def test_the_spool_gives_back_in_order_what_this_run_put_there(ledger: Ledger) -> None:
    way = ("product", "crm", "inventory")
    for start in range(0, 10, 5):
        with ledger.writing(NOON) as writing:
            writing.spool(
                *way, [(str(number), b"\x00\xff" if number % 2 else "text") for number in range(start, start + 5)]
            )
            writing.spool("account", "crm", "inventory", [("a", "other")])
    batches = list(ledger.spooled("run-1", *way, 4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    rows = [row for batch in batches for row in batch]
    assert rows == [(str(number), b"\x00\xff" if number % 2 else b"text") for number in range(10)]
    with ledger.writing(NOON) as writing:
        writing.clear_spool(*way)
    assert list(ledger.spooled("run-1", *way, 4)) == []
    assert len(next(ledger.spooled("run-1", "account", "crm", "inventory", 4))) == 2


def test_left_overs_of_other_runs_leave_the_spool_when_a_run_begins(ledger: Ledger, ledger_url: str) -> None:
    other = Ledger(ledger_url, "run-2")
    for opened in (ledger, other):
        with opened.writing(NOON) as writing:
            writing.spool("product", "crm", "inventory", [("1", "x")])
    with other.writing(NOON) as writing:
        writing.clear_spool("product", "crm", "inventory", "run-2")
    assert list(ledger.spooled("run-1", "product", "crm", "inventory", 4)) == []
    assert list(other.spooled("run-2", "product", "crm", "inventory", 4)) == [[("1", b"x")]]
    other.close()


def test_two_runs_that_create_the_same_records_each_win_some_and_none_twice(ledger: Ledger, ledger_url: str) -> None:
    other = Ledger(ledger_url, "run-2")
    with ledger.writing(NOON) as writing:
        assert writing.claim("product", "books", ["1", "2"]) == {"1", "2"}
    with other.writing(LATER) as writing:
        assert writing.claim("product", "inventory", ["2", "3"]) == {"3"}
    with ledger.writing(LATER) as writing:
        assert writing.claim("product", "inventory", ["1", "2", "3"]) == {"1", "2"}
    assert other.intended("product", "inventory", ["2"]) == {"2": Intention("run-1", LATER)}
    other.close()


def test_an_intention_of_a_dead_run_is_nobodys_claim(ledger: Ledger, ledger_url: str) -> None:
    other = Ledger(ledger_url, "run-2")
    with ledger.writing(NOON) as writing:
        writing.claim("product", "crm", ["old", "ended"])
    late = NOON + timedelta(minutes=16)
    with other.writing(late) as writing:
        assert writing.claim("product", "crm", ["old"]) == {"old"}
    with ledger.writing(NOON) as writing:
        writing.put_run(Run("run-1", "g", "t", "inventory", "crm", NOON, NOON, "failed", {}, 0, None, False))
    with other.writing(LATER) as writing:
        assert writing.claim("product", "crm", ["ended"]) == {"ended"}
    other.close()


def test_a_way_nothing_was_written_on_is_a_first_run(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.know_wire("product", "inventory", "crm", {})
        writing.know_wire("product", "crm", "inventory", {})
        writing.record_link("product", {"inventory": "1", "crm": "7"})
        writing.begin_way("product", "crm", "inventory")
    assert ledger.is_first("product", "inventory", "crm"), "what was written the other way says nothing of this one"
    assert not ledger.is_first("product", "crm", "inventory")
    with ledger.writing(NOON) as writing:
        writing.know_wire("product", "crm", "inventory", {"properties": {}})
    assert not ledger.is_first("product", "crm", "inventory")


def test_what_is_owed_is_counted_by_entity(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        for number in range(3):
            writing.owe("product", "books", f"l{number}", "price", "revert")
        writing.owe("account", "inventory", "a", "phone", "revert")
        writing.owe("account", "crm", "a", "phone", "revert")
    assert ledger.owed_count("inventory") == {"product": 3, "account": 1}


def test_a_side_taken_out_of_a_link_is_forgotten_and_made_again_as_a_new_generation(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9", "shop": "7"})
        writing.record_agreed(link, {"price": dict.fromkeys(("inventory", "crm", "shop"), 1), "_parent": {"crm": "5"}})
        writing.record_seen("product", "inventory", {"1": "digest"})
        writing.owe("product", "crm", link, "price", "revert")
        assert writing.unlink(link, "crm", by="ada", why="deleted by mistake") == 1
    assert ledger.links_of("product", "inventory", "crm", ["1"]) == {}
    assert (ledger.agreed_of([link], "inventory", "crm"), ledger.owed("crm", NOON)) == ({}, [])
    assert ledger.links_with("_parent", "crm", "5", "inventory") == []
    assert ledger.agreed_of([link], "inventory", "shop")[link]["price"].destination == 1
    (event,) = ledger.events(kinds=["unlinked"])
    assert (event.before, event.editor, event.ids) == ("9", "ada", {"inventory": "1", "crm": "9", "shop": "7"})
    with ledger.writing(LATER) as writing:
        assert writing.record_link("product", {"inventory": "1", "crm": "10"}) == link
        assert writing.unlink(link, "shop") == 2
        assert writing.unlink(link, "shop") == 2
    found = ledger.links_of("product", "inventory", "crm", ["1"])["1"]
    assert (found.destination_id, found.generation, found.seen) == ("10", 2, None)
    assert ledger.generations([link]) == {link: 2}


def test_the_intention_of_a_run_whose_process_has_died_is_taken_over_at_once(ledger: Ledger, ledger_url: str) -> None:
    dying = f"""
from datetime import datetime, UTC
from ofrecord_kit.ledger import Ledger, Run
import os
ledger, now = Ledger({ledger_url!r}, "run-2"), datetime.fromisoformat({LATER.isoformat()!r})
with ledger.writing(now) as writing:
    writing.put_run(Run("run-2", "g", "t", "inventory", "crm", now, None, "running", {{}}, 0, None, False))
    writing.claim("product", "crm", ["1"])
print("claimed", flush=True)
input()
os.kill(os.getpid(), 9)
"""
    with subprocess.Popen(
        [sys.executable, "-c", dying], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "claimed\n"
        with ledger.writing(LATER) as writing:
            assert writing.claim("product", "crm", ["1"]) == set(), "it lives"
        child.communicate("die\n", timeout=30)
    with ledger.writing(LATER) as writing:
        assert writing.claim("product", "crm", ["1"]) == {"1"}
