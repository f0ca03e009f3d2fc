"""Zoho CRM v8: addresses, limits, error shapes, field facts.

Sources: vendor documentation of API v8 (v7 where v8 is silent), pages named at each fact; read 2026-11.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ofrecord_kit.vendors import (
    CLIENT_ERROR,
    FINE,
    FORBIDDEN,
    SERVER_ERROR,
    TOO_MANY,
    UNAUTHORIZED,
    Reading,
    Verdict,
)
from ofrecord_kit.vendors.centres import centre_of

ROOT = "/crm/v8"

FIELDS_A_CALL = 50
"""Most names in `fields` of a list call ("Get Records")."""

PER_PAGE = 200
"""Rows of a page: default and most ("Get Records")."""

HEAVY_AT_ONCE = 10
"""Calls of the dear kinds under way together, of all programs of a client: queries, searches, sorted lists ("API Limits")."""

RECORDS_A_WRITE = 100
"""Most records of an insert, update or upsert ("Insert Records")."""

NOT_LISTED_TYPES = frozenset({"subform", "multiselectlookup", "multiuserlookup"})
"""Data types a list call never returns; only a detail read does ("Get Records")."""

TRIGGERS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
"""What a write lets run. A missing `trigger` means all of them, an empty one none ("Insert Records")."""

ACTIVE_FIELDS = {"Products": "Product_Active", "Price_Books": "Active"}
"""The field that takes a record out of use without deleting it (constants of the vendor's SDK)."""

BULK_ROWS = 25_000
"""Rows of one file of a bulk write job ("Upload File")."""
BULK_BYTES = 25_000_000
"""Size of the ZIP, said as 25 MB ("Upload File")."""
NOT_BULK = frozenset(
    {"Quotes", "Sales_Orders", "Purchase_Orders", "Invoices", "Events", "Calls", "Notes", "Attachments"}
)
"""Standard modules bulk write is not documented for ("Create Bulk Write Job")."""

REMEDIES = {
    "MANDATORY_NOT_FOUND": "Fill the field where the record is edited. A layout may require more than the field says.",
    "DEPENDENT_FIELD_MISSING": "Send the field it depends on, too.",
    "EXPECTED_FIELD_MISSING": "Send one of the fields it expects.",
    "INVALID_DATA": "Correct the value where it is edited, or the rule that converts it.",
    "DUPLICATE_DATA": "Another record has this value already: merge the two, or correct the value.",
    "DUPLICATE_LINKING_DATA": "Name each linked record once.",
    "RECORD_LOCKED": "Unlock the record in the CRM; it is tried again.",
    "RECORD_IN_BLUEPRINT": "Move the record along its blueprint in the CRM, or take the field out of the blueprint.",
    "CANNOT_PERFORM_ACTION": "A feature of the CRM blocks the change: see the record there.",
    "NOT_APPROVED": "Approve or reject the record in the CRM; it is tried again.",
    "NOT_REVIEWED": "Finish the review of the record in the CRM; it is tried again.",
    "ID_ALREADY_CONVERTED": "The record was converted: correct the one it became.",
    "NO_PERMISSION": "Give the token's user the right in its profile.",
    "AUTHORIZATION_FAILED": "Give the token's user the right in its profile.",
    "NOT_ALLOWED": "See the record in the CRM: its state does not allow the change.",
    "INVALID_MODULE": "Name the stream after the API name of a module the token may write.",
    "INVALID_URL_PATTERN": "Name the stream after the API name of a module the token may write.",
    "INVALID_QUERY": "Use key properties that a query can filter by (no text areas, subforms or multi-select lookups).",
    "LIMIT_EXCEEDED": "Send less: shorten the list or the text named.",
    "FILE_SIZE_MORE_THAN_ALLOWED_SIZE": "Attach a smaller file, or a link to it.",
}
"""What to do about a refusal, by the vendor's code (error lists of "Insert", "Update", "Upsert" and "Delete Records")."""

OUTDATED = frozenset({"maximum_length", "supported_values", "layout_rule"})
"""Details of a refusal that contradict field metadata which let the value pass."""

_BUSY_CODES = frozenset({"TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"})
_PERMISSION_CODES = frozenset({"NO_PERMISSION", "OAUTH_SCOPE_MISMATCH", "AUTHORIZATION_FAILED"})


def read_answer(status: int, body: Any) -> Reading:
    """What an answer means. `body` is the decoded JSON or None.

    Errors of single records sit in `data[]` and are the caller's business: such an answer is fine ("Insert Records").
    """
    if status == TOO_MANY:
        return _reading(Verdict.BUSY, body)
    if status >= SERVER_ERROR:
        return _reading(Verdict.BROKEN, body)
    if status != UNAUTHORIZED and isinstance(body, dict) and isinstance(body.get("data"), list):
        return FINE
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    if code in _PERMISSION_CODES and status in {CLIENT_ERROR, UNAUTHORIZED, FORBIDDEN}:
        return _reading(Verdict.PERMISSION, body)
    if status == UNAUTHORIZED:
        return _reading(Verdict.TOKEN, body)
    if code in _BUSY_CODES:
        return _reading(Verdict.BUSY, body)
    if status >= CLIENT_ERROR or (isinstance(body, dict) and body.get("status") == "error"):
        return _reading(Verdict.REFUSED, body)
    return FINE


def _reading(verdict: Verdict, body: Any) -> Reading:
    if not isinstance(body, dict):
        return Reading(verdict, crowded=verdict is Verdict.BUSY)
    details = body.get("details")
    details = details if isinstance(details, dict) else {}
    field = details.get("api_name") or details.get("param_name") or details.get("param")
    wait = details.get("retry_after")
    return Reading(
        verdict,
        code=str(body.get("code", "")),
        message=str(body.get("message", "")),
        field=str(field) if field else None,
        wait_s=float(wait) if isinstance(wait, int) else 0.0,
        crowded=verdict is Verdict.BUSY,
    )


def upload_root(api_url: str) -> str:
    """The address files are uploaded to: another host of the same data centre; addresses that are not the vendor's stay.

    Source: "Upload File" (the newest OpenAPI names `upload.zoho.{tld}`: UNVERIFIED).

    >>> upload_root("https://www.zohoapis.eu"), upload_root("http://127.0.0.1:8000")
    ('https://content.zohoapis.eu', 'http://127.0.0.1:8000')
    """
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("www.").removeprefix("sandbox.").removeprefix("developer.")
    return urlunsplit((parts.scheme, f"content.{host}", "", "", "")) if host.startswith("zohoapis.") else api_url


def address(api_url: str, path: str, *, upload: bool = False) -> str:
    """Where a call goes. A whole address, as results of jobs have, must be of the same data centre: the token goes with it.

    Raises:
        ValueError: it is not.
    """
    if not path.startswith("http"):
        return (upload_root(api_url) if upload else api_url) + path
    host, own = urlsplit(path), urlsplit(api_url)
    centre = centre_of(path)
    if host.netloc == own.netloc or (host.scheme == "https" and centre is not None and centre == centre_of(api_url)):
        return path
    message = f"an answer names the address {host.hostname}, which is not the vendor's; nothing is fetched from it"
    raise ValueError(message)
