"""How Zoho CRM v8 is written to: batches of 100, per-record results, partial updates guarded by the moment of the read.

Sources: Zoho CRM v8 docs, "Get Records", "Update Records", "Upsert Records", "Records through a COQL Query".
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.plan import Fact, canonical, match_form
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import (
    Change,
    Current,
    Done,
    Missing,
    New,
    Refused,
    Result,
    Stale,
    chunks,
)
from ofrecord_kit.target.keyed import Keyed, upsert_rows
from ofrecord_kit.target.permitted import FactStore
from ofrecord_kit.vendors import crm_doubts
from ofrecord_kit.vendors.crm import (
    ACTIVE_FIELDS,
    BULK_ROWS,
    NOT_LISTED_TYPES,
    RECORDS_A_WRITE,
    REMEDIES,
    ROOT,
)
from ofrecord_kit.vendors.crm_answers import doubts_metadata, is_complete, refused, results_of, told_by_id
from ofrecord_kit.vendors.crm_beside import Beside, is_beside
from ofrecord_kit.vendors.crm_bulk import NO_RESULT, Bulk, can_be_bulk
from ofrecord_kit.vendors.crm_by_id import ById
from ofrecord_kit.vendors.crm_coql import (
    COLUMNS_A_QUERY,
    TIMES,
    VALUES_A_QUERY,
    among_rows,
    current_of,
    key_of,
    one_of,
    rows_where,
)
from ofrecord_kit.vendors.crm_fields import facts_of, forms_of, shaped_row
from ofrecord_kit.vendors.crm_files import Files
from ofrecord_kit.vendors.crm_here import WithClock
from ofrecord_kit.vendors.crm_related import RelatedLists

_SUBFORMS = frozenset({"Quoted_Items", "Ordered_Items", "Invoiced_Items", "Purchased_Items", "Pricing_Details"})
"""Not returned by list calls ("Get Records"); their rows are appended unless they carry ids ("Update Subform Data")."""

logger = logging.getLogger(__name__)
Row = Mapping[str, Any]


class Crm(RelatedLists, Files, WithClock):
    """Writes modules of one CRM organisation. `trigger` names what may run on a write."""

    batch_size = RECORDS_A_WRITE
    line_id = "id"
    facts_are_whole = True

    def __init__(self, client: Counted, facts: FactStore, *, trigger: Sequence[str] = (), bulk_above: int = 0) -> None:
        super().__init__(client)
        self._bulk_above = bulk_above
        self._bulk = Bulk(client)
        self._by_id = ById(client, lambda module: self.facts(module, fresh=True))
        self._facts = facts
        if bulk_above:
            self.rows_gathered = min(max(self.rows_gathered, bulk_above + 1), BULK_ROWS)
        self._running = {"trigger": list(trigger), "skip_feature_execution": [{"name": "cadences"}]}
        self._fires = "true" if "workflow" in trigger else "false"

    def reference(self, identity: str) -> Any:
        """Lookups are written as `{"id": …}`."""
        return {"id": identity}

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """See `crm_by_id`; subforms come with single records alone."""
        return self._by_id.read(object_, ids, [name for name in fields if name not in _SUBFORMS])

    def read_lines(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """The rows of a subform come with a single record alone ("Get Records")."""
        answer = self._client.get(f"{ROOT}/{object_}/{record}", params={"fields": ",".join(fields)})
        rows = (answer.body or {}).get("data", [])
        return rows[0] if rows else {}

    def removed_line(self, identity: str) -> Mapping[str, Any] | None:
        """A row that is not mentioned stays ("Update Subform Data")."""
        return {"id": identity, "_delete": None}

    def facts(self, object_: str, *, fresh: bool = False) -> Mapping[str, Fact]:
        """The field metadata of a module; nothing for what is none, or when the token may not read it ("Fields")."""
        if is_beside(object_):
            return {}
        return self._facts.of(object_, lambda: self._ask_facts(object_), fresh=fresh)

    def _ask_facts(self, object_: str) -> dict[str, Fact]:
        try:
            answer = self._client.get(f"{ROOT}/settings/fields", params={"module": object_})
        except VendorRefusal:
            return {}
        except PermissionMissing as error:
            logger.warning("Field metadata of %s cannot be read; the vendor judges each value. %s", object_, error)
            return {}
        return facts_of((answer.body or {}).get("fields", []))

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """COQL `in`, 100 values a call. Search is not used: its index lags and `equals` means contains."""
        del among
        by_form: dict[Any, list[str]] = {}
        for some in chunks(list(dict.fromkeys(str(value) for value in values)), VALUES_A_QUERY):
            for row, _read_at in rows_where(self._client, object_, [field_], [one_of(field_, some)]):
                by_form.setdefault(match_form(row.get(field_), form), []).append(str(row["id"]))
        return {value: by_form.get(match_form(value, form), []) for value in values}

    def names(self, object_: str, field_: str, among: Mapping[str, Any]) -> list[tuple[str, str]]:
        """COQL, 2,000 rows a query."""
        del among
        rows = rows_where(self._client, object_, [field_], [f"{field_} is not null"])
        return [(str(row["id"]), str(row[field_])) for row, _read_at in rows]

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """Upsert on our own external field and nothing else; names would merge strangers ("Upsert Records").

        The vendor checks its other unique fields, too, and would write to whatever it finds by them. So they are looked up
        first; an update that happens all the same is reported as refused, never taken for a success.
        """
        results: dict[int, Result] = {}
        groups: dict[str | None, list[int]] = {}
        for number, new in enumerate(records):
            groups.setdefault(new.external[0] if new.external else None, []).append(number)
        for field, numbers in groups.items():
            if field is not None and self._is_bulk(object_, field, [records[number].values for number in numbers]):
                results |= self._create_bulk(object_, field, {number: records[number].values for number in numbers})
                continue
            path = object_ if field is None else f"{object_}/upsert"
            for some in chunks(numbers, RECORDS_A_WRITE):
                if field is not None:
                    results |= self._strangers(object_, field, {number: records[number].values for number in some})
                rest = [number for number in some if number not in results]
                rows = [records[number].values for number in rest]
                sent = self._write("POST", path, rows, repeatable=field is not None, found_by=field) if rows else []
                results |= dict(zip(rest, sent, strict=True))
        return [results[number] for number in range(len(records))]

    def creates_at_once(self, object_: str, number: int) -> int:
        """A file of a bulk write job above the threshold."""
        del object_
        return BULK_ROWS if 0 < self._bulk_above < number else self.batch_size

    def _is_bulk(self, module: str, key: str, rows: Sequence[Row]) -> bool:
        facts = self.facts(module)
        return 0 < self._bulk_above < len(rows) and key in facts and can_be_bulk(module, key, rows, facts)

    def _create_bulk(self, module: str, key: str, rows: Mapping[int, Row]) -> dict[int, Result]:
        results: dict[int, Result] = {}
        for some in chunks(list(rows), VALUES_A_QUERY):
            results |= self._strangers(module, key, {number: rows[number] for number in some})
        for some in chunks([number for number in rows if number not in results], BULK_ROWS):
            sent = self._bulk.upsert(module, key, [rows[number] for number in some], self.facts(module))
            results |= zip(some, sent, strict=True)
        silent = [number for number, one in results.items() if isinstance(one, Refused) and one.code == NO_RESULT]
        found = crm_doubts.keyed(self._client, module, key, [rows[number] for number in silent], {})
        return results | dict(zip(silent, found, strict=True))

    def _strangers(self, object_: str, key: str, rows: Mapping[int, Row]) -> dict[int, Result]:
        """Rows of which another record holds a unique value."""
        found: dict[int, Result] = {}
        for name in [name for name, fact in self.facts(object_).items() if fact.unique and name != key]:
            values = {canonical(row[name]): row[name] for row in rows.values() if row.get(name) not in (None, "")}
            if not values:
                continue
            condition = one_of(name, [str(value) for value in values.values()])
            holders = {
                canonical(row[name]): row for row, _at in rows_where(self._client, object_, [name, key], [condition])
            }
            for number, row in rows.items():
                holder = holders.get(canonical(row.get(name)))
                if holder is not None and row.get(name) and canonical(holder.get(key)) != canonical(row[key]):
                    fix = f"{REMEDIES['DUPLICATE_DATA']} It is record {holder['id']}."
                    found[number] = Refused("DUPLICATE_DATA", "duplicate data", name, fix)
        return found

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Partial updates; a record changed since it was read comes back stale ("Update Records", 412).

        The guard holds for a whole call: of records read at different times the earliest moment counts, which can only
        make one stale that is not.
        """
        results: dict[int, Result] = {}
        for some in chunks(sorted(enumerate(changes), key=lambda pair: pair[1].current.read_at), RECORDS_A_WRITE):
            rows = [{**change.values, "id": change.id} for _number, change in some]
            moment = some[0][1].current.read_at.astimezone(UTC).isoformat(timespec="seconds")
            answers = self._write("PUT", object_, rows, headers={"If-Unmodified-Since": moment})
            results |= {number: result for (number, _change), result in zip(some, answers, strict=True)}
        return [results[number] for number in range(len(changes))]

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """External ids of the other system, 100 a call; nobody else writes this field, so no guard is needed."""
        results: list[Result] = []
        for some in chunks([{"id": record, field_: value} for record, value in ids.items()], RECORDS_A_WRITE):
            results += self._write("PUT", object_, some)
        return dict(zip(ids, results, strict=True))

    def act(self, object_: str, record: str, action: str) -> Result:
        """`active`, `inactive` where the module has a field for it, and `delete`, which takes out of use first."""
        field = ACTIVE_FIELDS.get(object_)
        switch = field if field in self.facts(object_) else None
        off: Result = Done(record, changed=False)
        if switch and action in {"active", "inactive", "delete"}:
            [off] = self._write("PUT", object_, [{"id": record, switch: action == "active"}])
            if isinstance(off, Stale):
                off = Refused(NO_RESULT, "the CRM answered without a result for it")
            if action != "delete":
                return off
        if action != "delete":
            return super().act(object_, record, action)
        gone = off if isinstance(off, Missing) else self._delete(object_, record)
        if isinstance(gone, Missing) and not self.read(object_, [record], []):
            return Done(record, changed=False)
        if isinstance(gone, Missing):
            gone = Refused("NOT_DELETED", "record not deleted", fix="Delete it in the CRM.")
        if isinstance(gone, Refused) and switch and isinstance(off, Done):
            return replace(gone, message=f"{gone.message}; it stays inactive")
        return gone

    def shaped(self, stream: str, record: Row) -> Row:
        """A plain record in the form of the module's fields. Raises Stop for a property that is no field of it."""
        if is_beside(stream):
            return record
        return shaped_row(stream, record, self.facts(stream), _SUBFORMS)

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Row]) -> list[Result]:
        """A plain stream goes to the module of its name, found by `id` or by its key properties.

        What is the same is not written. A record without counterpart is created through an upsert on its key where that is
        one unique field; else by an insert, whose lost answer ends the run: the next one looks it up.
        """
        if is_beside(stream):
            return Beside(self._client).write(stream, records)
        if not keys:
            return self.create(stream, [New(record) for record in records])
        unique = len(keys) == 1 and self.facts(stream).get(keys[0], Fact()).unique
        forms, creates = forms_of(self.facts(stream)), list(keys) != ["id"]
        keyed = Keyed(stream, keys, lambda rows: self._look_up(stream, keys, rows), forms, unique, creates)
        try:
            return upsert_rows(self, keyed, records)
        except VendorRefusal as refusal:
            return [refused(refusal)] * len(records)

    def _look_up(self, module: str, keys: Sequence[str], rows: Sequence[Row]) -> list[Mapping[str, Current]]:
        """For each row the records with its key, and what they hold of its other properties: one query per 100."""
        types = {name: fact.type for name, fact in self.facts(module).items()}
        found: list[Mapping[str, Current]] = []
        for some in chunks(rows, VALUES_A_QUERY):
            names = list(dict.fromkeys(name for row in some for name in row if name not in keys))
            lines = [name for name in names if name in _SUBFORMS or types.get(name) == "subform"]
            plain = [name for name in names if name not in lines and types.get(name) not in NOT_LISTED_TYPES]
            there = self._by_key(module, keys, some, plain)
            known = [there.get(key_of(row, keys), {}) for row in some]
            found += [self._with_lines(module, one, lines) for one in known] if lines else known
        return found

    def _by_key(
        self, module: str, keys: Sequence[str], rows: Sequence[Row], names: Sequence[str]
    ) -> dict[Any, dict[str, Current]]:
        there: dict[Any, dict[str, Current]] = {}
        if list(keys) == ["id"]:
            for identity, current in self.read(module, [str(row["id"]) for row in rows], names).items():
                there[key_of({"id": identity}, keys)] = {identity: current}
            return there
        narrow = len(names) + len(keys) + len(TIMES) < COLUMNS_A_QUERY
        columns = list(dict.fromkeys([*keys, *(names if narrow else ()), *TIMES]))
        for row, read_at in rows_where(self._client, module, columns, among_rows(keys, rows, self.facts(module))):
            there.setdefault(key_of(row, keys), {})[str(row["id"])] = current_of(row, read_at)
        if narrow:
            return there
        whole = self.read(module, [identity for some in there.values() for identity in some], names)
        return {key: {one: whole[one] for one in some if one in whole} for key, some in there.items()}

    def _with_lines(self, module: str, there: Mapping[str, Current], names: Sequence[str]) -> Mapping[str, Current]:
        """What is ambiguous is not written, so its lines do not matter."""
        if len(there) != 1:
            return there
        [(identity, current)] = there.items()
        rows = self.read_lines(module, identity, names)
        return {identity: replace(current, lines={name: rows.get(name) or () for name in names})}

    def _write(
        self, method: str, path: str, rows: Sequence[Row], *, repeatable: bool = True, found_by: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[Result]:  # fmt: skip
        """At most 100 rows. `found_by`: the only field an upsert may find a record by. Raises Doubtful."""
        body: dict[str, Any] = {"data": [dict(row) for row in rows], **self._running}
        if found_by is not None:
            body["duplicate_check_fields"] = [found_by]
        try:
            answer = self._client.send(method, f"{ROOT}/{path}", json=body, headers=headers, repeatable=repeatable)
        except VendorRefusal as refusal:
            return [refused(refusal)] * len(rows)
        module = path.partition("/")[0]
        if doubts_metadata(answer):
            self._facts.forget(module)
        if is_complete(answer, len(rows)):
            return results_of(answer, len(rows), found_by)
        told = told_by_id(answer, found_by)
        if method == "PUT":
            return crm_doubts.updated(rows, told)
        if found_by is not None:
            return crm_doubts.keyed(self._client, module, found_by, rows, told)
        return crm_doubts.inserted(rows, told, lambda names: self.read(module, list(told), names) if told else {})

    def _delete(self, module: str, record: str) -> Result:
        params = {"ids": record, "wf_trigger": self._fires}
        try:
            return results_of(self._client.send("DELETE", f"{ROOT}/{module}", params=params), 1)[0]
        except VendorRefusal as refusal:
            return refused(refusal)
