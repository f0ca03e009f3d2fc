"""A sandbox for tests: the command is started as a program, never imported.

A test folder uses it by one line in its conftest: ``from ofrecord_kit.testing.sandbox import sandbox, sandbox_server``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": "1000.sandbox.refresh"}
ORGANIZATION = "700001"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox at `url`."""

    url: str

    def config(self, state_dir: Path, **more: Any) -> dict[str, Any]:
        """Settings of a plugin for this sandbox: no pacing, no waiting."""
        return {
            "api_url": self.url,
            "accounts_url": self.url,
            **CLIENT,
            "organization_id": ORGANIZATION,
            "state_dir": str(state_dir),
            "calls_per_minute": 0,
            "retry_wait_s": 0,
            **more,
        }

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API, for example ``control("POST", "reset")``; the decoded answer or None."""
        response = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None


@contextmanager
def running_sandbox(*options: str) -> Iterator[Sandbox]:
    """Start `ofrecord-sandbox serve` without seed and limits on a free port; stop it at the end."""
    program = Path(sys.executable).with_name("ofrecord-sandbox")
    command = [str(program), "serve", "--port", "0", *(options or ("--seed", "none", "--limits", "off"))]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603 - ours
        try:
            line = process.stdout.readline() if process.stdout else ""
            ready = re.match(r"ready (\S+)", line)
            if not ready:
                pytest.fail(f"The sandbox did not start: {line!r}. Run `ofrecord-sandbox serve` to see why.")
            yield Sandbox(ready[1])
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    """One sandbox for all tests of a session."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """That sandbox, emptied."""
    sandbox_server.control("POST", "reset")
    return sandbox_server
