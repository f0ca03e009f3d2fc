"""The bookmark of a stream: everything modified up to this time was delivered.

While a list is read in order of modification it follows the records; when the list is complete it moves on to the vendor's time
at which the list was begun. It never goes back, but for a vendor that turns out not to sort: then it goes back to where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from ofrecord_kit.settings import instant_or_none


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

    def complete(self, until: datetime | None = None) -> None:
        """The list was read to its end, or to the end of what is wanted (`until`)."""
        reached = instant_or_none(self._begun)
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
        if self._before:
            self._state["replication_key_value"] = self._before
        else:
            self._state.pop("replication_key_value", None)
            self._state.pop("replication_key", None)
        self._moved()
