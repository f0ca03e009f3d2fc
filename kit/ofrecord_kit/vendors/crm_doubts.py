"""When the CRM answers another number of results than records were sent: whose each one is, and what became of the others.

The documents promise one element of `data[]` a record, in order ("Insert Records", "Update Records", "Upsert Records"). Where that does not
hold, order tells nothing, and what was sent may have happened: every record is looked up, none is sent blindly again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ofrecord_kit.plan import canonical, same
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Current, Done, Refused, Result, Stale, chunks
from ofrecord_kit.vendors.crm_coql import VALUES_A_QUERY, one_of, rows_where

Row = Mapping[str, Any]
Told = Mapping[str, Result]
"""Id of a record → what the answer says about it; elements without an id say nothing about any record."""


def updated(rows: Sequence[Row], told: Told) -> list[Result]:
    """Of rows with an `id`: one the answer is silent about counts as stale, so that it is read and decided again."""
    return [told.get(str(row["id"]), Stale()) for row in rows]


def keyed(client: Counted, module: str, key: str, rows: Sequence[Row], told: Told) -> list[Result]:
    """Of rows that were created by a unique field: those that are there now, by that field, were."""
    there: dict[Any, str] = {}
    for some in chunks([str(row[key]) for row in rows], VALUES_A_QUERY):
        there |= {
            canonical(row.get(key)): str(row["id"])
            for row, _at in rows_where(client, module, [key], [one_of(key, some)])
        }
    found = [there.get(canonical(row[key])) for row in rows]
    return [_unsure() if one is None else told.get(one, Done(one)) for one in found]


def inserted(rows: Sequence[Row], told: Told, read: Callable[[list[str]], Mapping[str, Current]]) -> list[Result]:
    """Of rows without such a field: whose record is there by all of its values. `read`: fields of the records of the answer."""
    there = read(list(dict.fromkeys(name for row in rows for name in row)))
    left = {one: there[one].values for one, result in told.items() if isinstance(result, Done) and one in there}
    results: list[Result] = []
    for row in rows:
        plain = {name: value for name, value in row.items() if not isinstance(value, list | Mapping)}
        mine = next((one for one, held in left.items() if _holds(held, plain)), None)
        results.append(_unsure() if mine is None else Done(mine))
        left.pop(mine or "", None)
    return results


def _holds(held: Row, values: Row) -> bool:
    return all(same(value, held.get(name)) for name, value in values.items())


def _unsure() -> Refused:
    return Refused(
        "DOUBTFUL", "the CRM answered without a result for it, and it is not there", fix="It is tried again by the next run."
    )  # fmt: skip
