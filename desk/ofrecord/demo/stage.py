"""Where the demo plays: a temporary Meltano project, a sandbox process, and jobs run in them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import requests

READY_WITHIN_S = 120.0
STOP = threading.Event()
"""Somebody asked the demo to end."""
POLL_S = 0.25
_NO_ENTRIES = 1_000_000_000
"""A place in the journal behind everything: only its length is told."""
HTTP_REFUSED = 400
PROJECT_PARTS = ("meltano.yml", "rules")


class DemoError(Exception):
    """The demo cannot go on; the message says where and what to do."""


def find_project(start: Path) -> Path:
    """The folder with `meltano.yml` and `rules/`, here or above. Raises DemoError when there is none."""
    for folder in (start, *start.parents):
        if (folder / "meltano.yml").is_file() and (folder / "rules").is_dir():
            return folder
    msg = f"No meltano.yml with rules/ beside it in {start} or above. Run the demo from a clone of the project."
    raise DemoError(msg)


@dataclass
class Sync:
    """What one `meltano run JOB JOB …` did, as seen from outside."""

    run: str
    exit_code: int
    seconds: float
    log: Path
    writes: int
    """Requests that changed something at a vendor."""
    finance_calls: int
    """Requests Inventory and Books answered."""


@dataclass
class Stage:
    """A running sandbox and a project folder that points at it."""

    folder: Path
    url: str
    environment: dict[str, str]
    process: subprocess.Popen[str]

    @property
    def ledger(self) -> Path:
        """The ledger of this demo."""
        return self.folder / "ledger.db"

    @property
    def state_dir(self) -> Path:
        """Token cache and call counts of this demo."""
        return self.folder / ".ofrecord"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control API; raises DemoError when it refuses."""
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=60)
        if not answer.ok:
            msg = f"The sandbox refused {method} /_sandbox/{path} with HTTP {answer.status_code}."
            raise DemoError(msg)
        return answer.json() if answer.content else None

    def journal(self, since: int = 0) -> dict[str, Any]:
        """What the vendors were asked since entry `since`."""
        found = self.control("GET", f"journal?since={since}")
        return found if isinstance(found, dict) else {}

    def sync(self, jobs: list[str], run: str, watch: Callable[[int], None]) -> Sync:
        """`meltano run` of these jobs to its end; `watch` is told the calls made so far, a few times a second."""
        before = self.journal()["next"]
        log = self.folder / "logs" / f"{run}.log"
        log.parent.mkdir(exist_ok=True)
        started = time.perf_counter()
        with log.open("w") as output:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [str(Path(sys.executable).with_name("meltano")), "run", *jobs],
                cwd=self.folder,
                env={**self.environment, "OFRECORD_RUN": run},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                while process.poll() is None:
                    time.sleep(POLL_S)
                    _heed_stop()
                    watch(self.journal(_NO_ENTRIES)["next"] - before)
            except BaseException:
                with undisturbed():
                    end_group(process)
                raise
        seconds = time.perf_counter() - started
        entries = self.journal(before)["entries"]
        finance = sum(entry["system"] in {"inventory", "books"} for entry in entries)
        return Sync(run, process.returncode, seconds, log, sum(map(is_write, entries)), finance)


def is_write(entry: dict[str, Any]) -> bool:
    """Whether a journal entry changed something at a vendor (a query by POST, a token and a refused call do not)."""
    if (
        entry["method"] == "GET"
        or entry["status"] >= HTTP_REFUSED
        or entry["system"] not in {"crm", "inventory", "books"}
    ):
        return False
    return not entry["path"].endswith("/coql")


def end_group(process: subprocess.Popen[Any], patience_s: float = 10.0) -> None:
    """Ask a process and its children to stop, insist after a while; returns when none of them runs any more."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + patience_s
        try:
            os.killpg(process.pid, sign)
            while time.monotonic() < until:
                process.poll()  # a child that ended counts as running until somebody asks for its exit code
                os.killpg(process.pid, 0)
                time.sleep(POLL_S / 5)
        except ProcessLookupError:
            process.wait()
            return


def _heed_stop() -> None:
    if STOP.is_set():
        raise KeyboardInterrupt


def stop_when_asked() -> None:
    """Ctrl-C and SIGTERM end the demo, also where the exception they raise is swallowed (in a callback, in `__del__`)."""

    def stop(sign: int, frame: FrameType | None) -> None:
        STOP.set()
        signal.default_int_handler(sign, frame)

    STOP.clear()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, stop)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the cleaning up after the first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


@contextmanager
def set_stage(project: Path, arguments: list[str], *, keep: bool = False) -> Iterator[Stage]:
    """Start a sandbox with these `serve` arguments, and a project folder beside it; both end with the block.

    Raises:
        DemoError: the sandbox did not become ready; the message carries its own words.
    """
    root = project / ".demo"
    root.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
    process: subprocess.Popen[str] | None = None
    try:
        copy_project(project, folder)
        process = start_sandbox(folder, arguments)
        url, exports = wait_until_ready(process, folder / "sandbox.log")
        environment = {
            **os.environ,
            **exports,
            "MELTANO_PROJECT_ROOT": str(folder),
            "OFRECORD_LEDGER": str(folder / "ledger.db"),
            "OFRECORD_STATE_DIR": str(folder / ".ofrecord"),
            "OFRECORD_CALLS_PER_MINUTE": "0",
            "OFRECORD_ERRORS_ALLOWED": "1000",
            "OFRECORD_YES": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "NO_COLOR": "1",
        }
        yield Stage(folder, url, environment, process)
    finally:
        with undisturbed():
            if process is not None:
                end_group(process)
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):  # somebody else's demo is still in it
                    root.rmdir()


def copy_project(project: Path, folder: Path) -> None:
    """What the jobs need of the project, so that the demo's state stays apart from the person's own."""
    for part in PROJECT_PARTS:
        source = project / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        elif source.is_file():
            shutil.copy2(source, folder / part)


def start_sandbox(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    """The sandbox on a free port, in a process group of its own; what it complains about goes to `sandbox.log`."""
    with (folder / "sandbox.log").open("w") as errors:
        return subprocess.Popen(  # noqa: S603 - our own command
            [str(Path(sys.executable).with_name("ofrecord-sandbox")), "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def wait_until_ready(process: subprocess.Popen[str], log: Path) -> tuple[str, dict[str, str]]:
    """The sandbox's address and the variables it prints."""
    lines: list[str] = []
    done = threading.Event()

    def read(output: IO[str]) -> None:
        with output:
            for line in output:
                lines.append(line.strip())
                if line.startswith("export OFRECORD_ORGANIZATION_ID"):
                    done.set()
        done.set()

    threading.Thread(target=read, args=[process.stdout], daemon=True).start()
    if not done.wait(READY_WITHIN_S) or process.poll() is not None:
        words = log.read_text().strip().splitlines()
        msg = "The sandbox did not start: " + (words[-1] if words else "it said nothing.")
        raise DemoError(msg)
    url = next((line.split()[1] for line in lines if line.startswith("ready ")), "")
    exports = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    return url, {name: value.strip("'\"") for name, value in exports.items()}
