"""What stands beside records: notes, files, entries of related lists. Sent again they add no copy.

Sources: Zoho CRM v8 docs, "Notes", "Attachments", "Update Related Records". The list price of a product in a price book goes
by `list_price` (UNVERIFIED).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.plan import same
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Done, Refused, Result, chunks
from ofrecord_kit.vendors.crm import PER_PAGE, RECORDS_A_WRITE, ROOT
from ofrecord_kit.vendors.crm_answers import refused, results_of

NOTES, FILES = "Notes", "Attachments"
_RELATED = re.compile(r"^(?P<module>\w+?)__(?P<list>[A-Z]\w*)$")
_NEEDS = {NOTES: ("Parent_Id", "$se_module"), FILES: ("Parent_Id", "$se_module", "File_Name", "Content")}

Row = Mapping[str, Any]


def is_beside(stream: str) -> bool:
    """`Notes`, `Attachments` or `<Module>__<Related_List>`, such as `Products__Price_Books`."""
    return stream in _NEEDS or _RELATED.match(stream) is not None


class Beside:
    """Writes such streams; lists of one record are read once per batch."""

    def __init__(self, client: Counted) -> None:
        self._client = client
        self._listed: dict[str, list[dict[str, Any]]] = {}

    def write(self, stream: str, rows: Sequence[Row]) -> list[Result]:
        """One result a row."""
        self._listed.clear()
        related = _RELATED.match(stream)
        if related and stream not in _NEEDS:
            return self._link(related["module"], related["list"], rows)
        return [self._one(stream, row) for row in rows]

    def _one(self, stream: str, row: Row) -> Result:
        missing = [name for name in _NEEDS[stream] if row.get(name) in (None, "")]
        if missing:
            fix = f"A record of {stream} needs {', '.join(_NEEDS[stream])}."
            return Refused("NO_KEY", f"{missing[0]} is empty", missing[0], fix)
        parent = f"{row['$se_module']}/{_id(row['Parent_Id'])}"
        try:
            return self._note(parent, row) if stream == NOTES else self._file(parent, row)
        except VendorRefusal as refusal:
            return refused(refusal)

    def _note(self, parent: str, row: Row) -> Result:
        """A note is known by its record, title and text. Other text under a known title is another note."""
        about = {name: row.get(name) for name in ("Note_Title", "Note_Content")}
        there = self._list(f"{parent}/Notes", "Note_Title,Note_Content")
        known = next((one for one in there if all(same(one.get(name), about[name]) for name in about)), None)
        if known is not None:
            return Done(str(known["id"]), changed=False)
        answer = self._client.send("POST", f"{ROOT}/{parent}/Notes", json={"data": [about]}, repeatable=False)
        [result] = results_of(answer, 1)
        there.append({**about, "id": getattr(result, "id", "")})
        return result

    def _file(self, parent: str, row: Row) -> Result:
        """A file is known by its record, name, size and content; another content under a known name is another file."""
        name = str(row["File_Name"])
        try:
            content = base64.b64decode(str(row["Content"]), validate=True)
        except binascii.Error:
            return Refused("INVALID_DATA", "Content is not base64", "Content", "Encode the file's bytes as base64.")
        path = f"{parent}/Attachments"
        there = self._list(path, "File_Name,Size")
        for one in there:
            if (
                one["File_Name"] == name
                and str(one["Size"]) == str(len(content))
                and self._bytes(path, one["id"]) == content
            ):
                return Done(str(one["id"]), changed=False)
        files = {"file": (name, content, "application/octet-stream")}
        [result] = results_of(self._client.send("POST", f"{ROOT}/{path}", files=files, repeatable=False), 1)
        if isinstance(result, Done):
            there.append({"id": result.id, "File_Name": name, "Size": len(content)})
        return result

    def _bytes(self, path: str, identity: str) -> Any:
        return self._client.get(f"{ROOT}/{path}/{identity}").body

    def _link(self, module: str, name: str, rows: Sequence[Row]) -> list[Result]:
        """Entries of a related list, 100 of one record a call; a link that is there is changed, never doubled."""
        results: dict[int, Result] = {}
        parents: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            if row.get("Parent_Id") in (None, "") or row.get("id") in (None, ""):
                fix = f"A record of {module}__{name} needs Parent_Id and id, the record it is linked with."
                results[number] = Refused("NO_KEY", "Parent_Id or id is empty", fix=fix)
            else:
                parents.setdefault(_id(row["Parent_Id"]), []).append(number)
        for parent, numbers in parents.items():
            for some in chunks(numbers, RECORDS_A_WRITE):
                said = [{**rows[number], "id": _id(rows[number]["id"])} for number in some]
                data = [{key: value for key, value in one.items() if key != "Parent_Id"} for one in said]
                results |= zip(some, self._put(f"{module}/{parent}/{name}", data), strict=True)
        return [results[number] for number in range(len(rows))]

    def _put(self, path: str, data: Sequence[Row]) -> list[Result]:
        try:
            return results_of(self._client.send("PUT", f"{ROOT}/{path}", json={"data": data}), len(data))
        except VendorRefusal as refusal:
            return [refused(refusal)] * len(data)

    def _list(self, path: str, fields: str) -> list[dict[str, Any]]:
        if path not in self._listed:
            self._listed[path] = list(listed(self._client, path, fields))
        return self._listed[path]


def listed(client: Counted, path: str, fields: str) -> Iterator[dict[str, Any]]:
    """What stands beside a record: `id` and these fields, up to the 2,000 that pages by number reach."""
    for page in range(1, 11):
        params = {"fields": f"id,{fields}", "page": page, "per_page": PER_PAGE}
        body = client.get(f"{ROOT}/{path}", params=params).body or {}
        yield from body.get("data", [])
        if not (body.get("info") or {}).get("more_records"):
            return


def _id(value: Any) -> str:
    return str(value["id"]) if isinstance(value, Mapping) else str(value)
