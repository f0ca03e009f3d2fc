"""The plugins as they ship, started one after the other in this process with the settings meltano.yml gives them.

A task `tap mapping target` is a pipe: the tap's lines go to the mapper, the mapper's to the target. What a plugin printed before
it died is passed on, as a pipe would; the last state the target printed is what the next run begins with, as Meltano keeps it.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer
import yaml
from simulation.clockwork import Death, Processes
from simulation.prepared import PROJECT, catalog_of
from simulation.wire import Gate
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib.exceptions import SingerReadError

from ofrecord.project_file import ProjectFile
from ofrecord.promises.command import stock
from ofrecord_transforms.compile import UnusableRecordError
from ofrecord_transforms.mapper import Mapper
from ofrecord_transforms.problems import RulesError
from tap_books.tap import TapBooks
from tap_crm.tap import TapCrm
from tap_inventory.tap import TapInventory
from target_crm.target import TargetCrm
from target_inventory.target import TargetInventory

PLUGINS = {
    "tap-crm": TapCrm,
    "tap-inventory": TapInventory,
    "tap-books": TapBooks,
    "ofrecord-mapper": Mapper,
    "target-crm": TargetCrm,
    "target-inventory": TargetInventory,
}
COMMANDS: dict[str, Callable[..., None]] = {"quote-stock": stock}
"""Commands of the desk that jobs name, as `meltano.yml` calls them."""
_settings = ProjectFile.settings
TOLD = (SingerSDKError, SingerReadError, RulesError, UnusableRecordError)
"""Errors of which a program makes one message and exit code 1 (`run_plugin`, the mapper's `main`); any other is a defect."""
KILLED, DEFECT = 137, 70


@cache
def meltano() -> dict[str, Any]:
    """The project."""
    found: dict[str, Any] = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    return found


def _one_at_a_time(project: ProjectFile, plugin: str) -> dict[str, Any]:
    return {**_settings(project, plugin), "calls_at_once": 1}


def tasks_of(job: str) -> list[str]:
    """The tasks of a job, in order."""
    return next(list(one["tasks"]) for one in meltano()["jobs"] if one["name"] == job)


def mapping_of(name: str) -> dict[str, Any]:
    """The settings of a mapping."""
    kinds = meltano()["plugins"]["mappers"]
    return next(one["config"] for kind in kinds for one in kind["mappings"] if one["name"] == name)


def settings_of(name: str, environment: Mapping[str, str]) -> tuple[str, dict[str, Any], str | None]:
    """(executable, settings, catalog) of an extractor or loader, inheritance followed and variables expanded."""
    plugins = {one["name"]: one for kind in ("extractors", "loaders") for one in meltano()["plugins"][kind]}
    found = plugins[name]
    kept = plugins[found.get("inherit_from", name)]
    settings: dict[str, Any] = {}
    for one in kept["settings"]:
        value = one.get("value")
        if isinstance(value, str) and value.startswith("$"):
            value = environment.get(value[1:])
        if value is not None:
            settings[one["name"]] = int(value) if one.get("kind") == "integer" else value
    return kept["executable"], {**settings, **found.get("config", {})}, kept.get("catalog")


class Out(io.StringIO):
    """Standard output of a plugin; nothing of a dead one reaches anybody."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.lines = io.BytesIO()
        self.buffer = self
        self._gate = gate

    def write(self, text: Any) -> int:
        if not self._gate.dead:
            self.lines.write(text.encode() if isinstance(text, str) else text)
        return len(text)


@dataclass
class Ended:
    """How a plugin ended, and what it printed."""

    name: str
    code: int
    out: bytes
    error: BaseException | None = None


@dataclass
class Host:
    """Where plugins run: one installation with its settings, states and log."""

    folder: Path
    environment: dict[str, str]
    gate: Gate
    processes: Processes
    states: dict[str, bytes] = field(default_factory=dict)
    """By tap: the last state."""
    log: list[str] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)
    """States that were ever passed on."""
    runs: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    """Settings that targets have beyond those of meltano.yml."""
    taps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The same of taps, by executable."""
    rules: Path = PROJECT / "rules"

    def task(self, task: str, begin: Callable[[int], int] = lambda _place: 0, **changes: Any) -> list[Ended]:
        """Run a task; `begin` is told the place of each plugin in the pipe and answers at which boundary it dies. How they ended."""
        self.runs += 1
        if ":" in task:
            return [self._command(task.partition(":")[2], begin(0))]
        tap, mapping, target = task.split()
        with self._environment():
            read = self._tap(tap, begin(0))
            mapped = self._mapper(mapping, read.out)
            written = self._target(target, mapped.out, begin(2), changes)
        states = [line for line in written.out.splitlines() if line.strip()]
        if states:
            self.states[tap] = states[-1]
            self.seen.append(states[-1])
        return [read, mapped, written]

    def _tap(self, name: str, die_at: int) -> Ended:
        executable, settings, catalog = settings_of(name, self.environment)
        settings |= {"calls_at_once": 1, **self.taps.get(executable, {})}
        state = self.states.get(name)
        plugin = PLUGINS[executable]

        def program() -> None:
            made = plugin(
                config=settings,
                state=json.loads(state) if state else None,
                catalog=catalog_of(catalog, tuple(settings["streams"])) if catalog else None,
            )
            made.sync_all()

        return self.start(executable, program, die_at)

    def _mapper(self, mapping: str, said: bytes) -> Ended:
        settings = {**mapping_of(mapping), "rules": str(self.rules)}
        return self.start("ofrecord-mapper", lambda: Mapper(config=settings).listen(io.BytesIO(said)), 0)

    def _target(self, name: str, said: bytes, die_at: int, changes: Mapping[str, Any]) -> Ended:
        executable, settings, _ = settings_of(name, self.environment)
        plugin = PLUGINS[executable]
        config = _ConfigInput(config={**settings, **self.config, **changes})
        return self.start(executable, lambda: plugin.invoke(config=config, file_input=io.BytesIO(said)), die_at)

    def _command(self, name: str, die_at: int) -> Ended:
        """A step of a job that is a command of the desk."""

        def program() -> None:
            try:
                COMMANDS[name](project=PROJECT, rules=self.rules, ledger=self.environment["OFRECORD_LEDGER"])
            except typer.Exit as ended:
                sys.exit(ended.exit_code)

        with self._environment(), patch.object(ProjectFile, "settings", _one_at_a_time):
            return self.start(f"ofrecord {name}", program, die_at)

    def start(self, name: str, program: Callable[[], None], die_at: int) -> Ended:
        """Run a program to its end, whatever that is."""
        self.processes.begin()
        self.gate.begin(die_at)
        out = Out(self.gate)
        with patch.object(sys, "stdout", out):
            code, met = end_of(program)
        if code == 1 and met is not None:
            self.log.append(f"{name}: {met}")
        self.processes.end(killed=code == KILLED)
        self.gate.begin()
        return Ended(name, code, out.lines.getvalue(), met)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        with patch.object(os, "environ", {**self.environment, "OFRECORD_RUN": f"run-{self.runs}"}):
            yield


def end_of(program: Callable[[], None]) -> tuple[int, BaseException | None]:
    """Run a program to its end, whatever that is: its exit code, and what it told."""
    try:
        program()
    except Death:
        return KILLED, None
    except SystemExit as ended:
        return int(str(ended.code or 0)), None
    except TOLD as told:
        return 1, told
    except Exception as defect:  # noqa: BLE001 - a defect is what is looked for
        return DEFECT, defect
    return 0, None


class _Kept(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.name} {record.getMessage()}")


@contextmanager
def logged(lines: list[str]) -> Iterator[None]:
    """Within the block, what is logged is kept, and printed nowhere."""
    root, handler = logging.getLogger(), _Kept(lines)
    before, kept = root.level, root.handlers[:]
    root.setLevel(logging.INFO)
    root.handlers[:] = [handler]
    try:
        yield
    finally:
        root.handlers[:] = kept
        root.setLevel(before)
