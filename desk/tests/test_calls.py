"""`ofrecord calls`: what schedules call a run and a day, beside the quota."""

import json
import shutil
import time
from pathlib import Path

import msgspec
import pytest
import yaml

from ofrecord.cadence import runs_a_day
from ofrecord_kit.limits import Calls

ROOT = Path(__file__).parents[2]
PROJECT = """
jobs:
- {name: stock, tasks: [tap-inventory--stock own target-crm]}
- {name: orders, tasks: [tap-crm--orders own target-inventory, tap-inventory--orders own target-crm]}
- {name: care, tasks: ["ofrecord:audit"]}
schedules:
- {name: stock-often, job: stock, interval: "*/5 * * * *"}
- {name: orders-hourly, job: orders, interval: "@hourly"}
- {name: care-daily, job: care, interval: "@daily"}
plugins:
  extractors:
  - {name: tap-crm, executable: tap-crm}
  - {name: tap-crm--orders, inherit_from: tap-crm, config: {streams: [Quotes, Deals]}}
  - {name: tap-inventory, executable: tap-inventory}
  - {name: tap-inventory--stock, inherit_from: tap-inventory, config: {streams: [items]}}
  - {name: tap-inventory--orders, inherit_from: tap-inventory, config: {streams: [salesorders, packages, salesreturns]}}
  mappers: [{name: mapper, mappings: [{name: own, config: {}}]}]
  loaders:
  - {name: target-crm, executable: target-crm}
  - {name: target-inventory, executable: target-inventory}
"""


@pytest.fixture
def calls(ask, tmp_path):
    """Writes a project with changes and its counts, and asks; the exit code, what was told as JSON, and the sentences."""

    def told(*changes, counts=()):
        text = PROJECT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "meltano.yml").write_text(text, encoding="utf-8")
        (tmp_path / ".ofrecord").mkdir(exist_ok=True)
        lines = b"".join(msgspec.json.encode(one) + b"\n" for one in counts)
        (tmp_path / ".ofrecord" / "calls.jsonl").write_bytes(lines)
        done = ask("calls", "--project", str(tmp_path), "--json")
        return done.exit_code, json.loads(done.stdout) if done.stdout else None, done.stderr

    return told


def schedule(plan, job):
    return next(one for one in plan["schedules"] if one["job"] == job)


def test_what_never_ran_is_taken_for_a_call_a_stream_and_the_list_of_deleted_records_in_the_crm(calls):
    code, plan, _ = calls()
    assert code == 0
    assert schedule(plan, "stock")["a_day"] == {"inventory, books": 288}
    assert schedule(plan, "orders")["a_run"] == {"crm": 4, "inventory, books": 3}
    assert {one["source"] for one in plan["schedules"]} == {"no run yet: the least", "calls nobody"}


def run(number, reads, writes=0, *, named=False):
    """A run of the stock pipeline; without a common name tap and target call it by names of their own."""
    begun = 1_000.0 + 300 * number
    names = ("r", "r") if named else ("tap", "target")
    yield Calls(
        f"{names[0]}{number}", "tap-inventory", "inventory", reads, begun, begun + 1, reads, "tap-inventory--stock"
    )
    yield Calls(f"{names[0]}{number}", "tap-inventory", "accounts", 1, begun, begun + 1, 1, "tap-inventory--stock")
    if writes:
        yield Calls(f"{names[1]}{number}", "target-crm", "crm", 1, begun + 2, begun + 3, writes, "tap-inventory--stock")


@pytest.mark.parametrize("named", [True, False])
def test_a_run_is_the_median_of_the_last_ten_in_calls_and_in_credits(calls, named):
    runs = [
        run(0, 900),
        run(1, 900),
        *(run(n, 7, 30, named=named) for n in range(2, 8)),
        *(run(n, 5) for n in range(8, 12)),
    ]
    _, plan, _ = calls(counts=[one for some in runs for one in some])
    stock = schedule(plan, "stock")
    assert stock["a_run"] == {"inventory, books": 7, "crm": 30}
    assert stock["source"] == "10"
    assert schedule(plan, "orders")["source"] == "no run yet: the least"


