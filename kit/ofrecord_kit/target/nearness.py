"""New records whose name is only alike to one that is there: a person says whether they are the same. Never merged, never made twice.

Looked at only for entities matched by a name, and only when something is about to be created: the names there are then
listed once per run (CRM: 2,000 a query; finance: the list a match reads anyway).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.likeness import Candidate, Names, name_of
from ofrecord_kit.likeness.places import same_address
from ofrecord_kit.plan import match_form
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.matching import among_of, forms_there, match_value, names_matched

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

NEAR = "NEAR"
_MOST = 5
_Place = tuple[str, tuple[tuple[str, Any], ...]]


class Nearness:
    """The names at the destination, and those this run is about to create there."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._there: dict[_Place, Names] = {}
        self._new: dict[_Place, Names] = {}
        self._keys: dict[str, tuple[Any, ...]] = {}

    def set_aside(self, items: Sequence[Item]) -> None:
        """Hold what is near to a record there, or to one that is created in this run; kind `duplicate`, code `NEAR`."""
        wire = self._delivery.wire
        fields = names_matched(wire)
        waiting = [item for item in items if item.outcome is None]
        asked = [
            (item, (field, tuple(sorted(among_of(self._delivery, item).items()))), text)
            for item in waiting
            for field in fields
            if isinstance(text := match_value(item, field), str) and text.strip()
        ]
        for _item, place, text in asked:  # what many share is known before the first of them is looked at
            self._names_there(place).extensions.add(name_of(text))
        for item, place, text in asked:
            if item.outcome is None:
                self._look(item, place, text)

    def _names_there(self, place: _Place) -> Names:
        if place not in self._there:
            field, among = place
            wire = self._delivery.wire
            self._there[place] = Names(self._delivery.destination.names(wire.object, field, dict(among)))
        return self._there[place]

    def _look(self, item: Item, place: _Place, text: str) -> None:
        wire, field = self._delivery.wire, place[0]
        mine = self._new.setdefault(place, Names(extensions=self._names_there(place).extensions))
        there = [] if item.anew else self._possible(item, self._there[place].near(text, _MOST))
        twins = [] if item.anew or there else [one for one in mine.near(text, _MOST) if self._is_twin(item, one.id)]
        if there:
            self._hold(item, field, f"{len(there)} in {wire.destination} alike", there)
        elif twins:
            self._hold(item, field, f"{len(twins)} new in {wire.source} alike", twins)
        else:
            mine.add(item.source_id, text)
            self._keys[item.source_id] = self._others(item)

    def _others(self, item: Item) -> tuple[Any, ...]:
        """What the rules match by besides the first field."""
        return tuple(match_form(match_value(item, field), form) for field, form in self._delivery.wire.match[1:])

    def _possible(self, item: Item, near: Sequence[Candidate]) -> list[Candidate]:
        """Where rules match by name and address, the same name at another address is another place."""
        forms = forms_there(self._delivery, [one.id for one in near])
        return [one for one in near if not _contradict(self._others(item), forms.get(one.id, ()))]

    def _is_twin(self, item: Item, other: str) -> bool:
        return other != item.source_id and not _contradict(self._others(item), self._keys.get(other, ()))

    def _hold(self, item: Item, field: str, what: str, candidates: Sequence[Candidate]) -> None:
        told = "; ".join(f"{one.id} ({one.score}, {one.why})" for one in candidates)
        message = f"by {field}: {what}: {told}"
        fix = "Answer `same <id>` for the record it is, or `new` when it is none of them."
        self._delivery.set_aside(item, "duplicate", message, code=NEAR, fix=fix)


def _contradict(mine: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Do two records differ in something both of them say, an address that is only written another way aside?"""
    return any(
        None not in (one, other) and one != other and not same_address(str(one), str(other))
        for one, other in zip(mine, theirs, strict=False)
    )
