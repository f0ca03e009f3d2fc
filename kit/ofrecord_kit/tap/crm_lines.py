"""Lines of documents without a call for each: the list of all rows of a subform, kept on disk by document.

Source: Zoho CRM v8 docs, "Subform": rows are listed by the subform's own API name and carry `Parent_Id`. How that list
answers `If-Modified-Since` is UNVERIFIED, so it is read whole; and as its page tokens count rows, a read during which a
document was written or deleted proves nothing (`quiet`).
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_fields import DETAILS
from ofrecord_kit.tap.crm_pages import crm_pages, field_batches, modified_from
from ofrecord_kit.tap.pages import Page, Row, decode_value, rows_under, text_of, value_of
from ofrecord_kit.vendors import crm
from ofrecord_kit.vendors.crm_fields import Field

_ALWAYS = ("id", "Parent_Id")
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Subform:
    """A property with rows, the module that holds them and their fields."""

    name: str
    module: str
    fields: tuple[str, ...] = field(default=())


class Lines:
    """Rows by document, in a file of its own; `opened` removes it."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self._store = store

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Lines]:
        """An empty one."""
        with tempfile.TemporaryDirectory(prefix="ofrecord-lines-") as folder:  # made for its owner only
            store = sqlite3.connect(Path(folder) / "lines.sqlite", isolation_level=None)
            try:
                store.executescript(
                    "pragma journal_mode = off; pragma synchronous = off;"
                    "create table line (form text, parent text, place integer, id text, row blob);"
                )
                yield cls(store)
            finally:
                store.close()

    def read(self, client: Client, form: Subform) -> datetime | None:
        """Read all rows of a subform; the vendor's time at which that was begun. What was read before is forgotten."""
        self._store.execute("delete from line where form = ?", (form.name,))
        begun: datetime | None = None
        for number, batch in enumerate(field_batches(form.fields, _ALWAYS)):
            asked = {"fields": ",".join(batch), "sort_by": "id", "sort_order": "asc"}
            for page in crm_pages(client, f"{crm.ROOT}/{form.module}", asked):
                begun = begun or page.read_at
                self._keep(form, page.rows, first=number == 0)
        self._store.execute("create index if not exists by_parent on line (form, parent)")
        return begun

    def _keep(self, form: Subform, rows: Sequence[Row], *, first: bool) -> None:
        self._store.execute("begin")
        for row in rows:
            parent = str((value_of(row, "Parent_Id") or {}).get("id", ""))
            identity = text_of(row, "id")
            if first:
                place = int(value_of(row, "Sequence_Number") or 0)
                kept = (form.name, parent, place, identity, _encode(row))
                self._store.execute("insert into line values (?, ?, ?, ?, ?)", kept)
                continue
            found = self._store.execute(
                "select row from line where form = ? and id = ?", (form.name, identity)
            ).fetchone()
            if found:
                joined = _encode({**decode_value(found[0]), **row})
                self._store.execute("update line set row = ? where form = ? and id = ?", (joined, form.name, identity))
        self._store.execute("commit")

    def of(self, form: Subform, parent: str) -> list[dict[str, Any]]:
        """The rows of one document, in their order there."""
        order = "order by place, length(id), id"
        found = self._store.execute(f"select row from line where form = ? and parent = ? {order}", (form.name, parent))  # noqa: S608 - ours
        return [decode_value(row) for (row,) in found]


def is_quiet(client: Client, module: str, since: datetime) -> bool:
    """Was no document written or deleted since?"""
    path = f"{crm.ROOT}/{module}"
    headers = modified_from(since)
    written = client.get(path, params={"fields": "id", "per_page": 1}, headers=headers)
    if (written.body or {}).get("data"):
        return False
    gone = client.get(f"{path}/deleted", params={"type": "all", "per_page": 1, "page": 1}, headers=headers)
    return not (gone.body or {}).get("data")


def detailed(client: Client, module: str, page: Page) -> Page:
    """The records of a page read one by one, side by side; those deleted since are left out."""
    calls = [Call(f"{crm.ROOT}/{module}/{text_of(row, 'id')}", decoder=rows_under("data")) for row in page.rows]
    rows = [row for answer in ahead(client, calls) for row in (answer.body or {}).get("data") or []]
    return Page(rows, page.read_at)


def with_lines(lines: Lines, forms: Sequence[Subform], page: Page) -> Page:
    """Documents with their rows; a document without rows has an empty list."""
    for row in page.rows:
        parent = text_of(row, "id")
        for form in forms:
            row[form.name] = lines.of(form, parent)
    return page


def forms_of(fields: Sequence[Field], rows: Mapping[str, Sequence[Field]]) -> list[Subform]:
    """The subforms that `rows` gives the fields of."""
    found = []
    for one in fields:
        name = str(one["api_name"])
        if name in rows and one["data_type"] == "subform":
            module = (one.get("associated_module") or {}).get("module") or name
            inner = (str(row["api_name"]) for row in rows[name] if row["data_type"] not in DETAILS)
            found.append(Subform(name, str(module), tuple(row for row in inner if not row.startswith("$"))))
    return found
