"""Zoho Inventory v1 and Books v3: two doors to one organisation's store, with one set of conventions.

Sources: vendor documentation, "Introduction" and "Errors" of both products; observations are marked UNVERIFIED.
Read 2026-11.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ofrecord_kit.vendors import CLIENT_ERROR, FINE, SERVER_ERROR, TOO_MANY, UNAUTHORIZED, Reading, Verdict

INVENTORY = "/inventory/v1"
BOOKS = "/books/v3"

PER_PAGE = 200
"""Rows of a page: default and most ("Pagination")."""

ITEM_IDS_A_CALL = 100
"""Ids in `/itemdetails?item_ids=` (used by several clients; the vendor's cap is UNVERIFIED)."""

_TIME = "%Y-%m-%dT%H:%M:%S+0000"
_BLOCK_S = 60.0
_PAUSE_S = 5.0


def modified_from(since: datetime) -> str:
    """The parameter `last_modified_time` that asks for records modified at or after `since`, or a second earlier.

    Form `2026-03-01T09:15:00+0000` ("List items"). Whether the vendor includes the very second is UNVERIFIED.
    """
    return (since - timedelta(seconds=1)).astimezone(UTC).strftime(_TIME)


def read_answer(status: int, body: Any) -> Reading:
    """What an answer means. Success is `code` 0, whatever the status ("Errors"); `body` is the decoded JSON or None."""
    code = body.get("code") if isinstance(body, dict) else None
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    verdict, wait_s = _verdict(status, code)
    return FINE if verdict is Verdict.FINE else Reading(verdict, str(code or status), message, None, wait_s)


def _verdict(status: int, code: object) -> tuple[Verdict, float]:
    match code:
        case 45:  # one report has it on a 500
            return Verdict.DAY_SPENT, 0.0
        case 44:  # the minute is spent, the organisation is blocked
            return Verdict.BUSY, _BLOCK_S
        case 1070:  # too many calls in flight
            return Verdict.BUSY, _PAUSE_S
        case 6041:  # this user is not of that organisation
            return Verdict.ORGANIZATION, 0.0
        case 1000:  # internal error, transient
            return Verdict.BROKEN, 0.0
        case _ if status == TOO_MANY:
            return Verdict.BUSY, 0.0
        case _ if status == UNAUTHORIZED:  # code 57: bad token or missing scope, told apart by one renewal
            return Verdict.TOKEN, 0.0
        case _ if status >= SERVER_ERROR:
            return Verdict.BROKEN, 0.0
        case _ if status >= CLIENT_ERROR or code not in {0, None}:
            return Verdict.REFUSED, 0.0
        case _:
            return Verdict.FINE, 0.0
