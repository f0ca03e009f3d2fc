"""Counts that survive an interruption."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from ofrecord_kit.limits import KEPT_S, Tally, calls_of_run, counted

WAITING = """
import sys, time, pathlib, signal
from ofrecord_kit.limits import Tally
import atexit
tally = Tally(pathlib.Path(sys.argv[1]), run="r", plugin="p")
atexit.register(tally.flush)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for n in range(7):
    tally.count("crm", time.time(), time.time())
print("counted", flush=True)
signal.pause()
"""


def test_counts_of_a_run_are_summed_over_processes(tmp_path):
    for started in (10.0, 20.0):
        tally = Tally(tmp_path, run="r", plugin="tap")
        tally.count("crm", started, started + 0.5)
        tally.flush()
    found = calls_of_run(tmp_path, "r")
    assert [(one.plugin, one.system, one.calls, one.started, one.ended) for one in found] == [
        ("tap", "crm", 2, 10.0, 20.5)
    ]


def test_counts_survive_sigterm(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WAITING, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert sum(one.calls for one in calls_of_run(tmp_path, "r")) == 7


def test_a_count_says_what_the_vendor_charges_and_which_pipeline_of_the_project_called(tmp_path, monkeypatch):
    monkeypatch.setenv("MELTANO_EXTRACTOR_NAME", "tap-crm--orders")
    tally = Tally(tmp_path, run="r", plugin="target-crm")
    tally.count("crm", 10.0, 10.5, 3)
    tally.count("crm", 11.0, 11.5)
    tally.flush()
    [found] = calls_of_run(tmp_path, "r")
    assert (found.pipeline, found.calls, found.weight) == ("tap-crm--orders", 2, 4)


def test_counts_of_an_older_version_and_lines_cut_short_keep_nobody_from_reading_the_rest(tmp_path):
    line = '{"run":"r","plugin":"tap","system":"crm","calls":2,"started":1.0,"ended":2.0}\n'
    (tmp_path / "calls.jsonl").write_text(line + line[:20] + "\n" + line)
    assert [(one.calls, one.weight, one.pipeline) for one in counted(tmp_path)] == [(2, 2, "")] * 2


def called(folder, run, at):
    tally = Tally(folder, run=run, plugin="tap")
    tally.count("crm", at, at)
    tally.flush()


def test_counts_are_kept_for_five_weeks_and_not_for_ever(tmp_path):
    now = time.time()
    called(tmp_path, "oldest", now - 3 * KEPT_S)
    called(tmp_path, "older", now - 2 * KEPT_S)
    assert [one.run for one in counted(tmp_path)] == ["oldest", "older"]
    called(tmp_path, "recent", now - 86_400)
    assert [one.run for one in counted(tmp_path)] == ["older", "recent"], (
        "the oldest went when the older one was put aside"
    )
    for number in range(5):
        called(tmp_path, f"now {number}", now)
    assert [one.run for one in counted(tmp_path)] == ["older", "recent", *(f"now {number}" for number in range(5))]


def test_many_plugins_that_put_old_counts_aside_at_once_lose_none(tmp_path):
    now = time.time()
    called(tmp_path, "old", now - 2 * KEPT_S)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: called(tmp_path, f"now {number}", now), range(64)))
    assert {one.run for one in counted(tmp_path)} == {"old", *(f"now {number}" for number in range(64))}
