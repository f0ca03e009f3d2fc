"""Questions to history: what was this field then, who set it, since when do the systems differ; and whether history is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select

from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import SNAPSHOTS
from ofrecord_kit.ledger.chain import EVENT_COLUMNS, FIRST, is_keyed, read_tail, row_digest
from ofrecord_kit.ledger.reading import Reading, naive

SETTING = frozenset({"updated", "reverted", "adopted", "stamped", "agreed"})
"""Events that gave a field of one system a new value (`after`)."""
CONTESTING = frozenset({"conflict", "violation"})
"""Events that say that two systems hold different values of a field."""
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Setting:
    """A value a field was given: where (`system`), by whom, since when. `before` is what stood there, as far as known.

    `editor` is the person behind it where a system names one; `rule` is the line of the rules that decided. A `value` may be a fingerprint.
    """

    value: Any
    before: Any
    system: str | None
    rule: str | None
    run: str | None
    editor: str | None
    since: datetime
    kind: str
    why: str | None
    event: int


class HistoryReading(Reading):
    """Events, asked by field and time."""

    def as_of(self, link: str, field: str, at: datetime | None = None, *, system: str | None = None) -> Setting | None:
        """What a field was at a time (now), as it was last set in a system (any). None: nothing is known of it then."""
        return next(iter(self._settings(link, field, at, system)), None)

    def who_set(self, link: str, field: str, *, system: str | None = None) -> list[Setting]:
        """Every value a field was given, oldest first."""
        return list(self._settings(link, field, None, system))[::-1]

    def differs_since(self, link: str, field: str, at: datetime | None = None) -> Setting | None:
        """The edit or conflict since which the systems differ in a field at a time (now); None: it was settled, or never was.

        Its `value` is what the other side held then.
        """
        found = None
        for row in self._about(link, field, at):
            if row.kind in CONTESTING and row.why != "overwritten":
                found = self._setting(row, self._opened(row.after))
            elif row.kind in SETTING or row.kind in SNAPSHOTS or row.kind == "decided":
                break
        return found

    def _settings(self, link: str, field: str, at: datetime | None, system: str | None) -> Iterator[Setting]:
        for row in self._about(link, field, at):
            if system is not None and row.system != system:
                continue
            if row.kind in SETTING:
                yield self._setting(row, self._opened(row.after))
            elif row.kind in SNAPSHOTS:
                snapshot = self._opened(row.after)
                if isinstance(snapshot, dict) and field in snapshot:
                    yield self._setting(row, snapshot[field])

    def _about(self, link: str, field: str, at: datetime | None) -> Iterator[Row[Any]]:
        """Events that may say something of a field, newest first."""
        e = t.event.c
        query = select(t.event).where(
            e.link == link, (e.field == field) | (e.field.is_(None) & e.kind.in_(sorted(SNAPSHOTS)))
        )
        if at is not None:
            query = query.where(e.at <= naive(at))
        yield from self._rows(query.order_by(e.id.desc()))

    def _setting(self, row: Row[Any], value: Any) -> Setting:
        return Setting(
            value, self._opened(row.before), row.system, row.rule, row.run, row.editor, row.at.replace(tzinfo=UTC), row.kind, row.why,
            row.id,
        )  # fmt: skip

    def verify(self) -> int | None:
        """The first event that is not as it was written, or that is missing; None: history is whole."""
        e = t.event.c
        columns = [e[name] for name in (*EVENT_COLUMNS, "digest")]
        known = self._rows(select(t.meta.c.value).where(t.meta.c.name == "events"))
        count, last, digest = read_tail(known[0][0] if known else None)
        before, seen, place = FIRST, 0, 0
        while rows := self._rows(select(*columns).where(e.id > place).order_by(e.id).limit(_PAGE)):
            for row in rows:
                *stored, said = row
                keyed = said is not None and is_keyed(said)
                if keyed < is_keyed(before) or row_digest(before, stored, self._vault.key if keyed else None) != said:
                    return int(row[0])
                before, place = said, row[0]
            seen += len(rows)
        return None if (seen, place, before) == (count, last, digest) else place + 1
