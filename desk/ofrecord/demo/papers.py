"""Edits that make documents: a service is sold, a customer pays in part, goods come back, the warehouse counts less than was thought."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ofrecord.demo.people import Edit, People, Record
from ofrecord.demo.stage import DemoError

CENT = Decimal("0.01")
FEE = Decimal("1250.50")


def paper_edits(people: People) -> list[Edit]:
    """Chosen from what is synced by now; raises DemoError when the company has no fitting record."""
    accounts = {
        row["id"]: row["Inventory_ID"]
        for row in people.crm_list("Accounts", "Account_Name,Inventory_ID")
        if row["Inventory_ID"]
    }
    fields = "Deal_Name,Account_Name,Stage,Invoice_Number,Balance_Due,Paid_Amount,Payment_Status"
    deals = [row for row in people.crm_list("Deals", fields) if (row["Account_Name"] or {}).get("id") in accounts]
    account = us_dollar_account(people, accounts)
    return [
        service(people, account["id"]),
        part_payment(people, deals),
        credit(people, account["id"], account["contact_id"]),
        shortage(people),
    ]


def us_dollar_account(people: People, accounts: dict[str, str]) -> Record:
    """An account whose customer is billed in US dollars."""
    contacts = {row["contact_id"]: row for row in people.finance_list("/inventory/v1/contacts", "contacts")}
    rows = [{"id": one, **contacts.get(contact, {})} for one, contact in accounts.items()]
    return first(rows, "an account in US dollars", lambda one: one.get("currency_code") == "USD")


def service(people: People, account: str) -> Edit:
    """A deal of services that is won must be billed once, and its invoice must show on it."""
    open_deal = {"Deal_Name": "Training", "Account_Name": {"id": account}, "Stage": "Negotiation/Review"}
    made = people.ask("POST", "/crm/v8/Deals", {"data": [open_deal]})
    deal = made["data"][0]["details"]["id"]

    def billed() -> str:
        seen = people.crm_get("Deals", deal)
        if not seen["Invoice_Number"]:
            return "no invoice"
        return f"{seen['Invoice_Number']} over {seen['Invoiced_Amount']:.2f}, {seen['Payment_Status']}"

    won = {"Stage": "Closed Won", "Sold_As": "Services", "Amount": float(FEE), "Currency_Code": "USD"}
    return Edit(
        what=f"a deal of services over {FEE} won",
        who="sales, in the CRM",
        entity="service invoice",
        field="",
        where="on the deal",
        ids=(deal,),
        make=lambda: people.crm_put("Deals", deal, **won),
        look=billed,
        expected=lambda seen: seen.endswith(f" over {FEE}, Unpaid"),
    )


def part_payment(people: People, deals: list[Record]) -> Edit:
    """A part of an invoice that is paid must show on the deal, with what is left."""
    deal = first(
        deals,
        "a deal with an unpaid invoice",
        lambda one: one["Payment_Status"] in {"Unpaid", "Overdue"} and "," not in (one["Invoice_Number"] or ","),
    )
    rows = people.finance_list("/books/v3/invoices", "invoices")
    invoice = first(rows, "its invoice", lambda one: one["invoice_number"] == deal["Invoice_Number"])
    total, balance = (Decimal(str(invoice[name])) for name in ("total", "balance"))
    paid = (total * Decimal("0.4")).quantize(CENT)
    body = {
        "customer_id": invoice["customer_id"],
        "payment_mode": "banktransfer",
        "amount": float(paid),
        "date": date.today().isoformat(),  # noqa: DTZ011 - a person's day
        "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": float(paid)}],
    }
    left = balance - paid

    def shown() -> str:
        seen = people.crm_get("Deals", deal["id"])
        return f"{seen['Payment_Status']}, {seen['Balance_Due']:.2f} open"

    return Edit(
        what=f"{paid} of {total:.2f} paid for {deal['Invoice_Number']}",
        who="accounting, in books",
        entity="invoice",
        field="",
        where="on the deal",
        ids=(invoice["invoice_id"], deal["id"]),
        make=lambda: people.ask("POST", "/books/v3/customerpayments", body) and None,
        look=shown,
        expected=lambda seen: seen in {f"{state}, {left:.2f} open" for state in ("Partly paid", "Overdue")},
    )


def credit(people: People, account: str, customer: str) -> Edit:
    """A credit must be among the documents of the account before the next quote."""
    item = first(
        people.finance_list("/inventory/v1/items", "items"),
        "an active item",
        lambda one: one["status"] == "active" and one["rate"] > 1,
    )
    rate = Decimal(str(item["rate"]))
    lines = [{"item_id": item["item_id"], "quantity": 1, "rate": float(rate)}]
    body = {"customer_id": customer, "line_items": lines}

    def entries() -> str:
        fields = "Name,Kind,Account,Amount"
        rows = people.crm_list("Finance_Documents", fields)
        own = [row for row in rows if row["Kind"] == "Credit note" and (row["Account"] or {}).get("id") == account]
        return ", ".join(f"{row['Name']} over {row['Amount']:.2f}" for row in own) or "no credit note"

    before = entries()
    return Edit(
        what=f"one {item['sku']} of {rate:.2f} credited",
        who="accounting, in books",
        entity="credit entry",
        field="",
        where="on the account",
        ids=(),
        make=lambda: people.ask("POST", "/books/v3/creditnotes", body) and None,
        look=entries,
        expected=lambda seen: seen.count(" over ") == before.count(" over ") + 1,
        rule="every document is listed there (rules/credit_entry.yml)",
    )


def shortage(people: People) -> Edit:
    """What the warehouse counts must show on the lines of open quotes that want the item."""
    items = {row["item_id"]: row for row in people.finance_list("/inventory/v1/items", "items")}
    products = {row["id"]: row["Inventory_ID"] for row in people.crm_list("Products", "Product_Name,Inventory_ID")}
    for row in people.crm_list("Quotes", "Subject,Quote_Stage")[::-1]:  # the first open one is accepted meanwhile
        if row["Quote_Stage"] not in {"Draft", "Negotiation", "Delivered", "On Hold"}:
            continue
        for line in people.crm_get("Quotes", row["id"])["Quoted_Items"]:
            item = items.get(products.get(line["Product_Name"]["id"]) or "")
            if item and line.get("Stock_Status") == "In stock":
                return counted(people, row["id"], line, item)
    msg = "There is no open quote whose lines are promised from stock."
    raise DemoError(msg)


def counted(people: People, quote: str, line: Record, item: Record) -> Edit:
    """All of an item but one turns out to be missing."""
    missing = Decimal(str(item["available_stock"])) - 1
    body = {
        "date": date.today().isoformat(),  # noqa: DTZ011 - a person's day
        "reason": "Stocktaking",
        "adjustment_type": "quantity",
        "line_items": [{"item_id": item["item_id"], "quantity_adjusted": float(-missing)}],
    }

    def promised() -> Any:
        lines = people.crm_get("Quotes", quote)["Quoted_Items"]
        seen = next(one for one in lines if one["id"] == line["id"])
        return f"{seen['Stock_Status']}, {seen['Stock_Promised'] or 0:.0f} promised"

    return Edit(
        what=f"of {item['sku']} {missing:,.0f} are missing, 1 is left",
        who="the warehouse, in inventory",
        entity="",
        field="",
        where="on a quote's line",
        ids=(),
        make=lambda: people.ask("POST", "/inventory/v1/inventoryadjustments", body) and None,
        look=promised,
        expected=lambda seen: not seen.startswith("In stock"),
        rule="asked now, told by line (rules/promises/quotes.yml)",
    )


def first(rows: list[Record], what: str, fits: Any) -> Record:
    """The first fitting one; raises DemoError when there is none."""
    found = next((row for row in rows if fits(row)), None)
    if found is None:
        msg = f"The company has not {what} to show edits with."
        raise DemoError(msg)
    return found
