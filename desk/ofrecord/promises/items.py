"""Items as inventory holds them now, a hundred a call; of kits what they are made of.

Sources: Zoho Inventory v1 OpenAPI, "Bulk fetch item details" (the most ids of a call are UNVERIFIED) and "Retrieve a composite item". That a kit
is put together on delivery and an assembly is counted as itself is the vendor's ("Composite Items"); that one unknown id refuses the whole call is
UNVERIFIED, and the ids are told apart by halves where it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.target.destination import chunks
from ofrecord_kit.vendors.finance import INVENTORY, ITEM_IDS_A_CALL

_KIT = "kit"


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


def items_now(client: Client, ids: Iterable[str]) -> Items:
    """These items and all that kits among them are made of. Those that do not exist are left out. Raises as `Client.send`."""
    found = Items()
    wanted = list(dict.fromkeys(ids))
    while wanted:
        for row, at in _details(client, wanted):
            found.rows[str(row["item_id"])] = row
            found.read_at = max(found.read_at or at, at)
        made = [one for one in wanted if found.rows.get(one, {}).get("is_combo_product")]
        for one, parts in _components(client, made):
            found.kits[one] = parts
        known = {*found.rows, *wanted}
        wanted = [part for one in made for part in found.kits.get(one, ()) if part not in known]
        wanted = list(dict.fromkeys(wanted))
    return found


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


def _components(client: Client, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Decimal]]]:
    """Of the kits among composite items; the others have stock of their own."""
    calls = [Call(f"{INVENTORY}/compositeitems/{one}", may_be_missing=True) for one in ids]
    for one, answer in zip(ids, ahead(client, calls), strict=True):
        row = (answer.body or {}).get("composite_item") or {}
        if row.get("combo_type") == _KIT:
            parts: dict[str, Decimal] = {}
            for part in row.get("mapped_items") or ():
                key = str(part["item_id"])
                parts[key] = parts.get(key, Decimal(0)) + Decimal(str(part["quantity"]))
            yield one, parts
