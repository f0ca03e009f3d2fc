"""The call budget of a finance organisation, shared by processes, and the counts of calls made.

Facts: Zoho Inventory and Books, "Introduction": 100 requests a minute for each organisation, all integrations
together; past that the whole organisation is blocked for a while (code 44).

Nothing here sleeps: `Pace.reserve` says when the next call may go, `http` waits for it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ofrecord_kit.tokens import make_private_folder

WINDOW_S = 60.0

_TABLES = """
create table if not exists slot (key text not null, at real not null);
create index if not exists slot_by_key on slot (key, at);
create table if not exists closed (key text primary key, until real not null);
"""


class Pace:
    """At most `calls` calls within any minute for one key, counted over all processes that share the file.

    Every process takes the next free slot in one transaction, so the order of asking is the order of going.
    """

    def __init__(self, state_dir: Path, key: str, calls: int) -> None:
        make_private_folder(state_dir)
        self._file = state_dir / "pace.sqlite"
        self._key = key
        self._calls = calls
        self._open: sqlite3.Connection | None = None

    def reserve(self, now: float) -> float:
        """Take a slot and return its time (seconds since the epoch), `now` when there is room."""
        store = self._store()
        with store:
            store.execute("begin immediate")
            store.execute("delete from slot where at < ?", (now - WINDOW_S,))
            row = store.execute(
                "select at from slot where key = ? order by at desc limit 1 offset ?", (self._key, self._calls - 1)
            ).fetchone()
            shut = store.execute("select until from closed where key = ?", (self._key,)).fetchone()
            at = max(now, row[0] + WINDOW_S if row else now, shut[0] if shut else now)
            store.execute("insert into slot (key, at) values (?, ?)", (self._key, at))
        return at

    def close_until(self, until: float) -> None:
        """The vendor has blocked the organisation: nobody's next slot is before `until`."""
        store = self._store()
        with store:
            store.execute("begin immediate")
            store.execute("insert or replace into closed (key, until) values (?, ?)", (self._key, until))

    def close(self) -> None:
        """Release the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _store(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = sqlite3.connect(self._file, timeout=30, isolation_level=None)
            self._open.execute("pragma synchronous = off")  # a lost slot costs one early call
            self._open.executescript(_TABLES)
        return self._open


class Calls(msgspec.Struct, frozen=True):
    """Calls one plugin made to one system within a run. `started` and `ended` are seconds since the epoch."""

    run: str
    plugin: str
    system: str
    calls: int
    started: float
    ended: float


@dataclass(slots=True)
class _Count:
    calls: int
    started: float
    ended: float


class Tally:
    """Counts calls and appends them to `<state_dir>/calls.jsonl` once a second and at the end.

    Appending is atomic, so processes share the file; a process that is killed outright loses its last second.
    """

    def __init__(self, state_dir: Path, *, run: str, plugin: str) -> None:
        make_private_folder(state_dir)
        self._file = state_dir / "calls.jsonl"
        self._run = run
        self._plugin = plugin
        self._counts: dict[str, _Count] = {}
        self._written = 0.0

    def count(self, system: str, started: float, ended: float) -> None:
        """One call to `system`, from `started` to `ended` (seconds since the epoch)."""
        found = self._counts.setdefault(system, _Count(0, started, ended))
        found.calls += 1
        found.ended = ended
        if ended - self._written >= 1:
            self.flush(ended)

    def flush(self, now: float = 0.0) -> None:
        """Write what was counted since the last time."""
        self._written = now
        counts, self._counts = self._counts, {}
        lines = b"".join(
            msgspec.json.encode(Calls(self._run, self._plugin, system, found.calls, found.started, found.ended)) + b"\n"
            for system, found in counts.items()
        )
        if lines and self._file.parent.exists():  # a temporary folder may be gone when the program ends
            with self._file.open("ab", buffering=0) as file:
                file.write(lines)


def calls_of_run(state_dir: Path, run: str) -> list[Calls]:
    """What a run called: one entry for each plugin and system, in order of first call. Empty for an unknown run.

    The system `accounts` counts token requests.
    """
    file = Path(state_dir) / "calls.jsonl"
    if not file.exists():
        return []
    sums: dict[tuple[str, str], Calls] = {}
    for line in file.read_bytes().splitlines():
        found = msgspec.json.decode(line, type=Calls)
        if found.run != run:
            continue
        key = (found.plugin, found.system)
        before = sums.get(key, Calls(run, *key, 0, found.started, found.ended))
        sums[key] = Calls(
            run,
            *key,
            before.calls + found.calls,
            min(before.started, found.started),
            max(before.ended, found.ended),
        )
    return sorted(sums.values(), key=lambda one: one.started)
