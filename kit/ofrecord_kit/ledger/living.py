"""Whether the process behind a run that has not ended is still there."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


@cache
def own_process() -> str:
    """This process, so that others on this machine can tell whether it lives: `host/pid/when it began`."""
    return f"{socket.gethostname()}/{os.getpid()}/{_began(os.getpid())}"


def has_died(process: str | None) -> bool:
    """Is it sure that the process is gone? Of one on another machine, or of none that is known, it is not."""
    host, _, rest = (process or "").rpartition("/")[0].rpartition("/")
    began = (process or "").rpartition("/")[2]
    if not process or host != socket.gethostname() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _began(int(rest)) != began


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did (Linux); elsewhere nothing is known of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""
