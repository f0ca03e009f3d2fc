# ruff: noqa: S608 - the names in the statements are those of our own tables
"""Many rows in one statement, on either database, without a detour through objects.

SQLite runs one prepared statement for all rows; PostgreSQL gets each column as an array. Times are text (`stored_time`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from msgspec.json import encode
from sqlalchemy import ARRAY, ColumnElement, Connection, Table, Text, TextClause, any_, bindparam, func, select, text
from sqlalchemy.types import Boolean, DateTime, Integer, LargeBinary

_ARRAYS = ((Integer, "bigint[]"), (DateTime, "timestamp[]"), (LargeBinary, "bytea[]"), (Boolean, "boolean[]"))

_PART = "SELECT p.part, p.whole FROM {} part p WHERE p.entity = :entity AND p.system = :system AND {}"
_BELOW = text(
    _PART.format("json_each(:keys) k CROSS JOIN", "p.part >= k.value || '/' AND p.part < k.value || '0'")
)  # "0" is the sign behind "/"
_BELOW_ON_POSTGRESQL = text(_PART.format("", "p.part LIKE '%/%' AND split_part(p.part, '/', 1) = ANY(:keys)"))


def among(connection: Connection, column: ColumnElement[str], keys: Iterable[str]) -> ColumnElement[bool]:
    """Is a text column one of these? One parameter for all keys, so that the statement is compiled once, however many there are."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(keys), ARRAY(Text)))
    each = func.json_each(bindparam(None, encode(list(keys)).decode(), Text)).table_valued("value")
    return column.in_(select(each.c.value))


def links_below(connection: Connection, keys: Iterable[str]) -> tuple[TextClause, Any]:
    """As `below`, for the linked records whose ids are below these (`key/…`): their ids and links."""
    query, given = below(connection, keys)
    return _linked(query.text), given


@cache
def _linked(query: str) -> TextClause:
    words = query.replace(" part p ", " link p ").replace("p.whole", "p.link").replace("p.part", "p.system_id")
    return text(words)


def below(connection: Connection, keys: Iterable[str]) -> tuple[TextClause, Any]:
    """The query for the parts below these records (`key/…`), and its parameter `keys`; besides it takes `entity` and `system`.

    SQLite looks each key up in the index, PostgreSQL, whose order of text depends on its collation, reads the entity's parts once.
    """
    if connection.dialect.name == "postgresql":
        return _BELOW_ON_POSTGRESQL, list(keys)
    return _BELOW, encode(list(keys)).decode()


def put(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = ""
) -> int:
    """Insert rows; `conflict` is an `ON CONFLICT` clause. No two rows may meet in it. Returns how many were written."""
    if not rows:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "postgresql":
        statement = f'INSERT INTO "{table.name}" ({names}) SELECT * FROM {_unnested(table, columns)} {conflict}'
        return connection.exec_driver_sql(statement, _turned(rows)).rowcount
    marks = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}) {conflict}'
    return connection.exec_driver_sql(statement, rows).rowcount


def replace(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows (the keys come first in each), or give those that are there the new values."""
    change = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
    met = ", ".join(f'"{name}"' for name in keys)
    put(connection, table, [*keys, *columns], rows, f"ON CONFLICT ({met}) DO UPDATE SET {change}")


def change(
    connection: Connection, table: Table, columns: Sequence[str], keys: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Set columns (first in each row) of the rows found by their keys."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        sets = ", ".join(f'"{name}" = v."{name}"' for name in columns)
        found = " AND ".join(f'"{table.name}"."{name}" = v."{name}"' for name in keys)
        named = ", ".join(f'"{name}"' for name in (*columns, *keys))
        source = _unnested(table, [*columns, *keys])
        connection.exec_driver_sql(
            f'UPDATE "{table.name}" SET {sets} FROM {source} AS v({named}) WHERE {found}', _turned(rows)
        )
        return
    sets = ", ".join(f'"{name}" = ?' for name in columns)
    found = " AND ".join(f'"{name}" = ?' for name in keys)
    connection.exec_driver_sql(f'UPDATE "{table.name}" SET {sets} WHERE {found}', list(rows))


def remove(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Delete the rows found by their keys."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        found = " AND ".join(f'"{table.name}"."{name}" = v."{name}"' for name in keys)
        named = ", ".join(f'"{name}"' for name in keys)
        connection.exec_driver_sql(
            f'DELETE FROM "{table.name}" USING {_unnested(table, keys)} AS v({named}) WHERE {found}', _turned(rows)
        )
        return
    found = " AND ".join(f'"{name}" = ?' for name in keys)
    connection.exec_driver_sql(f'DELETE FROM "{table.name}" WHERE {found}', list(rows))


def _unnested(table: Table, columns: Iterable[str]) -> str:
    arrays = (
        next((name for kind, name in _ARRAYS if isinstance(table.c[column].type, kind)), "text[]") for column in columns
    )
    return f"unnest({', '.join(f'%s::{array}' for array in arrays)})"


def _turned(rows: Sequence[Sequence[Any]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))
