"""A plain Singer stream, without a word of ours: each record is updated or created by the stream's key properties.

* the resource's own id: the record is updated, and refused where it is gone;
* one unique custom field of a resource the Books door upserts: as the vendor does it;
* any other keys (`sku`, `contact_name`, `reference_number`, several together): looked up in the list and compared again,
  then updated or created; more than one match is held as a duplicate.

An absent property is left as it is, null clears. A property `status` whose value names a status action is brought about
by that action. What is the same is not written. See `finance_shapes` for what of a record counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.destination import Change, Current, Destination, Done, Missing, New, Refused, Result
from ofrecord_kit.target.finance_bodies import custom_fields, holds, merged_rows
from ofrecord_kit.target.finance_creating import Creator
from ofrecord_kit.target.finance_reading import Reader, Row, agrees, tells
from ofrecord_kit.target.finance_refusals import refused
from ofrecord_kit.target.finance_resources import CUSTOM, Resource

Values = Mapping[str, Any]
_FEW = 5
"""Up to so many records are searched for one by one; for more the list is read once."""
_BORN = frozenset({"active", "draft"})
"""Statuses a new record has by itself."""


class Plain:
    """One plain stream on its way to one resource of a destination."""

    def __init__(
        self, destination: Destination, reader: Reader, creator: Creator, stream: str, keys: Sequence[str]
    ) -> None:
        self._destination = destination
        self._reader = reader
        self._creator = creator
        self._stream = stream
        self._keys = list(keys)
        self._resource: Resource = reader.resources[stream]
        self._keyed = self._resource.upsert and len(keys) == 1 and keys[0].startswith(CUSTOM)

    def upsert(self, records: Sequence[Values]) -> list[Result]:
        """One result each, in order. Those that are known are read together, as late as possible."""
        many = len(records) > _FEW
        places = [self._safely(self._place, values, many) for values in records]
        found = self._found([place for place in places if isinstance(place, str)])
        return [
            place if isinstance(place, Refused) else self._safely(self._write, values, place, found)
            for values, place in zip(records, places, strict=True)
        ]

    @staticmethod
    def _safely(what: Any, *about: Any) -> Any:
        """One refused record does not stop the others."""
        try:
            return what(*about)
        except VendorRefusal as refusal:
            return refused(refusal)

    def _found(self, ids: Sequence[str]) -> Mapping[str, Current] | None:
        """None: one of the ids is refused, so each is read for itself."""
        try:
            return self._destination.read(self._stream, ids, []) if ids else {}
        except VendorRefusal:
            return None

    def _place(self, values: Values, many: bool) -> str | Refused | None:
        """The id of the record there; None where it is to be created or upserted."""
        resource, keys = self._resource, self._keys
        empty = [key for key in keys if values.get(key) in (None, "")]
        if empty:
            return Refused("NO_KEY", f"its key is empty: {', '.join(empty)}", empty[0], "Fill the key at the source.")
        self._destination.note(self._stream, str(values.get(resource.id)), values)
        if keys == [resource.id]:
            return str(values[resource.id])
        if self._keyed:
            return None
        if resource.through and keys == [resource.through[0]]:
            done = self._creator.through(resource, values)
            return done.id if done else None
        if resource.parent and values.get(resource.parent) in (None, ""):
            return Refused("NO_PARENT", f"{resource.parent} is empty", resource.parent, "Say in what it lives.")
        wanted = {key: values[key] for key in keys}
        rows = self._rows(wanted, values, many=many)
        dumb = [key for key in keys if rows and not any(tells(row, key) for row in rows) and key != resource.parent]
        if dumb or not (resource.listed or resource.parent):
            said = f"{self._stream} cannot be found by {', '.join(dumb or keys)}: their list does not tell it"
            better = ", ".join((resource.id, *resource.natural, *(resource.through or ())[:1]))
            return Refused("NO_KEY", said, fix=f"Use one of these as key: {better}; or a custom field.")
        ids = list(dict.fromkeys(str(row[resource.id]) for row in rows if agrees(row, wanted)))
        if len(ids) > 1:
            said = f"{len(ids)} records match by {', '.join(keys)}: {', '.join(sorted(ids)[:5])}"
            return Refused("DUPLICATE", said, fix="Merge them there, or choose a key that is unique.")
        return ids[0] if ids else None

    def _rows(self, wanted: Values, values: Values, *, many: bool) -> list[Row]:
        resource = self._resource
        if resource.parent:
            return self._reader.children(resource, str(values[resource.parent]))
        searched = [key for key in wanted if key in resource.filters]
        if many or not searched:
            return self._reader.listed(self._stream)
        return self._reader.pages(resource, {searched[0]: str(wanted[searched[0]])})

    def _write(self, values: Values, place: str | None, found: Mapping[str, Current] | None) -> Result:
        keys, resource = self._keys, self._resource
        if place is not None:
            there = self._reader.read_one(self._stream, place, []) if found is None else found.get(place)
            return Missing() if there is None else self._update(place, values, there)
        left_out = {resource.id, "status"}
        kept = {name: value for name, value in values.items() if value not in (None, "") and name not in left_out}
        if self._keyed:
            return self._upsert((keys[0], str(values[keys[0]])), values, kept)
        done = self._creator.create(self._stream, New(kept, match=tuple((key, values[key]) for key in keys)))
        return self._with_status(done, values.get("status"), None)

    def _upsert(self, key: tuple[str, str], values: Values, kept: Values) -> Result:
        """What is there is asked for first where a blind sending would lose neighbours, append rows, or clear."""
        careful = "status" in values or any(
            isinstance(value, dict | list) or value in (None, "") or "." in name for name, value in values.items()
        )
        row = self._creator.by_custom_field(self._resource, kept, *key) if careful else None
        if row is not None:
            current = Current(row, self._reader.now)
            return self._update(str(row[self._resource.id]), values, current)
        done = self._creator.create(self._stream, New(kept, key))
        return self._with_status(done, values.get("status"), None)

    def _update(self, place: str, values: Values, current: Current) -> Result:
        """Only what differs; nothing differs: nothing is sent."""
        resource = self._resource
        left_out = {resource.id, "status", resource.parent, *resource.query}
        there = {**current.values, **custom_fields(current.values)}
        asked = {name: value for name, value in values.items() if name not in left_out}
        changed = {name: value for name, value in asked.items() if _differs(resource, name, value, there)}
        done: Result = Done(place, changed=False)
        if changed:
            [done] = self._destination.update(self._stream, [Change(place, changed, current)])
        return self._with_status(done, values.get("status"), str(there.get("status", "")))

    def _with_status(self, done: Result, wanted: Any, there: str | None) -> Result:
        """Statuses that no action leads to follow from other things, and are left."""
        by_itself = wanted == there or (there is None and wanted in _BORN)
        if not isinstance(done, Done) or wanted not in self._resource.actions or by_itself:
            return done
        result = self._destination.act(self._stream, done.id, str(wanted))
        return Done(done.id, changed=done.changed or result.changed) if isinstance(result, Done) else result


def _differs(resource: Resource, name: str, value: Any, there: Values) -> bool:
    rows = resource.lists.get(name)
    if rows is not None:
        known = there.get(name) or []
        return not holds(known, merged_rows(value or (), known, rows))
    found: Any = there.get(name)
    if found is None and "." in name:
        root, _, rest = name.partition(".")
        found = (there.get(root) or {}).get(rest)
    return not holds(found, value)


def no_resource(stream: str, resources: Mapping[str, Resource]) -> Refused:
    """For a stream that names none."""
    close = get_close_matches(stream.casefold().replace("_", ""), [name.replace("_", "") for name in resources], 1)
    meant = next((name for name in resources if close and name.replace("_", "") == close[0]), None)
    said = f"{stream} is none of: {', '.join(sorted(resources))}"
    fix = f"Rename the stream{f' to {meant}' if meant else ''} by a stream map."
    return Refused("NO_RESOURCE", said, fix=fix)


def no_key(stream: str, resource: Resource) -> Refused:
    """For a stream without key properties."""
    said = f"{stream}: the stream has no key, so no record of it could be written twice safely"
    keys = ", ".join((resource.id, *resource.natural))
    return Refused("NO_KEY", said, fix=f"Give it key_properties: {keys}, or a unique custom field (cf_…).")
