"""The ledger as a file, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from ofrecord_kit.ledger import Event, Ledger, LedgerProblem
from ofrecord_kit.ledger import schema as tables

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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://sync:hunter2@db.example.com/ledger",
        "postgresql+psycopg://:hunter2@db.example.com/ledger",
        "postgresql://db.example.com/ledger?user=sync&password=hunter2",
        "postgresql://db.example.com/ledger?sslPassword=hunter2",
    ],
)
def test_an_address_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(LedgerProblem, match=r"holds a password.*db\.example\.com/ledger.*pgpass") as told:
        Ledger(url)
    assert "hunter2" not in str(told.value)


def test_a_server_that_was_restarted_is_told_from_one_that_refuses(postgresql: Any) -> None:
    url = postgresql.new()
    ledger = Ledger(url, "run-1")
    with ledger.writing(NOON) as writing:
        writing.record_known("product", "crm", "1", "a")
    postgresql.cut(url)
    with pytest.raises(LedgerProblem, match=r"does not answer.*run again"):
        ledger.held()
    with ledger.writing(NOON) as writing:
        writing.record_known("product", "crm", "1", "a")
    ledger.close()
    with pytest.raises(LedgerProblem, match=r"refused by its server.*user and password file"):
        Ledger(postgresql.url("none_of_that_name"))
    with pytest.raises(LedgerProblem, match=r"does not answer.*the address is right"):
        Ledger("postgresql://ofrecord@/ledger?host=/nowhere")
