"""Many made-up records put straight into the store, for tests and benchmarks. Deterministic: the same calls plant the same.

Records are made as `POST` makes them, so every rule of the API holds of them; what they need and is not there (customers, vendors,
items, a second location) is planted first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, estimates, following, made_up, purchases, sales, settings
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, RESOURCES, Resource
from ofrecord_sandbox.finance.values import dec
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

COMPANY = "company"
_FIRST = 20
"""So many items and contacts are planted where documents need them and there are fewer."""
_SHARE_A_SECOND = 3
"""So many records in a row have one time of modification."""
_SHARES = {
    "items": 15, "contacts": 14, "itemgroups": 1, "pricebooks": 1, "compositeitems": 1, "salesorders": 14, "packages": 7,
    "salesreturns": 1, "invoices": 14, "creditnotes": 4, "refunds": 2, "estimates": 5, "recurringinvoices": 2,
    "customerpayments": 5, "purchaseorders": 4, "purchasereceives": 2, "bills": 4, "vendorpayments": 1, "journals": 2,
    "inventoryadjustments": 1,
}  # fmt: skip
"""Of a hundred records of a company."""
_SUMS = (
    "rate",
    "purchase_rate",
    "total",
    "balance",
    "amount",
    "unused_amount",
    "sub_total",
    "tax_total",
    "credit_limit",
)


KNOWN = (*made_up.MAKERS, *following.FOLLOWING)


def plant(world: World, collection: str, count: int, seconds: int = 1) -> dict[str, list[str]]:
    """So many records of a collection, or of a whole `company`; ids by collection. Raises ValueError."""
    if collection == COMPANY:
        parts = {name: count * share // 100 for name, share in _SHARES.items()}
        parts["items"] += count - sum(parts.values())
        return {name: _planted(world, name, part, seconds) for name, part in parts.items() if part}
    if collection not in KNOWN:
        msg = f"there is no collection {collection!r} to plant; known: {', '.join(KNOWN)}, {COMPANY}"
        raise ValueError(msg)
    return {collection: _planted(world, collection, count, seconds)}


def _planted(world: World, collection: str, count: int, seconds: int) -> list[str]:
    """The last one is modified now, groups of three `seconds` apart; oldest first."""
    if collection not in {"items", "contacts", "itemgroups"}:
        _needed(world)
    make = _follower(world, collection, count) if collection in following.FOLLOWING else _maker(world, collection)
    counter = world.store.table("sandbox/planted")
    first = (counter.get(collection) or {"count": 0})["count"] + 1
    now, ids = world.clock.now(), []
    for number in range(first, first + count):
        with world.clock.at(now - timedelta(seconds=(first + count - 1 - number) // _SHARE_A_SECOND * seconds)):
            ids.append(make(number))
    counter.put(collection, {"count": first + count - 1})
    return ids


def _maker(world: World, collection: str) -> Callable[[int], str]:
    """Makes the record of a number; its id."""
    resource, known, body = RESOURCES[collection], _known(world), made_up.MAKERS[collection]

    def make(number: int) -> str:
        query = {"send": "true"} if collection == "invoices" and number % 3 else {}
        key = str(engine.insert(world, resource, body(number, known), query)[resource.id_key])
        _moved_on(world, collection, number, key)
        return key

    return make


def _follower(world: World, collection: str, count: int) -> Callable[[int], str]:
    """Makes a record of a document that has none yet; its id."""
    follows = following.FOLLOWING[collection]
    while len(following.free(world, follows)) < count:
        _planted(world, "packages" if collection == "salesreturns" else follows.of.collection, count, 1)
    documents = iter(following.free(world, follows))

    def make(number: int) -> str:
        document = follows.of.table(world).rows[next(documents)]
        record = engine.insert(world, follows.resource, *follows.make(world, document, number))
        follows.then(world, record, number)
        return str(record[follows.resource.id_key])

    return make


def _needed(world: World) -> None:
    known = _known(world)
    if not known["stocked"]:
        _planted(world, "items", _FIRST, 1)
    if not (known["customers"] and known["vendors"]):
        _planted(world, "contacts", _FIRST, 1)
    if len(known["locations"]) == 1:
        engine.insert(world, settings.LOCATIONS, {"location_name": "Second Warehouse"}, {})


def _known(world: World) -> dict[str, list[str]]:
    def ids(name: str, meant: Callable[[Record], bool]) -> list[str]:
        return [key for key, record in world.store.table(f"finance/{name}").rows.items() if meant(record)]

    return {
        "items": ids("items", lambda one: not one.get("is_combo_product")),
        "stocked": ids("items", lambda one: one["item_type"] == "inventory" and not one.get("is_combo_product")),
        "customers": ids("contacts", lambda one: one["contact_type"] == "customer"),
        "vendors": ids("contacts", lambda one: one["contact_type"] == "vendor"),
        "taxes": ids("taxes", lambda _one: True),
        "accounts": ids("chartofaccounts", lambda _one: True),
        "locations": ids("locations", lambda _one: True),
    }


_FORWARD: dict[str, tuple[Callable[..., Response], str, str, str]] = {
    "salesorders": (sales.set_state, "salesorder_id", "confirmed", INVENTORY),
    "purchaseorders": (purchases.set_state, "purchaseorder_id", "issued", INVENTORY),
    "estimates": (estimates.set_state, "estimate_id", "sent", BOOKS),
}


def _moved_on(world: World, collection: str, number: int, key: str) -> None:
    """Three of four drafts are drafts no more."""
    if collection in _FORWARD and number % 4:
        action, name, state, door = _FORWARD[collection]
        action(world, Request("POST", "", internal=True), **{name: key}, state=state, door=door)


def answers(world: World, planted: dict[str, list[str]]) -> dict[str, Any]:
    """What is true of planted records, to compare with what was read: how many, by status, and what numbers add up to."""
    resources = RESOURCES | {name: one.resource for name, one in following.FOLLOWING.items()}
    return {name: _answer(world, resources[name], ids) for name, ids in planted.items()}


def _answer(world: World, resource: Resource, ids: list[str]) -> dict[str, Any]:
    records = [resource.table(world).rows[key] for key in ids]
    told: dict[str, Any] = {"count": len(ids)}
    if "status" in resource.row:
        told["status"] = dict(Counter(resource.status(world, record) for record in records))
    sums = [name for name in _SUMS if any(name in record for record in records)]
    told["sums"] = {name: str(sum((dec(record.get(name)) for record in records), Decimal(0))) for name in sums}
    if any("line_items" in record for record in records):
        told["lines"] = sum(len(record["line_items"]) for record in records)
    return told
