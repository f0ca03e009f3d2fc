"""Documents of the finance side as the CRM lists them: each once, with its amount and state; those that were deleted are gone."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from simulation.oracle import Broken
from simulation.ownership import Record
from simulation.papers import ask, rows

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

PLACES = {
    "Sales order": ("salesorders", "salesorder", "/inventory/v1"),
    "Invoice": ("invoices", "invoice", "/books/v3"),
    "Credit note": ("creditnotes", "creditnote", "/books/v3"),
    "Return": ("salesreturns", "salesreturn", "/inventory/v1"),
}
"""Kind → where such a document is read."""
ENTITIES = {
    "order entry",
    "shipment entry",
    "invoice entry",
    "direct invoice entry",
    "credit entry",
    "return entry",
    "refund entry",
}
UNCOUNTED = {"draft", "void"}
JOBS = {"orders", "finance"}


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """Of every document of a customer that both know there is one record."""
    yield from (row for row in held if row.entity in ENTITIES and row.state == "waiting")
    if any(one.deleted or one.merged for one in stage.people.things.values() if one.entity.name == "account"):
        yield from (row for row in held if row.entity in {*ENTITIES, "credit"} and row.code in {"GONE", "INVALID_DATA"})
    if not set(stage.story.order) >= JOBS:
        return
    linked = {
        one.ids["inventory"]: one
        for one in stage.people.things.values()
        if len(one.ids) > 1 and one.entity.name == "account"
    }
    told = list(stage.world.vendors.store.table("crm/records/Finance_Documents"))
    for kind, (collection, singular, door) in PLACES.items():
        mine = [row for row in told if row.get("Kind") == kind]
        documents = {row[f"{singular}_id"]: row for row in rows(stage, collection)}
        if any(row.get("Inventory_ID") not in documents for row in mine):
            yield Broken("documents are listed", f"the CRM lists a {kind.lower()} that was deleted")
        for key, row in documents.items():
            account = linked.get(row["customer_id"])
            if account is not None and not account.deleted and not account.merged:
                one = ask(stage, "GET", f"{door}/{collection}/{key}")[singular]
                yield from _judge_entry(kind, one, [each for each in mine if each.get("Inventory_ID") == key])


def _judge_entry(kind: str, document: Record, mine: list[Record]) -> Iterator[Broken]:
    if len(mine) != 1:
        yield Broken("documents are listed", f"the CRM lists a {kind.lower()} {len(mine)} times")
        return
    if "total" not in document or kind == "Return":
        return
    wanted = {"Amount": document["total"], "Status": document["status"]}
    if "balance" in document:
        wanted["Balance"] = 0 if document["status"] in UNCOUNTED else document["balance"]
    for name, value in wanted.items():
        shown = mine[0].get(name)
        if (Decimal(str(shown or 0)) != Decimal(str(value))) if name != "Status" else shown != value:
            yield Broken(
                "documents are listed",
                f"{name} of a {kind.lower()} is {shown!r} in the list, the document says {value!r}",
            )
