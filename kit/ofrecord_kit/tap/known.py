"""What was delivered of a stream: ids and fingerprints, in `<state_dir>/known.sqlite`.

What was written is not yet delivered: that is known only when a state that was written after it comes back with the next run.
So every row has a generation. Whatever was written since the last state gets the next number, is stored, and only then the
number goes out with the state (`known: {"store", "at"}` in the stream's bookmark). Rows of a later generation than the one the
state of the next run names were never confirmed: their fingerprints are forgotten, and their records are written again. A lost
state, a target that failed or a kill at any moment so repeats records and loses none. Numbers are never used twice.

A store belongs to one line of states. A bookmark that names none (a first run, a full refresh) or one that this machine does not
have begins a new one, so two consumers of one stream, or two machines, never take what the other got for their own.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ofrecord_kit.errors import Stop, sentence
from ofrecord_kit.tokens import make_private_folder

FILE = "known.sqlite"
MARK = "known"
"""The key in a bookmark."""
PARTIAL = "partial"
"""The key within it that says that more was delivered than the store knows, until a sweep has taken over what there is."""
_UNUSED_S = 400 * 86400
"""A store that no state named for so long goes."""
_ASKED_AT_ONCE = 500
_DOUBTED = -1
"""The generation of what nobody confirmed."""
_TABLES = """
create table if not exists store (
    number integer primary key, name text unique not null, stream text not null, key blob not null,
    last integer not null, used real not null);
create table if not exists known (
    store integer not null, id text not null, print blob, generation integer not null, gone integer not null default 0,
    asked real, primary key (store, id)) without rowid;
