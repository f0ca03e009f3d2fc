"""The project's own taps, mappings and targets, run as `meltano.yml` says, without bookmarks: what a command reads, or rebuilds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_KINDS: Mapping[Any, Callable[[Any], Any]] = {
    "integer": int,
    "boolean": lambda said: str(said).lower() in {"1", "true", "yes"},
}


class PipeProblem(Exception):  # noqa: N818 - named for what it is
    """A pipeline cannot be run; the message says which, with the plugin's own last words."""


@dataclass(frozen=True)
class Task:
    """`tap mapping target` of a job."""

    job: str
    tap: str
    mapping: str
    target: str


class Project:
    """One `meltano.yml`, with settings read from the environment as in runs. Raises PipeProblem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "meltano.yml"
        try:
            self._said = yaml.safe_load(path.read_text(encoding="utf-8"))
            self._plugins = {
                one["name"]: one for kind in ("extractors", "loaders") for one in self._said["plugins"][kind]
            }
            self.mappings: Mapping[str, Mapping[str, Any]] = {
                one["name"]: one["config"] for mapper in self._said["plugins"]["mappers"] for one in mapper["mappings"]
            }
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            message = f"{path} cannot be read as a Meltano project ({type(error).__name__}). Run this in the project's folder."
            raise PipeProblem(message) from error

    def tasks(self) -> list[Task]:
        """Every pipeline of every job, in order, each once."""
        found = {
            tuple(words): Task(job["name"], *words)
            for job in self._said.get("jobs", [])
            for one in job["tasks"]
            if isinstance(one, str) and len(words := one.split()) == 3  # noqa: PLR2004 - tap, mapping, target
        }
        return list(found.values())

    def settings(self, plugin: str) -> dict[str, Any]:
        """The settings of a plugin, as a run would have them; secrets are among them."""
        return self._config(plugin, {})[1]

    def _config(self, name: str, more: Mapping[str, Any]) -> tuple[str, dict[str, Any], str | None]:
        """Executable, settings and catalog of a plugin, inheritance followed."""
        own = self._plugins[name]
        base = self._plugins[own.get("inherit_from", name)]
        config: dict[str, Any] = {}
        for setting in base.get("settings", []):
            value = setting.get("value")
            if isinstance(value, str) and value.startswith("$"):
                value = os.environ.get(value[1:])
            if value not in (None, ""):
                config[setting["name"]] = _KINDS.get(setting.get("kind"), lambda said: said)(value)
        return base["executable"], {**config, **own.get("config", {}), **more}, base.get("catalog")

    @contextmanager
    def _command(self, name: str, more: Mapping[str, Any], folder: str) -> Iterator[list[str]]:
        executable, config, catalog = self._config(name, more)
        yield [*_with_settings(executable, config, folder), *self._catalog(executable, catalog)]

    def _catalog(self, executable: str, catalog: str | None) -> list[str]:
        if not catalog or not executable.startswith("tap-") or not (self.folder / catalog).is_file():
            return []
        return ["--catalog", str(self.folder / catalog)]

    def records(self, tap: str, streams: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Stream and record of everything a tap finds, read whole. Raises PipeProblem."""
        with tempfile.TemporaryDirectory() as folder, self._command(tap, {"streams": list(streams)}, folder) as command:
            process = self._start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, words = process.communicate()
            if process.returncode:
                raise PipeProblem(_last(tap, words))
            for line in out.splitlines():
                message = _decoder.decode(line)
                if message.get("type") == "RECORD":
                    yield message["stream"], message["record"]

    def run(self, task: Task, target: Mapping[str, Any]) -> None:
        """A whole pipeline from the beginning, with these settings of its target. Raises PipeProblem."""
        with (
            tempfile.TemporaryDirectory() as folder,
            self._command(task.tap, {}, folder) as tap,
            self._command(task.target, target, folder) as sink,
            (Path(folder) / "words").open("w+b") as words,
        ):
            mapper = _with_settings("ofrecord-mapper", dict(self.mappings[task.mapping]), folder)
            codes = self._chain([tap, mapper, sink], words)
            words.seek(0)
            said = words.read()
        if any(codes):
            raise PipeProblem(_last(f"{task.job}: {task.tap} {task.mapping} {task.target}", said))

    def _chain(self, commands: Sequence[list[str]], words: Any) -> list[int]:
        running: list[subprocess.Popen[bytes]] = []
        for command in commands:
            source = running[-1].stdout if running else None
            out = subprocess.DEVNULL if command is commands[-1] else subprocess.PIPE
            running.append(self._start(command, stdin=source, stdout=out, stderr=words))
            if source is not None:
                source.close()
        return [process.wait() for process in reversed(running)]

    def _start(self, command: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(command, cwd=self.folder, **more)  # noqa: S603 - the project's own plugins
        except OSError as error:
            message = f"{command[0]} could not be run ({type(error).__name__}). Is it installed?"
            raise PipeProblem(message) from error


def _with_settings(executable: str, config: Mapping[str, Any], folder: str) -> list[str]:
    """The command with its settings in a file for this user only, because secrets are among them."""
    path = Path(folder) / f"{executable}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config), encoding="utf-8")
    beside = Path(sys.executable).parent / executable
    found = str(beside) if beside.is_file() else shutil.which(executable) or executable
    return [found, "--config", str(path)]


def _last(what: str, words: bytes) -> str:
    lines = [line for line in words.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if " ERROR " in line or " CRITICAL " in line] or lines
    return f"{what}: {told[-1] if told else 'ended without a word'}"
