"""One target before one system, with the proxy between them: send, look, forget, and search what was said."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ofrecord_kit.testing.conformance.process import Process, Run
from ofrecord_kit.testing.conformance.proxy import Proxy, running_proxy
from ofrecord_kit.testing.conformance.wiring import SHORTEST, Record, Wiring

_QUIET_S = 0.15


class Bench:
    """Where a case is proved. Every run of a target is searched for what must not be told."""

    def __init__(self, wiring: Wiring, proxy: Proxy, folder: Path) -> None:
        self.wiring = wiring
        self.proxy = proxy
        self._folder = folder
        self._known: dict[str, Any] = {}
        self._planted: dict[str, str] = {}
        self._number = 0
        self.own = folder
        """The folder the target has for itself."""
        self.leaks: list[str] = []
        """What was told in any run and must not be."""
        self.fresh()

    # -- the ground ----------------------------------------------------------------------------------------------

    def fresh(self) -> None:
        """Empty the system, and let the target forget everything."""
        self.wiring.reset()
        self.proxy.clear()
        self.forget()

    def forget(self) -> None:
        """The target loses whatever it keeps between runs."""
        self._number += 1
        self.own = self._folder / str(self._number)
        self.own.mkdir(parents=True)

    def once(self, play: Callable[[Bench], Any]) -> Any:
        """What a scene showed that several cases look at; it is played when the first one asks."""
        if play.__name__ not in self._known:
            self.fresh()
            self._known[play.__name__] = play(self)
        return self._known[play.__name__]

    # -- messages ------------------------------------------------------------------------------------------------

    def schema(self, without: str | None = None) -> str:
        """The SCHEMA message, as it is or before one property was added."""
        properties = {name: one for name, one in self.wiring.schema["properties"].items() if name != without}
        return json.dumps({
            "type": "SCHEMA", "stream": self.wiring.stream, "key_properties": list(self.wiring.key_properties),
            "schema": {**self.wiring.schema, "properties": properties},
        })  # fmt: skip

    def record(self, values: Record, *, gone: bool = False) -> str:
        """A RECORD message."""
        self._plant(values)
        sent = self.wiring.delete(values) if gone else self.wiring.message(values)
        return json.dumps({"type": "RECORD", "stream": self.wiring.stream, "record": dict(sent)}, default=str)

    def state(self, number: int) -> str:
        """A STATE message that stands behind so many records."""
        return json.dumps({"type": "STATE", "value": {"bookmarks": {self.wiring.stream: {"sent": number}}}})

    def version(self) -> str:
        """An ACTIVATE_VERSION message: what is not of this version is no more."""
        return json.dumps({"type": "ACTIVATE_VERSION", "stream": self.wiring.stream, "version": 2})

    def sent(self, run: Run) -> int:
        """How many records the last state of a run stands behind."""
        for state in reversed(run.states):
            try:
                return int(state["bookmarks"][self.wiring.stream]["sent"])
            except (KeyError, TypeError, ValueError):
                continue
        return 0

    # -- runs ----------------------------------------------------------------------------------------------------

    def start(self, *, url: str | None = None, **settings: Any) -> Process:
        """Start the target before the proxy."""
        config = {**self.wiring.config(url or self.proxy.url, self.own), **settings}
        for name in self.wiring.secrets:
            self._planted[str(config.get(name, ""))] = f"the setting {name}"
        path, log = self.own.with_suffix(".config.json"), self.own.with_suffix(".log")
        path.touch(mode=0o600)
        path.write_text(json.dumps(config), encoding="utf-8")
        self.proxy.calls = []
        command = [*self.wiring.command, "--config", str(path)]
        return Process(command, self.own, log, self.wiring.environment, self.wiring.start)

    def finish(self, process: Process) -> Run:
        """Wait for its end and search what it said."""
        run = process.finish(self.wiring.patience_s)
        self._search(run)
        return run

    def send(self, *lines: str, url: str | None = None, **settings: Any) -> Run:
        """One run from start to end over these messages."""
        process = self.start(url=url, **settings)
        process.feed(*lines)
        return self.finish(process)

    def settle(self, process: Process) -> None:
        """Wait until the target has done what it does with what it was given."""
        process.settle(lambda: self.proxy.is_quiet(_QUIET_S), self.wiring.patience_s)

    def deliver(self, *records: Record, **settings: Any) -> Run:
        """One run over these records, with a STATE behind the last."""
        lines = [self.schema(), *(self.record(values) for values in records), self.state(len(records))]
        return self.send(*lines, **settings)

    # -- the system ----------------------------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """What the system holds, by key."""
        return sorted((dict(row) for row in self.wiring.read()), key=lambda row: str(row.get(self.wiring.key)))

    def row(self, values: Record) -> dict[str, Any] | None:
        """The row of a record; None when there is none."""
        key = self.wiring.key
        return next((row for row in self.rows() if same(row.get(key), values[key])), None)

    # -- what must not be told -----------------------------------------------------------------------------------

    def _plant(self, values: Record) -> None:
        for name in self.wiring.personal:
            self._planted[str(values.get(name) or "")] = f"a value of {name}"

    def search_errors(self) -> None:
        """Search what the target's own tools show of what went wrong."""
        self._search_in([("its list of errors", self.wiring.errors(self.own))])

    def _search(self, run: Run) -> None:
        self._search_in([("its log", run.err), ("its output", run.out), *self._open_files()])

    def _search_in(self, places: Iterable[tuple[str, str]]) -> None:
        known = {text: what for text, what in self._planted.items() if len(text) >= SHORTEST}
        known.update({token: "an access token" for token in self.proxy.tokens if len(token) >= SHORTEST})
        for place, said in places:
            found = [f"{what} stands in {place}" for text, what in known.items() if text in said]
            self.leaks += [one for one in dict.fromkeys(found) if one not in self.leaks]

    def _open_files(self) -> Iterator[tuple[str, str]]:
        """Files it left that others on the machine may read."""
        for path in sorted(self.own.rglob("*")):
            if path.is_file() and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                yield f"the file {path.name}, which others may read", path.read_bytes().decode(errors="replace")


def same(one: Any, other: Any) -> bool:
    """Equal, or written alike: systems answer `1.0` for `1` and a text for a number; nothing is as empty as a blank."""
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    try:
        return float(one) == float(other)
    except (TypeError, ValueError):
        return bool(one == other or str(one) == str(other))


def differing(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Sequence[str]:
    """Names of the fields in which two rows differ, byte for byte; `the row` when one of them is not there."""
    if before is None or after is None:
        return [] if before is after else ["the row"]
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@contextmanager
def running_bench(wiring: Wiring, folder: Path) -> Iterator[Bench]:
    """A bench whose files lie in `folder`; they are removed at the end."""
    with running_proxy(wiring.server, wiring.is_write, wiring.is_login) as proxy:
        try:
            yield Bench(wiring, proxy, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
