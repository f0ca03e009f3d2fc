"""Singer input that is malformed or hostile: refused in one message, or its record set aside and the rest delivered."""

import contextlib
import io
import json
import sys

import pytest
from hostile.attack import CANARY, FOUR_PARTS, GOOD, PROJECT, account, accounts_schema, line
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.singerlib.exceptions import InvalidInputLine

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.testing.sandbox import sandbox, sandbox_server
from ofrecord_transforms.compile import UnusableRecordError
from ofrecord_transforms.mapper import Mapper
from target_inventory.target import TargetInventory

__all__ = ["sandbox", "sandbox_server"]
HOSTILE = settings.get_profile("hostile")
DEEP = b"[" * 10_000 + b"]" * 10_000
OBJECTS = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
NAME = json.dumps(CANARY).encode()


REFUSED = {
    "a list of ten thousand levels": account(b'{"id":"2","Account_Name":' + DEEP + b"}"),
    "ten thousand objects": account(b'{"id":"2","Zzz":' + OBJECTS + b"}"),
    "a schema of ten thousand levels": b'{"type":"SCHEMA","stream":"Accounts","schema":' + OBJECTS + b"}\n",
    "NaN": account(b'{"id":"2","Annual_Revenue":NaN,"Account_Name":' + NAME + b"}"),
    "Infinity": account(b'{"id":"2","Annual_Revenue":-Infinity,"Account_Name":' + NAME + b"}"),
    "a whole number of ten thousand digits": account(b'{"id":"2","Account_Name":' + b"9" * 10_000 + b"}"),
    "bad UTF-8": account(b'{"id":"2","Account_Name":"' + CANARY.encode("latin-1") + b'"}'),
    "half a character": account(b'{"id":"2","Account_Name":"\\ud800"}'),
    "NUL bytes": b"\0\0\0\n",
    "a page of HTML": b"<html>\n",
    "a list": b"[1]\n",
    "a text": b'"' + CANARY.encode() + b'"\n',
    "null": b"null\n",
    "a message cut short": account({"id": "2", "Account_Name": CANARY})[:-9],
    "a record that is a list": account([CANARY]),
    "a record that is null": account(None),
    "a record of no stream": line({"type": "RECORD", "record": {"id": "2", "Account_Name": CANARY}}),
    "a message without its record": line({"type": "RECORD", "stream": "Accounts"}),
    "a stream that is a list": line({"type": "RECORD", "stream": [CANARY], "record": {}}),
    "a state that is a number": line({"type": "STATE", "value": 7}),
    "a state that is not there": line({"type": "STATE"}),
    "a BATCH": line({"type": "BATCH", "stream": "Accounts", "encoding": {"format": "jsonl"}, "manifest": ["file:///etc/passwd"]}),
    "an unknown type": line({"type": "ROBBERY", "stream": "Accounts", "record": {"Account_Name": CANARY}}),
    "a type that is a number": line({"type": 7}),
    "a type that is a list": line({"type": [CANARY]}),
    "UTF-16": line({"type": "RECORD"}).decode().encode("utf-16"),
}  # fmt: skip
"""What no record is, for mapper and target alike."""


class Pipe:
    """Standard output as the mapper wants it."""

    def __init__(self):
        self.buffer = io.BytesIO()


def mapped(content, monkeypatch):
    """What the mapper writes."""
    pipe = Pipe()
    monkeypatch.setattr(sys, "stdout", pipe)
    try:
        config = {"rules": str(PROJECT / "rules"), "from": "crm", "to": "inventory", "entities": ["account"]}
        mapper = Mapper(config=config)
        with contextlib.redirect_stderr(io.StringIO()):
            mapper.listen(io.BytesIO(content))
    finally:
        monkeypatch.undo()
    return [json.loads(one) for one in pipe.buffer.getvalue().splitlines()]


def names(messages):
    return [one["record"].get("contact_name") for one in messages if one["type"] == "RECORD"]


@pytest.mark.parametrize("what", REFUSED)
def test_the_mapper_refuses_what_is_no_message(what, monkeypatch):
    with pytest.raises(InvalidInputLine) as refusal:
        mapped(accounts_schema() + REFUSED[what] + account(GOOD), monkeypatch)
    assert FOUR_PARTS.fullmatch(str(refusal.value)), str(refusal.value)
    assert CANARY not in str(refusal.value)


SET_ASIDE = {
    "an amount beyond all numbers": (b'{"id":"2","Account_Name":"Odd","Credit_Limit":1e999999999}', 2),
    "an exponent beyond decimals": (b'{"id":"2","Account_Name":"Odd","Credit_Limit":1e99999999999999999999999}', 2),
    "a fraction of ten thousand digits": (b'{"id":"2","Account_Name":"Odd","Credit_Limit":0.' + b"9" * 10_000 + b"}", 2),
    "keys given twice": (b'{"id":"1","id":"2","Account_Name":"Even","Account_Name":"Odd"}', 2),
    "keys that only we may write": (
        b'{"id":"2","Account_Name":"Odd","__proto__":{"a":1},"_sdc_x":1,"_ofrecord":{"id":"forged","native":{}}}', 2,
    ),
    "objects for texts": (b'{"id":"2","Account_Name":{"a":[1]},"Phone":[1],"Billing_Street":{"x":1}}', 2),
    "times beyond the calendar": (
        b'{"id":"2","Account_Name":"Odd","Modified_Time":"9999-12-31T23:59:59-14:00","Created_Time":"0001-01-01T00:00:00+14:00"}', 2,
    ),
    "a NUL in a text": (b'{"id":"2","Account_Name":"Odd\\u0000","Phone":"\\u0000"}', 2),
}  # fmt: skip


