"""The Classic Models company behind the vendors' doors, by their own calls: what sales, the warehouse and accounting enter themselves."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from jobs.flows.classic_files import Files, Order, Row

from ofrecord_sandbox.seeds.doors import Doors, as_number

OPENING = 10_000_000
Record = dict[str, Any]


@dataclass
class Entered:
    """Ids by what the files call it."""

    items: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    deals: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)


def enter_masters(doors: Doors, files: Files) -> Entered:
    """Models in inventory; customers in the CRM, each with its contact."""
    entered = Entered()
    for row in files.products:
        entered.items[row["productCode"]] = doors.item({
            "name": row["productName"], "sku": row["productCode"], "unit": "pcs", "rate": as_number(Decimal(row["MSRP"])),
            "purchase_rate": as_number(Decimal(row["buyPrice"])), "description": row["productDescription"],
            "product_type": "goods", "item_type": "inventory", "initial_stock": OPENING, "initial_stock_rate": 1,
        })  # fmt: skip
    keys = [row["customerNumber"] for row in files.customers]
    accounts = doors.crm("Accounts", [_account(row) for row in files.customers])
    entered.accounts = dict(zip(keys, accounts, strict=True))
    doors.crm("Contacts", [_contact(row, entered) for row in files.customers])
    return entered


def _account(row: Row) -> Record:
    street = "\n".join(one for one in (row["addressLine1"], row["addressLine2"]) if one)
    said = {
        "Account_Name": row["customerName"], "Phone": row["phone"], "Billing_Street": street, "Billing_City": row["city"],
        "Billing_State": row["state"], "Billing_Code": row["postalCode"], "Billing_Country": row["country"],
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _contact(row: Row, entered: Entered) -> Record:
    account = {"id": entered.accounts[row["customerNumber"]]}
    return {"First_Name": row["contactFirstName"], "Last_Name": row["contactLastName"], "Account_Name": account}


def enter_sales(doors: Doors, files: Files, entered: Entered, products: dict[str, str]) -> None:
    """A deal and an accepted quote for each order; `products`: what the sync made of the items, by code."""
    orders = list(files.orders.values())
    deals = doors.crm("Deals", [
        {"Deal_Name": f"Order {one.number}", "Account_Name": {"id": entered.accounts[one.customer]}, "Stage": "Closed Won"}
        for one in orders
    ])  # fmt: skip
    entered.deals = {one.number: key for one, key in zip(orders, deals, strict=True)}
    doors.crm("Quotes", [_quote(one, entered, products) for one in orders])


def _quote(one: Order, entered: Entered, products: dict[str, str]) -> Record:
    return {
        "Subject": one.number, "Quote_Stage": "Accepted", "Account_Name": {"id": entered.accounts[one.customer]},
        "Deal_Name": {"id": entered.deals[one.number]},
        "Quoted_Items": [
            {"Product_Name": {"id": products[code]}, "Quantity": pieces, "List_Price": as_number(price)}
            for code, pieces, price in one.lines
        ],
    }  # fmt: skip


def enter_money(doors: Doors, files: Files, entered: Entered, orders: dict[str, Record]) -> None:
    """Invoices of what was shipped, payments, and what was cancelled; `orders`: what the sync made of the quotes, by number.

    An order the sync did not make is not invoiced either, and what was paid for it stays an advance.
    """
    for one in files.orders.values():
        if one.is_invoiced and one.number in orders:
            _invoice(doors, one, entered, orders[one.number])
    for row in files.payments:
        _pay(doors, files, row, entered, orders)
    for one in files.orders.values():
        if one.is_void and one.number in orders:
            if one.is_invoiced:
                doors.finance("POST", f"books/v3/invoices/{entered.invoices[one.number]}/status/void")
            doors.finance("POST", f"inventory/v1/salesorders/{orders[one.number]['salesorder_id']}/status/void")


def _invoice(doors: Doors, one: Order, entered: Entered, order: Record) -> None:
    body = {"invoice_number": one.number, "date": one.row["shippedDate"], "due_date": one.due}
    query = {"salesorder_id": order["salesorder_id"], "send": "true", "ignore_auto_number_generation": "true"}
    entered.invoices[one.number] = doors.finance("POST", "books/v3/invoices", body, **query)["invoice"]["invoice_id"]


def _pay(doors: Doors, files: Files, row: Row, entered: Entered, orders: dict[str, Record]) -> None:
    shares = {number: share for number, share in files.laid[row["checkNumber"]].items() if number in orders}
    if not shares:
        return
    doors.finance("POST", "books/v3/customerpayments", {
        "customer_id": orders[next(iter(shares))]["customer_id"], "payment_mode": "check", "date": row["paymentDate"],
        "reference_number": row["checkNumber"], "amount": as_number(Decimal(row["amount"])),
        "invoices": [
            {"invoice_id": entered.invoices[number], "amount_applied": as_number(share)} for number, share in shares.items()
        ],
    })  # fmt: skip
