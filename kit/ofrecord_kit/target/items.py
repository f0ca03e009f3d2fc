"""One record on its way through a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ofrecord_kit.ledger import Held, Link
from ofrecord_kit.plan import Agreed, FieldRule, RecordPlan, Times
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.plan.sums import Foreseen
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.wire import Wire

_NO_PLAN = RecordPlan()
SUPERSEDED = "superseded by a later record"
"""Why a record has no outcome of its own: the same one came again, and that one counts."""


@dataclass(init=False, eq=False)
class Item:
    """A record, what is known about it, and how it ended.

    Made once for every record that comes in, most of which are unchanged: what has a default costs nothing until it is set.
    """

    record: Mapping[str, Any]
    note: Mapping[str, Any]
    source_id: str
    values: dict[str, Any]
    agreed: Mapping[str, Agreed]
    helds: list[Held]
    to_write: dict[str, Any]
    """What the plan writes, by property, the external id of a pair among it."""
    answers: list[Held]
    """Held rows about it that a person answered or corrected."""
    link: Link | None = None
    paired: bool = False
    alike: bool = False
    """Paired by the match fields of the rules, not by an id."""
    destination_id: str | None = None
    current: Current | None = None
    after: Current | None = None
    """What the vendor's answer to the write said it holds now."""
    plan: RecordPlan = _NO_PLAN
    digest: str | None = None
    outcome: str | None = None
    changed: tuple[FieldRule, ...] | None = None
    """Rules of what the source changed since it was agreed on; None where nobody has looked yet."""
    moves: Mapping[str, Decimal] | None = None
    """Currency → money a record moves that makes others (`weighing`); None: its plan tells."""
    created: bool = False
    delivered: bool = False
    begun: bool = False
    """Its change was written down before it was sent, by this run or an earlier one that did not come to record it."""
    then_done: bool = False
    then_now: bool = False
    then_changed: bool = False
    """One of the actions taken now changed something there."""
    reason: str = ""
    left: bool = False
    """It has a counterpart and is out of the view now."""
    returned: bool = False
    """It had left the view and is back."""
    acted: bool = False
    """A status action was taken for it."""
    pending: bool = False
    """It is decided and something is still to be done."""
    action: str | None = None
    """The status action to take before anything else: it was deleted, has left the view or is back."""
    anew: bool = False
    """A person said that it has no counterpart: likeness does not matter."""
    lost: Link | None = None
    """The link it had to a record that is gone; a person said what becomes of it."""
    said: str = ""
    """The answer that paired it."""
    awaits: str | None = None
    """The record of the source without whose word it does not go (`following`)."""
    foreseen: Foreseen | None = None
    """What a document will come to, worked out before it was sent."""
    early: datetime | None = None
    """The first moment of the day from which it counts, while that is still to come."""
    merged_into: str | None = None
    """The record of the source that it was merged into."""

    def __init__(
        self, record: Mapping[str, Any], note: Mapping[str, Any], source_id: str, values: dict[str, Any]
    ) -> None:
        self.record = record
        self.note = note
        self.source_id = source_id
        self.values = values
        self.agreed, self.helds, self.to_write, self.answers = {}, [], {}, []

    @property
    def native(self) -> Mapping[str, Any]:
        """The source's own values of what was sent."""
        return self.note.get("native") or {}

    @property
    def observed(self) -> Mapping[str, Any]:
        """The source's own values of what it does not own."""
        return self.note.get("observed") or {}

    @property
    def to_adopt(self) -> Mapping[str, Any]:
        """Edits of fields the source does not own, by property, in the form of their owner."""
        return self.note.get("adopt") or {}

    @property
    def kind(self) -> str:
        """What it is to the limits of a run: `create`, `update` or `delete` (a record that is switched off, too)."""
        if self.created:
            return "create"
        return "delete" if self.action is not None and not self.returned else "update"

    def edited(self, wire: Wire) -> set[str]:
        """Fields (as the rules name them) that the source edited and does not own."""
        plan = self.plan
        if not plan.adopts and not plan.violations:
            return set()
        adopted = {rule.field for rule in wire.observed if rule.name in plan.adopts}
        return adopted | {violation.field for violation in plan.violations}

    @property
    def is_asked(self) -> bool:
        """Does somebody have to look at it? What only waits for another record is nobody's question."""
        return any(held.state == "open" for held in self.helds)

    @property
    def at_rest(self) -> str:
        """Its outcome when no field of it is to be written."""
        return "held" if self.is_asked else "written" if self.acted else "unchanged"

    def times(self) -> Times:
        """Creation and modification on both sides."""
        there = self.current
        return Times(
            instant(self.note.get("modified")),
            there.modified if there else None,
            instant(self.note.get("created")),
            there.created if there else None,
        )


def items_of(
    records: Sequence[Mapping[str, Any]], wire: Wire, digests: Sequence[str | None] | None = None
) -> list[Item]:
    """Each record with its note and the properties the rules know; `digests` as far as they are known already."""
    names, key = {rule.name for rule in wire.sent}, wire.external_id or ""
    items = []
    for record in records:
        note = record.get("_ofrecord") or {}
        values = dict(record)
        for other in record.keys() - names:
            del values[other]
        items.append(Item(record, note, str(note["id"] if "id" in note else record.get(key)), values))
    for item, digest in zip(items, digests or (), strict=False):
        item.digest = digest
    return items
