"""What a target does with a record, against a small vendor that lives in memory."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.ledger import Held
from ofrecord_kit.plan import Fact
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.outbox import Outbox, choose_primaries
from ofrecord_kit.testing.shop import NOON, Shop, World, field, record, schema


def test_a_new_record_is_created_with_its_external_id_and_linked(world: World) -> None:
    assert world.deliver(record(Name="Bolt", Price=Decimal("1.50"))) == ["written"]
    assert world.products() == [{"Name": "Bolt", "Price": Decimal("1.50"), "Inventory_ID": "1"}]
    assert "1" in world.ledger.links_of("product", "inventory", "crm", ["1"])
    assert [event.kind for event in world.ledger.events()] == ["created"]
    assert world.ledger.intended("product", "crm", ["1"]) == {}


def test_an_unchanged_record_costs_no_call_even_when_its_times_moved(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    world.shop.log.clear()
    assert world.deliver(record(Name="Bolt", note={"modified": "2026-03-02T00:00:00+00:00"})) == ["unchanged"]
    assert world.shop.log == []


@pytest.mark.promise("N13")
def test_a_price_that_goes_from_10_to_12_and_back_ends_at_10(world: World) -> None:
    for price in (10, 12, 10):
        assert world.deliver(record(Name="Bolt", Price=price)) == ["written"]
    assert world.products()[0]["Price"] == 10


def test_only_what_changed_is_written(world: World) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    world.shop.objects["Products"][next(iter(world.shop.objects["Products"]))]["Unmapped"] = "mine"
    world.deliver(record(Name="Bolt", Price=11))
    (event,) = list(world.ledger.events(kinds=["updated"]))
    assert (event.field, event.before, event.after, event.rule) == ("price", 10, 11, "product.yml:price")
    assert world.products()[0]["Unmapped"] == "mine"


def test_a_record_matched_by_its_code_is_paired_and_stamped(world: World) -> None:
    known = world.shop.put("Products", Code="B-1", Name="Old", Price=3)
    assert world.deliver(record(Code="B-1", Name="Bolt", Price=3)) == ["written"]
    assert world.products() == [{"Code": "B-1", "Name": "Bolt", "Price": 3, "Inventory_ID": "1"}]
    assert world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id == known


def test_a_record_matched_twice_is_held_as_duplicate(world: World) -> None:
    world.shop.put("Products", Code="B-1")
    world.shop.put("Products", Code="B-1")
    assert world.deliver(record(Code="B-1", Name="Bolt")) == ["held"]
    assert [held.kind for held in world.ledger.held()] == ["duplicate"]
    assert len(world.products()) == 2


def test_a_record_there_that_carries_another_id_is_kept_for_its_own(world: World) -> None:
    known = world.shop.put("Products", Code="B-1", Inventory_ID="2")
    assert world.deliver(record("1", Code="B-1", Name="Bolt")) == ["held"]
    assert [held.message for held in world.ledger.held()] == [f"crm {known} carries the id of inventory 2"]
    assert world.products() == [{"Code": "B-1", "Inventory_ID": "2"}]
    assert world.deliver(record("2", Code="B-1", Name="Bolt")) == ["written"]
    assert world.ledger.links_of("product", "inventory", "crm", ["2"])["2"].destination_id == known


def test_in_one_batch_the_record_that_is_named_there_comes_before_its_namesake(world: World) -> None:
    world.shop.put("Products", Code="B-1", Inventory_ID="2")
    records = (record("1", Code="B-1", Name="Bolt"), record("2", Code="B-1", Name="Bolt"))
    assert world.deliver(*records) == ["held", "written"]


def test_two_records_that_match_one_are_both_held(world: World) -> None:
    world.shop.put("Products", Code="B-1")
    assert world.deliver(record("1", Code="B-1"), record("2", Code="B-1")) == ["held", "held"]


def test_a_stamped_id_finds_the_counterpart_without_a_search(world: World) -> None:
    known = world.shop.put("Products", Name="Bolt", Inventory_ID="1")
    assert world.deliver(record(Name="Bolt", note={"stamped": known})) == ["unchanged"]
    assert "find" not in world.shop.log
    assert world.ledger.owed("inventory", NOON) == []


def test_a_record_found_by_its_external_id_is_not_created_again(world: World) -> None:
    world.shop.put("Products", Name="Bolt", Inventory_ID="1")
    assert world.deliver(record(Name="Bolt")) == ["unchanged"]
    assert len(world.products()) == 1


def test_without_the_right_to_create_a_record_without_counterpart_is_filtered(world: World) -> None:
    assert world.deliver(record(Name="Bolt"), said=schema(about={"create": False})) == ["filtered"]
    assert world.products() == []


@pytest.mark.promise("F107")
def test_one_bad_record_of_a_thousand_is_held_and_999_land(world: World) -> None:
    names = {500: "a name much longer than the vendor takes"}
    outcomes = world.deliver(*(record(str(n), Name=names.get(n, f"Bolt {n}")) for n in range(1000)))
    assert (outcomes.count("written"), outcomes.count("held"), len(world.products())) == (999, 1, 999)
    (held,) = world.ledger.held()
    assert (held.source_id, held.kind, held.code, held.message) == ("500", "refused", "INVALID_DATA", "invalid data")
    assert held.rule == "product.yml:name"


def test_a_corrected_record_takes_itself_off_the_held_list(world: World) -> None:
    world.deliver(record(Name="a name much longer than the vendor takes"))
    assert world.deliver(record(Name="Bolt")) == ["written"]
    assert world.ledger.held() == []


@pytest.mark.promise("N01", "F003")
def test_a_lone_edit_of_a_field_the_source_does_not_own_is_put_back_whatever_else_happens(world: World) -> None:
    crm = world.shop.put("Products", Name="Bolt", Stage="new")
    there = schema(about={"from": "crm", "to": "inventory", "object": "items", "external_id": None, "source_external_id": None, "create": False},
                   Price=field("price", "inventory", violation="revert"))  # fmt: skip
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": crm})
        writing.record_agreed(link, {"price": {"inventory": 10, "crm": 10}})
    world.wire(schema())
    inventory = Delivery(world.wire(there), Shop(), world.ledger, world.now)
    edited = {"_ofrecord": {"id": crm, "native": {}, "observed": {"price": 15}}}
    assert [item.outcome for item in inventory.deliver([edited])] == ["unchanged"]
    inventory.deliver([edited])
    (event,) = world.ledger.events(kinds=["violation"])
    assert (event.system, event.before, event.after, event.why) == ("crm", 10, 15, "revert")
    world.shop.objects["Products"][crm]["Price"] = 15
    assert Outbox("crm", world.shop, world.ledger, world.now).drain()["reverted"] == 1
    assert world.shop.objects["Products"][crm]["Price"] == 10
    assert world.ledger.owed("crm", NOON) == []
    assert not any(Outbox("crm", world.shop, world.ledger, world.now).drain().values())


@pytest.mark.parametrize(
    ("fact", "code"),
    [(Fact(length=2), "TOO_LONG"), (Fact(values=("Nut",)), "NOT_IN_LIST"), (Fact(forbidden=True), "NO_PERMISSION")],
)
def test_what_is_owed_and_breaks_a_fact_is_held_in_words_until_it_can_be_put_right(
    world: World, fact: Fact, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    with world.ledger.writing(NOON) as writing:
        link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
        writing.owe("product", "crm", link, "name", "revert")
        writing.owe("product", "crm", link, "price", "revert")
    world.products()[0].update(Name="Edited", Price=15)
    monkeypatch.setattr(world.shop, "facts", lambda _object, *, fresh=False: {"Name": fact})
    told = Outbox("crm", world.shop, world.ledger, world.now).drain()
    assert (told["reverted"], told["postponed"], world.products()[0]["Name"], world.products()[0]["Price"]) == (
        1,
        1,
        "Edited",
        10,
    )
    (held,) = world.ledger.held()
    assert (held.source_id, held.field, held.kind, held.code, held.rule) == (
        "1",
        "name",
        "refused",
        code,
        "product.yml:name",
    )
    assert held.message.startswith("it cannot be put right: ")
    assert held.fix
    monkeypatch.setattr(world.shop, "facts", lambda _object, *, fresh=False: {})
    later = NOON + timedelta(days=2)
    assert Outbox("crm", world.shop, world.ledger, lambda: later).drain()["reverted"] == 1
    assert (world.products()[0]["Name"], world.ledger.held()) == ("Bolt", [])


def test_what_is_owed_and_refused_is_held_and_no_other_question_about_the_field_is_lost(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    other = Held(
        "product", "inventory", "crm", "1", "refused", "the vendor's words", field="code", payload={"Code": "B"}
    )
    with world.ledger.writing(NOON) as writing:
        link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
        writing.record_agreed(link, {"code": {"inventory": "A", "crm": "A"}})
        writing.hold(other)
        for field_ in ("name", "code"):
            writing.owe("product", "crm", link, field_, "revert")
    world.products()[0].update(Name="Edited", Code="Z")
    world.shop.refuses = "Name"
    Outbox("crm", world.shop, world.ledger, world.now).drain()
    rows = {row.field: row for row in world.ledger.held()}
    assert (rows["code"].message, rows["code"].payload) == ("the vendor's words", {"Code": "B"})
    assert rows["name"].message == "it cannot be put right: invalid data"


def test_an_owners_write_over_an_edit_records_the_violation(world: World) -> None:
    world.deliver(record(Price=10, Name="Bolt"))
    world.products()[0]["Price"] = 15
    world.deliver(record(Price=12, Name="Bolt"))
    (event,) = world.ledger.events(kinds=["violation"])
    assert (event.before, event.after, event.why) == (10, 15, "overwritten")
    assert world.products()[0]["Price"] == 12


def test_a_conflict_holds_its_field_and_lets_the_others_travel(world: World) -> None:
    world.deliver(record(Phone="1", Price=10))
    world.products()[0]["Phone"] = "3"
    assert world.deliver(record(Phone="2", Price=11)) == ["held"]
    assert world.products()[0] == {"Phone": "3", "Price": 11, "Inventory_ID": "1"}
    (held,) = world.ledger.held()
    assert (held.kind, held.field) == ("conflict", "phone")


def test_a_record_changed_while_it_was_decided_is_read_and_decided_again(world: World) -> None:
    world.deliver(record(Price=10))
    world.shop.stale_once = set(world.shop.objects["Products"])
    world.shop.log.clear()
    assert world.deliver(record(Price=11)) == ["written"]
    assert world.shop.log == ["read", "update", "read", "update"]


def test_a_reference_without_counterpart_waits_and_is_resolved_later(world: World) -> None:
    said = schema(Vendor=field("vendor", "inventory", ref="vendor"))
    assert world.deliver(record(Name="Bolt", Vendor="77"), said=said) == ["held"]
    (held,) = world.ledger.held()
    assert (held.kind, held.code) == ("reference", "Vendor")
    with world.ledger.writing(NOON) as writing:
        writing.record_link("vendor", {"inventory": "77", "crm": "5"})
    (due,) = world.ledger.due("inventory", "crm", "product", NOON, ["reference"])
    assert [item.outcome for item in world.delivery(said).deliver([due.payload], again=True)] == ["written"]
    assert world.products()[0]["Vendor"] == "5"
    assert world.ledger.held() == []


def test_what_the_mapper_could_not_convert_is_held_and_the_rest_travels(world: World) -> None:
    world.deliver(record(Name="Bolt", Price=1))
    assert world.deliver(record(Name="Nut", note={"invalid": {"price": "is no amount"}})) == ["held"]
    assert world.products()[0] == {"Name": "Nut", "Price": 1, "Inventory_ID": "1"}


def test_a_record_that_carries_its_counterparts_id_is_linked_although_a_field_could_not_be_converted(
    world: World,
) -> None:
    there = world.shop.put("Products", Name="Old name", Price=5)
    bad = record(Name="Bolt", note={"stamped": there, "invalid": {"price": "is no amount"}})
    assert world.deliver(bad) == ["held"]
    assert world.products()[0] == {"Name": "Bolt", "Price": 5, "Inventory_ID": "1"}
    assert world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id == there
    (held,) = world.ledger.held()
    assert (held.kind, held.field) == ("invalid", "price")


def test_nothing_is_made_without_a_field_that_could_not_be_converted(world: World) -> None:
    assert world.deliver(record(Name="Bolt", note={"invalid": {"price": "is no amount"}})) == ["held"]
    assert world.products() == []
    assert world.deliver(record(Name="Bolt", Price=3)) == ["written"]
    assert world.ledger.held() == []


def test_a_filtered_record_is_counted_and_nothing_else(world: World) -> None:
    assert world.deliver({"Inventory_ID": "1", "_ofrecord": {"id": "1", "filtered": "no account"}}) == ["filtered"]
    assert world.shop.log == []


def test_a_dry_run_decides_and_writes_nothing(world: World) -> None:
    assert world.deliver(record(Name="Bolt"), dry=True) == ["written"]
    assert world.products() == []
    assert world.ledger.links_of("product", "inventory", "crm", ["1"]) == {}


ORDER = {
    "once": {"then": ["confirmed"], "check": [{"field": "total", "label": "Total", "format": "money"}]},
    "match": [],
}


def order(total: Any, **values: Any) -> dict[str, Any]:
    return record(Name="Order", Price=10, note={"check": {"total": total}}, **values)


@pytest.mark.promise("F059")
def test_a_document_created_once_is_confirmed_once_and_then_left_alone(world: World) -> None:
    said = schema(about=ORDER, total=field("total", "crm", violation="revert"))
    world.shop._judge = lambda values: None  # type: ignore[method-assign]
    original = world.shop.put
    world.shop.put = lambda object_, **values: original(object_, **values, total=Decimal("10.00"))  # type: ignore[method-assign]
    assert world.deliver(order(10), said=said) == ["written"]
    assert world.deliver(order(10), said=said) == ["unchanged"]
    assert world.deliver({**order(10), "Price": 99}, said=said) == ["unchanged"]
    assert [action for _record, action in world.shop.actions] == ["confirmed"]
    assert world.products()[0]["Price"] == 10


def test_what_a_document_was_created_with_is_known_also_when_the_other_direction_linked_it_first(world: World) -> None:
    """A run that was killed between creating and linking; the pipeline that brings the document's state back came next."""
    said = schema(about={**ORDER, "once": {"then": []}})
    there = world.shop.put("Products", Name="Order", Price=10)
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("product", {"inventory": "1", "crm": there})
    assert world.deliver(order(10), said=said) == ["unchanged"]
    assert world.ledger.agreed_of([link], "inventory", "crm")[link]["price"].source == 10


