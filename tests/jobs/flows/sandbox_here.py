"""A company whose vendors and plugins run in this process, as worlds of the simulation do: no sockets, no processes, a clock of its own."""

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from simulation.bottle import Bottle, bottle
from simulation.clockwork import BEGIN
from simulation.plugins import tasks_of

from ofrecord_kit.ledger import Held
from ofrecord_sandbox import oauth
from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.seeds.doors import Doors

PROJECT = Path(__file__).parents[3]
OUTCOMES = ("written", "unchanged", "held", "failed", "filtered")
DECIMALS = json.JSONDecoder(parse_float=Decimal)
PIPE = 3
"""Words of a task that is a pipe; others are commands of the desk."""
_NUMBERS = itertools.count()
"""Rules are read once for each place they lie in."""
Record = dict[str, Any]


@dataclass
class Here:
    """An installation with its vendors, and people who look at them."""

    inside: Bottle
    runs: dict[str, list[str]] = field(default_factory=dict)
    """Job → the groups of its last runs in the ledger."""

    @property
    def doors(self) -> Doors:
        """Calls of the vendors, made without a line."""
        return Doors(self.inside.vendors)

    def edit_rules(self, name: str, old: str, new: str) -> None:
        """Change one passage of a rules file of this installation, before its first run; the passage must be there."""
        path = self.inside.host.rules / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} holds no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    # -- the sync ------------------------------------------------------------------------------------------------

    def run(self, *jobs: str) -> None:
        """The pipes of these jobs of meltano.yml, one after the other. Everything must end well."""
        host = self.inside.host
        for job in jobs:
            groups = []
            for task in tasks_of(job):
                if len(task.split()) != PIPE:
                    continue
                ended = host.task(task)
                groups.append(f"run-{host.runs}")
                told = "\n".join(host.log[-20:])
                assert [one.code for one in ended] == [0, 0, 0], f"{task}: {[one.error for one in ended]}\n{told}"
            self.runs[job] = groups

    def writes(self, *jobs: str) -> list[str]:
        """Run the jobs; what changed something at a vendor."""
        before = len(self.inside.vendors.journal)
        self.run(*jobs)
        return [
            f"{one.method} {one.path}"
            for one in self.inside.vendors.journal[before:]
            if one.method != "GET" and one.system in {"crm", "inventory", "books"} and not one.path.endswith("/coql")
        ]

    def counts(self, job: str, entity: str, to: str = "crm") -> dict[str, int]:
        """Outcomes of an entity in the pipe of the job's last run that brought it to a system; `read` is their sum."""
        ledger = self.inside.ledger()
        runs = [one for group in self.runs[job] for one in ledger.runs(group=group) if one.destination == to]
        ledger.close()
        found = next(one.counts[entity] for one in runs if entity in one.counts)
        told = {name: found[name] for name in ("read", *OUTCOMES) if found.get(name)}
        assert told.get("read", 0) == sum(told.get(name, 0) for name in OUTCOMES), (job, entity, told)
        return told

    def held(self) -> list[Held]:
        """What waits for a person, for time, or for another record."""
        ledger = self.inside.ledger()
        found = list(ledger.held())
        ledger.close()
        return found

    # -- the vendors, as people see them -------------------------------------------------------------------------

    def _get(self, path: str, **query: str) -> Record:
        if not path.startswith("/crm"):
            query["organization_id"] = oauth.ORGANIZATION_ID
        answer = self.inside.vendors.call("GET", f"{path}?{urlencode(query)}")
        found: Record = DECIMALS.decode(answer.encoded().decode() or "{}")
        return found

    def crm_list(self, module: str, fields: str) -> list[Record]:
        """Every record of a module."""
        rows: list[Record] = []
        query = {"fields": fields, "per_page": "200"}
        while page := self._get(f"/crm/v8/{module}", **query):
            rows += page["data"]
            if not page["info"]["more_records"]:
                break
            query["page_token"] = page["info"]["next_page_token"]
        return rows

    def crm_get(self, module: str, key: str) -> Record:
        """One record."""
        found: Record = self._get(f"/crm/v8/{module}/{key}")["data"][0]
        return found

    def finance_list(self, path: str, key: str) -> list[Record]:
        """Every row of a list such as `/inventory/v1/items`."""
        rows: list[Record] = []
        for number in range(1, 1000):
            page = self._get(path, page=str(number), per_page="200")
            rows += page[key]
            if not page["page_context"]["has_more_page"]:
                break
        return rows


@contextmanager
def here(at: datetime, currency: str = "USD") -> Iterator[Here]:
    """An empty company at that time. `currency`: what sales reckons in."""
    with bottle(1) as inside:
        inside.clock.move((at - BEGIN).total_seconds())
        organisation.set_currency(inside.vendors, currency, currency)
        inside.host.rules = inside.folder / f"rules-{next(_NUMBERS)}"
        shutil.copytree(PROJECT / "rules", inside.host.rules)
        yield Here(inside)
