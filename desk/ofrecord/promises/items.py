"""Items as inventory holds them now, a hundred a call; of kits what they are made of.

Sources: Zoho Inventory v1 OpenAPI, "Bulk fetch item details" (the most ids of a call are UNVERIFIED) and "Retrieve a composite item". That a kit
is put together on delivery and an assembly is counted as itself is the vendor's ("Composite Items"); that one unknown id refuses the whole call is
UNVERIFIED, and the ids are told apart by halves where it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ofrecord.quotes.kept import read_kept, write_kept
from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.destination import chunks
from ofrecord_kit.vendors.finance import INVENTORY, ITEM_IDS_A_CALL

_KIT = "kit"
_RACY = timedelta(seconds=2)


@dataclass
class Items:
    """What was found: items by id, the components of kits (item → how many of it), and when inventory was asked (its own clock)."""

    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    kits: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    read_at: datetime | None = None

    def parts(self, item: str) -> dict[str, Decimal]:
        """What leaves the shelf for one of it, at any depth: itself, or the components of a kit."""
        if item not in self.kits:
            return {item: Decimal(1)}
        found: dict[str, Decimal] = {}
        for one, share in self.kits[item].items():
            for part, times in self.parts(one).items():
                found[part] = found.get(part, Decimal(0)) + share * times
        return found


def items_now(client: Client, ids: Iterable[str], kept: Path | None = None) -> Items:
    """These items and all that kits among them are made of. Those that do not exist are left out. Raises as `Client.send`.

    `kept`: the file that remembers what composite items are made of while their modification time stays; their stock is asked each time.
    """
    found, known_kits = Items(), read_kept(kept) if kept is not None else {}
    settled: dict[str, Any] = {}
    wanted = _with_parts(ids, known_kits)
    while wanted:
        for row, at in _details(client, wanted):
            found.rows[str(row["item_id"])] = row
            found.read_at = max(found.read_at or at, at)
        made = [one for one in wanted if found.rows.get(one, {}).get("is_combo_product")]
        same = [one for one in made if (known_kits.get(one) or {}).get("modified") == _modified(found.rows[one])]
        read = [one for one in made if one not in same]
        parts_of = {one: _amounts(known_kits[one].get("parts") or {}) for one in same}
        parts_of |= _components(client, read)
        found.kits |= {one: parts for one, parts in parts_of.items() if parts}
        settled |= {one: known_kits[one] for one in same}
        settled |= {
            one: {
                "modified": _modified(found.rows[one]),
                "parts": {part: str(share) for part, share in parts_of[one].items()},
            }
            for one in read
            if one in parts_of and found.read_at and _is_settled(found.rows[one], found.read_at)
        }
        known = {*found.rows, *wanted}
        wanted = [part for one in made for part in found.kits.get(one, ()) if part not in known]
        wanted = list(dict.fromkeys(wanted))
    if kept is not None and settled != known_kits:
        write_kept(kept, settled)
    return found


def _with_parts(ids: Iterable[str], kits: Mapping[str, Any]) -> list[str]:
    """These items and what the kits among them were made of when they were read last, so that one call asks for all."""
    found: dict[str, None] = {}
    more = list(ids)
    while more:
        found |= dict.fromkeys(more)
        more = [part for one in more for part in (kits.get(one) or {}).get("parts") or () if part not in found]
    return list(found)


def _modified(row: Mapping[str, Any]) -> str:
    return str(row.get("last_modified_time") or "")


def _is_settled(row: Mapping[str, Any], read_at: datetime) -> bool:
    """Times have seconds: what was written in the second of the reading may not be in it."""
    modified = instant(_modified(row))
    return modified is not None and modified + _RACY <= read_at


def _amounts(parts: Mapping[str, Any]) -> dict[str, Decimal]:
    return {part: Decimal(str(share)) for part, share in parts.items()}


def _details(client: Client, ids: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], datetime]]:
    for some in chunks(ids, ITEM_IDS_A_CALL):
        try:
            answer = client.get(f"{INVENTORY}/itemdetails", params={"item_ids": ",".join(some)})
        except VendorRefusal as refusal:
            if not refusal.is_missing:
                raise
            half = len(some) // 2
            if half:
                yield from _details(client, some[:half])
                yield from _details(client, some[half:])
            continue
        yield from ((row, answer.read_at) for row in (answer.body or {}).get("items", []))


def _components(client: Client, ids: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    """What composite items are put together from on delivery: nothing, where they have stock of their own."""
    found = {}
    calls = [Call(f"{INVENTORY}/compositeitems/{one}", may_be_missing=True) for one in ids]
    for one, answer in zip(ids, ahead(client, calls), strict=True):
        row = (answer.body or {}).get("composite_item") or {}
        parts: dict[str, Decimal] = {}
        for part in (row.get("mapped_items") or ()) if row.get("combo_type") == _KIT else ():
            key = str(part["item_id"])
            parts[key] = parts.get(key, Decimal(0)) + Decimal(str(part["quantity"]))
        found[one] = parts
    return found
