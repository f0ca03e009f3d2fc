"""Reading runs, history, and what is owed or begun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import AT_ONCE
from ofrecord_kit.ledger.reading import Reading, aware, chunks, naive
from ofrecord_kit.ledger.rows import Event, Intention, Owed, Run
from ofrecord_kit.ledger.values import from_json, store_of

_box, _wire, _pause = t.outbox.c, t.wire.c, t.pause.c
_OWED = (
    select(
        _box.id, _box.entity, _box.system, _box.link, _box.field, _box.object, _box.property, _box.reason, _box.attempts
    )
    .where(_box.system == bindparam("system"), _box.due_at.is_(None) | (_box.due_at <= bindparam("at")))
    .order_by(_box.id)
)  # fmt: skip
_PAUSED = select(func.count()).where(_pause.entity == bindparam("entity"), _pause.system == bindparam("system"))
_WIRES = select(_wire.entity, _wire.source, _wire.schema).where(_wire.destination == bindparam("destination"))
_WAYS = select(_wire.entity, _wire.source).where(_wire.destination == bindparam("destination"))


class RunReading(Reading):
    """Runs and their events, the outbox, intentions, pauses."""

    run: str

    def owed(self, system: str, at: datetime) -> list[Owed]:
        """Writes owed to a system that are due, oldest first."""
        return [Owed(*row) for row in self._rows(_OWED, system=store_of(system), at=naive(at))]

    def still_owed(self, ids: Iterable[int]) -> set[int]:
        """Of these owed writes those that nobody made since they were read."""
        box = t.outbox.c
        wanted = list(ids)
        some = [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]
        return {row[0] for part in some for row in self._rows(select(box.id).where(box.id.in_(part)))}

    def owed_count(self, system: str) -> dict[str, int]:
        """How many writes are owed to a system, by entity, due or not."""
        box = t.outbox.c
        query = select(box.entity, func.count()).where(box.system == store_of(system)).group_by(box.entity)
        return {row[0]: row[1] for row in self._rows(query)}

    def intended(self, entity: str, system: str, source_ids: Iterable[str]) -> dict[str, Intention]:
        """Records whose creation was begun and never confirmed: look them up before creating."""
        found: dict[str, Intention] = {}
        i = t.intent.c
        for keys in chunks(source_ids):
            query = select(i.source_id, i.run, i.at).where(
                i.entity == entity, i.system == store_of(system), i.source_id.in_(keys)
            )
            found.update({row[0]: Intention(row[1], row[2].replace(tzinfo=UTC)) for row in self._rows(query)})
        return found

    def begun(self, entity: str, system: str) -> dict[str, dict[str, list[Any]]]:
        """Changes that were begun and never confirmed: source id → field → [value at the source, at the destination]."""
        i = t.intent.c
        query = select(i.source_id, i.value).where(
            i.entity == entity, i.system == store_of(system), i.value.is_not(None)
        )
        return {row[0]: self._opened(row[1]) for row in self._rows(query)}

    def paused(self, entity: str, system: str) -> bool:
        """Has somebody paused this entity towards this system?"""
        return bool(self._rows(_PAUSED, entity=entity, system=system)[0][0])

    def wires(self, destination: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The last annotated schema seen of each (entity, source) written to `destination`."""
        return {(row[0], row[1]): from_json(row[2]) for row in self._rows(_WIRES, destination=destination)}

    def ways(self, destination: str) -> set[tuple[str, str]]:
        """Each (entity, source) that was ever written to `destination`."""
        return {(row[0], row[1]) for row in self._rows(_WAYS, destination=destination)}

    def events(
        self, *, kinds: Sequence[str] = (), entity: str | None = None, link: str | None = None, run: str | None = None,
        since: datetime | None = None,
    ) -> list[Event]:  # fmt: skip
        """Events, oldest first, narrowed by what is given."""
        e = t.event.c
        query = select(
            e.kind,
            e.entity,
            e.link,
            e.ids,
            e.field,
            e.system,
            e.before,
            e.after,
            e.rule,
            e.why,
            e.at,
            e.run,
            e.editor,
            e.id,
        ).order_by(e.id)
        for column, value in ((e.entity, entity), (e.link, link), (e.run, run)):
            if value is not None:
                query = query.where(column == value)
        if kinds:
            query = query.where(e.kind.in_(kinds))
        if since is not None:
            query = query.where(e.at >= naive(since))
        return [
            Event(  # type: ignore[call-arg]
                *row[:3], self._opened(row[3]), row[4], row[5], self._opened(row[6]), self._opened(row[7]), row[8], row[9], aware(row[10]), *row[11:])
            for row in self._rows(query)
        ]  # fmt: skip

    def runs(self, *, group: str | None = None, last: int = 50) -> list[Run]:
        """The latest runs, newest first."""
        r = t.run.c
        query = select(
            r.run, r.grp, r.plugin, r.source, r.destination, r.started, r.finished, r.status, r.counts, r.calls, r.rules, r.dry,
            r.notes,
        ).order_by(r.started.desc()).limit(last)  # fmt: skip
        if group is not None:
            query = query.where(r.grp == group)
        return [
            Run(  # type: ignore[call-arg]
                *row[:5],
                aware(row[5]) or datetime.now(UTC),
                aware(row[6]),
                row[7],
                from_json(row[8]),
                *row[9:12],
                (from_json(row[12]) if row[12] else {}),
            )
            for row in self._rows(query)
        ]
