"""The three taps read the made-up company whole, whatever goes wrong on the way."""

import json
import re
from datetime import datetime
from functools import partial

import jsonschema_rs
import pytest
import requests

from ofrecord_kit.budget import Budget, Terms
from ofrecord_kit.testing.sandbox import running_sandbox
from ofrecord_kit.testing.tap import run_tap
from tap_books.tap import TapBooks
from tap_crm.tap import TapCrm
from tap_inventory.tap import TapInventory

TAPS = {"tap-crm": TapCrm, "tap-inventory": TapInventory, "tap-books": TapBooks}
MODULES = (
    "Vendors", "Accounts", "Contacts", "Products", "Price_Books", "Leads", "Campaigns", "Deals", "Quotes", "Sales_Orders", "Invoices",
    "Purchase_Orders", "Cases", "Solutions", "Tasks", "Events", "Calls", "Finance_Documents",
)  # fmt: skip
LISTS = {"tap-crm": ("Accounts", "/crm/v8/Accounts"), "tap-inventory": ("items", "/inventory/v1/items")}


@pytest.fixture(scope="module")
def company():
    with running_sandbox("--seed", "demo", "--limits", "off") as sandbox:
        yield sandbox


@pytest.fixture
def read(company, tmp_path):
    """Runs a tap by name; settings and state as given."""

    def run(tap, state=None, **settings):
        return run_tap(TAPS[tap], tmp_path, company.config(tmp_path / "state", **settings), state)

    yield run
    company.control("DELETE", "faults")


@pytest.fixture(scope="module")
def everything():
    """A company that has something of everything."""
    with running_sandbox("--seed", "none", "--limits", "off") as sandbox:
        for module in MODULES:
            sandbox.control("POST", "crm/plant", {"module": module, "count": 3})
        sandbox.control("POST", "crm/currencies", {"rates": {"EUR": "0.92"}})
        sandbox.control("POST", "finance/plant", {"collection": "company", "count": 400})
        sandbox.control("POST", "finance/plant", {"collection": "transferorders", "count": 3})
        yield sandbox


@pytest.mark.parametrize("tap", TAPS)
def test_every_record_of_every_stream_is_what_its_schema_says(everything, tmp_path, tap):
    run = run_tap(TAPS[tap], tmp_path, everything.config(tmp_path / "state"))
    assert run.code == 0, run.errors
    assert [stream for stream in run.schemas() if not run.records(stream)] == []
    for stream, schema in run.schemas().items():
        validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
        records = run.records(stream)
        wrong = [(stream, error.message) for record in records for error in validator.iter_errors(record)]
        assert wrong == []
        keys = schema["properties"]
        assert all(set(record) <= set(keys) for record in records)


def test_more_fields_than_a_call_takes_are_joined_without_losing_a_record(read, company):
    """Accounts with more than 50 fields and more than 200 rows: each batch of fields has its own chain of tokens."""
    for number in range(40):
        field = {"api_name": f"Extra_{number}", "label": f"Extra {number}", "data_type": "text"}
        company.control("POST", "crm/fields", {"module": "Accounts", "field": field})
    company.control("DELETE", "journal")
    run = read("tap-crm", streams=["Accounts"], read_plan={"Accounts": "list"})
    lists = [one for one in company.control("GET", "journal")["entries"] if one["path"] == "/crm/v8/Accounts"]
    records = run.records("Accounts")
    fields = len(run.schemas()["Accounts"]["properties"]) - 1
    assert len({record["id"] for record in records}) == len(records) > 200
    assert fields > 50
    assert len({frozenset(record) for record in records}) == 1, "every record has every field"
    pages = -(-len(records) // 200)
    assert len(lists) == pages * -(-(fields - 2) // 48)


WHOLE = {}
"""Records by tap, read without faults; the company does not change."""
FAULTS = {
    "a minute that is spent": {"do": "status", "status": 429},
    "a server error": {"do": "status", "status": 500},
    "a gateway that fails": {"do": "status", "status": 502},
    "an answer that comes too late": {"do": "delay", "delay_s": 2},
    "an answer cut short": {"do": "truncate"},
    "a connection cut before the call": {"do": "drop_before"},
    "a connection cut before the answer": {"do": "drop_after_commit"},
    "a token that is refused in the middle": {"do": "revoke_token"},
}


@pytest.mark.parametrize("tap", LISTS)
@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_on_the_second_page_costs_no_record(read, company, tap, name):
    stream, path = LISTS[tap]
    if tap not in WHOLE:
        WHOLE[tap] = read(tap, streams=[stream]).records(stream)
    read(tap, streams=["Vendors" if tap == "tap-crm" else "locations"])  # a token is at hand
    company.control("DELETE", "journal")
    company.control("POST", "faults", {"match": {"method": "GET", "path": path}, "nth": 2, **FAULTS[name]})
    again = read(tap, streams=[stream], timeout_s=1 if FAULTS[name]["do"] == "delay" else 60)
    assert again.code == 0, again.errors
    calls = company.control("GET", "journal")["entries"]
    assert len([one for one in calls if one["path"] == path]) >= 2
    assert again.records(stream) == WHOLE[tap]
    tokens = [one for one in calls if one["path"].startswith("/oauth/")]
    assert len(tokens) == (1 if name == "a token that is refused in the middle" else 0)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"do": "status", "status": 429, "body": {"code": 45, "message": "the day is spent"}}, "Run again tomorrow"),
        ({"do": "status", "status": 503, "times": 0}, "Run again later"),
    ],
)
def test_a_run_that_cannot_go_on_keeps_the_bookmark_where_everything_was_delivered(read, company, fault, words):
    state = {"bookmarks": {"items": {"replication_key": "last_modified_time", "replication_key_value": OLD}}}
    company.control("POST", "faults", {"match": {"path": "/inventory/v1/items"}, "nth": 2, "times": 0, **fault})
    run = read("tap-inventory", state, streams=["items"])
    assert run.code == 1
    assert words in run.errors
    assert "Traceback" not in run.errors
    delivered = max((record["last_modified_time"] for record in run.records()), default=OLD)
    states = [one["value"] for one in run.messages if one["type"] == "STATE"]
    assert all(one["bookmarks"]["items"]["replication_key_value"] <= delivered for one in states)