def test_runs_of_one_name_are_told_apart_by_when_they_began(calls):
    def again(number, reads):
        begun = 1_000.0 + 300 * number
        for part in range(2):
            at = begun + 1 + part
            yield Calls("nightly", "tap-inventory", "inventory", reads, at, at, reads, "tap-inventory--stock", begun)
            yield Calls("nightly", "target-crm", "crm", 1, at, at, 3, "tap-inventory--stock", begun - 0.5)

    _, plan, _ = calls(counts=[one for number in range(4) for one in again(number, 2)])
    assert schedule(plan, "stock")["a_run"] == {"inventory, books": 4, "crm": 6}
    assert schedule(plan, "stock")["source"] == "4"


def test_a_run_without_writes_counts_as_one_that_wrote_nothing(calls):
    counts = [one for n in range(9) for one in run(n, 2, 30 if n == 4 else 0)]
    assert schedule(calls(counts=counts)[1], "stock")["a_run"] == {"inventory, books": 2, "crm": 0}


def test_the_last_24_hours_count_whoever_called(calls):
    now = time.time()
    counts = [
        Calls("old", "tap-books", "books", 5, now - 90_000, now - 89_000, 5),
        Calls("hand", "tap-books", "books", 7, now - 900, now - 800, 7),
        Calls("hand", "tap-inventory", "inventory", 3, now - 900, now - 800, 3),
        Calls("hand", "tap-crm", "crm", 2, now - 900, now - 800, 6),
    ]
    _, plan, _ = calls(counts=counts)
    assert [one["last_24_hours"] for one in plan["budgets"]] == [10, 6]


QUOTAS = {
    "an edition": ((), 0, "Free, the smallest edition with room", 1000),
    "a larger edition": (
        [("{streams: [items]}", "{streams: [items, contacts, taxes, users, units]}")], 0, "Standard, the smallest", 2000,
    ),
    "no edition": ([("{streams: [items]}", f"{{streams: [{', '.join('abcdefghij')}, " + ", ".join(f"x{n}" for n in range(30)) + "]}")], 1, "Premium has 10,000", None),
    "a setting with room": (
        [("{name: tap-inventory, executable: tap-inventory}", "{name: tap-inventory, executable: tap-inventory, config: {calls_per_day: 400}}")], 0, "calls_per_day of tap-inventory--stock", 400,
    ),
    "a setting without room": ([("{streams: [items]}", "{streams: [items], calls_per_day: 100}")], 1, "calls_per_day of tap-inventory--stock", 100),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "said", "a_day"), QUOTAS.values(), ids=QUOTAS)
def test_the_quota_is_a_setting_else_the_smallest_edition_with_room(calls, changes, code, said, a_day):
    exit_code, plan, words = calls(*changes)
    finance = plan["budgets"][0]
    assert exit_code == code
    assert said in finance["quota"]["said"]
    assert finance["quota"]["a_day"] == a_day
    assert ("inventory, books: the schedules call for" in words) == bool(code)
    if code:
        assert "Run stock-often (" in words


def test_the_share_of_each_job_adds_up_to_what_is_planned(calls):
    _, plan, _ = calls(("{streams: [items]}", "{streams: [items], calls_per_day: 1440}"))
    shares = [one["share"].get("inventory, books", 0) for one in plan["schedules"]]
    assert shares == [20.0, 5.0, 0]
    assert plan["budgets"][0]["planned"] == 360


def test_a_scheduled_plugin_that_leaves_more_than_the_plan_has_is_named_with_its_line(calls):
    code, plan, words = calls(("{streams: [items]}", "{streams: [items], calls_per_day: 400, reserve: 20}"))
    assert code == 1
    [reserve] = plan["reserves"]
    assert (reserve["stops_at"], reserve["left"], reserve["to"]) == (320, 80, ["orders"])
    assert (
        'meltano.yml:15, "tap-inventory--stock": leaves 20 % to others, so it stops when 320 calls are spent' in words
    )


def test_an_interval_nobody_can_read_is_named_and_the_plan_is_not_said_to_fit(calls):
    code, plan, words = calls(("@hourly", "every now and then"))
    assert code == 1
    assert 'meltano.yml:8, "orders-hourly": how often it runs cannot be told' in words
    assert schedule(plan, "orders")["runs_a_day"] is None


