"""Values in parts: an address is one value to the rules and several fields to the vendor.

`InParts` stands between the two, so that neither the plan nor a vendor's target knows of it: what is read is folded into
an object by part, what is written is unfolded into the fields, all of them together. A part without a value is cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.destination import Change, Current, Destination, New, Refused, Result, dig

Parts = Mapping[str, Mapping[str, str]]
"""Property → part → field of the destination."""


def in_parts(destination: Destination, rules: Iterable[FieldRule]) -> Destination:
    """The destination, seen through the parts the rules name; itself where they name none."""
    parts = {rule.name: rule.parts for rule in rules if rule.parts}
    return InParts(destination, parts) if parts else destination


def unfolded(values: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Values by field: `{"address": {"city": "Bonn"}}` becomes `{"Billing_City": "Bonn", "Billing_Street": None}`."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name not in parts:
            made[name] = value
            continue
        for part, field in parts[name].items():
            made[field] = value.get(part) if isinstance(value, Mapping) else None
    return made


def folded(values: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Values with one object by part beside the fields it was made of; null when no part has a value."""
    made = dict(values)
    for name, fields in parts.items():
        found = {part: values[field] if field in values else dig(values, field) for part, field in fields.items()}
        made[name] = found if any(value not in (None, "") for value in found.values()) else None
    return made


class InParts(Destination):
    """A destination whose values in parts look like one."""

    def __init__(self, inner: Destination, parts: Parts) -> None:
        self._inner = inner
        self._parts = parts
        self.batch_size = inner.batch_size
        self.discriminators = inner.discriminators

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """Fields instead of folded names are asked for."""
        names = list(unfolded(dict.fromkeys(fields), self._parts))
        found = self._inner.read(object_, ids, names)
        asked = {name: fields_ for name, fields_ in self._parts.items() if name in fields}
        return {one: replace(current, values=folded(current.values, asked)) for one, current in found.items()}

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """As the vendor's."""
        return self._inner.find(object_, field_, values, form, among)

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """Parts without a value are not mentioned."""
        news = []
        for new in records:
            without = {field for name in new.values.keys() & self._parts for field in self._parts[name].values()}
            values = unfolded(new.values, self._parts)
            kept = {name: value for name, value in values.items() if name not in without or value not in (None, "")}
            news.append(replace(new, values=kept))
        return self._named(self._inner.create(object_, news))

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """All parts of a changed value together."""
        plain = [replace(change, values=unfolded(change.values, self._parts)) for change in changes]
        return self._named(self._inner.update(object_, plain))

    def _named(self, results: Sequence[Result]) -> list[Result]:
        """A refusal names the value, not its part."""
        whole = {field: name for name, fields in self._parts.items() for field in fields.values()}
        return [
            replace(result, field=whole.get(result.field, result.field))
            if isinstance(result, Refused) and result.field is not None
            else result
            for result in results
        ]

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """As the vendor's."""
        return self._inner.stamp(object_, field_, ids)

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """As the vendor's."""
        return self._inner.upsert(stream, keys, records)

    def note(self, object_: str, record: str, values: Mapping[str, Any]) -> None:
        """As the vendor's."""
        self._inner.note(object_, record, values)

    def act(self, object_: str, record: str, action: str) -> Result:
        """As the vendor's."""
        return self._inner.act(object_, record, action)

    def reference(self, identity: str) -> Any:
        """As the vendor's."""
        return self._inner.reference(identity)

    def lookup(self, kind: str, value: Any) -> Any:
        """As the vendor's."""
        return self._inner.lookup(kind, value)

    def make_primary(self, object_: str, record: str) -> Result:
        """As the vendor's."""
        return self._inner.make_primary(object_, record)

    def read_for_check(self, object_: str, record: str, field_: str) -> Any:
        """As the vendor's."""
        return self._inner.read_for_check(object_, record, field_)

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._inner.calls

    def close(self) -> None:
        """Release the connection."""
        self._inner.close()
