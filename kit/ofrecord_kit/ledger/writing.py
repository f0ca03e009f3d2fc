"""Writing the ledger: one transaction a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.rows import Event, Held, Run
from ofrecord_kit.ledger.values import from_json, has_moved, places_of, store_of, to_json

_LONGEST_WAIT = timedelta(days=1)


class Writing:
    """The intentions of one batch; nothing is visible to others before the transaction ends."""

    def __init__(self, connection: Connection, at: datetime, run: str) -> None:
        self._connection = connection
        self._at = at.astimezone(UTC).replace(tzinfo=None)
        self._run = run
        self._events: list[dict[str, Any]] = []
        self._seen: list[dict[str, str]] = []

    def flush(self) -> None:
        """Send what was gathered for one statement; the transaction does it at its end."""
        if self._events:
            self._connection.execute(insert(t.event), self._events)
        if self._seen:
            link = t.link.c
            where = (link.entity == bindparam("e"), link.system == bindparam("s"), link.system_id == bindparam("i"))
            self._connection.execute(update(t.link).where(*where).values(seen=bindparam("d")), self._seen)
        self._events, self._seen = [], []

    def _put(self, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Insert or update one row by its keys; was it new?"""
        where = [table.c[name] == value for name, value in keys.items()]
        if values and self._connection.execute(update(table).where(*where).values(**values)).rowcount:
            return False
        if not values and self._connection.execute(select(1).select_from(table).where(*where)).first():
            return False
        self._connection.execute(insert(table).values(**keys, **values))
        return True

    def record_link(self, entity: str, ids: Mapping[str, str], link: str | None = None) -> str:
        """Say that these records (system → id) are one thing; known sides are kept. Returns the link."""
        stores = {store_of(system): record for system, record in ids.items()}
        for system, record in stores.items():
            if link is None:
                link = self._connection.execute(
                    select(t.link.c.link).where(
                        t.link.c.entity == entity, t.link.c.system == system, t.link.c.system_id == record
                    )
                ).scalar()
        link = link or uuid4().hex
        for system, record in stores.items():
            self._put(t.link, {"entity": entity, "system": system, "system_id": record}, {"link": link, "at": self._at})
        return link

    def record_agreed(
        self,
        link: str,
        fields: Mapping[str, Mapping[str, Any]],
        *,
        between: tuple[str, str] | None = None,
        keep_seen: bool = False,
    ) -> None:
        """What a pair of systems agreed on: field → system → value in that system's representation.

        Without `between`, a value is what its system agreed on with each other one that is named for the field, or, where
        none is, with each other one of the link. Digests of what was delivered are forgotten, unless `keep_seen`: no source can have caused the change.
        """
        rows = [
            {"link": link, "field": field, "system": store_of(system), "other": other, "value": to_json(value), "at": self._at, "run": self._run}
            for field, sides in fields.items()
            for system, value in sides.items()
            for other in self._others(link, system, between or tuple(sides))
        ]  # fmt: skip
        if not rows:
            return
        a, name = t.agreed.c, itemgetter("system", "other")
        for system, other in sorted({name(row) for row in rows}):
            names = [row["field"] for row in rows if name(row) == (system, other)]
            mine = (a.link == link, a.field.in_(names), a.system == system, a.other == other)
            self._connection.execute(delete(t.agreed).where(*mine))
        self._connection.execute(insert(t.agreed), rows)
        if not keep_seen:
            self._connection.execute(update(t.link).where(t.link.c.link == link).values(seen=None))

    def _others(self, link: str, system: str, named: Iterable[str]) -> list[str]:
        """The stores that make a pair with a system: the named ones, else those of the link."""
        mine = store_of(system)
        others = sorted({store_of(one) for one in named} - {mine})
        query = select(t.link.c.system).where(t.link.c.link == link, t.link.c.system != mine)
        return others or sorted(self._connection.execute(query).scalars())

    def record_seen(self, entity: str, source: str, digests: Mapping[str, str]) -> None:
        """Remember the digest of what was delivered for each source id, until either side changes the agreement."""
        self._seen += [
            {"e": entity, "s": store_of(source), "i": source_id, "d": digest} for source_id, digest in digests.items()
        ]

    def record_part(self, entity: str, system: str, whole: str, part: str, values: Mapping[str, Any]) -> None:
        """Keep what one record contributes to a whole."""
        keys = {"entity": entity, "system": store_of(system), "whole": whole, "part": part}
        self._put(t.part, keys, {"value": to_json(values), "at": self._at})

    def forget_parts(self, entity: str, system: str, whole: str, parts: Iterable[str]) -> None:
        """These records contribute nothing to the whole any more."""
        p, ids = t.part.c, sorted(parts)
        if ids:
            mine = (p.entity == entity, p.system == store_of(system), p.whole == whole, p.part.in_(ids))
            self._connection.execute(delete(t.part).where(*mine))

    def event(self, event: Event) -> None:
        """Append one line of history."""
        self._events.append(
            {
                "at": self._at, "run": self._run, "kind": event.kind, "entity": event.entity, "link": event.link,
                "ids": to_json(event.ids) if event.ids else None, "field": event.field, "system": event.system,
                "before": to_json(event.before), "after": to_json(event.after), "rule": event.rule, "why": event.why,
            }
        )  # fmt: skip

    def hold(self, held: Held, *, wait_s: float | None = None) -> None:
        """Set a record aside, or say again that it is; each attempt doubles the wait, up to a day.

        `wait_s` None: it waits for a person.
        """
        keys = {
            "entity": held.entity, "source": held.source, "destination": held.destination,
            "source_id": held.source_id, "field": held.field,
        }  # fmt: skip
        known = self._connection.execute(
            select(t.held.c.attempts, t.held.c.first_at).where(
                *(t.held.c[name] == value for name, value in keys.items())
            )
        ).first()
        attempts = (known[0] if known else 0) + 1
        wait = None if wait_s is None else min(timedelta(seconds=wait_s * 2 ** min(attempts - 1, 20)), _LONGEST_WAIT)
        self._put(
            t.held,
            keys,
            {
                "kind": held.kind, "code": held.code, "message": held.message, "label": held.label, "rule": held.rule,
                "payload": None if held.payload is None else to_json(held.payload), "attempts": attempts,
                "first_at": known[1] if known else self._at, "last_at": self._at,
                "due_at": None if wait is None else self._at + wait, "state": held.state,
            },
        )  # fmt: skip

    def release(
        self,
        entity: str,
        source: str,
        destination: str,
        source_ids: Iterable[str],
        *,
        kinds: Iterable[str] | None = None,
        fields: Iterable[str] | None = None,
    ) -> None:
        """These records (or only these fields of them) found their way: take them off the held list."""
        h = t.held.c
        ids = list(source_ids)
        for start in range(0, len(ids), 500):
            query = delete(t.held).where(
                h.entity == entity,
                h.source == source,
                h.destination == destination,
                h.source_id.in_(ids[start : start + 500]),
            )
            query = query if kinds is None else query.where(h.kind.in_(list(kinds)))
            self._connection.execute(query if fields is None else query.where(h.field.in_(list(fields))))

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
        keys = {"link": link, "system": store_of(system), "field": field}
        where = [t.outbox.c[name] == value for name, value in keys.items()]
        if self._connection.execute(select(t.outbox.c.id).where(*where)).first():
            return False
        self._connection.execute(
            insert(t.outbox).values(
                **keys, entity=entity, object=object_, property=property_, reason=reason, at=self._at, attempts=0
            )
        )
        return True

    def settle(self, ids: Iterable[int]) -> None:
        """These owed writes were made."""
        self._connection.execute(delete(t.outbox).where(t.outbox.c.id.in_(list(ids))))

    def settle_fields(self, link: str, system: str, fields: Iterable[str]) -> None:
        """Fields that were just written are no longer owed."""
        box = t.outbox.c
        self._connection.execute(
            delete(t.outbox).where(box.link == link, box.system == store_of(system), box.field.in_(list(fields)))
        )

    def postpone(self, ids: Iterable[int], attempts: int, *, wait_s: float = 60) -> None:
        """These owed writes did not succeed: try later, each time after twice the wait."""
        wait = min(timedelta(seconds=wait_s * 2 ** min(attempts, 20)), _LONGEST_WAIT)
        self._connection.execute(
            update(t.outbox).where(t.outbox.c.id.in_(list(ids))).values(attempts=attempts + 1, due_at=self._at + wait)
        )

    def intend(self, entity: str, system: str, source_ids: Iterable[str]) -> None:
        """About to create these: written down before the request is sent."""
        ids = list(dict.fromkeys(source_ids))
        self.confirm(entity, system, ids)
        if ids:
            keys = {"entity": entity, "system": store_of(system), "at": self._at, "run": self._run}
            self._connection.execute(insert(t.intent), [{**keys, "source_id": one} for one in ids])

    def confirm(self, entity: str, system: str, source_ids: Iterable[str]) -> None:
        """The creation of these is settled, one way or the other."""
        ids = list(source_ids)
        for start in range(0, len(ids), 500):
            where = (
                t.intent.c.entity == entity,
                t.intent.c.system == store_of(system),
                t.intent.c.source_id.in_(ids[start : start + 500]),
            )
            self._connection.execute(delete(t.intent).where(*where))

    def know_wire(self, entity: str, source: str, destination: str, schema: Mapping[str, Any]) -> None:
        """Remember how an entity is written, for owed writes of later runs.

        What was agreed about a field that is kept in another place now (property, place of a part, field it is read from)
        is forgotten for this pair, and with it the digests of the entity: the new place is filled when its record is read again.
        """
        keys = {"entity": entity, "source": source, "destination": destination}
        known = self._connection.execute(
            select(t.wire.c.schema).where(*(t.wire.c[name] == value for name, value in keys.items()))
        ).scalar()
        was, now = places_of(from_json(known)) if known else {}, places_of(schema)
        moved = sorted(field for field in was.keys() & now.keys() if has_moved(was[field], now[field]))
        if moved:
            self._forget_agreed(entity, moved, (store_of(source), store_of(destination)))
        self._put(t.wire, keys, {"schema": to_json(schema)})

    def _forget_agreed(self, entity: str, fields: Sequence[str], pair: tuple[str, str]) -> None:
        a, mine = t.agreed.c, select(t.link.c.link).where(t.link.c.entity == entity)
        whole = a.link.startswith(f"{entity}/", autoescape=True)
        self._connection.execute(
            delete(t.agreed).where(a.field.in_(fields), a.system.in_(pair), a.other.in_(pair), a.link.in_(mine) | whole)
        )
        self._connection.execute(update(t.link).where(t.link.c.entity == entity).values(seen=None))

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
                **naive, "grp": run.group, "counts": to_json(run.counts),
                "notes": to_json(run.notes) if run.notes else None,
                "started": run.started.astimezone(UTC).replace(tzinfo=None),
                "finished": None if run.finished is None else run.finished.astimezone(UTC).replace(tzinfo=None),
            },
        )  # fmt: skip
