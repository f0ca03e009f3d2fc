"""The bicycle maker of the AdventureWorks sample as one company behind the three vendors' doors.

As seen on the evening of `AS_OF`: what was shipped by then is a sales order with shipment and invoice, what was ordered
but not shipped yet is a quote, accepted but for the last few. Amounts are taken as amounts of the organisation's home
currency.

Units: the source's products have no unit of measure of their own. Its dictionary says that items are bought in cases,
cartons or dozens (`ProductVendor.UnitMeasureCode`, a matter between purchasing and one vendor) and stocked in pieces,
and that no factor between the two is given. Stock, orders and prices count pieces, so every item carries `pcs`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ofrecord_sandbox.seeds import adventureworks_documents, adventureworks_files
from ofrecord_sandbox.seeds.doors import Doors, Record, RefusedSeedError, as_number, publish

if TYPE_CHECKING:
    from pathlib import Path

    from ofrecord_sandbox.seeds.adventureworks_files import Person, Place, Source
    from ofrecord_sandbox.world import World

AS_OF = date(2011, 12, 5)
"""Orders whose ShipDate lies after this day are open; those of 2011-12-01 ship on 2011-12-08."""
_START = datetime(2011, 5, 2, 8, 0, tzinfo=UTC)
_KINDS = {"": None, "LB": "lb", "G": "g"}


@dataclass
class AdventureWorksFacts:
    """What the sandbox holds after seeding, beside what the source offered.

    `refused` counts records a vendor refused, by `kind: the vendor's reason`; nothing was altered to get past it.
    """

    accounts: int = 0
    contacts: int = 0
    items: int = 0
    inactive_items: int = 0
    ended_but_on_open_quotes: int = 0
    """Products with a SellEndDate that stay active because an open quote still promises them."""
    items_with_price_zero: int = 0
    locations: int = 0
    vendors: int = 0
    vendor_persons: int = 0
    crm_products: int = 0
    customers: int = 0
    quotes: int = 0
    accepted_with_order: int = 0
    accepted_without_order: int = 0
    negotiation: int = 0
    orders: int = 0
    invoices: int = 0
    customers_refused_orders: int = 0
    """Shipped orders left as accepted quotes because the finance side refused their customer."""
    internet_orders: int = 0
    """Orders of individuals; they stay outside, as individuals are no accounts."""
    same_names: list[str] = field(default_factory=list)
    names_trimmed: int = 0
    """Store names with outer blanks in the source, which the CRM strips."""
    non_ascii_emails: int = 0
    names_with_punctuation: int = 0
    with_more_than_two_decimals: int = 0
    """Reseller orders whose TotalDue has more than two decimals."""
    refused: dict[str, int] = field(default_factory=dict)


@dataclass
class Company:
    """Ids given by the vendors, by the source's own ids."""

    accounts: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    """First CRM contact by store."""


def seed_adventureworks(world: World, data: Path | None) -> AdventureWorksFacts:
    """Fill an empty world from the CSV files in `data`; the clock runs again afterwards.

    Raises FileNotFoundError naming the missing file and its folder, RefusedSeedError when a vendor refuses a record
    that the rest depends on.
    """
    if data is None:
        msg = "the AdventureWorks CSV files are missing: no folder was given"
        raise FileNotFoundError(msg)
    source = adventureworks_files.read(data)
    facts = AdventureWorksFacts()
    doors = Doors(world)
    company = Company()
    world.clock.freeze(_START)
    try:
        _stores(doors, source, company, facts)
        _items(doors, source, company, facts)
        _vendors(doors, source, facts)
        needed = adventureworks_documents.plant(doors, source, company, facts)
        _retire(doors, source, company, needed, facts)
    finally:
        world.clock.run()
    publish(world, facts)
    return facts


def note(facts: AdventureWorksFacts, kind: str, refusal: RefusedSeedError) -> None:
    """Count a refusal under its reason."""
    key = f"{kind}: {refusal.reason}"[:200]
    facts.refused[key] = facts.refused.get(key, 0) + 1


def _stores(doors: Doors, source: Source, company: Company, facts: AdventureWorksFacts) -> None:
    stores = source.tables["Store"]
    persons, places = adventureworks_files.people(source), adventureworks_files.places(source)
    records = [_account(row["Name"], places.get(row["BusinessEntityID"], [])) for row in stores]
    ids = doors.crm("Accounts", records)
    company.accounts = {row["BusinessEntityID"]: one for row, one in zip(stores, ids, strict=True)}
    owners, contacts = [], []
    for row in stores:
        key = row["BusinessEntityID"]
        for person in persons.get(key, []):
            owners.append(key)
            contacts.append(_person(person, company.accounts[key]))
            facts.non_ascii_emails += not person.email.isascii()
    for owner, result in zip(owners, doors.try_crm("Contacts", contacts), strict=True):
        if isinstance(result, RefusedSeedError):
            note(facts, "CRM contact", result)
            continue
        company.persons.setdefault(owner, result)
        facts.contacts += 1
    names = Counter(row["Name"] for row in stores)
    facts.accounts = len(ids)
    facts.same_names = sorted(name for name, count in names.items() if count > 1)
    facts.names_trimmed = sum(row["Name"] != row["Name"].strip() for row in stores)
    facts.names_with_punctuation = sum(not name.replace(" ", "").isalnum() for name in names.elements())


