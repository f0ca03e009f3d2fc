"""The clock of this machine is set back by an hour, between two runs and in the middle of one: nothing is lost, doubled, or waited for.

The processes are the real commands; a `sitecustomize` in their path moves their clock, as seen by Python.
"""

import subprocess
import time

import pytest
from chaos.conftest import TASK
from chaos.pipes import Pipe
from plugin_runs import Outcome

HOUR_S = 3600
LONG_S = 600
"""A run that waits for a clock to come back waits for most of an hour."""
AHEAD = """
import os, threading, time
from datetime import UTC, datetime, timedelta
import time_machine

def shift(seconds):
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True).start()

def wait():
    while not os.path.exists(os.environ["CHAOS_SET_BACK"]):
        time.sleep(0.005)
    shift(-3600)

shift(3600)
if "CHAOS_SET_BACK" in os.environ:
    threading.Thread(target=wait, daemon=True).start()
"""


@pytest.fixture
def ahead(stocked, tmp_path):
    """Runs a task by clocks that are an hour ahead until `sign` exists."""
    (tmp_path / "sitecustomize.py").write_text(AHEAD, encoding="utf-8")

    def run(changes, moment=0):
        sign = tmp_path / "now"
        since = stocked.stage.journal()["next"]
        environment = {**stocked.stage.environment, "PYTHONPATH": str(tmp_path)}
        if moment:
            environment["CHAOS_SET_BACK"] = str(sign)
        names = TASK.split()
        files = [(tmp_path / name).open("w+") for name in ("out", *names)]
        running = []
        source = subprocess.DEVNULL
        for place, name in enumerate(names):
            config = stocked.mapping(name) if name.startswith("own-") else stocked.config(name, **changes)
            out = files[0] if place == len(names) - 1 else subprocess.PIPE
            command = stocked.command(name, config, state=stocked.folder / "run" / f"{name}.state")
            running.append(
                subprocess.Popen(
                    command, stdin=source, stdout=out, stderr=files[place + 1], cwd=stocked.folder, env=environment
                )
            )
            if place:
                source.close()
            source = running[-1].stdout
        while running[-1].poll() is None:
            if moment and stocked.stage.journal()["next"] - since >= moment:
                sign.touch()
            time.sleep(0.01)
        codes = [one.wait() for one in running]
        said = []
        for file in files:
            with file:
                file.seek(0)
                said.append(file.read())
        state = [line for line in said[0].splitlines() if line]
        if state:
            (stocked.folder / "run" / f"{names[0]}.state").write_text(state[-1], encoding="utf-8")
        return [Outcome(name, code, "", err) for name, code, err in zip(names, codes, said[1:], strict=True)]

    return run


@pytest.mark.parametrize("moment", [0, 3], ids=["between two runs", "in the middle of a run"])
def test_a_clock_that_is_set_back_by_an_hour_loses_and_doubles_nothing_and_nobody_waits_for_it(
    stocked, all_is_well, ahead, moment
):
    paced = {"calls_per_minute": 40, "calls_per_day": 1000}
    began = time.monotonic()
    for one in ahead(paced, moment):
        assert one.code == 0, one.complaint
    stocked.new_item("LG-12")
    item = stocked.people.finance_list("/inventory/v1/items", "items")[0]
    stocked.people.ask("PUT", f"/inventory/v1/items/{item['item_id']}", {"rate": 123})
    assert [one.code for one in Pipe(stocked, TASK, paced).end()] == [0, 0, 0]
    assert time.monotonic() - began < LONG_S
    all_is_well(items=13)
    assert 123 in {row["Unit_Price"] for row in stocked.people.crm_list("Products", "Unit_Price")}
