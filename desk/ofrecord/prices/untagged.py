"""The accounts of a CRM that have no price list, the biggest first, by what they were invoiced. Amounts of two currencies are never one figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ofrecord.prices.reading import pages, rows_of
from ofrecord_kit.http import Client
from ofrecord_kit.vendors.finance import BOOKS

_NONE_BILLED = frozenset({"draft", "void"})
"""A draft is not sent yet and a void invoice is none."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sold:
    """What a customer was invoiced in one currency."""

    customer: str
    currency: str
    invoiced: Decimal
    invoices: int
    last: str


@dataclass(frozen=True)
class Untagged:
    """An account without a price list. `place` counts within its currency."""

    place: int
    account: str
    name: str
    customer: str
    currency: str
    invoiced: Decimal
    invoices: int
    last: str


@dataclass(frozen=True)
class Ranking:
    """The accounts, and how many customers with invoices no account of the CRM stands for."""

    accounts: list[Untagged]
    unlinked: int
    invoices: int


def invoices(books: Client, since: date | None) -> Iterable[Row]:
    """A page for 200 invoices; `since` the first day that counts."""
    params = {"filter_by": "Status.All", **({"date_after": since.isoformat()} if since else {})}
    for row in pages(books, f"{BOOKS}/invoices", "invoices", params):
        if since is None or str(row.get("date") or "") >= since.isoformat():
            yield row


def accounts(crm: Client) -> dict[str, Row]:
    """Every account that is a customer in inventory, by its id there."""
    columns = ("Account_Name", "Inventory_ID", "Price_List")
    return {str(row["Inventory_ID"]): row for row in rows_of(crm, "Accounts", columns, "Inventory_ID is not null")}


def sold(rows: Iterable[Row]) -> list[Sold]:
    """Sums by customer and currency."""
    found: dict[tuple[str, str], Sold] = {}
    for row in rows:
        if row.get("status") in _NONE_BILLED:
            continue
        key = str(row.get("customer_id") or ""), str(row.get("currency_code") or "")
        before = found.get(key, Sold(*key, Decimal(0), 0, ""))
        total = before.invoiced + Decimal(str(row.get("total") or 0))
        found[key] = Sold(*key, total, before.invoices + 1, max(before.last, str(row.get("date") or "")))
    return list(found.values())


def ranked(sums: Iterable[Sold], known: Mapping[str, Row], most: int) -> Ranking:
    """The biggest `most` of each currency that have no price list; equal amounts in order of id."""
    sums = list(sums)
    left = [one for one in sums if one.customer in known and not known[one.customer].get("Price_List")]
    found = []
    for currency in sorted({one.currency for one in left}):
        biggest = sorted(
            (one for one in left if one.currency == currency and one.invoiced > 0),
            key=lambda one: (-one.invoiced, str(known[one.customer]["id"])),
        )
        for place, one in enumerate(biggest[:most], start=1):
            account = known[one.customer]
            found.append(
                Untagged(
                    place, str(account["id"]), str(account.get("Account_Name") or ""), one.customer, currency,
                    one.invoiced, one.invoices, one.last,
                )
            )  # fmt: skip
    unlinked = len({one.customer for one in sums if one.customer not in known})
    return Ranking(found, unlinked, sum(one.invoices for one in sums))
