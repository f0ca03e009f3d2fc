"""What a part keeps for tables of states, and which wholes they are to be told of. See docs/architecture.md, "States".

A mark is made in the transaction that records the part, so that a run that is killed before it told the state leaves it to the next one.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ofrecord_kit.ledger import Writing
from ofrecord_kit.plan.states import FIGURES
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.wire import Wire

OF, AT = "~of", "~at"
"""What a part keeps beside its values and its `FIGURES`: the record it follows, and when it was changed."""
NOW = "now"


def marks_of(entity: str) -> str:
    """The entity whose parts are the wholes to be stated: `now …`, or from a day on."""
    return f"{entity}: to state"


def memory_of(entity: str) -> str:
    """The entity whose parts say what was told of each record last."""
    return f"{entity}: stated"


def remembered(wire: Wire, values: dict[str, Any], item: Item) -> dict[str, Any]:
    """The values of a part, and beside them what tables want of it."""
    kept = dict(values)
    if wire.stated and "entity" in (wire.combine or {}):
        kept[OF] = str(item.note.get("by"))
    if figures := item.note.get("figures"):
        kept |= {FIGURES: figures, AT: item.note.get("modified")}
    return kept


def mark(wire: Wire, ledger: Writing, whole: str) -> None:
    """Something was said about this whole. Each time leaves a mark of its own: a run that states it while another says something takes back only those it saw."""
    for entity in wire.stated:
        ledger.record_part(marks_of(entity), wire.destination, whole, f"{NOW} {uuid4().hex}", {})


def is_due(mark: str, today: date) -> bool:
    """Is the whole to be stated by this mark: at once, or because its day has come?"""
    return mark.startswith(NOW) or mark <= today.isoformat()
