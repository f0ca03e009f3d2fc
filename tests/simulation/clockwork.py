"""Everything a program takes from its surroundings, decided by one seed: time, randomness, process ids, signals.

Nothing sleeps: who waits moves the clock on. Nothing is drawn from the operating system: ids, keys and jitter come from the
seed. A process id belongs to one plugin's run, and dies with it.
"""

import atexit
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import time_machine
from singer_sdk.plugin_base import PluginBase

from ofrecord_kit.ledger import living

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
TICK_S = 0.001
"""What a look at a monotonic clock takes: time never stands still between two of them."""


class Death(BaseException):
    """The plugin that runs is killed. Not an `Exception`: nothing may catch it and go on."""


class Clock:
    """Virtual time, in seconds since 1970."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller
        self.at = BEGIN.timestamp()

    def move(self, seconds: float) -> None:
        """Later, or for a clock that is set back earlier."""
        self.at += seconds
        self._traveller.shift(seconds)

    def sleep(self, seconds: float) -> None:
        """As `time.sleep`."""
        self.move(max(0.0, seconds))

    def monotonic(self) -> float:
        """As `time.monotonic`."""
        self.at += TICK_S
        self._traveller.shift(TICK_S)
        return self.at

    @property
    def now(self) -> datetime:
        """The moment."""
        return datetime.fromtimestamp(self.at, UTC)


class Processes:
    """Which plugin runs, and which of them have died."""

    def __init__(self) -> None:
        self._numbers = itertools.count(100)
        self.pid = next(self._numbers)
        self._at_exit: list[Callable[[], object]] = []

    def begin(self) -> None:
        """Another plugin starts; whatever ran before it has ended."""
        self.pid = next(self._numbers)
        living.own_process.cache_clear()

    def at_exit(self, work: Callable[[], object]) -> Callable[[], object]:
        """As `atexit.register`."""
        self._at_exit.append(work)
        return work

    def not_at_exit(self, work: Callable[[], object]) -> None:
        """As `atexit.unregister`."""
        self._at_exit = [one for one in self._at_exit if one != work]

    def end(self, *, killed: bool) -> None:
        """The plugin's process ends; one that is killed does nothing any more."""
        works, self._at_exit = self._at_exit, []
        for work in () if killed else works[::-1]:
            work()
        self.begin()  # who looks now is somebody else

    def kill(self, pid: int, _sign: int) -> None:
        """As `os.kill(pid, 0)`: only the plugin that runs is alive."""
        if pid != self.pid:
            raise ProcessLookupError


@contextmanager
def surroundings(seed: int) -> Iterator[tuple[Clock, Processes]]:
    """Within the block time, randomness and processes are made up."""
    dice, before = random.Random(f"surroundings {seed}"), random.getstate()  # noqa: S311 - it stands in for what is
    processes = Processes()
    with ExitStack() as undo:
        undo.callback(living.own_process.cache_clear)
        undo.callback(random.setstate, before)
        random.seed(seed)
        clock = Clock(undo.enter_context(time_machine.travel(BEGIN, tick=False)))
        for place, name, stand_in in (
            (time, "sleep", clock.sleep),
            (time, "monotonic", clock.monotonic),
            (time, "perf_counter", clock.monotonic),
            (os, "urandom", dice.randbytes),
            (random, "_urandom", dice.randbytes),
            (os, "getpid", lambda: processes.pid),
            (os, "kill", processes.kill),
            (atexit, "register", processes.at_exit),
            (atexit, "unregister", processes.not_at_exit),
            (living, "_began", str),
            (PluginBase, "_setup_signal_handlers", lambda _self: None),
        ):
            undo.enter_context(patch.object(place, name, stand_in))
        yield clock, processes
