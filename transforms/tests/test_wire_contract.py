"""What the mapper writes is what a target reads: both sides of docs/architecture.md, "The wire"."""

import pytest

from ofrecord_kit.target.wire import read_wire
from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.rules import Rules

WAYS = [
    ("account", "crm", "inventory"), ("account", "inventory", "crm"), ("contact", "crm", "inventory"),
    ("invoice", "books", "crm"), ("order", "crm", "inventory"), ("order", "inventory", "crm"),
    ("payment", "books", "crm"), ("product", "crm", "inventory"), ("product", "inventory", "crm"),
    ("vendor", "crm", "inventory"), ("vendor", "inventory", "crm"), ("composite product", "inventory", "crm"),
    ("composite product", "crm", "inventory"), ("price list", "inventory", "crm"), ("price list", "crm", "inventory"),
    ("order on deal", "inventory", "crm"), ("deal", "crm", "inventory"), ("shipment", "inventory", "crm"), ("return", "inventory", "crm"),
    ("service invoice", "crm", "inventory"), ("revenue", "crm", "inventory"), ("recognised revenue", "books", "crm"),
    ("credit", "books", "crm"), ("failed payment", "books", "crm"), ("invoice credit", "books", "crm"), ("invoice refund", "books", "crm"),
    ("order entry", "inventory", "crm"), ("order life", "inventory", "crm"), ("shipment entry", "inventory", "crm"),
    ("return entry", "inventory", "crm"), ("invoice entry", "books", "crm"), ("direct invoice entry", "books", "crm"), ("credit entry", "books", "crm"),
    ("refund entry", "books", "crm"), ("bill entry", "books", "crm"), ("purchase entry", "inventory", "crm"),
    ("receive entry", "inventory", "crm"),
]  # fmt: skip


def test_every_way_of_the_shipped_rules_is_held_here(shipped: Rules):
    assert sorted((name, *way) for name, entity in shipped.entities.items() for way in entity.directions()) == sorted(
        WAYS
    )


@pytest.mark.parametrize(("name", "source", "to"), WAYS)
def test_a_target_sends_what_the_source_owns_and_only_watches_the_rest(shipped, name, source, to):
    entity = shipped.entities[name]
    wire = read_wire(compile_entity(shipped, entity, source, to).schema["schema"])
    assert wire is not None
    owned = {rule.name for rule in entity.fields if rule.owner in {source, "shared"} and to in rule.sides}
    assert {rule.field for rule in (*wire.sent, *wire.stating)} == owned
    assert {rule.owner for rule in wire.observed} <= {"crm", "inventory", "books"} - {source}
    assert wire.create == (source in entity.new)
    assert all(rule.where.startswith(f"rules/{name.replace(' ', '_')}.yml:") for rule in (*wire.sent, *wire.observed))


def test_an_order_is_created_once_checked_and_confirmed(shipped):
    wire = read_wire(compile_entity(shipped, shipped.entities["order"], "crm", "inventory").schema["schema"])
    assert wire is not None
    assert (wire.once, wire.then) == (True, ("confirmed",))
    assert [figure.name for figure in wire.check] == ["total", "currency_code", "line_items"]
    assert [one.name for one in wire.check[2].lines][:3] == ["item_id", "quantity", "rate"]
    assert wire.sum["plus"] == ["adjustment"]
    assert [one["field"] for one in wire.amend or ()] == ["status", "packages"]
    assert wire.waits_for == {"entity": "deal", "field": "deal"}


def test_a_contact_person_knows_its_parent_and_can_be_primary(shipped):
    wire = read_wire(compile_entity(shipped, shipped.entities["contact"], "crm", "inventory").schema["schema"])
    assert wire is not None
    assert (wire.parent, wire.has_primary) == ("contact_id", True)


def test_an_invoice_and_what_follows_it_have_a_part_in_one_table(shipped):
    wires = {
        name: read_wire(compile_entity(shipped, shipped.entities[name], "books", "crm").schema["schema"])
        for name in ("invoice", "payment", "failed payment", "invoice credit", "invoice refund")
    }
    assert {wire.stated for wire in wires.values() if wire} == {("invoice",)}
    table = wires["invoice"].table if wires["invoice"] else None
    assert table is not None
    assert table.told["Paid"] == ("invoice", "payment")
    assert table.told["Refunded"] == ("invoice refund",)
    assert dict(table.follows) == {
        "payment": "invoice", "failed payment": "invoice", "invoice credit": "invoice", "invoice refund": "invoice credit",
    }  # fmt: skip
