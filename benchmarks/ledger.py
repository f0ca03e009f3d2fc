"""Measures the ledger on SQLite and on PostgreSQL: `make bench ONLY=ledger`, or `python benchmarks/ledger.py`.

Ours and the baseline take turns in the same process. The baseline is what one would write with nothing but `sqlite3`: the same rows, made
beforehand, in one `executemany` a table. Every figure is the median of several turns, each on a new database. Counted is processor time of
this program where that says more than the clock (SQLite), and the clock where another program works (PostgreSQL).
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from postgresql_server import ABSENT, Server, programs  # noqa: E402 - tests hold the one way to start a server

from ofrecord_kit.ledger import Event, Ledger  # noqa: E402 - as above

BEGIN, END = "<!-- ledger: written by `make bench ONLY=ledger` -->", "<!-- end of ledger -->"
RECORDS, BATCH, LOOKED_UP, ROUNDS = 100_000, 1_000, 1_000, 3
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAY = ("inventory", "crm")
KEY = "a key of forty characters and some more"
FIELDS = {
    "name": ("Item {0}", "Item {0}"), "code": ("P-{0}", "P-{0}"), "description": ("A thing that is made, kept and sold.",) * 2,
    "price": (Decimal("10.50"), Decimal("10.50")), "weight": (Decimal("0.25"), 250), "stock": (12, 12), "unit": ("pcs", "Each"),
    "active": (True, True), "phone": ("+49 30 1111111", "+49301111111"), "vendor": ("4711", "4712"),
}  # fmt: skip


def fields_of(number: int) -> dict[str, dict[str, object]]:
    """Ten agreed fields of a record, both sides."""
    return {
        field: {
            system: value.format(number) if isinstance(value, str) else value
            for system, value in zip(WAY, values, strict=True)
        }
        for field, values in FIELDS.items()
    }


def first_load(ledger: Ledger, records: int) -> None:
    """Link and agree new records in batches, each with its event and its digest: what a first sync asks of the ledger."""
    for start in range(0, records, BATCH):
        numbers = range(start, min(start + BATCH, records))
        with ledger.writing(NOW) as writing:
            links = writing.record_links("product", [{"inventory": str(n), "crm": f"c{n}"} for n in numbers], new=True)
            for n, link in zip(numbers, links, strict=True):
                writing.record_agreed(link, PREPARED[n % BATCH], between=WAY)
                writing.event(Event("created", "product", link, {"inventory": str(n), "crm": f"c{n}"}, system="crm"))
            writing.record_seen("product", "inventory", {str(n): f"digest of {n}" for n in numbers})


PREPARED = [fields_of(number) for number in range(BATCH)]


def bare_load(path: Path, ledger: Path) -> float:
    """The rows our own first load made, put into bare tables of the same shape; its processor time."""
    source = sqlite3.connect(ledger)
    tables = ("link", "agreed", "event")
    rows = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608 - our own tables
    shapes = [
        sql
        for (sql,) in source.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name IN ('link', 'agreed', 'event') AND sql IS NOT NULL"
        )
    ]
    source.close()
    with sqlite3.connect(path, isolation_level=None) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=NORMAL")
        for sql in shapes:
            bare.execute(sql)
        started = time.process_time()
        for start in range(0, len(rows["agreed"]), BATCH):
            bare.execute("BEGIN IMMEDIATE")
            for name, some in rows.items():
                each = 2 if name == "link" else 1
                part = some[start * each : (start + BATCH) * each]
                bare.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(part[0]))})", part)  # noqa: S608 - our own tables
            bare.execute("COMMIT")
        taken = time.process_time() - started
    bare.close()
    return taken


def look_up(ledger: Ledger, records: int) -> None:
    """What a batch of records without changes asks: their links, and what was agreed."""
    ids = [str(n) for n in range(records // 2, records // 2 + LOOKED_UP)]
    links = ledger.links_of("product", *WAY, ids)
    agreed = ledger.agreed_of([link.link for link in links.values()], *WAY)
    assert len(agreed) == LOOKED_UP


def bare_look_up(path: Path, records: int) -> None:
    """The same rows by bare `sqlite3`, as text that nobody decodes."""
    ids = [str(n) for n in range(records // 2, records // 2 + LOOKED_UP)]
    connection, found = sqlite3.connect(path), []
    for start in range(0, LOOKED_UP, 500):
        some = ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        found += connection.execute(
            "SELECT l.link, l.system_id, r.system_id, l.seen, a.document FROM link l JOIN link r ON r.link = l.link AND r.system = 'crm' "  # noqa: S608 - marks only
            f"JOIN agreed a ON a.link = l.link WHERE l.entity = 'product' AND l.system = 'inventory' AND l.system_id IN ({marks})",
            some,
        ).fetchall()
    connection.close()
    assert len(found) == LOOKED_UP


def tell(ledger: Ledger, number: int) -> None:
    """Changes of one field each, in batches: history and nothing else."""
    for start in range(0, number, BATCH):
        with ledger.writing(NOW) as writing:
            for n in range(start, start + BATCH):
                said = ("price", "crm", Decimal("10.50"), Decimal("12.75"), "product.yml:31", "owner")
                writing.event(Event("updated", "product", f"link {n}", {"crm": f"c{n}"}, *said))


def agree_again(ledger: Ledger, records: int) -> None:
    """One field of many linked records changed."""
    ids = [str(n) for n in range(min(records, 10_000))]
    links = [link.link for link in ledger.links_of("product", *WAY, ids).values()]
    for start in range(0, len(links), BATCH):
        with ledger.writing(NOW) as writing:
            for link in links[start : start + BATCH]:
                writing.record_agreed(
                    link, {"price": {"inventory": Decimal("11.75"), "crm": Decimal("11.75")}}, between=WAY
                )


def timed(action: Callable[[], object], clock: Callable[[], float]) -> float:
    """How long something takes."""
    started = clock()
    action()
    return clock() - started


@contextmanager
def server() -> Iterator[Server | None]:
    """A PostgreSQL server, where there is one."""
    home = programs()
    if home is None:
        print(ABSENT, file=sys.stderr)
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="ofrecord-pg-"))
    started = Server(folder, home)
    try:
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def turn(where: str, records: int, clock: Callable[[], float], **how: str) -> dict[str, float]:
    """One turn on a new ledger: operations a second, by what was done."""
    ledger = Ledger(where, "bench", **how)  # type: ignore[arg-type]
    try:
        load = timed(lambda: first_load(ledger, records), clock)
        ledger._reading.exec_driver_sql("ANALYZE")  # noqa: SLF001 - what a server does by itself within a minute
        found = statistics.median(timed(lambda: look_up(ledger, records), clock) for _ in range(5))
        told = timed(lambda: tell(ledger, 20_000), clock)
        again = timed(lambda: agree_again(ledger, records), clock)
    finally:
        ledger.close()
    return {
        "load": records / load,
        "look up": LOOKED_UP / found,
        "again": min(records, 10_000) / again,
        "events": 20_000 / told,
    }


def measured(records: int) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table: what, SQLite, PostgreSQL, beside it."""
    turns: dict[str, list[dict[str, float]]] = {"sqlite": [], "keyed": [], "postgresql": [], "bare": []}
    with server() as postgresql:
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "ledger.db"
                turns["sqlite"].append(turn(str(path), records, time.process_time))
                load = bare_load(Path(folder) / "bare.db", path)
                found = statistics.median(
                    timed(partial(bare_look_up, path, records), time.process_time) for _ in range(5)
                )
                turns["bare"].append({"load": records / load, "look up": LOOKED_UP / found})
                turns["keyed"].append(turn(f"{folder}/keyed.db", records, time.process_time, key=KEY))
            if postgresql is not None:
                url = postgresql.new()
                turns["postgresql"].append(turn(url, records, time.perf_counter))
                postgresql.drop(url)
    labels = {
        "load": "new records linked, agreed on, told and remembered", "look up": "records looked up with what was agreed",
        "again": "records with one field agreed on anew", "events": "events alone",
    }  # fmt: skip
    for name, label in labels.items():
        yield (label, *(_rate(turns[kind], name) for kind in ("sqlite", "keyed", "postgresql", "bare")))  # type: ignore[misc]


def _rate(turns: list[dict[str, float]], name: str) -> str:
    if not turns or name not in turns[0]:
        return ""
    rate = statistics.median(one[name] for one in turns)
    return f"{rate:,.0f}/s ({1e6 / rate:.1f} µs)"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    records = parser.parse_args().records
    head = [
        "| of the ledger | SQLite | SQLite, encrypted | PostgreSQL | bare `sqlite3`, the same rows |",
        "|---|---|---|---|---|",
    ]
    rows = [f"| {' | '.join(row)} |" for row in measured(records)]
    machine = (
        f"{os.cpu_count()} cores, {platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    )
    text = f"`make bench ONLY=ledger`: {records:,} records of ten fields, batches of {BATCH:,}, median of {ROUNDS} turns; {machine}.\n\n"
    text += "\n".join(head + rows)
    print(text)
    path = ROOT / "benchmarks/README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
