"""Zoho Inventory v1 and Books v3: two doors to one organisation's store, with one set of conventions.

Sources: vendor documentation, "Introduction" and "Errors" of both products; observations are marked UNVERIFIED.
Read 2026-11.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ofrecord_kit.vendors import CLIENT_ERROR, FINE, SERVER_ERROR, TOO_MANY, UNAUTHORIZED, Reading, Verdict

INVENTORY = "/inventory/v1"
BOOKS = "/books/v3"

PER_PAGE = 200
"""Rows of a page: default and most ("Pagination")."""

ITEM_IDS_A_CALL = 100
"""Ids in `/itemdetails?item_ids=` (used by several clients; the vendor's cap is UNVERIFIED)."""

OWN_NUMBER = {"ignore_auto_number_generation": "true"}
"""The query that keeps the document number of the body ("Create a sales order", "Create an invoice", "Create a credit note").

Without it a number is refused where the organisation numbers documents itself; that packages, sales returns and
shipment orders take it, too, is UNVERIFIED."""

UPSERTED = frozenset({"contacts", "items", "salesorders", "invoices", "creditnotes"})
"""Of what is written here, what the Books door upserts by a unique custom field (OpenAPI, Zoho Books v3, headers X-Upsert)."""

CONTACT_IN_BOOKS = frozenset({"pricebook_id", "credit_limit", "customer_sub_type", "contact_number", "owner_id"})
"""Fields of a contact that only the Books page of the body names (OpenAPI, "Contacts" of both products)."""

_NAME_TAKEN = "3062"
_CROWDED = 1070
"""Too many calls in flight."""
_BLAMING = (
    re.compile(r"Invalid value passed for ([a-z][a-z0-9_.]*)"),
    re.compile(r"ensure that the ([a-z][a-z0-9_.]*) has less"),
)
_TIME = "%Y-%m-%dT%H:%M:%S+0000"
_BLOCK_S = 60.0
_PAUSE_S = 5.0


def paper_path(collection: str, record: str, kind: str) -> str:
    """Where a document is printed (`accept=pdf`: Books, "Get a sales order" and its kin; at the other door UNVERIFIED)."""
    return f"{BOOKS}/{collection}/{record}?accept={kind}"


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
    if verdict is Verdict.FINE:
        return FINE
    return Reading(verdict, str(code or status), message, blamed(str(code), message), wait_s, crowded=code == _CROWDED)


def blamed(code: str, message: str) -> str | None:
    """The field a refusal is about, as far as its words say so (UNVERIFIED: the words are those of single observations).

    >>> blamed("4", "Invalid value passed for date"), blamed("15", "Please ensure that the notes has less than 10 characters.")
    ('date', 'notes')
    """
    if code == _NAME_TAKEN:
        return "contact_name"
    found = next((hit for words in _BLAMING if (hit := words.search(message))), None)
    return found[1] if found else None


def _verdict(status: int, code: object) -> tuple[Verdict, float]:
    match code:
        case 45:  # one report has it on a 500
            return Verdict.DAY_SPENT, 0.0
        case 44:  # the minute is spent, the organisation is blocked
            return Verdict.BUSY, _BLOCK_S
        case 1070:  # `_CROWDED`
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


_REMEDIES: dict[str, str] = {
    "2": "The field is not one of this resource, or holds a value of the wrong kind: correct the rule or the column.",
    "4": "The named value has the wrong kind or form: dates are 2026-03-01, ids digits, numbers without signs of money.",
    "15": "Shorten the text at its source; the message names the limit.",
    "57": "Grant the token the scope of this resource, or its user the permission.",
    "1001": "Another record has this SKU or number: pair the two, or change one of them.",
    "1002": "The record, or one it points at, was deleted: correct the id, or create it again.",
    "2006": "Keep the item inactive: what documents or composite items name is not deleted.",
    "3050": "Keep the contact inactive: contacts with transactions are not deleted.",
    "3062": "Another contact has this name (customers and vendors share one set of names): pair the two, or rename one.",
    "4097": "The organisation numbers these documents itself: leave the number out, or switch automatic numbers off.",
    "6041": "Correct organization_id: the token's user does not belong to this organisation.",
    "44": "Lower calls_per_minute: all integrations of the organisation share one budget a minute.",
    "45": "Run again tomorrow, or take a larger plan: the calls of the day are used up.",
    "1070": "Run fewer jobs at once: too many calls are in flight.",
}
"""By code. 44, 45, 57, 1002, 1070, 3062 and 6041 were seen live; the meaning of the others is UNVERIFIED, codes of single
modules are an open set."""
_BY_WORDS = (
    ("already exists", "Another record has this number, name or key: pair the two, or change one of them."),
    ("does not exist", _REMEDIES["1002"]),
    ("void", "A void document is not changed any more: make a new one."),
    ("cannot be deleted", "Keep it inactive: the vendor deletes nothing that other records name."),
)


def remedy(code: str, message: str) -> str | None:
    """What to do about a refusal, as far as code or words tell.

    >>> remedy("36004", 'Sales order number "SO-1" already exists.')
    'Another record has this number, name or key: pair the two, or change one of them.'
    """
    words = message.casefold()
    return _REMEDIES.get(code) or next((fix for sign, fix in _BY_WORDS if sign in words), None)
