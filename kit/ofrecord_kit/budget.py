"""The call budget of an organisation, shared by all processes and machines that name the same store.

Facts: Zoho Inventory and Books, "Introduction": 100 requests a minute for each organisation, all integrations
together, past that it is blocked for a while (code 44); 5 or 10 calls at once (1070); a number a day by plan (45).
Zoho CRM, "API Limits": credits within 24 hours and calls at once by edition.

When the vendor's day begins is UNVERIFIED, so a day is the last 24 hours here: whatever 24 hours the vendor counts,
they hold no more. It is counted in slices of a minute, a slice leaving as a whole.

Nothing here sleeps: `Budget.admit` says when a call may go, `http` waits for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ofrecord_kit.budget_store import Run, Store

WINDOW_S = 60.0
DAY_S = 86_400
SLICE_S = 60
PATIENCE_S = 3_600.0
"""How long a plugin waits, all in all, for room that comes back: else work that begins at the same time every evening finds
yesterday's calls not quite a day old, and ends at once."""
SHRUNK_S = 300.0
"""How long fewer calls are made at once after the vendor found them too many."""
_GLANCE_S = 1.0
_QUEUED_S = 600.0
"""How far behind a block calls wait in turn, at most. What was planned for later was so by a clock that was set back meanwhile."""
_AHEAD_S = 4_000.0
"""Nothing is planned, or closed, for later than this: such a time was written before a clock was set back, and counts no more."""

