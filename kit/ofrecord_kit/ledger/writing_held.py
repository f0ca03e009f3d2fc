"""Writing what is set aside, and what a person answers to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, tuple_, update

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import AT_ONCE, Batch
from ofrecord_kit.ledger.chain import stored_time
from ofrecord_kit.ledger.reading import naive
from ofrecord_kit.ledger.rows import Event, Held
from ofrecord_kit.ledger.values import store_of, to_json

LONGEST_WAIT = timedelta(days=1)
_TOLD = frozenset({"conflict", "violation"})
"""Kinds that history tells in events of their own."""
_Key = tuple[str, str, str, str, str]
_KEYS = ("entity", "source", "destination", "source_id", "field")
_COLUMNS = (
    "kind", "code", "message", "label", "rule", "payload", "attempts", "first_at", "last_at", "due_at", "state",
    "fix", "request", "values", "answer", "answered_by", "answered_at", "correction",
)  # fmt: skip


class HeldWriting(Batch):
    """Held records: their causes, their answers, their corrections."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._helds: dict[_Key, list[tuple[Held, float | None, bool]]] = {}

    def hold(self, held: Held, *, wait_s: float | None = None, keep: bool = True) -> None:
        """Set a record aside, or say again that it is; each attempt doubles the wait, up to a day.

        `wait_s` None: it waits for a person. What a person answered or corrected stays while the cause is the same one (its
        kind, and the values of a conflict); `keep` False: it was used, and is forgotten.
        """
        key = (held.entity, held.source, held.destination, held.source_id, held.field)
        self._helds.setdefault(key, []).append((held, wait_s, keep))

    def _send_held(self) -> None:
        if not self._helds:
            return
        known: dict[_Key, Row[Any]] = {}
        keys, h = list(self._helds), t.held.c
        columns = [h[name] for name in (*_KEYS, *_COLUMNS)]
        for start in range(0, len(keys), AT_ONCE // len(_KEYS)):
            some = tuple_(*(h[name] for name in _KEYS)).in_(keys[start : start + AT_ONCE // len(_KEYS)])
            for row in self._connection.execute(select(*columns).where(some)):
                known[row[0], row[1], row[2], row[3], row[4]] = row
        rows = []
        for key, told in self._helds.items():
            before = dict(zip(_COLUMNS, known[key][len(_KEYS) :], strict=True)) if key in known else {}
            for held, wait_s, keep in told:
                self._tell(before.get("kind"), held)
                before = self._after(before, held, wait_s, keep)
            rows.append((*key, *(stored_time(v) if isinstance(v, datetime) else v for v in map(before.get, _COLUMNS))))
        bulk.replace(self._connection, t.held, _KEYS, _COLUMNS, rows)
        self._helds = {}

    def _tell(self, before: str | None, held: Held) -> None:
        """History keeps the words with which a record is set aside, so that the errors of a run can be opened when they are long mended.

        Conflicts and violations are events of their own; what only waits is none.
        """
        if held.kind == before or held.kind in _TOLD or held.state != "open":
            return
        why = " ".join(part for part in (held.kind, held.code) if part)
        ids = {held.source: held.source_id}
        field, words = held.field or None, held.message.replace("\0", "")
        self.event(Event("held", held.entity, None, ids, field, held.destination, after=words, rule=held.rule, why=why))

    def _after(self, before: Mapping[str, Any], held: Held, wait_s: float | None, keep: bool) -> dict[str, Any]:
        """The columns of a row that is held again; `before` is empty for a new one."""
        seal, attempts = self._vault.seal, (before.get("attempts") or 0) + 1
        due = (
            None
            if wait_s is None
            else self._at + min(timedelta(seconds=wait_s * 2 ** min(attempts - 1, 20)), LONGEST_WAIT)
        )
        if held.due_at is not None:
            due = naive(held.due_at)
        stays = keep and before.get("kind") == held.kind and self._same_values(before.get("values"), held.values)
        answered = {
            name: before.get(name) if stays else None for name in ("answer", "answered_by", "answered_at", "correction")
        }
        if answered["answer"] or answered["correction"]:
            due = self._at
        return {
            "kind": held.kind, "code": held.code, "label": held.label, "rule": held.rule, "state": held.state,
            "message": seal(held.message.replace("\0", "")),
            "payload": None if held.payload is None else seal(to_json(held.payload)),
            "attempts": attempts, "first_at": before.get("first_at") or self._at, "last_at": self._at, "due_at": due,
            "fix": None if held.fix is None else seal(held.fix), "request": held.request,
            "values": None if held.values is None else seal(to_json(held.values)), **answered,
        }  # fmt: skip

    def _same_values(self, stored: str | None, now: Any) -> bool:
        if stored is None or now is None:
            return stored is None and now is None
        return bool(self._vault.open(stored) == to_json(now))

    def answer(  # noqa: PLR0917 - the key of a held row
        self, entity: str, source: str, destination: str, source_id: str, field: str, answer: str, by: str | None
    ) -> bool:
        """A person decided about a held row: its record becomes due now. Is there such a row?"""
        return self._set(
            (entity, source, destination, source_id, field),
            {"answer": answer, "answered_by": by, "answered_at": self._at, "due_at": self._at, "state": "open"},
        )

    def correct(  # noqa: PLR0917 - the key of a held row
        self, entity: str, source: str, destination: str, source_id: str, field: str, values: Mapping[str, Any], by: str | None
    ) -> bool:  # fmt: skip
        """What a person corrected in a held record (property → value), for its next attempt. Is there such a row?"""
        return self._set(
            (entity, source, destination, source_id, field),
            {
                "correction": self._vault.seal(to_json(values)), "answered_by": by, "answered_at": self._at,
                "due_at": self._at, "state": "open",
            },
        )  # fmt: skip

    def _set(self, key: _Key, values: Mapping[str, Any]) -> bool:
        self._send_held()
        return bool(self._connection.execute(update(t.held).where(*_at(key)).values(dict(values))).rowcount)

    def drop(  # noqa: PLR0917 - the key of a held row
        self, entity: str, source: str, destination: str, source_id: str, field: str, by: str | None, why: str | None = None
    ) -> bool:  # fmt: skip
        """A person gives a held row up: it goes, and history says so. Was there such a row?"""
        self._send_held()
        key = (entity, source, destination, source_id, field)
        kind = self._connection.execute(select(t.held.c.kind).where(*_at(key))).scalar()
        if kind is None:
            return False
        self._connection.execute(delete(t.held).where(*_at(key)))
        link = self._connection.execute(
            select(t.link.c.link).where(
                t.link.c.entity == entity, t.link.c.system == store_of(source), t.link.c.system_id == source_id
            )
        ).scalar()
        self.event(
            Event(
                "dropped",
                entity,
                link,
                {source: source_id},
                field or None,
                destination,
                before=kind,
                why=why,
                editor=by,
            )
        )
        return True

    def overtake(
        self, way: tuple[str, str, str], source_id: str, payload: Any, asked: Iterable[str], *, decided: bool, sparing: Iterable[str] = ()
    ) -> None:  # fmt: skip
        """A record (entity, source, destination; its id) came again and is held in the fields `asked`.

        What else is held of it is tried again as it is now, never as it was; when all of it was `decided`, that is over, except
        a `check`, what a person answered meanwhile, and these codes.
        """
        self._send_held()
        h = t.held.c
        mine = [h.entity == way[0], h.source == way[1], h.destination == way[2], h.source_id == source_id]
        mine.append(h.field.not_in(list(asked)))
        if decided:
            spared = h.code.is_(None) | h.code.not_in(list(sparing))
            unanswered = h.answer.is_(None) & h.correction.is_(None)
            self._connection.execute(delete(t.held).where(*mine, h.kind != "check", spared, unanswered))
        new = self._vault.seal(to_json(payload))
        self._connection.execute(update(t.held).where(*mine, h.payload.is_not(None)).values(payload=new))

    def release(
        self,
        entity: str,
        source: str,
        destination: str,
        source_ids: Iterable[str],
        *,
        kinds: Iterable[str] | None = None,
        fields: Iterable[str] | None = None,
        sparing: Iterable[str] = (),
    ) -> None:
        """These records (or only these fields of them) found their way: take them off the held list, except these codes."""
        self._send_held()
        h = t.held.c
        ids = list(source_ids)
        for start in range(0, len(ids), AT_ONCE):
            query = delete(t.held).where(
                h.entity == entity,
                h.source == source,
                h.destination == destination,
                h.source_id.in_(ids[start : start + AT_ONCE]),
            )
            query = query if kinds is None else query.where(h.kind.in_(list(kinds)))
            query = query.where(h.code.is_(None) | h.code.not_in(list(sparing)))
            self._connection.execute(query if fields is None else query.where(h.field.in_(list(fields))))


def _at(key: _Key) -> list[ColumnElement[bool]]:
    return [t.held.c[name] == value for name, value in zip(_KEYS, key, strict=True)]
