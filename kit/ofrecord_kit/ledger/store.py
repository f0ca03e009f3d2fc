"""Reading the ledger by intention, in bulk for a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from weakref import finalize

from sqlalchemy import Connection, Engine, Row, Select, and_, func, select

from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.opening import engine_for, explained
from ofrecord_kit.ledger.rows import Due, Event, Held, Link, Owed, Run
from ofrecord_kit.ledger.values import from_json, store_of, to_json
from ofrecord_kit.ledger.writing import Writing
from ofrecord_kit.plan import UNKNOWN, Agreed

_CHUNK = 500


class Ledger:
    """One ledger, open until `close` (or until nobody holds it any more). Errors of the database are raised as LedgerProblem, in words.

    Args:
        where: a path or a SQLAlchemy URL.
        run: the id written beside everything recorded.
    """

    def __init__(self, where: str, run: str = "") -> None:
        self._where = where
        self.run = run
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
            writing = Writing(connection, at, self.run)
            yield writing
            writing.flush()

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with explained(self._where):
            return self._reading.execute(query).all()

    def links_of(self, entity: str, source: str, destination: str, source_ids: Iterable[str]) -> dict[str, Link]:
        """Links between two systems by the id at `source`."""
        here, there = t.link.alias("here"), t.link.alias("there")
        found: dict[str, Link] = {}
        for ids in _chunks(source_ids):
            query = (
                select(here.c.link, here.c.system_id, there.c.system_id, here.c.seen)
                .join(there, and_(there.c.link == here.c.link, there.c.system == store_of(destination)))
                .where(here.c.entity == entity, here.c.system == store_of(source), here.c.system_id.in_(ids))
            )
            found.update({row[1]: Link(*row) for row in self._rows(query)})
        return found

    def ids_of(self, links: Iterable[str], system: str) -> dict[str, str]:
        """The record id at `system` of each link that has one."""
        found: dict[str, str] = {}
        for keys in _chunks(links):
            query = select(t.link.c.link, t.link.c.system_id).where(
                t.link.c.system == store_of(system), t.link.c.link.in_(keys)
            )
            found.update({row[0]: row[1] for row in self._rows(query)})
        return found

    def linked(self, entity: str, system: str, ids: Iterable[str]) -> dict[str, str]:
        """The link of each record id at `system`, whatever else it is linked with."""
        found: dict[str, str] = {}
        for keys in _chunks(ids):
            query = select(t.link.c.system_id, t.link.c.link).where(
                t.link.c.entity == entity, t.link.c.system == store_of(system), t.link.c.system_id.in_(keys)
            )
            found.update({row[0]: row[1] for row in self._rows(query)})
        return found

    def agreed_of(self, links: Iterable[str], source: str, destination: str) -> dict[str, dict[str, Agreed]]:
        """What a pair of systems agreed on, by link and field, as seen from `source` writing to `destination`."""
        here, there = store_of(source), store_of(destination)
        sides: dict[str, dict[str, list[Any]]] = {}
        for keys in _chunks(links):
            query = select(t.agreed.c.link, t.agreed.c.field, t.agreed.c.system, t.agreed.c.value).where(
                t.agreed.c.link.in_(keys), t.agreed.c.system.in_((here, there)), t.agreed.c.other.in_((here, there))
            )
            for link, field, system, value in self._rows(query):
                pair = sides.setdefault(link, {}).setdefault(field, [UNKNOWN, UNKNOWN])
                pair[0 if system == here else 1] = from_json(value)
        return {link: {field: Agreed(*pair) for field, pair in fields.items()} for link, fields in sides.items()}

    def last_agreed(self, link: str, field: str) -> dict[str, Any]:
        """The value of a field each store of a link agreed on last, with whichever other one."""
        a = t.agreed.c
        query = select(a.system, a.value).where(a.link == link, a.field == field).order_by(a.at)
        return {row[0]: from_json(row[1]) for row in self._rows(query)}

    def links_with(self, field: str, system: str, value: Any, other: str) -> list[str]:
        """Links whose value of a field in a system, as agreed with the `other` one, is this one."""
        a = t.agreed.c
        query = select(a.link).where(
            a.field == field, a.system == store_of(system), a.other == store_of(other), a.value == to_json(value)
        )
        return [row[0] for row in self._rows(query)]

    def links_pointing_at(
        self, entity: str, field: str, system: str, ids: Iterable[str], other: str
    ) -> dict[str, list[str]]:
        """Links of an entity by the record id, plain or `{"id": …}`, that is their value of a field in a system.

        The value is the one agreed with the `other` system.
        """
        a = t.agreed.c
        found: dict[str, list[str]] = {}
        for keys in _chunks(ids):
            forms = {to_json(form): one for one in keys for form in (one, {"id": one})}
            query = (
                select(a.value, a.link).distinct().join(t.link, and_(t.link.c.link == a.link, t.link.c.entity == entity))
                .where(a.field == field, a.system == store_of(system), a.other == store_of(other), a.value.in_(list(forms)))
            )  # fmt: skip
            for value, link in self._rows(query):
                found.setdefault(forms[value], []).append(link)
        return found

    def every_part(self, entity: str, system: str) -> list[tuple[str, str]]:
        """Every whole of an entity with each of its parts, without their values."""
        query = select(t.part.c.whole, t.part.c.part).where(
            t.part.c.entity == entity, t.part.c.system == store_of(system)
        )
        return [(row[0], row[1]) for row in self._rows(query)]

    def parts_of(self, entity: str, system: str, wholes: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """The values of every part of each whole: whole → part → property → value."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for keys in _chunks(wholes):
            query = select(t.part.c.whole, t.part.c.part, t.part.c.value).where(
                t.part.c.entity == entity, t.part.c.system == store_of(system), t.part.c.whole.in_(keys)
            )
            for whole, part, value in self._rows(query):
                found.setdefault(whole, {})[part] = from_json(value)
        return found

    def wholes_of(self, entity: str, system: str, parts: Iterable[str]) -> dict[str, list[str]]:
        """The wholes each part belongs to."""
        found: dict[str, list[str]] = {}
        for keys in _chunks(parts):
            query = select(t.part.c.part, t.part.c.whole).where(
                t.part.c.entity == entity, t.part.c.system == store_of(system), t.part.c.part.in_(keys)
            )
            for part, whole in self._rows(query):
                found.setdefault(part, []).append(whole)
        return found

    def due(self, source: str, destination: str, entity: str, at: datetime, kinds: Sequence[str]) -> list[Due]:
        """Held records of these kinds whose time to be tried again has come."""
        query = (
            select(t.held.c.entity, t.held.c.source_id, t.held.c.payload, t.held.c.attempts)
            .where(
                t.held.c.source == source, t.held.c.destination == destination, t.held.c.entity == entity,
                t.held.c.kind.in_(kinds), t.held.c.state.in_(("open", "waiting")), t.held.c.payload.is_not(None),
                t.held.c.due_at <= _naive(at),
            )
            .order_by(t.held.c.first_at)
        )  # fmt: skip
        return [Due(row[0], row[1], from_json(row[2]), row[3]) for row in self._rows(query)]

    def owed(self, system: str, at: datetime) -> list[Owed]:
        """Writes owed to a system that are due, oldest first."""
        box = t.outbox.c
        columns = (
            box.id,
            box.entity,
            box.system,
            box.link,
            box.field,
            box.object,
            box.property,
            box.reason,
            box.attempts,
        )
        due = box.due_at.is_(None) | (box.due_at <= _naive(at))
        query = select(*columns).where(box.system == store_of(system), due).order_by(box.id)
        return [Owed(*row) for row in self._rows(query)]

    def intended(self, entity: str, system: str, source_ids: Iterable[str]) -> set[str]:
        """Records whose creation was begun and never confirmed: look them up before creating."""
        found: set[str] = set()
        for keys in _chunks(source_ids):
            query = select(t.intent.c.source_id).where(
                t.intent.c.entity == entity, t.intent.c.system == store_of(system), t.intent.c.source_id.in_(keys)
            )
            found.update(row[0] for row in self._rows(query))
        return found

    def paused(self, entity: str, system: str) -> bool:
        """Has somebody paused this entity towards this system?"""
        query = select(func.count()).where(t.pause.c.entity == entity, t.pause.c.system == system)
        return bool(self._rows(query)[0][0])

    def wires(self, destination: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The last annotated schema seen of each (entity, source) written to `destination`."""
        query = select(t.wire.c.entity, t.wire.c.source, t.wire.c.schema).where(t.wire.c.destination == destination)
        return {(row[0], row[1]): from_json(row[2]) for row in self._rows(query)}

    def held(self, *, entity: str | None = None, source: str | None = None, state: str = "open") -> list[Held]:
        """Held records, oldest first."""
        h = t.held.c
        query = select(
            h.entity, h.source, h.destination, h.source_id, h.kind, h.message, h.code, h.field, h.label, h.rule, h.payload,
            h.attempts, h.first_at, h.last_at, h.due_at, h.state,
        ).where(h.state == state).order_by(h.first_at)  # fmt: skip
        if entity is not None:
            query = query.where(h.entity == entity)
        if source is not None:
            query = query.where(h.source == source)
        return [
            Held(  # type: ignore[call-arg]
                *row[:10], from_json(row[10]) if row[10] else None, row[11], *map(_aware, row[12:15]), row[15]
            )
            for row in self._rows(query)
        ]

    def held_conflict(
        self, entity: str, source: str, destination: str, source_id: str, field: str
    ) -> dict[str, Any] | None:
        """The two values, by system, of a conflict about a field that waits for a person; None: none waits."""
        h = t.held.c
        query = select(h.payload).where(
            h.entity == entity, h.source == source, h.destination == destination, h.source_id == source_id,
            h.field == field, h.kind == "conflict", h.state == "open", h.payload.is_not(None),
        )  # fmt: skip
        found = self._rows(query)
        return dict(from_json(found[0][0])) if found else None

    def events(
        self, *, kinds: Sequence[str] = (), entity: str | None = None, link: str | None = None, run: str | None = None,
        since: datetime | None = None,
    ) -> list[Event]:  # fmt: skip
        """Events, oldest first, narrowed by what is given."""
        e = t.event.c
        query = select(
            e.kind, e.entity, e.link, e.ids, e.field, e.system, e.before, e.after, e.rule, e.why, e.at, e.run
        ).order_by(e.id)
        for column, value in ((e.entity, entity), (e.link, link), (e.run, run)):
            if value is not None:
                query = query.where(column == value)
        if kinds:
            query = query.where(e.kind.in_(kinds))
        if since is not None:
            query = query.where(e.at >= _naive(since))
        return [
            Event(  # type: ignore[call-arg]
                *row[:3], _value(row[3]), row[4], row[5], _value(row[6]), _value(row[7]), row[8], row[9], _aware(row[10]), row[11])
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
                _aware(row[5]) or datetime.now(UTC),
                _aware(row[6]),
                row[7],
                from_json(row[8]),
                *row[9:12],
                _value(row[12]) or {},
            )
            for row in self._rows(query)
        ]


def _let_go(reading: Connection, engine: Engine) -> None:
    reading.close()
    engine.dispose()


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), _CHUNK):
        yield unique[start : start + _CHUNK]


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _value(text: str | None) -> Any:
    return None if text is None else from_json(text)
