"""Bulk write: many new records as one file and one job.

Sources: Zoho CRM v8 docs, "Upload File", "Create Bulk Write Job", "Job Details", "Download Result"; read 2026-11.
An upsert on one unique field, so a job that is begun again after a crash makes nothing twice. Whether workflows run on what
a job writes is UNVERIFIED, and `trigger` cannot be said: the default of the targets is never to use it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from ofrecord_kit.errors import VendorBusy, VendorRefusal, sentence
from ofrecord_kit.http import encode_body
from ofrecord_kit.plan import Fact, canonical
from ofrecord_kit.tap.crm_archive import BrokenArchiveError, cells_of
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Done, Refused, Result
from ofrecord_kit.vendors.crm import BULK_BYTES, BULK_ROWS, NOT_BULK, REMEDIES, ROOT
from ofrecord_kit.vendors.crm_answers import refused

NO_RESULT = "NO_RESULT"
"""The code of a record about which nothing is said."""
_JOBS = "/crm/bulk/v8/write"
_FORMATS = {"date": "yyyy-MM-dd", "datetime": "yyyy-MM-dd'T'HH:mm:ssXXX"}
_POLLS = 240
_MOST_WAIT_S = 30.0
_ENDED = frozenset({"COMPLETED", "FAILED"})

Row = Mapping[str, Any]


def can_be_bulk(module: str, key: str, rows: Sequence[Row], facts: Mapping[str, Fact]) -> bool:
    """One set of fields (an empty cell clears), a unique key, no lines, and a module it is documented for.

    Modules with line items are not (UNVERIFIED that they are refused); custom ones are.
    """
    names = rows[0].keys()
    alike = all(row.keys() == names for row in rows)
    flat = all(name in facts and facts[name].type not in {"subform", "multiselectlookup"} for name in names)
    return alike and flat and facts[key].unique and module not in NOT_BULK


class Bulk:
    """Sends one file at a time and waits for its result."""

    def __init__(self, client: Counted) -> None:
        self._client = client
        self._organisation = ""

    def upsert(self, module: str, key: str, rows: Sequence[Row], facts: Mapping[str, Fact]) -> list[Result]:
        """One result a row. Raises VendorBusy for a job that does not end."""
        names = [key, *(name for name in rows[0] if name != key)]
        content = packed(names, rows)
        if len(content) > BULK_BYTES or len(rows) > BULK_ROWS:
            half = len(rows) // 2
            return [*self.upsert(module, key, rows[:half], facts), *self.upsert(module, key, rows[half:], facts)]
        try:
            job = self._begin(
                module, key, content, [_mapping(name, number, facts) for number, name in enumerate(names)]
            )
            told = self._result(job)
        except VendorRefusal as refusal:
            return [refused(refusal)] * len(rows)
        return [told.get(canonical(_cell(row[key])), _nothing_said()) for row in rows]

    def _begin(self, module: str, key: str, content: bytes, mappings: Sequence[Row]) -> str:
        if not self._organisation:
            self._organisation = str(self._client.get(f"{ROOT}/org").body["org"][0]["zgid"])
        headers = {"feature": "bulk-write", "X-CRM-ORG": self._organisation}
        files = {"file": ("rows.zip", content, "application/zip")}
        answer = self._client.send("POST", f"{ROOT}/upload", files=files, headers=headers, repeatable=True, upload=True)
        resource = {
            "type": "data", "module": {"api_name": module}, "file_id": str(answer.body["details"]["file_id"]),
            "find_by": key, "field_mappings": list(mappings),
        }  # fmt: skip
        body = {"operation": "upsert", "ignore_empty": False, "resource": [resource]}
        return str(self._client.send("POST", _JOBS, json=body, repeatable=True).body["details"]["id"])

    def _result(self, job: str) -> dict[Any, Result]:
        for attempt in range(_POLLS):
            body = self._client.get(f"{_JOBS}/{job}").body
            if body["status"] in _ENDED:
                break
            self._client.pause(min(_MOST_WAIT_S, 2.0 ** min(attempt, 5)))
        else:
            raise VendorBusy(
                sentence(
                    f"Bulk write job {job} does not end",
                    where=f"crm GET {_JOBS}/{{id}}",
                    expected="COMPLETED",
                    remedy="Run again later: the job is an upsert, nothing is made twice.",
                )
            )
        if body["status"] == "FAILED" or not (body.get("result") or {}).get("download_url"):
            code = str((body.get("resource") or [{}])[0].get("code") or "JOB_FAILED")
            raise VendorRefusal(code, f"bulk write job {job} failed")
        return told_by(self._client.get(str(body["result"]["download_url"])).body)


def _mapping(name: str, index: int, facts: Mapping[str, Fact]) -> dict[str, Any]:
    kind = facts[name].type
    more = {"format": _FORMATS[kind]} if kind in _FORMATS else {"find_by": "id"} if kind == "lookup" else {}
    return {"api_name": name, "index": index, **more}


def packed(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A ZIP of one CSV, its header the API names."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(names)
    lines.writerows([_cell(row.get(name)) for name in names] for row in rows)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", text.getvalue())
    return file.getvalue()


def _cell(value: Any) -> str:
    """Lookups by id, several values joined by `;` (UNVERIFIED), numbers in plain notation."""
    match value:
        case None:
            return ""
        case str():
            return value
        case {"id": identity}:
            return str(identity)
        case list():
            return ";".join(str(one) for one in value)
        case _:
            return encode_body(value).decode()


def told_by(content: Any) -> dict[Any, Result]:
    """Results by the key, the first column. Raises VendorBusy for an archive that is damaged or absurd. `ERRORS` reads `MANDATORY_NOT_FOUND-Company:DUPLICATE_DATA-Email`."""
    found: dict[Any, Result] = {}
    try:
        header, *rows = cells_of(io.BytesIO(content if isinstance(content, bytes) else b""), BULK_ROWS)
    except (BrokenArchiveError, ValueError) as broken:
        raise VendorBusy(
            sentence(
                f"The result of a bulk write is damaged: {broken if isinstance(broken, BrokenArchiveError) else 'it is empty'}",
                where=f"crm GET {_JOBS}/{{id}}",
                expected="an archive of one CSV file",
                remedy="Run again later: the job is an upsert, nothing is made twice.",
            )
        ) from None
    for row in rows:
        said = dict(zip(header, row, strict=False))
        code, _, field = said.get("ERRORS", "").partition(":")[0].partition("-")
        if said.get("RECORD_ID") and not code:
            found[canonical(row[0])] = Done(said["RECORD_ID"])
        else:
            words = said.get("ERRORS") or said.get("STATUS") or "not written"
            found[canonical(row[0])] = Refused(code or "UNPROCESSED", words, field or None, REMEDIES.get(code))
    return found


def _nothing_said() -> Refused:
    return Refused(NO_RESULT, "the result of the bulk write job has no line for it", fix="Send it again.")
