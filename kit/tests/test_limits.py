"""One budget for all processes, and counts that survive an interruption."""

import signal
import subprocess
import sys

from ofrecord_kit.limits import Pace, Tally, calls_of_run

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


def test_no_minute_holds_more_calls_than_allowed(tmp_path):
    one, other = Pace(tmp_path, "organisation", 3), Pace(tmp_path, "organisation", 3)
    slots = [pace.reserve(1000.0) for pace in (one, other, one, other, one, other, one)]
    assert slots == [1000, 1000, 1000, 1060, 1060, 1060, 1120]
    one.close()
    other.close()


def test_organisations_have_budgets_of_their_own(tmp_path):
    one, other = Pace(tmp_path, "a", 1), Pace(tmp_path, "b", 1)
    assert (one.reserve(5.0), other.reserve(5.0)) == (5.0, 5.0)
    one.close()
    other.close()


def test_a_blocked_organisation_is_left_alone_by_every_process(tmp_path):
    one, other = Pace(tmp_path, "a", 10), Pace(tmp_path, "a", 10)
    one.close_until(100.0)
    assert other.reserve(50.0) == 100.0
    assert other.reserve(101.0) == 101.0
    one.close()
    other.close()


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
