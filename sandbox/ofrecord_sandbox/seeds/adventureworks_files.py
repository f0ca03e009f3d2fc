"""The CSV files of the AdventureWorks sample, read into rows by key."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]

NAMES = (
    "Address", "BusinessEntityAddress", "BusinessEntityContact", "ContactType", "CountryRegion", "Customer",
    "EmailAddress", "Location", "Person", "PersonPhone", "Product", "ProductInventory", "SalesOrderDetail",
    "SalesOrderHeader", "StateProvince", "Store", "Vendor",
)  # fmt: skip
_BE = "BusinessEntityID"


@dataclass(frozen=True)
class Source:
    """All rows the seed needs; columns and meanings are in the data's own DATA-DICTIONARY.md."""

    tables: dict[str, list[Row]]

    def by(self, table: str, column: str) -> dict[str, Row]:
        """Rows by a unique column."""
        return {row[column]: row for row in self.tables[table]}

    def grouped(self, table: str, column: str) -> dict[str, list[Row]]:
        """Rows by a column that repeats."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.tables[table]:
            groups[row[column]].append(row)
        return groups


def read(data: Path) -> Source:
    """Read `NAME.csv` or `NAME.csv.gz` of every table. Raises FileNotFoundError naming the first missing file."""
    return Source({name: _rows(data, name) for name in NAMES})


def _rows(data: Path, name: str) -> list[Row]:
    plain, packed = data / f"{name}.csv", data / f"{name}.csv.gz"
    if plain.is_file():
        with plain.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    if packed.is_file():
        with gzip.open(packed, "rt", encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    msg = f"{name}.csv (or {name}.csv.gz) is missing in {data}"
    raise FileNotFoundError(msg)


@dataclass(frozen=True)
class Person:
    """Somebody who speaks for a store or a vendor."""

    title: str
    first: str
    last: str
    email: str
    phone: str


def people(source: Source) -> dict[str, list[Person]]:
    """Contacts by store or vendor id, in the order of the source."""
    names = source.by("Person", _BE)
    mails = source.by("EmailAddress", _BE)
    phones = source.by("PersonPhone", _BE)
    kinds = source.by("ContactType", "ContactTypeID")
    found: dict[str, list[Person]] = defaultdict(list)
    for row in source.tables["BusinessEntityContact"]:
        key = row["PersonID"]
        found[row[_BE]].append(
            Person(
                kinds[row["ContactTypeID"]]["Name"],
                names[key]["FirstName"],
                names[key]["LastName"],
                mails.get(key, {}).get("EmailAddress", ""),
                phones.get(key, {}).get("PhoneNumber", ""),
            )
        )
    return found


@dataclass(frozen=True)
class Place:
    """A postal address."""

    street: str
    city: str
    state: str
    code: str
    country: str


def places(source: Source) -> dict[str, list[Place]]:
    """Addresses by store or vendor id, in the order of the source."""
    rows = source.by("Address", "AddressID")
    states = source.by("StateProvince", "StateProvinceID")
    countries = source.by("CountryRegion", "CountryRegionCode")
    found: dict[str, list[Place]] = defaultdict(list)
    for link in source.tables["BusinessEntityAddress"]:
        row = rows[link["AddressID"]]
        state = states[row["StateProvinceID"]]
        street = "\n".join(line for line in (row["AddressLine1"], row["AddressLine2"]) if line)
        country = countries[state["CountryRegionCode"]]["Name"]
        found[link[_BE]].append(Place(street, row["City"], state["Name"], row["PostalCode"], country))
    return found
