"""Every call of every stream fails once, in every way there is: everything is delivered all the same."""

from collections import Counter

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import running_sandbox
from ofrecord_kit.testing.tap import run_tap
from tap_crm.beside import BESIDE
from tap_crm.tap import TapCrm

LARGE = {"Vendors": "list", "Accounts": "coql", "Contacts": "bulk"}
"""Read page by page, each in its way."""
SMALL = ("Products", "Quotes", "Leads", "Solutions")
OLD = {"replication_key": "Modified_Time", "replication_key_value": "2000-01-01T00:00:00+00:00"}
AT_ONCE = {
    "a minute that is spent": {"do": "status", "status": 429},
    "a server error": {"do": "status", "status": 500},
    "a gateway that fails": {"do": "status", "status": 502},
    "an answer cut short": {"do": "truncate"},
    "a connection cut before the call": {"do": "drop_before"},
    "a connection cut before the answer": {"do": "drop_after_commit"},
}
KINDS = (
    ("GET", "/crm/v8/settings/fields"),
    ("GET", "/crm/v8/Vendors/deleted"),
    ("POST", "/crm/v8/coql"),
    ("POST", "/crm/bulk/v8/read"),
    ("GET", "^/crm/bulk/v8/read/[0-9]+$"),
    ("GET", "^/crm/bulk/v8/read/[0-9]+/result$"),
    ("GET", "^/crm/v8/Quotes/[0-9]+$"),
)


@pytest.fixture(scope="module")
def company():
    """A CRM with several pages of some modules, a few records of others, and one of each that was deleted."""
    with running_sandbox("--seed", "none", "--limits", "off") as sandbox:
        sandbox.control("POST", "crm/bulk", {"seconds": 0, "rows": 150})
        for module in (*LARGE, *SMALL):
            planted = sandbox.control("POST", "crm/plant", {"module": module, "count": 220 if module in LARGE else 3})
            if module == "Leads":
                sandbox.control("POST", "crm/convert", {"ids": [planted["first"]]})
        sandbox.control("POST", "crm/currencies", {"rates": {"EUR": "0.92"}})
        yield sandbox


@pytest.fixture
def read(company, tmp_path):
    """A run over every stream with bookmarks of old, its records by stream, and how often each path was called."""

    def run(**more):
        company.control("DELETE", "journal")
        streams = [*LARGE, *SMALL, *BESIDE]
        config = company.config(tmp_path / "state", streams=streams, read_plan=LARGE, **more)
        run = run_tap(TapCrm, tmp_path, config, {"bookmarks": {name: dict(OLD) for name in (*LARGE, *SMALL)}})
        assert run.code == 0, run.errors
        for one in run.records("record_counts"):
            one.pop("counted_at")
        entries = [one for one in company.control("GET", "journal")["entries"] if one["system"] == "crm"]
        records = {name: sorted(map(repr, run.records(name))) for name in run.schemas()}
        return records, Counter((one["method"], said(one["path"])) for one in entries)

    yield run
    company.control("DELETE", "faults")


def said(path):
    """A path whose jobs and records are any."""
    return "^" + "/".join("[0-9]+" if part.isdigit() else part for part in path.split("/")) + "$"


@pytest.fixture
def whole(company, read, tmp_path):
    """What a run without faults reads and calls; one record of each large module is deleted."""
    if not WHOLE:
        with Client(Connection.from_config(company.config(tmp_path / "state")), system="crm", plugin="test") as client:
            for module in LARGE:
                gone, kept = client.get(f"/crm/v8/{module}", params={"fields": "id", "per_page": 2}).body["data"]
                client.send("DELETE", f"/crm/v8/{module}/{gone['id']}")
                note = {"Note_Title": "Called", "Note_Content": "Twice"}
                client.send("POST", f"/crm/v8/{module}/{kept['id']}/Notes", json={"data": [note]})
                files = {"file": ("offer.pdf", b"%PDF", "application/pdf")}
                client.send("POST", f"/crm/v8/{module}/{kept['id']}/Attachments", files=files)
        WHOLE.append(read())
    return WHOLE[0]


WHOLE = []


@pytest.mark.parametrize("name", AT_ONCE)
def test_every_call_that_fails_once_is_made_again_and_nothing_is_lost_or_written_twice(company, read, whole, name):
    records, calls = whole
    assert [stream for stream in records if not records[stream]] == []
    faults = [
        {"match": {"method": method, "path": path}, "nth": 2 * number + 1, **AT_ONCE[name]}
        for (method, path), many in calls.items()
        for number in range(many)
    ]
    company.control("POST", "faults", faults)
    again, made = read()
    assert again == records
    assert sum(calls.values()) > 40
    once = {one for one in calls if made[one] != 2 * calls[one]}
    assert not once or name == "an answer cut short"
    empty = {f"^/crm/v8/{module}$" for module in LARGE}  # whether a deleted one is there again
    assert {path for _, path in once if not path.endswith("/deleted$")} <= empty, "nothing is cut off where nothing is"


def test_an_answer_that_comes_too_late_is_asked_for_again(company, read, whole):
    late = {"do": "delay", "delay_s": 1.2}
    company.control("POST", "faults", [{"match": {"method": m, "path": path}, **late} for m, path in KINDS])
    again, _ = read(timeout_s=1)
    assert again == whole[0]
