"""The greatest memory of target-crm, however much comes in. Part of benchmarks/targets.py."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from targets_input import BIN, product_lines
from targets_run import Promise, bare_environment, canned, ended, machine, say, table, target_settings

from ofrecord_kit.ledger import Ledger

RECORDS = 20_000
MOST_MB = 200
OFTEN, MOST_OFTEN = 10, 50
"""How many times the records come when nothing changed."""


def peak(command: Sequence[object], environment: Mapping[str, str], lines: Path, folder: Path, *, times: int = 1, code: int = 0) -> float:  # fmt: skip
    """Megabytes a program took at most; its input is the records of the file, so many times.

    What the system counts begins with what this program takes itself, so it must take little.
    """
    with (folder / "errors.log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env=dict(environment), cwd=folder
        )  # fmt: skip
        assert process.stdin is not None
        for _ in range(times):
            with lines.open("rb") as file:
                shutil.copyfileobj(file, process.stdin, 1 << 20)
        process.stdin.close()
        usage = ended(process, folder / "errors.log", code)
    return usage.ru_maxrss / 1024


def approve(folder: Path) -> None:
    """What a person answers to the plan that waits."""
    ledger = Ledger(str(folder / "ledger.db"), "bench")
    with ledger.writing(datetime.now(UTC)) as writing:
        writing.answer("product", "inventory", "crm", "*", "", "approve", "bench")
    ledger.close()


def measured(place: Path, scale: float) -> Iterator[tuple[str, float]]:
    """What was done, and the memory it took."""
    records = int(RECORDS * scale)
    lines = product_lines(place, records, 0)
    for guarded in (False, True):
        folder = place / f"memory-{guarded}"
        folder.mkdir()
        with canned(place) as url:
            command = [BIN / "target-crm", "--config", target_settings(folder, url)]
            environment = bare_environment(**({} if guarded else {"OFRECORD_YES": "1"}))
            environment = {name: value for name, value in environment.items() if not (guarded and name == "OFRECORD_YES")}  # fmt: skip
            say(f"{records:,} creations, guarded: {guarded}")
            if guarded:
                yield (
                    f"{records:,} creations, kept until somebody says yes",
                    peak(command, environment, lines, folder, code=1),
                )
                approve(folder)
                yield f"{records:,} creations, carried out after the yes", peak(command, environment, lines, folder)
            else:
                yield f"{records:,} creations, `OFRECORD_YES=1`", peak(command, environment, lines, folder)
                for times in (1, OFTEN, MOST_OFTEN) if scale <= 1 else (1, round(MOST_OFTEN / scale)):
                    say(f"{records * times:,} unchanged records")
                    told = peak(command, environment, lines, folder, times=times)
                    yield f"{records * times:,} records come in, nothing changed", told
        shutil.rmtree(folder)


def text(place: Path, scale: float) -> str:
    """The part `memory`."""
    rows = [
        Promise(what, f"{told:.0f} MB", f"below {MOST_MB} MB", told < MOST_MB) for what, told in measured(place, scale)
    ]
    return f"Peak resident memory of `target-crm`; {machine()}.\n\n{table('memory', rows)}"
