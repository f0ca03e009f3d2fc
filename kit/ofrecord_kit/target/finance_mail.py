"""Mail of documents from the finance side, and how one finds out that it was sent.

Sources: Zoho Books v3, "Email a sales order", "List sales order comments & history"; `is_emailed` of a detail. The text of a
comment about a mail is in no document: that it names whom it went to is UNVERIFIED, and where it does not, a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Done, Refused
from ofrecord_kit.target.finance_reading import Reader
from ofrecord_kit.target.finance_refusals import refused
from ofrecord_kit.target.notices import Document

_GONE = "void"
_MOST = 2_000
"""Documents that are remembered; others are read."""


class Mail:
    """Mails documents of one organisation."""

    def __init__(self, client: Counted, reader: Reader) -> None:
        self._client = client
        self._reader = reader
        self._made: dict[str, Any] = {}

    def remember(self, object_: str, record: str) -> None:
        """What the vendor answered to a creation is what is told of it in this run, without another read."""
        if self._reader.resources[object_].mail and len(self._made) < _MOST:
            self._made[record] = self._reader.fresh.get(record)

    def forget(self, record: str) -> None:
        """It was changed since it was made, so it is read before it is told."""
        self._made.pop(record, None)

    def document(self, object_: str, record: str) -> Document | None:
        """Number and lines, as they are now."""
        resource = self._reader.resources[object_]
        row = self._made.get(record) or self._row(object_, record)
        if row is None or not resource.number:
            return None
        lines = row.get(next(iter(resource.lists), "")) or ()
        number, reference = (str(row.get(name) or "") for name in (resource.number, "reference_number"))
        return Document(number, resource.kind or resource.one, lines, reference, row.get("status") == _GONE)

    def send(self, object_: str, record: str, to: Sequence[str], subject: str, body: str) -> Done | Refused:
        """With the document as a file. A mail whose answer was lost is not sent again: `Doubtful`."""
        path = self._reader.resources[object_].mail
        if not path:
            return Refused("NO_MAIL", f"{object_} cannot be mailed")
        message = {"to_mail_ids": list(to), "subject": subject, "body": body}
        try:
            self._client.send(
                "POST", path.format(id=record), json=message, params={"send_attachment": "true"}, repeatable=False
            )
        except VendorRefusal as refusal:
            return refused(refusal)
        return Done(record)

    def was_sent(self, object_: str, record: str, to: Sequence[str]) -> bool | None:
        """Never mailed at all: no. Else a comment that names all of them says yes, and nothing else says no."""
        row = self._row(object_, record)
        if row is None or not row.get("is_emailed"):
            return False
        path = self._reader.resources[object_].mail.format(id=record).rpartition("/")[0]
        told = [
            str(one.get("description") or "").casefold() for one in _comments(self._client.get(f"{path}/comments").body)
        ]
        return True if any(all(names_address(words, one) for one in to) for words in told) else None

    def _row(self, object_: str, record: str) -> Any:
        current = self._reader.read_one(object_, record, [])
        return None if current is None else current.values


def names_address(words: str, address: str) -> bool:
    """Does a sentence name just this address, and not one that it is a part of?"""
    return re.search(rf"(?<![\w.+-]){re.escape(address.casefold())}(?![\w-]|\.\w)", words.casefold()) is not None


def _comments(body: Any) -> list[dict[str, Any]]:
    """Rows as they come, or each under the key `comment` (the OpenAPI file has it so)."""
    rows = (body or {}).get("comments") or []
    return [one["comment"] if isinstance(one.get("comment"), dict) else one for one in rows if isinstance(one, dict)]
