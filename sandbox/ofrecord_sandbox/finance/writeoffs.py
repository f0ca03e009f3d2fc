"""Write-offs of invoices ("Write off invoice", "Cancel write off"): what is open is given up, and taken back.

What becomes of the status is not documented: here an invoice that is written off is `paid`, as nothing is open. Codes are UNVERIFIED.
"""

from __future__ import annotations

from ofrecord_sandbox.finance import engine, money
from ofrecord_sandbox.finance.answers import RefusedError, done
from ofrecord_sandbox.finance.values import dec
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def write_off(world: World, request: Request, invoice_id: str) -> Response:
    """`POST /invoices/{id}/writeoff`: the balance of a sent invoice."""
    engine.only_query(request)
    record = engine.found(world, money.INVOICES, invoice_id)
    if record["_state"] != "sent" or not dec(record["balance"]):
        raise RefusedError(4022, "Only invoices with an open balance can be written off.")
    engine.keep(world, money.INVOICES, record | {"write_off_amount": record["balance"]})
    money.refresh_invoice(world, invoice_id, touch=True)
    return done(message="Invoice has been written off.")


def cancel(world: World, request: Request, invoice_id: str) -> Response:
    """`POST /invoices/{id}/writeoff/cancel`."""
    engine.only_query(request)
    record = engine.found(world, money.INVOICES, invoice_id)
    if not dec(record["write_off_amount"]):
        raise RefusedError(4023, "This invoice is not written off.")
    engine.keep(world, money.INVOICES, record | {"write_off_amount": 0})
    money.refresh_invoice(world, invoice_id, touch=True)
    return done(message="The write off done for this invoice has been cancelled.")
