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
    ("deal", "crm", "inventory"), ("shipment", "inventory", "crm"), ("return", "inventory", "crm"),
    ("credit", "books", "crm"),
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
    assert {rule.field for rule in wire.sent} == owned
    assert {rule.owner for rule in wire.observed} <= {"crm", "inventory", "books"} - {source}
    assert wire.create == (source in entity.new)
    assert all(rule.where.startswith(f"rules/{name.replace(' ', '_')}.yml:") for rule in (*wire.sent, *wire.observed))


def test_an_order_is_created_once_checked_and_confirmed(shipped):
    wire = read_wire(compile_entity(shipped, shipped.entities["order"], "crm", "inventory").schema["schema"])
    assert wire is not None
    assert (wire.once, wire.check, wire.then) == (True, "total", ("confirmed",))


def test_a_contact_person_knows_its_parent_and_can_be_primary(shipped):
    wire = read_wire(compile_entity(shipped, shipped.entities["contact"], "crm", "inventory").schema["schema"])
    assert wire is not None
    assert (wire.parent, wire.has_primary) == ("contact_id", True)
