"""The counts of calls made."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ofrecord_kit.tokens import make_private_folder


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

    Safe for threads. Appending is atomic, so processes share the file; a process that is killed outright loses its last second.
    """

    def __init__(self, state_dir: Path, *, run: str, plugin: str) -> None:
        make_private_folder(state_dir)
        self._file = state_dir / "calls.jsonl"
        self._run = run
        self._plugin = plugin
        self._counts: dict[str, _Count] = {}
        self._written = 0.0
        self._lock = threading.Lock()

    def count(self, system: str, started: float, ended: float) -> None:
        """One call to `system`, from `started` to `ended` (seconds since the epoch)."""
        with self._lock:
            found = self._counts.setdefault(system, _Count(0, started, ended))
            found.calls += 1
            found.ended = max(found.ended, ended)
        if ended - self._written >= 1:
            self.flush(ended)

    def flush(self, now: float = 0.0) -> None:
        """Write what was counted since the last time."""
        with self._lock:
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
