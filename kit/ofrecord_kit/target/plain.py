"""A plain Singer stream: no annotation, no links, no ledger of values; an upsert on the key properties."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.ledger import to_json
from ofrecord_kit.target.destination import Destination, Done, Missing, Refused, Result
from ofrecord_kit.target.keyed import merged
from ofrecord_kit.target.listening import told_id
from ofrecord_kit.target.permitted import forbidden_values

DELETED = "_sdc_deleted_at"
_OURS = ("_sdc_", "_ofrecord")


@dataclass(slots=True)
class Told:
    """How the rows of a batch ended."""

    counts: dict[str, int] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    """Keys of rows that were delivered whole."""
    aside: list[tuple[str, Mapping[str, Any], Refused, str]] = field(default_factory=list)
    """Key, row, why, and the one field it is about; an empty one means the row."""

    def count(self, outcome: str, number: int = 1) -> None:
        """So many more ended so."""
        self.counts[outcome] = self.counts.get(outcome, 0) + number


def upsert_stream(
    destination: Destination, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]], *, dry: bool
) -> Told:
    """Write a batch. Absent properties are left, null clears; several rows of one key become one.

    Singer's own columns (`_sdc_…`) are no fields. A row that says it was deleted is counted and left alone: what a plain
    stream does not carry, or calls deleted, is never deleted there.
    """
    told = Told()
    alive = [record for record in records if not record.get(DELETED)]
    if len(alive) < len(records):
        told.count("filtered", len(records) - len(alive))
        told.count("filtered: deleted at its source", len(records) - len(alive))
    bare = [{name: value for name, value in one.items() if not name.startswith(_OURS)} for one in alive]
    shaped = [destination.shaped(stream, row) for row in bare]
    rows = list(merged(shaped, keys).values())
    told.count("unchanged", len(shaped) - len(rows))
    permitted = []
    fields: list[list[Refused]] = []
    for row in rows:
        asked = {name: value for name, value in row.items() if name not in keys}
        found = forbidden_values(destination, stream, asked)
        fields.append(list(found.values()))
        permitted.append({name: value for name, value in row.items() if name not in found})
    if dry:
        told.count("written", len(rows))
        return told
    results = destination.upsert(stream, keys, permitted) if permitted else []
    for row, result, refused in zip(rows, results, fields, strict=True):
        _tell(told, name_of(row, keys), row, result, refused)
    return told


def _tell(told: Told, name: str, row: Mapping[str, Any], result: Result, refused: Sequence[Refused]) -> None:
    whole: Refused | None = None
    match result:
        case Done(changed=changed) if not refused:
            told.count("written" if changed else "unchanged")
            told.settled.append(name)
            return
        case Done():
            pass
        case Refused():
            whole = result
        case Missing():
            whole = Refused("GONE", "there is no record with this id", fix="Send it without the id to create it.")
        case _:
            whole = Refused("KEEPS_CHANGING", "the record kept changing while it was being written")
    told.count("held")
    told.aside += [(name, row, one, one.field or "") for one in refused]
    if whole is not None:
        told.aside.append((name, row, whole, ""))


def name_of(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    """What a row is called where it is held; one without a key by what it says, so that none takes the place of another."""
    said = [told_id(row[key].get("id") if isinstance(row[key], Mapping) else row[key]) for key in keys if key in row]
    if said and len(said) == len(keys) and None not in said:
        return "/".join(filter(None, said))
    return f"without a key {hashlib.blake2b(to_json(row).encode(), digest_size=6).hexdigest()}"
