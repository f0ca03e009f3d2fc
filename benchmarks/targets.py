"""Measures target-crm and the whole chain: `make bench ONLY=targets`, or `python benchmarks/targets.py [PART …]`.

Parts: `speed` (beside a bare loop and an SDK sink with its defaults), `chain` (`meltano run tap mapper target`), `calls` (on the sandbox)
and `memory`. Counterpart of the first two is a canned server in a process of its own, which answers faster than any of them asks.
Counted is processor time, its own and the system's, because a busy machine makes a program wait; of speed only what is taken from the moment
a program waits for its first line. It is the difference between a long
and a short input, so that it leaves out the start; speeds on the clock stand beside it and hold the start. The programs take turns; ratios are made
within a turn. Tables are printed and written into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import targets_calls
import targets_chain
import targets_memory
from parts import measure
from targets_input import BIN, HERE, WIDTHS, product_lines
from targets_run import (
    Promise,
    bare_environment,
    canned,
    machine,
    median,
    paired,
    say,
    table,
    target_settings,
    used_on_input,
)

SHORT, LONG, ROUNDS = 1_000, 11_000, 3
FIRST, SAME, CHANGED = "first load", "nothing changed", "one field changed"
TURNS = {FIRST: ("create", 0), SAME: ("nothing", 0), CHANGED: ("change", 1)}
OURS, BARE, SDK = "`target-crm`", "`requests` + `json`, bare loop, the same calls", "SDK `BatchSink`, its defaults"
PARTS = ("speed", "chain", "calls", "memory")
PROMISED = 8


@dataclass
class Figures:
    """Of one program in one turn, by round: microseconds of processor time a record, those of the clock with the start; seconds to start."""

    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)


Found = Mapping[tuple[str, str, str], Figures]


def speed(place: Path, rounds: int, long: int) -> Found:
    """All programs through all turns, with records of both widths."""
    found = {(width, turn, program): Figures() for width in WIDTHS for turn in TURNS for program in (OURS, BARE, SDK)}
    for number in range(rounds):
        for width in WIDTHS:
            say(f"speed, turn {number + 1} of {rounds}, {width}")
            for program in (OURS, BARE, SDK):
                short = turns(place, program, SHORT, width)
                whole = turns(place, program, long, width)
                for turn in TURNS:
                    here, more = found[width, turn, program], long - SHORT
                    here.cpu_us.append((whole[turn][0] - short[turn][0]) / more * 1e6)
                    here.wall_us.append(whole[turn][1] / long * 1e6)
                    here.start_s.append(whole[turn][2])
    return found


def turns(place: Path, program: str, records: int, width: str) -> dict[str, tuple[float, float, float]]:
    """Of each turn, one after the other on the same server: processor time on its input, seconds, processor time before the first line."""
    folder = place / "turn"
    folder.mkdir()
    taken = {}
    with canned(place) as url:
        settings = target_settings(folder, url)
        environment = bare_environment(OFRECORD_API_URL=url, OFRECORD_ACCOUNTS_URL=url, OFRECORD_YES="1")
        environment |= {f"OFRECORD_{name}": "canned" for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")}
        for turn, (calls, price) in TURNS.items():
            commands = {
                OURS: [BIN / "target-crm", "--config", settings],
                BARE: [sys.executable, HERE / "bare.py", "write", calls, folder / "ids.json"],
                SDK: [sys.executable, HERE / "sdk_peers.py", "target", "--config", settings],
            }
            lines = product_lines(place, records, price, width, plain=program == SDK)
            told, start = used_on_input(commands[program], environment, lines, folder)
            taken[turn] = (told.cpu_s, told.wall_s, start)
    shutil.rmtree(folder)
    return taken


def speeds(found: Found) -> Iterator[str]:
    """Rows of the table of speeds."""
    yield "| records | turn | program | records/s of processor time | µs a record | records/s on the clock, start included | start, s of processor time |"
    yield "|---|---|---|---|---|---|---|"
    for (width, turn, program), figures in found.items():
        cpu, wall, start = median(figures.cpu_us), median(figures.wall_us), median(figures.start_s)
        yield f"| {WIDTHS[width]} | {turn} | {program} | {1e6 / cpu:,.0f} | {cpu:.0f} | {1e6 / wall:,.0f} | {start:.2f} |"


def promises(found: Found) -> Iterator[Promise]:
    """What was promised of the speed, and what is. What the bare loop itself does not reach is out of reach for anybody who makes these calls."""
    for width, told in WIDTHS.items():
        for turn in TURNS:
            ours, bare, sdk = (found[width, turn, program] for program in (OURS, BARE, SDK))
            times = median([one / other for one, other in zip(sdk.cpu_us, ours.cpu_us, strict=True)])
            yield Promise(
                f"{told}, {turn}: times as little processor time as the SDK's sink", paired(sdk.cpu_us, ours.cpu_us),
                f"at least {PROMISED}", times >= PROMISED,
            )  # fmt: skip
            yield Promise(f"{told}, {turn}: the bare loop's times as little as the SDK's sink", paired(sdk.cpu_us, bare.cpu_us))  # fmt: skip
            yield Promise(f"{told}, {turn}: processor time, of the bare loop's", paired(ours.cpu_us, bare.cpu_us))
            yield Promise(
                f"{told}, {turn}: times as many records/s on the clock as the SDK's sink, start included",
                paired(sdk.wall_us, ours.wall_us),
            )  # fmt: skip


def speed_text(place: Path, rounds: int, long: int) -> str:
    """The part `speed`."""
    found = speed(place, rounds, long)
    told = f"{long - SHORT:,} records of each width, median of {rounds} turns; {machine()}."
    return "\n\n".join([told, "\n".join(speeds(found)), table("`target-crm`", list(promises(found)))])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns that count (default {ROUNDS})")
    parser.add_argument("--records", type=int, default=LONG, help=f"of the long input (default {LONG:,})")
    parser.add_argument("--scale", type=float, default=1, help="10 reads a million unchanged records for the memory")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="ofrecord-bench-") as folder:
        place = Path(folder)
        texts = {
            "speed": lambda: speed_text(place, asked.rounds, asked.records),
            "chain": lambda: targets_chain.text(place, asked.rounds, asked.records),
            "calls": targets_calls.text,
            "memory": lambda: targets_memory.text(place, asked.scale),
        }
        measure("targets", asked.parts, texts)


if __name__ == "__main__":
    main()
