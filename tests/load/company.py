"""A company before its first sync: customers and accepted quotes in the CRM, items in inventory; and what there must be after it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from load.vendors import Office

from ofrecord_sandbox.finance import planting
from ofrecord_sandbox.world import World

BATCH = 100
LINES = 2
QUOTED = 10
"""Of the items so many times fewer are products of the CRM before: those that quotes name."""
FINE = 300


@dataclass(frozen=True)
class Size:
    """How many of each."""

    accounts: int
    items: int
    quotes: int

    def scaled(self, share: float) -> Size:
        """A company so much larger."""
        return Size(*(max(1, round(one * share)) for one in (self.accounts, self.items, self.quotes)))


WHOLE = Size(100_000, 100_000, 20_000)


def plant(office: Office, size: Size) -> None:
    """Make it, by the vendors' own rules, with nobody's calls counted."""
    world = office.world
    items = planting.plant(world, "items", size.items)["items"]
    table = world.store.table("finance/items")
    quoted = [table.get(key) for key in items[: max(LINES, size.items // QUOTED)]]
    products = _made(world, "Products", [
        {"Product_Name": row["name"], "Product_Code": row["sku"], "Unit_Price": float(row["rate"])} for row in quoted if row
    ])  # fmt: skip
    accounts = _made(world, "Accounts", [
        {
            "Account_Name": f"Customer {number:06} {_word(number)}", "Phone": f"+49 30 {number:08}", "Website": f"https://{number}.example.org",
            "Billing_Street": f"Road {number}", "Billing_City": "Berlin", "Billing_Code": f"{number % 100000:05}", "Billing_Country": "Germany",
        }
        for number in range(size.accounts)
    ])  # fmt: skip
    _made(world, "Quotes", [
        {
            "Subject": f"Quote {number}", "Quote_Stage": "Accepted", "Account_Name": {"id": accounts[number % len(accounts)]},
            "Quoted_Items": [
                {"Product_Name": {"id": products[(number * LINES + line) % len(products)]}, "Quantity": line + 1, "List_Price": 10 + number % 90}
                for line in range(LINES)
            ],
        }
        for number in range(size.quotes)
    ])  # fmt: skip


def _made(world: World, module: str, rows: list[dict[str, Any]]) -> list[str]:
    ids = []
    for begin in range(0, len(rows), BATCH):
        answer = world.call("POST", f"/crm/v8/{module}", {"data": rows[begin : begin + BATCH]})
        told = answer.content["data"]
        assert all(one["status"] == "success" for one in told), told
        ids += [str(one["details"]["id"]) for one in told]
    return ids


def _word(number: int) -> str:
    """So that no two names are alike."""
    letters = "bcdfghklmnprstvz"
    return "".join(letters[number // len(letters) ** place % len(letters)] + "aeiou"[place % 5] for place in range(5))


def there(office: Office) -> dict[str, int]:
    """What there is after it: records that have their counterpart, each its own, and records too many."""
    table = office.world.store.table
    contacts = [row for row in table("finance/contacts") if row["contact_type"] == "customer"]
    orders = list(table("finance/salesorders"))
    pairs = {
        "accounts": (table("crm/records/Accounts"), "Inventory_ID", contacts, "contact_id"),
        "items": (table("crm/records/Products"), "Inventory_ID", list(table("finance/items")), "item_id"),
        "quotes": (table("crm/records/Quotes"), "Inventory_ID", orders, "salesorder_id"),
    }
    found = {}
    for name, (ours, stamp, theirs, key) in pairs.items():
        known = {str(row[key]) for row in theirs}
        stamped = Counter(str(row[stamp]) for row in ours if str(row.get(stamp)) in known)
        back = sum(bool((row.get("_custom") or {}).get("cf_crm_id")) for row in theirs)
        found[name] = min(len(stamped), back)
        found[f"{name} twice"] = sum(stamped.values()) - len(stamped) + abs(len(ours) - len(theirs))
    found["orders not confirmed"] = sum(row["_state"] != "confirmed" for row in orders)
    return found
