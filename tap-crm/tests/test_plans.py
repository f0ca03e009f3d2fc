"""How modules are read: every plan gives the same records, says what it costs, and loses nothing."""

import json
from collections import Counter

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.tap.crm_plans import calls_of_jobs, choose, cost_of_list
from ofrecord_kit.testing.tap import run_tap
from tap_crm.tap import TapCrm

MANY = 2_300
"""More than a query of 2,000 rows holds."""


@pytest.fixture
def plant(sandbox):
    sandbox.control("POST", "crm/bulk", {"seconds": 0})

    def made(module, count, **more):
        return sandbox.control("POST", "crm/plant", {"module": module, "count": count, **more})

    return made


@pytest.fixture
def client(sandbox, tmp_path):
    with Client(Connection.from_config(sandbox.config(tmp_path)), system="crm", plugin="test") as found:
        yield found


def read(sandbox, folder, module, state=None, **more):
    """A run of one module and the calls it made by path, those of metadata and tokens aside."""
    sandbox.control("DELETE", "journal")
    run = run_tap(TapCrm, folder, sandbox.config(folder, streams=[module], **more), state=state)
    assert run.code == 0, run.errors
    entries = [one for one in sandbox.control("GET", "journal")["entries"] if one["system"] == "crm"]
    return run, Counter(one["path"] for one in entries if "/settings/" not in one["path"])


def by_plan(sandbox, folder, module, way):
    run, calls = read(sandbox, folder, module, read_plan={module: way})
    return {one["id"]: one for one in run.records(module)}, calls


@pytest.mark.parametrize("module", ["Accounts", "Contacts", "Deals", "Products"])
def test_a_list_queries_and_bulk_reads_give_the_same_records(sandbox, tmp_path, plant, module):
    for other in ("Accounts", "Vendors", module):
        plant(other, 500)
    listed, calls = by_plan(sandbox, tmp_path, module, "list")
    assert set(calls) == {f"/crm/v8/{module}", f"/crm/v8/{module}/deleted"}
    queried, calls = by_plan(sandbox, tmp_path, module, "coql")
    assert "/crm/v8/coql" in calls
    assert f"/crm/v8/{module}" not in calls
    jobs, calls = by_plan(sandbox, tmp_path, module, "bulk")
    assert calls["/crm/bulk/v8/read"] == 1
    assert len(listed) >= 500
    assert listed == queried
    assert listed == jobs


def test_queries_go_on_behind_the_last_row_and_give_every_record_once(sandbox, tmp_path, plant):
    plant("Accounts", MANY)
    run, calls = read(sandbox, tmp_path, "Accounts", read_plan={"Accounts": "coql"})
    ids = [one["id"] for one in run.records("Accounts")]
    assert len(ids) == len(set(ids)) == MANY
    assert calls["/crm/v8/coql"] == 3, "a count and two queries"


@pytest.mark.promise("F127")
def test_a_first_load_above_the_threshold_is_read_in_bulk(sandbox, tmp_path, plant):
    """40,000 records cost 60 credits by queries, and a job 57."""
    plant("Solutions", 40_000, fields=["Solution_Title"])
    run, calls = read(sandbox, tmp_path, "Solutions")
    assert calls["/crm/bulk/v8/read"] == 1
    assert len({one["id"] for one in run.records("Solutions")}) == 40_000
    assert sum(calls.values()) < 12


def test_the_plan_is_chosen_by_credits_and_said_in_one_line_with_the_figures(sandbox, tmp_path, plant):
    plant("Accounts", MANY)
    run, calls = read(sandbox, tmp_path, "Accounts")
    (line,) = [one for one in run.errors.splitlines() if "credits" in one]
    assert (
        "Accounts: 2103 records, read by coql for about 4 credits (list 11, bulk 57), because it costs the fewest"
        in line
    )
    assert calls["/crm/v8/Accounts"] == 1
    assert len(run.records("Accounts")) == MANY


def test_a_small_change_costs_one_call_and_the_deleted_feed_and_no_plan(sandbox, tmp_path, plant, client):
    planted = plant("Accounts", MANY)
    sandbox.control("POST", "clock", {"move_s": 600})
    first, _ = read(sandbox, tmp_path, "Accounts")
    sandbox.control("POST", "clock", {"move_s": 600})
    client.send("PUT", f"/crm/v8/Accounts/{planted['first']}", json={"data": [{"Phone": "1"}]})
    run, calls = read(sandbox, tmp_path, "Accounts", state=first.state)
    assert [one["id"] for one in run.records()] == [planted["first"]]
    assert calls == {"/crm/v8/Accounts": 1, "/crm/v8/Accounts/deleted": 1}


def test_a_query_that_is_too_large_is_made_smaller(sandbox, tmp_path, plant):
    """The vendor's pages differ on how many columns and rows a query may have."""
    plant("Contacts", 300)
    whole, _ = by_plan(sandbox, tmp_path, "Contacts", "coql")
    sandbox.control("POST", "crm/coql", {"columns": 50, "rows": 10_000})
    for number in range(60):
        field = {"api_name": f"More_{number}", "data_type": "text"}
        sandbox.control("POST", "crm/fields", {"module": "Contacts", "field": field})
    wide, calls = by_plan(sandbox, tmp_path, "Contacts", "coql")
    assert calls["/crm/v8/coql"] > 3
    assert {name: {**one, **{f"More_{n}": None for n in range(60)}} for name, one in whole.items()} == wide


