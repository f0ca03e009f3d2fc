"""New records whose name is only alike to one that is there: a person says whether they are the same. Never merged, never made twice.

Looked at only for entities matched by a name, and only when something is about to be created: the names there are then
listed once per run (CRM: 2,000 a query; finance: the list a match reads anyway).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.likeness import Candidate, Names
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.matching import among_of, match_value

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

NEAR = "NEAR"
_MOST = 5
_Place = tuple[str, tuple[tuple[str, Any], ...]]


def is_name(field: str, form: str | None) -> bool:
    """Is a match field a name, of which two spellings may mean one thing? A number or a code is not.

    >>> is_name("contact_name", "text"), is_name("Product_Code", "text"), is_name("Firm", "legal name")
    (True, False, True)
    """
    return form == "legal name" or (form in (None, "text") and field.casefold().rpartition("_")[2] == "name")


class Nearness:
    """The names at the destination, and those this run is about to create there."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._there: dict[_Place, Names] = {}
        self._new: dict[_Place, Names] = {}

    def set_aside(self, items: Sequence[Item]) -> None:
        """Hold what is near to a record there, or to one that is created in this run; kind `duplicate`, code `NEAR`."""
        wire = self._delivery.wire
        fields = [field for field, form in wire.match if is_name(field, form)]
        waiting = [item for item in items if item.outcome is None]
        if not fields or not waiting or wire.near != "hold" or wire.duplicates == "clone" or wire.once or wire.parent:
            return
        answered = self._answered_new(waiting)
        for item in waiting:
            place = tuple(sorted(among_of(self._delivery, item).items()))
            for field in fields:
                text = match_value(item, field)
                if isinstance(text, str) and text.strip() and item.outcome is None:
                    self._look(item, (field, place), text, is_new=item.source_id in answered)

    def _answered_new(self, items: Sequence[Item]) -> set[str]:
        """Records of which a person said that they are new."""
        wire = self._delivery.wire
        answers = self._delivery.ledger.answers_of(
            wire.entity, wire.source, wire.destination, [item.source_id for item in items]
        )
        return {one for one, helds in answers.items() if any(held.answer == "new" for held in helds)}

    def _look(self, item: Item, place: _Place, text: str, *, is_new: bool) -> None:
        wire, (field, among) = self._delivery.wire, place
        if place not in self._there:
            self._there[place] = Names(self._delivery.destination.names(wire.object, field, dict(among)))
        mine = self._new.setdefault(place, Names())
        there = [] if is_new else self._there[place].near(text, _MOST)
        twins = [] if is_new or there else [one for one in mine.near(text, _MOST) if one.id != item.source_id]
        if there:
            self._hold(item, field, f"{len(there)} in {wire.destination} alike, none the same", there)
        elif twins:
            self._hold(item, field, f"{len(twins)} new in {wire.source} alike", twins)
        else:
            mine.add(item.source_id, text)

    def _hold(self, item: Item, field: str, what: str, candidates: Sequence[Candidate]) -> None:
        told = "; ".join(f"{one.id} ({one.score}, {one.why})" for one in candidates)
        message = f"by {field}: {what}: {told}"
        fix = "Answer `same <id>` for the record it is, or `new` when it is none of them."
        self._delivery.set_aside(item, "duplicate", message, code=NEAR, fix=fix)
