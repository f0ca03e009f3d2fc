"""Another key for a ledger: everything sealed is opened with the old one and sealed with the new one, in one transaction.

Fingerprints stay as they are, because nobody knows the values any more: the key they were made with is kept in `meta` (`prints`), sealed
with the new one. History is checked first, and its chain made anew. What was delivered last (`link.seen`) is forgotten, so that each record is
looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, select, text, tuple_, update

from ofrecord_kit.errors import sentence
from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.chain import EVENT_COLUMNS, FIRST, is_keyed, read_tail, row_digest, tail_of
from ofrecord_kit.ledger.living import has_died
from ofrecord_kit.ledger.opening import LedgerProblem, engine_for, explained
from ofrecord_kit.ledger.sealing import Vault, check_proof, check_values

_PAGE = 2_000
_SEALED: tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...] = (
    (t.agreed, ("link", "one", "other"), ("document",)),
    (t.part, ("entity", "system", "whole", "part"), ("value",)),
    (t.intent, ("entity", "system", "source_id"), ("value",)),
    (
        t.held, ("entity", "source", "destination", "source_id", "field"),
        ("message", "payload", "fix", "values", "correction"),
    ),
)  # fmt: skip
"""Tables, their keys, and their columns that are sealed; events and the spool are told apart below."""
_LONGEST_RUN = timedelta(days=1)


def rekey(where: str, old: str | None, new: str, now: datetime) -> int:
    """Seal a ledger with `new`; how many events it has. Nothing is changed where it fails, however it ends.

    Raises LedgerProblem: another old key, a run that has not ended, a history that is broken.
    """
    engine = engine_for(where)
    try:
        with explained(where), engine.begin() as connection:
            return _turned(connection, old, new, now)
    finally:
        engine.dispose()


def _turned(connection: Connection, old: str | None, new: str, now: datetime) -> int:
    if connection.dialect.name == "postgresql":  # who opens it waits, and is told of the new key then
        connection.execute(
            text("LOCK TABLE meta, run, link, agreed, part, intent, held, spool, event IN ACCESS EXCLUSIVE MODE")
        )
    known = {row[0]: row[1] for row in connection.execute(select(t.meta.c.name, t.meta.c.value))}
    hashed = known.get("values") == "hashed"
    check_values(known.get("values"), old)
    before, after = Vault(old, hashed=hashed), Vault(new, hashed=hashed)
    check_proof(known.get("key"), before)
    before.carry(known.get("prints"))
    _refuse_living(connection, now)

    def turn(stored: str | None) -> str | None:
        return None if stored is None else after.seal(before.open(stored))

    for table, keys, columns in _SEALED:
        for rows in _pages(connection, table, keys, columns):
            news = [(*map(turn, row[len(keys) :]), *row[: len(keys)]) for row in rows]
            bulk.change(connection, table, columns, keys, news)
    for rows in _pages(connection, t.spool, ("seq",), ("body",)):
        news = [(after.seal_bytes(before.open_bytes(bytes(row[1]))), row[0]) for row in rows]
        bulk.change(connection, t.spool, ["body"], ["seq"], news)
    count, last, digest = _chain(connection, read_tail(known.get("events")), (before, after), turn)
    meta = {"key": str(after.proof), **({"events": tail_of(count, last, digest)} if count else {})}
    if prints := before.carried(after):
        meta["prints"] = prints
    bulk.replace(connection, t.meta, ["name"], ["value"], list(meta.items()))
    connection.execute(update(t.link).where(t.link.c.seen.is_not(None)).values(seen=None))
    return count


def _refuse_living(connection: Connection, now: datetime) -> None:
    r = t.run.c
    since = (now.astimezone(UTC) - _LONGEST_RUN).replace(tzinfo=None)
    rows = connection.execute(select(r.run, r.process).where(r.finished.is_(None), r.started >= since))
    living = sorted(run for run, process in rows if not has_died(process))
    if living:
        raise LedgerProblem(
            sentence(
                f"A run has not ended: {', '.join(living)}",
                where="table run",
                expected="a ledger nobody writes to while its key changes",
                remedy="Let it end, or stop it, and ask again. One that was killed on another machine counts as ended after a day.",
            )
        )


def _pages(
    connection: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[list[Row[Any]]]:
    """Every row, some at a time, in the order of their keys."""
    place = [table.c[name] for name in keys]
    query = select(*place, *(table.c[name] for name in columns)).order_by(*place).limit(_PAGE)
    rows = list(connection.execute(query).all())
    while rows:
        yield rows
        last = tuple(rows[-1][: len(keys)])
        further = tuple_(*place) > last if len(place) > 1 else place[0] > last[0]
        rows = list(connection.execute(query.where(further)).all())


def _chain(
    connection: Connection, tail: tuple[int, int, str], vaults: tuple[Vault, Vault], turn: Callable[[str | None], str | None]
) -> tuple[int, int, str]:  # fmt: skip
    """Events, each checked as it was and chained as it is now; the end of the new chain."""
    at = [EVENT_COLUMNS.index(name) for name in ("before", "after")]
    was, now, seen, place = FIRST, FIRST, 0, 0
    for rows in _pages(connection, t.event, ("id",), (*EVENT_COLUMNS[1:], "digest")):
        news = []
        for *stored, said in rows:
            keyed = said is not None and is_keyed(said)
            if keyed < is_keyed(was) or row_digest(was, stored, vaults[0].key if keyed else None) != said:
                raise _broken(stored[0])
            for one in at:
                stored[one] = turn(stored[one])
            was, now, place = said, row_digest(now, stored, vaults[1].key), stored[0]
            news.append((*(stored[one] for one in at), now, place))
        bulk.change(connection, t.event, ["before", "after", "digest"], ["id"], news)
        seen += len(rows)
    if (seen, place, was) != tail:
        raise _broken(place + 1)
    return seen, place, now


def _broken(event: int) -> LedgerProblem:
    return LedgerProblem(
        sentence(
            f"History is broken at event {event}, and a new key would hide that",
            where="table event",
            expected="a history that is whole (`ofrecord ledger verify`)",
            remedy="Compare it with a copy of the ledger; restore that, or begin a new ledger with `ofrecord links rebuild`.",
        )
    )
