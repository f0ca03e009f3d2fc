"""Measures the mapper beside its peers: `make bench ONLY=mapper`, or `python benchmarks/mapper.py`.

All programs read the same file of made-up records and write to nowhere. Measured is the processor time of the program,
its own and the system's for it, as the operating system counts it: a busy machine makes a program wait, and waiting is
not counted. A speed is the difference between a long and a short input, so that it leaves out the start. The programs
take turns, ratios are made within a turn, and every figure is a median. The tables are printed and written into
benchmarks/README.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mapper_input

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PEER = HERE / ".venv/bin/meltano-map-transform"
BEGIN, END = "<!-- mapper: written by `make bench ONLY=mapper` -->", "<!-- end of mapper -->"
SHORT, LONG = 2_000, 62_000
ROUNDS = 3
ONCE, OFTEN = 10, 100
"""How many times the short input is given when memory is measured."""
FEW_FILES, MANY_FILES = 5, 50

OURS, MMT, SDK, JSON, MSGSPEC = "ofrecord", "map-transform", "sdk", "json", "msgspec"
FEW, MANY, SHIPPED = "few", "many", "shipped"
LABELS = {
    OURS: "`ofrecord-mapper`, ten fields",
    MMT: "`meltano-map-transform` 0.12, ten expressions",
    SDK: "singer-sdk `InlineMapper`, everything handed on",
    JSON: "`json.loads` + `json.dumps`, bare loop",
    MSGSPEC: "`msgspec` decode + encode, bare loop",
}


@dataclass(frozen=True)
class Used:
    """What a program took."""

    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Figures:
    """Of one program, by turn: microseconds of processor time a record, and seconds to start."""

    record_us: list[float]
    start_s: list[float]


@dataclass(frozen=True)
class Promise:
    """A figure beside what was promised."""

    what: str
    measured: str
    target: str
    met: bool | None = None


def used(command: Sequence[str], source: Path, times: int = 1) -> Used:
    """Run a program on a file, given so many times in a row. Raises when it fails.

    Python's own settings are left out: without buffers or compiled files no program shows what it can.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with source.open("rb") as file:
        process = subprocess.Popen(
            command,
            stdin=file if times == 1 else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=environment,
            stderr=subprocess.PIPE if times == 1 else subprocess.DEVNULL,
        )
        if times > 1:
            _feed(process, file.fileno(), times)
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{command[0]} ended with {process.returncode}: {said.decode()[-2000:]}"
        raise RuntimeError(message)
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _feed(process: "subprocess.Popen[bytes]", file: int, times: int) -> None:
    assert process.stdin is not None
    for _ in range(times):
        os.lseek(file, 0, os.SEEK_SET)
        while block := os.read(file, 1 << 16):
            process.stdin.write(block)
    process.stdin.close()


def rules_folder(place: Path, files: int) -> Path:
    """So many rule files, of which the benchmark's own is one; each of the others is about things of its own."""
    folder = place / f"rules-{files}"
    folder.mkdir()
    text = (HERE / "mapper-rules/product.yml").read_text(encoding="utf-8")
    (folder / "product.yml").write_text(text, encoding="utf-8")
    for number in range(1, files):
        other = text.replace("entity: product", f"entity: thing {number}")
        other = other.replace("stream: things", f"stream: things{number}").replace(
            "stream: Things", f"stream: T{number}"
        )
        (folder / f"thing-{number}.yml").write_text(other, encoding="utf-8")
    return folder


def programs(place: Path) -> dict[str, list[str]]:
    """All commands, by name."""

    def mapper(name: str, rules: Path) -> list[str]:
        settings = place / f"{name}.json"
        settings.write_text(
            json.dumps({"rules": str(rules), "from": "inventory", "to": "crm", "entities": ["product"]}),
            encoding="utf-8",
        )
        return [str(BIN / "ofrecord-mapper"), "--config", str(settings)]

    return {
        OURS: mapper(OURS, HERE / "mapper-rules"),
        MMT: [str(PEER), "--config", str(HERE / "map-transform.json")],
        SDK: [sys.executable, str(HERE / "passthrough.py")],
        JSON: [sys.executable, str(HERE / "bare.py"), "lines"],
        MSGSPEC: [sys.executable, str(HERE / "bare.py"), "lines", "--msgspec"],
        SHIPPED: mapper(SHIPPED, HERE.parent / "rules"),
        FEW: mapper(FEW, rules_folder(place, FEW_FILES)),
        MANY: mapper(MANY, rules_folder(place, MANY_FILES)),
    }


