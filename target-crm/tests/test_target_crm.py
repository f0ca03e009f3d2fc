from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from singer_sdk.testing import TargetTestRunner, get_target_test_class

from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Ledger
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, TargetContract, field
from target_crm.target import TargetCrm

SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1", "external_id": "Inventory_ID",
        "source_external_id": "cf_crm_id", "source_object": "items", "match": [{"field": "Product_Code", "format": "text"}], "create": True,
    },
    "properties": {
        "Inventory_ID": {"type": "string"}, "Product_Name": field("name"), "Product_Code": field("code"),
        "Unit_Price": field("price", "money"), "Description": field("description"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


def stored(bench: Bench, record: str) -> Mapping[str, Any]:
    names = "Product_Name,Product_Code,Unit_Price,Description,Inventory_ID,Manufacturer"
    row = bench.client.get("/crm/v8/Products", params={"ids": record, "fields": names}).body["data"][0]
    return {name: row[name] for name in names.split(",")}


class TestContract(TargetContract):
    target = TargetCrm
    schema = SCHEMA
    changed = ("Product_Name", "Nut M8")
    clearable = "Description"
    refused: ClassVar[Mapping[str, Any]] = {"Product_Name": "x" * 300}
    create_call: ClassVar[Mapping[str, Any]] = {"method": "POST", "path": "/crm/v8/Products/upsert"}

    def sample(self, number: int) -> dict[str, Any]:
        return {"Product_Name": "Bolt", "Product_Code": f"B-{number}", "Unit_Price": 10.5, "Description": "of steel"}

    def stored(self, bench: Bench, record: str) -> Mapping[str, Any]:
        return stored(bench, record)

    def count(self, bench: Bench) -> int:
        body = bench.client.get("/crm/v8/Products", params={"fields": "id"}).body
        return len(body["data"]) if body else 0


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Any:
    made = Bench(TargetCrm, SCHEMA, sandbox, tmp_path)
    yield made
    made.client.close()


def insert(bench: Bench, **values: Any) -> str:
    body = bench.client.send("POST", "/crm/v8/Products", json={"data": [values]}).body
    return str(body["data"][0]["details"]["id"])


def test_products_of_one_name_and_two_codes_stay_two(bench: Bench) -> None:
    known = insert(bench, Product_Name="Bolt", Product_Code="B-1")
    records = [bench.record(str(n), {"Product_Name": "Bolt", "Product_Code": f"B-{n}"}) for n in (1, 2)]
    assert bench.send(*records) == 0
    assert bench.id_of("1") == known
    assert bench.id_of("2") != known


def test_a_code_with_quotes_is_matched_and_not_broken(bench: Bench) -> None:
    known = insert(bench, Product_Name="Pipe", Product_Code="5' 3\" \\ pipe")
    assert bench.send(bench.record("1", {"Product_Name": "Pipe", "Product_Code": "5' 3\" \\ pipe"})) == 0
    assert bench.id_of("1") == known


def test_no_workflow_fires_on_what_the_sync_writes(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    bench.send(bench.record("1", {"Product_Name": "Nut"}))
    assert bench.sandbox.control("GET", "automation")["fired"] == []


def test_many_changes_take_one_read_and_one_write_per_hundred(bench: Bench) -> None:
    bench.send(*(bench.record(str(n), {"Product_Name": f"Bolt {n}", "Unit_Price": 1}) for n in range(150)))
    assert bench.send(*(bench.record(str(n), {"Product_Name": f"Bolt {n}", "Unit_Price": 2}) for n in range(150))) == 0
    assert (bench.counts()["written"], bench.run().calls) == (150, 4)


def test_a_record_edited_between_read_and_write_is_read_and_decided_again(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 1}))
    stale = {
        "data": [
            {"code": "ALREADY_MODIFIED", "details": {"id": bench.id_of("1")}, "message": "later", "status": "error"}
        ]
    }
    bench.sandbox.control(
        "POST",
        "faults",
        {"match": {"method": "PUT", "path": "/crm/v8/Products"}, "do": "status", "status": 412, "body": stale},
    )
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 2})) == 0
    assert stored(bench, bench.id_of("1"))["Unit_Price"] == 2
    assert bench.run().calls == 4


@pytest.mark.promise("F001")
def test_a_price_edited_in_the_crm_is_inventorys_again_after_the_next_run_and_listed(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 10}))
    record = bench.id_of("1")
    ledger = Ledger(bench.config["ledger"])
    with ledger.writing(ledger.runs()[0].started) as writing:
        link = ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
        writing.owe("product", "crm", link, "price", "revert")
    ledger.close()
    bench.client.send("PUT", f"/crm/v8/Products/{record}", json={"data": [{"Unit_Price": 15}]})
    assert bench.send(bench.record("1", {"Product_Name": "Bolt", "Unit_Price": 10})) == 0
    assert stored(bench, record)["Unit_Price"] == 10
    ledger = Ledger(bench.config["ledger"])
    (event,) = ledger.events(kinds=["reverted"])
    ledger.close()
    assert (event.before, event.after, event.system) == (15, 10, "crm")


_Standard = get_target_test_class(TargetCrm)


class TestStandard(_Standard):  # type: ignore[valid-type,misc]
    """The SDK's own tests. Their streams name no module of a CRM; each record is held with the vendor's words."""

    @pytest.fixture
    def runner(self, sandbox: Sandbox, tmp_path: Path) -> TargetTestRunner:
        config = sandbox.config(tmp_path, ledger=str(tmp_path / "ledger.db"), errors_allowed="1000", approve=True)
        del config["organization_id"], config["calls_per_minute"]
        return TargetTestRunner(target_class=TargetCrm, config=config)


