"""`ofrecord demo` as a person starts it: what it prints, what it leaves behind, and how it stops."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

PROJECT = Path(__file__).parents[1]
COMMAND = [str(Path(sys.executable).with_name("ofrecord")), "demo"]
FIVE_MINUTES_S = 300
WIDTH = 80
PROC = Path("/proc")


def bare_environment() -> dict[str, str]:
    """No setting of ofrecord or Meltano: a newcomer has none."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OFRECORD_", "MELTANO_", "TAP_", "TARGET_"))}
    return {**kept, "COLUMNS": str(WIDTH)}


def left_running(folder: str) -> list[str]:
    """Processes that work in the folder of a demo, by their environment or command line."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
        except OSError:  # it ended, or is somebody else's
            continue
        if folder.encode() in told:
            found.append(told.partition(b"\0")[0].decode())
    return found


@dataclass(frozen=True)
class Played:
    """One demo from start to end."""

    code: int
    text: str
    seconds: float

    def section(self, title: str) -> str:
        """What was printed from a title up to the next blank line."""
        _, found, rest = self.text.partition(title)
        assert found, f"{title!r} is not in\n{self.text}"
        return rest.partition("\n\n")[0]

    def table(self, title: str) -> dict[str, list[str]]:
        """The numbers of a table, by first word of the line."""
        lines = self.section(title).splitlines()[2:]
        return {words[0]: words[1:] for words in (line.split() for line in lines) if words}

    @property
    def folder(self) -> str:
        """Where it played, below the project."""
        found = re.search(r"\.demo/run-\w+", self.text)
        assert found is not None
        return found[0]

    @property
    def url(self) -> str:
        """The sandbox's address."""
        found = re.search(r"http://127\.0\.0\.1:\d+", self.text)
        assert found is not None
        return found[0]

    def left_nothing(self) -> bool:
        """No folder, no process, nobody at the sandbox's address."""
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{self.url}/_sandbox/health", timeout=5)
        return not (PROJECT / self.folder).exists() and left_running(self.folder) == []


@pytest.fixture(scope="module")
def played() -> Played:
    """The demo with the made-up company, played once."""
    started = time.monotonic()
    ended = subprocess.run(
        COMMAND,
        cwd=PROJECT,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * FIVE_MINUTES_S,
        check=False,
    )
    return Played(ended.returncode, ended.stdout, time.monotonic() - started)


@pytest.mark.promise("N19")
def test_a_newcomer_without_any_account_sees_a_first_order_within_five_minutes(played: Played) -> None:
    assert played.code == 0, played.text
    assert played.seconds < FIVE_MINUTES_S
    assert re.search(r"arrived +quote \d+ of [\d.]+ accepted\n +in inventory: no order → SO-\d+ confirmed", played.text)


def test_each_edit_arrives_and_names_the_rule_that_decided(played: Played) -> None:
    told = played.section("What became of the edits")
    assert told.count("  arrived  ") == 9
    assert "NOT ARRIVED" not in played.text
    rules = [re.findall(r"decided by: .*\(rules/([\w/]+)\.yml[:\d]*\)", line) for line in told.splitlines()]
    assert sorted(one for found in rules for one in found) == [
        "account", "credit_entry", "invoice", "order", "product", "product", "product", "promises/quotes", "service_invoice",
    ]  # fmt: skip
    assert "ownership violation, put back" in told


def test_the_first_sync_shows_a_row_a_job_and_every_row_balances(played: Played) -> None:
    table = played.table("\nFirst sync ")
    assert list(table) == [
        "products", "customers", "prices", "orders", "services", "finance", "quote-stock", "quote-prices",
    ]  # fmt: skip
    for job, words in table.items():
        numbers = [float(word.replace(",", "")) for word in words]
        read, outcomes, failed, calls = numbers[0], numbers[1:6], numbers[5], numbers[6]
        assert read == sum(outcomes), job
        assert outcomes[0] > 0 or job in {"services", "quote-stock", "quote-prices"}, f"{job} wrote nothing"
        assert failed == 0
        assert calls > 0
    assert "What was set aside, and why" in played.text


def test_the_third_sync_writes_nothing(played: Played) -> None:
    assert {words[1] for words in played.table("\nThird sync ").values()} == {"0"}
    assert "Writes at the vendors, by the sandbox's own journal: 0\n" in played.text


def test_the_systems_agree_at_the_end(played: Played) -> None:
    lines = played.section("Exactly once on the other side").splitlines()[2:]
    verdicts = [line.split()[-1] for line in lines if line.startswith(("inventory ", "CRM ", "accepted "))]
    assert verdicts == ["agrees"] * 5
    assert played.text.rstrip().endswith("Everything arrived, and nothing was written when nothing changed.")


def test_the_demo_fits_eighty_columns_and_leaves_nothing_behind(played: Played) -> None:
    assert [line for line in played.text.splitlines() if len(line.rstrip()) > WIDTH] == []
    assert played.left_nothing()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_first_sync_it_says_so_and_leaves_nothing(sign: signal.Signals) -> None:
    process = subprocess.Popen(
        COMMAND, cwd=PROJECT, env=bare_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = ""
        for line in process.stdout:
            told += line
            if "running products" in line:
                break
        begun = Played(0, told, 0)
        until = time.monotonic() + FIVE_MINUTES_S
        while time.monotonic() < until:  # the plugins are at work once the vendors were asked for records
            asked = requests.get(f"{begun.url}/_sandbox/journal", timeout=5).json()["entries"]
            if any(entry["system"] == "crm" for entry in asked):
                break
        process.send_signal(sign)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, told + rest
    assert "Stopped; nothing is left running, and everything the demo made is removed." in " ".join(rest.split())
    assert "Traceback" not in rest
    assert begun.left_nothing()
