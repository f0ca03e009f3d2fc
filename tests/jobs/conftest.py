"""A small company on a sandbox of its own, and the project's jobs run on it as pipes of the real plugins."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from ofrecord.demo.people import People
from ofrecord.demo.stage import Stage, set_stage
from ofrecord_kit.ledger import Event, Held, Ledger
from ofrecord_kit.testing import programs

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def expand(value: Any, environment: dict[str, str]) -> Any:
    """A setting's value with `$NAME` read from the environment; None when it is not set."""
    if isinstance(value, str) and value.startswith("$"):
        return environment.get(value[1:])
    return value


class Company:
    """Three systems, the plugins of meltano.yml, and a person at each system."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people = People(stage)
        self.meltano = yaml.safe_load((stage.folder / "meltano.yml").read_text())
        self.last_output = self.complaints = ""

    # -- the sync ------------------------------------------------------------------------------------------------

    def plugin(self, name: str) -> tuple[str, dict[str, Any]]:
        """(executable, config) of an extractor or loader, inheritance followed."""
        plugins = {p["name"]: p for kind in ("extractors", "loaders") for p in self.meltano["plugins"][kind]}
        found = plugins[name]
        base = plugins[found.get("inherit_from", name)]
        config = {
            s["name"]: (expand(s["value"], self.stage.environment))
            for s in base["settings"]
            if s.get("value") is not None
        }
        config.update({"retry_wait_s": 0, **found.get("config", {})})
        if config.get("calls_per_minute") is not None:
            config["calls_per_minute"] = int(config["calls_per_minute"])
        if "catalog" in base:
            config["__catalog"] = base["catalog"]
        return base["executable"], {k: v for k, v in config.items() if v is not None}

    def mapping(self, name: str) -> dict[str, Any]:
        mappings = {m["name"]: m["config"] for p in self.meltano["plugins"]["mappers"] for m in p["mappings"]}
        return {
            key: said
            for key, value in mappings[name].items()
            if (said := expand(value, self.stage.environment)) is not None
        }

    def command(self, executable: str, config: dict[str, Any], label: str, state: Path | None = None) -> list[str]:
        folder = self.stage.folder / "run"
        folder.mkdir(exist_ok=True)
        catalog = config.pop("__catalog", None)
        path = folder / f"{label}.json"
        path.write_text(json.dumps(config))
        command = [str(BIN / executable), "--config", str(path)]
        if catalog and executable.startswith("tap-"):
            command += ["--catalog", str(self.stage.folder / catalog)]
        if state is not None and state.exists():
            command += ["--state", str(state)]
        return command

    def pipe(self, task: str, run: str, **target_config: Any) -> int:
        """One `tap mapping target` task; returns the worst exit code and keeps what the plugins said."""
        tap, mapping, target = task.split()
        state = self.stage.folder / "run" / f"state-{tap}.json"
        executable, config = self.plugin(tap)
        tap_command = self.command(executable, config, tap, state)
        mapper_command = self.command("ofrecord-mapper", dict(self.mapping(mapping)), mapping)
        executable, config = self.plugin(target)
        config.pop("__catalog", None)
        target_command = self.command(executable, {**config, **target_config}, target)
        with (self.stage.folder / "run" / "pipe.log").open("a+b") as log, tempfile.TemporaryFile() as states_file:
            start = log.seek(0, os.SEEK_END)
            codes = programs.pipe(
                [tap_command, mapper_command, target_command],
                cwd=self.stage.folder,
                environment={**self.stage.environment, "OFRECORD_RUN": run, "MELTANO_EXTRACTOR_NAME": tap},
                stdout=states_file.fileno(),
                errors=[log.fileno()] * 3,
            )
            log.seek(start)
            self.last_output = log.read().decode()
            states_file.seek(0)
            states = states_file.read().decode()
        lines = [line for line in states.splitlines() if line.strip()]
        if lines:
            state.write_text(lines[-1])
        worst = max(map(abs, codes))
        if worst:
            self.complaints += self.last_output
        return worst

    def run(self, *jobs: str, run: str = "test", **target_config: Any) -> list[int]:
        """The jobs of meltano.yml, one after the other; exit codes of their tasks."""
        tasks = {job["name"]: job["tasks"] for job in self.meltano["jobs"]}
        return [self.pipe(task, run, **target_config) for job in jobs for task in tasks[job]]

    def synced(self, *jobs: str, run: str = "test") -> None:
        """Run the jobs, which must all succeed."""
        self.complaints = ""
        codes = self.run(*jobs, run=run)
        assert set(codes) == {0}, self.complaints

    def desk(self, *words: str) -> str:
        """A command of the desk, typed in the project's folder, which must succeed; what it prints."""
        done = programs.run(["ofrecord", *words], cwd=self.stage.folder, environment=self.stage.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def forget_bookmarks(self) -> None:
        """As `meltano run --full-refresh`: the next run reads everything again."""
        for path in (self.stage.folder / "run").glob("state-*.json"):
            path.unlink()

    def writes_of(self, *jobs: str, run: str = "again") -> list[str]:
        """Run the jobs; the requests that changed something at a vendor."""
        before = self.stage.journal()["next"]
        self.synced(*jobs, run=run)
        return [
            f"{e['method']} {e['path']}"
            for e in self.stage.journal(before)["entries"]
            if e["method"] != "GET" and e["system"] in {"crm", "inventory", "books"} and not e["path"].endswith("/coql")
        ]

    def ledger(self) -> Ledger:
        return Ledger(str(self.stage.ledger))

    def events(self, run: str, *kinds: str) -> list[Event]:
        """What the ledger recorded in a run of that name, oldest first."""
        ledger = self.ledger()
        runs = reversed(ledger.runs(group=run))
        return [event for one in runs for event in ledger.events(run=one.run, kinds=kinds)]

    def counts(self, run: str, entity: str) -> dict[str, int]:
        """Outcomes of an entity, all directions of a run added up."""
        total: Counter[str] = Counter()
        for one in self.ledger().runs(group=run):
            total.update(one.counts.get(entity, {}))
        return dict(total)

    def held(self) -> list[Held]:
        return self.ledger().held()

    def edit_rules(self, name: str, old: str, new: str) -> None:
        """Change one passage of a rules file of this company; the passage must be there."""
        path = self.stage.folder / "rules" / name
        text = path.read_text()
        assert old in text, f"{name} holds no {old!r}"
        path.write_text(text.replace(old, new, 1))

    # -- what people do ------------------------------------------------------------------------------------------

    def crm_new(self, module: str, **values: Any) -> str:
        answer = self.people.ask("POST", f"/crm/v8/{module}", {"data": [values]})
        return str(answer["data"][0]["details"]["id"])

    def finance_new(self, path: str, key: str, **values: Any) -> dict[str, Any]:
        record = self.people.ask("POST", path, values)[key]
        assert isinstance(record, dict)
        return record

    def new_item(self, sku: str, rate: str = "10.00", stock: int = 0, **values: Any) -> str:
        """An item with opening stock; its id."""
        body: dict[str, Any] = {"name": f"Item {sku}", "sku": sku, "rate": float(rate), "unit": "pcs", **values}
        if stock:
            locations = self.people.ask("GET", "/inventory/v1/locations")["locations"]
            place = {"location_id": locations[0]["location_id"], "initial_stock": stock, "initial_stock_rate": 1}
            body |= {"item_type": "inventory", "product_type": "goods", "locations": [place]}
        return str(self.finance_new("/inventory/v1/items", "item", **body)["item_id"])

    def product_of(self, item_id: str) -> dict[str, Any]:
        rows = self.people.crm_list(
            "Products", "Product_Name,Product_Code,Unit_Price,Inventory_ID,Product_Active,Qty_in_Stock,Weight_g"
        )
        own = [row for row in rows if row["Inventory_ID"] == item_id]
        assert len(own) == 1, f"{len(own)} products for item {item_id}"
        return own[0]

    def contacts_named(self, name: str) -> list[dict[str, Any]]:
        rows = self.people.finance_list("/inventory/v1/contacts", "contacts")
        return [self.contact(row["contact_id"]) for row in rows if row["contact_name"] == name]

    def contact(self, key: str) -> dict[str, Any]:
        return self.people.finance_get(f"/inventory/v1/contacts/{key}", "contact")

    def orders_of(self, quote_number: str) -> list[dict[str, Any]]:
        rows = self.people.finance_list("/inventory/v1/salesorders", "salesorders")
        return [row for row in rows if row["reference_number"] == quote_number]

    def new_quote(
        self, account: str, lines: list[tuple[str, int, str]], stage: str = "Accepted", **values: Any
    ) -> dict[str, Any]:
        """A quote with its deal; lines are (CRM product id, quantity, price)."""
        deal = self.crm_new("Deals", Deal_Name="A deal", Stage="Qualification", Account_Name={"id": account})
        rows = [
            {"Product_Name": {"id": p}, "Quantity": q, "List_Price": float(Decimal(price))} for p, q, price in lines
        ]
        key = self.crm_new(
            "Quotes",
            Subject="A quote",
            Quote_Stage=stage,
            Account_Name={"id": account},
            Deal_Name={"id": deal},
            Quoted_Items=rows,
            **values,
        )
        return self.people.crm_get("Quotes", key)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One sandbox a test file."""
    with set_stage(PROJECT, ["--seed", "none", "--limits", "off"]) as made:
        yield made


@pytest.fixture
def company(stage: Stage) -> Company:
    """An empty company, with no memory of the test before."""
    stage.control("POST", "reset")
    for path in stage.folder.iterdir():
        if re.match(r"ledger\.db|run$|rules$|\.ofrecord$", path.name):
            subprocess.run(["rm", "-rf", str(path)], check=True)
    subprocess.run(["cp", "-R", str(PROJECT / "rules"), str(stage.folder / "rules")], check=True)
    return Company(stage)


@pytest.fixture(scope="module")
def lasting(stage: Stage) -> Company:
    """A company for a whole file, whose tests look at one story."""
    return Company(stage)


@pytest.fixture(scope="module")
def demo_company() -> Iterator[Company]:
    """The made-up company of the demo, on a sandbox of its own."""
    with set_stage(PROJECT, ["--seed", "demo", "--limits", "off"]) as made:
        yield Company(made)
