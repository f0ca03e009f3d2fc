"""Texts the destination does not take: named, never cut and never quoted. Lengths come from captured catalogs."""

import json

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.lengths import check_for
from ofrecord_transforms.load import read_all

RULES = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
fields:
  - {what: Name, owner: inventory, inventory: name, crm: Product_Name, too_long: hold}
  - {what: Code, owner: inventory, inventory: sku, crm: Code}
  - {what: Price, owner: inventory, format: money, inventory: rate, crm: Price}
  - {what: Phone, owner: inventory, format: phone, inventory: phone, crm: Phone}
  - what: Place
    owner: inventory
    too_long: hold
    crm: {parts: {city: City, code: Zip}}
    inventory: {parts: {city: place.city, code: place.zip}}
  - what: Lines
    owner: inventory
    too_long: hold
    inventory: rows
    crm: Rows
    lines:
      - {what: Text, inventory: text, crm: Text}
"""
INVENTORY = {"item_id": None, "name": 100, "sku": 20, "rate": None, "phone": 30}
CRM = {
    "id": None,
    "Product_Name": 83,
    "Code": 20,
    "Price": 16,
    "Phone": 30,
    "City": 5,
    "Zip": None,
    "Inventory_ID": 255,
}


def catalog(stream, lengths, nested, lists):
    """A captured catalog: text fields with their lengths, objects, and lists of objects."""

    def objects(inner):
        return {"type": "object", "properties": {name: {"type": "string"} for name in inner}}

    properties = {name: {"type": "number" if name in {"rate", "Price"} else "string"} for name in lengths}
    properties |= {name: objects(inner) for name, inner in nested.items()}
    properties |= {name: {"type": "array", "items": objects(inner)} for name, inner in lists.items()}
    facts = [(["properties", name], length) for name, length in lengths.items()]
    facts += [
        (["properties", name, "items", "properties", one], length)
        for name, inner in lists.items()
        for one, length in inner.items()
    ]
    metadata = [
        {"breadcrumb": path, "metadata": {"max-length": length} if length is not None else {}} for path, length in facts
    ]
    return {"streams": [{"tap_stream_id": stream, "schema": {"properties": properties}, "metadata": metadata}]}


@pytest.fixture
def rules(tmp_path):
    """The rules, with catalogs that say how much each field takes."""
    folder = tmp_path / "rules"
    (folder / "catalog").mkdir(parents=True)
    place = {"city": None, "zip": None}
    tap = catalog("things", INVENTORY, {"place": place}, {"rows": {"text": None}})
    (folder / "catalog" / "tap-inventory.json").write_text(json.dumps(tap))
    (folder / "catalog" / "tap-crm.json").write_text(json.dumps(catalog("Things", CRM, {}, {"Rows": {"Text": 3}})))
    return read_all({"rules/product.yml": RULES.encode()}, folder)


@pytest.fixture
def mapped(rules):
    """The one record made of an inventory record."""
    compiled = compile_entity(rules, rules.entities["product"], "inventory", "crm")
    return lambda record: compiled.records({"item_id": "1", **record})[0]


def test_a_text_that_is_too_long_is_invalid_and_neither_cut_nor_quoted(mapped):
    out = mapped({"name": "secret" + "x" * 78, "sku": "B"})
    assert out["_ofrecord"]["invalid"] == {"name": "is longer than the 83 characters crm Product_Name takes"}
    assert "Product_Name" not in out
    assert out["Code"] == "B"


def test_a_text_that_just_fits_travels_whole_whatever_its_letters(mapped):
    assert mapped({"name": "ß" * 83})["Product_Name"] == "ß" * 83


def test_a_part_or_a_line_that_is_too_long_makes_its_whole_value_invalid(mapped):
    out = mapped({"place": {"city": "Berlin", "zip": "1" * 99}, "rows": [{"text": "abc"}, {"text": "abcd"}]})
    assert out["_ofrecord"]["invalid"] == {
        "place": "is longer than the 5 characters crm City takes",
        "lines": "is longer than the 3 characters crm Text takes",
    }
    assert "Rows" not in out
    assert mapped({"place": {"city": None, "zip": "1" * 99}})["place"] == {"city": None, "code": "1" * 99}


def test_where_the_source_holds_no_more_or_nothing_is_known_nothing_is_looked_at(rules):
    entity = rules.entities["product"]
    checked = {
        rule.name for rule in entity.fields if check_for(rules.catalogs, entity, rule, "inventory", "crm") is not None
    }
    assert checked == {"name", "phone", "place", "lines"}


def test_without_catalogs_no_length_is_known(rules_of):
    rules = rules_of(RULES)
    entity = rules.entities["product"]
    assert [check_for(rules.catalogs, entity, rule, "inventory", "crm") for rule in entity.fields] == [None] * 6
