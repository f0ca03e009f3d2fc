# ruff: noqa: ARG001, EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Invoices and customer payments ("Invoices", "Customer Payments" of Books).

An invoice is `draft` until it is marked as sent; `partially_paid`, `paid` and `overdue` follow from balance and date.
Money is applied to sent invoices only (UNVERIFIED for payments of drafts), never more than their balance. Codes 1001, 3010,
4001, 12008 and 24016 with their words are those of Zoho Invoice v3 ("Invoices", "Customer Payments", "Possible error codes"), the
elder sister of Books; the others are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import converting, engine, sales, stock, totals
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import (
    day,
    dec,
    digits_of,
    flag,
    identifier,
    many,
    num,
    number,
    rounded,
    shape,
    text,
    today,
    whole,
)  # fmt: skip
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

APPLIED = shape({"invoice_id": identifier, "amount_applied": number, "tax_amount_withheld": number})


def _check_invoice(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if before is not None and before["_state"] == "void":
        raise RefusedError(4017, "A void invoice cannot be edited.")
    if before is not None and before["customer_id"] != record["customer_id"] and _applied(world, record["invoice_id"]):
        raise RefusedError(
            3010, "The customer for this invoice cannot be changed because payments have been recorded for this invoice"
        )
    totals.prepare(world, record, before, given)
    if record["payment_terms"] == "":
        record["payment_terms"] = (
            world.store.table("finance/contacts").rows[record["customer_id"]]["payment_terms"] or 0
        )
    if not record["due_date"] or ("date" in given and "due_date" not in given):
        due = date.fromisoformat(record["date"]) + timedelta(days=max(int(record["payment_terms"]), 0))
        record["due_date"] = due.isoformat()
    record["salesorder_id"], record["salesorder_number"] = _order_named(world, record, before)
    paid = _applied(world, record["invoice_id"]) + dec(record["write_off_amount"]) if before is not None else Decimal(0)
    if dec(record["total"]) < paid:
        raise RefusedError(4018, "The total of an invoice cannot be less than the amount paid.")
    record["balance"] = num(dec(record["total"]) - paid)
    if (record.pop("_query", {}).get("send") == "true" or record.pop("send", False)) and before is None:
        record["_state"] = "sent"


def _order_named(world: World, record: Record, before: Record | None) -> tuple[str, str]:
    """Id and number of the order an invoice belongs to: of its lines, else the one it was made from."""
    table = sales.ORDERS.table(world)
    index = table.index("lines", lambda one: [line["line_item_id"] for line in one["line_items"]])
    made_from = before["salesorder_id"] if before else record["_query"].get("salesorder_id", "")
    for line in record["line_items"]:
        if line.get("salesorder_item_id", "") == "":
            continue
        ids = index.ids(line["salesorder_item_id"])
        if not ids or table.rows[ids[0]]["customer_id"] != record["customer_id"]:
            raise absent("Sales order line item")
        made_from = ids[0]
    order = table.get(made_from)
    return ("", "") if order is None else (order["salesorder_id"], order["salesorder_number"])


def _payments(world: World, invoice_id: str) -> Iterable[tuple[Record, Decimal]]:
    table = world.store.table("finance/customerpayments")
    index = table.index("invoice", lambda one: {part["invoice_id"] for part in one["invoices"]})
    for key in index.ids(invoice_id):
        payment = table.rows[key]
        if payment["status"] == "failure":
            continue
        yield (
            payment,
            sum((dec(p["amount_applied"]) for p in payment["invoices"] if p["invoice_id"] == invoice_id), Decimal(0)),
        )


def _credits(world: World, invoice_id: str) -> Decimal:
    table = world.store.table("finance/creditnotes")
    index = table.index("invoice", lambda one: {part["invoice_id"] for part in one["_applied"]})
    return sum((dec(part["amount_applied"]) for key in index.ids(invoice_id) for part in table.rows[key]["_applied"]
                if part["invoice_id"] == invoice_id), Decimal(0))  # fmt: skip


def _applied(world: World, invoice_id: str) -> Decimal:
    return sum((amount for _, amount in _payments(world, invoice_id)), Decimal(0)) + _credits(world, invoice_id)


def refresh_invoice(world: World, invoice_id: str, *, touch: bool) -> None:
    """Recompute balance, payment facts, accounting stock, and the order behind it."""
    record = INVOICES.table(world).get(invoice_id)
    if record is None:
        return
    payments = list(_payments(world, invoice_id))
    paid, credit = sum((amount for _, amount in payments), Decimal(0)), _credits(world, invoice_id)
    record = record | {
        "payment_made": num(paid), "credits_applied": num(credit), "balance": num(dec(record["total"]) - paid - credit - dec(record["write_off_amount"])),
        "last_payment_date": max((payment["date"] for payment, _ in payments), default=""),
    }  # fmt: skip
    engine.keep(world, INVOICES, record, touch=touch)
    out = record["line_items"] if record["_state"] == "sent" else []
    stock.state(world, f"invoices/{invoice_id}", [
        stock.Movement(line["item_id"], line["location_id"], stock.ACCOUNTING, -dec(line["quantity"])) for line in out
    ])  # fmt: skip
    if record["salesorder_id"] != "":
        sales.refresh(world, record["salesorder_id"], touch=doubts.child_bumps_order)


def invoice_status(world: World, record: Record) -> str:
    """draft, void, paid, overdue, partially_paid or sent; a part-paid invoice past its date is overdue (UNVERIFIED)."""
    if record["_state"] != "sent":
        return str(record["_state"])
    if dec(record["balance"]) == 0:
        return "paid"
    if record["due_date"] < today(world):
        return "overdue"
    return "partially_paid" if dec(record["balance"]) < dec(record["total"]) else "sent"


def _invoice_row(world: World, record: Record) -> dict[str, Any]:
    return {"due_days": "", "is_emailed": record["_state"] == "sent"}


def as_list_row(row: dict[str, Any]) -> dict[str, Any]:
    """A list row of invoices: `total` and `balance` as text when the doubt says so."""
    if doubts.invoice_list_totals_as_text:
        row |= {key: str(row[key]) for key in ("total", "balance", "shipping_charge")}
    return row


def _invoice_show(world: World, record: Record) -> dict[str, Any]:
    return {"payments": [{"payment_id": one["payment_id"], "payment_number": one["payment_number"], "amount": num(amount),
                          "date": one["date"]} for one, amount in _payments(world, record["invoice_id"])]}  # fmt: skip


def _invoice_removable(world: World, record: Record) -> None:
    if any(True for _ in _payments(world, record["invoice_id"])):
        raise RefusedError(4001, "Payments have been recorded for these invoices.Hence they cannot be deleted")
    if _credits(world, record["invoice_id"]):
        raise RefusedError(12008, "This invoice has credits applied to it. Hence, it cannot be deleted")


def _invoice_removed(world: World, record: Record) -> None:
    stock.state(world, f"invoices/{record['invoice_id']}", [])
    if record["salesorder_id"] != "":
        sales.refresh(world, record["salesorder_id"], touch=doubts.child_bumps_order)


INVOICES = declared(
    Resource(
        collection="invoices", singular="invoice", id_key="invoice_id", words="Invoice", module="invoice",
        writable=totals.HEAD | {"line_items": many(shape(totals.LINE | {"name": text(100)})), "invoice_number": text(100), "due_date": day, "payment_terms": whole,
                                "payment_terms_label": text(100), "send": flag, "allow_partial_payments": flag},
        required=("customer_id", "line_items"),
        fresh=totals.FRESH | {"invoice_number": "", "due_date": "", "payment_terms": "", "payment_terms_label": "",
                              "_state": "draft", "status": "draft", "payment_made": 0, "credits_applied": 0,
                              "last_payment_date": "", "write_off_amount": 0, "allow_partial_payments": False,
                              "salesorder_id": "", "salesorder_number": ""},
        row=("invoice_number", "status", "customer_id", "customer_name", "reference_number", "date", "due_date",
             "currency_id", "currency_code", "total", "balance", "last_payment_date", "exchange_rate", "adjustment",
             "write_off_amount", "shipping_charge", "salesperson_id", "salesperson_name", "created_time",
             "last_modified_time"),
        filters=matching("invoice_number", "reference_number", "customer_name", "email") | exactly("customer_id", "total",
        "balance") | dating("date", "due_date"),
        sorts=("customer_name", "invoice_number", "date", "due_date", "total", "balance", "created_time",
               "last_modified_time"),
        search=("invoice_number", "reference_number", "customer_name"), number=("invoice_number", "INV-"),
        duplicate=(1001, "Invoice Number already exist"), field_paths=(INVENTORY, BOOKS), query=frozenset({"send", "salesorder_id"}),
        dropped=frozenset({"salesorder_id", "salesorder_number"}), filled=converting.filled, status=invoice_status, check=_check_invoice, derive=_invoice_row, as_row=as_list_row, show=_invoice_show,
        saved=lambda world, record: refresh_invoice(world, record["invoice_id"], touch=False),
        removable=_invoice_removable, removed=_invoice_removed, upsert=True,
    )
)  # fmt: skip


def set_invoice(world: World, request: Request, invoice_id: str, state: str, door: str) -> Response:
    """`POST /invoices/{id}/status/{sent|void|draft}`: draft → sent; draft, sent → void; void → draft."""
    engine.only_query(request)
    record = dict(engine.found(world, INVOICES, invoice_id))
    allowed = {"draft": {"sent", "void"}, "sent": {"void"}, "void": {"draft"}}[record["_state"]]
    if state != record["_state"]:
        if state not in allowed or (state == "void" and _applied(world, invoice_id)):
            raise RefusedError(4020, f"Invoice status cannot be changed to {state}.")
        engine.keep(world, INVOICES, record | {"_state": state})
        refresh_invoice(world, invoice_id, touch=False)
    return done(message=said(INVOICES, state, door))


def apply(world: World, parts: list[Record], customer_id: str, before: Mapping[str, Decimal]) -> Decimal:
    """The sum applied to invoices; raises RefusedError when an invoice cannot take its part."""
    wanted: dict[str, Decimal] = {}
    for part in parts:
        key = part.get("invoice_id", "")
        amount = dec(part.get("amount_applied"))
        if amount <= 0:
            raise invalid("amount_applied")
        wanted[key] = wanted.get(key, Decimal(0)) + amount
    for key, amount in wanted.items():
        invoice = engine.found(world, INVOICES, key)
        if invoice["customer_id"] != customer_id:
            raise invalid("invoice_id")
        if invoice["_state"] != "sent":
            raise RefusedError(24017, f"Payments cannot be applied to a {invoice['_state']} invoice.")
        digits = digits_of(invoice["currency_code"])
        if amount != rounded(amount, digits) or amount > dec(invoice["balance"]) + before.get(key, Decimal(0)):
            raise RefusedError(24016, "The amount entered is more than the balance due for this invoice")
    return sum(wanted.values(), Decimal(0))


def _check_payment(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    customer = world.store.table("finance/contacts").get(record["customer_id"])
    if customer is None:
        raise absent("Customer")
    if before is not None and before["customer_id"] != record["customer_id"]:
        raise invalid("customer_id")
    record["customer_name"], record["date"] = customer["contact_name"], record["date"] or today(world)
    record |= {key: customer[key] for key in ("currency_id", "currency_code", "currency_symbol")}
    amount = dec(record["amount"])
    if amount <= 0 or amount != rounded(amount, digits_of(customer["currency_code"])):
        raise invalid("amount")
    mine = {part["invoice_id"]: dec(part["amount_applied"]) for part in (before or {}).get("invoices", [])}
    applied = apply(world, record["invoices"], record["customer_id"], mine)
    back = refunded(world, record["payment_id"])
    if applied > amount - back:
        raise RefusedError(24018, "The amount applied to invoices is more than the payment amount.")
    record["unused_amount"] = num(amount - applied - back)
    numbers = {part["invoice_id"]: engine.found(world, INVOICES, part["invoice_id"]) for part in record["invoices"]}
    record["invoices"] = [
        {
            "invoice_payment_id": part.get("invoice_payment_id") or engine.new_id(world),
            **part,
            "invoice_number": numbers[part["invoice_id"]]["invoice_number"],
            "invoice_amount": numbers[part["invoice_id"]]["total"],
        }
        for part in record["invoices"]
    ]
    record["invoice_numbers"] = ",".join(part["invoice_number"] for part in record["invoices"])
    record["_touched"] = sorted(set(mine) | set(numbers))


def _pay(world: World, record: Record) -> None:
    for key in record.pop("_touched", [part["invoice_id"] for part in record["invoices"]]):
        refresh_invoice(world, key, touch=doubts.payment_bumps_invoice)


def end_payment(world: World, payment_id: str, status: str) -> None:
    """A bank says how a payment ended: `success` or `failure`. What failed is paid on no invoice (UNVERIFIED)."""
    record = engine.found(world, PAYMENTS, payment_id)
    engine.keep(world, PAYMENTS, record | {"status": status})
    for part in record["invoices"]:
        refresh_invoice(world, part["invoice_id"], touch=doubts.payment_bumps_invoice)


def refunded(world: World, payment_id: str) -> Decimal:
    """The sum given back of a payment (`refunds` makes them)."""
    return totals.refunded(world, "customerpaymentsrefunds", "payment_id", payment_id)


def settle(world: World, payment_id: str) -> None:
    """What is left of a payment after a refund."""
    record = PAYMENTS.table(world).get(payment_id)
    if record is not None:
        applied = sum((dec(part["amount_applied"]) for part in record["invoices"]), Decimal(0))
        left = dec(record["amount"]) - applied - refunded(world, payment_id)
        engine.keep(world, PAYMENTS, record | {"unused_amount": num(left)})


def _payment_removable(world: World, record: Record) -> None:
    if refunded(world, record["payment_id"]):
        raise RefusedError(24019, "Payments that were refunded cannot be deleted.")


PAYMENTS = declared(
    Resource(
        collection="customerpayments", singular="payment", id_key="payment_id", words="Payment", module="customer_payment",
        writable={"customer_id": identifier, "payment_mode": text(100), "amount": number, "date": day,
                  "reference_number": text(100), "description": text(2000), "invoices": many(APPLIED),
                  "exchange_rate": number, "bank_charges": number, "account_id": identifier, "location_id": identifier},
        required=("customer_id", "payment_mode", "amount"),
        fresh={"date": "", "reference_number": "", "description": "", "invoices": [], "exchange_rate": 1,
               "bank_charges": 0, "account_id": "", "status": "success", "payment_number": ""},
        row=("payment_number", "invoice_numbers", "date", "payment_mode", "amount", "unused_amount", "status", "customer_id",
             "customer_name", "reference_number", "description", "currency_code", "created_time", "last_modified_time"),
        filters=matching("customer_name", "reference_number") | exactly("customer_id", "amount", "payment_mode")
        | dating("date"),
        sorts=("customer_name", "date", "amount", "unused_amount", "reference_number", "created_time", "last_modified_time"),
        search=("reference_number", "customer_name", "invoice_numbers"), number=("payment_number", ""),
        field_paths=(INVENTORY, BOOKS), check=_check_payment, saved=_pay,
        removable=_payment_removable, removed=_pay, upsert=True,
    )
)  # fmt: skip
