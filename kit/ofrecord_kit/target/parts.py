"""Values in parts: an address is one value to the rules and several fields to the vendor.

`InParts` stands between the two, so that neither the plan nor a vendor's target knows of it: what is read is folded into
an object by part, what is written is unfolded into the fields, all of them together. A part without a value is cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.dotted import dig
from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.destination import Change, Current, Destination, New, Refused, Result
from ofrecord_kit.target.through import Through

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


class InParts(Through):
    """A destination whose values in parts look like one."""

    def __init__(self, inner: Destination, parts: Parts) -> None:
        super().__init__(inner)
        self._parts = parts

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """Fields instead of folded names are asked for."""
        names = list(unfolded(dict.fromkeys(fields), self._parts))
        found = self._inner.read(object_, ids, names)
        asked = {name: fields_ for name, fields_ in self._parts.items() if name in fields}
        return {one: replace(current, values=folded(current.values, asked)) for one, current in found.items()}

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
