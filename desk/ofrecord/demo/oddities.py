"""What is awkward about a company's records, and what became of it: synced, held with a reason, or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.table import Table

from ofrecord.demo.people import People, Record
from ofrecord.demo.show import plain_table
from ofrecord_kit.ledger import Held

LONG = 80
"""Characters from which a name counts as very long."""


@dataclass(frozen=True)
class Oddity:
    """How many records are odd in one way, and what became of them."""

    what: str
    records: int
    synced: int
    held: int

    @property
    def left_out(self) -> int:
        """Neither synced nor held: the rules leave them where they are."""
        return self.records - self.synced - self.held


def find_oddities(people: People, held: Iterable[Held]) -> list[Oddity]:
    """Counted in what the vendors answer; ways of which there is no record are left away."""
    waiting = {one.source_id for one in held}
    accounts = people.crm_list("Accounts", "Account_Name,Inventory_ID")
    contacts = people.crm_list("Contacts", "Last_Name,Email,Account_Name,Inventory_ID")
    items = people.finance_list("/inventory/v1/items", "items")
    names = Counter(row["Account_Name"].casefold() for row in accounts)
    known = {row["Inventory_ID"] for row in people.crm_list("Products", "Product_Name,Inventory_ID")}

    def count(what: str, rows: list[Record], odd: Callable[[Record], bool], key: str, done: str = "") -> Oddity:
        own = [row for row in rows if odd(row)]
        synced = [row for row in own if (row[done] if done else row[key] in known)]
        rest = [row for row in own if row not in synced]
        return Oddity(what, len(own), len(synced), sum(row[key] in waiting for row in rest))

    def of_account(what: str, odd: Callable[[str], bool]) -> Oddity:
        return count(what, accounts, lambda row: odd(row["Account_Name"]), "id", "Inventory_ID")

    def of_contact(what: str, odd: Callable[[Record], bool]) -> Oddity:
        return count(what, contacts, odd, "id", "Inventory_ID")

    def of_item(what: str, odd: Callable[[Record], bool]) -> Oddity:
        return count(what, items, odd, "item_id")

    found = [
        of_account("accounts that share a name", lambda name: names[name.casefold()] > 1),
        of_account("account names with punctuation", lambda name: not name.replace(" ", "").isalnum()),
        of_account("account names beyond ASCII", lambda name: not name.isascii()),
        of_account(f"account names over {LONG} characters", lambda name: len(name) > LONG),
        of_contact("contacts without an account", lambda row: not row["Account_Name"]),
        of_contact("contacts without an e-mail", lambda row: not row["Email"]),
        of_contact("e-mails beyond ASCII", lambda row: not (row["Email"] or "").isascii()),
        of_item("items priced 0", lambda row: row["rate"] == 0),
        of_item("inactive items", lambda row: row["status"] == "inactive"),
        of_item("item names beyond ASCII", lambda row: not row["name"].isascii()),
    ]
    return [one for one in found if one.records]


def oddity_table(found: list[Oddity]) -> Table:
    """One row a way of being odd."""
    table = plain_table("What is awkward in this set", "what", "records", "synced", "held", "left out")
    for one in found:
        table.add_row(one.what, *(f"{n:,}" for n in (one.records, one.synced, one.held, one.left_out)))
    return table
