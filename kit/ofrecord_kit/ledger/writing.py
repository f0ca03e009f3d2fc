"""Writing the ledger: one transaction a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, Update, bindparam, delete, insert, or_, select, update

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import AT_ONCE, BATCH
from ofrecord_kit.ledger.chain import stored_time
from ofrecord_kit.ledger.living import has_died, own_process
from ofrecord_kit.ledger.rows import LIVE_S, Run
from ofrecord_kit.ledger.values import store_of, to_json
from ofrecord_kit.ledger.writing_held import LONGEST_WAIT, HeldWriting
from ofrecord_kit.ledger.writing_new import NewWriting

_Part = tuple[str, str, str, str]
_LONGEST_RUN = timedelta(days=1)
"""A run that began before and never ended was killed."""


class Writing(NewWriting, HeldWriting):
    """The intentions of one batch; nothing is visible to others before the transaction ends."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._parts: dict[_Part, str] = {}
        self._owed: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        self._settled: dict[str, dict[str, set[str]]] = {}

    def flush(self) -> None:
        """Send what was gathered; the transaction does it at its end."""
        self._send_links()
        self._send_agreed()
        self._send_seen()
        self._send_parts()
        self._send_settled()
        self._send_owed()
        self._send_held()
        self._send_events()

    def _put(self, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Insert or update one row by its keys."""
        place = {f"its_{name}": value for name, value in keys.items()}
        if not self._connection.execute(_update_of(table, tuple(keys)), {**place, **values}).rowcount:
            self._connection.execute(_insert_into(table), {**keys, **values})

    def record_part(self, entity: str, system: str, whole: str, part: str, values: Mapping[str, Any]) -> None:
        """Keep what one record contributes to a whole."""
        self._parts[entity, store_of(system), whole, part] = self._vault.seal(to_json(values))

    def _send_parts(self) -> None:
        rows = [(*key, value, self._stamp) for key, value in self._parts.items()]
        bulk.replace(self._connection, t.part, ["entity", "system", "whole", "part"], ["value", "at"], rows)
        self._parts = {}

    def forget_parts(self, entity: str, system: str, whole: str, parts: Iterable[str]) -> None:
        """These records contribute nothing to the whole any more."""
        self._send_parts()
        rows = [(entity, store_of(system), whole, part) for part in sorted(parts)]
        bulk.remove(self._connection, t.part, ["entity", "system", "whole", "part"], rows)

    def owe(
        self,
        entity: str,
        system: str,
        link: str,
        field: str,
        reason: str,
        *,
        object_: str | None = None,
        property_: str | None = None,
    ) -> bool:
        """Write something down for a system's outbox; was it news? Never holds a value."""
        key = (link, store_of(system), field)
        if key in self._owed:
            return False
        if field in self._settled.get(key[1], {}).get(link, ()):
            self._send_settled()
        if link not in self._fresh and self._is_owed(key):
            return False
        self._owed[key] = (entity, object_, property_, reason, self._stamp, 0)
        return True

    def _is_owed(self, key: tuple[str, str, str]) -> bool:
        box = t.outbox.c
        where = (column == value for column, value in zip((box.link, box.system, box.field), key, strict=True))
        return self._connection.execute(select(box.id).where(*where)).first() is not None

    def _send_owed(self) -> None:
        rows = [(*key, *owed) for key, owed in self._owed.items()]
        columns = ("link", "system", "field", "entity", "object", "property", "reason", "at", "attempts")
        bulk.put(self._connection, t.outbox, columns, rows)
        self._owed = {}

    def settle(self, ids: Iterable[int]) -> None:
        """These owed writes were made."""
        bulk.remove(self._connection, t.outbox, ["id"], [(one,) for one in ids])

    def settle_fields(self, link: str, system: str, fields: Iterable[str]) -> None:
        """Fields that were just written are no longer owed."""
        store, names = store_of(system), list(fields)
        for name in names:
            self._owed.pop((link, store, name), None)
        if link not in self._fresh:
            self._settled.setdefault(store, {}).setdefault(link, set()).update(names)

    def _send_settled(self) -> None:
        """Remove what was settled; most of it was never owed, which a look at the links tells."""
        box = t.outbox.c
        for store, settled in self._settled.items():
            links = list(settled)
            for start in range(0, len(links), AT_ONCE):
                query = select(box.id, box.link, box.field).where(
                    box.system == store, box.link.in_(links[start : start + AT_ONCE])
                )
                known = self._connection.execute(query).all()
                gone = [(number,) for number, link, field in known if field in settled[link]]
                bulk.remove(self._connection, t.outbox, ["id"], gone)
        self._settled = {}

    def postpone(self, ids: Iterable[int], attempts: int, *, wait_s: float = 60) -> None:
        """These owed writes did not succeed: try later, each time after twice the wait."""
        wait = min(timedelta(seconds=wait_s * 2 ** min(attempts, 20)), LONGEST_WAIT)
        due = stored_time(self._at + wait)
        bulk.change(
            self._connection, t.outbox, ["attempts", "due_at"], ["id"], [(attempts + 1, due, one) for one in ids]
        )

    def claim(self, entity: str, system: str, source_ids: Iterable[str]) -> set[str]:
        """About to create these: written down before the request is sent. Those this run may create.

        The others are being created by another live run. One that has ended, whose process has died, or whose intention is
        older than LIVE_S, is not.
        """
        ids, store = list(dict.fromkeys(source_ids)), store_of(system)
        i, r = t.intent.c, t.run.c
        ended = select(r.run).where(r.run == i.run, r.finished.is_not(None)).exists()
        old = i.at <= self._at - timedelta(seconds=LIVE_S)
        mine = or_(i.run == self._run, i.run.is_(None), old, ended, i.run.in_(self._died(entity, store)))
        made = bulk.put(
            self._connection, t.intent, ["entity", "system", "source_id", "at", "run"],
            [(entity, store, one, self._stamp, self._run) for one in ids],
            "ON CONFLICT (entity, system, source_id) DO NOTHING",
        )  # fmt: skip
        if made == len(ids):  # nobody else intends any of them
            return set(ids)
        won: set[str] = set()
        for some in _some(ids):
            here = (i.entity == entity, i.system == store, i.source_id.in_(some), mine)
            taken = update(t.intent).where(*here).values(at=self._at, run=self._run).returning(i.source_id)
            won.update(self._connection.execute(taken).scalars())
        return won

    def begin(self, entity: str, source: str, destination: str, changes: Mapping[str, Any]) -> None:
        """About to write these to records that are there: by source id, field → [value at the source, at the destination].

        Until that is confirmed nobody knows which of the two values the destination holds, so the record is no longer taken for one that was seen.
        """
        store, at, here = store_of(destination), self._stamp, store_of(source)
        rows = [(entity, store, one, at, self._run, self._vault.seal(to_json(said))) for one, said in changes.items()]
        bulk.replace(self._connection, t.intent, ["entity", "system", "source_id"], ["at", "run", "value"], rows)
        seen = [(None, entity, here, one) for one in changes]
        bulk.change(self._connection, t.link, ["seen"], ["entity", "system", "system_id"], seen)

    def _died(self, entity: str, store: str) -> list[str]:
        """Runs that intend something here and whose process is gone without having said that they ended."""
        i, r = t.intent.c, t.run.c
        query = select(r.run, r.process).distinct().join(t.intent, i.run == r.run)
        rows = self._connection.execute(query.where(i.entity == entity, i.system == store, r.finished.is_(None)))
        return [run for run, process in rows if run != self._run and has_died(process)]

    def confirm(self, entity: str, system: str, source_ids: Iterable[str]) -> None:
        """The creation or change of these is settled, one way or the other."""
        i, ids = t.intent.c, list(source_ids)
        for start in range(0, len(ids), BATCH):
            mine = bulk.among(self._connection, i.source_id, ids[start : start + BATCH])
            self._connection.execute(delete(t.intent).where(i.entity == entity, i.system == store_of(system), mine))

    def spool(self, entity: str, source: str, destination: str, rows: Sequence[tuple[str, bytes | str]]) -> None:
        """Put what was decided about records of this way behind what waits there already."""
        way = (self._run, entity, source, destination)
        sealed = [
            (*way, source_id, self._vault.seal_bytes(body.encode() if isinstance(body, str) else body))
            for source_id, body in rows
        ]
        columns = ("run", "entity", "source", "destination", "source_id", "body")
        bulk.put(self._connection, t.spool, columns, sealed)

    def unspool(self, run: str, *way: str) -> None:
        """Take off the spool what a run put there, of one way (entity, source, destination) or of all."""
        s = t.spool.c
        where = (column == one for column, one in zip((s.entity, s.source, s.destination), way, strict=False))
        self._connection.execute(delete(t.spool).where(s.run == run, *where))

    def clear_spool(self, entity: str, source: str, destination: str, keep_run: str | None = None) -> None:
        """Left-overs of runs that have ended are of no use: they are decided again. A run that goes on keeps its own."""
        s, r = t.spool.c, t.run.c
        lives = select(r.run).where(r.run == s.run, r.finished.is_(None), r.started > self._at - _LONGEST_RUN).exists()
        query = delete(t.spool).where(s.entity == entity, s.source == source, s.destination == destination)
        self._connection.execute(query if keep_run is None else query.where(s.run != keep_run, ~lives))

    def prune(self, keep_days: int) -> int:
        """Take runs that ended longer ago than this off the list, but for those history names; how many went."""
        r = t.run.c
        told = select(t.event.c.id).where(t.event.c.run == r.run).exists()
        old = r.finished < self._at - timedelta(days=keep_days)
        return self._connection.execute(delete(t.run).where(old, ~told)).rowcount

    def pause(self, entity: str, system: str, why: str) -> None:
        """Write nothing of this entity to this system until `resume`."""
        self._put(t.pause, {"entity": entity, "system": system}, {"at": self._at, "why": why})

    def resume(self, entity: str, system: str) -> None:
        """End a pause."""
        self._connection.execute(delete(t.pause).where(t.pause.c.entity == entity, t.pause.c.system == system))

    def put_run(self, run: Run) -> None:
        """Write a run's row, at its start and again at its end."""
        naive = {
            name: getattr(run, name) for name in ("plugin", "source", "destination", "status", "calls", "rules", "dry")
        }
        self._put(
            t.run,
            {"run": run.run},
            {
                **naive, "grp": run.group, "process": own_process(), "counts": to_json(run.counts),
                "notes": to_json(run.notes) if run.notes else None,
                "started": run.started.astimezone(UTC).replace(tzinfo=None),
                "finished": None if run.finished is None else run.finished.astimezone(UTC).replace(tzinfo=None),
            },
        )  # fmt: skip


@cache
def _update_of(table: Table, keys: tuple[str, ...]) -> Update:
    return update(table).where(*(table.c[name] == bindparam(f"its_{name}") for name in keys))


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
