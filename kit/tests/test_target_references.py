"""What a record points at: records without counterpart, fields of other records, ids that need no translation."""

from __future__ import annotations

from typing import Any

from ofrecord_kit.testing.shop import NOON, World, field, schema

PAPERS = schema(
    about={"entity": "paper", "object": "Papers", "from": "books", "match": [], "external_id": "Inventory_ID", "create": True},
    Name=field("name", "books"),
    Account=field("account", "books", ref="account", unlinked="wait"),
    Deal=field("deal", "books", ref="order", of="deal", unlinked="leave"),
)  # fmt: skip


def paper(identity: str = "1", **values: Any) -> dict[str, Any]:
    told = {"Name": "P", "Account": "c-1", "Deal": "so-1", **values}
    return {
        "Inventory_ID": identity,
        **told,
        "_ofrecord": {"id": identity, "native": {name.lower(): one for name, one in told.items()}},
    }


def linked(world: World, entity: str, there: str, here: str, **agreed: Any) -> str:
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link(entity, {"inventory": here, "crm": there})
        if agreed:
            writing.record_agreed(
                link, {name: {"inventory": one, "crm": one} for name, one in agreed.items()}, pointers=set(agreed)
            )
    return link


def shown(world: World) -> dict[str, Any]:
    [row] = world.shop.objects["Papers"].values()
    return {name: row.get(name) for name in ("Name", "Account", "Deal")}


def test_a_record_that_points_at_nothing_known_waits_is_counted_and_goes_when_that_is_there(world: World) -> None:
    assert world.deliver(paper(), said=PAPERS) == ["filtered"]
    assert not world.shop.objects.get("Papers")
    assert world.ledger.held() == []
    [waiting] = world.ledger.held(state="waiting")
    assert (waiting.kind, waiting.field, waiting.message) == (
        "reference",
        "",
        "the account it refers to has no counterpart yet",
    )
    linked(world, "account", "a-1", "c-1")
    assert world.deliver(paper(), said=PAPERS) == ["written"]
    assert shown(world) == {"Name": "P", "Account": "a-1", "Deal": None}


def test_a_field_that_waits_keeps_no_other_back_and_comes_when_it_is_known(world: World) -> None:
    linked(world, "account", "a-1", "c-1")
    assert world.deliver(paper(), said=PAPERS) == ["written"]
    [waiting] = world.ledger.held(state="waiting")
    assert (waiting.field, waiting.message) == ("deal", "the order it refers to has no counterpart yet")
    assert world.deliver(paper(), said=PAPERS) == ["unchanged"]
    linked(world, "order", "o-1", "so-1", deal="d-1")
    assert world.deliver(paper(), said=PAPERS) == ["written"]
    assert shown(world)["Deal"] == "d-1"
    assert world.ledger.held(state="waiting") == []


def test_what_the_other_record_says_now_is_written_when_this_one_is_read_again(world: World) -> None:
    linked(world, "account", "a-1", "c-1")
    link = linked(world, "order", "o-1", "so-1", deal="d-1")
    world.deliver(paper(), said=PAPERS)
    with world.ledger.writing(NOON) as writing:
        writing.record_agreed(link, {"deal": {"inventory": "d-2", "crm": "d-2"}}, pointers={"deal"})
    assert world.deliver(paper(Name="Q"), said=PAPERS) == ["written"]
    assert shown(world) == {"Name": "Q", "Account": "a-1", "Deal": "d-2"}


def test_a_record_that_points_at_one_whose_field_is_empty_has_it_empty(world: World) -> None:
    linked(world, "account", "a-1", "c-1")
    linked(world, "order", "o-1", "so-1", deal=None)
    assert world.deliver(paper(), said=PAPERS) == ["written"]
    assert shown(world)["Deal"] is None
    assert world.ledger.held(state="waiting") == []


def test_an_id_that_is_one_of_the_destination_is_written_as_it_is(world: World) -> None:
    said = schema(
        about={"entity": "paper", "object": "Papers", "from": "books", "match": [], "external_id": "Inventory_ID", "create": True},
        Deal=field("deal", "books", ref="deal", direct=True),
    )  # fmt: skip
    record = {"Inventory_ID": "1", "Deal": "d-7", "_ofrecord": {"id": "1", "native": {"deal": "d-7"}}}
    assert world.deliver(record, said=said) == ["written"]
    [row] = world.shop.objects["Papers"].values()
    assert row["Deal"] == "d-7"


def test_an_id_that_names_nothing_there_keeps_the_rest_of_a_new_record_back_only_where_rules_say_nothing_else(
    world: World,
) -> None:
    about = {
        "entity": "paper",
        "object": "Papers",
        "from": "books",
        "match": [],
        "external_id": "Inventory_ID",
        "create": True,
    }
    record = {
        "Inventory_ID": "1",
        "Name": "P",
        "Deal": "gone",
        "_ofrecord": {"id": "1", "native": {"name": "P", "deal": "gone"}},
    }
    world.shop.refuses = "Deal"
    whole = schema(about=about, Name=field("name", "books"), Deal=field("deal", "books", ref="deal", direct=True))
    assert world.deliver(record, said=whole) == ["held"]
    assert not world.shop.objects.get("Papers")
    apart = field("deal", "books", ref="deal", direct=True, unlinked="leave")
    assert world.deliver(record, said=schema(about=about, Name=field("name", "books"), Deal=apart)) == ["written"]
    [row] = world.shop.objects["Papers"].values()
    assert (row["Name"], row.get("Deal")) == ("P", None)
    [waiting] = world.ledger.held(state="waiting")
    assert (waiting.field, waiting.message) == ("deal", "invalid data")
    assert world.ledger.held() == []
