"""The counts of calls made."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ofrecord_kit.tokens import make_private_folder

_READ = 32_000_000
"""Bytes of the counts that are read: some months of a project that runs every five minutes."""
KEPT_S = 35 * 86_400
"""Counts are put aside when the oldest is older, and what was put aside before goes: five weeks are kept at least, and twice that at most."""
_FILE, _ASIDE = "calls.jsonl", "calls.before.jsonl"


class Calls(msgspec.Struct, frozen=True):
    """Calls one plugin made to one system within a run. `started` and `ended` are seconds since the epoch.

    `weight` is what the vendor counts: credits of the CRM, else calls. `pipeline` is the name the tap has in `meltano.yml`,
    which Meltano tells tap and target of it; empty in a run without Meltano. `begun` is when the plugin began to call, so that
    runs of one name are told apart.
    """

    run: str
    plugin: str
    system: str
    calls: int
    started: float
    ended: float
    weight: int = 0
    pipeline: str = ""
    begun: float = 0.0


_decoder = msgspec.json.Decoder(Calls)


@dataclass(slots=True)
class _Count:
    started: float
    ended: float
    calls: int = 0
    weight: int = 0


class Tally:
    """Counts calls and appends them to `<state_dir>/calls.jsonl` once a second and at the end.

    Safe for threads. Appending is atomic, so processes share the file; a process that is killed outright loses its last second.
    """

    def __init__(self, state_dir: Path, *, run: str, plugin: str) -> None:
        make_private_folder(state_dir)
        self._file = state_dir / _FILE
        self._is_bounded = False
        self._run = run
        self._plugin = plugin
        self._pipeline = os.environ.get("MELTANO_EXTRACTOR_NAME", "")
        self._counts: dict[str, _Count] = {}
        self._begun = time.time()
        self._written = 0.0
        self._lock = threading.Lock()

    def count(self, system: str, started: float, ended: float, weight: int = 1) -> None:
        """One call to `system`, from `started` to `ended` (seconds since the epoch)."""
        with self._lock:
            found = self._counts.setdefault(system, _Count(started, ended))
            found.calls += 1
            found.weight += weight
            found.ended = max(found.ended, ended)
        if abs(ended - self._written) >= 1:  # clocks are set back, too
            self.flush(ended)

    def flush(self, now: float = 0.0) -> None:
        """Write what was counted since the last time."""
        with self._lock:
            self._written = now
            counts, self._counts = self._counts, {}
        lines = b"".join(self._line(system, found) + b"\n" for system, found in counts.items())
        if lines and self._file.parent.exists():  # a temporary folder may be gone when the program ends
            if not self._is_bounded:
                self._is_bounded = True
                _put_aside(self._file, self._begun - KEPT_S)
            with self._file.open("ab", buffering=0) as file:
                file.write(lines)

    def _line(self, system: str, found: _Count) -> bytes:
        told = (found.calls, found.started, found.ended, found.weight, self._pipeline, self._begun)
        return msgspec.json.encode(Calls(self._run, self._plugin, system, *told))


def counted(state_dir: Path) -> Iterator[Calls]:
    """What was written down, oldest first, some seconds of a run at a time; of a long file the last part.

    A line that is no count (a full disk ends one early) is passed over.
    """
    files = [Path(state_dir) / name for name in (_ASIDE, _FILE)]
    sizes = [file.stat().st_size if file.exists() else 0 for file in files]
    for file, most in zip(files, (max(0, _READ - sizes[1]), _READ), strict=True):
        for line in _last_lines(file, most):
            try:
                found = _decoder.decode(line)
            except msgspec.DecodeError:
                continue
            yield found if found.weight else msgspec.structs.replace(found, weight=found.calls)


def _last_lines(file: Path, most: int) -> Iterator[bytes]:
    with suppress(FileNotFoundError), file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size > most:
            opened.seek(-most, os.SEEK_END)
            opened.readline()
        yield from opened


def _put_aside(file: Path, before: float) -> None:
    """A file whose first count is of before that time becomes the one that was put aside. One rename: nobody's line is lost.

    Of several processes that find it so one does it: the others see that the file they locked is not there any more.
    """
    with suppress(OSError, msgspec.DecodeError), file.open("rb") as opened:
        if _decoder.decode(opened.readline()).started >= before:
            return
        fcntl.flock(opened, fcntl.LOCK_EX)
        if os.path.samestat(os.fstat(opened.fileno()), file.stat()):
            file.replace(file.with_name(_ASIDE))


def calls_of_run(state_dir: Path, run: str) -> list[Calls]:
    """What a run called: one entry for each plugin and system, in order of first call. Empty for an unknown run.

    The system `accounts` counts token requests.
    """
    sums: dict[tuple[str, str], Calls] = {}
    for found in counted(state_dir):
        if found.run != run:
            continue
        before = sums.get((found.plugin, found.system))
        sums[found.plugin, found.system] = found if before is None else together(before, found)
    return sorted(sums.values(), key=lambda one: one.started)


def together(one: Calls, other: Calls) -> Calls:
    """Both in one entry, which has the names of the first."""
    return msgspec.structs.replace(
        one,
        calls=one.calls + other.calls,
        weight=one.weight + other.weight,
        started=min(one.started, other.started),
        ended=max(one.ended, other.ended),
    )
