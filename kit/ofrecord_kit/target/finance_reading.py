"""Reading from the finance APIs: details, lists that are looked through, what this run has already been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.plan import match_form
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Current, chunks
from ofrecord_kit.target.finance_bodies import current_of, custom_fields
from ofrecord_kit.target.finance_resources import CUSTOM, Resource
from ofrecord_kit.vendors.finance import INVENTORY, ITEM_IDS_A_CALL, PER_PAGE

Row = Mapping[str, Any]
_ROWS_A_PAGE = 10
"""A page of a list is read for so many records whose times are asked for: no more than a tenth of what reading them would cost."""
_FRESH = 2_000
"""Details that are kept: a batch, and as much again."""
_FEW = 5
"""Up to this many values are searched one by one; for more the list is read once."""


@dataclass(slots=True)
class _List:
    """A list of the vendor, as far as it was read."""

    rows: list[Row] = field(default_factory=list)
    pages: int = 0
    whole: bool = False


class Reader:
    """Reads one organisation's records; remembers for one run."""

    def __init__(self, client: Counted, resources: Mapping[str, Resource]) -> None:
        self._client = client
        self.resources = resources
        self.parents: dict[str, str] = {}
        """Record → record it lives in."""
        self.fresh: dict[str, Row] = {}
        """Details that were answered in this run and hold still."""
        self.primary: dict[str, str] = {}
        """Contact → its primary person."""
        self.at: datetime | None = None
        """The vendor's time of the last list or detail."""
        self._lists: dict[str, _List] = {}
        self._children: dict[str, list[Row]] = {}

    @property
    def now(self) -> datetime:
        """The vendor's time as last heard."""
        return self.at or datetime.min.replace(tzinfo=UTC)

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """One detail read each: lists lack addresses, custom fields and lines (Response, list against detail).

        Items come together, and alone only where that answer lacks a field that is asked for.
        """
        resource = self.resources[object_]
        found = self._read_bulk(resource, ids, fields) if resource.bulk and len(ids) > 1 else {}
        for identity in dict.fromkeys(ids):
            if identity in found:
                continue
            current = self.read_one(object_, identity, fields)
            if current is not None:
                found[identity] = current
        return found

    def _read_bulk(self, resource: Resource, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """A hundred a call; where one of them is gone the vendor answers for none ("Bulk fetch item details")."""
        path, parameter = resource.bulk or ("", "")
        roots = {"custom_fields" if name.startswith(CUSTOM) else name.partition(".")[0] for name in (*fields, "name")}
        found = {}
        for some in chunks(list(dict.fromkeys(ids)), ITEM_IDS_A_CALL):
            try:
                answer = self._client.get(f"{INVENTORY}/{path}", params={parameter: ",".join(some)})
            except VendorRefusal:
                continue  # each is read alone, and says by itself what is wrong with it
            self.at = answer.read_at
            whole = (row for row in answer.body[resource.path] if roots <= row.keys())
            found.update({str(row[resource.id]): current_of(row, fields, answer.read_at) for row in whole})
        return found

    def read_one(self, object_: str, identity: str, fields: Sequence[str]) -> Current | None:
        """What one record holds; None when it does not exist, or when nobody said in what it lives."""
        resource = self.resources[object_]
        if resource.parent and identity not in self.parents:
            return None
        try:
            answer = self._client.get(resource.place(identity, self.parents.get(identity)))
        except VendorRefusal as refusal:
            if refusal.is_missing:
                return None
            raise
        self.at = answer.read_at
        row = alone(answer.body[resource.one])
        self._remember_settled(resource, identity, row)
        return current_of(row, fields, answer.read_at)

    def unmoved(self, object_: str, times: Mapping[str, datetime]) -> dict[str, Current]:
        """The rows of records whose `last_modified_time` is still this one: the list, the latest first, as far as it pays.

        A record that is not among the rows is not known to be unmoved.
        """
        resource, found, left = self.resources[object_], dict[str, Current](), set(times)
        for page in range(1, len(times) // _ROWS_A_PAGE + 1):
            params = {"sort_column": "last_modified_time", "sort_order": "D", "page": page, "per_page": PER_PAGE}
            answer = self._client.get(f"{INVENTORY}/{resource.path}", params=params)
            rows, self.at = answer.body[resource.rows or resource.path], answer.read_at
            for row in rows:
                identity, modified = str(row[resource.id]), instant(row.get("last_modified_time"))
                found.pop(identity, None)
                if identity in times and modified == times[identity]:
                    found[identity] = Current({**custom_fields(row), **row}, answer.read_at, modified)
                left.discard(identity)
            last = instant(rows[-1].get("last_modified_time")) if rows else None
            older = last is None or not left or last < min(times[one] for one in left)
            if older or not (answer.body.get("page_context") or {}).get("has_more_page"):
                break
        return found

    def _remember_settled(self, resource: Resource, identity: str, row: Row) -> None:
        """A document read in this run that has left draft is past its confirmation, so it is not read again for that."""
        if not any(action.only_from for action in resource.actions.values()):
            return
        if row.get("status") in (None, "draft"):
            self.fresh.pop(identity, None)
        else:
            self.keep_fresh(identity, row)

    def keep_fresh(self, identity: str, row: Row) -> None:
        """For what follows in the same batch; the oldest go."""
        self.fresh[identity] = row
        if len(self.fresh) > _FRESH:
            del self.fresh[next(iter(self.fresh))]

    def find(
        self, object_: str, field: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """By field: searched for a few values, listed once for many; filters are checked again, they may be ignored.

        A list that has more pages than there are values is read no further, and each value is searched.
        Custom fields cannot be searched. For many values the rows of the list are looked through (that they carry
        custom fields is UNVERIFIED); for a few the match fields of the rules and the create through the Books door do.
        """
        resource, among = self.resources[object_], among or {}
        is_custom, is_read = field.startswith(CUSTOM), object_ in self._lists and self._lists[object_].whole
        if is_custom and (resource.parent or (len(values) <= _FEW and not is_read)):
            return {}
        if resource.parent:
            rows = self.children(resource, str(among[resource.parent]))
        elif is_read or not (is_custom or field in resource.filters):
            rows = self.listed(object_)
        elif len(values) > _FEW and (begun := self._read_on(object_, len(values))).whole:
            rows = begun.rows
        elif is_custom:
            return {}
        else:
            rows = [row for value in values for row in self.pages(resource, {field: str(value)})]
        by_form: dict[Any, list[str]] = {}
        for row in rows:
            there = value_of(row, field)
            if there not in (None, "") and agrees(row, among):
                by_form.setdefault(match_form(there, form), []).append(str(row[resource.id]))
        return {value: list(dict.fromkeys(by_form.get(match_form(value, form), []))) for value in values}

    def listed(self, object_: str) -> list[Row]:
        """The whole list, read once."""
        return self._read_on(object_).rows

    def _read_on(self, object_: str, most: int | None = None) -> _List:
        """A list with its first pages, or all; what was read of it is not read again."""
        begun = self._lists.setdefault(object_, _List(whole=not self.resources[object_].listed))
        while not begun.whole and (most is None or begun.pages < most):
            begun.pages += 1
            begun.whole = self._read_page(self.resources[object_], {}, begun.pages, begun.rows)
        return begun

    def pages(self, resource: Resource, filters: Mapping[str, str]) -> list[Row]:
        """The rows of a list, read now."""
        rows: list[Row] = []
        page = 1
        while resource.listed and not self._read_page(resource, filters, page, rows):
            page += 1
        return rows

    def _read_page(self, resource: Resource, filters: Mapping[str, str], page: int, rows: list[Row]) -> bool:
        """Add the rows of a page; is it the last one?"""
        params = {**filters, "page": page, "per_page": PER_PAGE}
        answer = self._client.get(f"{resource.root}/{resource.path}", params=params)
        self.at = answer.read_at
        rows += answer.body[resource.rows or resource.path]
        return not (answer.body.get("page_context") or {}).get("has_more_page")

    def search(self, object_: str, wanted: Mapping[str, Any], narrowed: Mapping[str, Any]) -> list[Row]:
        """The rows that have all these values, read now: filtered where the vendor filters, and compared again.

        What a row does not tell of `wanted` is looked for in its detail; `narrowed` only as far as the row tells it.
        """
        resource = self.resources[object_]
        if resource.parent:
            rows = self.children(resource, str(narrowed[resource.parent]), again=True)
        else:
            filters = {name: str(value) for name, value in {**wanted, **narrowed}.items() if name in resource.filters}
            rows = self.pages(resource, dict([*filters.items()][:1]))
        alike = [row for row in rows if agrees(row, wanted) and (resource.parent or agrees(row, narrowed))]
        return [
            row for row in alike if all(tells(row, name) for name in wanted) or self._agrees_whole(object_, row, wanted)
        ]

    def _agrees_whole(self, object_: str, row: Row, wanted: Mapping[str, Any]) -> bool:
        current = self.read_one(object_, str(row[self.resources[object_].id]), [])
        return (
            current is not None
            and all(tells(current.values, name) for name in wanted)
            and agrees(current.values, wanted)
        )

    def children(self, resource: Resource, parent: str, *, again: bool = False) -> list[Row]:
        """The records that live in another one."""
        if again or parent not in self._children:
            body = self._client.get(resource.parent_path.format(id=parent)).body
            self.remember_children(resource, parent, body.get(resource.rows) or [])
        return self._children[parent]

    def remember_children(self, resource: Resource, parent: str, rows: list[Row]) -> None:
        """An answer told all of them."""
        self._children[parent] = rows
        for row in rows:
            self.parents[str(row[resource.id])] = parent
            self.remember_primary(parent, row)

    def remember_primary(self, contact: str, row: Row) -> None:
        """The vendor makes the first person of a contact primary by itself, and its answer says so (UNVERIFIED)."""
        if row.get("is_primary_contact") is True:
            self.primary[contact] = str(row["contact_person_id"])

    def remember_created(self, object_: str, row: Row) -> None:
        """A list that was read before does not have it."""
        if object_ in self._lists:
            self._lists[object_].rows.append(row)
        resource = self.resources[object_]
        if resource.parent and (contact := row.get(resource.parent) or self.parents.get(str(row[resource.id]))):
            self._children.pop(str(contact), None)
            self.remember_primary(str(contact), row)
        persons = self.resources.get("contact_persons")
        if persons and isinstance(row.get("contact_persons"), list) and persons.parent == resource.id:
            self.remember_children(persons, str(row[resource.id]), row["contact_persons"])

    def forget(self, identity: str) -> None:
        """It was changed."""
        self.fresh.pop(identity, None)
        self._children.pop(identity, None)


def alone(row: Any) -> Any:
    """Single persons come in an array (OpenAPI of both products)."""
    return row[0] if isinstance(row, list) else row


def value_of(row: Row, name: str) -> Any:
    """A value of a row, custom fields among them."""
    if name.startswith(CUSTOM):
        return custom_fields(row).get(name, row.get(name))
    return row.get(name)


def tells(row: Row, name: str) -> bool:
    """Does a row say anything of this key?"""
    return name in row or (name.startswith(CUSTOM) and ("custom_field_hash" in row or "custom_fields" in row))


def agrees(row: Row, wanted: Mapping[str, Any]) -> bool:
    """Has the row these values, as far as it tells?

    >>> agrees({"name": "Bolt ", "sku": "B-1"}, {"name": "Bolt", "rate": 3}), agrees({"name": "Nut"}, {"name": "Bolt"})
    (True, False)
    """
    return all(
        not tells(row, name) or match_form(value_of(row, name), "text") == match_form(value, "text")
        for name, value in wanted.items()
    )
