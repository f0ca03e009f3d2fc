"""Records that were merged at their source: nothing is switched off, and the link goes over to the winner."""

from __future__ import annotations

from typing import Any

import pytest

from ofrecord_kit.target.answers import to_try_again
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.testing.shop import World, record, schema

SAID = schema(about={"deleted": "inactive"})
LOSER, WINNER = "1", "2"
GONE = {"Inventory_ID": LOSER, "_ofrecord": {"id": LOSER, "deleted": True}}


def there(world: World, source_id: str) -> str | None:
    links = world.ledger.links_of("product", "inventory", "crm", [source_id])
    return links[source_id].destination_id if source_id in links else None


def end_of_run(world: World) -> list[str | None]:
    due = to_try_again(world.ledger.due("inventory", "crm", "product", world.time, list(WAITS_S)))
    outcomes = [item.outcome for item in world.delivery(SAID).deliver(due, again=True)] if due else []
    Outbox("crm", world.shop, world.ledger, world.now).drain()
    return outcomes


def winner(stamped: str | None, **values: Any) -> dict[str, Any]:
    return record(WINNER, **{"Name": "Nut", **values}, note={"stamped": stamped})


@pytest.fixture
def linked(world: World) -> str:
    """The loser's counterpart."""
    world.deliver(record(LOSER, Name="Bolt"), said=SAID)
    return str(there(world, LOSER))


def test_a_merged_record_hands_its_counterpart_to_the_winner_instead_of_switching_it_off(
    world: World, linked: str
) -> None:
    assert world.deliver(winner(linked), GONE, said=SAID) == ["held", "filtered"]
    assert world.shop.actions == []
    assert (there(world, LOSER), there(world, WINNER)) == (None, linked)
    assert end_of_run(world) == ["written"]
    assert world.products() == [{"Name": "Nut", "Inventory_ID": WINNER}]
    assert world.ledger.held() == []
    (merged,) = world.ledger.events(kinds=["merged"])
    assert (merged.before, merged.after, merged.system) == (LOSER, WINNER, "inventory")
    assert world.deliver(winner(linked), GONE, said=SAID) == ["unchanged", "filtered"]
    assert end_of_run(world) == []


@pytest.mark.parametrize("batches", [["winner", "loser"], ["both"]])
def test_the_winners_former_counterpart_is_a_double_about_which_a_person_is_asked(
    world: World, linked: str, batches: list[str]
) -> None:
    world.deliver(winner(None), said=SAID)
    double = str(there(world, WINNER))
    delivery = world.delivery(SAID)
    sent = {"winner": [winner(linked)], "loser": [GONE], "both": [winner(linked), GONE]}
    for batch in batches:
        delivery.deliver(sent[batch])
    end_of_run(world)
    assert there(world, WINNER) == linked
    (held,) = world.ledger.held()
    assert (held.kind, held.code, held.source_id) == ("duplicate", "MERGED", LOSER)
    assert f"{linked} and {double} are one product now; {linked} goes on" in held.message
    assert world.shop.actions == []
    assert world.deliver(winner(linked, Name="Screw"), said=SAID) == ["written"]
    assert world.shop.objects["Products"][linked]["Name"] == "Screw"
    assert world.shop.objects["Products"][double]["Name"] == "Nut"
    assert [held.code for held in world.ledger.held()] == ["MERGED"]


def test_a_deletion_beside_a_record_that_keeps_its_own_counterpart_is_a_deletion(world: World, linked: str) -> None:
    world.deliver(winner(None), said=SAID)
    own = there(world, WINNER)
    assert world.deliver(winner(own), GONE, said=SAID) == ["unchanged", "written"]
    assert world.shop.actions == [(linked, "inactive")]


def test_while_the_other_record_lives_its_counterpart_is_not_given_away(world: World, linked: str) -> None:
    assert world.deliver(winner(linked), record(LOSER, Name="Bolt"), said=SAID) == ["held", "unchanged"]
    assert (there(world, LOSER), there(world, WINNER)) == (linked, None)
    assert [held.code for held in world.ledger.held()] == ["DUPLICATE"]


def test_a_dry_run_moves_no_link(world: World, linked: str) -> None:
    world.deliver(winner(linked), GONE, said=SAID, dry=True)
    assert (there(world, LOSER), there(world, WINNER)) == (linked, None)
    assert world.shop.actions == []
