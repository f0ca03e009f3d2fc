"""The CRM's list of deleted records: kept for 60 days, their bare ids for 120 ("List of Deleted Records").

It does not tell a record that was merged into another from one that was deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_pages import crm_numbered_pages, modified_from
from ofrecord_kit.tap.pages import Page, text_of
from ofrecord_kit.tap.reading import DELETED
from ofrecord_kit.vendors import crm

_IDS_A_CALL = 100
"""Most ids of one `ids` parameter; the documents say so of users, of records nothing (UNVERIFIED)."""


def deleted_since(client: Client, module: str, since: datetime, params: Mapping[str, str]) -> Iterator[Page]:
    """Ids deleted since. One that was restored is there again, so those listed are looked for; `params` of that list."""
    for page in crm_numbered_pages(client, f"{crm.ROOT}/{module}/deleted", {"type": "all"}, modified_from(since)):
        there = _there(client, module, [text_of(row, "id") for row in page.rows], params)
        rows = [{"id": row["id"], DELETED: row["deleted_time"]} for row in page.rows]
        yield Page([row for row in rows if text_of(row, "id") not in there], page.read_at)


def _there(client: Client, module: str, ids: Sequence[str], params: Mapping[str, str]) -> set[str]:
    """Which of these records exist."""
    chunks = [ids[start : start + _IDS_A_CALL] for start in range(0, len(ids), _IDS_A_CALL)]
    calls = [Call(f"{crm.ROOT}/{module}", {"ids": ",".join(one), "fields": "id", **params}) for one in chunks]
    return {text_of(row, "id") for one in ahead(client, calls) for row in (one.body or {}).get("data") or []}
