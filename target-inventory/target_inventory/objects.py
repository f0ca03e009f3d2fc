"""How Zoho Inventory v1 is written to, with the Books v3 door where only that one is safe.

Sources: Zoho Inventory v1 and Zoho Books v3 docs, Contacts, Contact Persons, Items, Sales Orders; notes at each fact.
The finance APIs have no `If-Unmodified-Since`: records are read as late as possible and written at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ofrecord_kit.errors import Doubtful, VendorRefusal
from ofrecord_kit.plan import canonical, match_form
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import (
    Change,
    Current,
    Destination,
    Done,
    Missing,
    New,
    Refused,
    Result,
    chunks,
    dig,
)
from ofrecord_kit.target.finance_bodies import body_of, current_of, custom_fields
from ofrecord_kit.vendors.finance import BOOKS, INVENTORY, ITEM_IDS_A_CALL, PER_PAGE


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record: its list, the key of one record, its id, what an update must repeat, who takes fields alone."""

    path: str
    one: str
    id: str
    required: tuple[str, ...] = ()
    actions: str = ""
    fields: str = ""
    searched: bool = True


RESOURCES = {
    "contacts": Resource("contacts", "contact", "contact_id", ("contact_name", "contact_type")),
    "items": Resource("items", "item", "item_id", ("name", "rate"), fields=INVENTORY),
    "compositeitems": Resource("compositeitems", "composite_item", "composite_item_id", ("name", "sku", "rate")),
    "salesorders": Resource("salesorders", "salesorder", "salesorder_id", ("customer_id",), "status/", BOOKS),
    "pricebooks": Resource("pricebooks", "pricebook", "pricebook_id", searched=False),  # no filters documented
}
PERSONS = "contact_persons"
_UNREAD = Current({}, datetime.min.replace(tzinfo=UTC))
_FEW = 5
"""Up to this many values are searched one by one; for more the list is read once."""


