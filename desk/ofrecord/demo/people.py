"""The people of the demo: they look at records and edit them through the vendors' own APIs, knowing nothing of the sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from ofrecord.demo.stage import DemoError, Stage

Record = dict[str, Any]
TIMEOUT_S = 60


class People:
    """A browser's worth of API access, with a token of its own."""

    def __init__(self, stage: Stage) -> None:
        names = ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "ORGANIZATION_ID")
        client_id, secret, refresh, self.organization = (stage.environment[f"OFRECORD_{name}"] for name in names)
        self.url = stage.environment["OFRECORD_API_URL"]
        self.session = requests.Session()
        form = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": secret,
            "refresh_token": refresh,
        }
        accounts = stage.environment["OFRECORD_ACCOUNTS_URL"]
        answer = self.session.post(f"{accounts}/oauth/v2/token", data=form, timeout=TIMEOUT_S)
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {answer.json()['access_token']}"

    def close(self) -> None:
        """Close the browser."""
        self.session.close()

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One call; the decoded answer, or None when it has no body. Raises DemoError when the vendor refuses."""
        if not path.startswith("/crm"):
            query["organization_id"] = self.organization
        answer = self.session.request(method, self.url + path, params=query, json=body, timeout=TIMEOUT_S)
        if not answer.ok:
            msg = f"{method} {path} was refused with HTTP {answer.status_code}."
            raise DemoError(msg)
        return answer.json(parse_float=Decimal) if answer.content else None

    def crm_list(self, module: str, fields: str) -> list[Record]:
        """Every record of a module."""
        rows: list[Record] = []
        query = {"fields": fields, "per_page": "200"}
        while True:
            page = self.ask("GET", f"/crm/v8/{module}", **query)
            if page is None:
                return rows
            rows += page["data"]
            if not page["info"]["more_records"]:
                return rows
            query["page_token"] = page["info"]["next_page_token"]

    def crm_get(self, module: str, key: str) -> Record:
        """One record with its subforms; empty when there is none."""
        page = self.ask("GET", f"/crm/v8/{module}/{key}")
        return page["data"][0] if page else {}

    def crm_put(self, module: str, key: str, **values: Any) -> None:
        """Edit one record by hand; raises DemoError when the CRM refuses."""
        self.ask("PUT", f"/crm/v8/{module}", {"data": [{"id": key, **values}]})

    def finance_list(self, path: str, key: str) -> list[Record]:
        """Every row of a finance list such as `/inventory/v1/items`."""
        rows: list[Record] = []
        for number in range(1, 10_000):
            page = self.ask("GET", path, page=str(number), per_page="200")
            rows += page[key]
            if not page["page_context"]["has_more_page"]:
                break
        return rows

    def finance_get(self, path: str, key: str) -> Record:
        """One finance record in full."""
        record = self.ask("GET", path)[key]
        return record if isinstance(record, dict) else {}


@dataclass
class Edit:
    """One edit and where it must show."""

    what: str
    who: str
    entity: str
    field: str
    """The field's name in the rules, lower case."""
    where: str
    """The place where it must show, in words."""
    ids: tuple[str, ...]
    """Ids of the edited record and its counterpart, to find the events in the ledger."""
    make: Callable[[], None]
    look: Callable[[], Any]
    """The value at the place where the edit must arrive (or be undone), read before and after the sync."""
    expected: Any
    before: Any = None
    after: Any = None
    rule: str = ""
    """What decided it, where the ledger has no event of it."""

    @property
    def arrived(self) -> bool:
        """Whether the value is what the rules say it must be."""
        return self.expected(self.after) if callable(self.expected) else bool(self.after == self.expected)


def five_edits(people: People) -> list[Edit]:
    """Chosen from what is synced by now; raises DemoError when the company has no fitting record."""
    products = {row["Inventory_ID"]: row for row in people.crm_list("Products", "Product_Name,Unit_Price,Inventory_ID")}
    items = [
        item
        for item in people.finance_list("/inventory/v1/items", "items")
        if item["item_id"] in products and item["status"] == "active" and item["rate"] > 1
    ]
    accounts = [row for row in people.crm_list("Accounts", "Account_Name,Phone,Inventory_ID") if row["Inventory_ID"]]
    accounts.sort(key=lambda row: not row["Phone"])
    quote = open_quote(people, {row["id"] for row in accounts}, {row["id"] for row in products.values()})
    if len(items) < 3 or not accounts:  # noqa: PLR2004 - three edits need three items
        msg = "The first sync linked too few products or accounts to show edits."
        raise DemoError(msg)
    return [
        price_edit(people, items[0], products),
        name_edit(people, min(items[3:] or items[1:2], key=lambda item: len(item["name"])), products),
        phone_edit(people, accounts[0]),
        forbidden_edit(people, items[2], products),
        acceptance(people, quote),
    ]


