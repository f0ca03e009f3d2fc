# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Estimates ("Estimates" of Books): draft → sent → accepted or declined; a sent one past its day is expired.

Nothing is made of an estimate here, so none becomes `invoiced`. Which status follows which is UNVERIFIED, and so are the codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import engine, totals
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.values import day, text, today
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_STATES = {
    "draft": {"sent"}, "sent": {"accepted", "declined"}, "accepted": {"declined", "sent"}, "declined": {"accepted", "sent"},
}  # fmt: skip


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    totals.prepare(world, record, before, given)
    if record["expiry_date"] and record["expiry_date"] < record["date"]:
        raise invalid("expiry_date")
    if before is None and record["_query"].get("send") == "true":
        record["_state"] = "sent"


def _status(world: World, record: Record) -> str:
    if record["_state"] == "sent" and "" < record["expiry_date"] < today(world):
        return "expired"
    return str(record["_state"])


ESTIMATES = declared(
    Resource(
        collection="estimates", singular="estimate", id_key="estimate_id", words="Estimate", module="estimate", doors=(BOOKS,),
        writable=totals.HEAD | {"estimate_number": text(50), "expiry_date": day, "custom_body": text(5000),
                                "custom_subject": text(500)},
        required=("customer_id", "line_items"),
        fresh=totals.FRESH | {
            "estimate_number": "", "expiry_date": "", "_state": "draft", "status": "draft", "accepted_date": "",
            "declined_date": "", "has_attachment": False, "is_viewed_by_client": False, "client_viewed_time": "",
            "zcrm_potential_id": "",
        },
        row=(
            "customer_name", "customer_id", "status", "estimate_number", "reference_number", "date", "currency_id",
            "currency_code", "total", "created_time", "last_modified_time", "accepted_date", "declined_date", "expiry_date",
            "has_attachment", "is_viewed_by_client", "client_viewed_time",
        ),
        filters=matching("estimate_number", "reference_number", "customer_name") | dating("date", "expiry_date")
        | exactly("customer_id", "total", "zcrm_potential_id"),
        sorts=("customer_name", "estimate_number", "date", "total", "created_time", "last_modified_time"),
        search=("estimate_number", "reference_number", "customer_name"), number=("estimate_number", "EST-"),
        query=frozenset({"send"}), field_paths=(BOOKS,), status=_status, check=_check, upsert=True,
    )
)  # fmt: skip


def set_state(world: World, request: Request, estimate_id: str, state: str, door: str) -> Response:
    """`POST /estimates/{id}/status/{sent|accepted|declined}`."""
    engine.only_query(request)
    record = engine.found(world, ESTIMATES, estimate_id)
    if state != record["_state"]:
        if state not in _STATES[record["_state"]]:
            raise RefusedError(36511, f"A {record['_state']} estimate cannot be marked as {state}.")
        dated = {f"{state}_date": today(world)} if state != "sent" else {}
        engine.keep(world, ESTIMATES, record | {"_state": state} | dated)
    return done(message=said(ESTIMATES, state, door))


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Status actions."""
    if door != BOOKS:
        return []
    return [
        ("POST", f"/estimates/{{estimate_id}}/status/{state}", partial(set_state, state=state, door=door))
        for state in ("sent", "accepted", "declined")
    ]