create temp table if not exists there (id text primary key) without rowid;
"""


class Known:
    """What was delivered of one stream to one consumer. `now` (seconds since the epoch) only dates the store.

    Raises:
        Stop: the file is damaged.
    """

    def __init__(self, state_dir: Path, stream: str, mark: Mapping[str, Any] | None, now: float) -> None:
        make_private_folder(state_dir)
        self._file = state_dir / FILE
        self._fresh: dict[str, tuple[bytes | None, int]] = {}
        """Written since the last state: fingerprint, and 1 for a deletion."""
        self._now = now
        mark = mark if isinstance(mark, Mapping) else {}  # a state by another hand
        at = said if isinstance(said := mark.get("at"), int) else 0
        with self._told(), FileLock(state_dir / f"{FILE}.lock", timeout=60):
            self._db = self._opened()
            self._store, self._name, self._key, last, self.is_new = self._begun(stream, mark, at)
        self._last = max(last, at) if not self.is_new else 0
        self.is_partial = bool(mark.get(PARTIAL)) or (last < at and not self.is_new)
        """Whether more was delivered than is known: the state is older than this store, or the file is from a backup."""

    def fingerprint(self, line: bytes) -> bytes:
        """Of a record's JSON text, keyed."""
        return blake2b(line, digest_size=12, key=self._key).digest()

    def prints(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The fingerprints of those that were delivered, of the records that `ids` name."""
        found: dict[str, bytes] = {}
        with self._told():
            for start in range(0, len(ids), _ASKED_AT_ONCE):
                some = ids[start : start + _ASKED_AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"select id, print from known where store = ? and gone = 0 and print is not null and generation <= ? and id in ({marks})"  # noqa: S608 - marks only
                found.update(self._db.execute(query, (self._store, self._last, *some)))
        for one in ids:
            if one in self._fresh:
                (mine, gone) = self._fresh[one]
                found.pop(one, None)
                if mine is not None and not gone:
                    found[one] = mine
        return found

    def remember(self, record_id: str, fingerprint: bytes | None = None) -> None:
        """A record was written."""
        self._fresh[record_id] = (fingerprint, 0)

    def forget(self, record_id: str) -> None:
        """The deletion of a record was written."""
        self._fresh[record_id] = (None, 1)

    def confirm(self) -> dict[str, Any]:
        """Store what was written; what the bookmark must carry with the state that is written next."""
        with self._told():
            self._db.execute("begin immediate")
            with self._db:
                row = self._db.execute("select last from store where number = ?", (self._store,)).fetchone()
                if (
                    int(row[0]) > self._last
                ):  # another run of the same state, whose success this one's says nothing about
                    self._doubt(self._store, self._last)
                at = int(row[0]) + bool(self._fresh)
                rows = [(self._store, one, fp, at, gone) for one, (fp, gone) in self._fresh.items()]
                self._db.executemany(
                    "insert into known (store, id, print, generation, gone) values (?, ?, ?, ?, ?) on conflict (store, id) do update set "
                    "print = excluded.print, generation = excluded.generation, gone = excluded.gone, asked = null",
                    rows,
                )
                self._db.execute("update store set last = ?, used = ? where number = ?", (at, self._now, self._store))
        self._fresh.clear()
        self._last = at
        return {"store": self._name, "at": at, **({PARTIAL: True} if self.is_partial else {})}

    def saw(self, ids: Iterable[str]) -> None:
        """These are there: for `absent`."""
        with self._told():
            self._db.execute("begin")
            with self._db:
                self._db.executemany("insert or ignore into there values (?)", ((one,) for one in ids))

    def forget_seen(self) -> None:
        """A reading that proves nothing ended."""
        with self._told():
            self._db.execute("delete from there")

    def adopt(self) -> None:
        """Take what `saw` named for delivered, where the bookmark is older than its store."""
        query = "insert or ignore into known (store, id, generation) select ?, id, 0 from there"
        with self._told():
            self._db.execute(query, (self._store,))
        self.is_partial = False

    def strangers(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that were never delivered, as far as is known."""
        found = set(ids) - self._fresh.keys()
        with self._told():
            for start in range(0, len(ids), _ASKED_AT_ONCE):
                some = ids[start : start + _ASKED_AT_ONCE]
                query = (
                    f"select id from known where store = ? and generation >= 0 and id in ({','.join('?' * len(some))})"  # noqa: S608 - marks only
                )
                found -= {one for (one,) in self._db.execute(query, (self._store, *some))}
        return found

    def absent(self, asked_before: float, most: int) -> list[str]:
        """Delivered records that `saw` did not name: those asked for longest ago first, none asked for since `asked_before`."""
        query = (
            "select id from known where store = ? and gone = 0 and (asked is null or asked < ?)"
            " and not exists (select 1 from there where there.id = known.id) order by asked, id limit ?"
        )
        with self._told():
            found = [str(one) for (one,) in self._db.execute(query, (self._store, asked_before, most))]
        return [one for one in found if one not in self._fresh]

    def missing(self) -> Iterator[str]:
        """Every delivered record that `saw` did not name."""
        query = (
            "select id from known where store = ? and gone = 0 and id > ?"
            " and not exists (select 1 from there where there.id = known.id) order by id limit 1000"
        )
        last = ""
        while True:
            with self._told():
                found = [str(one) for (one,) in self._db.execute(query, (self._store, last))]
            yield from (one for one in found if one not in self._fresh)
            if not found:
                return
            last = found[-1]

    def asked(self, record_id: str, at: float) -> None:
        """A record that was absent was asked for and is there."""
        with self._told():
            self._db.execute("update known set asked = ? where store = ? and id = ?", (at, self._store, record_id))

    def also_open(self) -> sqlite3.Connection:
        """Another connection to the file. Closing the last one takes longer than a small stream, so one is kept for all of a run."""
        with self._told():
            other = sqlite3.connect(self._file, timeout=60, isolation_level=None)
            other.execute("select count(*) from store").fetchone()  # what was not read is not open
        return other

    def close(self) -> None:
        """Release the file. What was not confirmed is not kept."""
        self._db.close()

    def _opened(self) -> sqlite3.Connection:
        self._file.touch(mode=0o600)
        db = sqlite3.connect(self._file, timeout=60, isolation_level=None)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")  # a power cut may take the newest generations: they are written again
        db.executescript(_TABLES)
        return db

    def _begun(self, stream: str, mark: Mapping[str, Any], at: int) -> tuple[int, str, bytes, int, bool]:
        """The store of a bookmark, what was never confirmed forgotten; a new one where there is none."""
        self._db.execute("begin immediate")
        with self._db:
            found = self._db.execute(
                "select number, name, key, last from store where name = ? and stream = ?",
                (str(mark.get("store")), stream),
            ).fetchone()
            old = [
                one for (one,) in self._db.execute("select number from store where used < ?", (self._now - _UNUSED_S,))
            ]
            for number in old:
                if not found or number != found[0]:
                    self._db.execute("delete from known where store = ?", (number,))
                    self._db.execute("delete from store where number = ?", (number,))
            if found:
                number, name, key, last = found
                self._doubt(number, at)
                if last < at:  # the file is older than the state: what was written since is not in it
                    self._db.execute("update known set print = null where store = ?", (number,))
                    self._db.execute("update store set last = ? where number = ?", (at, number))
                self._db.execute("delete from known where store = ? and gone = 1", (number,))
                return number, name, key, last, False
            name, key = os.urandom(8).hex(), os.urandom(32)
            made = self._db.execute(
                "insert into store (name, stream, key, last, used) values (?, ?, ?, 0, ?)",
                (name, stream, key, self._now),
            )
            return int(made.lastrowid or 0), name, key, 0, True

    def _doubt(self, store: int, at: int) -> None:
        """Whether the consumer has what was written after `at` is not known: it is written again, and may have to be deleted."""
        self._db.execute(
            "update known set print = null, gone = 0, asked = null, generation = ? where store = ? and generation > ?",
            (_DOUBTED, store, at),
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Within the block, a damaged file is one message."""
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            if isinstance(error, Timeout) or (isinstance(error, sqlite3.OperationalError) and "locked" in str(error)):
                raise Stop(
                    sentence(
                        "What was delivered cannot be remembered: another run holds the file",
                        where=str(FILE),
                        expected="one run of a tap at a time for each pipeline",
                        remedy="Wait for the other run, then run again.",
                    )
                ) from error
            raise Stop(
                sentence(
                    "What was delivered cannot be read or kept",
                    where=f"{FILE} in the folder of the setting state_dir",
                    expected="the file as this program left it, which this user may write, and space for it",
                    remedy="Free some space, or correct who may write; if that is not it, remove the file: every record is then written once more.",
                )
            ) from error
