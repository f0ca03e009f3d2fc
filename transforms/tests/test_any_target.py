"""The mapper in front of a target that knows nothing of us: one made of the plain Singer SDK, which validates every record."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from jsonschema import Draft202012Validator
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink
from singer_sdk.target_base import Target

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-c", "from ofrecord_transforms.mapper import main; main()"]
INPUTS = sorted((HERE / "singer").glob("*.in.jsonl"))
SYSTEMS = "systems:\n  shop: {tap: tap-shop, modified: updatedAt, created: createdAt, deleted: isGone}\n"
RULES = """\
entity: article
responsible: {owner: A, deputy: B, escalation: C}
systems:
  shop: {stream: articles, id: key}
  crm: {stream: Things, id: id, external_id: Shop_Key}
match: {shop: number, crm: Number}
new: [shop]
when: {shop: {state: [live]}}
stop:
  - {what: Free of charge, when: {shop: {price: {at most: 0}}}, why: Nothing is free.}
fields:
  - {what: Title, owner: shop, shop: texts.title, crm: Title}
  - {what: Price, owner: shop, shop: {field: price, unit: EUR}, crm: {field: Price, unit: EUR}}
  - {what: Weight, owner: shop, shop: {field: weight, unit: kg}, crm: {field: Weight_g, unit: g}}
  - {what: Sold, owner: shop, format: boolean, shop: {field: sold, values: {y: true, n: false}}, crm: Sold}
  - {what: Number, owner: crm, shop: number, crm: Number}
