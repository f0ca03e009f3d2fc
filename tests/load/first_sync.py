"""A first sync over as many nights as the vendors' day allows, on the virtual clock."""

from __future__ import annotations

import shutil
import tempfile
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from load.company import Size, plant, there
from load.installation import Ended, Installation
from load.vendors import Remote, asked, office
from simulation.bottle import MEMORY, URL
from simulation.clockwork import surroundings
from simulation.thrift import begin_ledger, thrifty
from simulation.wire import connected

from ofrecord_sandbox import oauth
from ofrecord_sandbox.world import Limits

JOBS = ("products", "customers", "orders")
MINUTE_S, DAY_S = 60, 86_400


@dataclass(frozen=True)
class Terms:
    """What the vendors allow, and what the installation takes of it. `a_day` 0: until the vendor says that its day is spent."""

    vendor_minute: int = 100
    vendor_day: int = 10_000
    vendor_credits: int = 100_000
    a_minute: int = 80
    a_day: int = 10_000
    reserve: int = 0

    @property
    def share(self) -> int:
        """Of the day of the finance side."""
        return (self.a_day or self.vendor_day) * (100 - self.reserve) // 100


@dataclass
class Night:
    """One run of what is left to do."""

    begun: float
    ended: float = 0.0
    cut: str = ""
    calls: int = 0
    done: list[str] = field(default_factory=list)


@dataclass
class Synced:
    """What it took."""

    size: Size
    terms: Terms
    nights: list[Night]
    calls: Counter[tuple[str, str, str, str]]
    credits: Counter[tuple[str, str]]
    finance: array[float]
    found: dict[str, int]
    peaks: dict[str, float]
    failed: list[Ended]

    def most_within(self, seconds: float) -> int:
        """The most calls of Inventory and Books within any span of so many seconds."""
        window: deque[float] = deque()
        most = 0
        for at in self.finance:
            window.append(at)
            while window[0] <= at - seconds:
                window.popleft()
            most = max(most, len(window))
        return most


@contextmanager
def installed(size: Size, terms: Terms, *, apart: bool = False, seed: int = 1) -> Iterator[Installation]:
    """An installation that has never run, of a company so large."""
    limits = Limits(
        finance_per_minute=terms.vendor_minute,
        finance_per_day=terms.vendor_day,
        crm_credits_per_day=terms.vendor_credits,
    )
    folder = Path(tempfile.mkdtemp(prefix="load-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with office(limits) as wire, thrifty(), surroundings(seed) as (clock, processes):
            begin_ledger(folder / "ledger.db")
            line: Any = Remote(wire, clock)
            line.ask(plant, size)
            clock.move(DAY_S)
            environment = {
                "OFRECORD_API_URL": URL, "OFRECORD_ACCOUNTS_URL": URL, "OFRECORD_CLIENT_ID": oauth.CLIENT_ID,
                "OFRECORD_CLIENT_SECRET": oauth.CLIENT_SECRET, "OFRECORD_REFRESH_TOKEN": oauth.REFRESH_TOKEN,
                "OFRECORD_ORGANIZATION_ID": oauth.ORGANIZATION_ID, "OFRECORD_STATE_DIR": str(folder / ".ofrecord"),
                "OFRECORD_LEDGER": str(folder / "ledger.db"), "OFRECORD_CALLS_PER_MINUTE": str(terms.a_minute), "OFRECORD_YES": "1",
            }  # fmt: skip
            finance = {"calls_per_day": terms.a_day, "reserve": terms.reserve}
            changes: Mapping[str, Mapping[str, Any]] = {
                name: finance if name.endswith(("inventory", "books")) else {"calls_per_day": 0}
                for name in ("tap-crm", "target-crm", "tap-inventory", "target-inventory", "tap-books")
            }
            with connected(line):
                yield Installation(folder, environment, line, processes, changes, apart)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync(
    size: Size, terms: Terms, *, most_nights: int = 1000, kill: tuple[int, str, tuple[int, int, int]] | None = None,
    say: Callable[[str], None] = lambda _words: None, apart: bool = False,
) -> Synced:  # fmt: skip
    """Begin every evening at the same time with what is left of the jobs, until all of them ran to their end.

    `apart`: each plugin in a process of its own. `kill`: the night (from 0), the job and the place in it at which a plugin's process is killed.
    """
    with installed(size, terms, apart=apart) as here:
        line, nights, failed = here.line, [], []
        left = list(JOBS)
        evening = line.clock.at
        while left and len(nights) < most_nights:
            line.clock.move(max(0.0, evening - line.clock.at))
            night = Night(line.clock.at)
            before = len(line.ask(asked).finance)
            while left and not night.cut:
                dies = kill[2] if kill and kill[:2] == (len(nights), left[0]) else None
                ended = here.job(left[0], dies)
                night.cut = next((one.cut for one in ended if one.cut), "killed" if dies else "")
                if any(one.code for one in ended):
                    if not night.cut:
                        failed += [one for one in ended if one.code]
                        break
                else:
                    night.done.append(left.pop(0))
            night.ended, night.calls = line.clock.at, len(line.ask(asked).finance) - before
            nights.append(night)
            say(
                f"night {len(nights)}: {night.calls} calls in {(night.ended - night.begun) / MINUTE_S:.0f} min; done: {', '.join(night.done) or 'nothing'}; {night.cut}"
            )
            if failed:
                break
            evening += timedelta(days=1).total_seconds()
        told = line.ask(asked)
        return Synced(
            size, terms, nights, told.calls, told.credits, told.finance, line.ask(there), dict(here.peaks), failed
        )
