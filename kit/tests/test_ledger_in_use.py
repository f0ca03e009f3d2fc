"""A target works alike however its ledger keeps values; and what its environment says of the key reaches the ledger and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import KEY_VARIABLE, Ledger
from ofrecord_kit.plan import Fingerprint
from ofrecord_kit.testing.shop import World, record

KEY = "a key of forty characters and some more"
SECRET = "Ada-Lovelace-4711"


@pytest.fixture(params=[{}, {"key": KEY}, {"values": "hashed", "key": KEY}])
def world(request: pytest.FixtureRequest, ledger_url: str, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.ledger.close()
    made.ledger = Ledger(ledger_url, "run", **request.param)
    yield made
    made.ledger.close()


def test_a_price_that_goes_there_and_back_again_travels_both_times(world: World) -> None:
    for price in ("10", "12", "10"):
        assert world.deliver(record(Name="Bolt", Price=Decimal(price))) == ["written"]
        assert world.products()[0]["Price"] == Decimal(price)
        calls = world.shop.calls
        assert world.deliver(record(Name="Bolt", Price=Decimal(price + ".00"))) == ["unchanged"]
        assert world.shop.calls == calls


def test_an_edit_where_the_field_is_not_owned_is_overwritten_and_told(world: World) -> None:
    world.deliver(record(Name="Bolt", Phone="+49 30 1"))
    world.products()[0]["Name"] = "Bolt, edited"
    assert world.deliver(record(Name="Bolt M6", Phone="+49 30 1")) == ["written"]
    assert world.products()[0]["Name"] == "Bolt M6"
    assert [event.kind for event in world.ledger.events()] == ["created", "updated", "violation"]
    assert world.ledger.verify() is None


def test_two_edits_of_a_shared_field_are_a_conflict_whose_sides_are_kept(world: World) -> None:
    world.deliver(record(Name="Bolt", Phone="+49 30 1"))
    world.products()[0]["Phone"] = "+49 30 2"
    assert world.deliver(record(Name="Bolt", Phone="+49 30 3")) == ["held"]
    (held,) = world.ledger.held()
    assert (held.kind, held.field) == ("conflict", "phone")
    sides = world.ledger.held_conflict("product", "inventory", "crm", "1", "phone")
    assert sides == {"inventory": "+49 30 3", "crm": "+49 30 2"}


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from importlib import util
spec = util.spec_from_file_location("shelf", sys.argv[2])
shelf = util.module_from_spec(spec)
sys.modules["shelf"] = shelf
spec.loader.exec_module(shelf)
sys.argv = ["target-shelf", "--config", sys.argv[3]]
from ofrecord_kit.program import run_plugin
run_plugin(shelf.TargetShelf)
"""


def a_run(folder: Path, key: str | None, **settings: Any) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    config = {
        "api_url": "http://127.0.0.1:1", "accounts_url": "http://127.0.0.1:1", "client_id": "c", "client_secret": "s",
        "refresh_token": "r", "state_dir": str(folder), "ledger": str(folder / "ledger.db"), "approve": True, **settings,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    about = {
        "entity": "product",
        "object": "Products",
        "from": "inventory",
        "to": "crm",
        "external_id": "Inventory_ID",
        "match": [],
        "create": True,
    }
    name = {"type": ["string", "null"], "x-ofrecord": {"field": "name", "owner": "inventory"}}
    properties = {"Inventory_ID": {"type": "string"}, "name": name, "_ofrecord": {"type": "object"}}
    schema = {"type": "object", "x-ofrecord": about, "properties": properties}
    row = {"Inventory_ID": "1", "name": SECRET, "_ofrecord": {"id": "1", "native": {"name": SECRET}}}
    messages = [
        {"type": "SCHEMA", "stream": "product", "key_properties": ["Inventory_ID"], "schema": schema},
        {"type": "RECORD", "stream": "product", "record": row},
    ]
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE} | (
        {KEY_VARIABLE: key} if key else {}
    )
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(here), str(here / "test_target_program.py"), str(folder / "config.json")],
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("values", ["full", "hashed"])
def test_a_target_with_a_key_leaves_no_value_and_no_key_on_the_disk_or_in_the_log(tmp_path: Path, values: str) -> None:
    ended = a_run(tmp_path, KEY, values=values)
    assert ended.returncode == 0, ended.stderr
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert tmp_path / "ledger.db" in files
    assert [path.name for path, body in files.items() if SECRET.encode() in body or KEY.encode() in body] == []
    assert SECRET not in ended.stdout + ended.stderr
    assert KEY not in ended.stdout + ended.stderr
    ledger = Ledger(str(tmp_path / "ledger.db"), key=KEY)
    (link,) = ledger.linked("product", "inventory", ["1"]).values()
    known = ledger.agreed_of([link], "inventory", "crm")[link]["name"].source
    assert known == SECRET if values == "full" else isinstance(known, Fingerprint) and known.is_of(SECRET)
    ledger.close()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "encrypted and there is no key"),
        ("hunter2", "shorter than 32"),
        (KEY[::-1], "another one than it was written with"),
    ],
)
def test_a_target_without_the_right_key_says_so_and_delivers_nothing(
    tmp_path: Path, key: str | None, words: str
) -> None:
    assert a_run(tmp_path, KEY).returncode == 0
    ended = a_run(tmp_path, key)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert KEY not in ended.stderr
    assert (key or SECRET) not in ended.stderr
