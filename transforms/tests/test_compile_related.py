"""Lines that are entries of a related list, or made of the record itself; fields read in another's place; several entities in a reference."""

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.problems import RulesError

RULES = """\
entity: list
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: i}
  crm: {stream: Things, id: id}
fields:
  - {what: Name, owner: inventory, inventory: name, crm: Name}
  - what: Ranges
    owner: inventory
    inventory: {record: true}
    crm: Details
    identity: [From]
    lines:
      - {what: From, format: number, crm: {field: from_range, always: 1}}
      - {what: Percent, format: number, inventory: {field: percent, zero_when: {up: [true]}}, crm: discount}
  - what: Items
    owner: inventory
    inventory: {field: rows, empty_when: {currency: {not: [USD]}, gone: present}}
    crm: {field: Products, related: true}
    lines:
      - {what: Item, ref: [list, set], inventory: item, crm: id}
      - {what: Rate, format: number, inventory: {field: rate, or: brackets.0.rate}, crm: list_price}
"""
SET = RULES.replace("entity: list", "entity: set")


def compiled(rules_of, source="inventory", to="crm"):
    rules = rules_of(RULES, SET)
    return compile_entity(rules, rules.entities["list"], source, to)


def sent(rules_of, **record):
    [out] = compiled(rules_of).records({"i": "1", "name": "n", "currency": "USD", **record})
    return out


def test_the_record_itself_is_the_one_line_with_its_constants(rules_of):
    out = sent(rules_of, percent=12.5, up=False)
    assert out["Details"] == [{"from_range": 1, "discount": 12.5}]
    assert out["_ofrecord"]["native"]["ranges"] == [{"percent": 12.5}]
    assert sent(rules_of, percent=12.5, up=True)["Details"] == [{"from_range": 1, "discount": 0}]


def test_where_a_field_is_empty_the_other_one_is_read_in_a_list_by_its_place(rules_of):
    rows = [
        {"item": "a", "rate": 3, "brackets": [{"rate": 9}]},
        {"item": "b", "rate": "", "brackets": [{"rate": 9}, {"rate": 8}]},
        {"item": "c", "brackets": []},
        {"item": "d", "rate": 0},
    ]
    assert sent(rules_of, rows=rows)["Products"] == [
        {"id": "a", "list_price": 3},
        {"id": "b", "list_price": 9},
        {"id": "c"},
        {"id": "d", "list_price": 0},
    ]


@pytest.mark.parametrize(
    ("more", "expected"), [({}, 1), ({"currency": "EUR"}, 0), ({"gone": "x"}, 0), ({"gone": ""}, 1)]
)
def test_a_list_counts_as_empty_when_any_of_its_conditions_holds(rules_of, more, expected):
    out = sent(rules_of, rows=[{"item": "a", "rate": 1}], **more)
    assert len(out["Products"]) == len(out["_ofrecord"]["native"]["items"]) == expected


def test_the_annotation_names_the_list_and_every_entity_a_line_may_point_at(rules_of):
    about = compiled(rules_of).schema["schema"]["properties"]["Products"]["x-ofrecord"]
    assert (about["related"], about["lines"]["id"]) == (True, {"ref": "list", "also": ["set"]})


def test_neither_is_looked_at_on_the_way_back_and_nothing_of_them_is_missed(rules_of):
    back = compiled(rules_of, "crm", "inventory")
    incoming = {"properties": {"id": {"type": "string"}, "Name": {"type": "string"}}}
    assert back.announce(incoming)[1] == []
    [out] = back.records({"id": "1", "Name": "n", "Details": [{"discount": 3}], "Products": []})
    assert out["_ofrecord"]["observed"] == {"name": "n"}


def test_a_property_the_one_line_is_made_of_is_missed_when_it_is_gone(rules_of):
    incoming = {
        "properties": {name: {"type": ["string", "number"]} for name in ("i", "name", "up", "currency", "gone")}
    }
    incoming["properties"]["rows"] = {"type": "array"}
    drift = compiled(rules_of).announce(incoming)[1]
    assert [(one["field"], one["property"], one["found"]) for one in drift] == [("ranges", "percent", "nothing")]


MISTAKES = {
    "a record and a field": (
        ("inventory: {record: true}", "inventory: {record: true, field: percent}"),
        '"Ranges, inventory": has "record" and a field. The record itself is the line; remove the field.',
    ),
    "related without lines": (
        ("crm: Name}", "crm: {field: Name, related: true}}"),
        '"Name": related belongs to a field with lines. Add lines, or remove it.',
    ),
    "related to nothing": (
        ("ref: [list, set], ", ""),
        '"Items": related: one of its lines says with what it is linked: ref: <entity>.',
    ),
    "an entity nobody knows": (("[list, set]", "[list, sett]"), "sett"),
    "a list that is none": (
        ("inventory: name,", "inventory: {field: name, empty_when: {currency: [EUR]}},"),
        '"Name": empty_when belongs to format lines, not to text. Remove it.',
    ),
    "a line in one system": (
        ("crm: {field: from_range, always: 1}", "crm: from_range"),
        '"From": is in one system only. Name its other side, or give the constant with always.',
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_remedy(rules_of, mistake):
    (old, new), said = MISTAKES[mistake]
    assert old in RULES
    with pytest.raises(RulesError) as caught:
        rules_of(RULES.replace(old, new, 1), SET)
    assert said in str(caught.value)
