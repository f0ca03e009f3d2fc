"""Runs of a target that are killed at every step in turn, and completed by a run that is not.

`python -m ofrecord_kit.testing.killed FILE`: FILE is JSON with `target` (module:class), `config` and `runs`, a list of lists of
Singer messages. Run n is killed (SIGKILL) at its step n, then made again undisturbed. A step is the moment before and after
each exchange with the vendor and each transaction of the ledger. Prints a JSON line for each run: `step`, `killed`,
and `code`, the exit code of the second. Ends with the first run that came to its end by itself.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Ledger, Writing

Messages = Sequence[Mapping[str, Any]]


def main() -> None:
    """The command."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    target = plugin_of(asked["target"])
    for step, messages in enumerate(asked["runs"], 1):
        killed = os.WIFSIGNALED(_run(target, asked["config"], messages, step))
        code = os.waitstatus_to_exitcode(_run(target, asked["config"], messages, 0))
        print(json.dumps({"step": step, "killed": killed, "code": code}), flush=True)  # noqa: T201 - its output
        if not killed:
            return


def _run(target: Any, config: Mapping[str, Any], messages: Messages, step: int) -> int:
    """Run the target in a process of its own; how that ended."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    if step:
        _end_at(step)
    sys.stdout = io.StringIO()
    code = 1
    try:
        target(config=dict(config)).listen(io.StringIO("".join(json.dumps(one) + "\n" for one in messages)))
        code = 0
    except SystemExit as ended:
        code = int(str(ended.code))
    finally:
        os._exit(code)


def plugin_of(said: str) -> Any:
    """The class that `module:class` names."""
    module, _, name = said.partition(":")
    return getattr(importlib.import_module(module), name)


def killer_at(step: int) -> Callable[[], None]:
    """What is to be called at each step: it kills this process at the one of that number."""
    steps = count(1)

    def pass_by() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_by


def _end_at(step: int) -> None:
    """Kill this process at its step of that number."""
    pass_by = killer_at(step)
    exchange, writing = Client._exchange, Ledger.writing  # noqa: SLF001 - the very moment of sending

    def exchange_or_die(self: Client, call: Any, token: str) -> Any:
        pass_by()
        answer = exchange(self, call, token)
        pass_by()
        return answer

    @contextmanager
    def write_or_die(self: Ledger, at: Any) -> Iterator[Writing]:
        pass_by()
        with writing(self, at) as ledger:
            yield ledger
        pass_by()

    Client._exchange = exchange_or_die  # type: ignore[method-assign]  # noqa: SLF001
    Ledger.writing = write_or_die  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
