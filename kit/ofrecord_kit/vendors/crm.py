"""Zoho CRM v8: addresses, limits, error shapes, field facts.

Sources: vendor documentation of API v8 (v7 where v8 is silent), pages named at each fact; read 2026-11.
"""

from __future__ import annotations

from typing import Any

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

ROOT = "/crm/v8"

FIELDS_A_CALL = 50
"""Most names in `fields` of a list call ("Get Records")."""

PER_PAGE = 200
"""Rows of a page: default and most ("Get Records")."""

ROWS_A_CHAIN = 100_000
"""Rows a chain of page tokens reaches ("Get Records")."""

RECORDS_A_WRITE = 100
"""Most records of an insert, update or upsert ("Insert Records")."""

DELETED_DAYS = 60
"""Days a deleted record stays in the recycle bin and in the list of deleted records ("List of Deleted Records")."""

NOT_LISTED_TYPES = frozenset({"subform", "multiselectlookup", "multiuserlookup"})
"""Data types a list call never returns; only a detail read does ("Get Records")."""

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
        return Reading(verdict)
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
    )
