# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Transfer orders: stock from one location to another ("Transfer Orders").

`is_intransit_order` makes one that has left and not arrived; without it, it is transferred at once. Lists have no time of
modification. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import bulk, engine, items, stock
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, dating, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import day, dec, flag, identifier, many, number, shape, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    places = world.store.table("finance/locations")
    for side in ("from", "to"):
        key = record.pop(f"{side}_warehouse_id", "") or record.get(f"{side}_location_id", "")
        place = places.get(key)
        if place is None:
            raise absent("Location")
        record[f"{side}_location_id"], record[f"{side}_location_name"] = key, place["location_name"]
    if record["from_location_id"] == record["to_location_id"]:
        raise invalid("to_location_id")
    if before is None or "line_items" in given:
        old = {line["line_item_id"] for line in (before or {}).get("line_items", [])}
        record["line_items"] = [_line(world, line, old) for line in record["line_items"]]
    if before is None:
        record["status"] = "in_transit" if record["is_intransit_order"] else "transferred"


def _line(world: World, sent: Record, old: set[str]) -> Record:
    item = items.tracked(world, sent, old, 36411, "transferred")
    if dec(sent.get("quantity_transfer")) <= 0:
        raise invalid("quantity_transfer")
    known = {key: sent.get(key) or item.get(key, "") for key in ("name", "description", "unit")}
    return sent | known | {"line_item_id": sent.get("line_item_id") or engine.new_id(world)}


def _saved(world: World, record: Record) -> None:
    columns = (stock.PHYSICAL, stock.ACCOUNTING) if doubts.transfer_moves_accounting else (stock.PHYSICAL,)
    ends = [(-1, "from")] if record["status"] == "in_transit" else [(-1, "from"), (1, "to")]
    stock.state(world, f"transferorders/{record['transfer_order_id']}", [
        stock.Movement(line["item_id"], record[f"{end}_location_id"], column, sign * dec(line["quantity_transfer"]))
        for line in record["line_items"] for sign, end in ends for column in columns
    ])  # fmt: skip


def _removed(world: World, record: Record) -> None:
    stock.state(world, f"transferorders/{record['transfer_order_id']}", [])


def _meant(_world: World, record: Record, value: str) -> bool:
    return str(record["status"]).replace("_", "") == value.casefold()


_LINE = shape(
    {"line_item_id": identifier, "item_id": identifier, "name": text(200), "description": text(2000),
     "quantity_transfer": number, "unit": text(100)}
)  # fmt: skip
TRANSFERS = declared(
    Resource(
        collection="transferorders", singular="transfer_order", id_key="transfer_order_id", words="Transfer order",
        module="transferorder", list_key="transfer_orders", doors=(INVENTORY,), create_status=200,
        writable={
            "transfer_order_number": text(50), "date": day, "description": text(2000), "from_location_id": identifier,
            "to_location_id": identifier, "from_warehouse_id": identifier, "to_warehouse_id": identifier,
            "line_items": many(_LINE), "is_intransit_order": flag,
        },
        required=("date", "line_items"),
        fresh={"transfer_order_number": "", "description": "", "is_intransit_order": False, "status": "transferred"},
        row=(
            "transfer_order_number", "date", "description", "status", "from_location_id", "from_location_name",
            "to_location_id", "to_location_name", "is_intransit_order",
        ),
        filters=matching("transfer_order_number") | dating("date") | exactly(
            "from_location_id", "from_location_name", "to_location_id", "to_location_name"
        ) | {"from_warehouse_id": ("from_location_id", "is"), "to_warehouse_id": ("to_location_id", "is")},
        grouped={"TransferStatus": _meant}, silent=frozenset({INVENTORY}), blind=frozenset({INVENTORY}),
        sorts=("date", "created_time", "last_modified_time"), search=("transfer_order_number", "description"),
        number=("transfer_order_number", "TO-"), check=_check, saved=_saved, removed=_removed,
    )
)  # fmt: skip


def move(world: World, request: Request, transfer_order_id: str, state: str) -> Response:
    """`POST /transferorders/{id}/{markastransferred|intransit}`."""
    engine.only_query(request, "is_tax_inclusive")
    record = engine.found(world, TRANSFERS, transfer_order_id)
    if record["status"] == "transferred" and state == "in_transit":
        raise RefusedError(36412, "A transfer order that has arrived cannot be put in transit.")
    if record["status"] != state:
        record = record | {"status": state}
        engine.keep(world, TRANSFERS, record)
        _saved(world, record)
    return done(message="The status of the Transfer Order has been updated.")


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """Status actions, and deleting several."""
    if door != INVENTORY:
        return []
    return [
        ("POST", "/transferorders/{transfer_order_id}/markastransferred", partial(move, state="transferred")),
        ("POST", "/transferorders/{transfer_order_id}/intransit", partial(move, state="in_transit")),
        ("DELETE", "/transferorders", partial(bulk.remove, collection="transferorders")),
    ]