def test_a_plain_stream_is_upserted_into_the_custom_module_of_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.control("POST", "crm/modules", {"api_name": "Parts", "label": "Parts", "fields": [
        {"api_name": "Part_Number", "data_type": "text", "unique": {"casesensitive": False}}]})  # fmt: skip
    config = sandbox.config(tmp_path, ledger=str(tmp_path / "ledger.db"))
    del config["organization_id"], config["calls_per_minute"]
    schema = {"type": "object", "properties": {"Part_Number": {"type": "string"}, "Name": {"type": "string"}}}
    head = {"type": "SCHEMA", "stream": "Parts", "key_properties": ["Part_Number"], "schema": schema}
    for name in ("Bolt", "Nut"):
        row = {"type": "RECORD", "stream": "Parts", "record": {"Part_Number": "P-1", "Name": name}}
        TargetCrm(config=config).listen(io.StringIO(f"{json.dumps(head)}\n{json.dumps(row)}\n"))
    with Client(Connection.from_config(config), system="crm", plugin="contract") as client:
        rows = client.get("/crm/v8/Parts", params={"fields": "Name,Part_Number"}).body["data"]
    assert [(row["Name"], row["Part_Number"]) for row in rows] == [("Nut", "P-1")]


QUOTES = {
    "type": "object",
    "x-ofrecord": {**SCHEMA["x-ofrecord"], "entity": "quote", "object": "Quotes", "match": []},
    "properties": {
        "Inventory_ID": {"type": "string"}, "Subject": field("subject"), "_ofrecord": {"type": "object"},
        "Quoted_Items": field("lines", "lines", identity=["Product_Name"], lines={"Product_Name": {}, "Quantity": {"format": "number"}})
        | {"type": ["array", "null"]},
    },
}  # fmt: skip


def test_a_line_of_a_quote_that_stays_keeps_its_id_and_one_that_goes_is_removed(bench: Bench) -> None:
    products = [insert(bench, Product_Name=f"Bolt {number}", Unit_Price=1) for number in range(3)]
    bench.schema = QUOTES

    def quote(*rows: tuple[int, int]) -> dict[str, Any]:
        lines = [{"Product_Name": {"id": products[one]}, "Quantity": quantity} for one, quantity in rows]
        return bench.record("1", {"Subject": "Q", "Quoted_Items": lines})

    def lines() -> dict[str, tuple[str, int]]:
        rows = bench.client.get(f"/crm/v8/Quotes/{bench.id_of('1')}").body["data"][0]["Quoted_Items"]
        return {row["Product_Name"]["id"]: (row["id"], row["Quantity"]) for row in rows}

    assert bench.send(quote((0, 1), (1, 2))) == 0
    before = lines()
    assert bench.send(quote((2, 5), (1, 3))) == 0
    after = lines()
    assert after.keys() == {products[1], products[2]}
    assert (after[products[1]], after[products[2]][1]) == ((before[products[1]][0], 3), 5)
    assert bench.send(quote((1, 3), (2, 5))) == 0
    assert (bench.counts()["unchanged"], bench.run().calls) == (1, 0)


MODULES = {
    "Products": ("Product_Code", "Product_Name"), "Accounts": ("Account_Name", "Account_Name"),
    "Contacts": ("Email", "Last_Name"), "Vendors": ("Vendor_Name", "Vendor_Name"),
}  # fmt: skip


@pytest.mark.promise("F031")
@pytest.mark.parametrize("module", MODULES)
def test_a_record_that_is_there_already_is_overwritten_skipped_or_cloned(
    sandbox: Sandbox, tmp_path: Path, module: str
) -> None:
    match, name = MODULES[module]
    found, told = {}, []
    for mode in ("overwrite", "skip", "clone"):
        about = {
            **SCHEMA["x-ofrecord"],
            "object": module,
            "match": [{"field": match, "format": "text"}],
            "duplicates": mode,
        }
        properties = {
            "Inventory_ID": {"type": "string"}, match: field("key"), name: field("name"), "Description": field("description"),
            "_ofrecord": {"type": "object"},
        }  # fmt: skip
        bench = Bench(TargetCrm, {"type": "object", "x-ofrecord": about, "properties": properties}, sandbox, tmp_path)
        same = {name: f"{mode}", match: f"{mode}@example.com"}
        body = bench.client.send("POST", f"/crm/v8/{module}", json={"data": [{**same, "Description": "old"}]}).body
        known = str(body["data"][0]["details"]["id"])
        assert bench.send(bench.record(mode, {**same, "Description": "new"})) == 0
        rows = bench.client.get(f"/crm/v8/{module}", params={"fields": f"{match},Description,Inventory_ID"}).body[
            "data"
        ]
        mine = {row["id"]: row["Description"] for row in rows if row[match] == same[match]}
        found[mode] = (mine.pop(known), list(mine.values()), bench.id_of(mode) == known)
        ledger = Ledger(bench.config["ledger"])
        told += [
            event.before for event in ledger.events(kinds=["updated"]) if (event.ids or {}).get("inventory") == mode
        ]
        ledger.close()
        bench.client.close()
    assert found == {"overwrite": ("new", [], True), "skip": ("old", [], True), "clone": ("old", ["new"], False)}
    assert told == ["old"]
