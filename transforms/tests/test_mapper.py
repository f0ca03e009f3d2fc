"""Singer in, Singer out: what the shipped rules make of records, and how the program behaves around them."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ofrecord_transforms.load import load
from ofrecord_transforms.mapper import Mapper, chosen
from ofrecord_transforms.problems import RulesError, one_of
from ofrecord_transforms.rules import Rules
from ofrecord_transforms.wire import BlockWriter

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
PROGRAM = [sys.executable, "-c", "from ofrecord_transforms.mapper import main; main()"]

MAPPINGS = {
    "products-inventory-to-crm": {"from": "inventory", "to": "crm", "entities": ["product"]},
    "products-crm-to-inventory": {"from": "crm", "to": "inventory", "entities": ["product"]},
    "customers-crm-to-inventory": {"from": "crm", "to": "inventory", "entities": ["account", "contact", "vendor"]},
    "customers-inventory-to-crm": {"from": "inventory", "to": "crm", "entities": ["account", "vendor"]},
    "orders-crm-to-inventory": {"from": "crm", "to": "inventory", "entities": ["order"]},
    "orders-inventory-to-crm": {"from": "inventory", "to": "crm", "entities": ["order"]},
    "finance-books-to-crm": {"from": "books", "to": "crm", "entities": ["invoice", "payment"]},
}


@pytest.fixture
def run(tmp_path):
    """Run the mapper as Meltano does; returns the finished process, its output as bytes."""

    def start(text, *, rules=PROJECT / "rules", **settings):
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rules": str(rules), **settings}))
        return subprocess.run([*PROGRAM, "--config", str(config)], input=text, capture_output=True, check=False)

    return start


def lines(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def masked(output):
    """Without what changes with every edit of a rule file: its hash and its line numbers."""
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", output.decode())
    return re.sub(r'("rule":"rules/\w+\.yml):\d+"', r'\1:…"', text)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_singer_in_singer_out(run, mapping):
    done = run((HERE / "singer" / f"{mapping}.in.jsonl").read_bytes(), **MAPPINGS[mapping])
    assert done.returncode == 0, done.stderr.decode()
    expected = HERE / "singer" / f"{mapping}.out.jsonl"
    found = masked(done.stdout)
    if not expected.exists():
        expected.write_text(found)
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert [json.loads(line) for line in found.splitlines()] == [
        json.loads(line) for line in expected.read_text().splitlines()
    ]
    assert found == expected.read_text()


def test_numbers_keep_every_digit_from_end_to_end(run):
    digits = b"0.12345678901234567890123456789"
    text = lines({"type": "SCHEMA", "stream": "items", "schema": {}, "key_properties": []}) + (
        b'{"type":"RECORD","stream":"items","record":{"item_id":"1","status":"active","actual_available_stock":%s}}\n'
        % digits
    )
    done = run(text, **MAPPINGS["products-inventory-to-crm"])
    assert b'"Qty_in_Stock":' + digits in done.stdout
    assert b'"can be promised":' + digits in done.stdout


def test_state_is_passed_on_byte_for_byte_after_what_came_before(run):
    state = b'{"type": "STATE",  "value": {"b": 1.10, "a": [ 1 ]}}\n'
    record = {"type": "RECORD", "stream": "items", "record": {"item_id": "1", "status": "active"}}
    schema = {"type": "SCHEMA", "stream": "items", "schema": {}, "key_properties": []}
    done = run(lines(schema, record) + state + lines(record) + state, **MAPPINGS["products-inventory-to-crm"])
    kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert kinds == ["SCHEMA", "RECORD", "STATE", "RECORD", "STATE"]
    assert done.stdout.splitlines(keepends=True)[2] == state


def test_an_absent_field_stays_absent_and_an_empty_one_is_cleared(run):
    schema = {"type": "SCHEMA", "stream": "items", "schema": {}, "key_properties": []}
    record = {"item_id": "1", "status": "active", "description": "", "name": None}
    message = {"type": "RECORD", "stream": "items", "record": record}
    mapped = json.loads(run(lines(schema, message), **MAPPINGS["products-inventory-to-crm"]).stdout.splitlines()[1])
    properties = mapped["record"]
    assert properties["Description"] is None
    assert properties["Product_Name"] is None
    assert "Unit_Price" not in properties


def test_a_field_owned_by_inventory_is_never_sent_to_inventory(run):
    text = (HERE / "singer" / "products-crm-to-inventory.in.jsonl").read_bytes()
    done = run(text, **MAPPINGS["products-crm-to-inventory"])
    schema, record, *_ = [json.loads(line) for line in done.stdout.splitlines()]
    owners = {name: about.get("x-ofrecord", {}) for name, about in schema["schema"]["properties"].items()}
    sent = record["record"].keys() - {"_ofrecord", "cf_crm_id"}
    assert {owners[name]["owner"] for name in sent} == {"shared"}
    assert record["record"]["_ofrecord"]["observed"]["list price"] == 9.99


def test_an_unmapped_field_is_in_no_output(run):
    done = run(
        (HERE / "singer" / "products-crm-to-inventory.in.jsonl").read_bytes(), **MAPPINGS["products-crm-to-inventory"]
    )
    assert b"Unmapped" not in done.stdout


def test_a_mapping_of_some_fields_sends_these_alone_and_creates_nothing(run):
    text = (HERE / "singer" / "products-inventory-to-crm.in.jsonl").read_bytes()
    done = run(text, **MAPPINGS["products-inventory-to-crm"], fields=["can be promised"])
    schema, record, *_ = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(schema["schema"]["properties"]) == {"Inventory_ID", "Qty_in_Stock", "_ofrecord"}
    assert schema["schema"]["x-ofrecord"]["create"] is False
    assert set(record["record"]) == {"Inventory_ID", "Qty_in_Stock", "_ofrecord"}
    assert record["record"]["_ofrecord"]["match"] == {"Product_Code": "B-M8"}


BAD_SETTINGS = {
    "unknown entity": (
        {"entities": ["prodct"]},
        f'setting entities: "prodct" is not an entity. Use {one_of(sorted(load(PROJECT / "rules").entities))}. Did you mean "product"?',
    ),
    "entity that goes another way": (
        {"entities": ["contact"]},
        (
            'setting entities: "contact" does not go from inventory to crm; rules/contact.yml lets it go crm to inventory. '
            "Correct from, to or entities."
        ),
    ),
    "unknown field": (
        {"entities": ["product"], "fields": ["Stock"]},
        'setting fields: "Stock" is not a field of product. Correct the setting, or add the field to the rules.',
    ),
}


@pytest.mark.parametrize("mistake", BAD_SETTINGS)
def test_a_wrong_setting_stops_the_mapper_before_any_output(run, mistake):
    settings, message = BAD_SETTINGS[mistake]
    done = run(b"", **{"from": "inventory", "to": "crm", **settings})
    assert (done.returncode, done.stdout) == (1, b"")
    assert message in done.stderr.decode().splitlines()


def test_bad_rules_stop_the_mapper_with_every_problem_and_no_output(run, tmp_path):
    folder = tmp_path / "rules"
    shutil.copytree(PROJECT / "rules" / "catalog", folder / "catalog")
    for name in ("product", "account"):
        text = (PROJECT / "rules" / f"{name}.yml").read_text()
        (folder / f"{name}.yml").write_text(text.replace("owner: inventory", "owner: nobody", 1))
    text = (HERE / "singer" / "products-inventory-to-crm.in.jsonl").read_bytes()
    done = run(text, rules=folder, **MAPPINGS["products-inventory-to-crm"])
    assert (done.returncode, done.stdout) == (1, b"")
    named = dict.fromkeys(line.split(":")[0] for line in done.stderr.decode().splitlines() if line.startswith("rules/"))
    assert list(named) == ["rules/account.yml", "rules/product.yml"]


def test_a_record_without_its_id_stops_the_mapper_and_says_where_to_look(run):
    schema = {"type": "SCHEMA", "stream": "items", "schema": {}, "key_properties": []}
    done = run(
        lines(schema, {"type": "RECORD", "stream": "items", "record": {"name": "secret"}}),
        **MAPPINGS["products-inventory-to-crm"],
    )
    assert done.returncode == 1
    error = done.stderr.decode()
    assert 'a record of inventory items has no "item_id", text or number, so it cannot be told apart.' in error
    assert "secret" not in error


def test_a_line_that_is_no_singer_message_is_refused_without_being_quoted(run):
    done = run(b'{"type": "RECORD", secret\n', **MAPPINGS["products-inventory-to-crm"])
    assert done.returncode == 1
    assert "is not a Singer message" in done.stderr.decode()
    assert "secret" not in done.stderr.decode()


def test_a_stream_no_entity_uses_is_left_out_and_named_in_the_log(run):
    schema = {"type": "SCHEMA", "stream": "pricebooks", "schema": {}, "key_properties": []}
    record = {"type": "RECORD", "stream": "pricebooks", "record": {"pricebook_id": "1"}}
    done = run(lines(schema, record), **MAPPINGS["products-inventory-to-crm"])
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Stream pricebooks is used by no entity of this mapping" in done.stderr


def test_termination_hands_on_whole_lines_only(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"rules": str(PROJECT / "rules"), **MAPPINGS["products-inventory-to-crm"]}))
    schema = {"type": "SCHEMA", "stream": "items", "schema": {}, "key_properties": []}
    record = {"type": "RECORD", "stream": "items", "record": {"item_id": "1", "status": "active", "name": "x" * 50}}
    state = {"type": "STATE", "value": {}}
    with subprocess.Popen(
        [*PROGRAM, "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(lines(schema, *[record] * 3, state, record))
        running.stdin.flush()
        first = [running.stdout.readline() for _ in range(5)]
        os.kill(running.pid, signal.SIGTERM)
        rest = running.stdout.read()
        code = running.wait()
    assert code == 0
    assert [json.loads(line)["type"] for line in first] == ["SCHEMA", "RECORD", "RECORD", "RECORD", "STATE"]
    assert rest == b"" or rest.endswith(b"\n")
    assert all(json.loads(line)["type"] == "RECORD" for line in rest.splitlines())


class TakesParts(io.RawIOBase):
    """A pipe without a buffer (PYTHONUNBUFFERED) whose writes signals interrupt."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, some):
        part = bytes(some[:1000])
        self.taken += part
        return len(part)


