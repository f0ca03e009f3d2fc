"""An installation beside a sandbox of its own, for the tests that need more than one part."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from leaks import LEAKS
from plugin_runs import Site

from ofrecord.demo.stage import Stage, set_stage

PROJECT = Path(__file__).parents[1]
LEFT_BEHIND = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "run", "rules", ".ofrecord", ".meltano")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Stage]:
    """One empty sandbox a test file, without limits."""
    with set_stage(PROJECT, ["--seed", "none", "--limits", "off"]) as stage:
        yield stage


@pytest.fixture
def site(sandbox: Stage) -> Iterator[Site]:
    """An empty company, the shipped rules, and no memory of the test before."""
    sandbox.control("POST", "reset")
    sandbox.control("POST", "limits", {"all": "off"})
    for name in LEFT_BEHIND:
        path = sandbox.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    shutil.copytree(PROJECT / "rules", sandbox.folder / "rules")
    made = Site(sandbox)
    yield made
    made.close()
    LEAKS.search([*(sandbox.folder / name for name in LEFT_BEHIND if name != "rules"), *sandbox.folder.glob("*.log")])
