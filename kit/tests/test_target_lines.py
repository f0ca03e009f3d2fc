"""Lines of a document that exists: rows that stay keep their ids."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.target.lines import paired_lines
from ofrecord_kit.testing.shop import World, field, schema

THERE = [
    {"line_item_id": "l1", "item_id": "7", "quantity": 2, "item_total": 20},
    {"line_item_id": "l2", "item_id": "8", "quantity": 1, "item_total": 5},
]


def nothing(_identity: str) -> Mapping[str, Any] | None:
    return None


def pair(wanted: list[dict[str, Any]], there: list[dict[str, Any]], removed: Any = nothing) -> list[dict[str, Any]]:
    return paired_lines(wanted, there, ["item_id"], "line_item_id", removed)


def test_a_line_that_stays_keeps_its_id_and_a_new_one_has_none() -> None:
    wanted = [{"item_id": "9", "quantity": 4}, {"item_id": "7", "quantity": 3}]
    assert pair(wanted, THERE) == [wanted[0], {"line_item_id": "l1", "item_id": "7", "quantity": 3}]


def test_a_line_that_goes_is_left_out_or_named_as_the_vendor_wants_it() -> None:
    wanted = [{"item_id": "8", "quantity": 1}]
    removed = pair(wanted, THERE, lambda identity: {"id": identity, "_delete": None})
    assert removed == [{"line_item_id": "l2", **wanted[0]}, {"id": "l1", "_delete": None}]
    assert pair(wanted, THERE) == [{"line_item_id": "l2", **wanted[0]}]


def test_lines_of_one_identity_are_paired_in_their_order() -> None:
    there = [{"line_item_id": one, "item_id": "7"} for one in ("a", "b", "c")]
    assert [row.get("line_item_id") for row in pair([{"item_id": "7"}] * 2, there)] == ["a", "b"]
    assert [row.get("line_item_id") for row in pair([{"item_id": "7"}] * 4, there)] == ["a", "b", "c", None]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"id": "5"}, {"id": "5", "name": "Bolt", "Product_Code": "B-1"}),
        (Decimal("1.50"), 1.5),
        ("Bolt ", "Bolt"),
        (None, ""),
    ],
)
def test_an_identity_is_compared_by_what_it_means(wanted: Any, there: Any) -> None:
    if isinstance(there, float):
        there = Decimal(str(there))
    assert pair([{"item_id": wanted}], [{"line_item_id": "l", "item_id": there}])[0]["line_item_id"] == "l"


def test_a_row_the_vendor_gives_no_id_is_sent_as_a_new_one() -> None:
    assert pair([{"item_id": "7"}], [{"item_id": "7"}]) == [{"item_id": "7"}]


SAID = schema(
    about={"match": []},
    line_items=field("lines", "inventory", format="lines", identity=["item_id"], lines={"item_id": {}, "quantity": {"format": "number"}}),
)  # fmt: skip


def record(*rows: tuple[str, int]) -> dict[str, Any]:
    lines = [{"item_id": item, "quantity": quantity} for item, quantity in rows]
    about = {"id": "1", "native": {"lines": lines}, "observed": {}}
    return {"Inventory_ID": "1", "line_items": lines, "_ofrecord": about}


def test_lines_are_written_again_with_the_ids_the_vendor_gave_them(world: World) -> None:
    world.deliver(record(("7", 2), ("8", 1)), said=SAID)
    world.products()[0]["line_items"] = THERE
    assert world.deliver(record(("7", 2), ("8", 1)), said=SAID) == ["unchanged"]
    assert world.deliver(record(("8", 1), ("9", 1)), said=SAID) == ["written"]
    assert world.products()[0]["line_items"] == [
        {"line_item_id": "l2", "item_id": "8", "quantity": 1},
        {"item_id": "9", "quantity": 1},
    ]
    assert world.ledger.events(kinds=["violation"]) == []


def test_lines_that_are_there_already_are_not_written(world: World) -> None:
    world.deliver(record(("7", 2)), said=SAID)
    world.products()[0]["line_items"] = THERE
    world.shop.log.clear()
    assert world.deliver(record(("8", 1), ("7", 2)), said=SAID) == ["unchanged"]
    assert world.shop.log == ["read"]
