"""What prices are made of, read in few calls: a page of price lists, the organisation's currency, a query for a hundred products.

Sources: Zoho Inventory v1 OpenAPI, "List all pricebooks" (its rows carry the entries), "Organizations"; Zoho CRM v8 docs, "Records through a
COQL Query"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ofrecord.prices.lists import PriceList, list_of
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_coql import PATH, both, quoted
from ofrecord_kit.target.destination import chunks
from ofrecord_kit.vendors.crm_coql import VALUES_A_QUERY
from ofrecord_kit.vendors.finance import INVENTORY

_A_PAGE = 200
_ROWS = 2000
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Product:
    """A product of the CRM: its item in inventory, where it is linked with one, and its standard price."""

    item: str
    price: Decimal | None


def price_lists(client: Client) -> dict[str, PriceList]:
    """Every price list, by inventory's id."""
    params = {"filter_by": "SalesOrPurchaseType.Sales"}
    return {one.id: one for one in map(list_of, pages(client, f"{INVENTORY}/pricebooks", "pricebooks", params))}


def own_currency(client: Client) -> str:
    """The currency in which items are priced: that of the organisation."""
    path = f"{INVENTORY}/organizations/{client.connection.organization_id}"
    return str(((client.get(path).body or {}).get("organization") or {}).get("currency_code") or "")


def products(client: Client, ids: Iterable[str]) -> dict[str, Product]:
    """By id; those that do not exist are left out."""
    found = {}
    for some in chunks(sorted(set(ids)), VALUES_A_QUERY):
        condition = f"id in ({', '.join(quoted(one) for one in some)})"
        for row in rows_of(client, "Products", ("Unit_Price", "Inventory_ID"), condition):
            price = row.get("Unit_Price")
            found[str(row["id"])] = Product(
                str(row.get("Inventory_ID") or ""), None if price is None else Decimal(str(price))
            )
    return found


def rows_of(client: Client, module: str, columns: Iterable[str], condition: str) -> Iterator[Row]:
    """All records that fulfil a condition, page after page by id."""
    last = ""
    while True:
        where = both(condition, f"id > '{last}'" if last else "")
        said = ", ".join(["id", *columns])
        query = f"select {said} from {module} where {where} order by id asc limit 0, {_ROWS}"  # noqa: S608 - COQL; values are escaped
        body = client.send("POST", PATH, json={"select_query": query}, repeatable=True).body or {}
        for row in body.get("data", []):
            last = str(row["id"])
            yield row
        if not (body.get("info") or {}).get("more_records"):
            return


def pages(client: Client, path: str, key: str, params: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a list of the finance side."""
    page = 1
    while True:
        body = client.get(path, params={**params, "page": page, "per_page": _A_PAGE}).body or {}
        yield from body.get(key, [])
        if not (body.get("page_context") or {}).get("has_more_page"):
            return
        page += 1
