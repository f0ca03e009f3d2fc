"""A project as a user has it, with real commands, beside a sandbox whose records are on disk: both can be killed and started again."""

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from chaos.cradle import Cradle

from ofrecord.demo.stage import (
    Stage,
    copy_project,
    end_group,
    find_project,
    start_sandbox,
    undisturbed,
    wait_until_ready,
)
from ofrecord_kit.ledger import Held, Ledger

PROJECT = find_project(Path(__file__).parent)
BIN = Path(sys.executable).parent
TASKS = {
    "products out": "tap-crm--products own-products-crm-to-inventory target-inventory",
    "products back": "tap-inventory--products own-products-inventory-to-crm target-crm",
    "customers out": "tap-crm--customers own-customers-crm-to-inventory target-inventory",
    "customers back": "tap-inventory--customers own-customers-inventory-to-crm target-crm",
    "orders out": "tap-crm--orders own-orders-crm-to-inventory target-inventory",
    "orders back": "tap-inventory--orders own-orders-inventory-to-crm target-crm",
}
"""The pipelines of the jobs `products`, `customers` and `orders` that carry what people edit here."""
JOBS = ("products", "customers", "orders")
Rows = Mapping[str, list[dict[str, Any]]]


class Grounds:
    """A project folder and its sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage = self._stage(0, {})
        self.cradle: Cradle | None = None
        """Where plugins are born; None: they begin from nothing."""

    def _stage(self, port: int, environment: Mapping[str, str]) -> Stage:
        arguments = ["--seed", "none", "--limits", "off", "--db", str(self.folder / "vendors.db"), "--port", str(port)]
        process = start_sandbox(self.folder, arguments)
        url, exports = wait_until_ready(process, self.folder / "sandbox.log")
        return Stage(self.folder, url, {**environment, **exports}, process)

    def end_sandbox(self) -> None:
        """As a power cut does."""
        self.stage.process.kill()
        self.stage.process.wait()

    def start_sandbox(self) -> None:
        """Again, at the same address, with the records that were there."""
        self.stage = self._stage(urlsplit(self.stage.url).port or 0, self.stage.environment)

    def rows(self) -> Rows:
        """Every record of the vendors, as it is stored, by table."""
        found: dict[str, list[dict[str, Any]]] = {}
        with closing(sqlite3.connect(f"file:{self.folder / 'vendors.db'}?mode=ro", uri=True)) as database:
            for table, body in database.execute("select tab, body from record order by seq"):
                found.setdefault(table, []).append(orjson.loads(body))
        return found

    def ledger(self) -> Ledger:
        """For looking into."""
        return Ledger(str(self.stage.ledger))

    def held(self) -> list[Held]:
        """What is set aside now."""
        with closing(self.ledger()) as ledger:
            return [*ledger.held(), *ledger.held(state="waiting")]

    def meltano(self, *words: str) -> list[str]:
        """The command line of Meltano."""
        return [str(BIN / "meltano"), *words]


@contextmanager
def grounds(environment: Mapping[str, str], *, forked: bool = True) -> Iterator[Grounds]:
    """A project and an empty sandbox; both are gone with the block. `forked`: plugins and Meltano begin with everything imported."""
    root = PROJECT / ".demo"
    root.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=root))
    made = None
    try:
        copy_project(PROJECT, folder)
        made = Grounds(folder)
        made.stage.environment.update(
            {
                **environment,
                "MELTANO_PROJECT_ROOT": str(folder),
                "OFRECORD_LEDGER": str(folder / "ledger.db"),
                "OFRECORD_STATE_DIR": str(folder / ".ofrecord"),
                "OFRECORD_CALLS_PER_MINUTE": "0",
                "OFRECORD_ERRORS_ALLOWED": "0",
                "OFRECORD_YES": "1",
                "PATH": f"{BIN}:{environment.get('PATH', '')}",
                "NO_COLOR": "1",
            }
        )
        if forked:
            made.cradle = Cradle(folder)
            made.stage.environment["PATH"] = f"{made.cradle.bin}:{made.stage.environment['PATH']}"
        yield made
    finally:
        with undisturbed():
            if made is not None and made.cradle is not None:
                made.cradle.close()
            if made is not None:
                end_group(made.stage.process)
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                root.rmdir()
