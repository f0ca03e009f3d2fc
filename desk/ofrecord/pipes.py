"""The project's own taps, mappings and targets, run as `meltano.yml` says, without bookmarks: what a command reads, or rebuilds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ofrecord.project_file import ProjectFile, ProjectProblem, Task

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class PipeProblem(ProjectProblem):
    """A pipeline cannot be run; the message says which, with the plugin's own last words."""


class Project(ProjectFile):
    """One project whose plugins can be run. Raises ProjectProblem."""

    def pipelines(self) -> list[Task]:
        """Every pipeline of every job, in order, each once."""
        return list({(task.tap, task.mapping, task.target): task for task in self.tasks if task.mapping}.values())

    @contextmanager
    def _command(self, name: str, more: Mapping[str, Any], folder: str) -> Iterator[list[str]]:
        executable = str(self.said(name, "executable"))
        config = {**self.settings(name), **more}
        yield [*_with_settings(executable, config, folder), *self._catalog(executable, self.said(name, "catalog"))]

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