class Inventory(Destination):
    """Writes one organisation's inventory."""

    discriminators = ("contact_type",)
    batch_size = 50

    def __init__(self, client: Counted) -> None:
        super().__init__(client)
        self._lists: dict[str, list[Mapping[str, Any]]] = {}
        self._taxes: dict[str, str] | None = None
        self._parents: dict[str, str] = {}
        self._persons: dict[str, list[Mapping[str, Any]]] = {}
        self._fresh: dict[str, Mapping[str, Any]] = {}
        self._primary: dict[str, str] = {}

    def note(self, object_: str, record: str, values: Mapping[str, Any]) -> None:
        """A person is reached through its contact: remember whose it is."""
        if object_ == PERSONS and values.get("contact_id") is not None:
            self._parents[record] = str(values["contact_id"])

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """One detail read each: lists lack addresses, custom fields and lines (Response, list against detail).

        Items come together, and alone only where that answer lacks a field that is asked for.
        """
        found = self._read_items(ids, fields) if object_ == "items" and len(ids) > 1 else {}
        for identity in dict.fromkeys(ids):
            if identity in found:
                continue
            current = self._read_one(object_, identity, fields)
            if current is not None:
                found[identity] = current
        return found

    def _read_items(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """A hundred a call; where one of them is gone the vendor answers for none ("Bulk fetch item details")."""
        roots = {"custom_fields" if name.startswith("cf_") else name.partition(".")[0] for name in (*fields, "name")}
        found = {}
        for some in chunks(list(dict.fromkeys(ids)), ITEM_IDS_A_CALL):
            try:
                answer = self._client.get(f"{INVENTORY}/itemdetails", params={"item_ids": ",".join(some)})
            except VendorRefusal:
                continue  # each is read alone, and says by itself what is wrong with it
            whole = (row for row in answer.body["items"] if roots <= row.keys())
            found.update({str(row["item_id"]): current_of(row, fields, answer.read_at) for row in whole})
        return found

    def _read_one(self, object_: str, identity: str, fields: Sequence[str]) -> Current | None:
        if object_ == PERSONS:
            parent = self._parents.get(identity)
            if parent is None:
                return None
            path, key = f"contacts/{parent}/contactpersons/{identity}", "contact_person"
        else:
            resource = RESOURCES[object_]
            path, key = f"{resource.path}/{identity}", resource.one
        try:
            answer = self._client.get(f"{INVENTORY}/{path}")
        except VendorRefusal as refusal:
            if refusal.is_missing:
                return None
            raise
        row = answer.body[key]
        row = row[0] if isinstance(row, list) else row  # single persons come in an array (OAS)
        if object_ == "salesorders":
            self._remember_settled(identity, row)
        return current_of(row, fields, answer.read_at)

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """By field: searched for a few values, listed once for many; filters are checked again, they may be ignored.

        Custom fields cannot be searched. For many values the rows of the list are looked through (that they carry
        custom fields is UNVERIFIED); for a few the match fields of the rules and the create through the Books door do.
        """
        among = among or {}
        if field_.startswith("cf_") and (object_ == PERSONS or (len(values) <= _FEW and object_ not in self._lists)):
            return {}
        if object_ == PERSONS:
            rows = self._persons_of(str(among["contact_id"]), again=False)
            key = "contact_person_id"
        else:
            resource = RESOURCES[object_]
            key = resource.id
            if len(values) <= _FEW and object_ not in self._lists and resource.searched:
                rows = [row for value in values for row in self._pages(resource, {field_: str(value)})]
            else:
                rows = self._listed(object_)
        by_form: dict[Any, list[str]] = {}
        for row in rows:
            if all(name not in row or row[name] == value for name, value in among.items()):
                there = custom_fields(row).get(field_, row.get(field_)) if field_.startswith("cf_") else row.get(field_)
                if there not in (None, ""):
                    by_form.setdefault(match_form(there, form), []).append(str(row[key]))
        return {value: list(dict.fromkeys(by_form.get(match_form(value, form), []))) for value in values}

    def _listed(self, object_: str) -> list[Mapping[str, Any]]:
        if object_ not in self._lists:
            self._lists[object_] = self._pages(RESOURCES[object_], {})
        return self._lists[object_]

    def _pages(self, resource: Resource, filters: Mapping[str, str]) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        page = 1
        while True:
            params = {**filters, "page": page, "per_page": PER_PAGE}
            body = self._client.get(f"{INVENTORY}/{resource.path}", params=params).body
            rows += body[resource.path]
            if not (body.get("page_context") or {}).get("has_more_page"):
                return rows
            page += 1

    def _persons_of(self, contact: str, *, again: bool) -> list[Mapping[str, Any]]:
        if again or contact not in self._persons:
            body = self._client.get(f"{INVENTORY}/contacts/{contact}/contactpersons").body
            self._remember_persons(contact, body.get("contact_persons") or [])
        return self._persons[contact]

    def _remember_persons(self, contact: str, rows: list[Mapping[str, Any]]) -> None:
        self._persons[contact] = rows
        for row in rows:
            self._remember_primary(contact, row)

    def _remember_primary(self, contact: str, row: Mapping[str, Any]) -> None:
        """The vendor makes the first person of a contact primary by itself, and its answer says so (UNVERIFIED)."""
        if row.get("is_primary_contact") is True:
            self._primary[contact] = str(row["contact_person_id"])

    def _remember_settled(self, identity: str, row: Mapping[str, Any]) -> None:
        """A document read in this run that has left draft takes no action any more, so it is not read again."""
        if row.get("status") in (None, "draft"):
            self._fresh.pop(identity, None)
        else:
            self._fresh[identity] = row

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """One call each. Records with an external id go through the Books door, the only retry-safe create."""
        return [self._create_one(object_, new) for new in records]

    def _create_one(self, object_: str, new: New) -> Result:
        try:
            if object_ == PERSONS:
                return self._create_person(new)
            resource = RESOURCES[object_]
            if new.external is not None and new.external[0].startswith("cf_"):
                return self._upsert(resource, new.values, *new.external)
            body = self._client.send("POST", f"{INVENTORY}/{resource.path}", json=body_of(new.values)).body
            return Done(str(body[resource.one][resource.id]))
        except VendorRefusal as refusal:
            return Refused(refusal.code, refusal.message, refusal.field)

    def _upsert(self, resource: Resource, values: Mapping[str, Any], field: str, value: str) -> Result:
        """`PUT /books/v3/{resource}` with a unique custom field creates at most once, however often it is sent.

        Inventory documents no such call; both doors open on one store (Zoho Books v3 docs, headers
        X-Unique-Identifier-Key, X-Unique-Identifier-Value, X-Upsert).
        """
        headers = {"X-Unique-Identifier-Key": field, "X-Unique-Identifier-Value": value, "X-Upsert": "true"}
        answer = self._client.send(
            "PUT", f"{BOOKS}/{resource.path}", json=body_of(values), headers=headers, repeatable=True
        )
        row = answer.body[resource.one]
        self._fresh[str(row[resource.id])] = row
        if isinstance(row.get("contact_persons"), list):  # the answer is a detail: no need to list them
            self._remember_persons(str(row[resource.id]), row["contact_persons"])
        return Done(str(row[resource.id]))

    def read_for_check(self, object_: str, record: str, field_: str) -> Any:
        """From the answer to the creation, or of a document past its draft from the read, of this run; else read."""
        row = self._fresh.get(record)
        return super().read_for_check(object_, record, field_) if row is None else dig(row, field_)

    def _create_person(self, new: New) -> Result:
        """Persons have no external id: after any doubt the contact's persons are read before a second try."""
        contact = str(new.values["contact_id"])
        if new.again and (known := self._same_person(contact, new.values)):
            return Done(known)
        for _attempt in range(2):
            try:
                body = self._client.send("POST", f"{INVENTORY}/contacts/contactpersons", json=body_of(new.values)).body
            except Doubtful:
                if known := self._same_person(contact, new.values):
                    return Done(known)
                continue
            row = body["contact_person"]
            row = row[0] if isinstance(row, list) else row
            identity = str(row["contact_person_id"])
            self._parents[identity] = contact
            self._persons.pop(contact, None)
            self._remember_primary(contact, row)
            return Done(identity)
        return Refused("DOUBTFUL", "the answer to the creation was lost twice and the person is not there")

    def _same_person(self, contact: str, values: Mapping[str, Any]) -> str | None:
        def known_by(row: Mapping[str, Any]) -> tuple[Any, ...]:
            return tuple(canonical(row.get(name), "text") for name in ("first_name", "last_name", "email"))

        rows = self._persons_of(contact, again=True)
        found = [str(row["contact_person_id"]) for row in rows if known_by(row) == known_by(values)]
        if len(found) != 1:
            return None
        self._parents[found[0]] = contact
        return found[0]

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Only changed keys, beside those an update requires; neighbours within an address stay as they are."""
        return [self._update_one(object_, change) for change in changes]

    def _update_one(self, object_: str, change: Change) -> Result:
        current, resource = change.current.values, RESOURCES.get(object_)
        body: Any = body_of(change.values, current, clearing=True)
        if resource is None:
            path = f"{INVENTORY}/contacts/contactpersons/{change.id}"
            required: tuple[str, ...] = ("contact_id", "first_name")
            current = {**current, "contact_id": self._parents[change.id]}
        elif resource.fields and body.keys() == {"custom_fields"}:
            path, required = f"{resource.fields}/{resource.one}/{change.id}/customfields", ()
            body = body["custom_fields"]
        else:
            path, required = f"{INVENTORY}/{resource.path}/{change.id}", resource.required
        if required:
            body = {name: current[name] for name in required if current.get(name) not in (None, "")} | body
        try:
            self._client.send("PUT", path, json=body)
        except VendorRefusal as refusal:
            return Missing() if refusal.is_missing else Refused(refusal.code, refusal.message, refusal.field)
        self._fresh.pop(change.id, None)
        return Done(change.id)

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """A partial update each; through `PUT /{one}/{id}/customfields` (items; orders: Books docs) without a read."""
        results: dict[str, Result] = {}
        for record, value in ids.items():
            try:
                alone = object_ in RESOURCES and RESOURCES[object_].fields
                current = _UNREAD if alone else self._read_one(object_, record, [])
                change = Change(record, {field_: value}, current or _UNREAD)
                results[record] = Missing() if current is None else self._update_one(object_, change)
            except VendorRefusal as refusal:
                results[record] = Refused(refusal.code, refusal.message, refusal.field)
        return results

    def act(self, object_: str, record: str, action: str) -> Result:
        """`POST …/active`, `…/inactive`, `…/status/confirmed`. A document that has left draft is past its confirmation."""
        resource = RESOURCES.get(object_)
        if resource is None:
            return Refused("NO_ACTION", f"{object_} have no action {action}")
        if resource.actions and self.read_for_check(object_, record, "status") not in ("draft", None):
            return Done(record, changed=False)
        try:
            self._client.send(
                "POST", f"{INVENTORY}/{resource.path}/{record}/{resource.actions}{action}", repeatable=True
            )
        except VendorRefusal as refusal:
            return Refused(refusal.code, refusal.message, refusal.field)
        return Done(record)

    def make_primary(self, object_: str, record: str) -> Result:  # noqa: ARG002 - only persons have a primary one
        """`POST /contacts/contactpersons/{id}/primary`, unless the vendor says that it is."""
        contact = self._parents.get(record)
        if contact is not None and contact not in self._primary:
            self._persons_of(contact, again=False)
        if contact is not None and self._primary.get(contact) == record:
            return Done(record, changed=False)
        try:
            self._client.send("POST", f"{INVENTORY}/contacts/contactpersons/{record}/primary", repeatable=True)
        except VendorRefusal as refusal:
            return Refused(refusal.code, refusal.message, refusal.field)
        if contact is not None:
            self._primary[contact] = record
        return Done(record)

    def lookup(self, kind: str, value: Any) -> Any:
        """Taxes by name, read once."""
        if kind != "taxes":
            return None
        if self._taxes is None:
            rows = self._client.get(f"{INVENTORY}/settings/taxes").body.get("taxes", [])
            self._taxes = {str(row["tax_name"]).strip().casefold(): str(row["tax_id"]) for row in rows}
        named = value[0] if isinstance(value, list) else value
        name = named.get("name") if isinstance(named, Mapping) else named
        return self._taxes.get(str(name).strip().casefold())

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """A plain stream goes to the resource of its name: by its id, or by one unique custom field (Books door)."""
        return [self._upsert_plain(stream, keys, record) for record in records]

    def _upsert_plain(self, stream: str, keys: Sequence[str], record: Mapping[str, Any]) -> Result:
        resource = RESOURCES.get(stream)
        if resource is None:
            return Refused("NO_RESOURCE", f"{stream} is none of: {', '.join(sorted(RESOURCES))}")
        try:
            if list(keys) == [resource.id]:
                current = self._read_one(stream, str(record[resource.id]), [])
                if current is None:
                    return Missing()
                values = {name: value for name, value in record.items() if name != resource.id}
                return self._update_one(stream, Change(str(record[resource.id]), values, current))
            if len(keys) == 1 and keys[0].startswith("cf_"):
                return self._upsert(resource, record, keys[0], str(record[keys[0]]))
        except VendorRefusal as refusal:
            return Refused(refusal.code, refusal.message, refusal.field)
        return Refused("NO_KEY", f"{stream}: the key must be {resource.id} or one unique custom field (cf_…)")
