"""History: what was this field then, who set it, since when do the systems differ; and that nobody rewrites it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ofrecord_kit.ledger import Event, Ledger, Run

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "a key of forty characters and some more"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url, "run-1")
    yield opened
    opened.close()


def hour(number: int) -> datetime:
    return NOON + timedelta(hours=number)


def tell(ledger: Ledger, at: datetime, kind: str, **said: Any) -> None:
    with ledger.writing(at) as writing:
        writing.event(Event(kind, "product", said.pop("link", "l"), **said))


def a_price(ledger: Ledger) -> None:
    """10 on creation, 12 by the owner, edited to 15 elsewhere, put back."""
    tell(ledger, hour(0), "created", system="crm", after={"price": 10, "name": "Bolt"})
    tell(ledger, hour(1), "created", system="crm", after={"price": 99}, link="another")
    price = {"field": "price", "rule": "product.yml:31"}
    tell(ledger, hour(2), "updated", system="crm", before=10, after=12, editor="ada", **price)
    tell(ledger, hour(3), "violation", system="crm", before=12, after=15, why="revert", editor="bob", **price)
    tell(ledger, hour(4), "reverted", system="crm", before=15, after=12, **price)


@pytest.mark.parametrize(
    ("at", "value", "since", "editor"),
    [
        (-1, None, None, None),
        (0, 10, 0, None),
        (1.5, 10, 0, None),
        (2, 12, 2, "ada"),
        (3.5, 12, 2, "ada"),
        (9, 12, 4, None),
    ],
)
def test_history_answers_what_a_field_was_at_a_time(
    ledger: Ledger, at: float, value: Any, since: int | None, editor: str | None
) -> None:
    a_price(ledger)
    known = ledger.as_of("l", "price", NOON + timedelta(hours=at))
    if value is None:
        assert known is None
        return
    assert known is not None
    assert since is not None
    assert (known.value, known.since, known.editor, known.run) == (value, hour(since), editor, "run-1")
    assert known.rule == (None if since == 0 else "product.yml:31")


def test_history_answers_who_set_a_field(ledger: Ledger) -> None:
    a_price(ledger)
    told = [(one.value, one.before, one.system, one.editor, one.kind) for one in ledger.who_set("l", "price")]
    assert told == [
        (10, None, "crm", None, "created"), (12, 10, "crm", "ada", "updated"), (12, 15, "crm", None, "reverted"),
    ]  # fmt: skip
    assert ledger.who_set("l", "price", system="inventory") == []
    assert [one.value for one in ledger.who_set("l", "name")] == ["Bolt"]
    assert ledger.as_of("l", "phone") is None


def test_history_answers_since_when_the_systems_differ(ledger: Ledger) -> None:
    a_price(ledger)
    assert ledger.differs_since("l", "price", hour(2)) is None
    edit = ledger.differs_since("l", "price", hour(3))
    assert edit is not None
    assert (edit.since, edit.value, edit.editor) == (hour(3), 15, "bob")
    assert ledger.differs_since("l", "price") is None
    for number in (5, 6):
        tell(ledger, hour(number), "conflict", field="price", before=15, after=16)
    first = ledger.differs_since("l", "price")
    assert first is not None
    assert first.since == hour(5)


def run(ledger: Ledger, words: str, **values: Any) -> None:
    with ledger._engine.begin() as connection:
        connection.execute(text(words), values)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_whole_history_is_whole_over_many_runs(ledger_url: str, key: str | None) -> None:
    ledger = Ledger(ledger_url, "run-1", key=key)
    assert ledger.verify() is None
    a_price(ledger)
    again = Ledger(ledger_url, "run-2", key=key)
    tell(again, hour(9), "updated", field="price", after="ünïcode \0 \U0001f600")
    assert [event.id for event in again.events()] == [1, 2, 3, 4, 5, 6]
    assert (ledger.verify(), again.verify()) == (None, None)
    run(again, "UPDATE event SET editor = 'eve' WHERE id = 3")
    assert again.verify() == 3
    again.close()
    ledger.close()


COLUMNS = (
    "run", "kind", "entity", "link", "ids", "field", "system", "before", "after", "rule", "why", "editor", "digest",
)  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_of_an_event_is_found(ledger: Ledger, column: str) -> None:
    a_price(ledger)
    run(ledger, f'UPDATE event SET "{column}" = :new WHERE id = 3', new='"x"')  # noqa: S608 - names of this file
    assert ledger.verify() == 3


@pytest.mark.parametrize(
    ("words", "broken"),
    [
        ("UPDATE event SET at = '2026-03-01 13:00:00.000001' WHERE id = 4", 4),
        ("DELETE FROM event WHERE id = 1", 2),
        ("DELETE FROM event WHERE id = 3", 4),
        ("DELETE FROM event WHERE id = 5", 5),
        ("DELETE FROM event WHERE id > 2", 3),
        ("DELETE FROM event", 1),
        ("DELETE FROM meta WHERE name = 'events'", 6),
        ("UPDATE event SET id = 9 WHERE id = 5", 9),
        ("INSERT INTO event (id, at, kind, entity) VALUES (6, '2026-03-01 13:00:00', 'updated', 'product')", 6),
        ("UPDATE event SET digest = NULL", 1),
    ],
)
def test_what_is_taken_out_put_in_or_cut_off_is_found(ledger: Ledger, words: str, broken: int) -> None:
    a_price(ledger)
    run(ledger, words)
    assert ledger.verify() == broken


def test_who_has_no_key_cannot_make_a_chain_that_holds(ledger_url: str) -> None:
    plain = Ledger(ledger_url, "run-1")
    tell(plain, hour(0), "created", after={"price": 1})
    plain.close()
    keyed = Ledger(ledger_url, "run-1", key=KEY)
    tell(keyed, hour(1), "updated", field="price", after=2)
    assert keyed.verify() is None
    run(keyed, "DELETE FROM meta WHERE name = 'key'")
    forger = Ledger(ledger_url, "run-1")
    tell(forger, hour(2), "updated", field="price", after=3)
    assert forger.verify() == 2
    forger.close()
    assert keyed.verify() == 3
    keyed.close()


def a_run(number: int, at: datetime) -> Run:
    counts = {"product": {"read": 100, "unchanged": 100}}
    return Run(
        f"run {number}",
        f"group {number}",
        "target-crm",
        "inventory",
        "crm",
        at,
        at,
        "finished",
        counts,
        3,
        "sha256:1",
        False,
    )


def test_a_thousand_empty_cycles_add_run_rows_only_and_those_are_pruned(ledger: Ledger, ledger_url: str) -> None:
    wire = {"x-ofrecord": {"entity": "product"}, "properties": {"Name": {"x-ofrecord": {"field": "name"}}}}
    a_price(ledger)
    with ledger.writing(NOON) as writing:
        writing.know_wire("product", "inventory", "crm", wire)
        writing.put_run(Run("run-1", "g", "t", "inventory", "crm", NOON, NOON, "finished", {}, 0, None, False))

    def sizes() -> dict[str, int]:
        from ofrecord_kit.ledger import schema  # noqa: PLC0415 - for the names of its tables

        with ledger._engine.connect().execution_options(reading=True) as connection:
            return {
                name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608 - our own tables
                for name in schema.metadata.tables
            }

    before = sizes()
    for number in range(1000):
        at = NOON + timedelta(days=number)
        with ledger.writing(at) as writing:
            writing.know_wire("product", "inventory", "crm", wire)
            writing.put_run(a_run(number, at))
            writing.clear_spool("product", "inventory", "crm", f"run {number}")
        with ledger.writing(at) as writing:
            writing.put_run(a_run(number, at))
    after = sizes()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"run": 1000}
    with ledger.writing(NOON + timedelta(days=1000)) as writing:
        assert writing.prune(400) == 600
        assert writing.prune(400) == 0
    kept = {run.run for run in ledger.runs(last=2000)}
    assert len(kept) == 401
    assert "run-1" in kept