"""
ARTICLES = [
    {"key": 0, "state": "live", "price": 12.345, "weight": 0.1, "sold": "y", "texts": {"title": "Ä"}, "number": "A-0"},
    {"key": 1, "state": "live", "price": 1, "weight": None, "sold": "n", "texts": None, "number": "A-1"},
    {"key": 2, "state": "live", "price": "9.90", "sold": "perhaps"},
    {"key": 3, "state": "draft", "price": 5},
    {"key": 4, "state": "live", "price": 0},
    {"key": 5, "isGone": True},
]


class Shelf(BatchSink):
    """Keeps what it is given; full after two records, so that one input makes several batches."""

    max_size = 2

    def __init__(self, target, *args, **settings):
        super().__init__(target, *args, **settings)
        self.kept = target.kept

    def process_batch(self, context):
        self.kept.setdefault(self.stream_name, []).extend(context["records"])


class Warehouse(Target):
    """A target of the plain SDK: default settings, its validation of records switched on."""

    name = "target-warehouse"
    config_jsonschema: ClassVar[dict] = th.PropertiesList().to_dict()
    default_sink_class = Shelf

    def __init__(self, **settings):
        super().__init__(**settings)
        self.kept = {}


@pytest.fixture
def mapped(tmp_path):
    """The mapper's output for lines of a tap, as bytes."""

    def run(text, rules, **settings):
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rules": str(rules), **settings}))
        done = subprocess.run([*PROGRAM, "--config", str(config)], input=text, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.fixture
def shop_rules(tmp_path):
    """Rules between a shop nobody knows and the CRM."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "systems.yml").write_text(SYSTEMS)
    (folder / "article.yml").write_text(RULES)
    return folder


def way(path):
    return dict(zip(("from", "to"), re.search(r"-(\w+)-to-(\w+)\.in\.jsonl$", path.name).groups(), strict=True))


def lines(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def articles(*records, state=None):
    schema = {"type": "SCHEMA", "stream": "articles", "schema": {}, "key_properties": ["key"]}
    messages = [schema, *({"type": "RECORD", "stream": "articles", "record": record} for record in records)]
    return lines(*messages, *([{"type": "STATE", "value": state}] if state is not None else []))


def messages_of(output):
    return [json.loads(line) for line in output.splitlines()]


def check_singer(messages):
    """Every record has a SCHEMA before it, its keys, and validates; nothing is sent that the SCHEMA does not describe."""
    schemas = {}
    for message in messages:
        assert message["type"] in {"SCHEMA", "RECORD", "STATE"}
        if message["type"] == "SCHEMA":
            Draft202012Validator.check_schema(message["schema"])
            assert set(message["key_properties"]) <= message["schema"]["properties"].keys()
            schemas[message["stream"]] = message
        elif message["type"] == "RECORD":
            announced = schemas[message["stream"]]
            Draft202012Validator(announced["schema"]).validate(message["record"])
            assert message["record"].keys() <= announced["schema"]["properties"].keys()
            assert all(message["record"][key] for key in announced["key_properties"])


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name.removesuffix(".in.jsonl"))
def test_what_the_shipped_rules_make_is_valid_singer(mapped, shipped_folder, path, plain):
    found = messages_of(mapped(path.read_bytes(), shipped_folder, plain=plain, **way(path)))
    assert any(message["type"] == "SCHEMA" for message in found)
    assert any(message["type"] == "RECORD" for message in found)
    check_singer(found)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name.removesuffix(".in.jsonl"))
def test_plain_output_says_nothing_of_us(mapped, shipped_folder, path):
    output = mapped(path.read_bytes(), shipped_folder, plain=True, **way(path))
    assert b"ofrecord" not in output
    assert all(message.keys() <= {"type", "stream", "key_properties", "schema", "record", "value"}
               for message in messages_of(output))  # fmt: skip


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name.removesuffix(".in.jsonl"))
def test_a_target_of_the_plain_sdk_takes_everything_the_shipped_rules_make(mapped, shipped_folder, path, capsys):
    output = mapped(path.read_bytes() + lines({"type": "STATE", "value": {"end": True}}), shipped_folder, plain=True, **way(path))  # fmt: skip
    target = Warehouse()
    target.listen(io.StringIO(output.decode()))
    sent = [message for message in messages_of(output) if message["type"] == "RECORD"]
    assert sum(map(len, target.kept.values())) == len(sent)
    assert {message["stream"] for message in sent} == target.kept.keys()
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"end": True}


def test_a_target_of_the_plain_sdk_refuses_what_its_schema_does_not_allow():
    """Its validation is awake, so the tests above mean something."""
    wrong = lines(
        {"type": "SCHEMA", "stream": "a", "schema": {"properties": {"n": {"type": "number"}}}, "key_properties": []},
        {"type": "RECORD", "stream": "a", "record": {"n": "x"}},
    )
    with pytest.raises(Exception, match="is not of type 'number'"):
        Warehouse().listen(io.StringIO(wrong.decode()))


def test_between_a_foreign_tap_and_a_foreign_target_stand_only_the_rules(mapped, shop_rules, capsys):
    state = {"bookmarks": {"articles": {"updatedAt": "2026-03-01"}}}
    output = mapped(articles(*ARTICLES, state=state), shop_rules, plain=True, **{"from": "shop", "to": "crm"})
    check_singer(messages_of(output))
    target = Warehouse()
    target.listen(io.StringIO(output.decode()))
    kept = [{name: value for name, value in record.items() if not name.startswith("_sdc")} for record in target.kept["article"]]  # fmt: skip
    assert [{name: str(value) for name, value in record.items()} for record in kept] == [
        {"Shop_Key": "0", "Title": "Ä", "Price": "12.35", "Weight_g": "100", "Sold": "True"},
        {"Shop_Key": "1", "Title": "None", "Price": "1.00", "Weight_g": "None", "Sold": "False"},
        {"Shop_Key": "2", "Price": "9.90"},
    ]
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == state


def test_state_never_overtakes_the_records_before_it(mapped, shop_rules):
    parts = [articles(*ARTICLES[:2], state={"n": 1}), articles(*ARTICLES[3:], state={"n": 2}),
             articles(ARTICLES[2], state={"n": 3})]  # fmt: skip
    found = messages_of(mapped(b"".join(parts), shop_rules, plain=True, **{"from": "shop", "to": "crm"}))
    told = [message["record"]["Shop_Key"] if message["type"] == "RECORD" else message["value"]["n"]
            for message in found if message["type"] != "SCHEMA"]  # fmt: skip
    assert told == ["0", "1", 1, 2, "2", 3]


@pytest.mark.parametrize("plain", [True, False])
def test_thousands_of_records_come_out_as_they_went_in_one_by_one(mapped, shop_rules, plain):
    records = [{**ARTICLES[number % 6], "key": number} for number in range(1, 3001)]
    settings = {"plain": plain, "from": "shop", "to": "crm"}
    one_state = articles(*records, state={"n": 1})
    with_states = lines({"type": "STATE", "value": {"n": 1}}).join(
        articles(*records[start : start + 7]) for start in range(0, 3000, 7)
    )
    together = [m for m in messages_of(mapped(one_state, shop_rules, **settings)) if m["type"] == "RECORD"]
    apart = [m for m in messages_of(mapped(with_states, shop_rules, **settings)) if m["type"] == "RECORD"]
    assert together == apart
    assert len(together) == (1500 if plain else 3000)
