"""Orders as inventory has them now. Effects: network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ofrecord.connected import client_of
from ofrecord.project_file import ProjectFile
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.vendors.finance import INVENTORY, PER_PAGE

_PLUGIN = "tap-inventory"
_LEFT_OUT = ("draft", "void")


@dataclass(frozen=True)
class LiveOrder:
    """An order that counts. `lines` None: it went while it was looked at."""

    id: str
    number: str
    lines: Sequence[Mapping[str, Any]] | None


def live_orders(project: ProjectFile, since: datetime | None) -> Iterator[LiveOrder]:
    """The latest first, back to `since`; neither drafts nor void ones. Raises ProjectProblem, Stop, Retry."""
    with client_of(project, _PLUGIN) as client:
        for row in _rows(client):
            modified = instant(row.get("last_modified_time"))
            if since is not None and modified is not None and modified < since:
                return
            if row.get("order_status") in _LEFT_OUT or row.get("status") in _LEFT_OUT:
                continue
            key = str(row["salesorder_id"])
            yield LiveOrder(key, str(row.get("salesorder_number") or key), _lines(client, key))


def _rows(client: Client) -> Iterator[Mapping[str, Any]]:
    page = 1
    while True:
        params: dict[str, str | int] = {
            "sort_column": "last_modified_time",
            "sort_order": "D",
            "page": page,
            "per_page": PER_PAGE,
        }
        body = client.get(f"{INVENTORY}/salesorders", params=params).body or {}
        yield from body.get("salesorders", [])
        if not (body.get("page_context") or {}).get("has_more_page"):
            return
        page += 1


def _lines(client: Client, key: str) -> Sequence[Mapping[str, Any]] | None:
    try:
        body = client.get(f"{INVENTORY}/salesorders/{key}").body or {}
    except VendorRefusal as refusal:
        if refusal.is_missing:
            return None
        raise
    return list((body.get("salesorder") or {}).get("line_items") or ())
