# ruff: noqa: ARG001, EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Credit notes and what they pay ("Credit Notes" of Books).

Codes 12003 to 12007 and 12018 with their words are those of Zoho Invoice v3 ("Credit Notes", "Possible error codes"); the
others are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, money, stock, totals
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import dec, flag, many, num, shape, text
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def _check_credit(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    used = before is not None and (before["_applied"] or refunded(world, before["creditnote_id"]))
    if before is not None and (before["_state"] == "void" or used):
        raise RefusedError(12010, "A void or applied credit note cannot be edited.")
    query = record.pop("_query", {})
    record.pop("ignore_auto_number_generation", None)
    draft = record.pop("is_draft", False)
    if query.get("invoice_id"):
        invoice = engine.found(world, money.INVOICES, query["invoice_id"])
        if invoice["customer_id"] != record["customer_id"]:
            raise invalid("invoice_id")
        record["invoice_id"], record["invoice_number"] = invoice["invoice_id"], invoice["invoice_number"]
    totals.prepare(world, record, before, given)
    if before is None and draft:
        record["_state"] = "draft"
    record["balance"] = record["total"]


def _credit_saved(world: World, record: Record) -> None:
    stock.state(world, f"creditnotes/{record['creditnote_id']}", [
        stock.Movement(line["item_id"], line["location_id"], stock.ACCOUNTING, dec(line["quantity"]))
        for line in (record["line_items"] if record["_state"] == "open" else [])
    ])  # fmt: skip


def _credit_status(world: World, record: Record) -> str:
    return "closed" if record["_state"] == "open" and dec(record["balance"]) == 0 else str(record["_state"])


def _credit_removable(world: World, record: Record) -> None:
    if record["_applied"] or refunded(world, record["creditnote_id"]):
        raise RefusedError(12011, "Credit notes that were applied or refunded cannot be deleted.")


CREDITS = declared(
    Resource(
        collection="creditnotes", singular="creditnote", id_key="creditnote_id", words="Credit note", module="creditnote",
        writable=totals.HEAD | {"creditnote_number": text(100), "is_draft": flag, "ignore_auto_number_generation": flag,
                                "reference_number": text(100)},
        required=("customer_id", "line_items"),
        fresh=totals.FRESH | {"creditnote_number": "", "_state": "open", "_applied": [], "status": "open",
                              "invoice_id": "", "invoice_number": ""},
        row=("creditnote_number", "status", "reference_number", "date", "customer_id", "customer_name", "currency_id",
             "currency_code", "total", "balance", "created_time", "last_modified_time"),
        filters=matching("creditnote_number", "reference_number", "customer_name") | exactly("customer_id", "total")
        | dating("date"),
        sorts=("customer_name", "creditnote_number", "balance", "total", "date", "created_time", "last_modified_time"),
        search=("creditnote_number", "reference_number", "customer_name"), number=("creditnote_number", "CN-"),
        duplicate=(12018, "The specified Credit Note Number already exists"),
        query=frozenset({"invoice_id"}), dropped=frozenset({"invoice_id", "invoice_number"}), status=_credit_status, check=_check_credit, saved=_credit_saved,
        show=lambda _world, record: {"invoices_credited": record["_applied"]}, removable=_credit_removable,
        removed=lambda world, record: stock.state(world, f"creditnotes/{record['creditnote_id']}", []), upsert=True,
    )
)  # fmt: skip


def set_credit(world: World, request: Request, creditnote_id: str, state: str, door: str) -> Response:
    """`POST /creditnotes/{id}/status/{open|void|draft}`; on Inventory `/converttoopen`, `/void`, `/draft`."""
    engine.only_query(request)
    record = dict(engine.found(world, CREDITS, creditnote_id))
    allowed = {"draft": {"open", "void"}, "open": {"void"}, "void": {"draft"}}[record["_state"]]
    if state != record["_state"]:
        if state not in allowed or record["_applied"] or refunded(world, creditnote_id):
            raise RefusedError(12012, f"Credit note status cannot be changed to {state}.")
        record["_state"] = state
        engine.keep(world, CREDITS, record)
        _credit_saved(world, record)
    return done(message=said(CREDITS, state, door))


def applications(world: World, request: Request, creditnote_id: str) -> Response:
    """`GET /creditnotes/{id}/invoices`: what the note paid."""
    engine.only_query(request)
    record = engine.found(world, CREDITS, creditnote_id)
    invoices = money.INVOICES.table(world)
    kept = ("invoice_number", "date", "due_date", "total", "balance", "currency_code")
    rows = [part | {key: invoices.rows[part["invoice_id"]][key] for key in kept} for part in record["_applied"]]
    return done("invoices_credited", rows)


def apply_credit(world: World, request: Request, creditnote_id: str) -> Response:
    """`POST /creditnotes/{id}/invoices {"invoices": [{"invoice_id", "amount_applied"}]}`."""
    engine.only_query(request)
    record = dict(engine.found(world, CREDITS, creditnote_id))
    sent = shape({"invoices": many(money.APPLIED)})("body", engine.body_of(request)).get("invoices") or []
    if not sent:
        raise invalid("invoices")
    _applicable(world, record, sent)
    applied = money.apply(world, sent, record["customer_id"], {})
    if applied > dec(record["balance"]):
        raise RefusedError(12013, "The credits applied are more than the balance of the credit note.")
    parts = [{"creditnote_invoice_id": engine.new_id(world), **part} for part in sent]
    _settle(world, record, [*record["_applied"], *parts], {part["invoice_id"] for part in parts})
    return done("apply_to_invoices", {"invoices": sent}, "Credits have been applied to the invoice(s).")


def _applicable(world: World, record: Record, sent: list[Record]) -> None:
    """Only open notes are applied, and only to invoices that still want money."""
    if record["_state"] == "void":
        raise RefusedError(12004, "Credit notes that are in void status cannot be applied to invoices")
    if record["_state"] == "draft":
        raise RefusedError(12002, "Credit notes that are in draft status cannot be applied to invoices")
    if not dec(record["balance"]):
        raise RefusedError(12003, "Credit notes that are in closed status cannot be applied to invoices")
    refusals = {"draft": (12005, "draft"), "paid": (12006, "closed"), "void": (12007, "void")}
    for part in sent:
        invoice = engine.found(world, money.INVOICES, part.get("invoice_id", ""))
        code, word = refusals.get(money.invoice_status(world, invoice), (0, ""))
        if code:
            raise RefusedError(code, f"Credits cannot be applied to invoices in the {word} status")


def take_back(world: World, request: Request, creditnote_id: str, creditnote_invoice_id: str) -> Response:
    """`DELETE /creditnotes/{id}/invoices/{creditnote_invoice_id}`: the money is the note's again."""
    engine.only_query(request)
    record = dict(engine.found(world, CREDITS, creditnote_id))
    gone = [part for part in record["_applied"] if part["creditnote_invoice_id"] == creditnote_invoice_id]
    if not gone:
        raise absent("Credit applied")
    rest = [part for part in record["_applied"] if part["creditnote_invoice_id"] != creditnote_invoice_id]
    _settle(world, record, rest, {gone[0]["invoice_id"]})
    return done(message="Credits applied to an invoice have been deleted.")


def refunded(world: World, creditnote_id: str) -> Decimal:
    """The sum given back of a note (`refunds` makes them)."""
    return totals.refunded(world, "creditnotesrefunds", "creditnote_id", creditnote_id)


def settle(world: World, creditnote_id: str) -> None:
    """The balance of a note after a refund."""
    record = CREDITS.table(world).get(creditnote_id)
    if record is not None:
        _settle(world, dict(record), record["_applied"], set())


def _settle(world: World, record: Record, parts: list[Record], touched: set[str]) -> None:
    """Keep what a note paid, its balance, and the invoices this changes."""
    used = sum((dec(part["amount_applied"]) for part in parts), refunded(world, record["creditnote_id"]))
    record |= {"_applied": parts, "balance": num(dec(record["total"]) - used)}
    engine.keep(world, CREDITS, record)
    for key in touched:
        money.refresh_invoice(world, key, touch=doubts.payment_bumps_invoice)
