"""Do the systems agree? Counted from their own answers: every account, product and accepted quote exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from rich.table import Table

from ofrecord.demo.people import People, Record
from ofrecord.demo.show import plain_table
from ofrecord_kit.ledger import Held

QUOTE_FIELDS = "Quote_Number,Quote_Stage,Grand_Total,Account_Name,Inventory_ID"


@dataclass(frozen=True)
class Line:
    """One thing that must be on both sides; `missing` and `twice` must be explained by held records."""

    what: str
    expected: int
    once: int
    held: int
    twice: int
    off: Decimal = Decimal(0)
    """Sum of the differences in amount, in the documents' currencies."""

    @property
    def fine(self) -> bool:
        """Every one is there once or held with a reason, and amounts are equal."""
        return self.once + self.held == self.expected and self.twice == 0 and self.off == 0


def compare_systems(people: People, held: list[Held]) -> list[Line]:
    """Read both sides and count."""
    waiting: dict[str, set[str]] = {}
    for one in held:
        waiting.setdefault(one.entity, set()).add(one.source_id)
    items = people.finance_list("/inventory/v1/items", "items")
    products = people.crm_list("Products", "Product_Name,Inventory_ID")
    accounts = people.crm_list("Accounts", "Account_Name,Inventory_ID")
    contacts = people.finance_list("/inventory/v1/contacts", "contacts")
    vendors = people.crm_list("Vendors", "Vendor_Name,Inventory_ID")
    customers = {row["contact_id"] for row in contacts if row["contact_type"] == "customer"}
    suppliers = [row["contact_id"] for row in contacts if row["contact_type"] == "vendor"]
    return [
        pairs(
            "inventory items as CRM products", (row["item_id"] for row in items), ids(products), waiting.get("product")
        ),
        counterparts("CRM accounts as customers", accounts, customers, waiting.get("account")),
        pairs("inventory vendors as CRM vendors", suppliers, ids(vendors), waiting.get("vendor")),
        counterparts("CRM vendors as inventory vendors", vendors, set(suppliers), waiting.get("vendor")),
        orders(people, waiting.get("order") or set()),
    ]


def ids(rows: Iterable[Record]) -> Counter[str]:
    """How often each counterpart is named."""
    return Counter(row["Inventory_ID"] for row in rows if row["Inventory_ID"])


def pairs(what: str, keys: Iterable[str], found: Counter[str], waiting: set[str] | None) -> Line:
    """Records of inventory, and how many CRM records name each."""
    known = list(keys)
    missing = [key for key in known if not found[key]]
    return Line(
        what,
        len(known),
        sum(found[key] == 1 for key in known),
        len(set(missing) & (waiting or set())),
        sum(found[key] > 1 for key in known),
    )


def counterparts(what: str, rows: list[Record], existing: set[str], waiting: set[str] | None) -> Line:
    """Records of the CRM, each naming one record of inventory that nobody else names."""
    named = ids(rows)
    once = [row for row in rows if row["Inventory_ID"] in existing and named[row["Inventory_ID"]] == 1]
    missing = {row["id"] for row in rows if not row["Inventory_ID"]}
    return Line(what, len(rows), len(once), len(missing & (waiting or set())), sum(n > 1 for n in named.values()))


def orders(people: People, waiting: set[str]) -> Line:
    """Accepted quotes and the orders that name them, amounts compared to the cent."""
    quotes = [row for row in people.crm_list("Quotes", QUOTE_FIELDS) if row["Quote_Stage"] == "Accepted"]
    by_reference: dict[str, list[Record]] = {}
    for row in people.finance_list("/inventory/v1/salesorders", "salesorders"):
        by_reference.setdefault(row["reference_number"], []).append(row)
    once, twice, set_aside, off = 0, 0, 0, Decimal(0)
    for quote in quotes:
        own = by_reference.get(quote["Quote_Number"], [])
        once += len(own) == 1
        twice += len(own) > 1
        set_aside += not own and quote["id"] in waiting
        off += sum((abs(Decimal(str(row["total"])) - Decimal(str(quote["Grand_Total"]))) for row in own), Decimal(0))
    return Line("accepted quotes as sales orders", len(quotes), once, set_aside, twice, off)


def verdict_table(lines: list[Line]) -> Table:
    """One row a kind of record."""
    table = plain_table(
        "Exactly once on the other side", "records", "expected", "once", "held", "twice", "amount off", ""
    )
    for line in lines:
        numbers = (line.expected, line.once, line.held, line.twice)
        table.add_row(line.what, *(f"{n:,}" for n in numbers), str(line.off), "agrees" if line.fine else "DIFFERS")
    return table
