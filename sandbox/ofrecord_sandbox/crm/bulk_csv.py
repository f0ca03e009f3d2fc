# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Rows of a bulk read as CSV in an archive. Source: Zoho CRM v8 docs, "Create Bulk Read job", "Download Bulk Read Result".

Lookups are their ids, labels come by asking for `Lookup.Field`. UNVERIFIED: where `id` stands when it was not asked for (here first),
that several chosen values are joined by `;`, and that taxes of line items are not there.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from operator import itemgetter
from typing import Any

from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.columns import LOOKUPS, MOST_HOPS, NOT_QUERYABLE, Column, resolve
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_QUICK = 1
_SMALL = 1e-4
_LINES = 5000


def columns(world: World, module: Module, names: list[str] | None) -> list[Column]:
    """The columns of a job, `id` always among them; all fields without names. Raises RefusedError."""
    every = [one.api_name for one in module.fields.values() if one.data_type not in NOT_QUERYABLE]
    wanted = list(dict.fromkeys(names or [name for name in every if name not in module.hidden]))
    return [_column(world, module, name) for name in (wanted if "id" in wanted else ["id", *wanted])]


def _column(world: World, module: Module, name: str) -> Column:
    if name.count(".") > MOST_HOPS:
        raise RefusedError("JOIN_LIMIT_EXCEEDED", "the join limit is exceeded", {"api_name": name})
    try:
        return resolve(world, module, name)
    except RefusedError:
        raise RefusedError("FIELD_NOT_AVAILABLE", "the field is not available") from None


def archive(job_id: str, chosen: list[Column], records: Iterable[Record]) -> bytes:
    """A zip with one CSV, both named by the job."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as folder,
        folder.open(f"{job_id}.csv", "w") as file,
    ):
        file.writelines(part.encode() for part in _parts(chosen, records))
    return packed.getvalue()


def _parts(chosen: list[Column], records: Iterable[Record]) -> Iterator[str]:
    """The text, some thousand lines at a time."""
    names = [one.name for one in chosen]
    changed = [(place, convert) for place, one in enumerate(chosen) if (convert := _conversion(one))]
    reached = [(place, one.read) for place, one in enumerate(chosen) if not one.is_own]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for number, record in enumerate(records, start=1):
        row = list(map(record.get, names))
        for place, read in reached:
            row[place] = read(record)
        for place, convert in changed:
            if row[place] is not None:
                row[place] = convert(row[place])
        writer.writerow(row)
        if number % _LINES == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _conversion(column: Column) -> Callable[[Any], Any] | None:
    """What is done to a value that is not null; None where it is written as it is."""
    kind = column.field.data_type
    if kind in LOOKUPS:
        return itemgetter("id")
    if kind in {"double", "currency", "percent"}:
        return _plain
    if kind == "multiselectpicklist":
        return ";".join
    return {True: "true", False: "false"}.get if kind == "boolean" else None


def _plain(value: Any) -> Any:
    """A number without an exponent."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) and 0 < abs(value) < _SMALL else value
