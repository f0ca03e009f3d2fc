"""Whatever ends a batch, and wherever: the ledger is as before it or as after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from ofrecord_kit.ledger import Event, Held, Ledger, Run, Writing, schema

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Cut(Exception):  # noqa: N818 - the power, not a mistake
    """The power went."""


def first_batch(writing: Writing) -> str:
    """What a ledger holds before."""
    link = writing.record_link("product", {"inventory": "1", "crm": "9"})
    writing.record_agreed(link, {"price": {"inventory": 1, "crm": 1}, "_parent": {"crm": "5"}})
    writing.event(Event("created", "product", link, after={"price": 1}))
    writing.hold(Held("product", "inventory", "crm", "2", "refused", "no", payload={"a": 1}), wait_s=60)
    writing.owe("product", "crm", link, "phone", "revert")
    writing.owe("product", "crm", link, "name", "revert")
    writing.claim("product", "crm", ["3", "4"])
    writing.spool("product", "inventory", "crm", [("1", "x")])
    writing.record_part("invoice", "crm", "7", "i1", {"Total": 1})
    writing.record_part("invoice", "crm", "7", "i2", {"Total": 2})
    return link


def second_batch(writing: Writing, link: str) -> None:
    """A batch that touches every table."""
    new = writing.record_link("product", {"inventory": "3", "crm": "10"})
    for one in (link, new):
        agreed = {"price": {"inventory": 2, "crm": 2}, "name": {"inventory": "a", "crm": "b"}, "_parent": {"crm": "6"}}
        writing.record_agreed(one, agreed)
        writing.event(Event("updated", "product", one, field="price", system="crm", before=1, after=2))
    writing.record_agreed(link, {"_parent": {"crm": None, "inventory": "1"}})
    writing.record_seen("product", "inventory", {"1": "d1", "3": "d3"})
    writing.hold(Held("product", "inventory", "crm", "2", "refused", "no again", payload={"a": 1}), wait_s=60)
    writing.hold(Held("product", "inventory", "crm", "5", "conflict", "both", field="price", values={"crm": 1}))
    writing.answer("product", "inventory", "crm", "5", "price", "take crm", "ada")
    writing.correct("product", "inventory", "crm", "2", "", {"a": 2}, "ada")
    writing.settle_fields(link, "crm", ["phone"])
    writing.postpone([2], 1)
    writing.owe("product", "inventory", new, "_stamp", "stamp:crm", object_="items", property_="cf_crm_id")
    writing.claim("product", "crm", ["6"])
    writing.confirm("product", "crm", ["3"])
    writing.clear_spool("product", "inventory", "crm", "other")
    writing.spool("product", "inventory", "crm", [("6", "y")])
    writing.record_part("invoice", "crm", "7", "i1", {"Total": 3})
    writing.forget_parts("invoice", "crm", "7", ["i2"])
    writing.know_wire("product", "inventory", "crm", {"properties": {"N": {"x-ofrecord": {"field": "name"}}}})
    writing.know_wire("product", "inventory", "crm", {"properties": {"M": {"x-ofrecord": {"field": "name"}}}})
    writing.know_wire("deal", "crm", "inventory", {"x-ofrecord": {"spread": {"through": "order", "field": "deal"}}})
    writing.release("product", "inventory", "crm", ["2"], kinds=["other"])
    writing.drop("product", "inventory", "crm", "2", "", "ada", "no use")
    writing.pause("product", "crm", "audit")
    writing.put_run(
        Run("run-1", "g", "t", "inventory", "crm", NOON, NOON, "finished", {"p": {"read": 1}}, 1, None, False)
    )
    writing.unlink(link, "crm", by="ada")
    writing.prune(400)


def whole(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; links by what they link, for their names are drawn anew each time."""
    return {
        name: [tuple(row) for row in ledger._rows(select(table).order_by(*table.primary_key.columns))]
        for name, table in schema.metadata.tables.items()
    }


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url, "run-1")
    yield opened
    opened.close()


def statements(ledger: Ledger, link: str, cut_at: int | None = None) -> int:
    """Run the second batch, to be cut off at a statement or undone at its end; how many statements it made."""
    made = 0

    def count(*_args: object) -> None:
        nonlocal made
        made += 1
        if made == cut_at:
            raise Cut

    event.listen(ledger._engine, "before_cursor_execute", count)
    try:
        with pytest.raises(Cut), ledger.writing(NOON) as writing:  # noqa: PT012 - the transaction is what is tried
            second_batch(writing, link)
            writing.flush()
            raise Cut
    finally:
        event.remove(ledger._engine, "before_cursor_execute", count)
    return made


def test_a_batch_that_is_cut_off_at_any_of_its_statements_leaves_the_ledger_as_before(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = first_batch(writing)
    before = whole(ledger)
    number = statements(ledger, link)
    assert number > 40
    for at in range(1, number + 1):
        statements(ledger, link, at)
        assert whole(ledger) == before, f"cut off at statement {at}"
    assert ledger.verify() is None
    with ledger.writing(NOON) as writing:
        second_batch(writing, link)
    after = whole(ledger)
    assert [name for name in after if after[name] == before[name]] == []
    assert ledger.verify() is None


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from importlib import util
spec = util.spec_from_file_location("crash", sys.argv[4])
crash = util.module_from_spec(spec)
sys.modules["crash"] = crash
spec.loader.exec_module(crash)
from sqlalchemy import event
ledger = crash.Ledger(sys.argv[1], "run-1")
link, at, made = sys.argv[2], int(sys.argv[5]), 0
def count(*_):
    global made
    made += 1
    if made == at:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(ledger._engine, "before_cursor_execute", count)
with ledger.writing(crash.NOON) as writing:
    crash.second_batch(writing, link)
"""


@pytest.mark.parametrize("at", [5, 30, 55, 1000])
def test_a_process_killed_inside_a_batch_leaves_the_ledger_as_before_or_as_after(tmp_path: Path, at: int) -> None:
    path = str(tmp_path / "ledger.db")
    ledger = Ledger(path, "run-1")
    with ledger.writing(NOON) as writing:
        link = first_batch(writing)
    before = whole(ledger)
    ledger.close()
    words = [sys.executable, "-c", KILLED, path, link, str(Path(__file__).parent), __file__, str(at)]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, env=os.environ | {"PYTHONWARNINGS": ""})
    assert ended.returncode == (0 if at == 1000 else -signal.SIGKILL), ended.stderr
    again = Ledger(path, "run-2")
    assert (whole(again) == before) == (at != 1000)
    assert again.verify() is None
    with again.writing(NOON) as writing:
        writing.record_link("product", {"inventory": "8", "crm": "8"})
    again.close()


def test_writers_at_once_lose_nothing_of_each_other(ledger: Ledger, ledger_url: str) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
    failed: list[Exception] = []

    def write(name: str) -> None:
        own = Ledger(ledger_url, name)
        try:
            for number in range(20):
                with own.writing(NOON) as writing:
                    said = {f"{name} {number}": {"inventory": number, "crm": number}}
                    writing.record_agreed(link, said)
                    writing.record_agreed("order/1", said, between=("inventory", "crm"))
                    writing.event(Event("updated", "product", link, field=name, after=number))
        except Exception as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {one: len(said) for one, said in ledger.agreed_of([link, "order/1"], "crm", "inventory").items()} == {
        link: 60, "order/1": 60,
    }  # fmt: skip
    assert (len(ledger.events()), ledger.verify()) == (60, None)
