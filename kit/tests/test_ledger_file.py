"""The ledger: what it remembers, and what it says when it cannot."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from ofrecord_kit.ledger import Event, Held, Intention, Ledger, LedgerProblem, Run, from_json, to_json
from ofrecord_kit.ledger import schema as tables
from ofrecord_kit.plan import UNKNOWN, Agreed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(str(tmp_path / "ledger.db"), "run-1")
    yield opened
    opened.close()


def test_a_new_ledger_is_private_and_at_the_newest_version(ledger: Ledger, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()


def test_a_link_is_found_from_either_door_of_one_store(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "0", "crm": "9"})
    for door in ("inventory", "books"):
        found = ledger.links_of("product", door, "crm", ["0", "1"])
        assert (found["0"].link, found["0"].destination_id, "1" in found) == (link, "9", False)
    assert ledger.links_of("product", "crm", "inventory", ["9"])["9"].destination_id == "0"


def test_a_second_link_of_the_same_record_is_the_first_one(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        first = writing.record_link("product", {"inventory": "1", "crm": "9"})
        assert writing.record_link("product", {"inventory": "1", "crm": "9"}) == first


def test_agreed_values_keep_every_digit_and_tell_null_from_unknown(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        writing.record_agreed(link, {"price": {"inventory": Decimal("10.50"), "crm": None}, "name": {"crm": "Bolt"}})
    agreed = ledger.agreed_of([link], "inventory", "crm")[link]
    assert str(agreed["price"].source) == "10.50"
    assert agreed["price"].destination is None
    assert agreed["name"] == Agreed(UNKNOWN, "Bolt")


def test_a_changed_agreement_forgets_what_was_delivered_last(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        writing.record_seen("product", "inventory", {"1": "digest"})
    assert ledger.links_of("product", "inventory", "crm", ["1"])["1"].seen == "digest"
    with ledger.writing(NOON) as writing:
        writing.record_agreed(link, {"price": {"crm": 1, "inventory": 1}})
    assert ledger.links_of("product", "inventory", "crm", ["1"])["1"].seen is None


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def half_a_batch() -> None:
        with ledger.writing(NOON) as writing:
            writing.record_link("product", {"inventory": "1", "crm": "9"})
            raise KeyError

    with pytest.raises(KeyError):
        half_a_batch()
    assert ledger.links_of("product", "inventory", "crm", ["1"]) == {}


def test_a_held_record_waits_twice_as_long_each_time(ledger: Ledger) -> None:
    held = Held("product", "inventory", "crm", "1", "refused", "no", "INVALID_DATA", payload={"a": Decimal("1.10")})
    with ledger.writing(NOON) as writing:
        writing.hold(held, wait_s=60)
        writing.hold(held, wait_s=60)
    (found,) = ledger.held()
    assert (found.attempts, found.due_at, found.code) == (2, NOON + timedelta(seconds=120), "INVALID_DATA")
    assert ledger.due("inventory", "crm", "product", NOON, ["refused"]) == []
    (due,) = ledger.due("inventory", "crm", "product", NOON + timedelta(seconds=121), ["refused"])
    assert due.payload == {"a": Decimal("1.10")}
    with ledger.writing(NOON) as writing:
        writing.release("product", "inventory", "crm", ["1"])
    assert ledger.held() == []


def test_the_same_write_is_owed_once_and_only_until_it_is_made(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        assert writing.owe("product", "crm", link, "price", "revert")
        assert not writing.owe("product", "crm", link, "price", "revert")
    (owed,) = ledger.owed("crm", NOON)
    with ledger.writing(NOON) as writing:
        writing.postpone([owed.id], owed.attempts)
    assert ledger.owed("crm", NOON) == []
    assert len(ledger.owed("crm", NOON + timedelta(minutes=2))) == 1
    with ledger.writing(NOON) as writing:
        writing.settle_fields(link, "crm", ["price"])
    assert ledger.owed("crm", NOON + timedelta(minutes=2)) == []


def test_intentions_stand_until_they_are_confirmed(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.intend("product", "crm", ["1", "2"])
        writing.confirm("product", "crm", ["2"])
    assert ledger.intended("product", "crm", ["1", "2"]) == {"1": Intention("run-1", NOON)}


def test_events_and_runs_are_told_in_order(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.event(
            Event("violation", "product", "l", {"crm": "9"}, "price", "crm", 10, Decimal("15.5"), "product.yml:3")
        )
        writing.put_run(Run("r", "g", "target-crm", "inventory", "crm", NOON, None, "running", {}, 0, None, False))
        writing.put_run(
            Run("r", "g", "target-crm", "inventory", "crm", NOON, NOON, "finished", {"p": {"read": 1}}, 2, None, False)
        )
    (event,) = ledger.events(kinds=["violation"], entity="product")
    assert (event.before, event.after, event.at, event.run) == (10, Decimal("15.5"), NOON, "run-1")
    (run,) = ledger.runs(group="g")
    assert (run.status, run.counts, run.calls, run.started) == ("finished", {"p": {"read": 1}}, 2, NOON)


def test_a_ledger_of_the_first_version_gets_the_notes_of_runs_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _ledger_of(path, "0001")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO run VALUES ('r', 'g', 'target-crm', 'inventory', 'crm', '2026-03-01 12:00:00', NULL, 'running', '{}', 0, NULL, 0)"
        )
    connection.close()
    again = Ledger(str(path))
    (run,) = again.runs()
    assert (run.run, run.notes) == ("r", {})
    with again.writing(NOON) as writing:
        writing.put_run(replace(run, notes={"edited": {"product": {"price": 2}}}))
    assert again.runs()[0].notes == {"edited": {"product": {"price": 2}}}
    again.close()


def _ledger_of(path: Path, version: str) -> None:
    """A ledger of an older version with two links, one of three systems, and a whole that has no link."""
    config = Config()
    config.set_main_option("script_location", "ofrecord_kit.ledger:migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for link, system in (("a", "crm"), ("a", "inventory"), ("a", "shop"), ("b", "crm"), ("b", "inventory")):
            connection.exec_driver_sql(
                "INSERT INTO link (entity, system, system_id, link, at) VALUES ('product', ?, ?, ?, '2026-03-01 12:00:00')",
                (system, f"{link}-{system}", link),
            )
        for link, field, system, value in (
            ("a", "phone", "crm", "1"), ("a", "phone", "inventory", "2"), ("a", "phone", "shop", "3"),
            ("b", "phone", "crm", "4"), ("b", "_deleted", "crm", "true"),
            ("deal/7", "paid", "inventory", "5"), ("deal/7", "paid", "crm", "6"),
        ):  # fmt: skip
            connection.exec_driver_sql(
                "INSERT INTO agreed (link, field, system, value, at) VALUES (?, ?, ?, ?, '2026-03-01 12:00:00')",
                (link, field, system, value),
            )
    engine.dispose()


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_what_an_older_ledger_says_was_agreed_belongs_to_each_pair_of_its_link(tmp_path: Path, version: str) -> None:
    path = tmp_path / "old.db"
    _ledger_of(path, version)
    ledger = Ledger(str(path))
    value = {"crm": 1, "inventory": 2, "shop": 3}
    for here, there in permutations(value, 2):
        assert ledger.agreed_of(["a"], here, there) == {"a": {"phone": Agreed(value[here], value[there])}}
    assert ledger.agreed_of(["b"], "crm", "books") == {
        "b": {"phone": Agreed(4, UNKNOWN), "_deleted": Agreed(True, UNKNOWN)}
    }
    assert ledger.agreed_of(["b"], "crm", "shop") == {}
    assert ledger.agreed_of(["deal/7"], "books", "crm") == {"deal/7": {"paid": Agreed(5, 6)}}
    ledger.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()


def test_a_ledger_from_a_newer_version_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LedgerProblem, match=r"version 9999, newer than this program.*Upgrade ofrecord"):
        Ledger(str(path))


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is a letter, not a database\n" * 200)
    with pytest.raises(LedgerProblem, match=r"damaged or not a ledger.*Restore it"):
        Ledger(str(path))


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "a-file"
    folder.write_text("")
    with pytest.raises(LedgerProblem, match="setting ledger"):
        Ledger(str(folder / "ledger.db"))
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(LedgerProblem, match=r"not writable.*name another file"):
        Ledger(str(tmp_path / "folder.db"))


def test_a_full_disk_is_one_clear_message_and_keeps_what_was_recorded(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.record_link("product", {"inventory": "1", "crm": "9"})
    with ledger._engine.connect().execution_options(reading=True) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def a_long_batch() -> None:
        with ledger.writing(NOON) as writing:
            for number in range(3000):
                writing.event(Event("updated", "product", "l", why="x" * 200, before=number))

    with pytest.raises(LedgerProblem, match=r"disk is full.*Free some space and run again"):
        a_long_batch()
    assert ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id == "9"


@pytest.mark.parametrize("value", [None, True, 0, "x", Decimal("10.50"), {"a": [Decimal("0.1"), None]}, "2026-03-01"])
def test_values_come_back_as_they_were(value: object) -> None:
    assert from_json(to_json(value)) == value
