"""Reseller orders of the AdventureWorks sample as deals, quotes, orders, shipments and invoices.

Amounts: a line is quantity times unit price (up to four decimals) rounded half up to cents, less its percentage rounded
to cents and written as an amount, so CRM and finance compute the same cents. Tax and freight of the source belong to the
whole order and have four decimals; both, and the cents by which the rounded lines differ from the source, are one
adjustment, which makes every Grand_Total and order total equal the source's TotalDue rounded half up to cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from ofrecord_sandbox.seeds import adventureworks, adventureworks_files
from ofrecord_sandbox.seeds.doors import Doors, Record, RefusedSeedError, as_number, custom

if TYPE_CHECKING:
    from ofrecord_sandbox.seeds.adventureworks import AdventureWorksFacts, Company
    from ofrecord_sandbox.seeds.adventureworks_files import Row, Source

_CENT = Decimal("0.01")
UNDECIDED = 5
"""The last open orders stand for quotes that nobody has accepted yet: the source itself holds orders only."""
ADJUSTMENT = "Tax and freight"


@dataclass
class _Line:
    product: str
    quantity: int
    price: Decimal
    discount: Decimal


@dataclass
class Reseller:
    """One reseller order of the source and what became of it."""

    row: Row
    store: str
    lines: list[_Line]
    adjustment: Decimal
    undecided: bool = False
    deal_id: str = ""
    quote_id: str = ""

    @property
    def ordered(self) -> date:
        """OrderDate."""
        return date.fromisoformat(self.row["OrderDate"][:10])

    @property
    def shipped(self) -> date:
        """ShipDate."""
        return date.fromisoformat(self.row["ShipDate"][:10])

    @property
    def is_open(self) -> bool:
        """Not shipped by the as-of date."""
        return self.shipped > adventureworks.AS_OF

    @property
    def stage(self) -> str:
        """Quote stage in the CRM."""
        return "Negotiation" if self.undecided else "Accepted"


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to two decimals."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def resellers(source: Source) -> list[Reseller]:
    """Orders of stores placed by the as-of date, by date and number."""
    customers = source.by("Customer", "CustomerID")
    details = source.grouped("SalesOrderDetail", "SalesOrderID")
    found = []
    for row in source.tables["SalesOrderHeader"]:
        store = customers[row["CustomerID"]]["StoreID"]
        if not store or date.fromisoformat(row["OrderDate"][:10]) > adventureworks.AS_OF:
            continue
        lines = [_line(one) for one in details[row["SalesOrderID"]]]
        net = sum((cents(one.price * one.quantity) - one.discount for one in lines), Decimal(0))
        found.append(Reseller(row, store, lines, cents(Decimal(row["TotalDue"])) - net))
    found.sort(key=lambda one: (one.ordered, one.row["SalesOrderID"]))
    for one in [one for one in found if one.is_open][-UNDECIDED:]:
        one.undecided = True
    return found


def _line(row: Row) -> _Line:
    quantity, price = int(row["OrderQty"]), Decimal(row["UnitPrice"])
    discount = cents(cents(price * quantity) * Decimal(row["UnitPriceDiscount"]))
    return _Line(row["ProductID"], quantity, price, discount)


def plant(doors: Doors, source: Source, company: Company, facts: AdventureWorksFacts) -> set[str]:
    """All documents; returns the ids (of the source) of products that open quotes promise."""
    orders = resellers(source)
    facts.internet_orders = len(source.tables["SalesOrderHeader"]) - len(orders)
    facts.with_more_than_two_decimals = sum(
        Decimal(one.row["TotalDue"]) != cents(Decimal(one.row["TotalDue"])) for one in orders
    )
    products = _products(doors, source, orders, facts)
    for day, group in groupby(orders, key=lambda one: one.ordered):
        _freeze(doors, day, 9)
        _quotes(doors, list(group), company, products)
    customers = _customers(doors, source, company, orders, facts)
    for day, group in groupby((one for one in orders if not one.is_open), key=lambda one: one.shipped):
        _freeze(doors, day, 15)
        for one in group:
            if one.store in customers:
                _ship(doors, one, customers[one.store], company, facts)
            else:
                facts.customers_refused_orders += 1
    accepted = sum(one.stage == "Accepted" for one in orders)
    facts.quotes, facts.accepted_with_order = len(orders), facts.orders
    facts.accepted_without_order = accepted - facts.orders
    facts.negotiation = len(orders) - accepted
    return {line.product for one in orders if one.is_open for line in one.lines}


def _freeze(doors: Doors, day: date, hour: int) -> None:
    doors.world.clock.freeze(datetime.combine(day, time(hour), UTC))


def _products(doors: Doors, source: Source, orders: list[Reseller], facts: AdventureWorksFacts) -> dict[str, str]:
    """CRM products of what was quoted, as reps would have made them; id by ProductID."""
    rows = source.by("Product", "ProductID")
    used = sorted({line.product for one in orders for line in one.lines}, key=int)
    records = [
        {
            "Product_Name": rows[key]["Name"],
            "Product_Code": rows[key]["ProductNumber"],
            "Unit_Price": as_number(Decimal(rows[key]["ListPrice"])),
            "Product_Active": True,
        }
        for key in used
    ]
    facts.crm_products = len(records)
    return dict(zip(used, doors.crm("Products", records), strict=True))


def _quotes(doors: Doors, orders: list[Reseller], company: Company, products: dict[str, str]) -> None:
    deals = [_deal(one, company.accounts[one.store]) for one in orders]
    for one, deal_id in zip(orders, doors.crm("Deals", deals), strict=True):
        one.deal_id = deal_id
    quotes = [_quote(one, company, products) for one in orders]
    for one, quote_id in zip(orders, doors.crm("Quotes", quotes), strict=True):
        one.quote_id = quote_id


def _deal(one: Reseller, account_id: str) -> Record:
    return {
        "Deal_Name": f"Order {one.row['SalesOrderNumber']}",
        "Account_Name": {"id": account_id},
        "Stage": "Closed Won" if one.stage == "Accepted" else "Negotiation/Review",
        "Closing_Date": one.ordered.isoformat(),
        "Amount": as_number(cents(Decimal(one.row["TotalDue"]))),
    }


def _quote(one: Reseller, company: Company, products: dict[str, str]) -> Record:
    record: Record = {
        "Subject": one.row["SalesOrderNumber"],
        "Quote_Stage": one.stage,
        "Account_Name": {"id": company.accounts[one.store]},
        "Deal_Name": {"id": one.deal_id},
        "Adjustment": as_number(one.adjustment),
        "Quoted_Items": [
            {
                "Product_Name": {"id": products[line.product]},
                "Quantity": line.quantity,
                "List_Price": as_number(line.price),
                "Discount": as_number(line.discount),
            }
            for line in one.lines
        ],
    }
    if one.store in company.persons:
        record["Contact_Name"] = {"id": company.persons[one.store]}
    return record


def _customers(
    doors: Doors, source: Source, company: Company, orders: list[Reseller], facts: AdventureWorksFacts
) -> dict[str, str]:
    """Inventory contacts of stores that were delivered to; contact id by store."""
    names = source.by("Store", "BusinessEntityID")
    places = adventureworks_files.places(source)
    contacts: dict[str, str] = {}
    for store in dict.fromkeys(one.store for one in orders if not one.is_open):
        values = {
            "contact_name": names[store]["Name"],
            "contact_type": "customer",
            "payment_terms": 30,
            "custom_fields": custom(cf_crm_id=company.accounts[store]),
            **adventureworks.addresses(places.get(store, [])),
        }
        try:
            contacts[store] = doors.contact(values)
        except RefusedSeedError as refusal:
            adventureworks.note(facts, "customer", refusal)
    facts.customers = len(contacts)
    return contacts


def _ship(doors: Doors, one: Reseller, customer: str, company: Company, facts: AdventureWorksFacts) -> None:
    """Order, confirmation, package, shipment and unpaid invoice of a delivered order."""
    lines = []
    for line in one.lines:
        row: Record = {
            "item_id": company.items[line.product],
            "quantity": line.quantity,
            "rate": as_number(line.price),
        }
        if line.discount:
            row["discount"] = as_number(line.discount)
        lines.append(row)
    stored = doors.world.store.table("crm/records/Quotes").rows[one.quote_id]
    order = doors.order(
        {
            "customer_id": customer,
            "date": one.ordered.isoformat(),
            "reference_number": stored["Quote_Number"],
            "discount_type": "item_level",
            "is_discount_before_tax": True,
            "line_items": lines,
            "adjustment": as_number(one.adjustment),
            "adjustment_description": ADJUSTMENT,
            "custom_fields": custom(cf_crm_id=one.quote_id, cf_crm_deal_id=one.deal_id),
        }
    )
    doors.confirm(order["salesorder_id"])
    doors.ship(order, one.shipped.isoformat())
    facts.orders += 1
    due = (one.shipped + timedelta(days=30)).isoformat()
    invoice = doors.invoice(order, one.shipped.isoformat(), due)
    doors.send(invoice["invoice_id"])
    facts.invoices += 1
