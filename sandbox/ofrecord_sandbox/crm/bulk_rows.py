# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""The rows of a bulk write: cells become values, records are written, each row gets its status.

Source: Zoho CRM v8 docs, "Create Bulk Write Job", "Download Bulk Write Result". Fields a layout demands are not demanded here. UNVERIFIED:
no workflow runs, times without an offset are in the user's zone, several values of a list are separated by `;`.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id
from ofrecord_sandbox.crm.external import ids_with
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.crm.writing import Batch
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World

MOST_ROWS = 25_000
LAYOUT = "Layout"
"""May be mapped; there is one layout a module here, so it changes nothing."""
_SHOWN_COLUMNS = 3
_FORMATS = {"date": "MM/dd/yyyy", "datetime": "MM/dd/yyyy HH:mm:ss"}
_DIRECTIVES = (
    ("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"), ("XXX", "%z"), ("'T'", "T"),
)  # fmt: skip
_STATUS = {"insert": "ADDED", "update": "UPDATED"}
Mapping = dict[str, Any]
"""One of `field_mappings`: `api_name`, `index`?, `find_by`?, `format`?, `default_value`?."""


def table_of(content: bytes) -> tuple[str, list[list[str]]] | None:
    """Name and rows (header first) of the one CSV file in an archive; None when there is none that can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                return None
            rows = list(csv.reader(io.StringIO(archive.read(names[0]).decode("utf-8-sig"))))
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error):
        return None
    return (names[0], rows) if rows else None


def mappings_of(module: Module, header: list[str], given: list[Mapping] | None) -> list[Mapping]:
    """What is given, or every column whose header is the API name of a field."""
    if given is not None:
        return [one for one in given if one["api_name"] != LAYOUT]
    return [{"api_name": name, "index": index} for index, name in enumerate(header) if name in module.fields]


class Rows:
    """The rows of one job, written one after the other."""

    def __init__(self, world: World, module: Module, job: Record, header: list[str]) -> None:
        free = {name: replace(known, required=False) for name, known in module.fields.items()}
        self._world = world
        self._module = replace(module, fields=free)
        self._job = job
        self._header = header
        self._mappings = mappings_of(module, header, job["field_mappings"])
        self._batch = Batch(world, Request("POST", "/crm/bulk/v8/write", internal=True), self._module, {"trigger": []})
        self.counts = {"added_count": 0, "skipped_count": 0, "updated_count": 0, "total_count": 0}
        mapped = sorted(one["index"] for one in self._mappings if one.get("index") is not None)
        self._shown = mapped[:_SHOWN_COLUMNS]
        self.result = [[*(header[index] for index in self._shown), "STATUS", "RECORD_ID", "ERRORS"]]

    def write(self, row: list[str]) -> None:
        """One row; what is wrong with it stands in the result."""
        try:
            status, record_id = self._written(row)
            errors = ""
        except RefusedError as error:
            status, record_id, errors = "SKIPPED", "", self._told(error)
        counted = {"ADDED": "added_count", "UPDATED": "updated_count", "SKIPPED": "skipped_count"}[status]
        self.counts[counted] += 1
        self.counts["total_count"] += 1
        cells = [row[index] if index < len(row) else "" for index in self._shown]
        self.result.append([*cells, status, record_id, errors])

    def _written(self, row: list[str]) -> tuple[str, str]:
        values = self._values(row)
        found = self._found(values)
        operation = self._job["operation"]
        find_by = self._job["find_by"]
        values.pop("id", None)
        if operation == "insert" and found is not None:
            raise RefusedError("DUPLICATE_DATA", "duplicate data", {"api_name": find_by})
        if operation == "update" and found is None:
            raise RefusedError("RESOURCE_NOT_FOUND", "record not found", {"api_name": find_by})
        action = "insert" if found is None else "update"
        element = self._batch.store(found, values, "$", action)
        return _STATUS[action], str(element["details"]["id"])

    def _found(self, values: Record) -> str | None:
        find_by = self._job["find_by"]
        value = values.get(find_by) if find_by else None
        if value is None:
            return None
        if find_by == "id":
            return value if self._batch.table.get(value) is not None else None
        ids = ids_with(self._world, self._module, find_by, value)
        return ids[0] if ids else None

    def _values(self, row: list[str]) -> Record:
        """Written keys with their values; an empty cell clears its field, or is left out with `ignore_empty`."""
        values: Record = {}
        for mapping in self._mappings:
            name, index = mapping["api_name"], mapping.get("index")
            cell = row[index].strip() if index is not None and index < len(row) else ""
            if not cell:
                cell = str((mapping.get("default_value") or {}).get("value") or "")
            if cell:
                values[name] = cell if name == "id" else self._value(self._module.fields[name], cell, mapping)
            elif index is not None and name != "id" and not self._job["ignore_empty"]:
                values[name] = None
        return values

    def _value(self, field: Field, cell: str, mapping: Mapping) -> Any:
        kind = field.data_type
        try:
            if kind == "integer":
                return int(cell)
            if kind in {"double", "currency", "percent"}:
                return float(cell)
            if kind in _FORMATS:
                return _moment(kind, cell, mapping.get("format") or _FORMATS[kind])
        except ValueError:
            raise invalid_data({"api_name": field.api_name, "expected_data_type": kind}) from None
        if kind == "boolean":
            return {"true": True, "false": False}.get(cell.lower(), cell)
        if kind == "multiselectpicklist":
            return [one.strip() for one in cell.split(";")]
        if kind in {"ownerlookup", "userlookup"}:
            return {"id": cell}
        return {"id": self._pointed(field, cell, mapping.get("find_by"))} if kind == "lookup" else cell

    def _pointed(self, field: Field, cell: str, find_by: str | None) -> str:
        if find_by in {None, "id"}:
            return cell
        target = schema(self._world)[field.target]
        ids = ids_with(self._world, target, str(find_by), cell) if find_by in target.fields else []
        if not ids:
            raise invalid_id({"api_name": field.api_name})
        return ids[0]

    def _told(self, refusal: RefusedError) -> str:
        """`MANDATORY_NOT_FOUND-Company,Last_Name:DUPLICATE_DATA-Email`, by the headers of the file."""
        headers = {
            one["api_name"]: self._header[one["index"]] for one in self._mappings if one.get("index") is not None
        }
        found: dict[str, list[str]] = {}
        for error in refusal.details.get("errors") or [refusal.body()]:
            name = str(error["details"].get("api_name") or "")
            found.setdefault(error["code"], []).append(headers.get(name, name))
        return ":".join(f"{code}-{','.join(names)}" for code, names in found.items())


def _moment(kind: str, cell: str, pattern: str) -> str:
    for word, directive in _DIRECTIVES:
        pattern = pattern.replace(word, directive)
    moment = datetime.strptime(cell, pattern)  # noqa: DTZ007 - the zone is added below
    if kind == "date":
        return moment.date().isoformat()
    return (moment if moment.tzinfo else moment.replace(tzinfo=organisation.TIME_ZONE)).isoformat()


def archive(name: str, rows: list[list[str]]) -> bytes:
    """A zip with one CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, text.getvalue())
    return packed.getvalue()
