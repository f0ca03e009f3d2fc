"""Where the call budget is kept: a file that the processes of a machine share, or PostgreSQL for several machines.

Both hold the same three small tables and grant the same slots for calls under way. A slot is a lock of the operating
system, or of the database's session: it ends with the process that has it, however that ends.

Nothing of a record, and no secret, is kept here: a key that names the organisation, times and counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar
from weakref import finalize

from ofrecord_kit.errors import BadSettings, VendorBusy, sentence
from ofrecord_kit.tokens import make_private_folder

T = TypeVar("T")
Run = Callable[..., list[tuple[Any, ...]]]
"""Runs one statement with its values (marked `?`) and returns the rows it has."""

TABLES = (
    "create table if not exists ofrecord_call (key text not null, at double precision not null)",
    "create index if not exists ofrecord_call_by_key on ofrecord_call (key, at)",
    """create table if not exists ofrecord_spent (
        key text not null, slice bigint not null, weight bigint not null, primary key (key, slice))""",
    """create table if not exists ofrecord_closed (
        key text primary key, until double precision not null, most bigint not null, most_until double precision not null)""",
)
_CONNECT_S = 10
_PATIENCE_S = 30


class Store(Protocol):
    """One program's way to the budget. Used by one thread at a time."""

    skew_s: float
    """What the store's clock shows more than this machine's."""

    def transaction(self, key: str) -> Any:
        """A context in which nobody else decides about `key`; gives `Run`."""

    def take_slot(self, key: str, number: int) -> bool:
        """Take the slot if nobody has it."""

    def free_slot(self, key: str, number: int) -> None:
        """Give it back."""

    def close(self) -> None:
        """Give back everything."""


def open_store(url: str, state_dir: Path) -> Store:
    """The store a budget setting names: empty for a file in `state_dir`.

    Raises:
        BadSettings: it cannot be opened.
    """
    return DatabaseStore(url) if url else FileStore(state_dir)


def _close_all(files: dict[tuple[str, int], int]) -> None:
    """Also of a store that nobody closed."""
    while files:
        os.close(files.popitem()[1])


class FileStore:
    """`<state_dir>/calls.sqlite`, and one empty lock file for each slot."""

    skew_s = 0.0

    def __init__(self, state_dir: Path) -> None:
        make_private_folder(state_dir)
        self._folder = state_dir
        self._files: dict[tuple[str, int], int] = {}
        self._held: set[tuple[str, int]] = set()
        finalize(self, _close_all, self._files)
        try:
            self._open = sqlite3.connect(
                state_dir / "calls.sqlite", timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
            )
            self._open.execute("pragma synchronous = off")  # what a power cut loses is a count
            with self.transaction("") as run:
                for statement in TABLES:
                    run(statement)
        except sqlite3.Error as error:
            raise BadSettings([_not_opened(error)]) from error

    @contextmanager
    def transaction(self, _key: str) -> Iterator[Run]:
        """One at a time in the whole file."""
        try:
            self._open.execute("begin immediate")
            yield self._run
            self._open.execute("commit")
        except sqlite3.Error as error:
            raise _unkept(error) from error
        finally:
            if self._open.in_transaction:
                self._open.execute("rollback")

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._open.execute(statement, values).fetchall()

    def take_slot(self, key: str, number: int) -> bool:
        """Lock the slot's file, which stays open until the end. What is held here belongs to nobody else in this program."""
        if (key, number) in self._held:
            return False
        opened = self._files.get((key, number))
        if opened is None:
            name = f"calls.{hashlib.sha256(key.encode()).hexdigest()[:12]}.{number}.lock"
            try:
                opened = self._files[key, number] = os.open(self._folder / name, os.O_CREAT | os.O_RDWR, 0o600)
            except OSError as error:
                raise BadSettings([_not_opened(error)]) from error
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._held.add((key, number))
        return True

    def free_slot(self, key: str, number: int) -> None:
        """The file stays open."""
        self._held.discard((key, number))
        fcntl.flock(self._files[key, number], fcntl.LOCK_UN)

    def close(self) -> None:
        """Closing a file ends its lock."""
        _close_all(self._files)
        self._held.clear()
        self._open.close()


