"""Accounts, contacts, vendors, items, prices and CRM products of the built-in company."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from ofrecord_sandbox.seeds import invented
from ofrecord_sandbox.seeds.doors import Doors, Record, as_number, custom

if TYPE_CHECKING:
    from random import Random

    from ofrecord_sandbox.seeds.demo import DemoFacts

ACCOUNTS, CONTACTS, LONE_CONTACTS, ITEMS = 300, 500, 12, 400
CUSTOMERS_LINKED, CUSTOMERS_BY_NAME = 40, 5
COMPOSITES = {397: "assembly", 398: "kit"}
"""Items that are made of others, by number; the lists of items and of composite items both hold them."""
PRODUCTS_KNOWN, PRODUCTS_UNKNOWN, PRODUCTS_DOUBLE = 50, 8, 2
_FINANCE_NAME_LIMIT = 200
_FOREIGN = {0: "JPY", 1: "JPY", 2: "KWD", 3: "KWD"}
"""Currency of the first linked customers, by position."""
_UNITS = ("pcs", "kg", "g", "box", "m", "pcs", "Stk", "pcs")
_WEIGHT_UNITS = ("kg", "g", "lb", "kg", "oz")


@dataclass
class Item:
    """An inventory item as the documents need it."""

    item_id: str
    sku: str
    name: str
    unit: str
    rate: Decimal
    product_id: str = ""
    """Its CRM product, when a rep made one."""


_MOVED = 15
"""Every so many customers have another address in inventory than in the CRM."""


@dataclass
class Customer:
    """A CRM account, and its inventory contact when there is one."""

    account_id: str
    name: str
    phone: str | None
    place: dict[str, str] = field(default_factory=dict)
    """Its address in the CRM by part; empty when it has none."""
    contact_id: str = ""
    currency: str = "USD"
    person_id: str | None = None


@dataclass
class Masters:
    """What the documents refer to."""

    linked: list[Customer] = field(default_factory=list)
    """Known in inventory by `cf_crm_id`; the first four pay in JPY, JPY, KWD, KWD."""
    others: list[Customer] = field(default_factory=list)
    """Known in the CRM alone."""
    quotable: list[Item] = field(default_factory=list)
    """Active items with a CRM product and a price."""


def plant(doors: Doors, random: Random, facts: DemoFacts) -> Masters:
    """All master records."""
    accounts = _accounts(doors, random, facts)
    _contacts(doors, random, accounts, facts)
    items = _items(doors, random, facts)
    _price_lists(doors, items, facts)
    quotable = _products(doors, items, facts)
    linked = _customers(doors, random, accounts, facts)
    _vendors(doors, random, facts)
    others = [one for one in accounts if not one.contact_id and len(one.name) <= _FINANCE_NAME_LIMIT]
    shared = {name for name, count in Counter(one.name for one in accounts).items() if count > 1}
    return Masters(linked, [one for one in others if one.name not in shared], quotable)


def _accounts(doors: Doors, random: Random, facts: DemoFacts) -> list[Customer]:
    names = invented.account_names(random, ACCOUNTS)
    records: list[Record] = []
    places: list[dict[str, str]] = []
    for number, name in enumerate(names, start=1):
        record: Record = {"Account_Name": name}
        if number % 9:
            record["Phone"] = invented.phone(random)
        if number % 4:
            record["Website"] = f"https://company{number}.example.com"
        place = dict(invented.address(random, number)) if number % 7 else {}
        record |= {f"Billing_{part.title()}": value for part, value in place.items() if value}
        places.append(place)
        records.append(record)
    ids = doors.crm("Accounts", records)
    counts = Counter(names)
    facts.accounts = len(ids)
    facts.same_name_pairs = sum(count > 1 for count in counts.values())
    long = [account_id for account_id, name in zip(ids, names, strict=True) if len(name) > _FINANCE_NAME_LIMIT]
    facts.too_long_names = len(long)
    facts.long_name_account = {"account_id": long[0]}
    return [
        Customer(account_id, record["Account_Name"], record.get("Phone"), place)
        for account_id, record, place in zip(ids, records, places, strict=True)
    ]


def _contacts(doors: Doors, random: Random, accounts: list[Customer], facts: DemoFacts) -> None:
    """Several for the first accounts, none for some, and a dozen who belong to nobody."""
    owners = [accounts[number % 240] for number in range(CONTACTS - LONE_CONTACTS)]
    records: list[Record] = []
    for number in range(CONTACTS):
        given, family = invented.person(random)
        record: Record = {"Last_Name": family}
        if number % 11:
            record["First_Name"] = given
        if number % 6:
            record["Email"] = f"person{number}@example.{('org', 'com', 'net')[number % 3]}"
        if number % 5:
            record["Phone"] = invented.phone(random)
        if number < len(owners):
            record["Account_Name"] = {"id": owners[number].account_id}
        records.append(record)
    ids = doors.crm("Contacts", records)
    for owner, person_id in zip(reversed(owners), reversed(ids[: len(owners)]), strict=True):
        owner.person_id = person_id
    facts.contacts, facts.contacts_without_account = len(ids), LONE_CONTACTS


def _items(doors: Doors, random: Random, facts: DemoFacts) -> list[Item]:
    stores = doors.locations(["Main Warehouse", "Harbour Warehouse"])
    items: list[Item] = []
    for number in range(1, ITEMS + 1):
        item, values = _item(random, number, stores)
        if number in COMPOSITES:
            item.item_id = doors.composite(_composite(values, COMPOSITES[number], items))
        else:
            item.item_id = doors.item(values)
        items.append(item)
    sleeping = items[200:215]
    for item in sleeping:
        doors.finance("POST", f"inventory/v1/items/{item.item_id}/inactive")
    facts.items, facts.inactive_items = len(items), len(sleeping)
    facts.composite_items = len(COMPOSITES)
    facts.items_with_price_zero = sum(item.rate == 0 for item in items)
    return items


def _item(random: Random, number: int, stores: list[str]) -> tuple[Item, Record]:
    service = number % 25 == 0
    name = f"Montage & Beratung {number}" if service else invented.item_name(random, number)
    if number == ITEMS:
        name = f"Sonderanfertigung nach Zeichnung, {'sehr ' * 40}lang"[:100].rstrip()
    rate = Decimal(0) if number % 60 == 0 else Decimal(random.randint(50, 90_000)) / 100
    item = Item("", f"OF-{number:04d}", name, "h" if service else _UNITS[number % len(_UNITS)], rate)
    values: Record = {"name": name, "sku": item.sku, "unit": item.unit, "rate": as_number(rate)}
    cost = (rate * Decimal("0.6")).quantize(Decimal("0.01"))
    values["purchase_rate"] = as_number(cost)
    if number % 3:
        values["description"] = f"Position {number} of the catalogue"
    if service:
        return item, values | {"product_type": "service", "item_type": "sales_and_purchases"}
    values |= {"product_type": "goods", "item_type": "inventory", "reorder_level": number % 20}
    if number % 8:
        weight = Decimal(random.randint(1, 25_000)) / 1000
        unit = _WEIGHT_UNITS[number % len(_WEIGHT_UNITS)]
        values["package_details"] = {"weight": as_number(weight), "weight_unit": unit}
    values["locations"] = [
        {"location_id": place, "initial_stock": random.randint(2_000, 9_000), "initial_stock_rate": as_number(cost)}
        for place in (stores if number % 5 else stores[:1])
    ]
    return item, values


def _composite(values: Record, kind: str, items: list[Item]) -> Record:
    """The same item made of four of the first and one of the second; assemblies have a stock of their own."""
    parts = [{"item_id": items[0].item_id, "quantity": 4}, {"item_id": items[1].item_id, "quantity": 1}]
    kept = {key: value for key, value in values.items() if key != "locations"}
    if kind == "assembly":
        kept |= {"initial_stock": 25, "initial_stock_rate": values["purchase_rate"]}
    return kept | {"combo_type": kind, "mapped_items": parts}


def _price_lists(doors: Doors, items: list[Item], facts: DemoFacts) -> None:
    single = [
        {"item_id": item.item_id, "pricebook_rate": as_number((item.rate * Decimal("0.85")).quantize(Decimal("0.01")))}
        for item in items[:30]
    ]
    for values in (
        {"name": "Resellers -15 %", "pricebook_type": "fixed_percentage", "percentage": 15, "is_increase": False},
        {
            "name": "Express +10 % für Eilige",
            "pricebook_type": "fixed_percentage",
            "percentage": 10,
            "is_increase": True,
        },
        {"name": "Rahmenvertrag Müller", "pricebook_type": "per_item", "pricebook_items": single},
    ):
        body = {**values, "sales_or_purchase_type": "sales", "rounding_type": "no_rounding"}
        doors.finance("POST", "inventory/v1/pricebooks", body)
        facts.price_lists += 1


def _products(doors: Doors, items: list[Item], facts: DemoFacts) -> list[Item]:
    """What reps typed into the CRM: mostly known codes, some prices and names of their own."""
    known = [item for item in items[:70] if item.rate][:PRODUCTS_KNOWN]
    records: list[Record] = []
    for number, item in enumerate(known):
        name = item.name.upper() if number % 7 == 3 else item.name  # noqa: PLR2004 - every seventh
        price = item.rate + 5 if number % 5 == 2 else item.rate  # noqa: PLR2004 - every fifth
        records.append(_product(name, item.sku, price))
    records += [_product(f"Ladenhüter {n}", f"OLD-{n:03d}", Decimal(n)) for n in range(1, PRODUCTS_UNKNOWN + 1)]
    twin = items[80]
    records += [_product(f"{twin.name} ({n})", twin.sku, twin.rate) for n in range(1, PRODUCTS_DOUBLE + 1)]
    ids = doors.crm("Products", records)
    for item, product_id in zip(known, ids[: len(known)], strict=True):
        item.product_id = product_id
    facts.crm_products, facts.products_with_known_code = len(ids), len(known)
    facts.products_with_unknown_code, facts.products_sharing_a_code = PRODUCTS_UNKNOWN, PRODUCTS_DOUBLE
    facts.price_edit = {"item_id": known[0].item_id, "sku": known[0].sku}
    facts.name_edit = {"item_id": known[1].item_id, "sku": known[1].sku}
    edit = known[4]
    facts.forbidden_edit = {"product_id": edit.product_id, "item_id": edit.item_id, "sku": edit.sku}
    return known


def _product(name: str, code: str, price: Decimal) -> Record:
    return {"Product_Name": name, "Product_Code": code, "Unit_Price": as_number(price), "Product_Active": True}


def _customers(doors: Doors, random: Random, accounts: list[Customer], facts: DemoFacts) -> list[Customer]:
    """40 customers that say which account they are, 5 that only share its name; a few have moved in one system only."""
    plain = len(invented.ODD_ACCOUNTS) + 2 * len(invented.TWINS) + len(invented.LONG_ACCOUNTS)
    chosen = accounts[plain : plain + CUSTOMERS_LINKED - 4] + accounts[4:8]
    by_name = [accounts[0], accounts[2], *accounts[150:153]]
    for number, customer in enumerate([*chosen, *by_name]):
        values: Record = {"contact_name": customer.name, "contact_type": "customer", "payment_terms": 30}
        if number % 3 == 0:
            values["credit_limit"] = 1000 * (number + 1)
        if number < len(chosen):
            customer.currency = _FOREIGN.get(number, "USD")
            values["custom_fields"] = custom(cf_crm_id=customer.account_id)
        if customer.currency != "USD":
            digits = 0 if customer.currency == "JPY" else 3
            values["currency_id"] = doors.currency(customer.currency, customer.currency, digits)
        place = invented.address(random, number)
        if customer.place and number % _MOVED:
            place = customer.place
        values["billing_address"] = {
            "address": place["street"], "city": place["city"], "state": place["state"], "zip": place["code"],
            "country": place["country"], "phone": customer.phone or "",
        }  # fmt: skip
        customer.contact_id = doors.contact(values)
    facts.customers_linked, facts.customers_by_name_only = len(chosen), len(by_name)
    facts.customers = len(chosen) + len(by_name)
    called = next(one for one in chosen if one.phone)
    facts.phone_edit = {
        "account_id": called.account_id, "contact_id": called.contact_id, "phone": called.phone or "",
    }  # fmt: skip
    return chosen


def _vendors(doors: Doors, random: Random, facts: DemoFacts) -> None:
    """Eight in both systems, six in each alone."""
    names = [f"{word} Lieferanten {form}" for word, form in zip(_VENDOR_WORDS, ("GmbH", "Ltd.") * 10, strict=True)]
    crm, inventory = names[:14], names[:8] + names[14:]
    doors.crm("Vendors", [{"Vendor_Name": name, "Phone": invented.phone(random)} for name in crm])
    for number, name in enumerate(inventory):
        given, family = invented.person(random)
        person = {"first_name": given, "last_name": family, "email": f"vendor{number}@example.net"}
        doors.contact({"contact_name": name, "contact_type": "vendor", "contact_persons": [person]})
    facts.vendors, facts.vendors_in_both = len(names), len(set(crm) & set(inventory))
    facts.vendors_only_crm = len(set(crm) - set(inventory))
    facts.vendors_only_inventory = len(set(inventory) - set(crm))


_VENDOR_WORDS = [
    "Alpen",
    "Börde",
    "Cölln",
    "Düne",
    "Eifel",
    "Förde",
    "Geest",
    "Harz",
    "Ith",
    "Jura",
    "Kyffhäuser",
    "Lausitz",
    "Marsch",
    "Neckar",
    "Ostsee",
    "Pfalz",
    "Rügen",
    "Sylt",
    "Taunus",
    "Unstrut",
]
