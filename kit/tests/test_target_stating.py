"""The state of a whole, told at the end of a run from its records and what follows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.plan import Fact
from ofrecord_kit.target import Change, Result
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.stating import state_wholes
from ofrecord_kit.target.wire import read_wire
from ofrecord_kit.testing.shop import NOON, World, field, schema

TABLE = {
    "property": "State", "flag": "Problem", "since": "Since", "zone": "America/Los_Angeles",
    "told": {"Total": ["invoice"], "Paid": ["invoice", "payment"], "Due": ["invoice"], "Back": ["refund"]},
    "follows": {"payment": "invoice", "note": "invoice", "refund": "note"},
    "sums": {"Settled": ["Paid"]}, "totals": {"Paid": "Paid", "Back": "Back"},
    "rows": [
        {"state": "Refunded", "when": [["Back", "more than", "0"], ["Back", "at least", {"figure": "Paid"}]]},
        {"state": "Paid", "when": [["Settled", "at least", {"figure": "Total"}]]},
        {"state": "Late", "when": [["Due", "passed", None]], "flag": "Late", "since": "Due"},
        {"state": "Again", "when": [["was", "in", ["Paid"]], ["Settled", "fell", None]]},
        {"state": "Again", "when": [["was", "in", ["Again"]]]},
        {"state": "Open", "when": []},
    ],
    "together": [
        {"state": "Late", "some": ["Late"]}, {"state": "Again", "some": ["Again"]}, {"state": "Part", "some": ["Open"], "none": []},
        {"state": "Paid", "some": ["Paid"]}, {"state": "Refunded"},
    ],
}  # fmt: skip
PLACE = {"object": "Deals", "from": "books", "match": [], "external_id": None, "stated": ["invoice"]}
INVOICES = schema(
    about={**PLACE, "entity": "invoice", "states": TABLE, "combine": {"whole": "deal", "through": "order", "by": "o", "field": "deal"}},
    Numbers=field("numbers", "books", combine="join"),
    State=field("state", "books", combine="states"),
    Problem=field("problem", "books", combine="states"),
    Since=field("since", "books", combine="states", format="date"),
    Paid=field("paid", "books", combine="states", format="money"),
    Back=field("back", "books", combine="states", format="money"),
)  # fmt: skip


def follower(entity: str, whom: str) -> dict[str, Any]:
    about = {**PLACE, "entity": entity, "combine": {"whole": "deal", "by": "x", "entity": whom}}
    return schema(about=about, **{entity.capitalize(): field(entity, "books", combine="join")})


PAYMENTS, NOTES, REFUNDS = follower("payment", "invoice"), follower("note", "invoice"), follower("refund", "note")


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def invoice(
    identity: str, total: int, paid: int, due: str = "2026-03-20", changed: int = 1, **more: Any
) -> dict[str, Any]:
    figures = {"Total": Decimal(total), "Paid": Decimal(paid), "Due": due, **more}
    return {
        "Numbers": identity,
        "_ofrecord": {"id": identity, "by": "so-1", "figures": figures, "modified": at(changed).isoformat()},
    }


def beside(entity: str, identity: str, by: str, changed: int = 1, **figures: int) -> dict[str, Any]:
    numbers = {name: Decimal(value) for name, value in figures.items()}
    return {
        entity.capitalize(): identity,
        "_ofrecord": {"id": identity, "by": by, "figures": numbers, "modified": at(changed).isoformat()},
    }


@pytest.fixture
def deal(world: World) -> str:
    deal = world.shop.put("Deals", Deal_Name="Big one")
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("order", {"inventory": "so-1", "crm": "quote-1"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})
    return deal


def told(world: World, now: datetime | None = None) -> Counter[str]:
    """The end of a run, at a moment of the vendor's."""
    wire = read_wire(INVOICES)
    assert wire is not None
    world.shop.at = now or at(2)
    return state_wholes(Delivery(wire, world.shop, world.ledger, lambda: NOON))


def shown(world: World, deal: str) -> tuple[Any, ...]:
    there = world.shop.objects["Deals"][deal]
    return tuple(there.get(name) for name in ("State", "Problem", "Since", "Paid"))