OLD = "2000-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "state",
    [{}, {"bookmarks": {}}, {"bookmarks": {"Vendors": {}}}, {"bookmarks": {"Vendors": {"replication_key": "x"}}}],
)
def test_a_state_without_bookmark_reads_everything(read, state):
    whole = read("tap-crm", streams=["Vendors"]).records()
    assert read("tap-crm", state, streams=["Vendors"]).records() == whole


def test_nothing_older_than_the_start_date_is_read_from_any_tap(read):
    for tap, stream, key in (
        ("tap-crm", "Accounts", "Modified_Time"),
        ("tap-inventory", "contacts", "last_modified_time"),
        ("tap-books", "invoices", "last_modified_time"),
    ):
        times = sorted(record[key] for record in read(tap, streams=[stream]).records())
        middle = times[len(times) // 2]
        kept = [record[key] for record in read(tap, streams=[stream], start_date=middle).records()]
        assert sorted(kept) == [time for time in times if time >= middle], stream


def test_amounts_are_written_as_the_vendor_wrote_them(company, tmp_path):
    """Every amount of an invoice in the tap's output stands, digit for digit, in the vendor's answer."""
    config = company.config(tmp_path / "state", streams=["invoices"])
    run = run_tap(TapBooks, tmp_path, config)
    token = requests.post(
        f"{company.url}/oauth/v2/token",
        data={
            "grant_type": "refresh_token",
            **{name: config[name] for name in ("client_id", "client_secret", "refresh_token")},
        },
        timeout=30,
    ).json()["access_token"]
    for record in run.records()[:10]:
        answer = requests.get(
            f"{company.url}/books/v3/invoices/{record['invoice_id']}",
            params={"organization_id": config["organization_id"]},
            headers={"Authorization": f"Zoho-oauthtoken {token}"},
            timeout=30,
        )
        for name in ("total", "balance", "sub_total"):
            theirs = re.search(rf'"{name}": ?(-?[\d.]+)', answer.text)
            assert json.loads(theirs[1]) == record[name]


def test_paced_processes_stay_within_the_vendors_minute_and_unpaced_ones_do_not(company, tmp_path):
    """Two processes' worth of calls on the sandbox's own clock: 200 calls at the slots given, then 101 at once."""
    company.control("POST", "limits", {"all": "vendor"})
    try:
        company.control("POST", "clock", {"move_s": 1200})  # the tokens of the tests before count no more
        config = company.config(tmp_path / "state")
        run_tap(TapInventory, tmp_path, {**config, "streams": ["locations"]})
        token = json.loads((tmp_path / "state" / "tokens.json").read_text())
        access = next(iter(token.values()))["access_token"]
        ask = partial(
            requests.get,
            f"{company.url}/inventory/v1/locations",
            params={"organization_id": config["organization_id"]},
            headers={"Authorization": f"Zoho-oauthtoken {access}"},
            timeout=30,
        )
        begin = datetime.fromisoformat(company.control("GET", "clock")["now"]).timestamp() + 120
        processes = [Budget("organisation", Terms(80), state_dir=tmp_path / "state") for _ in range(2)]
        now = begin
        for number in range(200):
            now = max(now, processes[number % 2].admit(1, now))
            company.control("POST", "clock", {"freeze": datetime.fromtimestamp(now).astimezone().isoformat()})
            assert ask().status_code == 200, f"call {number}, {now - begin:.0f} s after the first"
        for budget in processes:
            budget.close(now)
        assert now - begin == 120
        company.control("POST", "clock", {"move_s": 120})
        assert [ask().status_code for _ in range(101)] == [200] * 100 + [429]
    finally:
        company.control("POST", "limits", {"all": "off"})
        company.control("POST", "clock", {"run": True})
