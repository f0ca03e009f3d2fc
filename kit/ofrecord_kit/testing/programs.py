"""The project's commands as processes of their own that start at once, for tests that run hundreds of them.

Importing takes a plugin longer than most runs in tests. A nursery (`python -m ofrecord_kit.testing.programs`) imports
each command once; every run is a fork of it, with arguments, environment, folder and standard streams of its own, and
can be killed as any process can.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import resource
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from weakref import finalize

_NUMBER = struct.Struct("!i")
_ENDED = struct.Struct("!iq")
"""The exit code, and the most memory it held, in KiB."""
_STREAMS = 3
_NOT_WRITTEN = 120
"""The interpreter's exit code for streams that could not be written out."""


class Running:
    """A started command."""

    def __init__(self, command: Sequence[str], pid: int, told: int) -> None:
        self.command = list(command)
        self.pid = pid
        self.returncode: int | None = None
        self.most_kib = 0
        """The most memory it held, what it shares with the nursery included; known at its end."""
        self._told = told
        finalize(self, os.close, told)
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float) -> int:
        """The exit code; raises `subprocess.TimeoutExpired`."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.command, timeout)
        return code

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sign: int) -> None:
        """Tell it something; nothing when it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sign)

    def _look(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            with self._looking:  # several threads may look, one is told
                if self.returncode is None:
                    code, self.most_kib = _ENDED.unpack(os.read(self._told, _ENDED.size))
                    self.returncode = code
        return self.returncode


class Nursery:
    """The process others are forked from; it ends with the one that started it."""

    def __init__(self) -> None:
        self._channel, far = socket.socketpair()
        command = [sys.executable, "-m", __name__, str(far.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[far.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603 - ours
        far.close()

    def close(self) -> None:
        """End it; what it started goes on."""
        self._channel.close()
        self._process.wait()

    def start(
        self,
        command: Sequence[str],
        streams: Sequence[int],
        cwd: Path,
        environment: Mapping[str, str],
        memory: int | None = None,
    ) -> Running:
        """Start a console script of an installed package (by name or path), or the `main` of a file that ends with `.py`; `streams` are three open descriptors."""
        request = {"command": list(command), "cwd": str(cwd), "environment": dict(environment), "memory": memory}
        told, tell = os.pipe()
        body = json.dumps(request).encode()
        socket.send_fds(self._channel, [_NUMBER.pack(len(body))], [*streams, tell])
        self._channel.sendall(body)
        os.close(tell)
        (pid,) = _NUMBER.unpack(os.read(told, _NUMBER.size))
        return Running(command, pid, told)


@cache
def nursery() -> Nursery:
    """The one of this process."""
    made = Nursery()
    atexit.register(made.close)
    return made


def start(
    command: Sequence[object],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
    memory: int | None = None,
) -> Running:
    """Start a command of the project; streams are open descriptors or `subprocess.DEVNULL`.

    `memory`: so many bytes it may ask for beyond what it starts with; more of them are refused by the system.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    streams = [nothing if one == subprocess.DEVNULL else one for one in (stdin, stdout, stderr)]
    try:
        return nursery().start([str(word) for word in command], streams, cwd, environment, memory)
    finally:
        os.close(nothing)


def run(
    command: Sequence[object],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    said: str | Iterable[bytes] | None = None,
    timeout: float = 180,
    memory: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """A command of the project from start to end; `said` is its standard input, whole or in parts; `memory` as of `start`."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.writelines([said.encode()] if isinstance(said, str) else said or ())
        source.seek(0)
        running = start(
            command,
            cwd=cwd or Path.cwd(),
            environment=os.environ if environment is None else environment,
            stdin=source.fileno(),
            stdout=out.fileno(),
            stderr=err.fileno(),
            memory=memory,
        )
        try:
            code = running.wait(timeout)
        finally:
            running.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(running.command, code, out.read().decode(), err.read().decode())


def start_pipe(
    commands: Sequence[Sequence[object]],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdout: int,
    errors: Sequence[int],
) -> list[Running]:
    """Start commands of which each reads what the one before writes; `stdout` is the last one's."""
    running: list[Running] = []
    source = subprocess.DEVNULL
    for left, command, stderr in zip(reversed(range(len(commands))), commands, errors, strict=True):
        following, out = os.pipe() if left else (-1, stdout)
        running.append(start(command, cwd=cwd, environment=environment, stdin=source, stdout=out, stderr=stderr))
        for end in (source, out):
            if end not in {subprocess.DEVNULL, stdout}:
                os.close(end)
        source = following
    return running


def pipe(
    commands: Sequence[Sequence[object]],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdout: int,
    errors: Sequence[int],
    timeout: float = 300,
) -> list[int]:
    """Commands of which each reads what the one before writes; `stdout` is the last one's. Their exit codes."""
    running = start_pipe(commands, cwd=cwd, environment=environment, stdout=stdout, errors=errors)
    try:
        return [one.wait(timeout) for one in running[::-1]][::-1]
    finally:
        for one in running:
            one.kill()


# -- the nursery's side ----------------------------------------------------------------------------------------------


@cache
def _program(command: str) -> Callable[[], Any]:
    """What a console script calls, or the `main` of a file that ends with `.py`."""
    program: Callable[[], Any]
    if command.endswith(".py"):
        program = runpy.run_path(command)["main"]
    else:
        name = Path(command).name
        found = list(entry_points(group="console_scripts", name=name))
        if not found:
            return partial(sys.exit, f"No package that is installed here has a command {name}.")
        program = found[0].load()
    gc.freeze()  # a child that never touches what was imported shares it
    return program


def _serve(channel: socket.socket) -> Callable[[], Any] | None:
    """Fork on request until the channel is closed; in a child the program to call, in the nursery None."""
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: dict[int, int] = {}
    while True:
        ready = select.select([channel, woken], [], [])[0]
        if woken in ready:
            woken.recv(4096)
            _tell_ended(children)
        if channel in ready:
            head, descriptors, _flags, _from = socket.recv_fds(channel, _NUMBER.size, _STREAMS + 1)
            if not head:
                return None
            request = json.loads(_exactly(channel, _NUMBER.unpack(head)[0]))
            program = _program(request["command"][0])
            pid = os.fork()
            if not pid:
                _become(request, descriptors[:_STREAMS])
                _bound(request["memory"])
                return program
            *streams, tell = descriptors
            os.write(tell, _NUMBER.pack(pid))
            children[pid] = tell
            for one in streams:
                os.close(one)


def _exactly(channel: socket.socket, size: int) -> bytes:
    body = b""
    while len(body) < size:
        body += channel.recv(size - len(body))
    return body


def _tell_ended(children: dict[int, int]) -> None:
    while children:
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if not pid:
            return
        tell = children.pop(pid)
        with suppress(BrokenPipeError):  # nobody asks any more
            os.write(tell, _ENDED.pack(os.waitstatus_to_exitcode(status), used.ru_maxrss))
        os.close(tell)


def _become(request: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Make the fork look like a process that was started by itself."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, one in enumerate(streams):
        os.dup2(one, number)
    os.closerange(_STREAMS, 256)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv = request["command"]
    sys.modules["__main__"].__package__ = ""  # help texts name the command and not this module


def _bound(memory: int | None) -> None:
    """Let the fork ask for so many bytes more than it has."""
    if memory is not None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _end_of(program: Callable[[], Any]) -> int:
    """Run it to its end: exit handlers run, streams are written out; the exit code. What it raises ends the process as it does any.

    Memory is left to the system: taking it apart object by object would first copy all that a fork shares with the nursery.
    """
    code: Any
    try:
        code = program()
    except SystemExit as end:
        code = end.code
    if not isinstance(code, int | None):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - what the interpreter's own end calls
    atexit._run_exitfuncs()  # noqa: SLF001 - the same
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or _NOT_WRITTEN
    return code or 0


if __name__ == "__main__":
    made = _serve(socket.socket(fileno=int(sys.argv[1])))
    if made is not None:
        os._exit(_end_of(made))
