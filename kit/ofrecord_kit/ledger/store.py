"""The ledger: open it, read it by intention, write it one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from weakref import finalize

from sqlalchemy import Connection, Engine, select

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.history import HistoryReading
from ofrecord_kit.ledger.opening import LedgerProblem, engine_for, explained
from ofrecord_kit.ledger.reading_held import HeldReading
from ofrecord_kit.ledger.reading_links import LinkReading
from ofrecord_kit.ledger.reading_runs import RunReading
from ofrecord_kit.ledger.sealing import Vault, check_proof, check_values
from ofrecord_kit.ledger.writing import Writing

_PROOF = select(t.meta.c.value).where(t.meta.c.name == "key")
_KNOWN = select(t.meta.c.name, t.meta.c.value).where(t.meta.c.name.in_(("key", "prints", "values")))


class Ledger(LinkReading, HeldReading, RunReading, HistoryReading):
    """One ledger, open until `close` (or until nobody holds it any more). Errors of the database are raised as LedgerProblem, in words.

    Args:
        where: a path or a SQLAlchemy URL.
        run: the id written beside everything recorded.
        values: `full` or `hashed`; None: as it was last time (a new one: full).
        key: what stored values are encrypted with (`key_from(os.environ)`); a ledger that has one is not opened without it.
    """

    def __init__(self, where: str, run: str = "", *, values: str | None = None, key: str | None = None) -> None:
        check_values(values, key)
        self._where = where
        self._read_before = {}
        self.run = run
        self._engine = engine_for(where)
        try:
            self._vault = self._unlocked(values, key)
        except LedgerProblem:
            self._engine.dispose()
            raise
        self._reading = self._engine.connect().execution_options(reading=True, isolation_level="AUTOCOMMIT")
        self._letting_go = finalize(self, _let_go, self._reading, self._engine)

    def _unlocked(self, values: str | None, key: str | None) -> Vault:
        """What seals and opens stored values; `meta` remembers which key it was, and how values are kept."""
        with explained(self._where), self._engine.begin() as connection:
            known = {row[0]: row[1] for row in connection.execute(_KNOWN)}
            mode = values or known.get("values", "full")
            check_values(mode, key)
            vault = Vault(key, hashed=mode == "hashed")
            check_proof(known.get("key"), vault)
            vault.carry(known.get("prints"))
            news = {"values": mode, **({"key": vault.proof} if vault.proof else {})}
            rows = [(name, value) for name, value in news.items() if known.get(name, "full") != value]
            bulk.replace(connection, t.meta, ["name"], ["value"], rows)
        return vault

    @property
    def secret(self) -> bytes:
        """What keyed digests are made with; empty where there is no key."""
        return self._vault.key or b""

    def close(self) -> None:
        """Let go of the file."""
        self._letting_go()

    @contextmanager
    def writing(self, at: datetime) -> Iterator[Writing]:
        """One transaction: everything written within is recorded at `at` (UTC), or nothing is."""
        with explained(self._where), self._engine.begin() as connection:
            if self._vault.proof:  # somebody may have given it another key meanwhile
                check_proof(connection.execute(_PROOF).scalar(), self._vault)
            writing = Writing(connection, at, self.run, self._vault, self._read_before)
            yield writing
            writing.flush()
        self._read_before.clear()


def _let_go(reading: Connection, engine: Engine) -> None:
    reading.close()
    engine.dispose()