def test_the_state_follows_from_all_records_and_is_written_once(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), invoice("2", 10, 4), said=INVOICES)
    assert shown(world, deal) == (None, None, None, None)
    assert told(world) == {"stated written": 1}
    assert shown(world, deal) == ("Part", None, None, Decimal(14))
    world.shop.log.clear()
    assert told(world) == {}
    assert world.shop.log == []
    world.deliver(invoice("2", 10, 10), said=INVOICES)
    told(world)
    assert shown(world, deal) == ("Paid", None, None, Decimal(20))
    (event, *_) = [one for one in world.ledger.events(kinds=["updated"]) if one.field == "state"][-1:]
    assert event.after == "Paid"


def test_what_was_settled_and_is_not_any_more_is_told_from_what_never_was(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    world.deliver(invoice("1", 15, 10), said=INVOICES)  # amended: nothing was taken back
    told(world)
    assert shown(world, deal)[0] == "Part"
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    world.deliver(invoice("1", 10, 6), said=INVOICES)
    told(world)
    assert shown(world, deal)[0] == "Again"
    world.deliver(invoice("1", 10, 7), said=INVOICES)
    told(world)
    assert shown(world, deal)[0] == "Again"
    world.deliver(invoice("2", 5, 0), invoice("1", 10, 10), said=INVOICES)
    told(world)
    assert shown(world, deal)[0] == "Part"


def test_a_day_that_passes_is_noticed_without_a_record_and_by_the_clock_of_the_vendor_in_the_zone(
    world: World, deal: str
) -> None:
    world.deliver(invoice("1", 10, 0, due="2026-03-05"), invoice("2", 10, 10, due="2026-03-03"), said=INVOICES)
    told(world)
    world.shop.log.clear()
    assert told(world, at(6, 7)) == {}  # the 5th in Los Angeles
    assert world.shop.log == []
    assert told(world, at(6, 9)) == {"stated written": 1}
    assert shown(world, deal)[:3] == ("Late", "Late", "2026-03-05")
    assert told(world, at(9)) == {}
    world.deliver(invoice("1", 10, 10, due="2026-03-05"), said=INVOICES)
    told(world, at(9))
    assert shown(world, deal)[:3] == ("Paid", None, None)


def test_records_that_follow_count_where_they_are_the_newer_word_and_through_others(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 0, changed=2), said=INVOICES)
    world.deliver(beside("payment", "p", "1", changed=1, Paid=10), said=PAYMENTS)
    told(world)
    assert shown(world, deal)[0] == "Part"  # the invoice was changed later, and knows
    world.deliver(beside("payment", "p", "1", changed=3, Paid=10), said=PAYMENTS)
    told(world)
    assert shown(world, deal)[0] == "Paid"
    world.deliver(beside("note", "n", "1"), said=NOTES)
    world.deliver(beside("refund", "r", "n", Back=10), said=REFUNDS)
    told(world)
    assert (shown(world, deal)[0], world.shop.objects["Deals"][deal]["Back"]) == ("Refunded", Decimal(10))


