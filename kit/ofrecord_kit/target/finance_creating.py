"""Creating a record of the finance APIs exactly once, whatever happens to the answer.

There is no idempotency key. What makes a create safe, in this order:

* a unique custom field: the Books door upserts by it, so sending it again changes nothing;
* else the record is looked up after every doubtful answer, and before it is sent again by a later run: by what it lives
  in or ships, by a number, reference, name or SKU, by the key of a plain stream, or by all that was sent;
* else, and wherever several records could be the one, it is held for a person and never sent a second time.

Sources: Zoho Books v3, headers X-Unique-Identifier-Key, X-Unique-Identifier-Value, X-Upsert; Zoho Inventory v1, the create
calls of each page. `ignore_auto_number_generation=true` keeps the number that is sent, and refuses one that is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ofrecord_kit.errors import Doubtful, VendorRefusal
from ofrecord_kit.plan.canonical import canonical, instant
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Done, New, Refused, Result
from ofrecord_kit.target.finance_bodies import after_of, body_of, holds
from ofrecord_kit.target.finance_reading import Reader, Row, alone
from ofrecord_kit.target.finance_refusals import refused
from ofrecord_kit.target.finance_resources import CUSTOM, Resource
from ofrecord_kit.vendors.finance import BOOKS, OWN_NUMBER

_TRIES = 2
_UNSURE = "the answer to the creation was lost, and"
_FIX = "Look at the vendor whether it is there. Give such records a number or a reference of their own: those are found again."


class Creator:
    """Creates records of one organisation."""

    def __init__(self, client: Counted, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def create(self, object_: str, new: New) -> Result:
        """One record, once. Raises what the client raises for all records."""
        resource = self._reader.resources[object_]
        try:
            if resource.upsert and new.external is not None and new.external[0].startswith(CUSTOM):
                return self._upsert(object_, resource, new.values, *new.external, again=new.again)
            return self._create(object_, resource, new)
        except VendorRefusal as refusal:
            return refused(refusal)

    def _create(self, object_: str, resource: Resource, new: New) -> Result:
        if new.again and (known := self._look_up(object_, resource, new, None)):
            return known
        query = {name: str(new.values[name]) for name in resource.query if new.values.get(name) not in (None, "")}
        params = {**query, **own_number(resource, new.values)}
        body = body_of({name: value for name, value in new.values.items() if name not in resource.query})
        before = self._reader.at
        for _try in range(_TRIES):
            try:
                answer = self._client.send("POST", f"{resource.door(body)}/{resource.path}", json=body, params=params)
            except Doubtful:
                if known := self._look_up(object_, resource, new, before):
                    return known
                continue
            return self._made(object_, resource, alone(answer.body[resource.one]), new.values)
        return Refused("DOUBTFUL", f"{_UNSURE} twice; it is not there", fix="It is tried again by the next run.")

    def _made(self, object_: str, resource: Resource, row: Row, values: Mapping[str, Any]) -> Done:
        identity = str(row[resource.id])
        if resource.parent:
            self._reader.parents[identity] = str(values[resource.parent])
        else:
            self._reader.keep_fresh(identity, row)
        self._reader.remember_created(object_, row)
        return Done(identity, after=after_of(row, self._reader.now) if resource.dated else None)

    def _upsert(
        self, object_: str, resource: Resource, values: Mapping[str, Any], field: str, value: str, *, again: bool
    ) -> Result:
        """`PUT /books/v3/{resource}` with a unique custom field creates at most once, however often it is sent.

        Rows of a list would be appended by a second time (UNVERIFIED per module), so a record with rows is sent once,
        and after a doubt asked for by the same key without X-Upsert, which creates nothing.
        """
        rows = any(values.get(name) for name in resource.lists)
        if again and rows and (row := self.by_custom_field(resource, values, field, value)):
            return self._made(object_, resource, row, values)
        for _try in range(_TRIES):
            try:
                row = self._put_keyed(resource, values, field, value, upsert=True, repeatable=not rows)
            except Doubtful:
                if not (found := self.by_custom_field(resource, values, field, value)):
                    continue
                row = found
            return self._made(object_, resource, row, values)
        return Refused("DOUBTFUL", f"{_UNSURE} twice; it is not there", fix="It is tried again by the next run.")

    def by_custom_field(self, resource: Resource, values: Mapping[str, Any], field: str, value: str) -> Row | None:
        """The record with this value in a unique custom field; only what an update must repeat is written into it.

        That an update of an order may leave its lines out is UNVERIFIED for the Books door.
        """
        plain = {name: values[name] for name in resource.required if name in values and name not in resource.lists}
        try:
            return self._put_keyed(resource, {**plain, field: value}, field, value, upsert=False, repeatable=True)
        except VendorRefusal as refusal:
            if refusal.is_missing:
                return None
            raise

    def _put_keyed(
        self, resource: Resource, values: Mapping[str, Any], field: str, value: str, *, upsert: bool, repeatable: bool
    ) -> Row:
        headers = {"X-Unique-Identifier-Key": field, "X-Unique-Identifier-Value": value}
        answer = self._client.send(
            "PUT", f"{BOOKS}/{resource.path}", json=body_of(values), params=own_number(resource, values),
            headers=headers | ({"X-Upsert": "true"} if upsert else {}), repeatable=repeatable,
        )  # fmt: skip
        row: Row = answer.body[resource.one]
        return row

    def _look_up(self, object_: str, resource: Resource, new: New, since: datetime | None) -> Result | None:
        """The record a lost create made; None when there is none. `since`: the vendor's time before it was sent."""
        values = new.values
        if resource.through:
            return self.through(resource, values)
        narrowed = {name: values[name] for name in resource.among if values.get(name) not in (None, "")}
        keys = [name for name in resource.natural if values.get(name) not in (None, "")]
        wanted = {keys[0]: values[keys[0]]} if keys else {name: value for name, value in new.match if value is not None}
        rows = self._reader.search(object_, wanted, narrowed)
        ours = [row for row in rows if _may_be_new(row, since)]
        if not wanted:
            alike = [row for row in ours if self._is_alike(object_, resource, row, values)]
            if ours and not alike and since is not None and any(_made_since(row, since) for row in ours):
                return Refused("DOUBTFUL", f"{_UNSURE} what was made there meanwhile differs from it", fix=_FIX)
            ours = alike
        if len(ours) > 1:
            return Refused("DOUBTFUL", f"{_UNSURE} {len(ours)} records could be the one", fix=_FIX)
        return replace(self._made(object_, resource, ours[0], values), after=None) if ours else None

    def _is_alike(self, object_: str, resource: Resource, row: Row, values: Mapping[str, Any]) -> bool:
        """Does it hold what was sent? Persons are compared by name and e-mail, documents by all but the query."""
        if resource.parent:
            return all(
                canonical(row.get(name), "text") == canonical(values.get(name), "text") for name in resource.alike
            )
        current = self._reader.read_one(object_, str(row[resource.id]), [])
        sent = {name: value for name, value in body_of(values).items() if name in resource.alike}
        return current is not None and holds(current.values, sent)

    def through(self, resource: Resource, values: Mapping[str, Any]) -> Done | None:
        """Where no list has the record: what is said of it at the record it was made for."""
        sent, object_, key = resource.through or ("", "", "")
        first = str(values.get(sent) or "").split(",")[0]
        current = self._reader.read_one(object_, first, [key])
        identity = current.values.get(key) if current else None
        return Done(str(identity)) if identity not in (None, "") else None


def own_number(resource: Resource, values: Mapping[str, Any]) -> dict[str, str]:
    """The parameter that lets a document keep the number it is sent with."""
    return OWN_NUMBER if resource.number and values.get(resource.number) not in (None, "") else {}


def _may_be_new(row: Row, since: datetime | None) -> bool:
    """Records that were there before the create was sent are others."""
    created = instant(row.get("created_time"))
    return since is None or created is None or created >= since


def _made_since(row: Row, since: datetime) -> bool:
    created = instant(row.get("created_time"))
    return created is not None and created >= since