BAD = {
    "no number": ("{streams: [items]}", "{streams: [items], calls_per_day: many}", "calls_per_day is no whole number"),
    "no number in the environment": (
        "{name: tap-crm, executable: tap-crm}",
        "{name: tap-crm, executable: tap-crm, settings: [{name: calls_per_day, value: $OFRECORD_TEST_PATH, kind: integer}]}",
        "calls_per_day is no integer. Correct it, or its environment variable.",
    ),
    "no such plugin": ("inherit_from: tap-crm,", "inherit_from: tap-cmr,", "there is no plugin tap-cmr"),
    "no project": ("jobs:", "jobs: 3\nnothing:", "cannot be read as a Meltano project"),
}


@pytest.mark.parametrize(("old", "new", "words"), BAD.values(), ids=BAD)
def test_a_project_that_cannot_be_read_is_one_sentence(calls, monkeypatch, old, new, words):
    monkeypatch.setenv("OFRECORD_TEST_PATH", "many")
    code, plan, said = calls((old, new))
    assert (code, plan) == (1, None)
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("interval", "times"),
    [("@hourly", 24), ("@daily", 1), ("@monthly", 1), ("@once", 0), ("7 */6 * * *", 4), ("0,30 8-17 * * 1-5", 20), ("often", None), ("99 * * * *", None)],
)  # fmt: skip
def test_how_often_a_schedule_begins_on_a_day(interval, times):
    assert runs_a_day(interval) == times


def test_a_step_that_calls_is_counted_by_its_own_runs(calls):
    counts = [
        Calls(run, "audit", system, 2, at, at + 1, weight)
        for run, at, weights in (("a", 1.0, (3, 1)), ("b", 500.0, (5, 1)), ("c", 900.0, (4, 2)))
        for system, weight in zip(("crm", "inventory"), weights, strict=True)
    ]
    care = schedule(calls(counts=counts)[1], "care")
    assert (care["a_run"], care["source"]) == ({"crm": 4, "inventory, books": 1}, "3")
    assert schedule(calls()[1], "care")["source"] == "calls nobody"


def test_the_shipped_schedules_fit_an_edition_of_each_vendor(ask, tmp_path, monkeypatch):
    for name in ("OFRECORD_STATE_DIR", "OFRECORD_CALLS_PER_DAY"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    done = ask("calls", "--project", str(tmp_path))
    assert done.exit_code == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    shipped = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["schedules"]
    assert [line[0] for line in lines].count("schedule") == len(shipped)
    assert done.stderr == "The plan fits.\n"


def test_a_first_sync_is_told_in_calls_and_days(ask, tmp_path):
    """The shipped rules and plan; a hundred thousand items, customers and some quotes."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    shutil.copy(ROOT / "meltano.yml", tmp_path / "meltano.yml")
    first = [f"--first={one}" for one in ("product=100000", "account=100000", "order=20000")]
    done = ask("calls", "--project", str(tmp_path), "--json", *first)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    calls = {one["entity"]: (one["writes"], one["reads"]) for one in told["first"]}
    assert calls == {"product": (100_000, 2_000), "account": (100_000, 101_000), "order": (60_000, 200)}
    assert [(one["said"], one["days"]) for one in told["days"]] == [
        ("Free", 364), ("Standard", 182), ("Professional", 73), ("Premium", 37),
    ]  # fmt: skip
    assert "363200 calls of Inventory and Books" in done.stderr


@pytest.mark.parametrize(
    ("said", "words"),
    [("product", "product is not an entity with a number of records"), ("sock=5", "sock is no entity between crm and inventory. Name one of: ")],
)  # fmt: skip
def test_a_first_sync_of_nothing_that_is_known_is_one_clear_error(ask, tmp_path, said, words):
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    shutil.copy(ROOT / "meltano.yml", tmp_path / "meltano.yml")
    done = ask("calls", "--project", str(tmp_path), f"--first={said}")
    assert done.exit_code == 1
    assert words in done.stderr
