"""Records that follow from others: a deal from its invoices, an account from its credits, every order from its deal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.target import Refused
from ofrecord_kit.target.spreading import to_revisit
from ofrecord_kit.testing.shop import NOON, World, field, schema

BY_ORDER = {"whole": "deal", "through": "order", "by": "salesorder_id", "field": "deal"}
INVOICES = schema(
    about={"entity": "invoice", "object": "Deals", "from": "books", "match": [], "external_id": None, "combine": BY_ORDER},
    Amount=field("amount", "books", format="money", combine="sum"),
    Numbers=field("numbers", "books", combine="join"),
)  # fmt: skip
CREDITS = schema(
    about={"entity": "credit", "object": "Accounts", "from": "books", "match": [], "external_id": None,
           "combine": {"whole": "account", "through": "account", "by": "customer_id", "field": None}},
    Credit=field("credit", "books", format="money", combine="sum"),
)  # fmt: skip


def order_of(world: World, order: str, deal: Any, quote: str | None = None) -> str:
    """Order `order` of the inventory is linked and knows its deal."""
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("order", {"inventory": order, "crm": quote or f"quote-{order}"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})
    return link


def invoice(identity: str, by: str | None, amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "Numbers": f"INV-{identity}", "_ofrecord": {"id": identity, "by": by}}


def gone(identity: str, **note: Any) -> dict[str, Any]:
    return {"_ofrecord": {"id": identity, **note}}


@pytest.fixture
def deal(world: World) -> str:
    """A deal with two invoices, over 11.00 together."""
    deal = world.shop.put("Deals", Deal_Name="Big one")
    order_of(world, "so-1", deal)
    world.deliver(invoice("1", "so-1", "1.00"), invoice("2", "so-1", "10.00"), said=INVOICES)
    return deal


def sums(world: World, deal: str) -> tuple[Any, Any]:
    there = world.shop.objects["Deals"][deal]
    return there.get("Amount"), there.get("Numbers")


@pytest.mark.parametrize(
    ("note", "kind", "why"),
    [({"deleted": True}, "deleted", "deleted at the source"), ({"filtered": "status is void"}, "left", "status is void")],
)  # fmt: skip
def test_a_part_that_is_deleted_or_left_out_leaves_the_sums(
    world: World, deal: str, note: dict[str, Any], kind: str, why: str
) -> None:
    assert world.deliver(gone("2", **note), said=INVOICES) == ["written"]
    assert sums(world, deal) == (Decimal("1.00"), "INV-1")
    (event,) = world.ledger.events(kinds=[kind])
    assert (event.ids, event.why) == ({"crm": deal, "books": "2"}, why)
    world.shop.log.clear()
    assert world.deliver(gone("2", **note), said=INVOICES) == ["filtered"]
    assert world.shop.log == []


def test_when_the_last_part_goes_the_whole_is_emptied_and_when_it_comes_back_filled(world: World, deal: str) -> None:
    world.deliver(gone("1", deleted=True), gone("2", filtered="void"), said=INVOICES)
    assert sums(world, deal) == (None, None)
    assert world.deliver(invoice("2", "so-1", "10.00"), said=INVOICES) == ["written"]
    assert sums(world, deal) == (Decimal("10.00"), "INV-2")


def test_a_part_that_moves_to_another_whole_leaves_the_one_it_was_in(world: World, deal: str) -> None:
    other = world.shop.put("Deals", Deal_Name="Small one")
    order_of(world, "so-2", {"id": other})
    assert world.deliver(invoice("2", "so-2", "10.00"), said=INVOICES) == ["written"]
    assert sums(world, deal) == (Decimal("1.00"), "INV-1")
    assert sums(world, other) == (Decimal("10.00"), "INV-2")
    assert world.deliver(invoice("2", None, "10.00"), said=INVOICES) == ["written"]
    assert sums(world, other) == (None, None)


def test_a_part_that_was_never_one_is_only_filtered(world: World, deal: str) -> None:
    world.shop.log.clear()
    records = [gone("8", deleted=True), gone("9", filtered="draft")]
    assert world.deliver(*records, said=INVOICES) == ["filtered", "filtered"]
    assert (sums(world, deal), world.shop.log) == ((Decimal("11.00"), "INV-1, INV-2"), [])


def test_a_part_stays_in_the_sums_until_the_vendor_takes_them_without_it(world: World, deal: str) -> None:
    world.shop.refuses = "Amount"
    assert world.deliver(gone("2", deleted=True), said=INVOICES) == ["held"]
    assert world.ledger.wholes_of("invoice", "crm", ["2"]) == {"2": [deal]}
    world.shop.refuses = None
    [due] = world.ledger.due("books", "crm", "invoice", NOON.replace(hour=13), ["refused"])
    assert [item.outcome for item in world.delivery(INVOICES).deliver([due.payload], again=True)] == ["written"]
    assert (sums(world, deal), world.ledger.held()) == ((Decimal("1.00"), "INV-1"), [])


def test_a_part_goes_silently_from_a_whole_that_is_gone_itself(world: World, deal: str) -> None:
    del world.shop.objects["Deals"][deal]
    assert world.deliver(gone("2", deleted=True), said=INVOICES) == ["filtered"]
    assert world.ledger.wholes_of("invoice", "crm", ["2"]) == {}


def test_a_dry_run_and_a_paused_entity_keep_the_parts(world: World, deal: str) -> None:
    assert world.deliver(gone("2", deleted=True), said=INVOICES, dry=True) == ["written"]
    with world.ledger.writing(NOON) as writing:
        writing.pause("invoice", "crm", "closing the books")
    assert world.deliver(gone("2", filtered="void"), said=INVOICES) == ["held"]
    assert sums(world, deal) == (Decimal("11.00"), "INV-1, INV-2")
    assert world.ledger.wholes_of("invoice", "crm", ["2"]) == {"2": [deal]}


def test_the_whole_may_be_the_linked_record_itself(world: World) -> None:
    account = world.shop.put("Accounts", Account_Name="Acme")
    with world.ledger.writing(NOON) as writing:
        writing.record_link("account", {"inventory": "c-1", "crm": account})
    notes = [
        {"Credit": Decimal(amount), "_ofrecord": {"id": one, "by": by}}
        for one, by, amount in (("1", "c-1", "5"), ("2", "c-1", "2.50"), ("3", "c-9", "9"))
    ]
    assert world.deliver(*notes, said=CREDITS) == ["written", "written", "filtered"]
    assert world.shop.objects["Accounts"][account]["Credit"] == Decimal("7.50")
    assert world.deliver(gone("1", deleted=True), said=CREDITS) == ["written"]
    assert world.shop.objects["Accounts"][account]["Credit"] == Decimal("2.50")


DEALS = schema(
    about={"entity": "deal", "object": "salesorders", "from": "crm", "to": "inventory", "match": [], "external_id": None,
           "spread": {"through": "order", "field": "deal"}},
    cf_stage=field("deal stage", "crm"), cf_owner=field("deal owner", "crm"), total=field("total", "inventory"),
)  # fmt: skip


def told(stage: str, owner: str = "Ann", identity: str = "d-1") -> dict[str, Any]:
    native = {"deal stage": stage, "deal owner": owner}
    return {"cf_stage": stage, "cf_owner": owner, "_ofrecord": {"id": identity, "native": native, "label": identity}}


@pytest.fixture
def orders(world: World) -> list[dict[str, Any]]:
    """Two orders of deal d-1 and one of another."""
    made = [world.shop.put("salesorders", number=number) for number in (1, 2, 3)]
    for order, deal in zip(made, ("d-1", {"id": "d-1"}, "d-2"), strict=True):
        order_of(world, order, deal)
    return [world.shop.objects["salesorders"][one] for one in made]


def test_a_deal_tells_every_order_that_names_it(world: World, orders: list[dict[str, Any]]) -> None:
    assert world.deliver(told("Won"), said=DEALS) == ["written"]
    assert [order.get("cf_stage") for order in orders] == ["Won", "Won", None]
    world.shop.log.clear()
    assert world.deliver(told("Won"), said=DEALS) == ["unchanged"]
    assert world.shop.log == []


def test_only_what_changed_of_a_deal_is_written_to_its_orders(world: World, orders: list[dict[str, Any]]) -> None:
    world.deliver(told("Won"), said=DEALS)
    orders[0]["cf_owner"] = "edited by hand"
    assert world.deliver(told("Lost"), said=DEALS) == ["written"]
    assert [(order.get("cf_stage"), order.get("cf_owner")) for order in orders[:2]] == [("Lost", "edited by hand"), ("Lost", "Ann")]  # fmt: skip
    events = [event for event in world.ledger.events(kinds=["updated"]) if event.after == "Lost"]
    assert [event.field for event in events] == ["deal stage", "deal stage"]


def test_a_deal_without_an_order_waits_until_one_names_it(world: World) -> None:
    assert world.deliver(told("Won"), said=DEALS) == ["filtered"]
    assert world.ledger.held() == []
    (waiting,) = world.ledger.held(state="waiting")
    assert (waiting.source_id, waiting.message) == ("d-1", "no order yet")
    order = world.shop.put("salesorders")
    order_of(world, order, "d-1")
    [due] = world.ledger.due("crm", "inventory", "deal", NOON, ["reference"])
    assert [item.outcome for item in world.delivery(DEALS).deliver([due.payload], again=True)] == ["written"]
    assert world.shop.objects["salesorders"][order]["cf_stage"] == "Won"
    assert world.ledger.held(state="waiting") == []


def test_an_order_that_comes_later_is_told_what_its_deal_said_last(world: World, orders: list[dict[str, Any]]) -> None:
    world.deliver(told("Open"), said=DEALS)
    world.deliver(told("Won"), said=DEALS)
    delivery = world.delivery(DEALS)
    assert to_revisit(delivery) == []
    order = world.shop.put("salesorders")
    order_of(world, order, "d-1")
    assert [item.outcome for item in delivery.deliver(to_revisit(delivery), again=True)] == ["written"]
    assert world.shop.objects["salesorders"][order]["cf_stage"] == "Won"
    assert (to_revisit(delivery), len(orders)) == ([], 3)


def test_an_order_that_passes_to_another_deal_is_told_by_that_one(world: World, orders: list[dict[str, Any]]) -> None:
    world.deliver(told("Won"), told("Open", "Bob", "d-2"), said=DEALS)
    link = world.ledger.links_pointing_at("order", "deal", "crm", ["d-2"], "inventory")["d-2"][0]
    with world.ledger.writing(NOON) as writing:
        writing.record_agreed(link, {"deal": {"inventory": "d-1", "crm": "d-1"}})
    delivery = world.delivery(DEALS)
    delivery.deliver(to_revisit(delivery), again=True)
    assert [order["cf_stage"] for order in orders] == ["Won", "Won", "Won"]
    assert world.ledger.wholes_of("deal", "inventory", ["d-2"]) == {}


def test_an_order_that_takes_no_edits_is_held_and_the_others_are_told(
    world: World, orders: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = world.shop._update
    voided = next(one for one, row in world.shop.objects["salesorders"].items() if row is orders[0])
    monkeypatch.setattr(world.shop, "_judge", lambda _values: None)

    def update(object_: str, change: Any) -> Any:
        return Refused("36012", "void") if change.id == voided else usual(object_, change)

    monkeypatch.setattr(world.shop, "_update", update)
    assert world.deliver(told("Won"), said=DEALS) == ["held"]
    assert (orders[0].get("cf_stage"), orders[1].get("cf_stage")) == (None, "Won")
    assert [(held.code, held.label) for held in world.ledger.held()] == [("36012", "d-1")]


def test_a_deal_that_is_deleted_or_left_out_tells_nothing_any_more(world: World, orders: list[dict[str, Any]]) -> None:
    world.deliver(told("Won"), told("Open", "Bob", "d-2"), said=DEALS)
    assert world.deliver(gone("d-1", filtered="lost"), gone("d-2", deleted=True), said=DEALS) == [
        "filtered",
        "filtered",
    ]
    order = world.shop.put("salesorders")
    order_of(world, order, "d-1")
    assert to_revisit(world.delivery(DEALS)) == []
    assert [order["cf_stage"] for order in orders] == ["Won", "Won", "Open"]


def test_a_dry_run_tells_no_order(world: World, orders: list[dict[str, Any]]) -> None:
    assert world.deliver(told("Won"), said=DEALS, dry=True) == ["written"]
    assert [order.get("cf_stage") for order in orders] == [None, None, None]
    assert world.ledger.events() == []


def test_a_field_of_another_entity_points_at_nothing(world: World) -> None:
    link = order_of(world, "so-1", "d-1")
    assert world.ledger.links_pointing_at("invoice", "deal", "crm", ["d-1"], "inventory") == {}
    assert world.ledger.links_pointing_at("order", "deal", "crm", ["d-1"], "inventory") == {"d-1": [link]}


def share(record: str, part: str, by: str, amount: str, *each: str) -> dict[str, Any]:
    """What a payment `record` gives to invoice `part`, of all it settles (`each`)."""
    note = {"id": f"{record}/{part}", "by": by, "each": [f"{record}/{one}" for one in each]}
    return {"Amount": Decimal(amount), "Numbers": f"P-{part}", "_ofrecord": note}


@pytest.fixture
def paid(world: World, deal: str) -> str:
    """A deal with two shares of one payment and one of another, 7.00 together."""
    world.deliver(gone("1", deleted=True), gone("2", deleted=True), said=INVOICES)
    shares = (share("p", "1", "so-1", "1.00", "1", "2"), share("p", "2", "so-1", "2.00", "1", "2"))
    world.deliver(*shares, share("pp", "1", "so-1", "4.00", "1"), said=INVOICES)
    assert sums(world, deal)[0] == Decimal("7.00")
    return deal


def test_a_share_that_is_in_its_record_no_more_leaves_the_sums_and_the_others_stay(world: World, paid: str) -> None:
    assert world.deliver(share("p", "1", "so-1", "1.00", "1"), said=INVOICES) == ["written"]
    assert sums(world, paid) == (Decimal("5.00"), "P-1")
    assert [event.ids["books"] for event in world.ledger.events(kinds=["left"])] == ["p/2"]
    assert world.deliver(share("p", "1", "so-1", "1.00", "1"), said=INVOICES) == ["unchanged"]


@pytest.mark.parametrize("note", [{"deleted": True}, {"filtered": "invoices.invoice_id is absent"}])
def test_a_record_that_is_deleted_or_shared_out_to_nobody_takes_all_its_shares_along(
    world: World, paid: str, note: dict[str, Any]
) -> None:
    assert world.deliver(gone("p", each=[], **note), said=INVOICES) == ["written"]
    assert sums(world, paid)[0] == Decimal("4.00")
    assert world.deliver(gone("p", each=[], **note), said=INVOICES) == ["filtered"]


def test_a_share_that_waits_for_its_whole_waits_no_longer_when_its_record_is_deleted(world: World) -> None:
    world.deliver(share("p", "1", "so-9", "1.00", "1"), said=INVOICES)
    assert [row.source_id for row in world.ledger.held(state="waiting")] == ["p/1"]
    world.deliver(gone("p", each=[], deleted=True), said=INVOICES)
    assert world.ledger.held(state="waiting") == []


def test_what_a_share_left_is_tried_again_when_the_vendor_refused(world: World, paid: str, monkeypatch: Any) -> None:
    with monkeypatch.context() as refusing:
        refusing.setattr(world.shop, "update", lambda _object, changes: [Refused("BUSY", "not now") for _ in changes])
        assert world.deliver(gone("p", each=[], deleted=True), said=INVOICES) == ["held"]
    assert world.deliver(gone("p", each=[], deleted=True), said=INVOICES) == ["written"]
    assert sums(world, paid)[0] == Decimal("4.00")


@pytest.mark.parametrize("arrives", [True, False])
def test_a_sum_that_goes_back_after_a_run_that_died_is_that_of_its_parts(
    world: World, deal: str, arrives: bool
) -> None:
    world.deliver_and_die(invoice("1", "so-1", "5.00"), arrives=arrives, said=INVOICES)
    world.deliver(invoice("1", "so-1", "1.00"), said=INVOICES)
    assert sums(world, deal) == (Decimal("11.00"), "INV-1, INV-2")
    assert world.ledger.begun("invoice", "crm") == {}
    world.shop.log.clear()
    assert world.deliver(invoice("1", "so-1", "1.00"), said=INVOICES) == ["unchanged"]
    assert "update" not in world.shop.log
