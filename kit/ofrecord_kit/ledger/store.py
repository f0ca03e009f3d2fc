"""The ledger: open it, read it by intention, write it one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from weakref import finalize

from sqlalchemy import Connection, Engine

from ofrecord_kit.ledger.opening import engine_for, explained
from ofrecord_kit.ledger.reading_held import HeldReading
from ofrecord_kit.ledger.reading_links import LinkReading
from ofrecord_kit.ledger.reading_runs import RunReading
from ofrecord_kit.ledger.sealing import Vault
from ofrecord_kit.ledger.writing import Writing


class Ledger(LinkReading, HeldReading, RunReading):
    """One ledger, open until `close` (or until nobody holds it any more). Errors of the database are raised as LedgerProblem, in words.

    Args:
        where: a path or a SQLAlchemy URL.
        run: the id written beside everything recorded.
    """

    def __init__(self, where: str, run: str = "") -> None:
        self._where = where
        self.run = run
        self._vault = Vault()
        self._engine = engine_for(where)
        self._reading = self._engine.connect().execution_options(reading=True, isolation_level="AUTOCOMMIT")
        self._letting_go = finalize(self, _let_go, self._reading, self._engine)

    def close(self) -> None:
        """Let go of the file."""
        self._letting_go()

    @contextmanager
    def writing(self, at: datetime) -> Iterator[Writing]:
        """One transaction: everything written within is recorded at `at` (UTC), or nothing is."""
        with explained(self._where), self._engine.begin() as connection:
            writing = Writing(connection, at, self.run, self._vault)
            yield writing
            writing.flush()


def _let_go(reading: Connection, engine: Engine) -> None:
    reading.close()
    engine.dispose()