def test_a_document_whose_total_differs_stays_a_draft_and_is_held(world: World) -> None:
    said = schema(about=ORDER)
    original = world.shop.put
    world.shop.put = lambda object_, **values: original(object_, **values, total=11)  # type: ignore[method-assign]
    assert world.deliver(order(10), said=said) == ["held"]
    assert world.shop.actions == []
    assert world.ledger.held()[0].code == "CHECK"
    assert "1" in world.ledger.links_of("product", "inventory", "crm", ["1"])


def test_a_deletion_takes_the_action_of_the_rules_once(world: World) -> None:
    said = schema(about={"deleted": "inactive"})
    world.deliver(record(Name="Bolt"), said=said)
    gone = {"Inventory_ID": "1", "_ofrecord": {"id": "1", "deleted": True}}
    assert world.deliver(gone, said=said) == ["written"]
    assert world.deliver(gone, said=said) == ["unchanged"]
    assert [action for _record, action in world.shop.actions] == ["inactive"]
    assert len(world.ledger.events(kinds=["deleted"])) == 1


def test_the_stamp_owed_to_the_source_is_paid_by_its_own_target(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    inventory = Shop()
    inventory.objects["items"] = {"1": {}}
    assert Outbox("inventory", inventory, world.ledger, world.now).drain()["stamped"] == 1
    there = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id
    assert inventory.objects["items"]["1"] == {"cf_crm_id": there}


def test_the_child_with_the_least_rank_is_made_the_primary_one(world: World) -> None:
    said = schema(
        about={"entity": "contact", "match": [], "parent": {"field": "Name", "primary": {"least": "Created_Time"}}}
    )
    delivery = world.delivery(said)
    delivery.deliver([record(str(n), Name="parent", Code=str(n), note={"rank": f"2026-01-0{3 - n}"}) for n in (1, 2)])
    youngest = world.ledger.links_of("contact", "inventory", "crm", ["2"])["2"].destination_id
    for _cycle in range(2):
        choose_primaries(delivery.wire, delivery.parents, world.shop, world.ledger, world.now)
    assert world.shop.primaries == [youngest]


def test_parts_make_one_whole_and_a_part_that_says_nothing_new_costs_no_call(world: World) -> None:
    deal = world.shop.put("Deals", Deal_Name="Big one")
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("order", {"inventory": "so-1", "crm": "quote-1"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})
    said = schema(
        about={"entity": "invoice", "object": "Deals", "from": "books", "match": [], "external_id": None,
               "combine": {"whole": "deal", "through": "order", "by": "salesorder_id", "field": "deal"}},
        Amount=field("amount", "books", format="money", combine="sum"),
        Numbers=field("numbers", "books", combine="join"),
        Status=field("status", "books", combine="same", otherwise="Partly paid"),
    )  # fmt: skip

    def invoice(identity: str, by: str | None, amount: str, status: str) -> dict[str, Any]:
        return {
            "Amount": Decimal(amount),
            "Numbers": f"INV-{identity}",
            "Status": status,
            "_ofrecord": {"id": identity, "by": by},
        }

    batch = [
        invoice("2", "so-1", "10.10", "Paid"),
        invoice("1", "so-1", "0.90", "Unpaid"),
        invoice("3", None, "5", "Paid"),
    ]
    assert world.deliver(*batch, said=said) == ["written", "written", "filtered"]
    found = world.shop.objects["Deals"][deal]
    assert (found["Amount"], found["Numbers"], found["Status"]) == (Decimal("11.00"), "INV-1, INV-2", "Partly paid")
    world.shop.log.clear()
    assert world.deliver(*batch, said=said) == ["unchanged", "unchanged", "filtered"]
    assert world.shop.log == []
    assert world.deliver(invoice("1", "so-1", "0.90", "Paid"), said=said) == ["written"]
    assert found["Status"] == "Paid"


def test_a_record_there_that_is_linked_already_is_never_linked_twice(world: World) -> None:
    world.deliver(record("1", Name="Bolt"))
    there = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id
    assert world.deliver(record("2", Name="Nut", note={"stamped": there})) == ["held"]
    assert [held.kind for held in world.ledger.held()] == ["duplicate"]
    assert world.products()[0]["Name"] == "Bolt"
