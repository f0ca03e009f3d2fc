"""What every kind of writing shares: the transaction, the time, the run, and the lines of history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, text

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.chain import EVENT_COLUMNS, read_tail, row_digest, stored_time, tail_of
from ofrecord_kit.ledger.rows import Event
from ofrecord_kit.ledger.sealing import Vault
from ofrecord_kit.ledger.values import Forms, forms_of, from_json, is_empty, store_of, to_json
from ofrecord_kit.plan import Fingerprint

AT_ONCE = 500
"""Keys in one query."""
BATCH = 5_000
"""Keys in one query that takes them as one parameter (`bulk.among`)."""
SNAPSHOTS = frozenset({"created", "linked"})
"""Events whose `after` is what a record held then: field → value."""
_OF_IDS = frozenset({"stamped", "unlinked", "dropped", "held"})
"""Events whose values are ids or words of ours."""
_CHAIN_LOCK = 0x0F_2EC0_2D
"""The advisory lock (PostgreSQL) under which events are appended one transaction after the other."""


class Batch:
    """One transaction. What is appended only is gathered and sent at its end."""

    def __init__(
        self, connection: Connection, at: datetime, run: str, vault: Vault, read_before: Mapping[Any, tuple[str, Any]] = {}
    ) -> None:  # fmt: skip
        self._connection = connection
        self._at = at.astimezone(UTC).replace(tzinfo=None)
        self._stamp = stored_time(self._at)
        self._run = run
        self._vault = vault
        self._read_before = read_before
        self._events: list[tuple[Any, ...]] = []
        self._looked_up: frozenset[str] | None = None
        self._compared: dict[str, tuple[Forms, set[str]]] = {}

    def _forms(self, entity: str) -> tuple[Forms, set[str]]:
        """How an entity's values are compared, as its ways say; asked only where values are kept hashed."""
        if entity not in self._compared:
            query = select(t.wire.c.schema).where(t.wire.c.entity == entity)
            self._compared[entity] = forms_of(from_json(text) for text in self._connection.execute(query).scalars())
        return self._compared[entity]

    def event(
        self, event: Event, *, forms: Mapping[str, Mapping[str, str | None]] | None = None, plain: Collection[str] = frozenset()
    ) -> None:  # fmt: skip
        """Append one line of history.

        Where values are kept hashed: `forms` are those of the fields by system, `plain` the fields whose values are ids; what is not
        said is taken from how the entity is written.
        """
        self._events.append(
            (
                self._stamp, self._run, event.kind, event.entity, event.link,
                to_json(event.ids) if event.ids else None, event.field, event.system,
                self._written(event, event.before, forms or {}, plain), self._written(event, event.after, forms or {}, plain),
                event.rule, event.why, event.editor,
            )
        )  # fmt: skip

    def _written(
        self, event: Event, value: Any, forms: Mapping[str, Mapping[str, str | None]], plain: Collection[str]
    ) -> str:  # fmt: skip
        """A value of an event as it is stored: where values are hashed, those of fields and of snapshots are."""
        vault, field, system = self._vault, event.field, event.system or ""
        hashed = vault.hashed or isinstance(value, Fingerprint)
        if not hashed or is_empty(value) or event.kind in _OF_IDS:
            return vault.seal(to_json(value))
        known, ids = self._forms(event.entity)
        forms, plain, system = {**known, **forms}, {*ids, *plain, *self._fields_looked_up()}, store_of(system)
        if field is None and isinstance(value, dict) and event.kind in SNAPSHOTS:
            kept = {name for name, one in value.items() if name.startswith("_") or name in plain or is_empty(one)}
            return vault.seal(vault.written_all(value, {name: said.get(system) for name, said in forms.items()}, kept))
        if field is None or field.startswith("_") or field in plain:
            return vault.seal(to_json(value))
        return vault.seal(vault.written(value, forms.get(field, {}).get(system)))

    def _fields_looked_up(self) -> frozenset[str]:
        if self._looked_up is None:
            known = self._connection.execute(select(t.meta.c.value).where(t.meta.c.name == "pointers")).scalar()
            self._looked_up = frozenset(from_json(known) if known else ())
        return self._looked_up

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
