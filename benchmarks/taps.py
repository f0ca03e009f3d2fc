"""Measures the taps: `make bench ONLY=taps`, or `python benchmarks/taps.py [PART …]`.

Parts: `speed` (beside the bare loop of `requests` and `json`) and `memory` (10,000, 100,000 and 1,000,000 records). Counterpart is a
canned server in a process of its own (taps_canned.py); a loop that receives its pages and does nothing with them shows that nobody waits
for it. All programs read the same list of items, 44 fields and 200 a page, and write to nowhere. Counted is processor time, its own
and the system's, as the difference between a long and a short list, so that it leaves out the start. The programs take
turns; ratios are made within a turn. A further program is a further entry of `PROGRAMS`. Tables are printed and written into
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from taps_canned import FIRST, time_of
from targets_input import BIN, HERE
from targets_run import LOGIN, Promise, Used, bare_environment, machine, median, paired, say, table, used

SHORT, LONG, ROUNDS = 2_000, 42_000, 5
LENGTHS = (10_000, 100_000, 1_000_000)
MOST_MB = 150
PARTS = ("speed", "memory")
CATALOG = HERE.parent / "rules/catalog/tap-inventory.json"
LIST = ("/inventory/v1/items", "items")


@dataclass(frozen=True)
class Turn:
    """A list of so many items at `url`, and an empty folder."""

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

    def state(self, **mark: object) -> Path:
        """A file with the state of the stream."""
        path = self.folder / "state.json"
        path.write_text(json.dumps({"bookmarks": {"items": mark}}), encoding="utf-8")
        return path


Command = Callable[[Turn], Sequence[object]]


def backfill(turn: Turn) -> Sequence[object]:
    """Everything, for the first time."""
    return [BIN / "tap-inventory", "--config", turn.settings()]


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


def bare(_turn: Turn) -> Sequence[object]:
    """What one writes without us."""
    return [sys.executable, HERE / "bare.py", "pages", *LIST]


def raw(turn: Turn) -> Sequence[object]:
    """What the server gives."""
    return [*bare(turn), "--raw"]


BARE, RAW = "`requests` + `json`, bare loop", "the server alone, bytes received"
PROGRAMS: dict[str, Command] = {
    "`tap-inventory`, backfill": backfill,
    "`tap-inventory`, incremental, all changed": incremental,
    "`tap-inventory`, backfill, ids kept for deletions": swept,
    "`tap-inventory`, read whole with `changed_only`, nothing changed": compared,
    BARE: bare,
    RAW: raw,
}
OURS = [name for name in PROGRAMS if name.startswith("`tap-")]


@dataclass
class Figures:
    """Of one program, by round: microseconds of processor time and of the clock a record, seconds to start, megabytes at most."""

    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)


@contextmanager
def items(records: int) -> Iterator[str]:
    """A server with so many; its address."""
    command = [sys.executable, str(HERE / "taps_canned.py"), "--items", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=bare_environment()) as process:
        assert process.stdout is not None
        ready = re.match(r"ready (\S+)", process.stdout.readline())
        assert ready is not None
        try:
            yield ready[1]
        finally:
            process.kill()


def run(program: str, place: Path, records: int) -> Used:
    """One program over a list, once."""
    folder = place / "turn"
    folder.mkdir()
    with items(records) as url:
        environment = bare_environment(OFRECORD_API_URL=url, OFRECORD_ACCOUNTS_URL=url, OFRECORD_ORGANIZATION_ID="1")
        environment |= {f"OFRECORD_{name.upper()}": value for name, value in LOGIN.items()}
        told = used(PROGRAMS[program](Turn(url, folder, records)), environment, cwd=folder)
    shutil.rmtree(folder)
    return told


def speed(place: Path, rounds: int, long: int) -> dict[str, Figures]:
    """All programs, in turn."""
    found = {program: Figures() for program in PROGRAMS}
    for number in range(rounds):
        say(f"speed, turn {number + 1} of {rounds}")
        for program, figures in found.items():
            short, whole = run(program, place, SHORT), run(program, place, long)
            figures.cpu_us.append((whole.cpu_s - short.cpu_s) / (long - SHORT) * 1e6)
            figures.wall_us.append((whole.wall_s - short.wall_s) / (long - SHORT) * 1e6)
            figures.start_s.append(short.cpu_s - SHORT * figures.cpu_us[-1] / 1e6)
            figures.peak_mb.append(whole.peak_mb)
    return found


def speeds(found: dict[str, Figures]) -> Iterator[str]:
    """Rows of the table of speeds."""
    yield "| program | records/s of processor time | s of it for 100,000 records | records/s on the clock | start, s of processor time | most memory, MB |"
    yield "|---|---|---|---|---|---|"
    for program, figures in found.items():
        cpu, wall, start, peak = (
            median(one) for one in (figures.cpu_us, figures.wall_us, figures.start_s, figures.peak_mb)
        )
        yield f"| {program} | {1e6 / cpu:,.0f} | {cpu / 10:.1f} | {1e6 / wall:,.0f} | {start:.2f} | {peak:.0f} |"


def promises(found: dict[str, Figures]) -> Iterator[Promise]:
    """What was promised of the speed, and what is."""
    for program in OURS:
        ours, loop = found[program].cpu_us, found[BARE].cpu_us
        met = median([one / other for one, other in zip(ours, loop, strict=True)]) <= 1
        yield Promise(f"{program}: processor time a record, of the bare loop's", paired(ours, loop), "at most 1", met)
    server, ours = found[RAW].wall_us, found[OURS[0]].wall_us
    yield Promise("the server: time a record on the clock, of our backfill's", paired(server, ours), "below 1", median(server) < median(ours))  # fmt: skip


def speed_text(place: Path, rounds: int, long: int) -> str:
    """The part `speed`."""
    found = speed(place, rounds, long)
    told = f"{long - SHORT:,} records of 44 fields, 200 a page, median of {rounds} turns; {machine()}."
    return "\n\n".join([told, "\n".join(speeds(found)), table("the taps", list(promises(found)))])


def calls_without_change(place: Path) -> int:
    """Calls for records that a run makes when nothing changed since its bookmark."""
    folder = place / "turn"
    folder.mkdir()
    with items(LENGTHS[0]) as url:
        turn = Turn(url, folder, LENGTHS[0])
        after = {"replication_key": "last_modified_time", "replication_key_value": time_of(LENGTHS[0] + 3600)}
        used(
            [BIN / "tap-inventory", "--config", turn.settings(), "--state", turn.state(**after)],
            bare_environment(),
            cwd=folder,
        )
        calls: dict[str, int] = requests.get(f"{url}/_bench/calls", timeout=60).json()
    shutil.rmtree(folder)
    return calls[LIST[0]]


def memory_text(place: Path, scale: float) -> str:
    """The part `memory`."""
    rows = [Promise("calls for records when nothing changed", str(calls_without_change(place)), "1", None)]
    for program in OURS:
        if program.endswith("all changed"):
            continue
        for records in (round(one * scale) for one in LENGTHS):
            say(f"memory, {program}, {records:,} records")
            told = run(program, place, records).peak_mb
            rows.append(
                Promise(f"{program}: {records:,} records", f"{told:.0f} MB", f"below {MOST_MB} MB", told < MOST_MB)
            )
    return f"Peak resident memory; {machine()}.\n\n{table('memory', rows)}"


def write(part: str, text: str) -> None:
    """Replace what stands between the part's markers of benchmarks/README.md."""
    begin, end = f"<!-- taps {part}: written by `make bench ONLY=taps` -->", f"<!-- end of taps {part} -->"
    path = HERE / "README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns that count (default {ROUNDS})")
    parser.add_argument("--records", type=int, default=LONG, help=f"of the long list (default {LONG:,})")
    parser.add_argument("--scale", type=float, default=1, help="0.1 reads 100,000 records at most for the memory")
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="ofrecord-bench-") as folder:
        place = Path(folder)
        texts = {
            "speed": lambda: speed_text(place, asked.rounds, asked.records),
            "memory": lambda: memory_text(place, asked.scale),
        }
        for part in asked.parts or PARTS:
            say(part)
            text = texts[part]()
            print(text)
            if not asked.dry:
                write(part, text)


if __name__ == "__main__":
    main()