_SPEND = (
    "insert into ofrecord_spent (key, slice, weight) values (?, ?, ?) "
    "on conflict (key, slice) do update set weight = ofrecord_spent.weight + excluded.weight"
)
_CLOSE = (
    "insert into ofrecord_closed (key, until, most, most_until) values (?, ?, 0, 0) "
    "on conflict (key) do update set until = excluded.until where excluded.until > ofrecord_closed.until"
)
_SHRINK = (
    "insert into ofrecord_closed (key, until, most, most_until) values (?, 0, ?, ?) "
    "on conflict (key) do update set most = excluded.most, most_until = excluded.most_until"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one plugin may use. 0 a minute or a day: as much as the vendor lets it. `reserve`: percent left to others."""

    a_minute: int = 0
    a_day: int = 0
    at_once: int = 5
    reserve: int = 0

    def share(self, whole: int) -> int:
        """This plugin's part of a limit, at least one call."""
        return max(1, whole * (100 - self.reserve) // 100)


class DaySpent(Exception):  # noqa: N818 - a finding; `refusals` makes the error of it
    """The day has no room for this call. `again` is when it has, None when it never will."""

    def __init__(self, spent: int, share: int, whole: int, again: datetime | None) -> None:
        super().__init__("the calls of the day are spent")
        self.spent = spent
        self.share = share
        self.whole = whole
        self.again = again


class Budget:
    """One plugin's way to the budget called `key`. Safe for threads. The store is opened by the first call.

    Where neither minute nor day are limited, calls are only counted, and what other processes were told by the vendor
    is looked at once a second.
    """

    def __init__(self, key: str, terms: Terms, *, state_dir: Path, url: str = "") -> None:
        self.key = key
        self.terms = terms
        self._where = (url, state_dir)
        self._lock = threading.Lock()
        self._opened: Store | None = None
        self._most = max(1, terms.at_once)
        self._shut = 0.0
        self._glanced = 0.0
        self._uncounted = 0

    def admit(self, weight: int, now: float) -> float:
        """Take a call's part and return when it may go (seconds since the epoch): `now` when there is room.

        The order of asking is the order of going, except that a smaller share waits where a larger one may go.

        Raises:
            DaySpent: the day has no room for it; nothing was taken.
        """
        with self._lock:
            if self.terms.a_minute or self.terms.a_day:
                return self._take(weight, now)
            self._uncounted += weight
            if abs(now - self._glanced) >= _GLANCE_S:  # clocks are set back, too
                self._glance(now)
            return max(now, self._shut)

    def _take(self, weight: int, now: float) -> float:
        store = self._store()
        there = now + store.skew_s
        with store.transaction(self.key) as run:
            shut = self._read_closed(run, there)
            self._check_day(run, weight, there)
            at = max(there, shut, self._free_minute(run, there, max(there, shut) + _QUEUED_S))
            if self.terms.a_minute:
                run("insert into ofrecord_call (key, at) values (?, ?)", self.key, at)
            run(_SPEND, self.key, int(at // SLICE_S), weight)
        return at - store.skew_s

    def _free_minute(self, run: Run, now: float, latest: float) -> float:
        """When less than this plugin's share of calls went within a minute, those of all others counted, too.

        Calls later than `latest` were made before the clock was set back, a moment ago for all that is known.
        """
        if not self.terms.a_minute:
            return now
        run("delete from ofrecord_call where key = ? and (at < ? or at > ?)", self.key, now - WINDOW_S, now + _AHEAD_S)
        run("update ofrecord_call set at = ? where key = ? and at > ?", now, self.key, latest)
        full = run(
            "select at from ofrecord_call where key = ? order by at desc limit 1 offset ?",
            self.key,
            self.terms.share(self.terms.a_minute) - 1,
        )
        return float(full[0][0]) + WINDOW_S if full else now

    def _check_day(self, run: Run, weight: int, now: float) -> None:
        oldest = int(now - DAY_S) // SLICE_S
        latest = int(now + _AHEAD_S) // SLICE_S
        run("delete from ofrecord_spent where key = ? and (slice < ? or slice > ?)", self.key, oldest, latest)
        if not self.terms.a_day:
            return
        share = self.terms.share(self.terms.a_day)
        spent = left = int(run("select coalesce(sum(weight), 0) from ofrecord_spent where key = ?", self.key)[0][0])
        if spent + weight <= share:
            return
        rows = run("select slice, weight from ofrecord_spent where key = ? order by slice", self.key)
        again = None
        for number, part in rows:
            left -= int(part)
            if left + weight <= share:
                again = (int(number) + 1) * SLICE_S + DAY_S
                break
        raise DaySpent(spent, share, self.terms.a_day, None if again is None else datetime.fromtimestamp(again, UTC))

    def close_until(self, until: float) -> None:
        """The vendor has blocked the organisation: nobody's next call is before `until`."""
        with self._lock:
            store = self._store()
            with store.transaction(self.key) as run:
                run(_CLOSE, self.key, until + store.skew_s)
            self._shut = max(self._shut, until)

    def shrink(self, now: float) -> int:
        """The vendor found too many calls at once: half as many for a while. Returns how many."""
        with self._lock:
            store = self._store()
            with store.transaction(self.key) as run:
                self._read_closed(run, now + store.skew_s)
                self._most = max(1, self._most // 2)
                run(_SHRINK, self.key, self._most, now + store.skew_s + SHRUNK_S)
            return self._most

    def slot(self) -> int | None:
        """A slot for a call under way, None when all are taken. Give it back with `free`."""
        with self._lock:
            store = self._store()
            return next((number for number in range(self._most) if store.take_slot(self.key, number)), None)

    def free(self, number: int) -> None:
        """The call has been answered."""
        with self._lock:
            self._store().free_slot(self.key, number)

    def spent(self, now: float) -> int:
        """What was spent of the day, by all."""
        with self._lock:
            store = self._store()
            with store.transaction(self.key) as run:
                found = run(
                    "select coalesce(sum(weight), 0) from ofrecord_spent where key = ? and slice >= ?",
                    self.key,
                    int(now + store.skew_s - DAY_S) // SLICE_S,
                )
            return int(found[0][0]) + self._uncounted

    def flush(self, now: float) -> None:
        """Write what was counted. Where nothing was, no store is opened."""
        with self._lock:
            if self._uncounted:
                self._glance(now)

    def close(self, now: float) -> None:
        """Write what was counted, and release the store."""
        self.flush(now)
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _glance(self, now: float) -> None:
        """Write what was counted and see what others were told by the vendor."""
        store = self._store()
        self._glanced = now
        with store.transaction(self.key) as run:
            self._shut = self._read_closed(run, now + store.skew_s) - store.skew_s
            self._check_day(run, 0, now + store.skew_s)
            run(_SPEND, self.key, int((now + store.skew_s) // SLICE_S), self._uncounted)
        self._uncounted = 0

    def _read_closed(self, run: Run, now: float) -> float:
        found = run("select until, most, most_until from ofrecord_closed where key = ?", self.key)
        until, most, most_until = found[0] if found else (0.0, 0, 0.0)
        whole = max(1, self.terms.at_once)
        self._most = min(whole, int(most)) if now < most_until <= now + SHRUNK_S + WINDOW_S else whole
        return float(until) if until <= now + _AHEAD_S else 0.0

    def _store(self) -> Store:
        if self._opened is None:
            from ofrecord_kit.budget_store import open_store  # noqa: PLC0415 - a plugin that calls nobody opens nothing

            url, state_dir = self._where
            self._opened = open_store(url, state_dir)
        return self._opened
