"""Reading what is set aside and what waits to be carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, literal, or_, select, tuple_

from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.reading import Reading, aware, chunks, naive, of_way
from ofrecord_kit.ledger.rows import Due, Held

_h = t.held.c
_COLUMNS = (
    _h.entity, _h.source, _h.destination, _h.source_id, _h.kind, _h.message, _h.code, _h.field, _h.label, _h.rule, _h.payload,
    _h.attempts, _h.first_at, _h.last_at, _h.due_at, _h.state, _h.fix, _h.request, _h["values"], _h.answer, _h.answered_by,
    _h.answered_at, _h.correction,
)  # fmt: skip
_WAY = of_way(t.held)
_DUE = (
    select(
        _h.entity, _h.source_id, _h.payload, _h.attempts, _h.kind, _h.field, _h.answer, _h.correction, _h.answered_by,
        _h.first_at,
    )
    .where(
        *_WAY, _h.due_at <= bindparam("at"), _h.state.in_(("open", "waiting")),
        or_(
            and_(_h.kind.in_(bindparam("kinds", expanding=True)), _h.payload.is_not(None)),
            _h.answer.is_not(None), _h.correction.is_not(None),
        ),
    )
    .order_by(_h.first_at, _h.source_id, _h.field)
)  # fmt: skip
_IDS = select(_h.source_id).where(_h.entity == bindparam("entity"), _h.source == bindparam("source"))
_ANSWERS = select(*_COLUMNS).where(
    *_WAY, _h.source_id.in_(bindparam("ids", expanding=True)), _h.answer.is_not(None) | _h.correction.is_not(None)
)
_s = t.spool.c
_ON_SPOOL = (_s.run == bindparam("run"), *of_way(t.spool))
_SPOOLED = (
    select(_s.seq, _s.source_id, _s.body)
    .where(*_ON_SPOOL, _s.seq > bindparam("last"))
    .order_by(_s.seq)
    .limit(bindparam("size"))
)
_AGAIN = select(_s.source_id, func.count()).where(*_ON_SPOOL).group_by(_s.source_id).having(func.count() > 1)


class HeldReading(Reading):
    """Held records, by whoever asks: a run, a person."""

    def due(
        self,
        source: str,
        destination: str,
        entity: str,
        at: datetime,
        kinds: Sequence[str],
        *,
        limit: int | None = None,
        after: Due | None = None,
    ) -> list[Due]:
        """Held records of these kinds whose time to be tried again has come, and answered or corrected ones of any kind.

        At most `limit` of them, oldest first, behind the one that was last in the page before (`after`).
        """
        query = _DUE if limit is None else _DUE.limit(limit)
        if after is not None and after.first_at is not None:
            place = tuple_(literal(naive(after.first_at)), literal(after.source_id), literal(after.field))
            query = query.where(tuple_(_h.first_at, _h.source_id, _h.field) > place)
        return [
            Due(  # type: ignore[call-arg]
                row[0], row[1], self._opened(row[2]), *row[3:7], self._opened(row[7]), row[8], aware(row[9])
            )
            for row in self._rows(
                query, source=source, destination=destination, entity=entity, at=naive(at), kinds=list(kinds)
            )
        ]

    def held(self, *, entity: str | None = None, source: str | None = None, state: str = "open") -> list[Held]:
        """Held records, oldest first."""
        query = select(*_COLUMNS).where(_h.state == state).order_by(_h.first_at)
        if entity is not None:
            query = query.where(_h.entity == entity)
        if source is not None:
            query = query.where(_h.source == source)
        return [self._held(row) for row in self._rows(query)]

    def held_ids(self, entity: str, source: str) -> set[str]:
        """Source ids of everything held of an entity from a system, whatever its state."""
        return {row[0] for row in self._rows(_IDS, entity=entity, source=source)}

    def held_whole(self, entity: str, source: str, source_ids: Iterable[str]) -> dict[str, str]:
        """Of these records those that are held as a whole, not only a field of them, and wait for somebody: id → kind."""
        found: dict[str, str] = {}
        for keys in chunks(source_ids):
            query = select(_h.source_id, _h.kind).where(
                _h.entity == entity,
                _h.source == source,
                _h.field == "",
                _h.state == "open",
                _h.source_id.in_(keys),
            )
            found.update({row[0]: row[1] for row in self._rows(query)})
        return found

    def answers_of(
        self, entity: str, source: str, destination: str, source_ids: Iterable[str]
    ) -> dict[str, list[Held]]:
        """What a person answered or corrected about records of one way, by source id; carried out by nobody yet."""
        found: dict[str, list[Held]] = {}
        for keys in chunks(source_ids):
            for row in self._rows(_ANSWERS, entity=entity, source=source, destination=destination, ids=keys):
                found.setdefault(row[3], []).append(self._held(row))
        return found

    def _held(self, row: Row[Any]) -> Held:
        text = self._vault.open
        return Held(  # type: ignore[call-arg]
            *row[:5], text(row[5]), *row[6:10], self._opened(row[10]), row[11], *map(aware, row[12:15]), row[15],
            row[16] if row[16] is None else text(row[16]), row[17], self._opened(row[18]), row[19], row[20], aware(row[21]),
            self._opened(row[22]),
        )  # fmt: skip

    def held_conflict(
        self, entity: str, source: str, destination: str, source_id: str, field: str, *, kind: str = "conflict"
    ) -> dict[str, Any] | None:
        """The two values, by system, of a conflict (or violation) about a field that waits for a person; None: none waits."""
        query = select(_h["values"], _h.payload).where(
            _h.entity == entity, _h.source == source, _h.destination == destination, _h.source_id == source_id,
            _h.field == field, _h.kind == kind, _h.state == "open",
        )  # fmt: skip
        for values, payload in self._rows(query):
            if values is not None:
                sides = self._opened(values)
                return {
                    name: side.get("value") for name, side in sides.items() if isinstance(side, dict) and name != "base"
                }
            return None if payload is None else dict(self._opened(payload))
        return None

    def spooled(
        self, run: str, entity: str, source: str, destination: str, size: int
    ) -> Iterator[list[tuple[str, bytes]]]:
        """What a run put on the spool for a way, in order, at most `size` at a time."""
        way, last = {"run": run, "entity": entity, "source": source, "destination": destination}, 0
        while True:
            rows = self._rows(_SPOOLED, **way, last=last, size=size)
            if not rows:
                return
            yield [(row[1], self._vault.open_bytes(bytes(row[2]))) for row in rows]
            last = rows[-1][0]

    def on_spool(self, run: str, entity: str, source: str, destination: str, source_ids: Iterable[str]) -> set[str]:
        """Of these records those that are on the spool already."""
        found: set[str] = set()
        for keys in chunks(source_ids):
            query = select(_s.source_id).where(
                _s.run == run, _s.entity == entity, _s.source == source, _s.destination == destination,
                _s.source_id.in_(keys),
            )  # fmt: skip
            found.update(row[0] for row in self._rows(query))
        return found

    def spooled_again(self, run: str, entity: str, source: str, destination: str) -> dict[str, int]:
        """Records that came more than once, and how often; there are few."""
        way = {"run": run, "entity": entity, "source": source, "destination": destination}
        return {row[0]: row[1] for row in self._rows(_AGAIN, **way)}