class DatabaseStore:
    """PostgreSQL. Times are those of the server, so that the clocks and time zones of the machines do not matter."""

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: PLC0415 - only where the setting asks for it
        except ImportError as error:
            raise BadSettings([f"budget: {_NO_DRIVER}"]) from error
        self._psycopg = psycopg
        self._url = url.replace("+psycopg://", "://", 1)
        self._held: set[tuple[str, int]] = set()
        self.skew_s = 0.0
        try:
            self._connect()
        except psycopg.Error as error:
            raise BadSettings([_not_reached(error)]) from error

    def _connect(self) -> None:
        self._open = self._psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S)
        with self._open.transaction():
            self._run("select pg_advisory_xact_lock(?)", number_of("ofrecord call budget"))
            for statement in TABLES:
                self._run(statement)
        before = time.time()
        there = float(self._run("select extract(epoch from clock_timestamp())")[0][0])
        self.skew_s = there - (before + time.time()) / 2

    @contextmanager
    def transaction(self, key: str) -> Iterator[Run]:
        """One at a time for a key."""

        def begin() -> None:
            self._run("begin")
            self._run("select pg_advisory_xact_lock(?)", number_of(key))

        try:
            self._surely(begin)
            yield self._run
            self._run("commit")
        except self._psycopg.Error as error:
            raise _busy(error) from error
        finally:
            if not self._open.closed and self._open.info.transaction_status:
                self._open.rollback()

    def _surely(self, work: Callable[[], T]) -> T:
        """Do the first thing on a connection: only that notices that it was lost. It is made again, once; its slots are gone."""
        try:
            return work()
        except self._psycopg.OperationalError:
            self._open.close()
            self._held.clear()
            self._connect()
            return work()

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        found = self._open.execute(statement.replace("?", "%s").encode(), values)
        return found.fetchall() if found.description else []

    def take_slot(self, key: str, number: int) -> bool:
        """A lock of the session, which could take it twice."""
        if (key, number) in self._held:
            return False
        try:
            row = self._surely(
                lambda: self._run("select pg_try_advisory_lock(?::int, ?::int)", number_of(key) >> 33, number)
            )
        except self._psycopg.Error as error:
            raise _busy(error) from error
        if row[0][0]:
            self._held.add((key, number))
        return bool(row[0][0])

    def free_slot(self, key: str, number: int) -> None:
        """A session that is lost has given it back already."""
        if (key, number) not in self._held:
            return
        self._held.discard((key, number))
        try:
            self._run("select pg_advisory_unlock(?::int, ?::int)", number_of(key) >> 33, number)
        except self._psycopg.Error:
            self._open.close()

    def close(self) -> None:
        """The session's locks end with it."""
        self._held.clear()
        self._open.close()


def number_of(key: str) -> int:
    """A number of 64 bits, which is what locks of the database have for a name."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


_NO_DRIVER = "needs the driver of PostgreSQL. Install ofrecord-kit[postgresql], or leave it empty."


def _unkept(error: sqlite3.Error) -> VendorBusy | BadSettings:
    """Another program's lock passes; what is wrong with the file itself, or with its disk, does not."""
    passes = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
    return _busy(error) if passes else BadSettings([_not_opened(error)])


def _not_opened(error: Exception) -> str:
    return (
        f"state_dir: calls.sqlite cannot be used ({type(error).__name__}). Name a folder this user may write to, with space left; "
        "if the file is damaged, or of another version, remove it: it holds the counts of a day, nothing else."
    )


def _not_reached(error: Exception) -> str:
    return (
        f"budget: the database cannot be used ({type(error).__name__}; its address is not shown). "
        "Check the URL, that the server runs, and that its user may create tables."
    )


def _busy(error: Exception) -> VendorBusy:
    return VendorBusy(
        sentence(
            f"The call budget cannot be kept ({type(error).__name__})",
            where="budget",
            expected="the file in state_dir, or the database, that all plugins share",
            remedy="Run again later: nothing is lost. Without a budget no call is made.",
        )
    )