def test_more_than_fifty_fields_are_read_by_several_lists_joined_page_by_page(sandbox, tmp_path, plant):
    for number in range(60):
        field = {"api_name": f"More_{number}", "data_type": "text"}
        sandbox.control("POST", "crm/fields", {"module": "Vendors", "field": field})
    plant("Vendors", 450)
    listed, calls = by_plan(sandbox, tmp_path, "Vendors", "list")
    assert calls["/crm/v8/Vendors"] == 2 * 3
    assert listed == by_plan(sandbox, tmp_path, "Vendors", "bulk")[0]


def test_with_slow_answers_queries_run_side_by_side_and_lose_nothing(sandbox, tmp_path, plant):
    plant("Accounts", 9_000)
    sandbox.control("POST", "latency", {"seconds": 0.03})
    run, _ = read(sandbox, tmp_path, "Accounts", read_plan={"Accounts": "coql"}, calls_at_once=5)
    ids = [one["id"] for one in run.records("Accounts")]
    assert len(ids) == len(set(ids)) == 9_000


@pytest.mark.promise("F127")
def test_a_job_of_a_run_that_gave_up_is_gone_on_with_by_the_next_one(sandbox, tmp_path, plant):
    plant("Accounts", 600)
    sandbox.control("POST", "crm/bulk", {"seconds": 3600})
    config = sandbox.config(tmp_path, streams=["Accounts"], read_plan={"Accounts": "bulk"})
    given_up = run_tap(TapCrm, tmp_path, config)
    assert given_up.code == 1
    assert "does not end" in given_up.errors
    assert given_up.records() == []
    job = given_up.state["bookmarks"]["Accounts"]["bulk"]["job"]
    sandbox.control("POST", "clock", {"move_s": 3600})
    run, calls = read(sandbox, tmp_path, "Accounts", given_up.state, read_plan={"Accounts": "bulk"})
    assert calls["/crm/bulk/v8/read"] == 0
    assert calls[f"/crm/bulk/v8/read/{job}/result"] == 1
    assert len({one["id"] for one in run.records("Accounts")}) == 600
    assert "bulk" not in run.state["bookmarks"]["Accounts"]


def test_a_job_whose_result_is_kept_no_longer_is_begun_again(sandbox, tmp_path, plant):
    plant("Accounts", 300)
    sandbox.control("POST", "crm/bulk", {"seconds": 3600})
    config = sandbox.config(tmp_path, streams=["Accounts"], read_plan={"Accounts": "bulk"})
    given_up = run_tap(TapCrm, tmp_path, config)
    sandbox.control("POST", "crm/bulk", {"seconds": 0})
    sandbox.control("POST", "clock", {"move_s": 2 * 86_400})
    run, calls = read(sandbox, tmp_path, "Accounts", given_up.state, read_plan={"Accounts": "bulk"})
    assert calls["/crm/bulk/v8/read"] == 1
    assert len(run.records("Accounts")) == 300


def test_a_million_records_by_jobs_take_a_fiftieth_of_the_calls_of_paging_by_two_hundred():
    million = 1_000_000
    plan = choose(million, fields=40, columns=44)
    assert plan.way == "bulk"
    assert calls_of_jobs(million) <= cost_of_list(million, 40) / 50


def test_a_setting_reads_only_the_properties_that_are_chosen(sandbox, tmp_path, plant):
    plant("Accounts", 50)
    catalog = TapCrm(config=sandbox.config(tmp_path, streams=["Accounts"])).catalog_dict
    for one in catalog["streams"][0]["metadata"]:
        if len(one["breadcrumb"]) == 2 and one["breadcrumb"][1] not in {"id", "Modified_Time", "Phone"}:
            one["metadata"]["selected"] = False
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog))
    sandbox.control("DELETE", "journal")
    config = sandbox.config(tmp_path, streams=["Accounts"], drift_every_s=0)
    run = run_tap(TapCrm, tmp_path, config, catalog=file)
    assert {name for one in run.records() for name in one} == {"id", "Modified_Time", "Phone"}


@pytest.mark.parametrize(
    "do", [{"do": "status", "status": 502}, {"do": "drop_before"}, {"do": "truncate"}], ids=lambda one: one["do"]
)
@pytest.mark.parametrize(
    ("way", "method", "path", "nth"),
    [
        ("list", "GET", "/crm/v8/Accounts", 2),
        ("coql", "POST", "/crm/v8/coql", 2),
        ("bulk", "POST", "/crm/bulk/v8/read", 1),
        ("bulk", "GET", "^/crm/bulk/v8/read/[0-9]+$", 1),
        ("bulk", "GET", "^/crm/bulk/v8/read/[0-9]+/result$", 1),
    ],
)
def test_a_call_that_fails_once_changes_nothing(sandbox, tmp_path, plant, way, method, path, nth, do):  # noqa: PLR0917
    plant("Accounts", 450)
    sandbox.control("POST", "faults", {"match": {"method": method, "path": path}, "nth": nth, "times": 1, **do})
    found, _ = by_plan(sandbox, tmp_path, "Accounts", way)
    assert len(found) == 450
