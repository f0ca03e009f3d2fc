# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Recurring invoices ("Recurring Invoices" of Books): what is to be invoiced again and again. They make no invoices here.

The file's list has neither status nor times, though it filters by status; the status is shown here (UNVERIFIED), the times are
not. Of the frequencies the file names `weeks` alone, clients use the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import bulk, engine, totals
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.values import day, flag, one_of, text, today, whole
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_MONTHS = {"months": 1, "years": 12}
_DAYS = {"days": 1, "weeks": 7}


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    record["recurrence_name"] = record["recurrence_name"].strip()
    same = RECURRING.table(world).index("name", lambda one: (one["recurrence_name"].casefold(),))
    if any(key != record["recurring_invoice_id"] for key in same.ids(record["recurrence_name"].casefold())):
        raise RefusedError(36611, "A recurring invoice with this name already exists.")
    record["start_date"] = record["start_date"] or today(world)
    if record["end_date"] and record["end_date"] < record["start_date"]:
        raise invalid("end_date")
    if int(record["repeat_every"] or 0) < 1:
        raise invalid("repeat_every")
    totals.prepare(world, record, before, {"line_items": record["line_items"]} if before is None else given)
    customer = world.store.table("finance/contacts").rows[record["customer_id"]]
    record["customer_email"], record["customer_phone"] = customer["email"], customer["phone"]
    record["next_invoice_date"] = _next(world, record)


def _next(world: World, record: Record) -> str:
    """The first day of the rhythm that is not past; none after the end."""
    first, now = date.fromisoformat(record["start_date"]), date.fromisoformat(today(world))
    every, unit = int(record["repeat_every"]), record["recurrence_frequency"]
    turn, due = 0, first
    while due < now:
        turn += 1
        due = (
            first + timedelta(days=turn * every * _DAYS[unit])
            if unit in _DAYS
            else _months(first, turn * every * _MONTHS[unit])
        )
    return "" if record["end_date"] and due.isoformat() > record["end_date"] else due.isoformat()


def _months(first: date, count: int) -> date:
    month = first.month - 1 + count
    return date(first.year + month // 12, month % 12 + 1, min(first.day, 28))


def _status(world: World, record: Record) -> str:
    if record["_state"] == "active" and "" < record["end_date"] < today(world):
        return "expired"
    return str(record["_state"])


RECURRING = declared(
    Resource(
        collection="recurringinvoices", singular="recurring_invoice", id_key="recurring_invoice_id", words="Recurring invoice",
        module="recurring_invoice", list_key="recurring_invoices", doors=(BOOKS,),
        writable=totals.HEAD | {
            "recurrence_name": text(100), "start_date": day, "end_date": day, "repeat_every": whole, "email": text(100),
            "recurrence_frequency": one_of("days", "weeks", "months", "years"), "payment_terms": whole,
            "payment_terms_label": text(100), "allow_partial_payments": flag,
        },
        required=("recurrence_name", "customer_id", "recurrence_frequency"),
        fresh=totals.FRESH | {
            "recurrence_name": "", "start_date": "", "end_date": "", "repeat_every": 1, "payment_terms": 0, "line_items": [],
            "payment_terms_label": "", "last_sent_date": "", "_state": "active", "status": "active", "email": "",
            "allow_partial_payments": False,
        },
        row=(
            "recurrence_name", "customer_name", "customer_id", "currency_id", "currency_code", "status", "start_date", "end_date",
            "last_sent_date", "next_invoice_date", "billing_address", "shipping_address",
        ),
        filters=matching("recurrence_name", "customer_name") | dating("start_date", "end_date") | exactly("customer_id", "notes"),
        sorts=("customer_name", "recurrence_name", "start_date", "end_date", "created_time"),
        search=("recurrence_name", "customer_name"), status=_status, check=_check, upsert=True,
    )
)  # fmt: skip


def set_state(world: World, request: Request, recurring_invoice_id: str, state: str) -> Response:
    """`POST /recurringinvoices/{id}/status/{stop|resume}`."""
    engine.only_query(request)
    record = engine.found(world, RECURRING, recurring_invoice_id)
    if record["_state"] != state:
        engine.keep(world, RECURRING, record | {"_state": state})
    verb = "stopped" if state == "stopped" else "resumed"
    return done(message=f"The recurring invoice has been {verb}.", status=201)


def set_many(world: World, request: Request, state: str) -> Response:
    """`POST /recurringinvoices/status/{stop|resume}?recurring_invoice_ids=`."""
    for record in bulk.named(world, request, RECURRING, "recurring_invoice_ids"):
        if record["_state"] != state:
            engine.keep(world, RECURRING, record | {"_state": state})
    verb = "stopped" if state == "stopped" else "resumed"
    return done(message=f"The selected recurring invoices have been {verb}.")


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Status actions of one and of several."""
    if door != BOOKS:
        return []
    found: list[tuple[str, str, Callable[..., Response]]] = []
    for word, state in (("stop", "stopped"), ("resume", "active")):
        found += [
            ("POST", f"/recurringinvoices/{{recurring_invoice_id}}/status/{word}", partial(set_state, state=state)),
            ("POST", f"/recurringinvoices/status/{word}", partial(set_many, state=state)),
        ]
    return found