def open_quote(people: People, accounts: set[str], products: set[str]) -> Record:
    """An open quote whose account and products have counterparts."""
    for row in people.crm_list("Quotes", "Subject,Quote_Stage,Account_Name"):
        if row["Quote_Stage"] != "Accepted" and (row["Account_Name"] or {}).get("id") in accounts:
            quote = people.crm_get("Quotes", row["id"])
            if all(line["Product_Name"]["id"] in products for line in quote["Quoted_Items"]):
                return quote
    msg = "There is no open quote whose account and products are synced."
    raise DemoError(msg)


def price_edit(people: People, item: Record, products: dict[str, Record]) -> Edit:
    """A new price in inventory must reach the CRM."""
    path, product = f"/inventory/v1/items/{item['item_id']}", products[item["item_id"]]["id"]
    price = item["rate"] + Decimal("1.25")
    return Edit(
        what=f"price of {item['sku']} raised to {price}",
        who="purchasing, in inventory",
        entity="product",
        field="list price",
        where="in the CRM",
        ids=(item["item_id"], product),
        make=lambda: people.ask("PUT", path, {"rate": float(price)}) and None,
        look=lambda: people.crm_get("Products", product)["Unit_Price"],
        expected=price,
    )


def name_edit(people: People, item: Record, products: dict[str, Record]) -> Edit:
    """A new item name in inventory must reach the CRM."""
    path, product = f"/inventory/v1/items/{item['item_id']}", products[item["item_id"]]["id"]
    name = f"{item['name'][:80]} II"
    return Edit(
        what=f"{item['sku']} renamed",
        who="purchasing, in inventory",
        entity="product",
        field="name",
        where="in the CRM",
        ids=(item["item_id"], product),
        make=lambda: people.ask("PUT", path, {"name": name}) and None,
        look=lambda: people.crm_get("Products", product)["Product_Name"],
        expected=name,
    )


def phone_edit(people: People, account: Record) -> Edit:
    """A new phone in the CRM must reach the finance contact."""
    contact, phone = account["Inventory_ID"], "+1 206 555 0188"
    path = f"/inventory/v1/contacts/{contact}"
    return Edit(
        what=f"phone of {account['Account_Name'][:40]} set to {phone}",
        who="sales, in the CRM",
        entity="account",
        field="phone",
        where="in inventory",
        ids=(account["id"], contact),
        make=lambda: people.crm_put("Accounts", account["id"], Phone=phone),
        look=lambda: people.finance_get(path, "contact")["billing_address"].get("phone"),
        expected=lambda seen: digits(seen) == digits(phone),
    )


def digits(phone: str | None) -> str:
    """The digits of a phone number, for comparing two spellings."""
    return "".join(filter(str.isdigit, phone or ""))


def forbidden_edit(people: People, item: Record, products: dict[str, Record]) -> Edit:
    """A price changed by hand in the CRM must be put back: inventory owns it."""
    product = products[item["item_id"]]["id"]
    return Edit(
        what=f"price of {item['sku']} set to 1 by hand",
        who="sales, in the CRM, where it is not theirs to set",
        entity="product",
        field="list price",
        where="in the CRM, put back",
        ids=(item["item_id"], product),
        make=lambda: people.crm_put("Products", product, Unit_Price=1),
        look=lambda: people.crm_get("Products", product)["Unit_Price"],
        expected=item["rate"],
    )


def acceptance(people: People, quote: Record) -> Edit:
    """An accepted quote must become exactly one sales order, to the cent, told to the warehouse and as a file beside the deal."""

    def orders() -> str:
        path = "/inventory/v1/salesorders"
        own = [
            row for row in people.finance_list(path, "salesorders") if row["reference_number"] == quote["Quote_Number"]
        ]
        if not own:
            return "no order"
        orders = ", ".join(f"{row['salesorder_number']} {row['status']} {row['total']:.2f}" for row in own)
        told = all(people.finance_get(f"{path}/{row['salesorder_id']}", "salesorder")["is_emailed"] for row in own)
        beside = people.ask("GET", f"/crm/v8/Deals/{quote['Deal_Name']['id']}/Attachments", fields="id,File_Name")
        files = len(beside["data"]) if beside else 0
        return f"{orders}, {'mailed' if told else 'NOT mailed'}, {files} PDF"

    total = f"{quote['Grand_Total']:.2f}"
    return Edit(
        what=f"quote {quote['Quote_Number']} of {total} accepted",
        who="sales, in the CRM",
        entity="order",
        field="",
        where="in inventory",
        ids=(quote["id"],),
        make=lambda: people.crm_put("Quotes", quote["id"], Quote_Stage="Accepted"),
        look=orders,
        expected=lambda seen: seen.count("SO-") == 1 and seen.endswith(f" confirmed {total}, mailed, 1 PDF"),
    )
