"""Upsert without a ledger: find by the key, compare with what is there, write what differs.

There is no memory here, so a record that is the same costs a read and no write; it keeps its modification time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.plan import canonical, same
from ofrecord_kit.target.destination import Change, Current, Destination, Done, Missing, New, Refused, Result, Stale
from ofrecord_kit.target.lines import paired_lines

Row = Mapping[str, Any]
LookUp = Callable[[Sequence[Row]], Sequence[Mapping[str, Current]]]
"""For each row the records that have its key, by id."""

_ROUNDS = 3


def merged(rows: Sequence[Row], keys: Sequence[str]) -> dict[Hashable, dict[str, Any]]:
    """Rows by key, in the order of their first one; of several with one key the last value of each property wins.

    Without a key, or where one is empty, every row is for itself.
    """
    found: dict[Hashable, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        key = tuple(canonical(row.get(name)) for name in keys)
        found.setdefault(key if key and None not in key else number, {}).update(row)
    return found


@dataclass(frozen=True, slots=True)
class Keyed:
    """How the rows of one stream find their counterparts.

    `look_up` tells the records with the key of each row; `forms` is the canonical form by property; `unique`: the one key is
    unique there, so a lost answer to a creation makes no second record; `creates`: may a row become a new record.
    """

    object: str
    keys: Sequence[str]
    look_up: LookUp
    forms: Mapping[str, str] = field(default_factory=dict)
    unique: bool = False
    creates: bool = True

    def new(self, row: Row) -> New:
        """The record a row becomes."""
        return New(dict(row), (self.keys[0], str(row[self.keys[0]])) if self.unique else None)


def upsert_rows(destination: Destination, keyed: Keyed, rows: Sequence[Row]) -> list[Result]:
    """One result a row; rows that were changed while they were written are looked up again."""
    results: dict[int, Result] = {}
    for number, row in enumerate(rows):
        if any(row.get(name) in (None, "") for name in keyed.keys):
            words = f"a key property is empty ({', '.join(keyed.keys)})"
            results[number] = Refused("NO_KEY", words, fix="Fill it where the record comes from.")
    waiting = [number for number in range(len(rows)) if number not in results]
    for _round in range(_ROUNDS):
        if waiting:
            results |= dict(zip(waiting, _upsert_once(destination, keyed, [rows[one] for one in waiting]), strict=True))
            waiting = [number for number in waiting if isinstance(results[number], Stale)]
    for number in waiting:
        words = "the record kept changing while it was being written"
        results[number] = Refused("KEEPS_CHANGING", words, fix="Send it again.")
    return [results[number] for number in range(len(rows))]


def _upsert_once(destination: Destination, keyed: Keyed, rows: Sequence[Row]) -> list[Result]:
    results: dict[int, Result] = {}
    news: list[int] = []
    changes: list[tuple[int, Change]] = []
    for number, there in enumerate(keyed.look_up(rows)):
        match list(there.items()):
            case [] if keyed.creates:
                news.append(number)
            case []:
                results[number] = Missing()
            case [(identity, current)]:
                values = _difference(destination, rows[number], keyed, current)
                results[number] = Done(identity, changed=False)
                if values:
                    changes.append((number, Change(identity, values, current)))
            case several:
                results[number] = _ambiguous(keyed.keys, [identity for identity, _current in several])
    sent = destination.update(keyed.object, [change for _number, change in changes]) if changes else []
    results |= {number: result for (number, _change), result in zip(changes, sent, strict=True)}
    made = destination.create(keyed.object, [keyed.new(rows[number]) for number in news]) if news else []
    results |= dict(zip(news, made, strict=True))
    return [results[number] for number in range(len(rows))]


def _ambiguous(keys: Sequence[str], ids: Sequence[str]) -> Refused:
    return Refused(
        "DUPLICATE", f"{len(ids)} records have this key: {', '.join(ids[:5])}", ", ".join(keys),
        "Merge them there, or name a key that is unique.",
    )  # fmt: skip


def _difference(destination: Destination, row: Row, keyed: Keyed, current: Current) -> dict[str, Any]:
    """The properties to write. Lines that are there with all the same values keep their ids."""
    found = {}
    for name, value in row.items():
        if name in keyed.keys:
            continue
        if name not in current.lines:
            if not same(value, current.values.get(name), keyed.forms.get(name)):
                found[name] = value
            continue
        wanted, there = list(value or ()), current.lines[name]
        identity = sorted({key for line in wanted for key in line})
        if not same(
            [_bare(line, identity) for line in wanted], [_bare(line, identity) for line in there], "lines"
        ) or len(wanted) != len(there):
            found[name] = paired_lines(wanted, there, identity, destination.line_id, destination.removed_line)
    return found


def _bare(line: Row, names: Sequence[str]) -> dict[str, Any]:
    """The values of a line that are compared, a lookup by its id alone."""
    values = {name: line.get(name) for name in names}
    return {
        name: {"id": str(value["id"])} if isinstance(value, Mapping) and "id" in value else value
        for name, value in values.items()
    }
