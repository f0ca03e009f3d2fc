"""Accounts server, control API, faults and the server itself, over loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from ofrecord_sandbox import pipeline, serve
from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.web import Request

GRANT = {
    "grant_type": "refresh_token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "refresh_token": "1000.sandbox.refresh",
}


class Door:
    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self.session = session

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def token(self, **changes: str) -> requests.Response:
        return self.session.post(f"{self.url}/oauth/v2/token", data=GRANT | changes, timeout=10)

    def log_in(self, **changes: str) -> None:
        token = self.token(**changes).json()["access_token"]
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {token}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", timeout=10, **more)


@pytest.fixture
def door() -> Iterator[Door]:
    with serve.background(new_world()) as url, requests.Session() as session:
        yield Door(url, session)


ACCOUNTS = "/crm/v8/Accounts"


def add(door: Door, name: str) -> requests.Response:
    return door.call("POST", ACCOUNTS, json={"data": [{"Account_Name": name}], "trigger": []})


def test_tokens_are_given_for_form_query_and_basic_credentials(door: Door) -> None:
    assert door.token().json()["api_domain"] == door.url
    by_query = door.call("POST", "/oauth/v2/token", params=GRANT)
    basic = door.call(
        "POST",
        "/oauth/v2/token",
        params={"grant_type": "refresh_token", "refresh_token": GRANT["refresh_token"]},
        auth=("sandbox-client", "sandbox-secret"),
    )
    assert by_query.json()["expires_in"] == basic.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"refresh_token": "1000.other"}, "invalid_code"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_secret": "other"}, "invalid_client_secret"),
    ],
)
def test_wrong_credentials_are_refused_with_status_200_and_with_400_when_switched(
    door: Door, changes: dict[str, str], error: str
) -> None:
    answer = door.token(**changes)
    assert (answer.status_code, answer.json()) == (200, {"error": error})
    door.control("POST", "oauth", {"error_status": 400})
    assert door.token(**changes).status_code == 400


def test_a_token_comes_with_its_scopes_when_switched(door: Door) -> None:
    door.control(
        "POST", "tokens", {"refresh_token": "1000.narrow", "scopes": ["ZohoCRM.org.READ", "ZohoCRM.users.READ"]}
    )
    assert "scope" not in door.token(refresh_token="1000.narrow").json()
    door.control("POST", "oauth", {"tell_scope": True})
    assert door.token(refresh_token="1000.narrow").json()["scope"] == "ZohoCRM.org.READ ZohoCRM.users.READ"
    door.control("POST", "oauth", {})
    assert "scope" not in door.token(refresh_token="1000.narrow").json()


def test_the_eleventh_token_within_ten_minutes_is_denied_with_status_400(door: Door) -> None:
    door.control("POST", "clock", {"freeze": "2026-03-01T10:00:00+00:00"})
    assert all("access_token" in door.token().json() for _ in range(10))
    refused = door.token()
    assert (refused.status_code, refused.json()["error"]) == (400, "Access Denied")
    door.control("POST", "clock", {"move_s": 601})
    assert "access_token" in door.token().json()


def test_an_access_token_lives_one_hour_of_the_worlds_clock(door: Door) -> None:
    door.log_in()
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).status_code == 204
    door.control("POST", "clock", {"move_s": 3601})
    answer = door.call("GET", ACCOUNTS, params={"fields": "id"})
    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


def test_a_revoked_refresh_token_gives_no_more_access(door: Door) -> None:
    door.log_in()
    answer = door.call("POST", "/oauth/v2/token/revoke", params={"token": GRANT["refresh_token"]})
    assert answer.json() == {"status": "success"}
    assert door.token().json() == {"error": "invalid_code"}
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).status_code == 401


def test_a_token_of_another_data_centre_is_no_token_here(door: Door) -> None:
    door.control("POST", "tokens", {"refresh_token": "1000.far", "domain": "https://far.example"})
    door.log_in(refresh_token="1000.far")
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).json()["code"] == "INVALID_TOKEN"


def test_a_narrow_token_reads_its_module_and_nothing_else(door: Door) -> None:
    door.control("POST", "tokens", {"refresh_token": "1000.narrow", "scopes": ["ZohoCRM.modules.accounts.READ"]})
    door.log_in(refresh_token="1000.narrow")
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).status_code == 204
    assert add(door, "A").json()["code"] == "OAUTH_SCOPE_MISMATCH"
    assert door.call("GET", "/crm/v8/Deals", params={"fields": "id"}).json()["code"] == "OAUTH_SCOPE_MISMATCH"


def test_without_a_header_authentication_fails(door: Door) -> None:
    answer = door.call("GET", ACCOUNTS)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILURE")


def test_unknown_paths_are_refused_in_the_vendors_words(door: Door) -> None:
    door.log_in()
    answer = door.call("GET", "/crm/v8/Accounts/1/2/3/4")
    assert (answer.status_code, answer.json()["code"]) == (404, "INVALID_URL_PATTERN")


def test_the_date_header_is_the_worlds_clock(door: Door) -> None:
    door.control("POST", "clock", {"freeze": "2026-03-01T10:00:00+00:00"})
    assert parsedate_to_datetime(door.token().headers["Date"]).isoformat() == "2026-03-01T10:00:00+00:00"


def test_the_third_write_can_be_lost_after_it_was_done(door: Door) -> None:
    door.log_in()
    match = {"method": "POST", "path": ACCOUNTS}
    door.control("POST", "faults", {"match": match, "nth": 3, "do": "drop_after_commit"})
    assert [add(door, name).status_code for name in "AB"] == [201, 201]
    with pytest.raises(requests.ConnectionError):
        add(door, "C")
    assert door.call("GET", ACCOUNTS, params={"fields": "Account_Name"}).json()["info"]["count"] == 3
    assert add(door, "D").status_code == 201


def test_a_call_can_be_cut_before_anything_happens(door: Door) -> None:
    door.log_in()
    door.control("POST", "faults", {"match": {"method": "POST", "path": ACCOUNTS}, "do": "drop_before"})
    with pytest.raises(requests.ConnectionError):
        add(door, "A")
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).status_code == 204


def test_status_truncation_and_revocation_happen_on_request(door: Door) -> None:
    door.log_in()
    add(door, "A")
    read = {"method": "GET", "path": "^/crm/v8/Acc"}
    door.control("POST", "faults", [{"match": read, "do": "status", "status": 429}])
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).json()["code"] == "TOO_MANY_REQUESTS"
    door.control("POST", "faults", [{"match": read, "do": "truncate"}])
    with pytest.raises(requests.JSONDecodeError):
        door.call("GET", ACCOUNTS, params={"fields": "id"}).json()
    door.control("POST", "faults", [{"match": read, "do": "revoke_token"}])
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).json()["code"] == "INVALID_TOKEN"


def test_a_fault_written_wrongly_is_refused_with_a_sentence(door: Door) -> None:
    answer = door.call("POST", "/_sandbox/faults", json={"do": "explode"})
    assert answer.status_code == 400
    assert "'do' is one of" in answer.json()["error"]


def test_a_snapshot_brings_everything_back(door: Door) -> None:
    door.log_in()
    add(door, "A")
    door.control("POST", "snapshot/one")
    add(door, "B")
    door.control("POST", "restore/one")
    rows = door.call("GET", ACCOUNTS, params={"fields": "Account_Name"}).json()["data"]
    assert [row["Account_Name"] for row in rows] == ["A"]
    upserted = door.call("POST", f"{ACCOUNTS}/upsert", json={"data": [{"Account_Name": "B"}]}).json()
    assert upserted["data"][0]["action"] == "insert"


def test_reset_empties_the_world_and_keeps_the_client(door: Door) -> None:
    door.log_in()
    add(door, "A")
    door.control("POST", "reset")
    door.log_in()
    assert door.call("GET", ACCOUNTS, params={"fields": "id"}).status_code == 204


def test_the_journal_counts_calls_by_system_and_keeps_no_bodies(door: Door) -> None:
    door.log_in()
    add(door, "A")
    journal = door.control("GET", "journal")
    assert journal["counts"] == {"oauth": 1, "crm": 1}
    assert set(journal["entries"][0]) == {"at", "system", "method", "path", "status", "seconds", "credits"}
    assert door.control("GET", f"journal?since={journal['next']}")["entries"] == []


def test_a_heavy_call_of_the_crm_takes_a_place_among_the_heavy_ones_while_it_is_answered() -> None:
    assert pipeline.slots(Request("POST", "/crm/v8/coql")) == ["crm", "crm heavy"]
    assert pipeline.slots(Request("GET", "/crm/v8/Accounts", {"cvid": "1"})) == ["crm", "crm heavy"]
    assert pipeline.slots(Request("GET", "/crm/v8/Accounts")) == ["crm"]
    assert pipeline.slots(Request("GET", "/books/v3/items", {"sort_by": "name"})) == ["books"]


def test_a_place_is_free_again_after_the_answer(door: Door) -> None:
    door.control("POST", "limits", {"crm_heavy_concurrent": 1})
    door.log_in()
    query = {"select_query": "select id from Accounts where id is not null"}
    assert [door.call("POST", "/crm/v8/coql", json=query).status_code for _ in range(3)] == [204] * 3


def test_limits_can_be_switched_off_all_at_once_and_one_at_a_time(door: Door) -> None:
    door.control("POST", "limits", {"all": "off"})
    assert set(door.control("GET", "limits").values()) == {0}
    limits = door.control("POST", "limits", {"all": "vendor", "crm_concurrent": 0})
    assert [name for name, value in limits.items() if not value] == ["crm_concurrent"]


def test_credits_run_out_and_their_rest_is_told_after_half(door: Door) -> None:
    door.control("POST", "limits", {"crm_credits_per_day": 4})
    door.log_in()
    answers = [door.call("GET", ACCOUNTS, params={"fields": "id"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [204] * 4 + [429]
    assert [answer.headers.get("X-API-CREDITS-REMAINING") for answer in answers] == [None, None, "1", "0", None]


def test_records_outlive_the_process_in_a_file(tmp_path: Path) -> None:
    first = new_world(tmp_path / "world.db")
    first.call("POST", "/crm/v8/Accounts", {"data": [{"Account_Name": "A"}]})
    again = new_world(tmp_path / "world.db")
    assert again.call("GET", "/crm/v8/Accounts?fields=Account_Name").content["data"][0]["Account_Name"] == "A"


def _started(*more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "import sys; from ofrecord_sandbox.cli import main; sys.exit(main())", "serve"]
    return subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_says_ready_and_stops_cleanly_and_a_taken_port_is_one_message() -> None:
    with _started("--port", "0") as running:
        assert running.stdout is not None
        ready = running.stdout.readline().split()
        exports = [running.stdout.readline() for _ in range(6)]
        assert ready[0] == "ready"
        assert all(line.startswith("export OFRECORD_") for line in exports)
        with _started("--port", ready[1].rsplit(":", 1)[1]) as second:
            _, complaint = second.communicate(timeout=20)
            assert second.returncode == 2
            assert len(complaint.splitlines()) == 1
            assert "--port" in complaint
        running.terminate()
        assert running.wait(timeout=20) == 0
