"""The taps in stacks that know nothing of us: recipes of docs/taps.md with other people's targets, as real programs.

`make test` installs the targets into `.loaders/`, each in an environment of its own.
"""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from ofrecord_kit.testing.sandbox import running_sandbox

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LOADERS = ROOT / ".loaders"
TAPS = {
    "tap-crm": ("Products", "id", "Unit_Price"),
    "tap-inventory": ("items", "item_id", "rate"),
    "tap-books": ("invoices", "invoice_id", "total"),
}
COUNTED = """
import sys, duckdb
file, table, key = sys.argv[1:]
opened = duckdb.connect(file)
print(opened.execute(f"select count(*), count(distinct {key}) from {table}").fetchall())
"""


@pytest.fixture(scope="module")
def shop():
    """The made-up company on a sandbox of this file's own."""
    with running_sandbox("--seed", "demo", "--limits", "off") as sandbox:
        yield sandbox


def loader(name):
    program = LOADERS / name / "bin" / f"target-{name}"
    if not program.exists():
        pytest.fail(
            "The targets of others are not installed. Run `make test`, which does it, or `make .loaders/.ready`."
        )
    return program


def run(command, said=b"", cwd=None):
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [str(word) for word in command],
        input=said,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=environment,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Recipe:
    """The commands of the recipes, in a folder of their own."""

    def __init__(self, tap, sandbox, folder):
        self.tap = BIN / tap
        self.stream, self.key, self.amount = TAPS[tap]
        self.folder = folder
        self.config = folder / "tap.json"
        self.config.write_text(json.dumps(sandbox.config(folder / "state", deletions_every_s=0)))
        self.catalog = folder / "catalog.json"

    def discover(self):
        return json.loads(run([self.tap, "--config", self.config, "--discover"]))

    def choose(self, *without):
        """A catalog with one stream selected, less some properties."""
        found = self.discover()
        for entry in found["streams"]:
            for one in entry["metadata"]:
                if not one["breadcrumb"]:
                    one["metadata"]["selected"] = entry["tap_stream_id"] == self.stream
                elif one["breadcrumb"][-1] in without:
                    one["metadata"]["selected"] = False
        self.catalog.write_text(json.dumps(found))

    def read(self, state=None):
        """What the tap says: lines."""
        command = [self.tap, "--config", self.config, "--catalog", self.catalog]
        if state is not None:
            (self.folder / "state.json").write_text(json.dumps(state))
            command += ["--state", self.folder / "state.json"]
        return run(command)

    def load(self, name, lines, config):
        """Hand lines to a target; the last state it tells."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(config))
        states = run([loader(name), "--config", file], lines, self.folder).splitlines()
        return json.loads(states[-1]) if states else None


def records(lines):
    return [one["record"] for one in map(json.loads, lines.splitlines()) if one["type"] == "RECORD"]


def exactly(lines, recipe):
    """Key and amount of each record as the tap wrote them, amounts exact."""
    decoded = [json.loads(line, parse_float=Decimal) for line in lines.splitlines()]
    rows = [one["record"] for one in decoded if one["type"] == "RECORD"]
    return {row[recipe.key]: None if (found := row[recipe.amount]) is None else Decimal(found) for row in rows}


@pytest.fixture(params=TAPS)
def recipe(request, shop, tmp_path):
    return Recipe(request.param, shop, tmp_path)


def test_discover_select_sync_state_and_a_second_sync_that_reads_nothing(recipe, shop):
    recipe.choose()
    lines = recipe.read()
    rows = records(lines)
    assert rows
    output = recipe.folder / "out"
    output.mkdir()
    state = recipe.load("jsonl", lines, {"destination_path": str(output), "do_timestamp_file": False})
    (file,) = output.iterdir()
    assert [json.loads(line)[recipe.key] for line in file.read_text().splitlines()] == [row[recipe.key] for row in rows]
    shop.control("POST", "clock", {"move_s": 7200})
    assert records(recipe.read(state)) == []


def test_what_is_not_selected_is_not_in_the_schema_and_not_in_the_records(recipe):
    recipe.choose(recipe.amount)
    messages = [json.loads(line) for line in recipe.read().splitlines()]
    (schema,) = [one["schema"] for one in messages if one["type"] == "SCHEMA"]
    assert recipe.amount not in schema["properties"]
    assert {one["stream"] for one in messages if one["type"] == "RECORD"} == {recipe.stream}
    assert not any(recipe.amount in one["record"] for one in messages if one["type"] == "RECORD")


def test_a_postgresql_warehouse_holds_each_record_once_with_its_exact_amount(recipe, postgresql):
    import psycopg  # noqa: PLC0415 - only where there is a server

    recipe.choose()
    lines = recipe.read()
    url = postgresql.new()
    config = {"sqlalchemy_url": url.replace("postgresql://", "postgresql+psycopg2://"), "default_target_schema": "zoho"}
    recipe.load("postgres", lines, config)
    state = recipe.load("postgres", lines, config)  # delivered twice, as after a crash
    assert state["bookmarks"][recipe.stream]["replication_key_value"]
    with psycopg.connect(url) as connection:
        columns = f'"{recipe.key}", "{recipe.amount}"'
        found = connection.execute(f'select {columns} from zoho."{recipe.stream}"').fetchall()  # noqa: S608 - our own names
    postgresql.drop(url)
    wanted = exactly(lines, recipe)
    assert wanted
    assert {key: None if amount is None else Decimal(amount) for key, amount in found} == wanted
    assert len(found) == len(wanted)


def test_a_duckdb_file_holds_each_record_once(recipe):
    recipe.choose()
    lines = recipe.read()
    config = {"filepath": str(recipe.folder / "warehouse.duckdb"), "default_target_schema": "zoho"}
    recipe.load("duckdb", lines, config)
    recipe.load("duckdb", lines, config)
    python = LOADERS / "duckdb" / "bin" / "python"
    said = run([python, "-c", COUNTED, config["filepath"], f'zoho."{recipe.stream}"', recipe.key])
    rows = len(exactly(lines, recipe))
    assert said.decode().strip() == str([(rows, rows)])
