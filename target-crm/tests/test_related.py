"""Lines that are entries of a related list: the record first, then its links, and what a crash left undone by the next run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.testing.target import Bench, field
from target_crm.target import TargetCrm

ABOUT = {
    "from": "inventory", "to": "crm", "rules": "sha256:1", "external_id": "Inventory_ID", "source_external_id": None,
    "source_object": "items", "create": True, "match": [],
}  # fmt: skip
PRODUCTS = {
    "type": "object",
    "x-ofrecord": {**ABOUT, "entity": "product", "object": "Products"},
    "properties": {"Inventory_ID": {"type": "string"}, "Product_Name": field("name"), "_ofrecord": {"type": "object"}},
}


def lines(name: str, **more: Any) -> dict[str, Any]:
    return {**field(name, "lines", **more), "type": ["array", "null"]}


LISTED = {"id": {"ref": "product", "also": ["set"]}, "list_price": {"format": "number"}}
BOOKS = {
    "type": "object",
    "x-ofrecord": {**ABOUT, "entity": "price list", "object": "Price_Books"},
    "properties": {
        "Inventory_ID": {"type": "string"}, "Price_Book_Name": field("name"),
        "Pricing_Details": lines("ranges", identity=["from_range"], lines={"from_range": {}, "to_range": {}}),
        "Products": lines("items", related=True, lines=LISTED), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Any:
    """A CRM with five products, the last of them a set."""
    made = Bench(TargetCrm, PRODUCTS, sandbox, tmp_path)
    assert made.send(*(made.record(f"p{n}", {"Product_Name": f"Bolt {n}"}) for n in range(4))) == 0
    made.schema = {**PRODUCTS, "x-ofrecord": {**PRODUCTS["x-ofrecord"], "entity": "set"}}  # type: ignore[dict-item]
    assert made.send(made.record("p4", {"Product_Name": "Box of bolts"})) == 0
    made.schema = BOOKS
    yield made
    made.client.close()


def book(bench: Bench, identity: str = "1", name: str = "Resellers", **prices: Any) -> dict[str, Any]:
    rows = [{"id": item, "list_price": price} for item, price in prices.items()]
    ranges = [{"from_range": 1, "to_range": 1000}]
    return bench.record(identity, {"Price_Book_Name": name, "Pricing_Details": ranges, "Products": rows})


def entries(bench: Bench, identity: str = "1") -> dict[str, Any]:
    books = bench.client.get("/crm/v8/Price_Books", params={"fields": "Inventory_ID"}).body["data"]
    [one] = [row["id"] for row in books if row["Inventory_ID"] == identity]
    path = f"/crm/v8/Price_Books/{one}/Products"
    body = bench.client.get(path, params={"fields": "Product_Name,list_price"}).body
    return {row["Product_Name"]: row["list_price"] for row in (body or {"data": []})["data"]}


def test_a_record_is_made_with_its_entries_and_a_change_writes_only_what_differs(bench: Bench) -> None:
    assert bench.send(book(bench, p0=1, p1=2.5, p4=9)) == 0
    assert entries(bench) == {"Bolt 0": 1, "Bolt 1": 2.5, "Box of bolts": 9}
    assert bench.send(book(bench, p4=9, p1=2.5, p0=1)) == 0
    assert (bench.counts()["unchanged"], bench.run().calls) == (1, 0)
    begin = bench.sandbox.control("GET", "journal")["next"]
    assert bench.send(book(bench, p0=1, p1=3, p2=4)) == 0
    assert entries(bench) == {"Bolt 0": 1, "Bolt 1": 3, "Bolt 2": 4}
    asked = bench.sandbox.control("GET", f"journal?since={begin}")["entries"]
    written = [
        f"{one['method']} {one['path'].rpartition('/')[2]}" for one in asked if one["method"] in {"PUT", "DELETE"}
    ]
    assert written == ["PUT Products", "DELETE Products"]


def test_a_list_of_many_entries_is_read_and_written_by_pages(bench: Bench) -> None:
    bench.schema = PRODUCTS
    assert bench.send(*(bench.record(f"m{n}", {"Product_Name": f"Nut {n}"}) for n in range(230))) == 0
    bench.schema = BOOKS
    assert bench.send(book(bench, **{f"m{n}": n + 1 for n in range(230)})) == 0
    assert bench.send(book(bench, **{f"m{n}": n + 1 for n in range(1, 230)}, m0=7)) == 0
    body = bench.client.get(
        f"/crm/v8/Price_Books/{bench.id_of('1')}/Products", params={"fields": "list_price", "page": 2, "per_page": 200}
    ).body
    assert len(body["data"]) == 30
    assert bench.run().calls == 1 + 1 + 2 + 1  # the book, its ranges, 230 entries, one price


def test_a_missing_item_holds_the_list_and_an_entry_that_is_refused_says_which(bench: Bench) -> None:
    assert bench.send(book(bench, p0=1, unknown=2)) == 0
    assert bench.counts()["held"] == 1
    bench.send(book(bench, p0=1, p1="two"))
    assert bench.counts()["held"] == 1
    assert entries(bench) == {"Bolt 0": 1}
    assert bench.send(book(bench, p0=1, p1=2)) == 0
    assert (entries(bench), bench.counts()["written"]) == ({"Bolt 0": 1, "Bolt 1": 2}, 1)


def test_a_price_somebody_edited_in_the_book_is_overwritten_by_the_next_change(bench: Bench) -> None:
    assert bench.send(book(bench, p0=1, p1=2)) == 0
    path = f"/crm/v8/Price_Books/{bench.id_of('1')}/Products"
    [row] = [
        one
        for one in bench.client.get(path, params={"fields": "Product_Name"}).body["data"]
        if one["Product_Name"] == "Bolt 1"
    ]
    bench.client.send("PUT", path, json={"data": [{"id": row["id"], "list_price": 99}]})
    assert bench.send(book(bench, p0=1.5, p1=2)) == 0
    assert entries(bench) == {"Bolt 0": 1.5, "Bolt 1": 2}


def test_a_run_killed_at_any_step_leaves_one_book_with_all_its_entries_after_the_next(
    bench: Bench, tmp_path: Path
) -> None:
    """Killed before and after each call and each transaction: of the creation, and of a change."""
    runs = [bench.messages(book(bench, f"9{n}", f"List {n}", p0=1, p1=2, p4=3)) for n in range(40)]
    asked = tmp_path / "killed.json"
    asked.write_text(json.dumps({"target": "target_crm.target:TargetCrm", "config": bench.config, "runs": runs}))
    command = [sys.executable, "-m", "ofrecord_kit.testing.killed", str(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) > 8, done.stderr
    assert [one["killed"] for one in told] == [True] * (len(told) - 1) + [False]
    assert {one["code"] for one in told} == {0}
    for number in range(len(told)):
        assert entries(bench, f"9{number}") == {"Bolt 0": 1, "Bolt 1": 2, "Box of bolts": 3}
    rows = bench.client.get("/crm/v8/Price_Books", params={"fields": "Price_Book_Name"}).body["data"]
    assert len(rows) == len(told)
