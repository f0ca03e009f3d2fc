"""Two runs at once, in one thread: each has what a process has of its own, and the baton goes over where a process can be interrupted.

That is at each boundary (a call, a transaction of the ledger) and while one sleeps; never while a lock of the operating system is held.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from logging import getLogger
from typing import Any
from unittest.mock import patch

import greenlet
from simulation.bottle import Bottle

from ofrecord_kit.ledger import living


class _Own:
    """What a process has of its own: environment, output, its number, its place in the story."""

    def __init__(self, world: Bottle) -> None:
        self._world = world
        self.pid = 0
        self.keep()

    def keep(self) -> None:
        """Remember all of it."""
        world, root = self._world, getLogger()
        gate, line, processes = world.line.gate, world.line, world.host.processes
        self._gate = (gate.die_at, gate.passed, gate.calls, gate.dead, gate.at_call)
        self._mishaps, self.pid, self._at_exit = line.mishaps, processes.pid, processes._at_exit
        self._environment, self._out = dict(os.environ), sys.stdout
        self._handlers, self._level = root.handlers[:], root.level

    def resume(self) -> None:
        """Have it again."""
        world, root = self._world, getLogger()
        gate, line, processes = world.line.gate, world.line, world.host.processes
        gate.die_at, gate.passed, gate.calls, gate.dead, gate.at_call = self._gate
        line.mishaps, processes.pid, processes._at_exit = self._mishaps, self.pid, self._at_exit
        if os.environ != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        sys.stdout = self._out
        root.handlers[:] = self._handlers
        root.setLevel(self._level)
        living.own_process.cache_clear()


def side_by_side(world: Bottle, works: Sequence[Callable[[], None]], dice: random.Random, often: float) -> None:
    """Do all of them at once; at each boundary another one goes on with this likelihood."""
    _Twins(world, dice, often).do(works)


class _Twins:
    def __init__(self, world: Bottle, dice: random.Random, often: float) -> None:
        self._world, self._dice, self._often = world, dice, often
        self._running: dict[Any, _Own] = {}
        self._held = 0

    def do(self, works: Sequence[Callable[[], None]]) -> None:
        line, before = self._world.line, _Own(self._world)
        gate, sleep = line.gate, time.sleep
        pass_by, exchange = gate.pass_by, line.exchange

        def passing() -> None:
            pass_by()
            if self._dice.random() < self._often:
                self.hand_over()

        def exchanging(prepared: Any) -> Any:
            if "/oauth/" not in str(prepared.url):
                return exchange(prepared)
            self._held += 1  # the token's lock is held
            try:
                return exchange(prepared)
            finally:
                self._held -= 1

        def sleeping(seconds: float) -> None:
            sleep(seconds)
            self.hand_over()

        with ExitStack() as undo:
            undo.enter_context(patch.object(gate, "pass_by", passing))
            undo.enter_context(patch.object(line, "exchange", exchanging))
            undo.enter_context(patch.object(time, "sleep", sleeping))
            undo.enter_context(patch.object(os, "kill", self._kill))
            self._running = {greenlet.greenlet(work): _Own(self._world) for work in works}
            while self._running:
                one = next(iter(self._running))
                self._running[one].resume()
                one.switch()
                self._running = {twin: own for twin, own in self._running.items() if not twin.dead}
        before.resume()

    def hand_over(self) -> None:
        """Another one goes on, if there is one."""
        here = greenlet.getcurrent()
        others = [twin for twin in self._running if twin is not here and not twin.dead]
        if self._held or not others or here not in self._running:
            return
        self._running[here].keep()
        other = self._dice.choice(others)
        self._running[other].resume()
        other.switch()

    def _kill(self, pid: int, _sign: int) -> None:
        """As `os.kill(pid, 0)`: whatever runs is alive."""
        here = self._world.host.processes.pid
        alive = {own.pid for twin, own in self._running.items() if not twin.dead and twin is not greenlet.getcurrent()}
        if pid != here and pid not in alive:
            raise ProcessLookupError
