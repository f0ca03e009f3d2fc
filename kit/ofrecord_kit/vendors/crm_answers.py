"""What the CRM's answers to writes mean: one element of `data[]` a record, in order.

Sources: Zoho CRM v8 docs, "Insert Records", "Update Records", "Upsert Records", "Delete Records"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Answer
from ofrecord_kit.target.destination import Done, Missing, Refused, Result, Stale
from ofrecord_kit.vendors.crm import OUTDATED, REMEDIES

_SHOWN = 8
_NO_SUCH_RECORD = ("the id given seems to be invalid", "record not deleted")


def refused(refusal: VendorRefusal) -> Refused:
    """A refusal of a whole call, as one of each of its records."""
    fix = REMEDIES.get(refusal.code)
    return Refused(refusal.code, refusal.message, refusal.field, fix, refusal.request_id)


def results_of(answer: Answer, number: int, found_by: str | None = None) -> list[Result]:
    """One result for each of `number` records. `found_by`: the only field an upsert may have found a record by."""
    elements = (answer.body or {}).get("data", [])
    if len(elements) != number:
        return [Refused("NO_RESULT", f"{len(elements)} results for {number} records")] * number
    return _read(answer, found_by)


def told_by_id(answer: Answer, found_by: str | None = None) -> dict[str, Result]:
    """What an answer says, by the id of the record each element names; those that name none are left out."""
    elements = (answer.body or {}).get("data", [])
    ids = [str((element.get("details") or {}).get("id") or "") for element in elements]
    return {one: result for one, result in zip(ids, _read(answer, found_by), strict=True) if one}


def is_complete(answer: Answer, number: int) -> bool:
    """Is there a result for each of `number` records?"""
    return len((answer.body or {}).get("data", [])) == number


def _read(answer: Answer, found_by: str | None) -> list[Result]:
    request = answer.headers.get("X-Request-Id")  # UNVERIFIED: the vendor documents no such header
    return [_result(element, found_by, request) for element in (answer.body or {}).get("data", [])]


def doubts_metadata(answer: Answer) -> bool:
    """Does a refusal contradict field metadata that let the value pass?"""
    elements = (answer.body or {}).get("data", [])
    return any(
        OUTDATED & _inner(one)[0].get("details", {}).keys() or one.get("code") == "NO_PERMISSION" for one in elements
    )


def _inner(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The errors of a record: itself, or those of `MULTIPLE_OR_MULTI_ERRORS`."""
    return (element.get("details") or {}).get("errors") or [element]


def _result(element: Mapping[str, Any], found_by: str | None, request: str | None) -> Result:
    details = element.get("details") or {}
    if element.get("status") == "success" or element.get("code") == "SUCCESS":
        by = element.get("duplicate_field")
        if not found_by or element.get("action") != "update" or by in {found_by, None}:
            return Done(str(details.get("id", "")))
        words = f"the vendor found another record by {by} ({details.get('id')}) and wrote to it"
        return Refused("UNEXPECTED_UPDATE", words, str(by), "Look at that record and put it right.", request)
    if element.get("code") == "ALREADY_MODIFIED":
        return Stale()
    first, *others = _inner(element)
    about = first.get("details") or {}
    code, message, field = str(first.get("code", "UNKNOWN")), str(first.get("message", "")), about.get("api_name")
    if code == "INVALID_DATA" and field in {None, "id"} and message in _NO_SUCH_RECORD:
        return Missing()
    more = [f"{one.get('message')} (field {(one.get('details') or {}).get('api_name')})" for one in others]
    return Refused(code, "; ".join([message, *more]), field, _remedy(code, about), request)


def _remedy(code: str, about: Mapping[str, Any]) -> str | None:
    """What to do, with the limit or the other record the vendor names."""
    fix = REMEDIES.get(code)
    if about.get("maximum_length") is not None:
        return f"Shorten the value: at most {about['maximum_length']}."
    if about.get("supported_values"):
        return f"Use one of: {', '.join(str(one) for one in about['supported_values'][:_SHOWN])}."
    if about.get("expected_data_type"):
        return f"The field takes: {about['expected_data_type']}. {fix or ''}".strip()
    other = (about.get("duplicate_record") or about).get("id") if code == "DUPLICATE_DATA" else None
    return f"{fix} It is record {other}." if other else fix
