"""What the CRM does not take is set aside before any call; what it refuses is held in its words with a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, field
from target_crm.target import TargetCrm

SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1", "external_id": "Inventory_ID",
        "source_external_id": "cf_crm_id", "source_object": "items", "match": [], "create": True,
    },
    "properties": {
        "Inventory_ID": {"type": "string"}, "Product_Name": field("name"), "Usage_Unit": field("unit"),
        "Manufacturer": field("maker"), "Unit_Price": field("price", "money"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(TargetCrm, SCHEMA, sandbox, tmp_path)
    yield made
    made.client.close()


def arrange(bench: Bench, name: str, **said: Any) -> None:
    bench.sandbox.control("PUT", "crm/fields", {"module": "Products", "field": name, **said})


def helds(bench: Bench) -> list[Held]:
    ledger = Ledger(bench.config["ledger"])
    found = ledger.held()
    ledger.close()
    return list(found)


def stored(bench: Bench, name: str) -> Any:
    params = {"ids": bench.id_of("1"), "fields": name}
    return bench.client.get("/crm/v8/Products", params=params).body["data"][0][name]


def writes(bench: Bench) -> int:
    calls = bench.sandbox.control("GET", "journal")["entries"]
    return sum(one["method"] in {"POST", "PUT"} and one["path"].startswith("/crm/v8/Products") for one in calls)


BROKEN = {
    "READ_ONLY": ("Manufacturer", {"read_only": True}, "Acme", "Take the field out"),
    "NO_PERMISSION": ("Manufacturer", {"permission": "read_only"}, "Acme", "Give its user the right"),
    "TOO_LONG": ("Product_Name", {"length": 5}, "A long name", "Shorten"),
    "NOT_IN_LIST": ("Usage_Unit", {"values": ["Box", "Piece"]}, "Bx", "Map the value"),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_value_the_module_does_not_take_is_held_without_a_call_and_the_other_fields_go_on(
    bench: Bench, code: str
) -> None:
    name, said, value, remedy = BROKEN[code]
    arrange(bench, name, **said)
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 1})) == 0
    before = writes(bench)
    assert (
        bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 2, name: value}), errors_allowed="5") == 0
    )
    (held,) = helds(bench)
    about = SCHEMA["properties"][name]["x-ofrecord"]["field"]  # type: ignore[index]
    assert (held.code, held.field, held.rule) == (code, about, "rules.yml:1")
    assert held.fix
    assert held.fix.startswith(remedy)
    assert held.payload[name] == value
    assert (stored(bench, "Unit_Price"), writes(bench)) == (2, before + 1)


def test_a_new_record_without_a_field_it_must_have_is_held_whole(bench: Bench) -> None:
    arrange(bench, "Product_Name", length=5)
    assert bench.send(bench.record("1", {"Product_Name": "A long name", "Unit_Price": 1}), errors_allowed="5") == 0
    assert [held.code for held in helds(bench)] == ["TOO_LONG"]
    assert (bench.counts()["held"], writes(bench)) == (1, 0)


def test_a_value_that_was_added_to_the_list_since_is_written_in_the_same_run(bench: Bench) -> None:
    arrange(bench, "Usage_Unit", values=["Box"])
    bench.send(bench.record("1", {"Product_Name": "Bolt", "Usage_Unit": "Box"}))
    arrange(bench, "Usage_Unit", values=["Box", "Piece"])
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Usage_Unit": "Piece"})) == 0
    assert (stored(bench, "Usage_Unit"), helds(bench)) == ("Piece", [])


def test_what_may_be_written_is_read_once_a_day_and_only_when_something_is_written(bench: Bench) -> None:
    def asked() -> int:
        calls = bench.sandbox.control("GET", "journal")["entries"]
        return sum(one["path"] == "/crm/v8/settings/fields" for one in calls)

    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    bench.send(bench.record("1", {"Product_Name": "Nut"}))
    assert asked() == 1
    (file,) = Path(bench.config["state_dir"]).glob("facts-*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    assert bench.config["refresh_token"] not in file.read_text(encoding="utf-8")
    kept = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**kept, "at": "2020-01-01T00:00:00Z"}), encoding="utf-8")
    bench.send(bench.record("1", {"Product_Name": "Screw"}))
    bench.send(bench.record("1", {"Product_Name": "Screw"}))
    assert asked() == 2


def test_metadata_that_the_vendor_contradicts_is_not_believed_again(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    arrange(bench, "Product_Name", length=5)
    bench.send(bench.record("1", {"Product_Name": "A long name"}), errors_allowed="5")
    assert [held.code for held in helds(bench)] == ["INVALID_DATA"]
    assert not list(Path(bench.config["state_dir"]).glob("facts-*.json"))


STATES = {
    "locked": ("RECORD_LOCKED", "Unlock"),
    "approval": ("NOT_APPROVED", "Approve"),
    "review": ("NOT_REVIEWED", "Finish"),
    "blueprint": ("RECORD_IN_BLUEPRINT", "Move"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_record_somebody_holds_back_waits_in_the_vendors_words_and_is_written_once_it_is_free(
    bench: Bench, state: str
) -> None:
    code, remedy = STATES[state]
    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    bench.sandbox.control("POST", "crm/records", {"module": "Products", "id": bench.id_of("1"), "state": state})
    bench.send(bench.record("1", {"Product_Name": "Nut"}), errors_allowed="5")
    (held,) = helds(bench)
    assert (held.kind, held.code) == ("refused", code)
    assert held.message
    assert held.fix
    assert held.fix.startswith(remedy)
    bench.sandbox.control("POST", "crm/records", {"module": "Products", "id": bench.id_of("1"), "state": "free"})
    assert bench.send(bench.record("1", {"Product_Name": "Nut"})) == 0
    assert (stored(bench, "Product_Name"), helds(bench)) == ("Nut", [])


def test_a_record_that_another_unique_field_points_to_is_not_overwritten(bench: Bench) -> None:
    unique = {"api_name": "Serial", "data_type": "text", "unique": True}
    bench.sandbox.control("POST", "crm/fields", {"module": "Products", "field": unique})
    data = [{"Product_Name": "Strange", "Serial": "S-1"}]
    bench.client.send("POST", "/crm/v8/Products", json={"data": data})
    bench.schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "Serial": field("serial")}}  # type: ignore[dict-item]
    bench.send(bench.record("1", {"Product_Name": "Bolt", "Serial": "S-1"}), errors_allowed="5")
    (held,) = helds(bench)
    assert (held.code, held.field) == ("DUPLICATE_DATA", "serial")
    rows = bench.client.get("/crm/v8/Products", params={"fields": "Product_Name"}).body["data"]
    assert [row["Product_Name"] for row in rows] == ["Strange"]


def test_the_setting_trigger_says_what_runs_on_a_write(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    assert bench.sandbox.control("GET", "automation")["fired"] == []
    bench.send(bench.record("1", {"Product_Name": "Nut"}), trigger=["workflow"])
    (fired,) = bench.sandbox.control("GET", "automation")["fired"]
    assert (fired["features"], fired["skipped"]) == (["workflow"], ["cadences"])


def test_a_value_made_of_several_records_is_looked_at_before_it_is_written_too(bench: Bench) -> None:
    entity = {**SCHEMA["x-ofrecord"], "external_id": None, "match": [], "create": False}  # type: ignore[dict-item]
    known = bench.client.send("POST", "/crm/v8/Products", json={"data": [{"Product_Name": "Bolt"}]}).body
    record = known["data"][0]["details"]["id"]
    ledger = Ledger(bench.config["ledger"])
    with ledger.writing(datetime.now(UTC)) as writing:
        writing.record_link("bundle", {"inventory": "7", "crm": record})
    ledger.close()
    combine = {"through": "bundle", "by": "7", "field": None}
    maker = {**field("maker"), "x-ofrecord": {**field("maker")["x-ofrecord"], "combine": "join"}}
    price = {**field("price", "money"), "x-ofrecord": {**field("price", "money")["x-ofrecord"], "combine": "sum"}}
    bench.schema = {
        "type": "object", "x-ofrecord": {**entity, "combine": combine},
        "properties": {"Manufacturer": maker, "Unit_Price": price, "_ofrecord": {"type": "object"}},
    }  # fmt: skip
    arrange(bench, "Manufacturer", read_only=True)
    part = bench.record("1", {"Manufacturer": "Acme", "Unit_Price": 2})
    part["_ofrecord"]["by"] = "7"
    bench.send(part, errors_allowed="5")
    assert [(held.code, held.field) for held in helds(bench)] == [("READ_ONLY", "maker")]
    (row,) = bench.client.get("/crm/v8/Products", params={"fields": "Unit_Price,Manufacturer"}).body["data"]
    assert (row["Unit_Price"], row["Manufacturer"]) == (2, None)


def test_a_field_that_is_gone_is_held_and_told_and_the_others_go_on_until_it_is_there_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 1})) == 0
    arrange(bench, "Unit_Price", api_name="Price")
    changed = bench.record("1", {"Product_Name": "Bolt M8", "Unit_Price": 2})
    new = bench.record("2", {"Product_Name": "Nut", "Unit_Price": 2})
    assert bench.send(changed, new, errors_allowed="5") == 0
    assert stored(bench, "Product_Name") == "Bolt M8"
    assert bench.id_of("2")
    assert {(one.code, one.field, one.source_id) for one in helds(bench)} == {
        ("NO_FIELD", "price", "1"),
        ("NO_FIELD", "price", "2"),
    }
    assert "Unit_Price of Products does not exist any more in the CRM" in caplog.text
    arrange(bench, "Price", api_name="Unit_Price")
    assert bench.send(changed, new) == 0
    assert (stored(bench, "Unit_Price"), helds(bench)) == (2, [])


def test_a_field_that_took_another_type_is_held_and_the_others_go_on(bench: Bench) -> None:
    arrange(bench, "Unit_Price", data_type="text")
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 2}), errors_allowed="5") == 0
    assert stored(bench, "Product_Name") == "Bolt"
    assert [(one.code, one.field) for one in helds(bench)] == [("WRONG_TYPE", "price")]
