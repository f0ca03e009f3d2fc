"""How Zoho CRM v8 is written to: batches of 100, per-record results, partial updates guarded by the moment of the read.

Sources: Zoho CRM v8 docs, "Get Records", "Update Records", "Upsert Records", "Records through a COQL Query".
Every write carries `"trigger": []`: no workflow, approval or blueprint fires on what a sync writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.plan import match_form
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.destination import (
    Change,
    Current,
    Destination,
    Done,
    Missing,
    New,
    Refused,
    Result,
    Stale,
    chunks,
)
from ofrecord_kit.vendors.crm import FIELDS_A_CALL, RECORDS_A_WRITE, ROOT

_TIMES = ("Modified_Time", "Created_Time")
_SUBFORMS = frozenset({"Quoted_Items", "Ordered_Items", "Invoiced_Items", "Purchased_Items", "Pricing_Details"})
"""Not returned by list calls ("Get Records"); their rows are appended unless they carry ids ("Update Subform Data")."""
_VALUES_A_QUERY = 100


class Crm(Destination):
    """Writes modules of one CRM organisation."""

    batch_size = RECORDS_A_WRITE
    line_id = "id"

    def reference(self, identity: str) -> Any:
        """Lookups are written as `{"id": …}`."""
        return {"id": identity}

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """List calls by id, 100 ids and at most 50 fields each; the read moment is the vendor's own."""
        names = [name for name in fields if name not in _SUBFORMS]
        parts: dict[str, dict[str, Any]] = {}
        moments: dict[str, datetime] = {}
        for some in chunks(list(dict.fromkeys(ids)), RECORDS_A_WRITE):
            for columns in chunks(names or ["id"], FIELDS_A_CALL - len(_TIMES)):
                wanted = ",".join(dict.fromkeys([*columns, *_TIMES]))
                answer = self._client.get(f"{ROOT}/{object_}", params={"ids": ",".join(some), "fields": wanted})
                for row in (answer.body or {}).get("data", []):
                    parts.setdefault(str(row["id"]), {}).update(row)
                    moments.setdefault(str(row["id"]), answer.read_at)
        return {
            identity: Current(
                row, moments[identity], instant(row.get("Modified_Time")), instant(row.get("Created_Time"))
            )
            for identity, row in parts.items()
        }

    def read_lines(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """The rows of a subform come with a single record alone ("Get Records")."""
        answer = self._client.get(f"{ROOT}/{object_}/{record}", params={"fields": ",".join(fields)})
        rows = (answer.body or {}).get("data", [])
        return rows[0] if rows else {}

    def removed_line(self, identity: str) -> Mapping[str, Any] | None:
        """A row that is not mentioned stays ("Update Subform Data")."""
        return {"id": identity, "_delete": None}

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """COQL `in`, 100 values a call. Search is not used: its index lags and `equals` means contains."""
        del among
        by_form: dict[Any, list[str]] = {}
        for some in chunks(list(dict.fromkeys(str(value) for value in values)), _VALUES_A_QUERY):
            quoted = ", ".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in some)
            query = f"select id, {field_} from {object_} where {field_} in ({quoted}) limit 2000"  # noqa: S608 - COQL; values are escaped above
            answer = self._client.send("POST", f"{ROOT}/coql", json={"select_query": query}, repeatable=True)
            for row in (answer.body or {}).get("data", []):
                by_form.setdefault(match_form(row.get(field_), form), []).append(str(row["id"]))
        return {value: by_form.get(match_form(value, form), []) for value in values}

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """Upsert on our own external field and nothing else; names would merge strangers ("Upsert Records").

        The vendor checks its other unique fields, too: an update of a record found by one of those is reported as
        refused, never taken for a success.
        """
        results: list[Result] = []
        for has_key, group in groupby(records, lambda new: new.external is not None):
            for some in chunks(list(group), RECORDS_A_WRITE):
                rows = [dict(new.values) for new in some]
                if not has_key:
                    results += self._write("POST", f"{ROOT}/{object_}", rows, repeatable=False)
                    continue
                field = some[0].external[0] if some[0].external else ""
                results += self._write(
                    "POST", f"{ROOT}/{object_}/upsert", rows, repeatable=True, keys=[field], found_by=field
                )
        return results

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Partial updates; a record changed since it was read comes back stale ("Update Records", 412)."""
        results: dict[int, Result] = {}
        numbered = sorted(enumerate(changes), key=lambda pair: pair[1].current.read_at)
        for moment, group in groupby(numbered, lambda pair: pair[1].current.read_at):
            for some in chunks(list(group), RECORDS_A_WRITE):
                rows = [{"id": change.id, **change.values} for _number, change in some]
                headers = {"If-Unmodified-Since": moment.astimezone(UTC).isoformat(timespec="seconds")}
                answers = self._write("PUT", f"{ROOT}/{object_}", rows, repeatable=True, headers=headers)
                results.update({number: result for (number, _change), result in zip(some, answers, strict=True)})
        return [results[number] for number in range(len(changes))]

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """External ids of the other system, 100 a call; nobody else writes this field, so no guard is needed."""
        rows = [{"id": record, field_: value} for record, value in ids.items()]
        results: list[Result] = []
        for some in chunks(rows, RECORDS_A_WRITE):
            results += self._write("PUT", f"{ROOT}/{object_}", list(some), repeatable=True)
        return dict(zip(ids, results, strict=True))

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """A plain stream goes to the module of its name: by `id`, or upserted on its one key, a unique field there."""
        results: list[Result] = []
        for some in chunks(records, RECORDS_A_WRITE):
            rows = [dict(row) for row in some]
            if list(keys) == ["id"]:
                for row in rows:
                    row["id"] = str(row["id"])
                results += self._write("PUT", f"{ROOT}/{stream}", rows, repeatable=True)
            elif keys:
                results += self._write("POST", f"{ROOT}/{stream}/upsert", rows, repeatable=True, keys=list(keys))
            else:
                results += self._write("POST", f"{ROOT}/{stream}", rows, repeatable=False)
        return results

    def _write(
        self, method: str, path: str, rows: list[dict[str, Any]], *, repeatable: bool,
        keys: list[str] | None = None, found_by: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> list[Result]:  # fmt: skip
        body: dict[str, Any] = {"data": rows, "trigger": []}
        if keys is not None:
            body["duplicate_check_fields"] = keys
        try:
            answer = self._client.send(method, path, json=body, headers=headers, repeatable=repeatable)
        except VendorRefusal as refusal:
            return [Refused(refusal.code, refusal.message, refusal.field)] * len(rows)
        elements = (answer.body or {}).get("data", [])
        if len(elements) != len(rows):
            return [Refused("NO_RESULT", f"{len(elements)} results for {len(rows)} records")] * len(rows)
        return [_result(element, found_by) for element in elements]


def _result(element: Mapping[str, Any], found_by: str | None) -> Result:
    """One element of `data[]`. `found_by`: the only field an upsert may have found a record by."""
    details = element.get("details") or {}
    if element.get("status") == "success" or element.get("code") == "SUCCESS":
        by = element.get("duplicate_field")
        if found_by and element.get("action") == "update" and by not in (found_by, None):
            return Refused(
                "UNEXPECTED_UPDATE",
                f"the vendor found another record by {by} ({details.get('id')}) and wrote to it; check that record",
                str(by),
            )
        return Done(str(details.get("id", "")))
    code = str(element.get("code", "UNKNOWN"))
    if code == "ALREADY_MODIFIED":
        return Stale()
    inner = next(_errors(element))
    message, field = str(inner.get("message", "")), (inner.get("details") or {}).get("api_name")
    if code == "INVALID_DATA" and field in (None, "id") and "id given" in message:
        return Missing()
    return Refused(str(inner.get("code", code)), message, field)


def _errors(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The error itself, or the first of several (`MULTIPLE_OR_MULTI_ERRORS`)."""
    yield from (element.get("details") or {}).get("errors") or []
    yield element
