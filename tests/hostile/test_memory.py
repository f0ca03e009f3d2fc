"""What has no end is not read to it: programs attacked with a hundred megabytes hold a fraction of them."""

import json

import pytest
from hostile.attack import GOOD, PROJECT, account, accounts_schema, attack, is_a_refusal, line

PART = b"x" * (1 << 20)
ENDLESS = {
    "a record": [accounts_schema(), b'{"type":"RECORD","stream":"Accounts","record":{"id":"2","Account_Name":"', *[PART] * 100, b'"}}\n'],
    "a line that never ends": [accounts_schema(), *[PART] * 100],
}  # fmt: skip


@pytest.fixture
def commands(tmp_path):
    mapper = {"rules": str(PROJECT / "rules"), "from": "crm", "to": "inventory", "entities": ["account"]}
    nowhere = "http://127.0.0.1:9"
    target = {
        "api_url": nowhere, "accounts_url": nowhere, "client_id": "c", "client_secret": "s", "refresh_token": "r",
        "organization_id": "1", "ledger": str(tmp_path / "ledger.db"), "state_dir": str(tmp_path),
    }  # fmt: skip
    for name, settings in (("ofrecord-mapper", mapper), ("target-inventory", target)):
        (tmp_path / f"{name}.json").write_text(json.dumps(settings), encoding="utf-8")
    return lambda name: [name, "--config", str(tmp_path / f"{name}.json")]


@pytest.mark.parametrize("program", ["ofrecord-mapper", "target-inventory"])
@pytest.mark.parametrize("what", ENDLESS)
def test_a_hundred_megabytes_in_one_line_are_refused_in_bounded_memory(what, program, commands, tmp_path):
    outcome = attack(commands(program), [*ENDLESS[what], account(GOOD)], cwd=tmp_path)
    is_a_refusal(outcome)
    assert "A line is longer than 33,554,432 bytes" in outcome.err
    assert len(outcome.out) < 100_000


def test_a_hundred_records_of_a_megabyte_are_delivered_and_not_gathered(commands, tmp_path):
    long = account({"id": "2", "Account_Name": "x" * 100, "Zzz": "y" * (1 << 20)})
    outcome = attack(commands("ofrecord-mapper"), [accounts_schema(), *[long] * 100, account(GOOD)], cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert outcome.out.count('"RECORD"') == 101


def test_a_schema_that_unfolds_without_end_is_refused_at_once(commands, tmp_path):
    bomb = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(60)}
    schema = {"properties": {"contact_name": {"$ref": "#/$defs/a0"}}, "$defs": {**bomb, "a60": {"type": "string"}}}
    message = line({"type": "SCHEMA", "stream": "contacts", "schema": schema, "key_properties": ["contact_name"]})
    is_a_refusal(attack(commands("target-inventory"), [message], cwd=tmp_path))


@pytest.mark.parametrize("option", ["--state", "--catalog", "--config"])
def test_a_file_cut_by_a_full_disk_is_one_message(option, commands, tmp_path):
    (tmp_path / "cut.json").write_bytes(b'{"bookmarks": {"Accounts": {"replic')
    settings = tmp_path / "tap.json"
    settings.write_text((tmp_path / "target-inventory.json").read_text(encoding="utf-8"), encoding="utf-8")
    words = ["tap-crm", "--config", str(settings), option, str(tmp_path / "cut.json")]
    outcome = attack(words, [], cwd=tmp_path)
    assert outcome.code == 1
    assert f"{option} {tmp_path / 'cut.json'}: is no JSON that can be read. Expected: " in outcome.err
    assert ("Traceback" in outcome.err, "unexpected" in outcome.err, outcome.out) == (False, False, "")
