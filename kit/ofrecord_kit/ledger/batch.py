"""What every kind of writing shares: the transaction, the time, the run, and the lines of history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, text

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.chain import EVENT_COLUMNS, read_tail, row_digest, stored_time, tail_of
from ofrecord_kit.ledger.rows import Event
from ofrecord_kit.ledger.sealing import Vault
from ofrecord_kit.ledger.values import to_json

AT_ONCE = 500
"""Keys in one query."""
_CHAIN_LOCK = 0x0F_2EC0_2D
"""The advisory lock (PostgreSQL) under which events are appended one transaction after the other."""


class Batch:
    """One transaction. What is appended only is gathered and sent at its end."""

    def __init__(self, connection: Connection, at: datetime, run: str, vault: Vault) -> None:
        self._connection = connection
        self._at = at.astimezone(UTC).replace(tzinfo=None)
        self._stamp = stored_time(self._at)
        self._run = run
        self._vault = vault
        self._events: list[tuple[Any, ...]] = []

    def event(self, event: Event) -> None:
        """Append one line of history."""
        seal = self._vault.seal
        self._events.append(
            (
                self._stamp, self._run, event.kind, event.entity, event.link,
                to_json(event.ids) if event.ids else None, event.field, event.system,
                seal(to_json(event.before)), seal(to_json(event.after)), event.rule, event.why, event.editor,
            )
        )  # fmt: skip

    def _send_events(self) -> None:
        if not self._events:
            return
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})"))
        known = self._connection.execute(select(t.meta.c.value).where(t.meta.c.name == "events")).scalar()
        count, last, digest = read_tail(known)
        rows = []
        key = self._vault.key
        for number, event in enumerate(self._events, last + 1):
            row = (number, *event)
            digest = row_digest(digest, row, key)
            rows.append((*row, digest))
        bulk.put(self._connection, t.event, (*EVENT_COLUMNS, "digest"), rows)
        self._note("events", tail_of(count + len(rows), rows[-1][0], digest))
        self._events = []

    def _note(self, name: str, value: str) -> None:
        bulk.replace(self._connection, t.meta, ["name"], ["value"], [(name, value)])
