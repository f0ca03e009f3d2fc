"""Ledgers for the desk's tests, written as targets write them."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from ofrecord import cli
from ofrecord_kit.ledger import Ledger, Run
from ofrecord_kit.testing.sandbox import sandbox, sandbox_server

__all__ = ["sandbox", "sandbox_server"]


class Book:
    """One ledger file and the command that reads it."""

    def __init__(self, path):
        self.path = path
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.ledger = Ledger(str(path))

    def writing(self, ago=timedelta(), run=""):
        self.ledger.run = run
        return self.ledger.writing(self.now - ago)

    def run(self, name, counts, way=("inventory", "crm"), *, ago=timedelta(), status="finished", group=None, dry=False):
        """A run that took two seconds and ended `ago`."""
        ended = self.now - ago
        row = Run(
            name, group or name, f"target-{way[1]}", *way, ended - timedelta(seconds=2), ended, status, counts, 7,
            "sha256:1", dry,
        )  # fmt: skip
        with self.writing() as writing:
            writing.put_run(row)

    def ask(self, *arguments):
        return CliRunner().invoke(cli.app, [*arguments, "--ledger", str(self.path)])


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path / "ledger.db")
    yield made
    made.ledger.close()


@pytest.fixture
def ask():
    """The command alone."""
    return lambda *arguments, **options: CliRunner().invoke(cli.app, list(arguments), **options)