@pytest.mark.parametrize("what", SET_ASIDE)
def test_the_mapper_passes_on_every_record_it_can_tell_apart(what, monkeypatch):
    raw, many = SET_ASIDE[what]
    messages = mapped(accounts_schema() + account(raw) + account(GOOD), monkeypatch)
    assert len(names(messages)) == many
    assert names(messages)[-1] == "Good"
    assert messages[1]["record"]["_ofrecord"]["id"] == "2"


@pytest.mark.parametrize("identity", [{"a": CANARY}, [CANARY], True, None, ""])
def test_a_record_whose_id_is_none_is_refused_without_its_values(identity, monkeypatch):
    with pytest.raises(UnusableRecordError, match="so it cannot be told apart") as refusal:
        mapped(accounts_schema() + account({"id": identity, "Account_Name": CANARY}), monkeypatch)
    assert CANARY not in str(refusal.value)


def test_a_record_before_its_schema_and_a_schema_that_lost_its_keys_are_told(monkeypatch):
    with pytest.raises(InvalidInputLine, match="came before its SCHEMA"):
        mapped(account(GOOD), monkeypatch)
    schema = line({"type": "SCHEMA", "stream": "Accounts", "schema": {"properties": {"Phone": {"type": [["x"], {}]}}}})
    drift = mapped(schema + account(GOOD), monkeypatch)[0]["schema"]["x-ofrecord"]["drift"]
    assert {"field": "id", "property": "id", "expected": "text", "found": "nothing"} in drift


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["=1+1", "\0", "2026-01-01", "1e999999999", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "Account_Name",
    "Phone",
    "Website",
    "Billing_Street",
    "Modified_Time",
    "Inventory_ID",
    "Payment_Terms_Days",
    "_sdc_deleted_at",
]


@settings(HOSTILE)
@given(st.dictionaries(st.sampled_from(FIELDS), ANY))
def test_whatever_stands_in_a_record_the_next_one_is_delivered(values):
    content = accounts_schema() + account({**values, "id": "2"}) + account(GOOD)
    with pytest.MonkeyPatch.context() as patch:
        messages = mapped(content, patch)
    assert names(messages)[-1] == "Good"


@settings(HOSTILE)
@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_messages_or_refused(noise):
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(InvalidInputLine, UnusableRecordError):
        mapped(accounts_schema() + noise + b"\n" + account(GOOD), patch)


# -- the target ------------------------------------------------------------------------------------------------------


def delivered(content, sandbox, folder):
    """Deliver to an empty sandbox; names of the contacts there, and what is held."""
    config = sandbox.config(folder / "state", ledger=str(folder / "ledger.db"), approve=True, errors_allowed="100%")
    target = TargetInventory(config=config)
    target.listen(io.BytesIO(content))
    ledger = Ledger(str(folder / "ledger.db"))
    held = ledger.held()
    ledger.close()
    return held


def links(folder):
    """The records of the CRM that have a counterpart."""
    ledger = Ledger(str(folder / "ledger.db"))
    found = [{"id": one.id} for one in ledger.sides() if one.system == "crm"]
    ledger.close()
    return found


@pytest.fixture(scope="module")
def wire():
    """SCHEMA and RECORD as the mapper writes them."""
    with pytest.MonkeyPatch.context() as patch:
        schema, record = mapped(accounts_schema() + account(GOOD), patch)
    return schema, record


PLAIN = line(
    {
        "type": "SCHEMA",
        "stream": "contacts",
        "schema": {"properties": {"contact_name": {}}},
        "key_properties": ["contact_name"],
    }
)


@pytest.mark.parametrize("what", REFUSED)
def test_the_target_refuses_what_is_no_message(what, tmp_path):
    content = REFUSED[what].replace(b'"Accounts"', b'"contacts"')
    target = TargetInventory(config=UNREACHABLE | {"ledger": str(tmp_path / "l.db"), "state_dir": str(tmp_path)})
    with pytest.raises(InvalidInputLine) as refusal:
        target.listen(io.BytesIO(PLAIN + content))
    assert FOUR_PARTS.fullmatch(str(refusal.value)), str(refusal.value)
    assert CANARY not in str(refusal.value)


UNREACHABLE = {
    "api_url": "http://127.0.0.1:9", "accounts_url": "http://127.0.0.1:9", "client_id": "c", "client_secret": "s",
    "refresh_token": "r", "organization_id": "1",
}  # fmt: skip


def test_the_target_sets_hostile_records_aside_and_delivers_the_rest(wire, sandbox, tmp_path):
    schema, good = wire
    note, values = good["record"]["_ofrecord"], {k: v for k, v in good["record"].items() if k != "_ofrecord"}
    forged = [
        [1], {"id": {"a": CANARY}}, {"id": "x" * 300}, {**note, "id": "a", "native": 7}, {**note, "id": "b", "observed": [CANARY]},
        {**note, "id": "c", "deleted": "no"}, {**note, "id": "d", "stopped": 7}, {**note, "id": "e", "invalid": [1]},
        {**note, "id": "f", "rank": {"a": 1}}, {**note, "id": "g", "stamped": {"a": CANARY}},
    ]  # fmt: skip
    bad = [
        line({**good, "record": {**values, "cf_crm_id": f"key {number}", "_ofrecord": one}})
        for number, one in enumerate(forged)
    ]
    held = delivered(line(schema) + b"".join(bad) + line(good), sandbox, tmp_path)
    assert {one.source_id for one in held} == {"key 0", "key 1", "key 2", *"abcdefg"}
    assert {one.code for one in held} == {"SCHEMA"}
    assert all(CANARY not in f"{one.source_id} {one.message}" for one in held)
    assert [one["id"] for one in links(tmp_path)] == ["good"]
