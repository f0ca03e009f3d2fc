"""Mail of sales orders and what their history says of it ("Email a sales order", "List sales order comments & history", Books).

Nothing leaves this machine: `GET /_sandbox/finance/mails` lists what would have been sent. That a mail without a body is sent
with the vendor's own words is documented; how history words it, and that a mail changes `last_modified_time`, is UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.finance import engine, sales
from ofrecord_sandbox.finance.answers import done, invalid
from ofrecord_sandbox.finance.declare import BOOKS
from ofrecord_sandbox.finance.values import flag, identifier, shape, stamp, text
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 460000000900000
_REQUIRED = ("to_mail_ids", "subject", "body")
_TAKEN = ("salesorder_id", "attachments", "send_attachment", "file_name")
_BODY = {
    "from_address_id": identifier, "send_from_org_email_id": flag, "subject": text(1000), "body": text(100_000),
    "documents": text(500), "invoice_id": identifier,
}  # fmt: skip
_LISTS = ("to_mail_ids", "cc_mail_ids", "bcc_mail_ids")


def _table(world: World) -> Table:
    return world.store.table("finance/mails")


def sent(world: World) -> list[dict[str, Any]]:
    """Every mail there would have been, oldest first."""
    return [{key: value for key, value in one.items() if key[0] != "_"} for one in _table(world)]


def mail(world: World, request: Request, salesorder_id: str) -> Response:
    """`POST /salesorders/{id}/email`: to the customer with the vendor's words, or as the body says. Sent again, it is sent again."""
    engine.only_query(request, *_TAKEN)
    order = engine.found(world, sales.ORDERS, salesorder_id)
    given = engine.body_of(request)
    if not given:
        given = {
            "to_mail_ids": [order.get("email", "")],
            "subject": f"Sales Order {order['salesorder_number']}",
            "body": "",
        }
    elif missing := [name for name in _REQUIRED if given.get(name) in (None, "", [])]:
        raise invalid(missing[0])
    for name in _LISTS:
        people = given.get(name, [])
        if not isinstance(people, list) or not all(isinstance(one, str) and "@" in one for one in people):
            raise invalid(name)
    shape(_BODY)("body", {name: value for name, value in given.items() if name not in _LISTS})
    row: Record = {
        "mail_id": world.next_id(_IDS), "salesorder_id": salesorder_id, "salesorder_number": order["salesorder_number"],
        "to": given["to_mail_ids"], "subject": given["subject"], "body": given["body"],
        "with_pdf": request.query.get("send_attachment") == "true", "at": stamp(world.clock.now()),
    }  # fmt: skip
    _table(world).put(row["mail_id"], row)
    engine.keep(world, sales.ORDERS, order | {"is_emailed": True})
    return done(message="Your Sales Order has been sent.", status=201)


def history(world: World, request: Request, salesorder_id: str) -> Response:
    """`GET /salesorders/{id}/comments`: what was mailed to whom, the latest first."""
    engine.only_query(request)
    engine.found(world, sales.ORDERS, salesorder_id)
    mine = [one for one in _table(world) if one["salesorder_id"] == salesorder_id]
    rows = [
        {
            "comment_id": one["mail_id"], "salesorder_id": salesorder_id, "comment_type": "system", "operation_type": "Emailed",
            "description": f"Sales Order emailed to {', '.join(one['to'])}", "commented_by": "Owner", "date": one["at"][:10],
            "transaction_type": "sales_order", "transaction_id": salesorder_id,
        }
        for one in reversed(mine)
    ]  # fmt: skip
    return done("comments", rows)


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Books documents them."""
    if door != BOOKS:
        return []
    return [
        ("POST", "/salesorders/{salesorder_id}/email", mail),
        ("GET", "/salesorders/{salesorder_id}/comments", history),
    ]
