"""A plain Singer stream, without a word of ours: each record is updated or created by the stream's key properties.

* the resource's own id: the record is updated, and refused where it is gone;
* one unique custom field of a resource the Books door upserts: as the vendor does it;
* any other keys (`sku`, `contact_name`, `reference_number`, several together): looked up in the list and compared again,
  then updated or created; more than one match is held as a duplicate.

An absent property is left as it is, null clears. What the vendor only computes is left out, what it does not know is
refused. A property `status` whose value names a status action is brought about by that action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.destination import Change, Current, Destination, Done, Missing, New, Refused, Result
from ofrecord_kit.target.finance_bodies import custom_fields, holds, merged_rows
from ofrecord_kit.target.finance_creating import Creator
from ofrecord_kit.target.finance_facts import facts_of
from ofrecord_kit.target.finance_reading import Reader, Row, agrees, tells
from ofrecord_kit.target.finance_refusals import refused
from ofrecord_kit.target.finance_resources import CUSTOM, Resource

Values = dict[str, Any]
_MANY = 5
"""From so many records on the list is read once instead of searched for each."""
_BORN = frozenset({"active", "draft"})
"""Statuses a new record has by itself."""


class Plain:
    """Writes plain records through a destination of the finance APIs."""

    def __init__(self, destination: Destination, reader: Reader, creator: Creator) -> None:
        self._destination = destination
        self._reader = reader
        self._creator = creator

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """One result each, in order. Those that are known are read together, as late as possible."""
        resource = self._reader.resources.get(stream)
        if resource is None:
            return [_no_resource(stream, self._reader.resources)] * len(records)
        if not keys:
            fix = (
                f"Name key_properties: {resource.id}, a unique custom field (cf_…), or columns that identify a record."
            )
            return [Refused("NO_KEY", f"{stream}: the stream has no key, so nothing could be written twice safely", fix=fix)] * len(records)  # fmt: skip
        told = [self._told(stream, resource, record) for record in records]
        many = len(records) > _MANY
        places = [
            values if isinstance(values, Refused) else self._safely(self._place, stream, resource, keys, values, many)
            for values in told
        ]
        ids = [place for place in places if isinstance(place, str)]
        found = self._destination.read(stream, ids, []) if ids else {}
        return [
            place
            if isinstance(place, Refused)
            else self._safely(self._write, stream, resource, keys, values, place, found)
            for values, place in zip(told, places, strict=True)
        ]

    @staticmethod
    def _safely(what: Any, *about: Any) -> Any:
        """One refused record does not stop the others."""
        try:
            return what(*about)
        except VendorRefusal as refusal:
            return refused(refusal)

    def _told(self, stream: str, resource: Resource, record: Mapping[str, Any]) -> Values | Refused:
        """What of a record can be written; Refused for a column nobody knows, which is a mistake in the stream."""
        if record.get("_sdc_deleted_at") is not None:
            return Refused(
                "DELETED",
                "it was deleted at the source; a plain stream deletes nothing",
                fix="Set its `status` instead.",
            )
        facts = facts_of(stream)
        listed = custom_fields(record)
        values: Values = {name: value for name, value in listed.items() if not name.endswith("_unformatted")}
        known = {
            *facts,
            resource.id,
            resource.parent,
            *resource.query,
            *resource.lists,
            "status",
            "custom_field_hash",
            "custom_fields",
        }
        for name, value in record.items():
            if name.startswith("_sdc_") or name in {"custom_field_hash", "custom_fields"}:
                continue
            if name not in known and not name.startswith(CUSTOM):
                return _no_field(stream, name, (one for one in facts if not facts[one].read_only))
            if name in {resource.id, "status"} or name not in facts or not facts[name].read_only:
                values[name] = _writable(name, value, resource, facts)
        return values

    def _place(
        self, stream: str, resource: Resource, keys: Sequence[str], values: Values, many: bool
    ) -> str | Refused | None:
        """The id of the record there; None where it is to be created or upserted."""
        empty = [key for key in keys if values.get(key) in (None, "")]
        if empty:
            return Refused("NO_KEY", f"its key is empty: {', '.join(empty)}", empty[0], "Fill the key at the source.")
        if resource.parent and values.get(resource.parent):
            self._destination.note(stream, str(values.get(resource.id)), values)
        if list(keys) == [resource.id]:
            return str(values[resource.id])
        if resource.upsert and len(keys) == 1 and keys[0].startswith(CUSTOM):
            return None
        if resource.through and list(keys) == [resource.through[0]]:
            done = self._creator.through(resource, values)
            return done.id if done else None
        wanted = {key: values[key] for key in keys}
        rows = self._rows(stream, resource, wanted, values, many=many)
        dumb = [key for key in keys if rows and not any(tells(row, key) for row in rows) and key != resource.parent]
        if dumb or not (resource.listed or resource.parent):
            said = f"{stream} cannot be found by {', '.join(dumb or keys)}: their list does not tell it"
            return Refused(
                "NO_KEY", said, fix=f"Use {', '.join((resource.id, *resource.natural))} or a custom field as key."
            )
        ids = list(dict.fromkeys(str(row[resource.id]) for row in rows if agrees(row, wanted)))
        if len(ids) > 1:
            said = f"{len(ids)} records match by {', '.join(keys)}: {', '.join(sorted(ids)[:5])}"
            return Refused("DUPLICATE", said, fix="Merge them there, or choose a key that is unique.")
        return ids[0] if ids else None

    def _rows(self, stream: str, resource: Resource, wanted: Values, values: Values, *, many: bool) -> list[Row]:
        if resource.parent:
            return self._reader.children(resource, str(values.get(resource.parent)))
        searched = [key for key in wanted if key in resource.filters]
        if many or not searched or not resource.listed:
            return self._reader.listed(stream)
        return self._reader.pages(resource, {searched[0]: str(wanted[searched[0]])})

    def _write(  # noqa: PLR0917 - a record, its key, and what is known of it
        self, stream: str, resource: Resource, keys: Sequence[str], values: Values, place: str | None,
        found: Mapping[str, Current],
    ) -> Result:  # fmt: skip
        if place is not None:
            current = found.get(place)
            return Missing() if current is None else self._update(stream, resource, place, values, current)
        kept = {
            name: value
            for name, value in values.items()
            if value not in (None, "") and name not in {resource.id, "status"}
        }
        keyed = (keys[0], str(values[keys[0]])) if len(keys) == 1 and keys[0].startswith(CUSTOM) else None
        if keyed and resource.upsert:
            return self._upsert(stream, resource, keyed, values, kept)
        done = self._creator.create(stream, New(kept, None, match=tuple((key, values[key]) for key in keys)))
        return self._with_status(stream, done, values.get("status"), None)

    def _upsert(self, stream: str, resource: Resource, keyed: tuple[str, str], values: Values, kept: Values) -> Result:
        """What is there is asked for first where a second sending would lose neighbours, append rows, or clear."""
        careful = any(
            isinstance(value, dict | list) or value in (None, "") or "." in name for name, value in values.items()
        )
        row = self._creator.by_custom_field(resource, kept, *keyed) if careful or "status" in values else None
        if row is not None:
            return self._update(stream, resource, str(row[resource.id]), values, Current(row, self._reader.now))
        done = self._creator.create(stream, New(kept, keyed))
        return self._with_status(stream, done, values.get("status"), None)

    def _update(self, stream: str, resource: Resource, place: str, values: Values, current: Current) -> Result:
        """Only what differs; nothing differs: nothing is sent."""
        left_out = {resource.id, "status", resource.parent, *resource.query}
        there = {**current.values, **custom_fields(current.values)}
        changed = {
            name: value
            for name, value in values.items()
            if name not in left_out and _differs(resource, name, value, there)
        }
        done: Result = Done(place, changed=False)
        if changed:
            [done] = self._destination.update(stream, [Change(place, changed, current)])
        return self._with_status(stream, done, values.get("status"), str(there.get("status", "")))

    def _with_status(self, stream: str, done: Result, wanted: Any, there: str | None) -> Result:
        """Statuses that no action leads to follow from other things, and are left."""
        actions = self._reader.resources[stream].actions
        if (
            not isinstance(done, Done)
            or wanted not in actions
            or wanted == there
            or (there is None and wanted in _BORN)
        ):
            return done
        result = self._destination.act(stream, done.id, str(wanted))
        return Done(done.id, changed=done.changed or result.changed) if isinstance(result, Done) else result


def _writable(name: str, value: Any, resource: Resource, facts: Mapping[str, Any]) -> Any:
    """Of objects and rows the keys that can be written, where they are known."""
    rows = resource.lists.get(name)
    if rows is not None and isinstance(value, list):
        return [{key: one for key, one in row.items() if key in {rows.id, *rows.kept}} for row in value]
    below = {path.removeprefix(f"{name}.") for path in facts if path.startswith(f"{name}.")}
    if below and isinstance(value, dict):
        return {key: one for key, one in value.items() if key in below}
    return value


def _differs(resource: Resource, name: str, value: Any, there: Mapping[str, Any]) -> bool:
    rows = resource.lists.get(name)
    if rows is not None:
        known = there.get(name) or []
        return not holds(known, merged_rows(value or (), known, rows))
    found: Any = there.get(name)
    if found is None and "." in name:
        root, _, rest = name.partition(".")
        found = (there.get(root) or {}).get(rest)
    return not holds(found, value)


def _no_resource(stream: str, resources: Mapping[str, Resource]) -> Refused:
    close = get_close_matches(stream.lower().replace("_", ""), [name.replace("_", "") for name in resources], 1)
    meant = next((name for name in resources if close and name.replace("_", "") == close[0]), None)
    said = f"{stream} is none of: {', '.join(sorted(resources))}"
    return Refused(
        "NO_RESOURCE", said, fix=f"Rename the stream{f' to {meant}' if meant else ''}, for instance with a stream map."
    )


def _no_field(stream: str, name: str, known: Iterable[str]) -> Refused:
    close = get_close_matches(name, list(known), 1)
    said = f"{stream} have no field {name}"
    return Refused(
        "UNKNOWN_FIELD",
        said,
        name,
        f"Rename the column{f' to {close[0]}' if close else ''}, or take it out with a stream map.",
    )
