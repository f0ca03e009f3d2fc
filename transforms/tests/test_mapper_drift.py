"""A tap whose SCHEMA is not what the rules were written for: told once, and the rest goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ofrecord_kit.target.wire import read_wire
from ofrecord_transforms.compile import compile_entity

PROJECT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from ofrecord_transforms.mapper import main; main()"]
RULES = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
when: {inventory: {kind: [goods]}}
fields:
  - {what: Name, owner: inventory, crm: Name, inventory: name}
  - {what: Weight, owner: inventory, crm: {field: W, unit: g}, inventory: {field: details.weight, unit: kg}}
  - {what: Maker, owner: inventory, crm: Maker, inventory: maker}
  - {what: Colour, owner: inventory, crm: Colour, inventory: cf_colour}
  - {what: Made, owner: inventory, format: boolean, crm: Made, inventory: made}
  - what: Place
    owner: inventory
    crm: {parts: {city: City, code: Code}}
    inventory: {parts: {city: place.city, code: place.zip}}
"""
TEXT = {"type": ["string", "null"]}
PROPERTIES = {
    "item_id": {"type": "string"},
    "kind": TEXT,
    "name": TEXT,
    "details": {"type": "object", "properties": {"weight": {"anyOf": [{"type": "number"}, {"type": "null"}]}}},
    "maker": {"type": ["object", "null"], "properties": {"id": TEXT, "name": TEXT}},
    "made": {"type": "boolean"},
    "custom_field_hash": {"type": "object"},
    "place": {"type": "object", "properties": {"city": TEXT, "zip": TEXT}},
    "nobody maps this": {"type": "array"},
}


@pytest.fixture
def compiled(rules_of):
    rules = rules_of(RULES)
    return compile_entity(rules, rules.entities["product"], "inventory", "crm")


def schema(**changes):
    properties = {name: about for name, about in {**PROPERTIES, **changes}.items() if about is not None}
    return {"type": "object", "properties": properties}


def test_the_schema_the_rules_were_written_for_has_no_drift(compiled):
    message, drift = compiled.announce(schema())
    assert drift == []
    assert message == compiled.schema
    assert "drift" not in message["schema"]["x-ofrecord"]


@pytest.mark.parametrize("incoming", [None, {}, {"type": "object"}, {"properties": {}}, "x"])
def test_a_schema_that_describes_nothing_is_not_judged(compiled, incoming):
    assert compiled.announce(incoming)[1] == []


DRIFTS = {
    "gone": ({"name": None}, ("name", "name", "text", "nothing")),
    "id gone": ({"item_id": None}, ("id", "item_id", "text", "nothing")),
    "condition gone": ({"kind": None}, ("condition", "kind", "anything", "nothing")),
    "nested gone": (
        {"details": {"type": "object", "properties": {"mass": {"type": "number"}}}},
        ("weight", "details.weight", "number", "nothing"),
    ),
    "text mapped as number": (
        {"details": {"type": "object", "properties": {"weight": TEXT}}},
        ("weight", "details.weight", "number", "text"),
    ),
    "list mapped as text": ({"name": {"type": ["null", "array"]}}, ("name", "name", "text", "list")),
    "object without an id": (
        {"maker": {"type": "object", "properties": {"name": TEXT}}},
        ("maker", "maker", "text", "object"),
    ),
    "number mapped as boolean": ({"made": {"type": "integer"}}, ("made", "made", "boolean", "number")),
    "custom field gone": (
        {"custom_field_hash": {"type": "object", "properties": {"cf_size": TEXT}}},
        ("colour", "cf_colour", "text", "nothing"),
    ),
}


@pytest.mark.parametrize("kind", DRIFTS)
def test_what_differs_is_told_with_field_property_expected_and_found(compiled, kind):
    changes, expected = DRIFTS[kind]
    message, [said] = compiled.announce(schema(**changes))
    assert tuple(said[key] for key in ("field", "property", "expected", "found")) == expected
    wire = read_wire(message["schema"])
    assert wire is not None
    assert wire.drift == (said,)


def test_a_schema_open_to_more_properties_does_not_miss_one(compiled):
    assert compiled.announce({**schema(name=None), "additionalProperties": True})[1] == []


def test_a_part_that_is_missing_is_no_longer_the_targets_to_write(compiled):
    message, _ = compiled.announce(schema(place={"type": "object", "properties": {"city": TEXT}}))
    assert message["schema"]["properties"]["place"]["x-ofrecord"]["parts"] == {"city": "City"}
    assert compiled.schema["schema"]["properties"]["place"]["x-ofrecord"]["parts"] == {"city": "City", "code": "Code"}


def test_drift_is_told_once_without_values_and_the_rest_goes_on(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "product.yml").write_text(RULES)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"rules": str(tmp_path / "rules"), "from": "inventory", "to": "crm"}))
    record = {"item_id": "1", "kind": "goods", "details": {"weight": 2}, "nobody maps this": ["secret"]}
    announced = {"type": "SCHEMA", "stream": "things", "key_properties": [], "schema": schema(name=None)}
    message = {"type": "RECORD", "stream": "things", "record": record}
    text = "".join(json.dumps(line) + "\n" for line in (announced, message, announced, message))
    done = subprocess.run([*PROGRAM, "--config", str(config)], input=text.encode(), capture_output=True, check=True)
    first, mapped, second, _ = (json.loads(line) for line in done.stdout.splitlines())
    assert first == second
    assert mapped["record"]["W"] == 2000
    assert "Name" not in mapped["record"]
    log = done.stderr.decode()
    said = 'Stream things differs from the rules of product: "name" reads name, expected text, found nothing.'
    assert log.count(said) == 1
    assert "secret" not in log + done.stdout.decode()
    assert "nobody maps this" not in log


@pytest.mark.parametrize("tap", ["tap-crm", "tap-inventory", "tap-books"])
def test_the_shipped_rules_and_the_captured_catalogs_agree(shipped, tap):
    catalog = json.loads((PROJECT / "rules" / "catalog" / f"{tap}.json").read_bytes())
    schemas = {stream["tap_stream_id"]: stream["schema"] for stream in catalog["streams"]}
    seen = 0
    for entity in shipped.entities.values():
        for source, to in entity.directions():
            place = entity.systems[source]
            if place.system.tap == tap and place.stream in schemas:
                assert compile_entity(shipped, entity, source, to).announce(schemas[place.stream])[1] == []
                seen += 1
    assert seen
