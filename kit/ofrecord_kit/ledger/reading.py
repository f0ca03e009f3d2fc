"""What every kind of reading shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Table, TextClause, bindparam

from ofrecord_kit.ledger.batch import AT_ONCE
from ofrecord_kit.ledger.opening import explained
from ofrecord_kit.ledger.sealing import PRINT, Vault
from ofrecord_kit.ledger.values import from_json

ReadBefore = dict[tuple[str, str, str], tuple[str, Any]]
"""By link and pair of stores: a document as it was stored, and decoded."""


class Reading:
    """Rows of an open ledger, each query for itself."""

    _where: str
    _engine: Engine
    _reading: Connection
    _vault: Vault
    _read_before: ReadBefore
    """Documents that were read last, for who writes them next: what is stored is decoded once."""

    def _rows(self, query: Select[Any] | TextClause, **given: Any) -> Sequence[Row[Any]]:
        """Rows of a query. One that every run asks is made once, with a `bindparam` for each value: `given`."""
        with explained(self._where):
            return self._reading.execute(query, given).all()

    def _opened(self, text: str | None) -> Any:
        """The value of a sealed JSON text."""
        if text is None:
            return None
        plain = self._vault.open(text)
        return self._vault.told(plain) if plain.startswith(PRINT) else from_json(plain)


def of_way(table: Table) -> tuple[ColumnElement[bool], ...]:
    """The conditions for the rows of a way, whose names are given when the query is made: see `Reading._rows`."""
    return tuple(table.c[name] == bindparam(name) for name in ("entity", "source", "destination"))


def chunks(keys: Iterable[str], size: int = AT_ONCE) -> Iterator[list[str]]:
    """Keys without repetition, as many as one query takes."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def naive(at: datetime) -> datetime:
    """A time as the tables keep it."""
    return at.astimezone(UTC).replace(tzinfo=None)


def aware(at: datetime | None) -> datetime | None:
    """A time of a table, in UTC."""
    return None if at is None else at.replace(tzinfo=UTC)
