"""Writing links: which records are one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, select, update

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import BATCH, Batch
from ofrecord_kit.ledger.rows import Event
from ofrecord_kit.ledger.values import store_of

_Key = tuple[str, str, str]


class LinkWriting(Batch):
    """Links, and the digest of what was last delivered for each record."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._linked: dict[_Key, tuple[str, int]] = {}
        self._fresh: set[str] = set()
        self._seen: dict[_Key, str] = {}
        self._known_as_of: dict[_Key, str] = {}
        self._prefix = f"{int(self._at.replace(tzinfo=UTC).timestamp() * 1000):012x}"
        self._lot = token_hex(7)

    def record_link(
        self, entity: str, ids: Mapping[str, str], link: str | None = None, *, generation: int | None = None
    ) -> str:
        """Say that these records (system → id) are one thing; known sides are kept. Returns the link."""
        if link is not None:
            self._join(
                entity,
                {store_of(system): record for system, record in ids.items()},
                link,
                self._generation(link) if generation is None else generation,
            )
            return link
        return self.record_links(entity, [ids])[0]

    def record_links(self, entity: str, pairs: Sequence[Mapping[str, str]], *, new: bool = False) -> list[str]:
        """As `record_link` for many things; their links, in order. `new`: nothing of them is linked yet, so nobody has to look."""
        sides = [{store_of(system): record for system, record in ids.items()} for ids in pairs]
        known = {} if new else self._known(entity, sides)
        links = []
        for stores in sides:
            found = next((known[side] for side in stores.items() if side in known), None) if known else None
            link, generation = found or (self._new_link(), 0)
            self._join(entity, stores, link, generation)
            if not new:
                known.update(dict.fromkeys(stores.items(), (link, generation)))
            links.append(link)
        return links

    def _new_link(self) -> str:
        """A name nobody has, near the one before in every index: the time, a number, and what this transaction drew by lot."""
        link = f"{self._prefix}{len(self._fresh):06x}{self._lot}"
        self._fresh.add(link)
        return link

    def _join(self, entity: str, stores: Mapping[str, str], link: str, generation: int) -> None:
        for system, record in stores.items():
            self._linked[entity, system, record] = (link, generation)

    def _known(self, entity: str, sides: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], tuple[str, int]]:
        """(store, id) → link and generation, of those that are linked."""
        wanted: dict[str, list[str]] = {}
        found: dict[tuple[str, str], tuple[str, int]] = {}
        for stores in sides:
            for system, record in stores.items():
                if here := self._linked.get((entity, system, record)):
                    found[system, record] = here
                else:
                    wanted.setdefault(system, []).append(record)
        columns = t.link.c
        for system, records in wanted.items():
            for start in range(0, len(records), BATCH):
                query = select(columns.system_id, columns.link, columns.generation).where(
                    columns.entity == entity,
                    columns.system == system,
                    bulk.among(self._connection, columns.system_id, records[start : start + BATCH]),
                )
                for record, link, generation in self._connection.execute(query):
                    found[system, record] = (link, generation)
        return found

    def _generation(self, link: str) -> int:
        if link in self._fresh:
            return 0
        query = select(t.link.c.generation).where(t.link.c.link == link).limit(1)
        return self._connection.execute(query).scalar() or 0

    def record_seen(self, entity: str, source: str, digests: Mapping[str, str]) -> None:
        """Remember the digest of what was delivered for each source id, until either side changes the agreement."""
        store = store_of(source)
        for source_id, digest in digests.items():
            self._seen[entity, store, source_id] = digest

    def record_known(self, entity: str, system: str, record: str, said: str) -> None:
        """As of when a record of this system held just what was agreed, and what that was, in the words of `target/still.py`."""
        self._known_as_of[entity, store_of(system), record] = said

    def unlink(self, link: str, system: str, *, by: str | None = None, why: str | None = None) -> int:
        """Take the record of one system out of a link, on purpose; the link's generation afterwards.

        What was agreed with that system is forgotten, and nothing is owed to it for this link any more. Event `unlinked`.
        """
        self.flush()
        store, columns = store_of(system), t.link.c
        query = select(columns.entity, columns.system, columns.system_id, columns.generation).where(
            columns.link == link
        )
        rows = self._connection.execute(query).all()
        mine = next((row for row in rows if row[1] == store), None)
        if mine is None:
            return max((int(row[3]) for row in rows), default=0)
        generation = max(int(row[3]) for row in rows) + 1
        execute = self._connection.execute
        execute(delete(t.link).where(columns.link == link, columns.system == store))
        execute(update(t.link).where(columns.link == link).values(generation=generation, seen=None, at=self._at))
        for table, here in ((t.agreed, t.agreed.c.one), (t.pointer, t.pointer.c.system)):
            execute(delete(table).where(table.c.link == link, (here == store) | (table.c.other == store)))
        execute(delete(t.outbox).where(t.outbox.c.link == link, t.outbox.c.system == store))
        ids = {row[1]: row[2] for row in rows}
        self.event(Event("unlinked", mine[0], link, ids, system=store, before=mine[2], why=why, editor=by))
        return generation

    def flush(self) -> None:
        """Send what was gathered; the transaction does it at its end."""

    def _send_links(self) -> None:
        if self._linked:
            at = self._stamp
            rows = [
                (*key, link, self._seen.pop(key, None) if link in self._fresh else None, at, generation)
                for key, (link, generation) in self._linked.items()
            ]
            keys = ("entity", "system", "system_id", "link", "seen", "at", "generation")
            conflict = "ON CONFLICT (entity, system, system_id) DO UPDATE SET link = excluded.link, at = excluded.at"
            bulk.put(self._connection, t.link, keys, rows, conflict)
            self._linked = {}

    def _send_seen(self) -> None:
        rows = [(digest, *key) for key, digest in self._seen.items()]
        bulk.change(self._connection, t.link, ["seen"], ["entity", "system", "system_id"], rows)
        known = [(said, *key) for key, said in self._known_as_of.items()]
        bulk.change(self._connection, t.link, ["known"], ["entity", "system", "system_id"], known)
        self._seen, self._known_as_of = {}, {}
