"""With the setting `rebuild`: pair records by the ids stamped in them, remember what both sides hold, write nothing anywhere.

Where the two sides differ nothing is agreed, and the next ordinary run decides, as it would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.plan.records import RecordPlan
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def only_agreed(delivery: Delivery, plan: RecordPlan) -> RecordPlan:
    """The plan itself, or in a rebuild only what both sides hold already."""
    return RecordPlan(agrees=plan.agrees) if delivery.rebuild else plan


def remember_whether_settled(delivery: Delivery, item: Item, planned: RecordPlan) -> None:
    """A rebuilt record whose sides differ must be looked at again by the next run, so nothing says it was delivered."""
    if delivery.rebuild and (planned.writes or planned.conflicts or planned.adopts):
        item.digest = None


def leave_unpaired(items: Sequence[Item]) -> None:
    """In a rebuild nothing is created: what carries no stamp is for the next run."""
    for item in items:
        item.outcome, item.reason = "filtered", "no counterpart by a stamped id"


def take_nothing(items: Sequence[Item]) -> None:
    """In a rebuild no action is taken: what was left, deleted or confirmed is for the next run to find out."""
    for item in items:
        if item.action is not None or item.left:
            item.action, item.left, item.returned = None, False, False
            item.outcome, item.destination_id = item.outcome or "filtered", None  # so nothing is recorded of it
            item.reason = item.reason or "no action is taken in a rebuild"
