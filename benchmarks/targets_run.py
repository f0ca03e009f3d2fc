"""What the parts of the targets' benchmark share: servers, inputs, programs and what they took."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from targets_input import BIN, HERE, with_fields_of_the_wide

STILL = 15
"""So many looks in a row, 20 ms apart, find a program that waits."""
LOGIN = {"client_id": "canned", "client_secret": "canned", "refresh_token": "canned"}


@dataclass(frozen=True)
class Used:
    """What a program took, its children included."""

    cpu_s: float
    wall_s: float
    peak_mb: float


@dataclass(frozen=True)
class Promise:
    """A figure beside what was promised."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


def say(words: str) -> None:
    """Progress, for whoever waits."""
    print(words, file=sys.stderr, flush=True)


def bare_environment(**more: str) -> dict[str, str]:
    """Without Python's own settings: without buffers or compiled files no program shows what it can."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **more}


def used(command: Sequence[object], environment: Mapping[str, str], *, source: Path | None = None, cwd: Path) -> Used:
    """Run a program to its end. Raises when it fails."""
    errors = cwd / "errors.log"
    with (source or Path(os.devnull)).open("rb") as file, errors.open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdin=file, stdout=subprocess.DEVNULL, stderr=log, env=dict(environment), cwd=cwd
        )  # fmt: skip
        usage = ended(process, errors)
        wall = time.perf_counter() - started
    return Used(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def ended(process: subprocess.Popen[Any], errors: Path, code: int = 0) -> resource.struct_rusage:
    """Wait for its end; what it took. Raises when it ends with another code than that."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        command = process.args[0] if isinstance(process.args, list) else process.args
        message = f"{command!r} ended with {process.returncode}: {errors.read_text()[-2000:]}"
        raise RuntimeError(message)
    return usage


def used_on_input(
    command: Sequence[object], environment: Mapping[str, str], source: Path, cwd: Path
) -> tuple[Used, float]:
    """As `used`, of a program that reads lines: what it took after it had begun to wait for the first one, and before.

    What starting takes varies more on a busy machine than what some thousand records take.
    """
    errors = cwd / "errors.log"
    with errors.open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env=dict(environment), cwd=cwd
        )  # fmt: skip
        assert process.stdin is not None
        start = _waiting(process.pid)
        with source.open("rb") as file, contextlib.suppress(BrokenPipeError):
            shutil.copyfileobj(file, process.stdin, 1 << 20)
            process.stdin.close()
        usage = ended(process, errors)
        wall = time.perf_counter() - began
    return Used(usage.ru_utime + usage.ru_stime - start, wall, usage.ru_maxrss / 1024), start


def _waiting(pid: int) -> float:
    """Processor time of a process at the moment it waits for its input and does nothing else."""
    place = Path("/proc") / str(pid)
    before, still = -1, 0
    while still < STILL and (place / "schedstat").exists():
        time.sleep(0.02)
        taken = int((place / "schedstat").read_text().split()[0])
        waits = (
            "pipe" in (place / "wchan").read_text() or (place / "stat").read_text().rpartition(")")[2].split()[0] == "S"
        )
        still = still + 1 if waits and taken == before else 0
        before = taken
    return before / 1e9


def fields_of_products() -> bytes:
    """The CRM's field metadata of `Products`, as the sandbox answers it, and the fields that only the wide records have."""
    command = [str(BIN / "ofrecord-sandbox"), "serve", "--port", "0", "--seed", "none", "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": "1000.sandbox.refresh"}  # fmt: skip
        token = requests.post(f"{url}/oauth/v2/token", data={**form, "grant_type": "refresh_token"}, timeout=60)
        login = {"Authorization": f"Zoho-oauthtoken {token.json()['access_token']}"}
        answer = requests.get(f"{url}/crm/v8/settings/fields?module=Products", headers=login, timeout=60)
        process.terminate()
    told = answer.json()
    told["fields"] = with_fields_of_the_wide(told["fields"])
    return json.dumps(told).encode()


@contextmanager
def canned(place: Path, *, items: int = 0) -> Iterator[str]:
    """A canned server; its address."""
    fields = place / "fields.json"
    if not fields.exists():
        fields.write_bytes(fields_of_products())
    with served("canned.py", "--items", items, "--fields", fields) as url:
        yield url


@contextmanager
def served(script: str, *words: object) -> Iterator[str]:
    """A server of this folder that prints `ready ADDRESS`; its address."""
    command = [sys.executable, str(HERE / script), *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=bare_environment()) as process:
        assert process.stdout is not None
        ready = re.match(r"ready (\S+)", process.stdout.readline())
        assert ready is not None
        try:
            yield ready[1]
        finally:
            process.kill()


def calls_of(url: str) -> dict[str, int]:
    """The calls a canned server got so far."""
    found: dict[str, int] = requests.get(f"{url}/_bench/calls", timeout=60).json()
    return found


def target_settings(folder: Path, url: str, **more: Any) -> Path:
    """A file of settings of target-crm, with a ledger and a state folder of its own."""
    path = folder / "target.json"
    told = {"api_url": url, "accounts_url": url, **LOGIN, "state_dir": str(folder / "state"), "ledger": str(folder / "ledger.db")}  # fmt: skip
    path.write_text(json.dumps({**told, **more}), encoding="utf-8")
    return path


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def paired(ones: Sequence[float], others: Sequence[float]) -> str:
    """How many times as much the first takes, made within each turn: the median, and from the least to the most."""
    ratios = [one / other for one, other in zip(ones, others, strict=True)]
    return f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def machine() -> str:
    """Facts that make figures comparable."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores (load {load:.0f}), {platform.system()}, {platform.python_implementation()} {platform.python_version()}"


def table(head: str, rows: Sequence[Promise]) -> str:
    """Markdown."""
    words = {True: "yes", False: "**no**", None: ""}
    lines = [f"| {row.what} | {row.measured} | {row.target} | {words[row.met]} |" for row in rows]
    return "\n".join([f"| {head} | measured | target | met |", "|---|---|---|---|", *lines])
