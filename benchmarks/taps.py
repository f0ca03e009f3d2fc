"""Measures the taps: `make bench ONLY=taps`, or `python benchmarks/taps.py [PART …]`.

Parts: `speed` (beside a bare loop of `requests` and `json`, dlt and the Airbyte source), `latency` (what reading side by side brings),
`calls` (of a backfill) and `memory` (10,000, 100,000 and 1,000,000 records). Counterpart is a canned server in a process of its own
(taps_canned.py); a loop that receives its pages and does nothing with them shows that nobody waits
for it. All programs read the same lists, 44 fields and 200 a page, and write to nowhere, those excepted that say where. Counted is
processor time, its own and the system's, as the difference between a long and a short list, so that it leaves out the start. The
programs take turns; ratios are made within a turn. The programs are in taps_programs.py. Tables are printed and written into
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from parts import measure
from taps_canned import time_of
from taps_latency import latency_text
from taps_programs import (
    AIRBYTE,
    BACKFILL,
    BARE,
    BARE_CRM,
    BOOKS,
    BULK,
    DLT,
    ITEMS,
    KEPT,
    LISTED,
    LONG,
    PROGRAMS,
    QUERIED,
    RAW,
    RAW_CRM,
    SHORT,
    WHOLE,
    Turn,
    accounting,
    products,
    run,
    whole_items,
)
from targets_input import BIN
from targets_run import Promise, machine, median, paired, say, table

ROUNDS = 5
LENGTHS = (10_000, 100_000, 1_000_000)
MOST_MB = 150
BACKFILL_ROWS = 1_000_000
SPARED = 50
PARTS = ("speed", "latency", "calls", "memory")


@dataclass
class Figures:
    """Of one program, by round: microseconds of processor time and of the clock a record, seconds to start, megabytes at most."""

    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)


def speed(place: Path, rounds: int, scale: float, names: Sequence[str]) -> dict[str, Figures]:
    """All programs, in turn."""
    found = {name: Figures() for name in names}
    for number in range(rounds):
        say(f"speed, turn {number + 1} of {rounds}")
        for name, figures in found.items():
            program = PROGRAMS[name]
            long = max(2 * program.short, round(program.long * scale))
            (short, _), (whole, _) = run(program.command, place, program.short), run(program.command, place, long)
            figures.cpu_us.append((whole.cpu_s - short.cpu_s) / (long - program.short) * 1e6)
            figures.wall_us.append((whole.wall_s - short.wall_s) / (long - program.short) * 1e6)
            figures.start_s.append(short.cpu_s - program.short * figures.cpu_us[-1] / 1e6)
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

    def ratio(one: str, other: str, by: str = "cpu_us") -> tuple[str, float]:
        ones, others = getattr(found[one], by), getattr(found[other], by)
        return paired(ones, others), median([a / b for a, b in zip(ones, others, strict=True)])

    for program in found:
        loop = BARE_CRM if "tap-crm" in program else BARE
        if PROGRAMS[program].is_ours and loop in found:
            told, value = ratio(program, loop)
            yield Promise(f"{program}: processor time a record, of the bare loop's", told, "at most 1", value <= 1)
    for ours, other, least in ((KEPT, DLT, 4), (LISTED, AIRBYTE, 15), (QUERIED, AIRBYTE, 15)):
        if ours in found and other in found:
            for by, words in (("cpu_us", "as little processor time a record"), ("wall_us", "as fast on the clock")):
                told, value = ratio(other, ours, by)
                yield Promise(
                    f"{ours}: times {words} as {other.split(',')[0]}", told, f"at least {least}", value >= least
                )
    for raw, ours in ((RAW, BACKFILL), (RAW_CRM, LISTED)):
        if raw in found and ours in found:
            told, value = ratio(raw, ours, "wall_us")
            yield Promise(f"{raw}: time a record on the clock, of ours", told, "below 1", value < 1)
    if WHOLE in found:
        yield Promise(f"{WHOLE}: µs of processor time an item", f"{median(found[WHOLE].cpu_us):.0f}")


def speed_text(place: Path, rounds: int, scale: float, only: str) -> str:
    """The part `speed`."""
    found = speed(place, rounds, scale, [name for name in PROGRAMS if only in name])
    told = f"{LONG - SHORT:,} records of 44 fields, 200 a page (fewer where a program is slow), median of {rounds} turns; {machine()}."
    return "\n\n".join([told, "\n".join(speeds(found)), table("the taps", list(promises(found)))])


def calls_text(place: Path, scale: float) -> str:
    """The part `calls`."""
    after = {"replication_key": "last_modified_time", "replication_key_value": time_of(LENGTHS[0] + 3600)}

    def unchanged(turn: Turn) -> list[object]:
        return [BIN / "tap-inventory", "--config", turn.settings(), "--state", turn.state(**after)]

    _, calls = run(unchanged, place, LENGTHS[0])
    made = calls[f"GET {ITEMS[0]}"]
    rows = [Promise("`tap-inventory`, items: calls for records when nothing changed", str(made), "1", made == 1)]
    records = round(BACKFILL_ROWS * scale)
    for plan, words in (("", "the plan it takes"), ("coql", "COQL")):
        say(f"calls, {records:,} records by {words}")
        command = products(plan) if plan else lambda turn: [BIN / "tap-crm", "--config", turn.crm_settings()]
        used, calls = run(command, place, records, packed=not plan)
        made, most = sum(calls.values()), records // 200 // SPARED
        told = f"{made:,}, {used.cpu_s / records * 1e5:.1f} s of processor time for 100,000 records, at most {used.peak_mb:.0f} MB"
        target = f"at most {most:,} of {records // 200:,} by pages of 200"
        rows.append(Promise(f"`tap-crm`, first backfill of {records:,} Products by {words}: all its calls", told, "" if plan else target, None if plan else made <= most))  # fmt: skip
    return f"On the canned server, where a bulk read job is done at the second look; {machine()}.\n\n{table('calls', rows)}"


def memory_text(place: Path, scale: float, only: str) -> str:
    """The part `memory`."""
    ours = {name: one.command for name, one in PROGRAMS.items() if one.is_ours and not name.endswith("all changed")}
    rows = []
    ours |= {BULK: products("bulk"), WHOLE: whole_items, BOOKS: accounting}
    for name, command in ours.items():
        for records in (round(one * scale) for one in LENGTHS if only in name):
            say(f"memory, {name}, {records:,} records")
            told = run(command, place, records, packed=name == BULK)[0].peak_mb
            rows.append(
                Promise(f"{name}: {records:,} records", f"{told:.0f} MB", f"below {MOST_MB} MB", told < MOST_MB)
            )
    return f"Peak resident memory; {machine()}.\n\n{table('memory', rows)}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns that count (default {ROUNDS})")
    parser.add_argument("--scale", type=float, default=1, help="0.1 reads a tenth of the records")
    parser.add_argument("--only", default="", help="of `speed` and `memory`, programs whose name has these letters")
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="ofrecord-bench-") as folder:
        place = Path(folder)
        texts = {
            "speed": lambda: speed_text(place, asked.rounds, asked.scale, asked.only),
            "latency": lambda: latency_text(place, asked.rounds),
            "calls": lambda: calls_text(place, asked.scale),
            "memory": lambda: memory_text(place, asked.scale, asked.only),
        }
        measure("taps", asked.parts, texts, dry=asked.dry)


if __name__ == "__main__":
    main()
