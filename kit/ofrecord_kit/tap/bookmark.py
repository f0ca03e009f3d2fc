"""The bookmark of a stream: everything modified up to this time was delivered.

While a list is read in order of modification it follows the records; when the list is complete it moves on to the vendor's time
at which the list was begun. It never goes back, but for a vendor that turns out not to sort: then it goes back to where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.pages import Place

PLACE = "place"
"""The key within a bookmark."""


def place_of(state: Mapping[str, Any]) -> Place | None:
    """How far the interrupted reading came that a bookmark is from; None when somebody changed the bookmark since.

    >>> place_of({"replication_key_value": "b", "place": {"at": "a", "id": "7", "value": "b"}})
    ('a', '7')
    """
    said, value = state.get(PLACE), state.get("replication_key_value")
    if not isinstance(said, Mapping) or not value or said.get("value") != value:
        return None
    at, identity = said.get("at"), said.get("id")
    return (at, identity) if isinstance(at, str) and isinstance(identity, str) and instant_or_none(at) else None


class Bookmark:
    """A stream's part of the state. `moves` is False for streams that are read whole: then nothing is marked."""

    def __init__(self, state: MutableMapping[str, Any], key: str, *, moves: bool, moved: Callable[[], None]) -> None:
        self._state = state
        self._key = key
        self._moves = moves
        self._moved = moved
        self._before = str(state.get("replication_key_value") or "")
        self._begun = ""
        self._latest = ""
        self._place = place_of(state)
        self.is_in_order = True

    @property
    def reached(self) -> datetime | None:
        """Up to when everything was delivered."""
        return instant_or_none(str(self._state.get("replication_key_value") or ""))

    def begin(self, at: datetime) -> None:
        """The vendor's time of the first page."""
        self._begun = at.astimezone(UTC).replace(microsecond=0).isoformat()

    def follow(self, times: Iterable[str]) -> bool:
        """Records with these times were delivered, in this order; False when the order is seen to be none.

        Records without a time change nothing, nor does one written after the reading began: a detail read may show it in the
        place where its older version was listed, with older records still to come.
        """
        if not self._moves:
            return True
        begun, latest, in_order = self._begun, self._latest, True
        for modified in times:
            if modified and modified < begun:
                if modified < latest:
                    in_order = False
                else:
                    latest = modified
        self._latest = latest
        if not in_order and self.is_in_order:
            self._take_back()
            return False
        if self.is_in_order and latest:
            self._advance(latest)
        return True

    def stand(self, place: Place, settled: str) -> None:
        """Every row up to this place of the list was delivered, in order of time and id.

        A row of a time before `settled` that is not there by now will not appear. Up to there, the next reading need not repeat what the
        overlap makes it look at, and moments that hold more than a day's calls come to an end.
        """
        value = self._state.get("replication_key_value")
        if not (self._moves and self.is_in_order and value):
            return
        if place[0] and place[0] < settled and (self._place is None or place > self._place):
            self._place = place
        if self._place:
            self._state[PLACE] = {"at": self._place[0], "id": self._place[1], "value": value}
            self._moved()

    def complete(self, until: datetime | None = None) -> None:
        """The list was read to its end, or to the end of what is wanted (`until`)."""
        reached = instant_or_none(self._begun)
        self._leave()
        if self._moves and reached:
            self._advance((min(reached, until) if until else reached).isoformat())

    def _advance(self, value: str) -> None:
        """Move forward, never back. `value` is UTC as `utc_text` writes it."""
        current, reached = self.reached, instant_or_none(value)
        if reached and (current is None or reached > current):
            self._state["replication_key"] = self._key
            self._state["replication_key_value"] = value
            self._moved()

    def _take_back(self) -> None:
        """The vendor does not sort after all: it moves when the list is complete."""
        self.is_in_order = False
        self._leave()
        if self._before:
            self._state["replication_key_value"] = self._before
        else:
            self._state.pop("replication_key_value", None)
            self._state.pop("replication_key", None)
        self._moved()

    def _leave(self) -> None:
        self._place = None
        self._state.pop(PLACE, None)
