"""What is told once of a confirmed order, whatever crashes when: one mail to the warehouse, one file beside the deal."""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulation.oracle import Broken
from simulation.ownership import Record
from simulation.papers import rows

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.orders import Accepted
    from simulation.stage import Stage

WAREHOUSE = ["warehouse@example.com"]
UNCONFIRMED = {"draft", "void"}


def judge(stage: "Stage", _held: list[Held]) -> Iterator[Broken]:
    """A confirmed order was mailed once, with its paper, and lies once beside its deal; of a draft nobody was told."""
    mails, files = rows(stage, "mails"), list(stage.world.vendors.store.table("crm/attachments"))
    orders = rows(stage, "salesorders")
    known: set[str] = set()
    for one in stage.accepted:
        for order in orders:
            if order.get("reference_number") == one.number:
                known.add(order["salesorder_id"])
                yield from _judge_order(stage, one, order, mails, files)
    if any(mail["salesorder_id"] not in known for mail in mails):
        yield Broken("told once", "the warehouse was told of an order that no quote stands behind")


def _judge_order(
    stage: "Stage", one: "Accepted", order: Record, mails: list[Record], files: list[Record]
) -> Iterator[Broken]:
    number, is_made = order["salesorder_number"], order["_state"] not in UNCONFIRMED
    mine = [mail for mail in mails if mail["salesorder_id"] == order["salesorder_id"]]
    papers = [file for file in files if file["_parent"] == one.deal and file["File_Name"] == f"{number}.pdf"]
    least = 0 if stage.desk.losses > one.losses else int(is_made)  # with the ledger is lost whom it owed a word
    if not least <= len(mine) <= int(is_made):
        yield Broken("told once", f"the warehouse was mailed {len(mine)} times of {order['_state']} order {number}")
    if any(mail["to"] != WAREHOUSE or not mail["with_pdf"] for mail in mine):
        yield Broken("told once", f"the mail about order {number} went elsewhere, or without its paper")
    if len(papers) != int(is_made):
        yield Broken("told once", f"{order['_state']} order {number} lies {len(papers)} times beside its deal")
    if any(not base64.b64decode(paper["_content"]).startswith(b"%PDF") for paper in papers):
        yield Broken("told once", f"what lies beside the deal of order {number} is no paper")
