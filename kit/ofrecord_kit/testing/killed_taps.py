"""Runs of a tap that are killed at every step in turn, each gone on with by a run that is not.

`python -m ofrecord_kit.testing.killed_taps FILE`: FILE is JSON with `tap` (module:class), `config` and `catalog` (paths) and
`folder`. Run n is killed (SIGKILL) at its step n; the next one gets the last state it wrote. A step is the moment before and
after each exchange with the vendor and each state. Prints a JSON line for each pair: `step`, `killed`, `code` (of the second
run), and the Singer messages of both, `before` and `after`, with whole lines only. Ends with the first run that came to its end by itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

from ofrecord_kit.http import Client
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.testing.killed import killer_at, plugin_of


def main() -> None:
    """The command."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tap = plugin_of(asked["tap"])
    folder = Path(asked["folder"])
    command = [tap.name, "--config", asked["config"], "--catalog", asked["catalog"]]
    for step in count(1):
        ended, before = _run(tap, command, folder, step)
        killed = os.WIFSIGNALED(ended)
        states = [one["value"] for one in before if one["type"] == "STATE"]
        (folder / "state.json").write_text(json.dumps(states[-1] if states else {}))
        ended, after = _run(tap, [*command, "--state", str(folder / "state.json")], folder, 0)
        said = {"step": step, "killed": killed, "code": os.waitstatus_to_exitcode(ended)}
        print(json.dumps({**said, "before": before, "after": after}), flush=True)  # noqa: T201 - its output
        if not killed:
            return


def _run(tap: Any, command: list[str], folder: Path, step: int) -> tuple[int, list[dict[str, Any]]]:
    """Run the tap in a process of its own; how that ended, and the messages it wrote."""
    out = folder / "out.jsonl"
    pid = os.fork()
    if not pid:
        _become(tap, command, out, step)
    ended = os.waitpid(pid, 0)[1]
    lines = out.read_bytes().split(b"\n")
    return ended, [json.loads(line) for line in lines[:-1]]


def _become(tap: Any, command: list[str], out: Path, step: int) -> None:
    """The tap's command, in a fork."""
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    sys.argv = command
    if step:
        _end_at(step)
    code = 1
    try:
        run_plugin(tap)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _end_at(step: int) -> None:
    """Kill this process at its step of that number."""
    pass_by = killer_at(step)
    for kind, name in ((Client, "_exchange"), (VendorStream, "_write_state_message")):
        setattr(kind, name, _between(getattr(kind, name), pass_by))


def _between(work: Any, pass_by: Callable[[], None]) -> Any:
    @wraps(work)
    def passing(*given: Any) -> Any:
        pass_by()
        found = work(*given)
        pass_by()
        return found

    return passing


if __name__ == "__main__":
    main()
