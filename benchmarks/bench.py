"""Measures ofrecord on the sandbox, beside what one would write without it: `make bench` or `python benchmarks/bench.py`.

The mapper is measured by benchmarks/mapper.py, without a sandbox, the targets by benchmarks/targets.py; `--only` chooses. Speeds of taps leave out the start of the program: the clock runs from its first line of output to
its last. Every figure is the median of several runs that take turns, so that a slow moment of the machine meets all.
The table is printed and written into benchmarks/README.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ofrecord.demo.stage import set_stage

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from plugin_runs import BIN, Site  # noqa: E402 - tests hold the one way to run plugins with the project's settings

RECORDS = 5_000
"""Items, and products, at scale 1."""
ROUNDS = 3
MELTANO_ROUNDS = 3
JOBS = ("products", "customers", "orders", "finance")
QUARTER_HOUR_S = 900
"""The sandbox's clock moves on so far between cycles: taps read again from a minute before their bookmark."""
BARE = [sys.executable, str(ROOT / "benchmarks/bare.py")]
BEGIN, END = "<!-- table: written by `make bench` -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` says how ours compares with the other."""

    what: str
    ours: str
    beside: str
    other: str
    ratio: str = ""


def say(words: str) -> None:
    """Progress, for whoever waits."""
    print(words, file=sys.stderr, flush=True)


