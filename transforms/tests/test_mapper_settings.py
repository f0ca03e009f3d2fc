"""The mapper with entities that are switched off, with ordinary Singer output, and what it tells at the end."""

import json
import subprocess
import sys

import pytest

from ofrecord_transforms.mapper import Mapper
from ofrecord_transforms.plain import plain_record
from ofrecord_transforms.tally import Tally

PROGRAM = [sys.executable, "-c", "from ofrecord_transforms.mapper import main; main()"]
RULES = """\
entity: order
enabled: true
responsible: {owner: A, deputy: B, escalation: C}
systems:
  crm: {stream: Things, id: id, external_id: Inventory_ID}
  inventory: {stream: things, id: order_id, external_id: cf_crm_id}
when: {crm: {Kind: [good, better]}}
stop:
  - {what: Over nothing, when: {crm: {Total: {at most: 0}}}}
fields:
  - {what: Name, owner: crm, crm: Name, inventory: name}
  - {what: Phone, owner: crm, crm: Phone, inventory: billing_address.phone}
  - {what: Total, owner: crm, format: money, crm: Total, inventory: total}
  - {what: Active, owner: crm, crm: Kind, inventory: {field: active, values: {true: good}}}
  - {what: Status, owner: inventory, crm: Status, inventory: status}
  - {what: Address, owner: crm, crm: {parts: {city: City}}, inventory: {parts: {city: billing_address.city}}}
"""
RECORDS = [
    {"id": "1", "Kind": "good", "Name": "N", "Phone": "1", "Total": 5, "Status": "open", "City": "Bonn", "Else": "x"},
    {"id": "2", "Kind": "better", "Name": "N", "Total": 5},
    {"id": "3", "Kind": "worse"},
    {"id": "4", "Kind": None},
    {"id": "5", "Kind": "good", "Total": 0},
    {"id": "6", "_sdc_deleted_at": "2026-01-01T00:00:00+00:00"},
]
STATE = b'{"type": "STATE", "value": {"a":  1}}\n'


@pytest.fixture
def run(tmp_path):
    """Run the mapper over one stream of records; the finished process."""

    def start(rules=RULES, **settings):
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "order.yml").write_text(rules)
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rules": str(tmp_path / "rules"), "from": "crm", "to": "inventory", **settings}))
        messages = [{"type": "SCHEMA", "stream": "Things", "key_properties": ["id"], "schema": {}}]
        messages += [{"type": "RECORD", "stream": "Things", "record": record} for record in RECORDS]
        text = b"".join(json.dumps(message).encode() + b"\n" for message in messages) + STATE
        return subprocess.run([*PROGRAM, "--config", str(config)], input=text, capture_output=True, check=False)

    return start


@pytest.mark.parametrize("settings", [{}, {"entities": ["order"]}])
def test_of_an_entity_that_is_switched_off_only_state_passes(run, settings):
    done = run(RULES.replace("enabled: true", "enabled: false"), **settings)
    assert (done.returncode, done.stdout) == (0, STATE)
    assert done.stderr.decode().count("Switched off by their rules (enabled: false) and skipped: order.") == 1


def test_an_entity_that_is_switched_off_still_has_its_way(run):
    rules = RULES.replace("enabled: true", "enabled: false").replace("external_id: cf_crm_id", "external_id: cf_crm_id")
    done = run(rules, entities=["order"], **{"from": "books", "to": "inventory"})
    assert done.returncode == 1
    assert b'"order" does not go from books to inventory; rules/order.yml lets it go' in done.stderr


def test_plain_output_is_ordinary_singer_without_what_is_left_out(run):
    done = run(plain=True)
    schema, *records, state = done.stdout.splitlines(keepends=True)
    assert state == STATE
    assert json.loads(schema) == {
        "type": "SCHEMA",
        "stream": "order",
        "key_properties": ["cf_crm_id"],
        "schema": {
            "type": "object",
            "properties": {
                "cf_crm_id": {"type": "string"},
                "name": {"type": ["string", "null"]},
                "billing_address.phone": {"type": ["string", "null"]},
                "total": {"type": ["number", "null"]},
                "active": {"type": ["boolean", "null"]},
                "address": {"type": ["object", "null"]},
            },
        },
    }
    assert [json.loads(line) for line in records] == [
        {
            "type": "RECORD",
            "stream": "order",
            "record": {
                "cf_crm_id": "1",
                "name": "N",
                "billing_address.phone": "1",
                "total": 5,
                "active": True,
                "address": {"city": "Bonn"},
            },
        },
        {"type": "RECORD", "stream": "order", "record": {"cf_crm_id": "2", "name": "N", "total": 5}},
    ]


@pytest.mark.parametrize("plain", [True, False])
def test_the_log_counts_at_the_end_what_became_of_every_record(run, plain):
    log = run(plain=plain).stderr.decode()
    assert (
        "order: 2 passed on; 2 filtered (kind is worse 1, no kind 1); 1 stopped (Over nothing 1); 1 deleted; "
        "1 values not convertible (active 1); 1 values of fields the source does not own left out."
    ) in log


def test_fifty_rule_files_leave_a_record_the_same_way_as_one(tmp_path):
    for number in range(50):
        text = RULES.replace("entity: order", f"entity: order {number}").replace("stream: Things", f"stream: T{number}")
        (tmp_path / f"{number}.yml").write_text(text)
    settings = {"from": "crm", "to": "inventory"}
    fifty = Mapper(config={**settings, "rules": str(tmp_path)})
    one = Mapper(config={**settings, "rules": str(tmp_path), "entities": ["order 7"]})
    assert [route.entity for route in fifty._by_stream["T7"]] == ["order 7"]
    assert fifty._by_stream["T7"][0].names == one._by_stream["T7"][0].names
    assert fifty._outputs["T7"](dict(RECORDS[0])) == one._outputs["T7"](dict(RECORDS[0]))


def test_what_is_filtered_stopped_or_deleted_has_no_plain_record():
    for note in ({"filtered": "x"}, {"stopped": {"name": "x"}}, {"deleted": True}):
        assert plain_record({"key": "1", "_ofrecord": note}) is None


def test_many_reasons_are_told_as_twenty_and_the_rest():
    tally = Tally("order")
    for number in range(30):
        for _ in range(30 - number):
            tally.count({"filtered": f"kind is {number}"})
    assert str(tally).startswith("order: 0 passed on; 465 filtered (kind is 0 30, kind is 1 29,")
    assert str(tally).endswith("kind is 19 11, others 55)")
