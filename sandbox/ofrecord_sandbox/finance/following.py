"""Planted records that follow from others: packages and their shipments, receives, returns, refunds.

Each is made of a document that has none yet; where too few are left, that document is planted first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ofrecord_sandbox.finance import accounts, creditnotes, engine, purchases, refunds, returns, sales, shipping
from ofrecord_sandbox.finance.declare import Resource
from ofrecord_sandbox.finance.values import dec
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

Made = tuple[Mapping[str, Any], dict[str, str]]
"""Body and query of a create."""


@dataclass(frozen=True)
class Following:
    """One collection of records that are made of documents of another."""

    resource: Resource
    of: Resource
    free: Callable[[Record], bool]
    """Whether a document has none yet."""
    make: Callable[[World, Record, int], Made]
    then: Callable[[World, Record, int], None] = lambda _world, _record, _number: None


def _package(_world: World, order: Record, number: int) -> Made:
    lines = [{"so_line_item_id": line["line_item_id"], "quantity": line["quantity"]} for line in order["line_items"]]
    return {"date": order["date"], "notes": f"Pack {number}", "line_items": lines}, {
        "salesorder_id": order["salesorder_id"]
    }


def _ship(world: World, package: Record, number: int) -> None:
    """Two of three packages travel."""
    if number % 3:
        carrier = ("FedEx", "DHL", "Own lorry")[number % 3]
        sent = {"date": package["date"], "delivery_method": carrier, "tracking_number": f"TRK{number:09}"}
        query = {"salesorder_id": package["salesorder_id"], "package_ids": package["package_id"]}
        engine.insert(world, shipping.SHIPMENTS, sent, query)


def _receive(_world: World, order: Record, _number: int) -> Made:
    lines = [{"line_item_id": line["line_item_id"], "quantity": line["quantity"]} for line in order["line_items"]]
    return {"date": order["date"], "line_items": lines}, {"purchaseorder_id": order["purchaseorder_id"]}


def _return(_world: World, order: Record, number: int) -> Made:
    line = order["line_items"][0]
    body = {"date": order["date"], "reason": ("Broken", "Too late", "")[number % 3],
            "line_items": [{"salesorder_item_id": line["line_item_id"], "quantity": 1}]}  # fmt: skip
    return body, {"salesorder_id": order["salesorder_id"]}


def _refund(world: World, note: Record, number: int) -> Made:
    account = accounts.chosen(world, "", "Checking Account")["account_id"]
    left = dec(note["balance"])
    amount = str(left if number % 2 else min(left, dec("0.5")))
    body = {"creditnote_id": note["creditnote_id"], "date": note["date"], "refund_mode": "cash", "amount": amount}
    return body | {"from_account_id": account, "reference_number": f"RF-{number}"}, {}


FOLLOWING: dict[str, Following] = {
    "packages": Following(
        shipping.PACKAGES, sales.ORDERS,
        lambda one: one["_state"] == "confirmed" and not any(line["quantity_packed"] for line in one["line_items"]),
        _package, _ship,
    ),
    "salesreturns": Following(
        returns.RETURNS, sales.ORDERS, lambda one: one["_state"] == "confirmed" and one["shipped_status"] == "shipped", _return,
    ),
    "purchasereceives": Following(
        purchases.RECEIVES, purchases.ORDERS,
        lambda one: one["_state"] == "issued" and one["received_status"] == "pending", _receive,
    ),
    "refunds": Following(
        refunds.OF_NOTES.resource, creditnotes.CREDITS,
        lambda one: one["_state"] == "open" and one["balance"] == one["total"], _refund,
    ),
}  # fmt: skip


def free(world: World, following: Following) -> list[str]:
    """Ids of the documents that have none yet, oldest first."""
    return [key for key, record in following.of.table(world).rows.items() if following.free(record)]
