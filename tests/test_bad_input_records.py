"""A record the vendor refuses, and a run cut off in the middle: the others arrive, and none arrives twice."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import psutil
import pytest
from plugin_runs import BIN, SECONDS

LOOK_S = 0.02
TASK = "tap-inventory--products own-products-inventory-to-crm target-crm"
STATE = '{"type": "STATE", "value": {"bookmarks": {"items": {"replication_key_value": "2026-01-01T00:00:00+00:00"}}}}\n'


def rows(site, query):
    with closing(sqlite3.connect(site.folder / "ledger.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]


def stock(site, many, prefix="R"):
    for number in range(many):
        site.new_item(f"{prefix}-{number:04}")


@pytest.mark.promise("F107")
def test_one_bad_record_of_a_thousand_waits_and_the_others_land(site):
    stock(site, 999)
    too_much = 12345678901234567
    bad = site.new_item("R-bad", rate=too_much)
    outcomes = site.pipe(TASK)
    target = outcomes[-1]
    assert [one.code for one in outcomes[:2]] == [0, 0]
    assert target.code == 1
    assert "Traceback" not in target.err
    assert site.products() == [f"R-{number:04}" for number in range(999)]
    [held] = rows(site, "SELECT * FROM held WHERE state = 'open'")
    assert (held["entity"], held["source_id"], held["kind"], held["code"]) == (
        "product",
        bad,
        "refused",
        "INVALID_DATA",
    )
    assert "invalid data" in held["message"]
    assert held["rule"].startswith("rules/product.yml:")
    [run] = rows(site, "SELECT counts FROM run ORDER BY started DESC LIMIT 1")
    counts = json.loads(run["counts"])["product"]
    assert (counts["read"], counts["written"], counts["held"]) == (1000, 999, 1)
    assert re.search(r"1 (record|refus|held)|held\D{0,3}1", target.err), target.err

    site.people.ask("PUT", f"/inventory/v1/items/{bad}", {"rate": 12})
    assert [one.code for one in site.pipe(TASK)] == [0, 0, 0]
    assert site.products() == sorted([*(f"R-{number:04}" for number in range(999)), "R-bad"])
    assert rows(site, "SELECT * FROM held WHERE state = 'open'") == []


def mapped(site):
    tap = site.plugin("tap-inventory--products")
    answer = site.plugin("own-products-inventory-to-crm", stdin=tap.out)
    assert (tap.code, answer.code) == (0, 0), tap.err + answer.err
    return answer.out.splitlines(keepends=True)


def test_a_target_terminated_between_two_batches_leaves_what_the_next_run_completes(site):
    stock(site, 250)
    lines = mapped(site)
    schemas = [line for line in lines if '"SCHEMA"' in line[:40]]
    records = [line for line in lines if '"RECORD"' in line[:40]]
    assert len(records) == 250
    command = site.command("target-crm", site.config("target-crm"))
    with (site.folder / "target.err").open("w+b") as error:
        target = site.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=error)
        target.stdin.write("".join([*schemas, *records[:100], STATE]).encode())
        target.stdin.flush()
        delivered = target.stdout.readline()
        target.stdin.write("".join(records[100:150]).encode())
        target.stdin.flush()
        target.send_signal(signal.SIGTERM)
        target.communicate(timeout=SECONDS)
        error.seek(0)
        said = error.read().decode()
    assert json.loads(delivered)["bookmarks"]["items"]
    assert "Traceback" not in said
    assert target.returncode != 0
    before = site.products()
    assert len(before) in {100, 150}
    assert len(set(before)) == len(before)
    outcomes = site.pipe(TASK)
    assert [one.code for one in outcomes] == [0, 0, 0], outcomes[-1].err
    assert site.products() == [f"R-{number:04}" for number in range(250)]


def test_a_target_killed_after_the_vendor_accepted_creates_nothing_twice(site):
    stock(site, 150)
    lines = "".join(mapped(site)).encode()
    slow = {"match": {"method": "POST", "path": "/crm/v8/Products"}, "nth": 2, "do": "delay", "delay_s": 20}
    site.stage.control("POST", "faults", slow)
    command = site.command("target-crm", site.config("target-crm"))
    target = site.start(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    target.stdin.write(lines)
    target.stdin.close()
    until(target, lambda: len(site.products()) > 100)
    target.kill()
    target.wait(SECONDS)
    site.stage.control("DELETE", "faults")
    assert len(site.products()) == 150
    outcomes = site.pipe(TASK)
    assert [one.code for one in outcomes] == [0, 0, 0], outcomes[-1].err
    assert site.products() == [f"R-{number:04}" for number in range(150)]
    links = rows(site, "SELECT count(*) AS links FROM link WHERE entity = 'product' AND system = 'crm'")
    assert links == [{"links": 150}]


def until(process, condition):
    """Ask again until it holds; the process must go on meanwhile."""
    while not condition():
        assert process.poll() is None, "the process ended before its time"
        time.sleep(LOOK_S)


def is_alive(process):
    """Whether a process that is nobody's child here any more still works."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_meltano_terminated_in_the_middle_is_completed_by_the_next_run(site):
    stock(site, 250)
    slow = {"match": {"method": "POST", "path": "/crm/v8/Products"}, "times": 0, "do": "delay", "delay_s": 0.5}
    site.stage.control("POST", "faults", slow)
    with (site.folder / "meltano.out").open("w+b") as said:
        run = site.start([BIN / "meltano", "run", "products"], stdout=said, stderr=said)
        until(run, site.products)
        plugins = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGTERM)
        run.wait(SECONDS)
        while any(is_alive(plugin) for plugin in plugins):
            time.sleep(LOOK_S)
    site.stage.control("DELETE", "faults")
    assert run.returncode != 0
    assert len(set(site.products())) == len(site.products())
    again = site.run([BIN / "meltano", "run", "products"])
    assert again.code == 0, again.out + again.err
    assert site.products() == [f"R-{number:04}" for number in range(250)]
