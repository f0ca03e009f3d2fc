"""Related lists of many-to-many relations: a record of the CRM linked with others, each link with fields of its own.

Sources: Zoho CRM v8 docs, "Get Related Records", "Update Related Records", "Delink Records". Products with price books carry
`list_price` (its name is UNVERIFIED). A link that is there is changed by the call that makes it; nothing guards it against an
edit made meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Done, Missing, Refused, Result, chunks
from ofrecord_kit.vendors.crm import PER_PAGE, RECORDS_A_WRITE, ROOT
from ofrecord_kit.vendors.crm_answers import refused, results_of

Row = Mapping[str, Any]


class RelatedLists:
    """How links are read and written; for a destination that holds the client."""

    _client: Counted

    def entries(self, object_: str, record: str, list_: str, fields: Sequence[str]) -> list[Row]:
        """All entries, 200 a call. Nothing (204) where there are none."""
        return list(self._pages(f"{ROOT}/{object_}/{record}/{list_}", ",".join(["id", *fields])))

    def _pages(self, path: str, fields: str) -> Iterator[Row]:
        params: dict[str, Any] = {"fields": fields, "per_page": PER_PAGE}
        while True:
            body = self._client.get(path, params=params).body or {}
            yield from body.get("data", [])
            info = body.get("info") or {}
            if not info.get("more_records"):
                return
            params = {**params, "page_token": info["next_page_token"]}

    def relate(self, object_: str, record: str, list_: str, rows: Sequence[Row], gone: Sequence[str]) -> Result:
        """100 links a call. One that is gone already is no refusal; each record that is refused is named."""
        path, results = f"{ROOT}/{object_}/{record}/{list_}", []
        for some in chunks(rows, RECORDS_A_WRITE):
            results += self._answered(
                "PUT", path, [str(row["id"]) for row in some], json={"data": [dict(row) for row in some]}
            )
        for ids in chunks(gone, RECORDS_A_WRITE):
            told = self._answered("DELETE", path, ids, params={"ids": ",".join(ids)})
            results += [(one, result) for one, result in told if not _is_gone(result)]
        wrong = [(one, result) for one, result in results if not isinstance(result, Done)]
        if not wrong:
            return Done(record)
        told_first = wrong[0][1]
        first = told_first if isinstance(told_first, Refused) else Refused("INVALID_DATA", "no such record")
        named = ", ".join(one for one, _result in wrong[:_NAMED])
        words = f"{len(wrong)} of {len(rows) + len(gone)} entries of {list_} were refused ({named}): {first.message}"
        return Refused(first.code, words, list_, first.fix, first.request)

    def _answered(self, method: str, path: str, ids: Sequence[str], **sent: Any) -> list[tuple[str, Result]]:
        try:
            found = results_of(self._client.send(method, path, **sent), len(ids))
        except VendorRefusal as refusal:
            found = [refused(refusal)] * len(ids)
        return list(zip(ids, found, strict=True))


_NAMED = 5
_NO_LINK = "relation not found"  # UNVERIFIED words


def _is_gone(result: Result) -> bool:
    return isinstance(result, Missing) or (isinstance(result, Refused) and result.message == _NO_LINK)
