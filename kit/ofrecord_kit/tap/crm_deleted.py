"""The CRM's list of deleted records: kept for 60 days, their bare ids for 120 ("List of Deleted Records").

It does not tell a record that was merged into another from one that was deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_pages import crm_numbered_pages, modified_from
from ofrecord_kit.tap.pages import Page, Row, text_of
from ofrecord_kit.tap.reading import DELETED
from ofrecord_kit.vendors import crm

_IDS_A_CALL = 100
"""Most ids of one `ids` parameter; the documents say so of users, of records nothing (UNVERIFIED)."""

ASKED = "deleted_at"
"""The key in a bookmark: the vendor's time of the run that read the list last, where it is not read in every run, or not yet."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Everything the list holds is later."""


@dataclass(frozen=True, slots=True)
class DeletedDue:
    """Whether the list is to be read: `every_s` seconds (0: in every run) after it was `asked` for."""

    every_s: int
    asked: datetime | None

    def at(self, now: datetime) -> bool:
        """A clock that went back reads it once too often, not too late.

        >>> noon = datetime(2026, 3, 1, 12)
        >>> [DeletedDue(3600, noon).at(noon.replace(hour=one)) for one in (11, 12, 13)]
        [True, False, True]
        """
        return not self.asked or not 0 <= (now - self.asked).total_seconds() < self.every_s

    def since(self, bookmark: datetime, overlap_s: int) -> datetime:
        """From when: nothing later than the list was asked for. `bookmark`: from when records are read."""
        return min(bookmark, self.asked - timedelta(seconds=max(1, overlap_s))) if self.asked else bookmark


def deleted_since(client: Client, module: str, since: datetime, params: Mapping[str, str]) -> Iterator[Page]:
    """Ids deleted since. One that was restored is there again, so those listed are looked for; `params` of that list."""
    headers = modified_from(since) if since > NEVER else {}
    for page in crm_numbered_pages(client, f"{crm.ROOT}/{module}/deleted", {"type": "all"}, headers):
        late = [row for row in page.rows if _gone_at(row) >= since]
        there = _there(client, module, [text_of(row, "id") for row in late], params)
        rows = [{"id": row["id"], DELETED: row["deleted_time"]} for row in late]
        yield Page([row for row in rows if text_of(row, "id") not in there], page.read_at)


def _gone_at(row: Row) -> datetime:
    """When a record was deleted. One without a time counts as deleted just now."""
    text = text_of(row, "deleted_time")
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)


def _there(client: Client, module: str, ids: Sequence[str], params: Mapping[str, str]) -> set[str]:
    """Which of these records exist."""
    chunks = [ids[start : start + _IDS_A_CALL] for start in range(0, len(ids), _IDS_A_CALL)]
    calls = [Call(f"{crm.ROOT}/{module}", {"ids": ",".join(one), "fields": "id", **params}) for one in chunks]
    return {text_of(row, "id") for one in ahead(client, calls) for row in (one.body or {}).get("data") or []}
