"""A target as the process it is: messages in, state out, a log; ended by its own will or by kill -9."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from ofrecord_kit.testing import programs

Message = Mapping[str, Any]
_STEP_S = 0.01


@dataclass(frozen=True)
class Run:
    """What one process left behind. `code` is None when it was killed or hung."""

    code: int | None
    states: Sequence[Any]
    out: str
    err: str
    hung: bool = False

    @property
    def last_words(self) -> str:
        """The end of its log, for people who look for the cause."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        return lines[-1][:300] if lines else "(its log is empty)"


class Started(Protocol):
    """A process as `subprocess.Popen` shows it, with a pipe at its input and its output."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where it is given lines."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """Where its lines are read."""

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def wait(self, timeout: float) -> int:
        """Its exit code; raises `subprocess.TimeoutExpired`."""

    def kill(self) -> None:
        """End it at once."""


Start = Callable[[Sequence[str], Path, Mapping[str, str], IO[bytes]], Started]
"""From command, folder, environment and log."""


def as_process(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]) -> Started:
    """Any command."""
    return subprocess.Popen(  # noqa: S603 - the command is the author's own
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=environment
    )


class _Fork:
    """A fork of a nursery; see `ofrecord_kit.testing.programs`."""

    def __init__(self, running: programs.Running, stdin: int, stdout: int) -> None:
        self.poll, self.wait, self.kill = running.poll, running.wait, running.kill
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")


def as_fork(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]) -> Started:
    """A console script of a package that is installed here; importing it is what most runs of a suite take longest for."""
    (source, feed), (told, out) = os.pipe(), os.pipe()
    try:
        running = programs.start(
            command, cwd=folder, environment=environment, stdin=source, stdout=out, stderr=log.fileno()
        )
    finally:
        os.close(source)
        os.close(out)
    return _Fork(running, feed, told)


class Process:
    """One running target."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        start: Start = as_process,
    ) -> None:
        self._log = log
        with self._log.open("wb") as errors:
            self._popen = start(command, folder, {**os.environ, **environment}, errors)
        self._out: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stream = self._popen.stdout
        if stream is not None:
            for line in stream:
                self._out.append(line.decode(errors="replace"))

    @property
    def states(self) -> list[Any]:
        """The states it has told so far."""
        return [state for line in list(self._out) if (state := _state(line)) is not None]

    def feed(self, *lines: str) -> None:
        """Give it lines; one that has died takes none."""
        stream = self._popen.stdin
        if stream is None or stream.closed:
            return
        try:
            stream.write("".join(f"{line}\n" for line in lines).encode())
            stream.flush()
        except BrokenPipeError:
            return

    def settle(self, is_quiet: Callable[[], bool], patience_s: float) -> None:
        """Wait until it has taken everything from its input and then does nothing that could be seen."""
        until = time.monotonic() + patience_s
        while self._popen.poll() is None and time.monotonic() < until:
            if not self._unread() and is_quiet():
                return
            time.sleep(_STEP_S)

    def _unread(self) -> int:
        """Bytes that wait in its input."""
        if self._popen.stdin is None:
            return 0
        count = bytearray(4)
        fcntl.ioctl(self._popen.stdin.fileno(), termios.FIONREAD, count)
        return int.from_bytes(count, "little")

    def kill(self) -> None:
        """Kill -9, from any thread."""
        self._popen.kill()

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._popen.poll() is not None

    def end_input(self) -> None:
        """Nothing more comes."""
        if self._popen.stdin is not None:
            try:
                self._popen.stdin.close()
            except BrokenPipeError:
                return

    def finish(self, patience_s: float) -> Run:
        """Wait for its end; one that does not come to it is killed."""
        self.end_input()
        hung = False
        try:
            code = self._popen.wait(patience_s)
        except subprocess.TimeoutExpired:
            hung = True
            self._popen.kill()
            code = self._popen.wait(patience_s)
        self._reader.join(patience_s)
        if self._popen.stdout is not None:
            self._popen.stdout.close()
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return Run(None if hung or code < 0 else code, self.states, "".join(self._out), text, hung)


def _state(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
