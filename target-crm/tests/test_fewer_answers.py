"""The CRM answers fewer results than records were sent: what was written is recorded, what was not is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target.destination import Current, Done, Refused
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, field
from ofrecord_kit.vendors import crm_doubts
from target_crm.target import TargetCrm

SCHEMA = {
    "type": "object",
    "x-ofrecord": {
        "entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1", "external_id": "Inventory_ID",
        "source_external_id": "cf_crm_id", "source_object": "items", "match": [], "create": True, "deleted": "inactive",
    },
    "properties": {
        "Inventory_ID": {"type": "string"}, "Product_Name": field("name"), "Unit_Price": field("price", "money"),
        "Vendor_Name": field("vendor"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip
CREATED = {"method": "POST", "path": "/crm/v8/Products/upsert"}
UPDATED = {"method": "PUT", "path": "/crm/v8/Products"}


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(TargetCrm, SCHEMA, sandbox, tmp_path)
    yield made
    made.client.close()


def answer_with(bench: Bench, match: dict[str, str], *elements: Any) -> None:
    said = {"do": "status", "status": 200, "after_commit": True, "body": {"data": list(elements)}}
    bench.sandbox.control("POST", "faults", {"match": match, **said})


def rows(bench: Bench) -> dict[str, Any]:
    body = bench.client.get("/crm/v8/Products", params={"fields": "Inventory_ID,Unit_Price"}).body
    return {row["Inventory_ID"]: row for row in (body or {}).get("data", [])}


def success(identity: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": {"id": identity}, "message": "record added", "status": "success"}


def test_of_new_records_those_that_are_there_are_recorded_and_the_others_held(bench: Bench) -> None:
    records = [bench.record(str(n), {"Product_Name": f"Bolt {n}"}) for n in range(4)]
    records[2] = bench.record("2", {"Product_Name": "Bolt 2", "Vendor_Name": "554023000000999999"})
    answer_with(bench, CREATED, {"code": "INVALID_DATA", "details": {}, "message": "invalid data", "status": "error"})
    assert bench.send(*records) == 1
    assert (bench.counts()["written"], bench.counts()["held"]) == (3, 1)
    assert {one: row["id"] for one, row in rows(bench).items()} == {one: bench.id_of(one) for one in "013"}
    ledger = Ledger(bench.config["ledger"])
    (held,) = ledger.held()
    left = ledger.intended("product", "crm", list("0123"))
    ledger.close()
    assert (held.source_id, held.code, set(left)) == ("2", "DOUBTFUL", set())


def test_of_changed_records_those_without_a_result_are_read_and_decided_again(bench: Bench) -> None:
    bench.send(*(bench.record(str(n), {"Product_Name": f"Bolt {n}", "Unit_Price": 1}) for n in range(3)))
    answer_with(bench, UPDATED, success(bench.id_of("1")))
    assert bench.send(*(bench.record(str(n), {"Product_Name": f"Bolt {n}", "Unit_Price": 2}) for n in range(3))) == 0
    assert (bench.counts()["written"], bench.counts()["unchanged"]) == (1, 2)
    assert {row["Unit_Price"] for row in rows(bench).values()} == {2}
    ledger = Ledger(bench.config["ledger"])
    links = ledger.links_of("product", "inventory", "crm", list("012"))
    agreed = ledger.agreed_of([link.link for link in links.values()], "inventory", "crm")
    ledger.close()
    assert [one["price"].destination for one in agreed.values()] == [2, 2, 2]


def test_a_record_switched_off_without_an_answer_is_held(bench: Bench) -> None:
    bench.send(bench.record("1", {"Product_Name": "Bolt"}))
    answer_with(bench, UPDATED)
    gone = bench.record("1", {"Product_Name": "Bolt"})
    gone["_ofrecord"]["deleted"] = True
    assert bench.send(gone) == 1
    assert bench.counts()["held"] == 1


def test_a_row_without_a_key_is_known_by_all_of_its_values() -> None:
    there = {
        one: Current({"Subject": name}, datetime(2026, 1, 1, tzinfo=UTC)) for one, name in (("7", "b"), ("8", "b"))
    }
    sent = [{"Subject": "a"}, {"Subject": "b"}, {"Subject": "b"}]
    first, *others = crm_doubts.inserted(sent, {"7": Done("7"), "8": Done("8")}, lambda _names: there)
    assert isinstance(first, Refused)
    assert others == [Done("7"), Done("8")]
