"""The programs that benchmarks/taps.py measures, and one run of one of them over a list."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from taps_canned import FIRST
from taps_canned_crm import product
from targets_input import BIN, HERE
from targets_run import LOGIN, Used, bare_environment, calls_of, served, used

SHORT, LONG = 2_000, 42_000
PEERS = HERE / "peers"
ITEMS = ("/inventory/v1/items", "items")
PRODUCTS = (f"/crm/v8/Products?fields={','.join(product(0))}", "data")


@dataclass(frozen=True)
class Turn:
    """Lists of so many records at `url`, and an empty folder."""

    url: str
    folder: Path
    records: int

    def settings(self, **more: object) -> Path:
        """A file of settings of our tap: the list alone, as fast as the vendor answers."""
        path = self.folder / "settings.json"
        told = {"api_url": self.url, "accounts_url": self.url, **LOGIN, "organization_id": "1", "calls_per_minute": 0}
        told |= {"state_dir": str(self.folder / "state"), "streams": ["items"], "without_details": ["items"]}
        path.write_text(json.dumps({**told, "deletions_every_s": 0, **more}), encoding="utf-8")
        return path

    def crm_settings(self, **more: object) -> Path:
        """The same of tap-crm."""
        path = self.folder / "settings.json"
        told = {"api_url": self.url, "accounts_url": self.url, **LOGIN, "calls_per_minute": 0, "streams": ["Products"]}
        path.write_text(json.dumps({**told, "state_dir": str(self.folder / "state"), **more}), encoding="utf-8")
        return path

    def state(self, **mark: object) -> Path:
        """A file with the state of the stream."""
        path = self.folder / "state.json"
        path.write_text(json.dumps({"bookmarks": {"items": mark}}), encoding="utf-8")
        return path


Command = Callable[[Turn], Sequence[object]]


@dataclass(frozen=True)
class Program:
    """A command, and how many records it reads: what it takes is the difference between a long and a short list."""

    command: Command
    short: int = SHORT
    long: int = LONG
    is_ours: bool = False


def backfill(turn: Turn) -> Sequence[object]:
    """Everything, for the first time."""
    return [BIN / "tap-inventory", "--config", turn.settings()]


def into_a_file(turn: Turn) -> Sequence[object]:
    """The same, kept."""
    return [
        "sh",
        "-c",
        'exec "$0" --config "$1" > "$2"',
        BIN / "tap-inventory",
        turn.settings(),
        turn.folder / "out.jsonl",
    ]


def incremental(turn: Turn) -> Sequence[object]:
    """All of them changed since the bookmark."""
    mark = {"replication_key": "last_modified_time", "replication_key_value": FIRST.isoformat()}
    return [BIN / "tap-inventory", "--config", turn.settings(), "--state", turn.state(**mark)]


def swept(turn: Turn) -> Sequence[object]:
    """Everything, with ids kept so that deletions will be found."""
    return [BIN / "tap-inventory", "--config", turn.settings(deletions_every_s=86400)]


def compared(turn: Turn) -> Sequence[object]:
    """Read whole, and nothing differs from what was delivered before."""
    settings = turn.settings(read_whole=["items"], changed_only=["*"])
    command = [BIN / "tap-inventory", "--config", settings]
    last = ""
    with subprocess.Popen(
        [str(word) for word in command],
        env=bare_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:  # read line by line: what this program takes counts for those it starts
        assert process.stdout is not None
        for line in process.stdout:
            last = line if line.startswith('{"type":"STATE"') else last
    marks = json.loads(last)["value"]["bookmarks"]["items"]
    return [*command, "--state", turn.state(**marks)]


def accounting(turn: Turn) -> Sequence[object]:
    """The same list through the other door."""
    return [BIN / "tap-books", "--config", turn.settings()]


def whole_items(turn: Turn) -> Sequence[object]:
    """Items with all that their details hold."""
    return [BIN / "tap-inventory", "--config", turn.settings(without_details=[])]


def products(plan: str) -> Command:
    """A module, by one of the three plans."""
    return lambda turn: [BIN / "tap-crm", "--config", turn.crm_settings(read_plan={"Products": plan})]


def bare(path: str, key: str, *more: str) -> Command:
    """What one writes without us."""
    return lambda _turn: [sys.executable, HERE / "bare.py", "pages", path, key, *more]


def peer(environment: str, script: str) -> Command:
    """A program of others, in its own environment."""
    return lambda turn: [PEERS / f".venv/{environment}/bin/python", PEERS / script, turn.url, turn.folder]


BACKFILL, KEPT = "`tap-inventory`, backfill", "`tap-inventory`, backfill into a file"
BARE, RAW = "`requests` + `json`, bare loop over items", "the server alone, bytes of items received"
BARE_CRM, RAW_CRM = "`requests` + `json`, bare loop over Products", "the server alone, bytes of Products received"
LISTED, QUERIED = "`tap-crm`, backfill by pages of 200", "`tap-crm`, backfill by COQL pages of 2,000"
BULK = "`tap-crm`, backfill by bulk read"
WHOLE = "`tap-inventory`, items with details, whole schema"
BOOKS = "`tap-books`, backfill of items"
DLT, AIRBYTE = "dlt 1.31 `rest_api`, items into JSON lines", "`airbyte-source-zoho-crm` 0.3.6, Products"
PROGRAMS: dict[str, Program] = {
    BACKFILL: Program(backfill, is_ours=True),
    "`tap-inventory`, incremental, all changed": Program(incremental, is_ours=True),
    "`tap-inventory`, backfill, ids kept for deletions": Program(swept, is_ours=True),
    "`tap-inventory`, read whole with `changed_only`, nothing changed": Program(compared, is_ours=True),
    KEPT: Program(into_a_file),
    BARE: Program(bare(*ITEMS)),
    DLT: Program(peer("dlt", "dlt_items.py")),
    RAW: Program(bare(*ITEMS, "--raw")),
    LISTED: Program(products("list"), is_ours=True),
    QUERIED: Program(products("coql"), is_ours=True),
    BARE_CRM: Program(bare(*PRODUCTS)),
    AIRBYTE: Program(peer("airbyte", "airbyte_products.py"), 1_000, 6_000),
    RAW_CRM: Program(bare(*PRODUCTS, "--raw")),
    WHOLE: Program(whole_items, 1_000, 11_000),
}


def run(
    command: Command, place: Path, records: int, latency_s: float = 0, *, packed: bool = False
) -> tuple[Used, dict[str, int]]:
    """A program over a list, once, and the calls it made. `packed`: results of bulk reads are ready before it starts."""
    folder = place / "turn"
    folder.mkdir()
    with served("taps_canned.py", "--records", records, "--latency", latency_s, *["--packed"] * packed) as url:
        environment = bare_environment(OFRECORD_API_URL=url, OFRECORD_ACCOUNTS_URL=url, OFRECORD_ORGANIZATION_ID="1")
        environment |= {f"OFRECORD_{name.upper()}": value for name, value in LOGIN.items()}
        told = used(command(Turn(url, folder, records)), environment, cwd=folder)
        calls = calls_of(url)
    shutil.rmtree(folder)
    return told, calls
