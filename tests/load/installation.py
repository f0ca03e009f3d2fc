"""One installation: plugins as they ship with the settings of meltano.yml, one after the other, on the virtual clock."""

from __future__ import annotations

import json
import os
import pickle
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

from load.vendors import Remote
from simulation.clockwork import Processes
from simulation.plugins import DEFECT, KILLED, PLUGINS, end_of, logged, mapping_of, settings_of, tasks_of
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib import Catalog

from ofrecord_transforms.mapper import Mapper

PROJECT = Path(__file__).parents[2]


@cache
def _catalog(path: str) -> Catalog:
    """As a tap reads it at its start; read once for all of them."""
    return Catalog.from_dict(json.loads((PROJECT / path).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Ended:
    """How a plugin ended. `cut`: why its day was over, empty when it was not."""

    name: str
    code: int
    at: float
    cut: str
    error: str
    peak_mb: float


@dataclass
class Installation:
    """Its folder, environment, and what it remembers. `changes`: settings by plugin's program (`tap-crm`)."""

    folder: Path
    environment: dict[str, str]
    line: Remote
    processes: Processes
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    apart: bool = False
    """Does every plugin run in a process of its own?"""
    states: dict[str, bytes] = field(default_factory=dict)
    runs: int = 0
    peaks: dict[str, float] = field(default_factory=dict)
    """By program: megabytes at most."""

    def job(self, name: str, kill: tuple[int, int, int] | None = None) -> list[Ended]:
        """A job: its tasks in order, ended by the first plugin that fails, as Meltano does.

        `kill`: (task, plugin, call) at which a plugin's process is killed.
        """
        self.runs += 1
        ended: list[Ended] = []
        for number, task in enumerate(tasks_of(name)):
            at = kill[1:] if kill and kill[0] == number else None
            ended += self._task(task, f"{name} {number}", at)
            if any(one.code for one in ended):
                break
        return ended

    def _task(self, task: str, who: str, kill: tuple[int, int] | None) -> list[Ended]:
        names = task.split()
        files = [self.folder / f"{number}.jsonl" for number in range(4)]
        files[0].write_bytes(b"")
        ended = []
        for number, program in enumerate(self._programs(*names)):
            self.line.cut_at = kill[1] if kill and kill[0] == number else 0
            ended.append(self._start(program[0], who, program[1], files[number], files[number + 1], tap=names[0]))
        states = [line for line in files[3].read_bytes().splitlines() if line.strip()]
        if states:
            self.states[names[0]] = states[-1]
        return ended

    def _programs(self, tap: str, mapping: str, target: str) -> list[tuple[str, Callable[[BinaryIO], None]]]:
        tap_name, tap_settings, catalog = settings_of(tap, self.environment)
        target_name, target_settings, _ = settings_of(target, self.environment)
        mapper_settings = {**mapping_of(mapping), "rules": str(PROJECT / "rules")}
        state, known = self.states.get(tap), _catalog(catalog) if catalog else None

        def read(_said: BinaryIO) -> None:
            made = PLUGINS[tap_name](
                config={**tap_settings, "calls_at_once": 1, **self.changes.get(tap_name, {})},
                state=json.loads(state) if state else None,
                catalog=known,
            )
            made.sync_all()

        def write(said: BinaryIO) -> None:
            config = {**target_settings, "calls_at_once": 1, **self.changes.get(target_name, {})}
            PLUGINS[target_name].invoke(config=_ConfigInput(config=config), file_input=said)

        return [
            (tap_name, read),
            ("ofrecord-mapper", lambda said: Mapper(config=mapper_settings).listen(said)),
            (target_name, write),
        ]  # fmt: skip

    def _start(
        self, name: str, who: str, program: Callable[[BinaryIO], None], said: Path, out: Path, *, tap: str
    ) -> Ended:
        """Run a program, in a process of its own where memory is to be measured."""
        self.processes.begin()
        self.line.gate.begin()
        self.line.who = f"{who} {name}"
        self.environment |= {"OFRECORD_RUN": f"run-{self.runs}", "MELTANO_EXTRACTOR_NAME": tap}
        peak = 0.0
        if self.apart:
            code, error, log, peak = self._start_apart(f"{self.runs} {who} {name}", program, said, out)
        else:
            code, error, log = self._play(program, said, out)
        self.peaks[name] = max(peak, self.peaks.get(name, 0))
        words = "\n".join([*log, error])
        cut = "calls_per_day" if "budget of the day is spent" in words else "45" if "[45]" in words else ""
        return Ended(
            name, code, self.line.clock.at, cut if code else "", error or "\n".join(log[-3:]) if code else "", peak
        )

    def _start_apart(
        self, number: str, program: Callable[[BinaryIO], None], said: Path, out: Path
    ) -> tuple[int, str, list[str], float]:
        told = self.folder / "told"
        told.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            own = random.Random(number)  # noqa: S311 - it stands in for what is
            os.urandom = own.randbytes  # type: ignore[assignment]
            random.seed(number)
            ended = self._play(program, said, out)
            told.write_bytes(pickle.dumps((*ended, self.line.clock.at)))
            os._exit(0)
        _, _status, usage = os.wait4(child, 0)
        code, error, log, at = pickle.loads(told.read_bytes())  # noqa: S301 - our own child wrote it
        self.line.clock.move(max(0.0, at - self.line.clock.at))
        return code, error, log, usage.ru_maxrss / 1024

    def _play(self, program: Callable[[BinaryIO], None], said: Path, out: Path) -> tuple[int, str, list[str]]:
        log: list[str] = []
        lines, written = said.open("rb"), out.open("w", encoding="utf-8")
        with (
            lines,
            written,
            patch.dict(os.environ, self.environment),
            patch.object(sys, "stdout", written),
            logged(log),
        ):
            code, met = end_of(lambda: program(lines))
        self.processes.end(killed=code == KILLED)
        error = "" if met is None else repr(met) if code == DEFECT else str(met)
        return code, error, log[-50:]
