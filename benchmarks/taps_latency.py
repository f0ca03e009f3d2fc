"""Whole taps where an answer takes 0.1 s, with one call at a time and with ten: the part `latency` of benchmarks/taps.py.

Measured is the clock, as the difference between a long and a short list. At no latency processor time is what shows that the
calls are made one after the other again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from taps_programs import Turn, run
from targets_input import BIN
from targets_run import Promise, machine, median, say, table

LATENCY_S = 0.1
LONG_S = 0.5
"""Where waiting is most of what a query of 2,000 rows takes, on a busy machine too."""
AT_ONCE = 10
"""Calls the finance side takes at once of a paid organisation, and the CRM of its Standard edition (its queries: ten, too)."""
TIMES, SAME = 5, 1.1
FEW = (
    "id", "Modified_Time", "Product_Name", "Product_Code", "Manufacturer", "Usage_Unit", "Inventory_ID", "Brand", "EAN", "Part_Number",
    "Sales_Start_Date", "Created_Time",
)  # fmt: skip


def contacts(turn: Turn, at_once: int) -> Sequence[object]:
    """Contacts with their details: a call each."""
    settings = turn.settings(streams=["contacts"], without_details=[], calls_at_once=at_once)
    return [BIN / "tap-inventory", "--config", settings]


def queried(turn: Turn, at_once: int) -> Sequence[object]:
    """Products by queries, 2,000 rows each."""
    settings = turn.crm_settings(read_plan={"Products": "coql"}, calls_at_once=at_once)
    return [BIN / "tap-crm", "--config", settings]


def few(turn: Turn, at_once: int) -> Sequence[object]:
    """The same of twelve fields, by a catalog that has no others."""
    schema = {"properties": {name: {"type": ["string", "null"]} for name in FEW}}
    stream = {
        "tap_stream_id": "Products",
        "schema": schema,
        "key_properties": ["id"],
        "replication_key": "Modified_Time",
    }
    catalog = turn.folder / "catalog.json"
    catalog.write_text(json.dumps({"streams": [{"stream": "Products", "metadata": [], **stream}]}), encoding="utf-8")
    settings = turn.crm_settings(read_plan={"Products": "coql"}, calls_at_once=at_once, drift_every_s=0)
    return [BIN / "tap-crm", "--config", settings, "--catalog", catalog]


@dataclass(frozen=True)
class Case:
    """A whole tap, and its short and its long list."""

    command: Callable[[Turn, int], Sequence[object]]
    short: int
    long: int
    latencies_s: tuple[float, ...] = (LATENCY_S, 0.0)


CASES = {
    "`tap-inventory`, contacts with details": Case(contacts, 40, 240),
    "`tap-crm`, backfill by COQL, 12 of 44 fields": Case(few, 2_000, 122_000, (LATENCY_S, LONG_S, 0.0)),
    "`tap-crm`, backfill by COQL, 44 fields": Case(queried, 2_000, 62_000, (LATENCY_S, LONG_S, 0.0)),
}


def latency_text(place: Path, rounds: int) -> str:
    """The part."""
    rows = [row for name, case in CASES.items() for row in _rows(place, name, case, rounds)]
    return f"{AT_ONCE} calls at once beside 1, median of {rounds} turns; {machine()}.\n\n{table('latency', rows)}"


def _rows(place: Path, name: str, case: Case, rounds: int) -> Iterator[Promise]:
    for latency_s in case.latencies_s:
        clock: list[float] = []
        work: list[float] = []
        rates: list[float] = []
        shares: list[float] = []
        for number in range(rounds):
            say(f"latency {latency_s * 1000:.0f} ms, {name}, turn {number + 1} of {rounds}")
            (wall_one, cpu_one), (wall, cpu) = (_taken(place, case, at_once, latency_s) for at_once in (1, AT_ONCE))
            clock.append(wall_one / wall)
            work.append(cpu / cpu_one)
            rates.append((case.long - case.short) / wall)
            shares.append(cpu / wall)
        told = f"{median(clock):.1f} ({min(clock):.1f} to {max(clock):.1f}), {median(rates):,.0f} records/s, a core busy {median(shares):.0%}"
        if latency_s:
            yield Promise(
                f"{name}, {latency_s * 1000:.0f} ms: times as fast", told, f"at least {TIMES}", median(clock) >= TIMES
            )
        else:
            same = median(work) <= SAME
            yield Promise(f"{name}, 0 ms: processor time, of that with one call at a time", f"{median(work):.2f}", f"at most {SAME}", same)  # fmt: skip


def _taken(place: Path, case: Case, at_once: int, latency_s: float) -> tuple[float, float]:
    """Seconds on the clock and of processor time between the short and the long list."""
    short, long = (
        run(lambda turn: case.command(turn, at_once), place, records, latency_s)[0]
        for records in (case.short, case.long)
    )
    return long.wall_s - short.wall_s, long.cpu_s - short.cpu_s