def _account(name: str, places: list[Place]) -> Record:
    record: Record = {"Account_Name": name, "Account_Type": "Reseller"}
    for prefix, place in zip(("Billing", "Shipping"), places, strict=False):
        record |= {
            f"{prefix}_Street": place.street,
            f"{prefix}_City": place.city,
            f"{prefix}_State": place.state,
            f"{prefix}_Code": place.code,
            f"{prefix}_Country": place.country,
        }
    return record


def _person(person: Person, account_id: str) -> Record:
    values = {
        "First_Name": person.first,
        "Last_Name": person.last,
        "Title": person.title,
        "Email": person.email,
        "Phone": person.phone,
    }
    return {name: value for name, value in values.items() if value} | {"Account_Name": {"id": account_id}}


def _items(doors: Doors, source: Source, company: Company, facts: AdventureWorksFacts) -> None:
    shelves = source.tables["Location"]
    ids = doors.locations([row["Name"] for row in shelves])
    places = {row["LocationID"]: one for row, one in zip(shelves, ids, strict=True)}
    facts.locations = len(ids)
    stock = source.grouped("ProductInventory", "ProductID")
    for row in source.tables["Product"]:
        values = _item(row)
        rows = stock.get(row["ProductID"], [])
        if rows:
            values["locations"] = [
                {
                    "location_id": places[one["LocationID"]],
                    "initial_stock": int(one["Quantity"]),
                    "initial_stock_rate": values["purchase_rate"],
                }
                for one in rows
            ]
        company.items[row["ProductID"]] = doors.item(values)
        facts.items += 1
        facts.items_with_price_zero += Decimal(row["ListPrice"]) == 0


def _item(row: dict[str, str]) -> Record:
    """Counted in pieces, see the module's docstring.

    `SizeUnitMeasureCode` is the unit of the frame size, not one that the product is sold in.
    """
    values: Record = {
        "name": row["Name"],
        "sku": row["ProductNumber"],
        "unit": "pcs",
        "rate": as_number(Decimal(row["ListPrice"])),
        "purchase_rate": as_number(Decimal(row["StandardCost"])),
        "product_type": "goods",
        "item_type": "inventory",
        "reorder_level": int(row["ReorderPoint"]),
    }
    unit = _KINDS[row["WeightUnitMeasureCode"].strip()]
    if unit is not None:
        values["package_details"] = {"weight": as_number(Decimal(row["Weight"])), "weight_unit": unit}
    return values


def _retire(doors: Doors, source: Source, company: Company, needed: set[str], facts: AdventureWorksFacts) -> None:
    """Products no longer sold become inactive, except those that open quotes still promise."""
    for row in source.tables["Product"]:
        if not row["SellEndDate"]:
            continue
        if row["ProductID"] in needed:
            facts.ended_but_on_open_quotes += 1
            continue
        doors.finance("POST", f"inventory/v1/items/{company.items[row['ProductID']]}/inactive")
        facts.inactive_items += 1


def _vendors(doors: Doors, source: Source, facts: AdventureWorksFacts) -> None:
    persons, places = adventureworks_files.people(source), adventureworks_files.places(source)
    for row in source.tables["Vendor"]:
        key = row["BusinessEntityID"]
        values: Record = {"contact_name": row["Name"], "contact_type": "vendor"}
        if row["PurchasingWebServiceURL"]:
            values["website"] = row["PurchasingWebServiceURL"]
        values |= addresses(places.get(key, []))
        values["contact_persons"] = [
            {
                "first_name": one.first,
                "last_name": one.last,
                "email": one.email,
                "phone": one.phone,
                "designation": one.title,
            }
            for one in persons.get(key, [])
        ]
        try:
            doors.contact(values)
        except RefusedSeedError as refusal:
            note(facts, "vendor", refusal)
            continue
        facts.vendors += 1
        facts.vendor_persons += len(values["contact_persons"])


def addresses(places: list[Place]) -> Record:
    """The first address as billing address, the second as shipping address, in finance shape."""
    return {
        name: {
            "address": place.street,
            "city": place.city,
            "state": place.state,
            "zip": place.code,
            "country": place.country,
        }
        for name, place in zip(("billing_address", "shipping_address"), places, strict=False)
    }
