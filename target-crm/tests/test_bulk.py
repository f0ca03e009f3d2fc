"""Many new records go as one bulk write job; deletion and switching off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, field
from ofrecord_kit.vendors import crm
from target_crm.target import TargetCrm

SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1", "external_id": "Inventory_ID",
        "source_external_id": "cf_crm_id", "source_object": "items", "match": [], "create": True, "deleted": "delete",
    },
    "properties": {
        "Inventory_ID": {"type": "string"}, "Product_Name": field("name"), "Unit_Price": field("price", "money"),
        "Sales_Start_Date": field("start", "date"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
    sandbox.control("POST", "crm/bulk", {"seconds": 0})
    made = Bench(TargetCrm, SCHEMA, sandbox, tmp_path)
    yield made
    made.client.close()


def product(bench: Bench, number: int, name: str = 'Bolt, 5" \n') -> dict[str, Any]:
    values = {"Product_Name": name, "Unit_Price": 10.5, "Sales_Start_Date": "2026-03-01"}
    return bench.record(str(number), values)


def paths(bench: Bench) -> list[str]:
    return [one["path"] for one in bench.sandbox.control("GET", "journal")["entries"]]


def rows(bench: Bench) -> list[dict[str, Any]]:
    names = "Inventory_ID,Product_Name,Unit_Price,Sales_Start_Date,Product_Active"
    body = bench.client.get("/crm/v8/Products", params={"fields": names}).body
    return sorted((body or {}).get("data", []), key=lambda row: row["Inventory_ID"] or "")


def test_new_records_beyond_the_threshold_are_one_job_and_a_bad_one_is_held(bench: Bench) -> None:
    records = [product(bench, number) for number in range(130)]
    records[7] = product(bench, 7, "")
    assert bench.send(*records, bulk_above=100, errors_allowed="5") == 0
    assert paths(bench).count("/crm/bulk/v8/write") == 1
    assert "/crm/v8/Products/upsert" not in paths(bench)
    assert (bench.counts()["written"], bench.counts()["held"], len(rows(bench))) == (129, 1, 129)
    first = rows(bench)[0]
    assert (first["Product_Name"], float(first["Unit_Price"]), first["Sales_Start_Date"]) == (
        'Bolt, 5"',
        10.5,
        "2026-03-01",
    )
    assert bench.id_of("0") == first["id"]


def test_records_at_the_threshold_go_by_hundreds(bench: Bench) -> None:
    assert bench.send(*(product(bench, number) for number in range(101)), bulk_above=101) == 0
    assert "/crm/bulk/v8/write" not in paths(bench)


def test_a_run_that_died_before_the_result_of_its_job_makes_nothing_twice(bench: Bench) -> None:
    records = [product(bench, number) for number in range(30)]
    lost = {"match": {"method": "GET", "path": "/crm/bulk/v8/write"}, "do": "status", "status": 503, "times": 0}
    bench.sandbox.control("POST", "faults", lost)
    with pytest.raises(Exception, match="No usable answer"):
        bench.send(*records, bulk_above=20)
    bench.sandbox.control("DELETE", "faults")
    assert bench.send(*records, bulk_above=20) == 0
    assert len(rows(bench)) == 30


def test_the_result_of_a_job_is_fetched_from_the_vendor_only() -> None:
    api = "https://www.zohoapis.eu"
    assert crm.address(api, "https://download-accl.zoho.eu/v2/x.zip") == "https://download-accl.zoho.eu/v2/x.zip"
    assert crm.address(api, "/crm/v8/upload", upload=True) == "https://content.zohoapis.eu/crm/v8/upload"
    for stranger in ("https://zoho.eu.example.org/x", "http://download.zoho.eu/x", "https://notzoho.eu/x"):
        with pytest.raises(ValueError, match="not the vendor's"):
            crm.address(api, stranger)


def deleted(bench: Bench, number: int) -> dict[str, Any]:
    record = product(bench, number)
    return {**record, "_ofrecord": {**record["_ofrecord"], "deleted": True}}


def test_a_product_is_taken_out_of_use_and_then_deleted_without_a_workflow(bench: Bench) -> None:
    bench.send(product(bench, 1))
    assert bench.send(deleted(bench, 1)) == 0
    assert rows(bench) == []
    calls = [one for one in bench.sandbox.control("GET", "journal")["entries"] if one["path"] == "/crm/v8/Products"]
    assert [one["method"] for one in calls if one["method"] in {"PUT", "DELETE"}] == ["PUT", "DELETE"]
    assert bench.sandbox.control("GET", "automation")["fired"] == []


def test_a_product_the_vendor_does_not_delete_stays_inactive_and_says_so(bench: Bench) -> None:
    bench.send(product(bench, 1))
    bench.sandbox.control("PUT", "crm/modules", {"module": "Products", "deletable": False})
    bench.send(deleted(bench, 1), errors_allowed="5")
    assert [row["Product_Active"] for row in rows(bench)] == [False]
    ledger = Ledger(bench.config["ledger"])
    (held,) = ledger.held()
    ledger.close()
    assert held.code == "NO_PERMISSION"
    assert held.message.endswith("it stays inactive")


def test_a_product_that_is_gone_already_is_deleted(bench: Bench) -> None:
    bench.send(product(bench, 1))
    bench.client.send("DELETE", "/crm/v8/Products", params={"ids": bench.id_of("1")})
    assert bench.send(deleted(bench, 1)) == 0


def test_a_product_is_switched_off(bench: Bench) -> None:
    bench.schema = {**SCHEMA, "x-ofrecord": {**SCHEMA["x-ofrecord"], "deleted": "inactive"}}  # type: ignore[dict-item]
    bench.send(product(bench, 1))
    bench.send(deleted(bench, 1))
    assert [row["Product_Active"] for row in rows(bench)] == [False]
