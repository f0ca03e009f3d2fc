"""The bicycle maker of the AdventureWorks sample, against its CSV files."""

from __future__ import annotations

import csv
import gzip
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from sandbox_worlds import crm, listed, read

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.seeds import AdventureWorksFacts, seed_adventureworks
from ofrecord_sandbox.world import World

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "adventureworks"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the AdventureWorks CSV files are not at ../shared/data/adventureworks"
)


@pytest.fixture(scope="module")
def planted() -> tuple[World, AdventureWorksFacts]:
    world = new_world()
    return world, seed_adventureworks(world, DATA)


def rows(name: str) -> list[dict[str, str]]:
    plain = DATA / f"{name}.csv"
    if plain.is_file():
        with plain.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def due() -> dict[str, Decimal]:
    """TotalDue by order number, rounded half up to cents."""
    cent = Decimal("0.01")
    return {
        row["SalesOrderNumber"]: Decimal(row["TotalDue"]).quantize(cent, ROUND_HALF_UP)
        for row in rows("SalesOrderHeader")
    }


def test_a_missing_file_is_named_with_its_folder(tmp_path: Path) -> None:
    world = new_world()
    with pytest.raises(FileNotFoundError) as caught:
        seed_adventureworks(world, tmp_path)
    assert "Address.csv" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert not crm(world, "Accounts")


@needs_data
def test_stores_are_accounts_with_their_contacts(planted: tuple[World, AdventureWorksFacts]) -> None:
    world, facts = planted
    stores = rows("Store")
    keys = {row["BusinessEntityID"] for row in stores}
    assert sorted(one["Account_Name"] for one in crm(world, "Accounts")) == sorted(
        row["Name"].strip() for row in stores
    )
    assert facts.names_trimmed == sum(row["Name"] != row["Name"].strip() for row in stores)
    persons = sum(row["BusinessEntityID"] in keys for row in rows("BusinessEntityContact"))
    refused = sum(count for reason, count in facts.refused.items() if reason.startswith("CRM contact"))
    assert len(crm(world, "Contacts")) == facts.contacts == persons - refused
    assert facts.same_names == ["Friendly Bike Shop"]
    assert facts.non_ascii_emails > 0


@needs_data
def test_products_are_items_and_vendors_are_vendors(planted: tuple[World, AdventureWorksFacts]) -> None:
    world, facts = planted
    products = rows("Product")
    items = listed(world, "inventory/v1/items", "items")
    assert {one["sku"] for one in items} == {row["ProductNumber"] for row in products}
    ended = sum(bool(row["SellEndDate"]) for row in products)
    assert facts.inactive_items + facts.ended_but_on_open_quotes == ended == 98
    assert sum(one["status"] == "inactive" for one in items) == facts.inactive_items
    contacts = listed(world, "inventory/v1/contacts", "contacts")
    vendors = [one["contact_name"] for one in contacts if one["contact_type"] == "vendor"]
    refused = sum(count for reason, count in facts.refused.items() if reason.startswith("vendor"))
    assert len(vendors) == facts.vendors == len(rows("Vendor")) - refused
    assert len(contacts) == facts.vendors + facts.customers


@needs_data
def test_reseller_orders_are_quotes_and_the_shipped_ones_orders(planted: tuple[World, AdventureWorksFacts]) -> None:
    world, facts = planted
    resellers = [row for row in rows("SalesOrderHeader") if row["SalesPersonID"]]
    shipped = sum(row["ShipDate"][:10] <= "2011-12-05" for row in resellers)
    assert len(crm(world, "Quotes")) == facts.quotes == len(resellers) == 345
    assert facts.orders + facts.customers_refused_orders == shipped == 310
    assert facts.accepted_without_order + facts.orders + facts.negotiation == facts.quotes
    assert facts.negotiation == 5
    assert facts.accepted_without_order == len(resellers) - shipped - facts.negotiation + facts.customers_refused_orders
    assert len(listed(world, "inventory/v1/salesorders", "salesorders")) == facts.orders
    invoices = listed(world, "books/v3/invoices", "invoices")
    assert len(invoices) == facts.invoices == facts.orders
    assert all(one["balance"] == one["total"] for one in invoices)
    assert facts.internet_orders == len(rows("SalesOrderHeader")) - len(resellers)


@needs_data
def test_quote_order_and_invoice_are_the_sources_total_to_the_cent(planted: tuple[World, AdventureWorksFacts]) -> None:
    world, _ = planted
    expected = due()
    quotes = {one["id"]: one for one in crm(world, "Quotes")}
    for quote in quotes.values():
        assert Decimal(str(quote["Grand_Total"])) == expected[quote["Subject"]], quote["Subject"]
    totals = {}
    for row in listed(world, "inventory/v1/salesorders", "salesorders"):
        order = read(world, f"inventory/v1/salesorders/{row['salesorder_id']}")["salesorder"]
        quote = quotes[order["custom_field_hash"]["cf_crm_id"]]
        totals[order["salesorder_number"]] = Decimal(str(order["total"]))
        assert totals[order["salesorder_number"]] == expected[quote["Subject"]], quote["Subject"]
    for invoice in listed(world, "books/v3/invoices", "invoices"):
        assert Decimal(str(invoice["total"])) == totals[invoice["reference_number"]]


@needs_data
def test_stock_is_the_sources_less_what_was_shipped(planted: tuple[World, AdventureWorksFacts]) -> None:
    world, _ = planted
    products = {row["ProductID"]: row["ProductNumber"] for row in rows("Product")}
    opening: dict[str, int] = dict.fromkeys(products.values(), 0)
    for row in rows("ProductInventory"):
        opening[products[row["ProductID"]]] += int(row["Quantity"])
    sold = {products[row["ProductID"]] for row in rows("SalesOrderDetail")}
    for item in listed(world, "inventory/v1/items", "items"):
        if item["sku"] not in sold:
            assert item["stock_on_hand"] == opening[item["sku"]], item["sku"]
