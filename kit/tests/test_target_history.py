"""What a delivery leaves in history: enough to say what a field was at any time, and who set it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.testing.shop import NOON, World, record

HOUR = timedelta(hours=1)


def lived(world: World) -> str:
    """Created at noon by nobody known, repriced by Ada at one, edited alike on both sides by Bo at two; its link."""
    world.deliver(record(Name="Bolt", Price=Decimal("1.5"), Phone="11"))
    world.time = NOON + HOUR
    world.deliver(record(Name="Bolt", Price=2, Phone="11", note={"editor": "Ada"}))
    world.time = NOON + 2 * HOUR
    world.products()[0]["Phone"] = "22"
    world.deliver(record(Name="Bolt", Price=2, Phone="22", note={"editor": "Bo"}))
    [link] = world.ledger.linked("product", "inventory", ["1"]).values()
    return link


@pytest.mark.parametrize(
    ("field", "hours", "value", "editor", "kind"),
    [
        ("name", 0, "Bolt", None, "created"),
        ("name", 5, "Bolt", None, "created"),
        ("price", 0, Decimal("1.5"), None, "created"),
        ("price", 1, 2, "Ada", "updated"),
        ("price", 5, 2, "Ada", "updated"),
        ("phone", 1, "11", None, "created"),
        ("phone", 2, "22", "Bo", "agreed"),
    ],
)
def test_what_a_field_was_at_a_time_and_who_set_it(  # noqa: PLR0917
    world: World, field: str, hours: int, value: Any, editor: str | None, kind: str
) -> None:
    link = lived(world)
    found = world.ledger.as_of(link, field, NOON + hours * HOUR)
    assert found is not None
    assert (found.value, found.editor, found.kind, found.system) == (value, editor, kind, "crm")
    assert world.ledger.as_of(link, field, NOON - HOUR) is None


def test_a_record_that_was_paired_tells_what_it_held_then(world: World) -> None:
    world.shop.put("Products", Code="B-1", Name="Old", Price=3, Stage="new")
    world.deliver(record(Code="B-1", Name="Bolt", Price=3))
    (linked,) = world.ledger.events(kinds=["linked"])
    assert isinstance(linked.after, Mapping)
    assert linked.after == {"code": "B-1", "name": "Old", "price": 3, "stage": "new"}
    (updated,) = world.ledger.events(kinds=["updated"])
    assert (updated.field, updated.before, updated.after) == ("name", "Old", "Bolt")


def test_an_edit_of_what_is_not_owned_names_its_editor(world: World) -> None:
    world.deliver(record(Name="Bolt", observed={"stage": "new"}))
    [link] = world.ledger.linked("product", "inventory", ["1"]).values()
    with world.ledger.writing(NOON) as writing:
        writing.record_agreed(link, {"stage": {"inventory": "new", "crm": "new"}})
    world.deliver(record(Name="Bolt", observed={"stage": "sold"}, note={"editor": "Ada"}))
    (event,) = world.ledger.events(kinds=["violation"])
    assert (event.field, event.after, event.editor) == ("stage", "sold", "Ada")


def test_a_run_that_finds_nothing_new_leaves_no_event(world: World) -> None:
    lived(world)
    before = world.ledger.events()
    for _run in range(3):
        world.deliver(record(Name="Bolt", Price=2, Phone="22", note={"editor": "Bo"}))
    assert world.ledger.events() == before
