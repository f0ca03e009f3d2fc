"""Plugins that Meltano starts by their names and that begin at once: what it starts asks here for a fork that has everything imported.

On a machine with two busy cores a pipeline spends most of its seconds with importing. A fork is a process like any other:
it has its own number, reads and writes the pipes Meltano made, and is killed by its number. The one Meltano started ends as it ends.
"""

import json
import os
import select
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ofrecord_kit.testing import programs

NAMES = ("tap-crm", "tap-inventory", "tap-books", "ofrecord-mapper", "target-crm", "target-inventory")
LAUNCHER = """#!{python} -IS
import json, os, signal, socket, sys
asked = {{"command": sys.argv, "cwd": os.getcwd(), "environment": dict(os.environ)}}
body = json.dumps(asked).encode()
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
socket.send_fds(line, [len(body).to_bytes(4, "big")], [0, 1, 2])
line.sendall(body)
pid = int(line.recv(16))
for one in (signal.SIGTERM, signal.SIGINT):
    signal.signal(one, lambda sign, _: os.kill(pid, sign))
nothing = os.open(os.devnull, os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(nothing, stream)
code = int(line.recv(16) or 1)
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
os._exit(code)
"""


class Cradle:
    """Where they are born; `born` holds each one's number and name."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.born: list[tuple[int, str]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._lock = threading.Lock()
        address = str(folder / "cradle")
        self._socket.bind(address)
        self._socket.listen(64)
        self.bin.mkdir()
        for name in NAMES:
            script = self.bin / name
            script.write_text(LAUNCHER.format(python=sys.executable, address=address), encoding="utf-8")
            script.chmod(0o755)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """No more of them."""
        self._socket.close()

    def start(self, command: list[str], cwd: Path, environment: dict[str, str], streams: list[int]) -> programs.Running:
        """A fork of a command."""
        with self._lock:
            return programs.nursery().start(command, streams, cwd, environment)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._attend, args=[self._socket.accept()[0]], daemon=True).start()

    def _attend(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            head, streams, _flags, _from = socket.recv_fds(line, 4, 3)
            size, body = int.from_bytes(head, "big"), b""
            while len(body) < size:
                body += line.recv(size - len(body))
            asked = json.loads(body)
            one = self.start(asked["command"], Path(asked["cwd"]), asked["environment"], streams)
            for stream in streams:
                os.close(stream)
            self.born.append((one.pid, Path(asked["command"][0]).name))
            line.sendall(str(one.pid).encode())
            while (code := one.poll()) is None:
                if select.select([line], [], [], 0.02)[0]:  # the one Meltano started was killed
                    one.kill()
            line.sendall(str(code).encode())
