"""One world: three systems, one installation, a clock."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from simulation.clockwork import Clock, surroundings
from simulation.plugins import Ended, Host, logged, tasks_of
from simulation.thrift import begin_ledger, thrifty
from simulation.wire import Gate, Line, connected

from ofrecord_kit.ledger import Ledger, key_from
from ofrecord_sandbox import assemble, oauth
from ofrecord_sandbox.world import Limits, World

MEMORY = Path("/dev/shm")
URL = "https://vendor.example"


@dataclass
class Bottle:
    """What the story plays in."""

    vendors: World
    clock: Clock
    line: Line
    host: Host

    @property
    def folder(self) -> Path:
        """Of the installation."""
        return self.host.folder

    def person(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Somebody's own call, without token, limits or mishaps; status and body."""
        query = (
            "" if path.startswith("/crm") else f"{'&' if '?' in path else '?'}organization_id={oauth.ORGANIZATION_ID}"
        )
        system = path.split("/", 2)[1]
        moment = self.clock.now + timedelta(seconds=self.line.skew_s.get(system, 0.0))
        with self.vendors.clock.at(moment):
            answer = self.vendors.call(method, path + query, body)
        return answer.status, answer.content

    def run(self, job: str, begin: Callable[[int, int], int] = lambda _task, _place: 0, **changes: Any) -> list[Ended]:
        """A job, all its tasks; `begin` as in `Host.task`, told the number of the task before."""
        ended: list[Ended] = []
        for number, task in enumerate(tasks_of(job)):
            ended += self.host.task(task, partial(begin, number), **changes)
        return ended

    def ledger(self) -> Ledger:
        """For looking into."""
        return Ledger(self.host.environment["OFRECORD_LEDGER"], key=key_from(self.host.environment))

    def forget(self, *what: str) -> None:
        """Lose the ledger, the states, or the tokens."""
        if "ledger" in what:
            for path in self.folder.glob("ledger.db*"):
                path.unlink()
            begin_ledger(self.folder / "ledger.db")
        if "state" in what:
            self.host.states.clear()
        if "tokens" in what:
            shutil.rmtree(self.folder / ".ofrecord", ignore_errors=True)


@contextmanager
def bottle(seed: int, ledger: str = "") -> Iterator[Bottle]:
    """An empty world; `ledger`: the URL of an empty one that is no file. Those of a process lie in one place, one after the other."""
    folder = (MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())) / f"ofrecord-bottle-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)  # of a process with this number that was killed
    folder.mkdir(mode=0o700)
    try:
        with thrifty(), surroundings(seed) as (clock, processes):
            begin_ledger(folder / "ledger.db")
            vendors = assemble.new_world()
            vendors.limits = Limits.off()
            vendors.base_url = URL
            line = Line(vendors, clock, Gate())
            environment = {
                "OFRECORD_API_URL": URL,
                "OFRECORD_ACCOUNTS_URL": URL,
                "OFRECORD_CLIENT_ID": oauth.CLIENT_ID,
                "OFRECORD_CLIENT_SECRET": oauth.CLIENT_SECRET,
                "OFRECORD_REFRESH_TOKEN": oauth.REFRESH_TOKEN,
                "OFRECORD_ORGANIZATION_ID": oauth.ORGANIZATION_ID,
                "OFRECORD_STATE_DIR": str(folder / ".ofrecord"),
                "OFRECORD_LEDGER": ledger or str(folder / "ledger.db"),
                "OFRECORD_CALLS_PER_MINUTE": "80",
                "OFRECORD_ERRORS_ALLOWED": "1000",
                "OFRECORD_YES": "1",
            }
            host = Host(folder, environment, line.gate, processes)
            with connected(line), logged(host.log):
                yield Bottle(vendors, clock, line, host)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
