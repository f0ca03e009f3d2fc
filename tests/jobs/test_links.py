"""The crosswalk is an asset: rebuilt from the ids stamped in the systems when everything local is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

JOBS = ("products", "customers", "orders", "finance", "stock", "prices")


def ask(stage: Any, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **stage.environment, "OFRECORD_LEDGER": str(stage.ledger)}
    return subprocess.run(
        [str(Path(sys.executable).parent / "ofrecord"), *words],
        cwd=stage.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.promise("N11")
def test_when_all_local_state_is_deleted_the_links_are_rebuilt_and_the_next_cycle_writes_nothing(
    demo_company: Any,
) -> None:
    company, demo = demo_company, demo_company.stage
    for number in range(2):  # until everything has arrived everywhere
        company.run(*JOBS[: 4 - number], run=f"first-{number}", approve=True, errors_allowed="1000")
    links = company.ledger().sides()
    assert len(links) > 100
    for path in [*demo.folder.glob("ledger.db*"), demo.folder / ".ofrecord", demo.folder / "run"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    before = demo.journal()["next"]
    rebuilt = ask(demo, "links", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert written(demo, before) == []
    assert {(one.entity, one.system, one.id) for one in company.ledger().sides()} == {
        (one.entity, one.system, one.id) for one in links
    }
    before = demo.journal()["next"]
    company.run(*JOBS, run="again", errors_allowed="1000")
    assert written(demo, before) == []


def written(stage: Any, since: int) -> list[str]:
    return [
        f"{e['method']} {e['path']}"
        for e in stage.journal(since)["entries"]
        if e["method"] != "GET" and e["system"] in {"crm", "inventory", "books"} and not e["path"].endswith("/coql")
    ]


def put_field(company: Any, product: str, value: str | None) -> None:
    company.people.ask("PUT", "/crm/v8/Products", {"data": [{"id": product, "Inventory_ID": value}]})


@pytest.mark.promise("F088", "F089")
def test_a_linked_record_without_its_stamp_is_an_error_and_the_missing_ones_are_filled_in_by_a_plan_that_goes_on(
    company: Any,
) -> None:
    items = [company.new_item(f"B-{number}") for number in range(3)]
    for _cycle in range(2):  # the ids of what the second pipeline made are written by the first one of the next cycle
        company.run("products", approve=True)
    assert ask(company.stage, "links", "stamp").returncode == 0
    products = [company.product_of(item)["id"] for item in items]
    for product, value in zip(products, (None, None, "4711"), strict=True):
        put_field(company, product, value)
    found = ask(company.stage, "links", "stamp")
    assert found.returncode == 1
    gaps = sorted(line.split("\t")[3:] for line in found.stdout.splitlines() if line.startswith("gap"))
    assert gaps == sorted(
        [product, "Inventory_ID", holds, item]
        for product, holds, item in zip(products, ("", "", "4711"), items, strict=True)
    )
    assert "3 of 6 linked records lack the right id." in found.stderr
    assert "2 ids are owed now" in ask(company.stage, "links", "stamp", "--yes").stderr
    assert "0 ids are owed now" in ask(company.stage, "links", "stamp", "--yes").stderr  # the plan is kept
    company.stage.control(
        "POST",
        "faults",
        [{"match": {"method": "PUT", "path": "/crm/v8/Products"}, "times": 9, "do": "status", "status": 503}],
    )
    company.run("products")  # interrupted
    company.stage.control("DELETE", "faults")
    company.run("products")
    left = ask(company.stage, "links", "stamp")
    assert [line.split("\t")[3] for line in left.stdout.splitlines() if line.startswith("gap")] == [products[2]]
