"""Taps and what they may call: scopes are compared at the start, a full minute is waited out, a spent day is said."""

import json
import re
import time
from datetime import UTC, datetime

import pytest

from ofrecord_kit.testing import programs
from ofrecord_kit.testing.sandbox import running_sandbox
from ofrecord_kit.testing.tap import run_tap
from ofrecord_kit.vendors.scopes import of_streams
from tap_books.tap import TapBooks
from tap_crm.tap import TapCrm
from tap_inventory.tap import TapInventory

TAPS = {"tap-crm": TapCrm, "tap-inventory": TapInventory, "tap-books": TapBooks}
ITEMS = "ZohoInventory.items.READ"
SETTINGS = "ZohoInventory.settings.READ"


@pytest.fixture(scope="module")
def company():
    with running_sandbox("--seed", "demo", "--limits", "off") as sandbox:
        yield sandbox


@pytest.fixture
def read(company, tmp_path):
    """Runs a tap, with a token of the scopes given."""

    def run(tap="tap-inventory", scopes=None, **settings):
        if scopes is not None:
            settings["refresh_token"] = f"1000.{tmp_path.name}.{len(scopes)}"
            company.control("POST", "tokens", {"refresh_token": settings["refresh_token"], "scopes": scopes})
        return run_tap(TAPS[tap], tmp_path, company.config(tmp_path / "state", **settings))

    yield run
    company.control("POST", "oauth", {})
    company.control("POST", "limits", {"all": "off"})
    company.control("POST", "clock", {"run": True})
    company.control("DELETE", "faults")
    company.control("DELETE", "journal")


def paths(company):
    return [one["path"] for one in company.control("GET", "journal")["entries"] if one["system"] == "inventory"]


def test_a_missing_scope_is_named_with_its_stream_before_any_record_is_read(read, company):
    company.control("POST", "oauth", {"tell_scope": True})
    company.control("DELETE", "journal")
    run = read(scopes=[SETTINGS], streams=["items", "locations"])
    assert run.code == 1
    assert f"items cannot be read: The token was not granted {ITEMS}" in run.errors
    assert "1 of 2 streams could not be read: items" in run.errors
    assert run.records("locations")
    assert "items" not in run.schemas()
    assert not any(path.endswith("/items") for path in paths(company))


def test_where_the_accounts_server_does_not_tell_the_refused_call_names_stream_and_scope(read):
    run = read(scopes=[SETTINGS], streams=["items", "locations"])
    assert run.code == 1
    assert "items cannot be read" in run.errors
    assert ITEMS in run.errors
    assert run.records("locations")


def test_a_token_that_allows_more_than_is_read_is_one_warning_and_the_least_one_is_none(read, company):
    company.control("POST", "oauth", {"tell_scope": True})
    wider = read(scopes=[SETTINGS, "ZohoInventory.items.ALL"], streams=["locations"])
    least = read(scopes=[SETTINGS.lower()], streams=["locations"])
    assert (wider.code, least.code) == (0, 0), wider.errors + least.errors
    said = [line for line in wider.errors.splitlines() if "allows more" in line]
    assert len(said) == 1
    assert "ZohoInventory.items.ALL" in said[0]
    assert "allows more" not in least.errors


@pytest.mark.parametrize("tap", TAPS)
def test_about_lists_the_scopes_of_every_stream_in_each_of_its_forms(tap):
    scopes = of_streams(TAPS[tap].system)
    for form in ([], ["--format", "markdown"], ["--format", "json"]):
        done = programs.run([tap, "--about", *form], timeout=60)
        assert done.returncode == 0, done.stderr
        assert all(name in done.stdout and scope in done.stdout for name, ones in scopes.items() for scope in ones)
    assert json.loads(done.stdout)["scopes"] == scopes


@pytest.mark.parametrize("tap", ["tap-inventory", "tap-books"])
def test_what_about_says_of_a_stream_is_what_it_needs(tap, company, tmp_path):
    made = TAPS[tap](config=company.config(tmp_path / "state"))
    assert {name: of_streams(made.system)[name] for name in made.streams} == {
        name: list(one.scopes) for name, one in made.streams.items()
    }


@pytest.mark.promise("F109")
def test_a_full_minute_is_waited_out_and_a_spent_day_is_an_error_that_says_what_waits(read, company):
    """The vendor asks for a second (its clock is moved to just before the minute ends); then its day has no call left."""
    company.control("POST", "limits", {"finance_per_minute": 1})
    begun = time.time()
    company.control("POST", "clock", {"freeze": datetime.fromtimestamp(begun, UTC).isoformat()})
    read(streams=["locations"])
    company.control("POST", "clock", {"run": True, "move_s": 54 - (time.time() - begun)})
    company.control("DELETE", "journal")
    waited = read(streams=["locations"], retry_wait_s=0.01)
    assert waited.code == 0, waited.errors
    assert waited.records("locations")
    statuses = [one["status"] for one in company.control("GET", "journal")["entries"] if one["system"] == "inventory"]
    assert 429 in statuses
    assert statuses[-1] == 200
    company.control("POST", "limits", {"finance_per_minute": 0, "finance_per_day": 1})
    spent = read(streams=["locations", "items", "pricebooks"])
    assert spent.code == 1
    assert "API calls of the day are used up [45]" in spent.errors
    assert "The vendor's day begins anew at" in spent.errors
    assert "the next run resumes from its bookmark" in spent.errors
    waiting = re.search(r"Waiting: ([\w, ]+)\.", spent.errors)[1]
    assert set(waiting.split(", ")) == {"items", "locations", "pricebooks"}
    assert "Traceback" not in spent.errors


def test_a_spent_budget_names_the_streams_that_wait_and_the_next_run_reads_them(read):
    first = read(streams=["locations", "pricebooks"], calls_per_day=1)
    assert first.code == 1
    assert "The budget of the day is spent: 1 within 24 hours" in first.errors
    waiting = re.search(r"Waiting: (\w+)\.", first.errors)[1]
    both = {"locations", "pricebooks"}
    assert {name for name in both if first.records(name)} == both - {waiting}
    again = read(streams=[waiting], calls_per_day=1000)
    assert again.code == 0, again.errors
    assert again.records(waiting)