def measured(commands: Mapping[str, Sequence[str]], place: Path, rounds: int) -> dict[str, Figures]:
    """Every program in every turn; a first turn, in which files come into memory, does not count."""
    short = mapper_input.write(place / "short.jsonl", SHORT)
    long = mapper_input.write(place / "long.jsonl", LONG)
    found = {name: Figures([], []) for name in commands}
    for turn in range(rounds + 1):
        print(f"turn {turn} of {rounds}", file=sys.stderr, flush=True)
        for name, command in commands.items():
            start = used(command, Path(os.devnull)).cpu_s
            if turn:
                found[name].start_s.append(start)
            if name == SHIPPED:
                continue
            record = (used(command, long).cpu_s - used(command, short).cpu_s) / (LONG - SHORT)
            if turn:
                found[name].record_us.append(record * 1e6)
    return found


def paired(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios of each turn."""
    return statistics.median(one / other for one, other in zip(above, below, strict=True))


def speeds(found: Mapping[str, Figures]) -> Iterator[str]:
    """The table of programs."""
    yield "| program | records/s of processor time | µs a record | start, s of processor time |"
    yield "|---|---|---|---|"
    for name, label in LABELS.items():
        record, start = statistics.median(found[name].record_us), statistics.median(found[name].start_s)
        yield f"| {label} | {1e6 / record:,.0f} | {record:.1f} | {start:.2f} |"


def promises(found: Mapping[str, Figures], memory: Callable[[int], float]) -> Iterator[Promise]:
    """What was promised of the mapper, and what is."""
    ours = found[OURS].record_us
    ours_start, shipped_start = (statistics.median(found[name].start_s) for name in (OURS, SHIPPED))
    times = paired(found[MMT].record_us, ours)
    yield Promise("times as fast as `meltano-map-transform`", f"{times:.1f}", "at least 5", times >= 5)  # noqa: PLR2004
    part = paired(ours, found[JSON].record_us)
    yield Promise("processor time, of bare JSON decoding and encoding", f"{part:.2f}", "at most 2.5", part <= 2.5)  # noqa: PLR2004
    for rules, start in (("these ten fields", ours_start), ("the shipped rules", shipped_start)):
        yield Promise(f"start with {rules}", f"{start:.2f} s", "below 0.7 s", start < 0.7)  # noqa: PLR2004
    more = paired(found[MANY].record_us, found[FEW].record_us)
    yield Promise(
        f"a record, with {MANY_FILES} rule files, of with {FEW_FILES}",
        f"{more:.2f}",
        "at most 1.1",
        more <= 1.1,  # noqa: PLR2004
    )
    few, many = statistics.median(found[FEW].start_s), statistics.median(found[MANY].start_s)
    yield Promise(f"start with {FEW_FILES} and with {MANY_FILES} rule files", f"{few:.2f} s and {many:.2f} s", "")
    once, often = memory(ONCE), memory(OFTEN)
    yield Promise(
        f"greatest memory, {ONCE * SHORT:,} and {OFTEN * SHORT:,} records",
        f"{once:.0f} and {often:.0f} MB",
        "at most 1.1 times",
        often <= 1.1 * once,
    )


def table(rows: Sequence[Promise]) -> str:
    """Markdown."""
    words = {True: "yes", False: "**no**", None: ""}
    lines = [f"| {row.what} | {row.measured} | {row.target} | {words[row.met]} |" for row in rows]
    return "\n".join(["| the mapper | measured | target | met |", "|---|---|---|---|", *lines])


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for the inputs, which are large."""
    with TemporaryDirectory(prefix="ofrecord-bench-") as folder:
        yield Path(folder)


def write(text: str) -> None:
    """Replace what stands between the mapper's markers of benchmarks/README.md."""
    path = HERE / "README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns that count (default {ROUNDS})")
    rounds = parser.parse_args().rounds
    if not PEER.exists():
        sys.exit("benchmarks/.venv holds no meltano-map-transform. `make bench ONLY=mapper` installs it.")
    with workplace() as place:
        commands = programs(place)
        found = measured(commands, place, rounds)
        rows = list(promises(found, lambda times: used(commands[OURS], place / "short.jsonl", times).peak_mb))
    machine = (
        f"{os.cpu_count()} cores, {platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    )
    told = f"`make bench ONLY=mapper`: {LONG - SHORT:,} records, median of {rounds} turns; {machine}."
    text = "\n\n".join([told, "\n".join(speeds(found)), table(rows)])
    print(text)
    write(text)


if __name__ == "__main__":
    main()
