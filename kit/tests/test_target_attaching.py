"""A file beside the record that others are combined into."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ofrecord_kit.target import Done, Result
from ofrecord_kit.testing.shop import NOON, World, field, schema

ORDERS = schema(
    about={
        "entity": "order on deal", "object": "Deals", "match": [], "external_id": None, "attach": {"file": "pdf"},
        "combine": {"whole": "deal", "through": "order", "by": "id", "field": "deal"},
    },
    Numbers=field("numbers", "inventory", combine="join"),
)  # fmt: skip


def order(number: str = "SO-1") -> dict[str, Any]:
    return {"Numbers": number, "_ofrecord": {"id": "so-1", "by": "so-1", "attach": f"{number}.pdf"}}


def world_with_files(world: World) -> list[str]:
    """A deal with an order, and the names of the files that are put beside it."""
    files: list[str] = []
    deal = world.shop.put("Deals", Deal_Name="Big one")
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("order", {"inventory": "so-1", "crm": "quote-1"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})

    def attach(_object: str, _record: str, name: str, _paper: Any) -> Result:
        changed = name not in files
        files.extend([name] if changed else [])
        return Done("1", changed=changed)

    world.shop.attach = attach  # type: ignore[method-assign]
    return files


def test_a_file_is_put_there_once(world: World) -> None:
    files = world_with_files(world)
    assert world.deliver(order(), said=ORDERS) == ["written"]
    assert world.deliver(order(), said=ORDERS) == ["unchanged"]
    assert files == ["SO-1.pdf"]


def test_a_run_that_was_killed_before_the_file_was_asked_for_leaves_it_to_the_next_one(world: World) -> None:
    files = world_with_files(world)
    attach, world.shop.attach = world.shop.attach, None  # type: ignore[method-assign, assignment]
    with suppress(TypeError):  # the run ends here
        world.deliver(order(), said=ORDERS)
    world.shop.attach = attach  # type: ignore[method-assign]
    assert world.deliver(order(), said=ORDERS) == ["written"]
    assert files == ["SO-1.pdf"]


def test_a_rebuild_puts_no_file_anywhere(world: World) -> None:
    files = world_with_files(world)
    world.deliver(order(), said=ORDERS, rebuild=True)
    assert files == []
    world.deliver(order(), said=ORDERS)
    assert files == ["SO-1.pdf"]