def rate(command: Sequence[str], site: Site, *, stdin: Path | None = None) -> float:
    """Lines of records a second, from the first output to the last."""
    with (stdin or Path(os.devnull)).open("rb") as source:
        process = site.start(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        lines = process.stdout.read1(1).count(b"\n")
        started = time.perf_counter()
        while block := process.stdout.read1(1 << 20):
            lines += block.count(b"\n")
        seconds = time.perf_counter() - started
        if process.wait() != 0:
            message = f"{command[0]} failed"
            raise RuntimeError(message)
    return lines / seconds


def seconds_of(action: Callable[[], None]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def medians(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """The median of each measure; they take turns, after one turn that does not count."""
    for measure in measures:
        measure()
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(values) for values in zip(*taken, strict=True)]


@contextmanager
def company(seed: str) -> Iterator[Site]:
    """An installation on a sandbox of its own, without the vendors' limits."""
    with set_stage(ROOT, ["--seed", seed, "--limits", "off"]) as stage:
        stage.environment.pop("OFRECORD_RUN", None)
        yield Site(stage)


def fill(site: Site, records: int) -> None:
    """So many items, and as many products that have nothing to do with them."""
    for number in range(records):
        site.new_item(
            f"Item {number:06}", description="A thing that is made, kept and sold. " * 3, rate=10 + number % 90
        )
    for start in range(0, records, 100):
        rows = [
            {
                "Product_Name": f"Product {number:06}",
                "Product_Code": f"P-{number:06}",
                "Unit_Price": 10 + number % 90,
                "Description": "A thing that is made, kept and sold. " * 3,
            }
            for number in range(start, min(start + 100, records))
        ]
        site.people.ask("POST", "/crm/v8/Products", {"data": rows})


def fields_read(site: Site, plugin: str) -> list[str]:
    """The fields a tap asks for, so that the bare loop asks for the same."""
    schema = json.loads(site.plugin(plugin).out.partition("\n")[0])["schema"]
    return [name for name in schema["properties"] if not name.startswith("_")]


def tap_row(site: Site, plugin: str, path: str, key: str, label: str) -> Row:
    """A tap beside a bare loop over the same pages, and beside the sandbox alone."""
    command = site.command(plugin, site.config(plugin))
    loop = [*BARE, "pages", path, key]
    ours, bare = medians([lambda: rate(command, site), lambda: rate(loop, site)], ROUNDS)
    return Row(
        label, f"{ours:,.0f} records/s", "requests + json, bare loop", f"{bare:,.0f} records/s", f"{ours / bare:.2f}"
    )


def ceiling(site: Site, path: str, key: str, records: int) -> float:
    """Records a second the sandbox gives to somebody who does nothing with them."""

    def whole() -> float:
        command = [*BARE, "pages", path, key, "--raw"]
        process = site.start(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.read1(1)
        started = time.perf_counter()
        process.stdout.read()
        process.wait()
        return records / (time.perf_counter() - started)

    [found] = medians([whole], ROUNDS)
    return found


def shell_pipes(site: Site) -> list[str]:
    """The job `products` as a shell would run it: the same plugins and settings, with bookmarks, without Meltano."""
    pipes = []
    for words in next(job["tasks"] for job in site.project["jobs"] if job["name"] == "products"):
        tap, mapping, target = words.split()
        state = site.folder / "run" / f"{tap}.state"
        commands = (
            site.command(tap, site.config(tap), state=state),
            site.command(mapping, site.mapping(mapping)),
            site.command(target, site.config(target, errors_allowed="1000", approve=True)),
        )
        joined = " | ".join(" ".join(command) for command in commands)
        pipes.append(f"{joined} > {state}.new && if test -s {state}.new; then tail -n 1 {state}.new > {state}; fi")
    return ["sh", "-c", " && ".join(pipes)]


def quiet(site: Site, command: Sequence[str]) -> None:
    """A command that must succeed and that nobody needs to read."""
    outcome = site.run(command)
    if outcome.code != 0:
        say(outcome.err[-3000:] + outcome.out[-3000:])
        message = f"{command[0]} failed"
        raise RuntimeError(message)


def sync_rows(site: Site) -> Iterator[Row]:
    """Calls of a first sync and of a cycle without changes, then the wall time of a job with nothing to do."""
    for phase in ("first sync", "settling", "no change"):
        say(f"  {phase} of the made-up company")
        results = {job: site.stage.run_job(job, phase.replace(" ", "-")) for job in JOBS}
        for result in results.values():
            if result.exit_code:
                say(f"  {result.job} ended with {result.exit_code}: see the log\n{result.log.read_text()[-2000:]}")
        site.stage.control("POST", "clock", {"move_s": QUARTER_HOUR_S})
        if phase == "settling":
            continue
        calls = {job: sum(result.calls.values()) for job, result in results.items()}
        writes = sum(result.writes for result in results.values())
        told = ", ".join(f"{job} {count}" for job, count in calls.items())
        yield Row(
            f"API calls, {phase} of four jobs", f"{sum(calls.values()):,}", "of these, writes", f"{writes:,}", told
        )
    say("  meltano run products, nothing to do")
    meltano = [str(BIN / "meltano"), "run", "products"]
    quiet(site, shell_pipes(site))
    pipes = shell_pipes(site)
    ours, bare = medians(
        [lambda: seconds_of(lambda: quiet(site, meltano)), lambda: seconds_of(lambda: quiet(site, pipes))],
        MELTANO_ROUNDS,
    )
    yield Row(
        "`meltano run products`, nothing to do",
        f"{ours:.2f} s",
        "shell pipes of the same plugins",
        f"{bare:.2f} s",
        f"{ours / bare:.2f}",
    )


def measured(records: int) -> Iterator[Row]:
    """All rows."""
    say(f"filling a sandbox with {records:,} items and {records:,} products")
    with company("none") as site:
        fill(site, records)
        crm_path = f"/crm/v8/Products?fields={','.join(fields_read(site, 'tap-crm--products'))}"
        say("taps")
        yield tap_row(site, "tap-inventory--products", "/inventory/v1/items", "items", "tap-inventory, `items`")
        yield tap_row(site, "tap-crm--products", crm_path, "data", "tap-crm, `Products`")
        for label, path, key in (("items", "/inventory/v1/items", "items"), ("Products", crm_path, "data")):
            found = ceiling(site, path, key, records)
            yield Row(f"the sandbox alone, `{label}`", f"{found:,.0f} records/s", "bytes received, nothing parsed", "")
    say("the made-up company")
    with company("demo") as site:
        yield from sync_rows(site)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    head = ["| what | ofrecord | beside it | | ratio |", "|---|---|---|---|---|"]
    return "\n".join(head + [f"| {row.what} | {row.ours} | {row.beside} | {row.other} | {row.ratio} |" for row in rows])


def machine() -> str:
    """Facts that make figures comparable."""
    return (
        f"{os.cpu_count()} cores, {platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    )


def write(text: str) -> None:
    """Replace what stands between the markers of benchmarks/README.md."""
    path = ROOT / "benchmarks/README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help=f"1 is {RECORDS:,} items and as many products")
    parser.add_argument(
        "--only",
        choices=["sandbox", "mapper", "taps", "targets", "likeness", "ledger", "flows"],
        help="one of the tables",
    )
    asked = parser.parse_args()
    if asked.only in {"taps", "targets", "likeness", "ledger", "flows"}:
        scale = [f"--scale={asked.scale:g}"] if asked.only in {"taps", "targets"} else []
        subprocess.run([sys.executable, str(ROOT / f"benchmarks/{asked.only}.py"), *scale], check=True)
        return
    if asked.only != "sandbox":
        subprocess.run([sys.executable, str(ROOT / "benchmarks/mapper.py")], check=True)
    if asked.only == "mapper":
        return
    scale = asked.scale
    records = max(400, int(RECORDS * scale))
    rows = list(measured(records))
    text = f"`make bench SCALE={scale:g}`: {records:,} records a list; {machine()}.\n\n{table(rows)}"
    print(text)
    write(text)


if __name__ == "__main__":
    main()
