"""Reads one after the other and side by side, with and without latency: what `ofrecord_kit.ahead` gains and costs.

    .venv/bin/python benchmarks/ahead.py [--calls 200] [--at-once 10]

A sandbox answers every call with the latency named; the same detail reads are made by a plain loop of `Client.get` and by
`ahead`. Printed is a Markdown table. Nothing is asserted: `kit/tests/test_ahead.py` counts calls under way instead of seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.answers import Answer
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import running_sandbox

LATENCIES_S = (0.0, 0.01, 0.05, 0.1)

Way = Callable[[Client, Iterable[Call]], Iterator[Answer]]


def in_turn(client: Client, calls: Iterable[Call]) -> Iterator[Answer]:
    """The plain loop."""
    return (client.get(call.path) for call in calls)


def measured(connection: Connection, way: Way, count: int) -> tuple[float, float]:
    """Seconds on the clock and of processor time for so many reads."""
    with Client(connection, system="inventory", plugin="benchmark") as client:
        client.get("/inventory/v1/locations")  # a token and a connection are at hand
        started, worked = time.perf_counter(), time.process_time()
        found = sum(answer.status == 200 for answer in way(client, [Call("/inventory/v1/locations")] * count))  # noqa: PLR2004
        took = time.perf_counter() - started, time.process_time() - worked
    if found != count:
        message = f"{count - found} reads failed"
        raise SystemExit(message)
    return took


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--at-once", type=int, default=10)
    given = options.parse_args()
    print(f"{given.calls} detail reads, calls_at_once {given.at_once}\n")
    print(
        "| latency, ms | in turn, calls/s | `ahead`, calls/s | times | processor time a call, in turn | with `ahead` |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, running_sandbox("--seed", "demo", "--limits", "off") as sandbox:
        connection = Connection.from_config(sandbox.config(Path(folder)))
        connection = replace(connection, calls_at_once=given.at_once)
        for latency_s in LATENCIES_S:
            sandbox.control("POST", "latency", {"seconds": latency_s})
            plain, plain_cpu = measured(connection, in_turn, given.calls)
            threaded, threaded_cpu = measured(connection, ahead, given.calls)
            print(
                f"| {latency_s * 1000:.0f} | {given.calls / plain:.0f} | {given.calls / threaded:.0f} "
                f"| {plain / threaded:.1f} | {plain_cpu / given.calls * 1e3:.2f} ms | {threaded_cpu / given.calls * 1e3:.2f} ms |"
            )


if __name__ == "__main__":
    main()
