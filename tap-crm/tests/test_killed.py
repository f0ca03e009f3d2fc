"""A tap that is killed at any moment of a large read: the next run delivers what is missing, and reads no job twice that is kept."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from ofrecord_kit.testing.tap import run_tap
from tap_crm.tap import TapCrm


def killed_everywhere(sandbox, folder, many, way):
    """Pairs of runs, the first of which is killed at each of its steps; and the ids there are."""
    asked = {"module": "Solutions", "count": many, "fields": ["Solution_Title"]}
    planted = sandbox.control("POST", "crm/plant", asked)
    sandbox.control("POST", "clock", {"move_s": 600})
    config = sandbox.config(folder, streams=["Solutions"], read_plan={"Solutions": way}, overlap_s=0, drift_every_s=0)
    catalog = TapCrm(config=config).catalog_dict
    for one in catalog["streams"][0]["metadata"]:
        if len(one["breadcrumb"]) == 2:
            one["metadata"]["selected"] = one["breadcrumb"][1] in {"id", "Modified_Time", "Solution_Title"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    run_tap(
        TapCrm, folder, config, catalog=folder / "catalog.json"
    )  # a token is at hand, and the settings are in a file
    sandbox.control("DELETE", "journal")
    files = {"config": str(folder / "config.json"), "catalog": str(folder / "catalog.json"), "folder": str(folder)}
    (folder / "asked.json").write_text(json.dumps({"tap": "tap_crm.tap:TapCrm", **files}))
    command = [sys.executable, "-m", "ofrecord_kit.testing.killed_taps", str(folder / "asked.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    pairs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["killed"] for one in pairs] == [True] * (len(pairs) - 1) + [False]
    assert {one["code"] for one in pairs} == {0}, done.stderr[-3000:]
    return pairs, {str(int(planted["first"]) + number) for number in range(many)}


def records(messages):
    return [one["record"] for one in messages if one["type"] == "RECORD"]


def last_mark(messages):
    states = [one["value"]["bookmarks"]["Solutions"] for one in messages if one["type"] == "STATE"]
    return states[-1] if states else {}


def test_queries_that_are_killed_go_on_from_the_last_state_and_skip_nothing(sandbox, tmp_path):
    pairs, ids = killed_everywhere(sandbox, tmp_path, 2_600, "coql")
    assert len(pairs) > 12
    resumed = 0
    for one in pairs:
        before, after = records(one["before"]), records(one["after"])
        assert {record["id"] for record in before + after} == ids, one["step"]
        if begin := last_mark(one["before"]).get("replication_key_value"):
            oldest = datetime.fromisoformat(begin) - timedelta(seconds=1)  # the least overlap
            assert all(datetime.fromisoformat(record["Modified_Time"]) >= oldest for record in after)
        resumed += 0 < len(after) < len(ids)
    assert resumed > 2, "some runs went on in the middle"


def test_bulk_reads_that_are_killed_go_on_with_their_job_and_skip_nothing(sandbox, tmp_path):
    sandbox.control("POST", "crm/bulk", {"seconds": 0, "rows": 1_050})
    pairs, ids = killed_everywhere(sandbox, tmp_path, 2_000, "bulk")
    assert len(pairs) > 16
    pages = set()
    for one in pairs:
        before, after = records(one["before"]), records(one["after"])
        assert {record["id"] for record in before + after} == ids, one["step"]
        mark = last_mark(one["before"])
        page = mark.get("bulk", {}).get("page", 1)
        pages.add(page)
        assert len(after) <= len(ids) - (page - 1) * 1_050
        assert "bulk" not in last_mark(one["after"])
    assert pages == {1, 2}


@pytest.mark.parametrize("way", ["coql", "bulk"])
def test_a_run_after_one_that_ended_by_itself_reads_nothing(sandbox, tmp_path, way):
    sandbox.control("POST", "crm/plant", {"module": "Solutions", "count": 300, "fields": ["Solution_Title"]})
    sandbox.control("POST", "crm/bulk", {"seconds": 0})
    sandbox.control("POST", "clock", {"move_s": 600})
    config = sandbox.config(tmp_path, streams=["Solutions"], read_plan={"Solutions": way})
    first = run_tap(TapCrm, tmp_path, config)
    assert len(first.records()) == 300
    again = run_tap(TapCrm, tmp_path, config, state=first.state)
    assert (again.code, again.records()) == (0, [])
