"""COQL, as far as records are looked up by it. Source: Zoho CRM v8 docs, "Records through a COQL Query"; read 2026-11."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ofrecord_kit.plan import Fact, canonical
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Current
from ofrecord_kit.vendors.crm import ROOT

VALUES_A_QUERY = 100
"""Most values of one `in` (one line of an older page says 50)."""
COLUMNS_A_QUERY = 50
"""Most columns by the older page; the newer one says 500."""
TIMES = ("Modified_Time", "Created_Time", "Modified_By")
"""Read with every record: when, and by whom, it was changed last."""
_ROWS_A_QUERY = 2000
_ROWS_REACHED = 100_000
"""Rows an offset reaches; an older page says 10,000."""
_UNQUOTED = frozenset({"integer", "double", "currency", "percent", "decimal"})
_NO_LIST = frozenset({"boolean"})
"""Types without the operator `in`."""

Row = Mapping[str, Any]


def rows_where(
    client: Counted, module: str, columns: Sequence[str], conditions: Sequence[str]
) -> Iterator[tuple[Row, datetime]]:
    """All rows with `id` and these columns, and when they were read. More than two conditions need brackets."""
    where = conditions[0]
    for one in conditions[1:]:
        where = f"({where} and {one})"
    for offset in range(0, _ROWS_REACHED, _ROWS_A_QUERY):
        query = f"select {', '.join(['id', *columns])} from {module} where {where} limit {offset}, {_ROWS_A_QUERY}"  # noqa: S608 - COQL; values are escaped
        answer = client.send("POST", f"{ROOT}/coql", json={"select_query": query}, repeatable=True)
        body = answer.body or {}
        yield from ((row, answer.read_at) for row in body.get("data", []))
        if not (body.get("info") or {}).get("more_records"):
            return


def one_of(column: str, values: Sequence[str], *, bare: bool = False) -> str:
    r"""A condition; texts are quoted and escaped.

    >>> print(one_of("Product_Code", ["5' pipe", "B"]))
    Product_Code in ('5\' pipe', 'B')
    """
    distinct = dict.fromkeys(values)
    said = distinct if bare else ("'" + one.replace("\\", "\\\\").replace("'", "\\'") + "'" for one in distinct)
    return f"{column} in ({', '.join(said)})"


def among_rows(keys: Sequence[str], rows: Sequence[Row], facts: Mapping[str, Fact]) -> list[str]:
    """Conditions that every row's record fulfils; which of them is which row's is told by `key_of`."""
    kinds = {name: facts[name].type if name in facts else "" for name in keys}
    asked = [name for name in keys if kinds[name] not in _NO_LIST] or list(keys)
    return [one_of(name, [_text(row[name]) for row in rows], bare=kinds[name] in _UNQUOTED) for name in asked]


def key_of(row: Row, keys: Sequence[str]) -> tuple[Any, ...]:
    """What tells whether a row and a record have the same key; a lookup counts by its id."""
    return tuple(canonical(_text(row.get(name))) for name in keys)


def current_of(row: Row, read_at: datetime) -> Current:
    """What a record holds, by a row of a list or of a query that names `TIMES`."""
    editor = (row.get("Modified_By") or {}).get("name")
    return Current(row, read_at, instant(row.get("Modified_Time")), instant(row.get("Created_Time")), editor=editor)


def _text(value: Any) -> str:
    return str(value["id"]) if isinstance(value, Mapping) else str(value)
