"""Lines of a document that exists: each new line is the one of the old lines that has the same identity.

A vendor appends rows without an id, or makes them anew; so rows that stay are sent with their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.plan import FieldRule, canonical
from ofrecord_kit.target.destination import Change, Current, Destination, Result
from ofrecord_kit.target.through import Through

Row = Mapping[str, Any]


def with_lines(destination: Destination, rules: Iterable[FieldRule]) -> Destination:
    """The destination, its lines told apart where the rules say how; itself where they do not."""
    lines = {rule.name: rule for rule in rules if rule.lines and rule.identity}
    return WithLines(destination, lines) if lines else destination


def paired_lines(
    wanted: Sequence[Row], there: Sequence[Row], identity: Sequence[str], line_id: str,
    removed: Callable[[str], Row | None],
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows to send: those that stay with the id they have, new ones without, then those that remove the rest.

    Lines of one identity are paired in the order in which they stand.
    """
    free: dict[tuple[Hashable, ...], list[Row]] = {}
    for row in there:
        free.setdefault(_key(row, identity), []).append(row)
    rows = []
    for row in wanted:
        alike = free.get(_key(row, identity))
        known = alike.pop(0).get(line_id) if alike else None
        rows.append(dict(row) if known is None else {line_id: known, **row})
    left = {id(row) for some in free.values() for row in some}
    gone = (removed(str(row[line_id])) for row in there if id(row) in left and row.get(line_id) is not None)
    return [*rows, *(dict(row) for row in gone if row is not None)]


def _key(row: Row, identity: Sequence[str]) -> tuple[Hashable, ...]:
    return tuple(canonical(_plain(row.get(name))) for name in identity)


def _plain(value: Any) -> Any:
    """A lookup by its id alone; blanks are nothing."""
    if isinstance(value, Mapping) and "id" in value:
        return {"id": str(value["id"])}
    return None if value == "" else value


class WithLines(Through):
    """A destination whose lines are compared by what the rules name, and written with the ids they have."""

    def __init__(self, inner: Destination, rules: Mapping[str, FieldRule]) -> None:
        super().__init__(inner)
        self._rules = rules

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """Rows with the keys of the rules; as the vendor answered them they stay in `Current.lines`."""
        asked = [name for name in fields if name in self._rules]
        found = self._inner.read(object_, ids, fields)
        return {one: self._told(object_, one, current, asked) for one, current in found.items()} if asked else found

    def _told(self, object_: str, record: str, current: Current, names: Sequence[str]) -> Current:
        missing = [name for name in names if current.values.get(name) is None]
        more = self._inner.read_lines(object_, record, missing) if missing else {}
        rows = {name: list(current.values.get(name) or more.get(name) or ()) for name in names}
        told = {name: [self._named(name, row) for row in some] for name, some in rows.items()}
        return replace(current, values={**current.values, **told}, lines=rows)

    def _named(self, name: str, row: Row) -> dict[str, Any]:
        return {key: _plain(row[key]) for key in self._rules[name].lines if _plain(row.get(key)) is not None}

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Rows that stay keep their ids."""
        return self._inner.update(object_, [replace(change, values=self._paired(change)) for change in changes])

    def _paired(self, change: Change) -> dict[str, Any]:
        made = dict(change.values)
        for name in made.keys() & self._rules.keys():
            there, identity = change.current.lines.get(name, ()), self._rules[name].identity
            made[name] = paired_lines(made[name] or (), there, identity, self.line_id, self.removed_line)
        return made