def test_lines_that_are_taken_in_parts_arrive_whole(monkeypatch):
    pipe = TakesParts()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, write_through=True))
    writer = BlockWriter()
    for number in range(2000):
        writer.write_message(b"%090d\n" % number)
    writer.flush()
    assert [int(line) for line in pipe.taken.splitlines()] == list(range(2000))


def test_a_target_that_stopped_reading_ends_the_mapper_without_a_traceback(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"rules": str(PROJECT / "rules"), **MAPPINGS["products-inventory-to-crm"]}))
    unread, out = os.pipe()
    os.close(unread)
    text = (HERE / "singer" / "products-inventory-to-crm.in.jsonl").read_bytes()
    done = subprocess.run(
        [*PROGRAM, "--config", str(config)], input=text, stdout=out, stderr=subprocess.PIPE, check=False
    )
    os.close(out)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()


def test_without_the_setting_every_entity_that_goes_this_way_is_mapped(shipped: Rules):
    assert chosen(shipped, "crm", "inventory", None) == [
        "account", "composite product", "contact", "deal", "order", "price list", "product", "revenue", "service invoice",
        "vendor",
    ]  # fmt: skip


def test_a_direction_nothing_goes_is_refused(rules_of):
    head = "entity: p\nresponsible: {owner: A, deputy: B, escalation: C}\nsystems:\n  crm: {stream: T, id: id}\n"
    rules = rules_of(f"{head}  books: {{stream: t, id: i}}\nfields:\n  - {{what: N, owner: books, books: n, crm: N}}\n")
    with pytest.raises(RulesError, match="no entity goes from inventory to crm"):
        chosen(rules, "inventory", "crm", None)


def test_about_names_every_setting(capsys):
    Mapper.print_about("json")
    assert set(json.loads(capsys.readouterr().out)["settings"]["properties"]) == {
        "rules",
        "from",
        "to",
        "entities",
        "fields",
        "plain",
        "web",
    }


def test_the_hash_of_the_rules_changes_with_any_byte(tmp_path):
    shutil.copytree(PROJECT / "rules" / "catalog", tmp_path / "catalog")
    (tmp_path / "product.yml").write_bytes((PROJECT / "rules" / "product.yml").read_bytes())
    before = load(tmp_path).hash
    with (tmp_path / "product.yml").open("ab") as file:
        file.write(b"# a word\n")
    assert load(tmp_path).hash != before