def test_a_run_that_ends_before_it_tells_the_state_leaves_it_to_the_next_one(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    world.deliver(invoice("1", 10, 0), said=INVOICES)  # and no end of the run
    assert world.deliver(invoice("1", 10, 0), said=INVOICES) == ["unchanged"]
    told(world)
    assert shown(world, deal)[0] == "Again"


def test_without_a_memory_the_state_that_is_shown_is_what_it_was(world: World, deal: str) -> None:
    world.shop.objects["Deals"][deal] |= {"State": "Again", "Problem": "Late"}
    world.deliver(invoice("1", 10, 0), said=INVOICES)
    told(world)
    assert shown(world, deal)[:2] == ("Again", None)


def test_when_the_last_record_goes_nothing_is_said_any_more(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    world.deliver({"_ofrecord": {"id": "1", "deleted": True}}, said=INVOICES)
    told(world, at(2) + timedelta(hours=1))
    assert shown(world, deal) == (None, None, None, None)


def test_amounts_in_two_currencies_are_not_added_and_the_state_is_told(world: World, deal: str) -> None:
    one, other = invoice("1", 10, 10, **{"~currency": "EUR"}), invoice("2", 10, 4, **{"~currency": "GBP"})
    world.deliver(one, said=INVOICES)
    told(world)
    world.deliver(other, said=INVOICES)
    told(world)
    assert shown(world, deal) == ("Part", None, None, Decimal(10))
    (held,) = world.ledger.held()
    assert (held.code, held.message) == ("CURRENCIES", "amounts in EUR and GBP make no sum")
    world.deliver(invoice("2", 10, 4, **{"~currency": "EUR"}), said=INVOICES)
    told(world)
    assert (shown(world, deal)[3], world.ledger.held()) == (Decimal(14), [])


def test_what_the_vendor_refuses_is_held_and_told_by_the_next_run(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    world.shop.refuses = "State"
    told(world)
    assert [held.code for held in world.ledger.held()] == ["INVALID_DATA"]
    world.shop.refuses = None
    assert told(world) == {"stated written": 1}
    assert (shown(world, deal)[0], world.ledger.held()) == ("Paid", [])


def test_a_record_that_was_kept_without_figures_is_no_reason_to_guess(world: World, deal: str) -> None:
    with world.ledger.writing(NOON) as writing:
        writing.record_part("invoice", "crm", deal, "old", {"Numbers": "old"})
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    assert shown(world, deal) == (None, None, None, None)
    (held,) = world.ledger.held()
    assert (held.kind, held.code, "--full-refresh" in (held.fix or "")) == ("check", "NO_STATE", True)
    world.deliver(invoice("old", 10, 10), said=INVOICES)
    told(world)
    assert (shown(world, deal)[0], world.ledger.held()) == ("Paid", [])


def test_a_payment_that_was_removed_before_it_told_figures_counts_no_more_when_its_invoice_is_read_anew(
    world: World, deal: str
) -> None:
    world.shop.objects["Deals"][deal] |= {"State": "Paid", "Paid": Decimal(10)}
    with world.ledger.writing(NOON) as writing:
        writing.record_part("payment", "crm", deal, "gone/1", {"Paid": Decimal(10)})
    world.deliver(invoice("1", 10, 0), said=INVOICES)
    told(world)
    assert shown(world, deal) == ("Part", None, None, Decimal(0))


def test_nothing_is_told_while_the_entity_is_paused_and_all_of_it_afterwards(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    with world.ledger.writing(NOON) as writing:
        writing.pause("invoice", "crm", "year-end")
    assert told(world) == {}
    assert shown(world, deal) == (None, None, None, None)
    with world.ledger.writing(NOON) as writing:
        writing.resume("invoice", "crm")
    assert told(world) == {"stated written": 1}


def test_a_state_that_the_vendor_s_list_lacks_is_counted_kept_and_told_when_the_list_has_it(
    world: World, deal: str
) -> None:
    wire = read_wire(INVOICES)
    assert wire is not None

    def told_now() -> int:
        delivery = Delivery(wire, world.shop, world.ledger, lambda: NOON)
        state_wholes(delivery)
        return delivery.refused

    facts = {"State": Fact(values=("Open",)), "Paid": Fact()}
    world.shop.facts = lambda _object, *, fresh=False: facts  # type: ignore[method-assign]
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    assert told_now() == 1, "the run in which that is new is red"
    assert [held.code for held in world.ledger.held()] == ["NOT_IN_LIST"]
    assert told_now() == 0, "no other one is"
    facts["State"] = Fact(values=("Open", "Paid"))
    told_now()
    assert (shown(world, deal)[0], world.ledger.held()) == ("Paid", [])


def test_what_was_held_with_one_record_is_released_when_another_one_comes_first(world: World, deal: str) -> None:
    with world.ledger.writing(NOON) as writing:
        writing.record_part("invoice", "crm", deal, "1", {"Numbers": "1"})
    world.deliver(invoice("2", 10, 10), said=INVOICES)
    told(world)
    assert [held.source_id for held in world.ledger.held()] == ["2"]
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    told(world)
    assert (shown(world, deal)[0], world.ledger.held()) == ("Paid", [])


def test_what_is_said_while_another_run_tells_the_state_is_told_by_the_next_one(world: World, deal: str) -> None:
    world.deliver(invoice("1", 10, 10), said=INVOICES)
    write = world.shop.update

    def update(object_: str, changes: Sequence[Change]) -> list[Result]:
        world.shop.update = write  # type: ignore[method-assign]
        results = write(object_, changes)
        world.deliver(invoice("1", 10, 4, changed=2), said=INVOICES)  # another run
        return results

    world.shop.update = update  # type: ignore[method-assign]
    told(world)
    assert shown(world, deal)[0] == "Paid"
    told(world)
    assert shown(world, deal)[0] == "Again"
