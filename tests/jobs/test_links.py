"""The crosswalk is an asset: rebuilt from the ids stamped in the systems when everything local is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

from ofrecord_kit.testing import programs

JOBS = ("products", "customers", "orders", "finance", "stock", "prices")


def ask(stage: Any, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **stage.environment, "OFRECORD_LEDGER": str(stage.ledger)}
    return programs.run(["ofrecord", *words], cwd=stage.folder, environment=environment)


def business(company: Any) -> None:
    """Something of every kind that is linked, with an order and its invoice."""
    items = [company.new_item(f"B-{number}", "4.00", stock=20) for number in range(3)]
    parts = {"mapped_items": [{"item_id": items[0], "quantity": 2}], "combo_type": "kit"}
    goods = {"item_type": "inventory", "product_type": "goods"}
    company.finance_new(
        "/inventory/v1/compositeitems", "composite_item", name="Set", sku="SET", rate=9, **goods, **parts
    )
    accounts = [company.crm_new("Accounts", Account_Name=name) for name in ("Buyer AG", "Zoë & Söhne", "Idle Ltd")]
    for number, account in enumerate([accounts[0], *accounts[:2]]):
        company.crm_new("Contacts", First_Name=f"Ada {number}", Last_Name="Berg", Account_Name={"id": account})
    company.crm_new("Vendors", Vendor_Name="Spokes")
    company.finance_new("/inventory/v1/contacts", "contact", contact_name="Radhaus", contact_type="vendor")
    book = {"name": "Resellers", "pricebook_type": "fixed_percentage", "sales_or_purchase_type": "sales"}
    company.finance_new("/inventory/v1/pricebooks", "pricebook", **book, percentage=10, is_increase=False)
    details = [{"from_range": 1, "to_range": 100, "discount": 10}]
    company.crm_new("Price_Books", Price_Book_Name="Resellers", Active=True, Pricing_Details=details)
    company.synced("products", "customers")
    quote = company.new_quote(accounts[0], [(company.product_of(items[0])["id"], 2, "4.00")])
    company.synced("orders")
    [order] = company.orders_of(quote["Quote_Number"])
    invoice = company.people.ask("POST", "/books/v3/invoices/fromsalesorder", {}, salesorder_id=order["salesorder_id"])
    company.people.ask("POST", f"/books/v3/invoices/{invoice['invoice']['invoice_id']}/status/sent")


@pytest.mark.promise("N11")
def test_when_all_local_state_is_deleted_the_links_are_rebuilt_and_the_next_cycle_writes_nothing(
    company: Any,
) -> None:
    stage = company.stage
    business(company)
    company.synced(*JOBS)
    company.synced(*JOBS[:3])  # until everything has arrived everywhere
    links = company.ledger().sides()
    assert {one.entity for one in links} >= {"product", "composite product", "account", "contact", "vendor", "order"}
    for path in [*stage.folder.glob("ledger.db*"), stage.folder / ".ofrecord", stage.folder / "run"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    before = stage.journal()["next"]
    rebuilt = ask(stage, "links", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert written(stage, before) == []
    assert {(one.entity, one.system, one.id) for one in company.ledger().sides()} == {
        (one.entity, one.system, one.id) for one in links
    }
    before = stage.journal()["next"]
    company.synced(*JOBS, run="again")
    assert written(stage, before) == []


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
