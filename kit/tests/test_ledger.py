"""The ledger: what it remembers, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ofrecord_kit.ledger import Event, Held, Intention, Ledger, Run, from_json, to_json
from ofrecord_kit.plan import UNKNOWN, Agreed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url, "run-1")
    yield opened
    opened.close()


def test_a_link_is_found_from_either_door_of_one_store(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "0", "crm": "9"})
    for door in ("inventory", "books"):
        found = ledger.links_of("product", door, "crm", ["0", "1"])
        assert (found["0"].link, found["0"].destination_id, "1" in found) == (link, "9", False)
    assert ledger.links_of("product", "crm", "inventory", ["9"])["9"].destination_id == "0"


def test_a_second_link_of_the_same_record_is_the_first_one(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        first = writing.record_link("product", {"inventory": "1", "crm": "9"})
        assert writing.record_link("product", {"inventory": "1", "crm": "9"}) == first


def test_agreed_values_keep_every_digit_and_tell_null_from_unknown(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        writing.record_agreed(link, {"price": {"inventory": Decimal("10.50"), "crm": None}, "name": {"crm": "Bolt"}})
    agreed = ledger.agreed_of([link], "inventory", "crm")[link]
    assert str(agreed["price"].source) == "10.50"
    assert agreed["price"].destination is None
    assert agreed["name"] == Agreed(UNKNOWN, "Bolt")


def test_a_changed_agreement_forgets_what_was_delivered_last(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        writing.record_seen("product", "inventory", {"1": "digest"})
    assert ledger.links_of("product", "inventory", "crm", ["1"])["1"].seen == "digest"
    with ledger.writing(NOON) as writing:
        writing.record_agreed(link, {"price": {"crm": 1, "inventory": 1}})
    assert ledger.links_of("product", "inventory", "crm", ["1"])["1"].seen is None


def test_as_of_when_a_record_is_known_belongs_to_its_own_side_of_a_link(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.record_link("account", {"inventory": "1", "crm": "9"})
        writing.record_known("account", "books", "1", "way 2026-03-01")
    assert ledger.links_of("account", "crm", "inventory", ["9"])["9"].known == "way 2026-03-01"
    assert ledger.links_of("account", "inventory", "crm", ["1"])["1"].known is None


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def half_a_batch() -> None:
        with ledger.writing(NOON) as writing:
            writing.record_link("product", {"inventory": "1", "crm": "9"})
            raise KeyError

    with pytest.raises(KeyError):
        half_a_batch()
    assert ledger.links_of("product", "inventory", "crm", ["1"]) == {}


def test_a_held_record_waits_twice_as_long_each_time(ledger: Ledger) -> None:
    held = Held("product", "inventory", "crm", "1", "refused", "no", "INVALID_DATA", payload={"a": Decimal("1.10")})
    with ledger.writing(NOON) as writing:
        writing.hold(held, wait_s=60)
        writing.hold(held, wait_s=60)
    (found,) = ledger.held()
    assert (found.attempts, found.due_at, found.code) == (2, NOON + timedelta(seconds=120), "INVALID_DATA")
    assert ledger.due("inventory", "crm", "product", NOON, ["refused"]) == []
    (due,) = ledger.due("inventory", "crm", "product", NOON + timedelta(seconds=121), ["refused"])
    assert due.payload == {"a": Decimal("1.10")}
    with ledger.writing(NOON) as writing:
        writing.release("product", "inventory", "crm", ["1"])
    assert ledger.held() == []


def test_the_same_write_is_owed_once_and_only_until_it_is_made(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9"})
        assert writing.owe("product", "crm", link, "price", "revert")
        assert not writing.owe("product", "crm", link, "price", "revert")
    (owed,) = ledger.owed("crm", NOON)
    with ledger.writing(NOON) as writing:
        writing.postpone([owed.id], owed.attempts)
    assert ledger.owed("crm", NOON) == []
    assert len(ledger.owed("crm", NOON + timedelta(minutes=2))) == 1
    with ledger.writing(NOON) as writing:
        writing.settle_fields(link, "crm", ["price"])
    assert ledger.owed("crm", NOON + timedelta(minutes=2)) == []


def test_intentions_stand_until_they_are_confirmed(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.claim("product", "crm", ["1", "2"])
        writing.confirm("product", "crm", ["2"])
    assert ledger.intended("product", "crm", ["1", "2"]) == {"1": Intention("run-1", NOON)}


def test_events_and_runs_are_told_in_order(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        writing.event(
            Event("violation", "product", "l", {"crm": "9"}, "price", "crm", 10, Decimal("15.5"), "product.yml:3")
        )
        writing.put_run(Run("r", "g", "target-crm", "inventory", "crm", NOON, None, "running", {}, 0, None, False))
        writing.put_run(
            Run("r", "g", "target-crm", "inventory", "crm", NOON, NOON, "finished", {"p": {"read": 1}}, 2, None, False)
        )
    (event,) = ledger.events(kinds=["violation"], entity="product")
    assert (event.before, event.after, event.at, event.run) == (10, Decimal("15.5"), NOON, "run-1")
    (run,) = ledger.runs(group="g")
    assert (run.status, run.counts, run.calls, run.started) == ("finished", {"p": {"read": 1}}, 2, NOON)


@pytest.mark.parametrize("value", [None, True, 0, "x", Decimal("10.50"), {"a": [Decimal("0.1"), None]}, "2026-03-01"])
def test_values_come_back_as_they_were(value: object) -> None:
    assert from_json(to_json(value)) == value


def test_what_a_pair_agreed_keeps_the_time_of_each_field(ledger: Ledger) -> None:
    later = NOON + timedelta(hours=1)
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": "9", "shop": "7"})
        writing.record_agreed(link, {"price": {"inventory": 1, "crm": 1}, "name": {"inventory": "a", "crm": "a"}})
    with ledger.writing(later) as writing:
        writing.record_agreed(link, {"price": {"inventory": 2, "shop": 2}})
    with ledger.writing(later + timedelta(hours=1)) as writing:
        writing.record_agreed(link, {"name": {"inventory": "b", "crm": "b"}})
    assert ledger.last_agreed(link, "price") == {"crm": 1, "inventory": 2, "shop": 2}
    assert ledger.agreed_of([link], "crm", "books")[link] == {"price": Agreed(1, 1), "name": Agreed("b", "b")}


def test_links_are_found_by_the_record_they_point_at_as_soon_as_somebody_looks(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        links = [writing.record_link("order", {"inventory": str(n), "crm": f"c{n}"}) for n in range(3)]
        for n, link in enumerate(links):
            writing.record_agreed(link, {"deal": {"inventory": "77", "crm": {"id": "77" if n else "78", "name": "x"}}})
    spread = {"x-ofrecord": {"spread": {"through": "order", "field": "deal"}}, "properties": {}}
    with ledger.writing(NOON) as writing:
        writing.know_wire("deal", "crm", "inventory", spread)
    found = ledger.links_pointing_at("order", "deal", "crm", ["77", "78"], "inventory")
    assert {one: sorted(some) for one, some in found.items()} == {"77": sorted(links[1:]), "78": [links[0]]}
    with ledger.writing(NOON) as writing:
        writing.record_agreed(links[1], {"deal": {"inventory": "78", "crm": "78"}})
        writing.record_agreed(links[2], {"deal": {"inventory": None, "crm": None}})
    found = ledger.links_pointing_at("order", "deal", "crm", ["77", "78"], "inventory")
    assert {one: sorted(some) for one, some in found.items()} == {"78": sorted(links[:2])}
    assert ledger.links_with("deal", "inventory", "77", "crm") == [links[0]]


def test_many_new_records_are_linked_at_once(ledger: Ledger) -> None:
    pairs = [{"inventory": str(n), "crm": f"c{n}"} for n in range(1200)]
    with ledger.writing(NOON) as writing:
        links = writing.record_links("product", pairs, new=True)
        for link in links:
            writing.record_agreed(link, {"name": {"inventory": link, "crm": link}}, between=("inventory", "crm"))
        writing.record_seen("product", "inventory", {str(n): f"d{n}" for n in range(1200)})
    found = ledger.links_of("product", "inventory", "crm", [str(n) for n in range(1200)])
    assert [(found[str(n)].link, found[str(n)].seen) for n in range(1200)] == [(links[n], f"d{n}") for n in range(1200)]
    assert {link: sides["name"].source for link, sides in ledger.agreed_of(links, "inventory", "crm").items()} == dict(
        zip(links, links, strict=True)
    )


def test_a_fact_that_moved_is_forgotten_with_its_pointers_for_its_own_entity_and_pair_only(ledger: Ledger) -> None:
    def wire(name: str) -> dict[str, object]:
        return {"properties": {name: {"x-ofrecord": {"field": "deal"}}}}

    with ledger.writing(NOON) as writing:
        writing.know_wire("order", "crm", "inventory", wire("Deal"))
        order = writing.record_link("order", {"inventory": "1", "crm": "c1", "shop": "s1"})
        other = writing.record_link("quote", {"inventory": "1", "crm": "c1"})
        for link in (order, other, "order/7"):
            agreed = {"deal": {"inventory": "7", "crm": "7"}, "name": {"inventory": "a", "crm": "a"}}
            writing.record_agreed(link, agreed, pointers={"deal"})
        writing.record_agreed(order, {"deal": {"inventory": "7", "shop": "7"}}, pointers={"deal"})
    with ledger.writing(NOON) as writing:
        writing.know_wire("order", "crm", "books", wire("Deal"))
        writing.know_wire("order", "crm", "inventory", wire("Other"))
    assert [set(ledger.agreed_of([link], "crm", "books")[link]) for link in (order, other, "order/7")] == [
        {"name"}, {"deal", "name"}, {"name"},
    ]  # fmt: skip
    assert ledger.links_with("deal", "crm", "7", "inventory") == [other]
    assert ledger.links_with("deal", "shop", "7", "inventory") == [order]


def test_what_is_said_of_a_new_link_bit_by_bit_is_one_agreement(ledger: Ledger) -> None:
    way = ("books", "crm")
    with ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"books": "1", "crm": "9"})
        writing.record_agreed(
            link, {"price": {"books": 1, "crm": 2}, "_parent": {"books": "7", "crm": "5"}}, between=way
        )
        writing.record_agreed(link, {"name": {"books": "a", "crm": "b"}, "price": {"books": 3, "crm": 4}}, between=way)
        writing.record_agreed(link, {"phone": {"crm": "1"}}, between=way)
        writing.record_agreed(link, {"price": {"books": 5, "shop": 6}}, between=("books", "shop"))
    assert ledger.agreed_of([link], *way)[link] == {
        "price": Agreed(3, 4), "_parent": Agreed("7", "5"), "name": Agreed("a", "b"), "phone": Agreed(UNKNOWN, "1"),
    }  # fmt: skip
    assert ledger.agreed_of([link], "shop", "inventory")[link] == {"price": Agreed(6, 5)}
    assert ledger.links_with("_parent", "crm", "5", "inventory") == [link]


def test_linked_elements_are_found_below_exactly_their_record(ledger: Ledger) -> None:
    with ledger.writing(NOON) as writing:
        made = {
            one: writing.record_link("month", {"crm": one, "inventory": f"j-{one}"})
            for one in ("1/1", "1/2", "10/1", "1", "1%/1")
        }
        writing.record_link("invoice", {"crm": "1/3", "inventory": "i"})
    assert ledger.links_below("month", "crm", ["1", "2"]) == {one: made[one] for one in ("1/1", "1/2")}
    assert ledger.links_below("month", "books", ["j-1"]) == {f"j-{one}": made[one] for one in ("1/1", "1/2")}


def test_a_time_that_is_named_goes_before_the_wait(ledger: Ledger) -> None:
    at = datetime(2026, 5, 31, tzinfo=UTC)
    with ledger.writing(NOON) as writing:
        writing.hold(
            Held("month", "books", "crm", "1", "early", "not yet", payload={"a": 1}, state="waiting", due_at=at),
            wait_s=0,
        )
    assert ledger.due("books", "crm", "month", at - timedelta(seconds=1), ["early"]) == []
    assert [one.payload for one in ledger.due("books", "crm", "month", at, ["early"])] == [{"a": 1}]


def test_parts_are_found_below_exactly_their_record(ledger: Ledger) -> None:
    """Neither a number that begins alike nor a sign with a meaning in patterns is another record."""
    with ledger.writing(NOON) as writing:
        for part in ("1/a", "1/b", "10/a", "1", "1%/a", "1_/a", "11/a", "0/1/a"):
            writing.record_part("payment", "crm", f"deal of {part}", part, {"Paid": 1})
        writing.record_part("payment", "inventory", "deal", "1/c", {"Paid": 1})
        writing.record_part("invoice", "crm", "deal", "1/d", {"Paid": 1})
    found = ledger.parts_below("payment", "crm", ["1", "1%", "2", "0"])
    assert {record: sorted(below) for record, below in found.items()} == {
        "1": [("1/a", "deal of 1/a"), ("1/b", "deal of 1/b")],
        "1%": [("1%/a", "deal of 1%/a")],
        "0": [("0/1/a", "deal of 0/1/a")],
    }
