"""Lines that are entries of a related list: each links the record with another one and says something of the link.

A record and its links are written by different calls. The record comes first; what a refusal or a crash leaves undone of its
links differs from what is wanted when they are read next, and is done then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.plan import FieldRule, canonical
from ofrecord_kit.target.destination import Change, Current, Destination, Done, New, Refused, Result
from ofrecord_kit.target.through import Through

Row = Mapping[str, Any]


def with_related(destination: Destination, rules: Iterable[FieldRule]) -> Destination:
    """The destination, with related lists read and written where the rules name some; itself where they do not."""
    related = {rule.name: _Linked(rule) for rule in rules if rule.related and rule.lines}
    return WithRelated(destination, related) if related else destination


class _Linked:
    """One related list: the key of a line that names the other record, and the keys of the link itself."""

    def __init__(self, rule: FieldRule) -> None:
        self.key = next(name for name, said in rule.lines.items() if (said or {}).get("ref"))
        self.fields = tuple(name for name in rule.lines if name != self.key)

    def row(self, line: Row) -> dict[str, Any]:
        """A line as an entry: the other record's id, and what is said of the link."""
        return {"id": _identity(line[self.key]), **{name: line[name] for name in self.fields if name in line}}

    def line(self, row: Row, reference: Any) -> dict[str, Any]:
        """An entry as a line."""
        return {self.key: reference, **{name: row[name] for name in self.fields if row.get(name) is not None}}


class WithRelated(Through):
    """A destination of which some properties are related lists of the record."""

    def __init__(self, inner: Destination, lists: Mapping[str, _Linked]) -> None:
        super().__init__(inner)
        self._lists = lists

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """With the entries of each record, as lines."""
        asked = [name for name in fields if name in self._lists]
        found = self._inner.read(object_, ids, [name for name in fields if name not in self._lists])
        for one, current in found.items() if asked else ():
            told = {name: self._told(object_, one, name) for name in asked}
            found[one] = replace(current, values={**current.values, **told})
        return found

    def _told(self, object_: str, record: str, name: str) -> list[dict[str, Any]]:
        linked = self._lists[name]
        rows = self._inner.entries(object_, record, name, linked.fields)
        return [linked.line(row, self._inner.reference(str(row["id"]))) for row in rows]

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """The records, then their links; a record whose links were refused is reported as refused, and is there."""
        plain = [replace(new, values=self._without(new.values)) for new in records]
        results = self._inner.create(object_, plain)
        return [
            self._linked(object_, result, new.values, {}) if isinstance(result, Done) else result
            for new, result in zip(records, results, strict=True)
        ]

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """The fields, where any changed, then the links that differ."""
        plain = [replace(change, values=self._without(change.values)) for change in changes]
        written = [change for change in plain if change.values]
        results = dict(zip([change.id for change in written], self._inner.update(object_, written), strict=True))
        made: list[Result] = []
        for change in changes:
            result = results.get(change.id, Done(change.id))
            done = isinstance(result, Done)
            made.append(self._linked(object_, result, change.values, change.current.values) if done else result)
        return made

    def _without(self, values: Row) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in self._lists}

    def _linked(self, object_: str, result: Any, values: Row, current: Row) -> Result:
        """Write what differs of each list that is among the values."""
        told: Result = result
        for name in values.keys() & self._lists.keys():
            linked = self._lists[name]
            wanted = {row["id"]: row for row in map(linked.row, values[name] or ())}
            there = {row["id"]: row for row in map(linked.row, current.get(name) or ())}
            news = [row for one, row in wanted.items() if canonical(row) != canonical(there.get(one))]
            gone = [one for one in there if one not in wanted]
            if news or gone:
                done = self._inner.relate(object_, result.id, name, news, gone)
                told = done if isinstance(done, Refused) else told
        return replace(told, after=None) if isinstance(told, Done) else told


def _identity(value: Any) -> str:
    return str(value["id"]) if isinstance(value, Mapping) else str(value)
