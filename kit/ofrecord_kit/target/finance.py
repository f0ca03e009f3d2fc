"""The finance APIs as a destination: two doors to one organisation's store, driven by declarations of its resources.

Sources: Zoho Inventory v1 and Zoho Books v3 docs; the facts of single resources stand where they are declared.
The finance APIs have no `If-Unmodified-Since`: records are read as late as possible and written at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ofrecord_kit.dotted import dig
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.plan.facts import Fact
from ofrecord_kit.plan.sums import exact
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Change, Current, Destination, Done, Missing, New, Refused, Result
from ofrecord_kit.target.finance_bodies import after_of, body_of, kept_row, merged_rows
from ofrecord_kit.target.finance_creating import Creator, own_number
from ofrecord_kit.target.finance_facts import facts_of
from ofrecord_kit.target.finance_mail import Mail
from ofrecord_kit.target.finance_plain import Plain, no_key, no_resource
from ofrecord_kit.target.finance_reading import Reader, agrees
from ofrecord_kit.target.finance_refusals import refused
from ofrecord_kit.target.finance_resources import Resource
from ofrecord_kit.target.finance_settings import Settings
from ofrecord_kit.target.finance_shapes import shaped_row
from ofrecord_kit.target.notices import Document
from ofrecord_kit.vendors.finance import INVENTORY

_UNREAD = Current({}, datetime.min.replace(tzinfo=UTC))
_VOIDED = "Void it instead (action `void`): documents are part of the books and are never deleted."
_VOID = "Somebody voided it on purpose: make a new document, or drop this."


class Finance(Destination):
    """Writes one organisation. A subclass names its `resources`."""

    batch_size = 50
    resources: Mapping[str, Resource]

    def __init__(self, client: Counted) -> None:
        super().__init__(client)
        self._reader = Reader(client, self.resources)
        self._settings = Settings(client)
        self._creator = Creator(client, self._reader)
        self._mail = Mail(client, self._reader)
        self._taxes: Sequence[Mapping[str, Any]] | None = None
        self._facts: dict[str, Mapping[str, Fact]] = {}

    def note(self, object_: str, record: str, values: Mapping[str, Any]) -> None:
        """A person is reached through its contact: remember whose it is."""
        resource = self.resources.get(object_)
        if resource and resource.parent and values.get(resource.parent) is not None:
            self._reader.parents[record] = str(values[resource.parent])

    def facts(self, object_: str, *, fresh: bool = False) -> Mapping[str, Fact]:  # noqa: ARG002 - facts of documents do not age
        """From the vendor's documents, without a call. An id is told, not written; a status may have an action.

        What tells the kinds of an object apart is left to the vendor: a record without it would get the default.
        """
        if object_ in self._facts:
            return self._facts[object_]
        resource = self.resources.get(object_)
        besides = {*self.discriminators, *([resource.id] if resource else [])}
        besides |= {"status"} if resource and resource.actions else set()
        found = {name: fact for name, fact in facts_of(object_).items() if name not in besides}
        return self._facts.setdefault(object_, found)

    def shaped(self, stream: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `finance_shapes`; a stream that names no resource is answered by `upsert`."""
        resource = self.resources.get(stream)
        return record if resource is None else shaped_row(stream, resource, record, facts_of(stream))

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """See `Reader.read`."""
        return self._reader.read(object_, ids, fields)

    def unmoved(self, object_: str, times: Mapping[str, datetime]) -> dict[str, Current]:
        """See `Reader.unmoved`."""
        return self._reader.unmoved(object_, times) if self.resources[object_].dated else {}

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """See `Reader.find`."""
        return self._reader.find(object_, field_, values, form, among)

    def names(self, object_: str, field_: str, among: Mapping[str, Any]) -> list[tuple[str, str]]:
        """From the list, read once a run."""
        resource = self.resources[object_]
        rows = [] if resource.parent else self._reader.listed(object_)
        return [(str(row[resource.id]), str(row[field_])) for row in rows if row.get(field_) and agrees(row, among)]

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """One call each; see `finance_creating` for what makes it safe."""
        results = [self._creator.create(object_, new) for new in records]
        for result in results:
            if isinstance(result, Done):
                self._mail.remember(object_, result.id)
        return results

    def creates_at_once(self, object_: str, number: int) -> int:  # noqa: ARG002 - the same for all
        """A call makes one, and a day may end after any."""
        return 1

    def updates_at_once(self, object_: str, number: int) -> int:  # noqa: ARG002 - the same for all
        """As `creates_at_once`."""
        return 1

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Only changed keys, beside those an update requires; neighbours in objects and rows stay as they are."""
        return [self._update_one(object_, change) for change in changes]

    def _update_one(self, object_: str, change: Change) -> Result:
        resource, current = self.resources[object_], change.current.values
        if resource.parent:
            current = {**current, resource.parent: self._reader.parents[change.id]}
        body: Any = body_of(change.values, current, clearing=True)
        params: dict[str, str] = {}
        if resource.fields and body.keys() == {"custom_fields"}:
            path, body = resource.fields.format(id=change.id), body["custom_fields"]
        else:
            body, params = self._whole(resource, body, current)
            path = f"{resource.door(body)}/{resource.path}/{change.id}"
            self._mail.forget(change.id)  # what is told of a document are its number and lines, no custom fields
        try:
            answer = self._client.send("PUT", path, json=body, params=params)
        except VendorRefusal as refusal:
            gone = refusal.is_missing and self._reader.read_one(object_, change.id, []) is None
            return Missing() if gone else refused(refusal)
        self._reader.forget(change.id)
        told = (answer.body or {}).get(resource.one) if resource.dated else None
        return Done(change.id, after=after_of(told, answer.read_at) if told else None)

    def _whole(
        self, resource: Resource, body: dict[str, Any], current: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """A body with what an update repeats, its rows with their ids and neighbours; and the query it goes with."""
        number = own_number(resource, body)
        for name, rows in resource.lists.items():
            if name in body:
                body[name] = merged_rows(body[name] or (), current.get(name) or (), rows)
        for name in resource.required:
            there = current.get(name)
            if name in body or there in (None, "", []):
                continue
            rows_there = resource.lists.get(name)
            body[name] = [kept_row(row, rows_there) for row in there] if rows_there else there
        query = {name: str(current[name]) for name in resource.query_update if current.get(name) not in (None, "")}
        return body, {**query, **number}

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """A partial update each; where custom fields are written alone, without a read."""
        results: dict[str, Result] = {}
        for record, value in ids.items():
            try:
                alone = object_ in self.resources and self.resources[object_].fields
                current = _UNREAD if alone else self._reader.read_one(object_, record, [])
                change = Change(record, {field_: value}, current or _UNREAD)
                results[record] = Missing() if current is None else self._update_one(object_, change)
            except VendorRefusal as refusal:
                results[record] = refused(refusal)
        return results

    def act(self, object_: str, record: str, action: str) -> Result:
        """A status action, or `delete`. What is past an action takes none: nothing is sent."""
        resource = self.resources.get(object_)
        if resource is not None and action == "delete":
            return self._delete(object_, resource, record)
        if resource is None or action not in resource.actions:
            known = (
                ", ".join(sorted([*resource.actions, *(["delete"] if resource.deletable else [])])) if resource else ""
            )
            said = f"{object_} have no action {action}" + (f"; they have: {known}" if known else "")
            return Refused("NO_ACTION", said, fix="Name one of these in the rules." if known else None)
        taken = resource.actions[action]
        if taken.only_from or taken.status:
            status = self.read_for_check(object_, record, "status")
            if taken.only_from and status == "void":
                return Refused("VOID", f"it is void there, and {action} would not bring it back", fix=_VOID)
            past = taken.only_from and status not in (*taken.only_from, None)
            if past or (taken.status and status == taken.status):
                return Done(record, changed=False)
        try:
            self._client.send("POST", taken.path.format(id=record), repeatable=True)
        except VendorRefusal as refusal:
            return refused(refusal)
        self._reader.forget(record)
        return Done(record)

    def _delete(self, object_: str, resource: Resource, record: str) -> Result:
        """Inactive first; then away with it if the vendor lets it. A lost answer is asked again: gone is gone."""
        if not resource.deletable:
            return Refused("NEVER_DELETED", f"{object_} are never deleted", fix=_VOIDED)
        stays = ""
        if "inactive" in resource.actions:
            done = self.act(object_, record, "inactive")
            if isinstance(done, Refused) and done.code != "1002":
                return done
            stays = "it is inactive now and stays so: "
        try:
            self._client.send("DELETE", f"{resource.root}/{resource.path}/{record}")
        except VendorRefusal as refusal:
            if not refusal.is_missing:
                return refused(refusal, stays)
            return Done(record, changed=False)
        self._reader.forget(record)
        return Done(record)

    def read_for_check(self, object_: str, record: str, field_: str) -> Any:
        """From the answer to the creation, or of a document past its draft from the read, of this run; else read."""
        row = self._reader.fresh.get(record)
        return super().read_for_check(object_, record, field_) if row is None else dig(row, field_)

    def figures(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """As `read_for_check`, of several fields at once."""
        row = self._reader.fresh.get(record)
        return super().figures(object_, record, fields) if row is None else {name: dig(row, name) for name in fields}

    def make_primary(self, object_: str, record: str) -> Result:
        """`POST /contacts/contactpersons/{id}/primary`, unless the vendor says that it is."""
        reader, resource = self._reader, self.resources[object_]
        contact = reader.parents.get(record)
        if contact is not None and contact not in reader.primary:
            reader.children(resource, contact)
        if contact is not None and reader.primary.get(contact) == record:
            return Done(record, changed=False)
        try:
            self._client.send("POST", f"{INVENTORY}/{resource.path}/{record}/primary", repeatable=True)
        except VendorRefusal as refusal:
            return refused(refusal)
        if contact is not None:
            reader.primary[contact] = record
        return Done(record)

    def document(self, object_: str, record: str) -> Document | None:
        """See `finance_mail`."""
        return self._mail.document(object_, record)

    def mail(self, object_: str, record: str, to: Sequence[str], subject: str, body: str) -> Done | Refused:
        """See `finance_mail`."""
        return self._mail.send(object_, record, to, subject, body)

    def was_mailed(self, object_: str, record: str, to: Sequence[str]) -> bool | None:
        """See `finance_mail`."""
        return self._mail.was_sent(object_, record, to)

    def here(self) -> datetime:
        """See `finance_settings`."""
        return self._settings.here

    def lookup(self, kind: str, value: Any) -> Any:
        """Taxes by name, read once."""
        if kind != "taxes":
            return self._settings.lookup(kind, value)
        taxes = {str(row["tax_name"]).strip().casefold(): str(row["tax_id"]) for row in self._all_taxes()}
        named = value[0] if isinstance(value, list) else value
        name = named.get("name") if isinstance(named, Mapping) else named
        return taxes.get(str(name).strip().casefold())

    def percentage(self, kind: str, value: Any) -> Decimal | None:
        """Of a tax by its id ("Taxes", `tax_percentage`; of a group the sum of its taxes)."""
        rows = self._all_taxes() if kind == "taxes" else []
        return next((exact(row.get("tax_percentage")) for row in rows if str(row["tax_id"]) == str(value)), None)

    def _all_taxes(self) -> Sequence[Mapping[str, Any]]:
        if self._taxes is None:
            self._taxes = self._client.get(f"{INVENTORY}/settings/taxes").body.get("taxes", [])
        return self._taxes

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """A plain stream goes to the resource of its name; see `finance_plain`."""
        resource = self.resources.get(stream)
        if resource is None or not keys:
            return [no_resource(stream, self.resources) if resource is None else no_key(stream, resource)] * len(
                records
            )
        return Plain(self, self._reader, self._creator, stream, keys).upsert(records)
