"""Programs attacked: with what they may hold in memory bounded, and what they may say of it judged."""

import json
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from plugin_runs import Outcome

from ofrecord_kit.testing import programs

PROJECT = Path(__file__).parents[2]
MEMORY = 200 << 20
"""Bytes a program may ask for beyond what it starts with."""
CANARY = "Zwetschgenknödel-4711"
"""Stands in hostile records, and never in what is said of them."""
FOUR_PARTS = re.compile(r"\S.* \(.+\)\. Expected: .+\. \S.*")
GOOD = {"id": "good", "Account_Name": "Good", "Modified_Time": "2026-01-01T00:00:00+00:00"}


def attack(command: Iterable[object], said: Iterable[bytes], *, cwd: Path, memory: int = MEMORY) -> Outcome:
    """A command of the project that reads these parts, in bounded memory; it is killed after a minute."""
    environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1", "HOME": str(cwd)}
    words = [str(word) for word in command]
    done = programs.run(words, cwd=cwd, environment=environment, said=said, timeout=60, memory=memory)
    return Outcome(Path(words[0]).name, done.returncode, done.stdout, done.stderr)


def is_a_refusal(outcome: Outcome) -> None:
    """One message with its four parts, exit code 1, and nothing of what came in."""
    assert outcome.code == 1, outcome.err[-2000:]
    assert "Traceback" not in outcome.err
    assert "unexpected error" not in outcome.err
    assert len([line for line in outcome.err.splitlines() if FOUR_PARTS.search(line)]) == 1, outcome.err[-2000:]
    assert CANARY not in outcome.err
    assert len(outcome.err) < 10_000


@cache
def accounts_schema() -> bytes:
    """The SCHEMA of the CRM's accounts as tap-crm sends it."""
    catalog = json.loads((PROJECT / "rules" / "catalog" / "tap-crm.json").read_text(encoding="utf-8"))
    schema = next(one["schema"] for one in catalog["streams"] if one["tap_stream_id"] == "Accounts")
    return line({"type": "SCHEMA", "stream": "Accounts", "schema": schema, "key_properties": ["id"]})


def line(message: object) -> bytes:
    """One message."""
    return json.dumps(message).encode() + b"\n"


def account(record: object) -> bytes:
    """A RECORD of an account; bytes are taken as they are."""
    raw = record if isinstance(record, bytes) else json.dumps(record).encode()
    return b'{"type": "RECORD", "stream": "Accounts", "record": ' + raw + b"}\n"
