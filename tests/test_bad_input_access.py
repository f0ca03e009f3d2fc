"""Wrong credentials, wrong addresses, nobody there: one clear message, and nothing written."""

import socket
import subprocess

import pytest
from plugin_runs import BIN, holds_no_secret, is_one_clear_message

TASK = "tap-inventory--products own-products-inventory-to-crm target-crm"
WRONG_SECRET = "c0ffee-not-the-secret"


@pytest.fixture
def stocked(site):
    """Three items in inventory that the CRM does not have yet."""
    for number in range(3):
        site.new_item(f"BI-{number}")
    return site


@pytest.fixture(scope="module")
def closed_port():
    """A port nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def broken_then_mended(site, changes, program, *expected):
    """The pipe fails at `program` with the expected words and no write; with right settings all items arrive once."""
    before = site.stage.journal()["next"]
    outcomes = site.pipe(TASK, changes)
    [outcome] = [one for one in outcomes if one.program == program]
    is_one_clear_message(outcome, *expected)
    holds_no_secret(site, outcomes, WRONG_SECRET)
    assert [one.program for one in outcomes if "Traceback" in one.err] == []
    assert site.writes(before) == []
    mended(site)


def mended(site):
    outcomes = site.pipe(TASK)
    assert [one.code for one in outcomes] == [0, 0, 0], outcomes[-1].err
    assert site.products() == ["BI-0", "BI-1", "BI-2"]


@pytest.mark.parametrize("program", ["tap-inventory", "target-crm"])
def test_a_wrong_client_secret_is_named_and_never_shown(stocked, program):
    changes = {program: {"client_secret": WRONG_SECRET, "state_dir": str(stocked.folder / ".ofrecord" / "other")}}
    broken_then_mended(stocked, changes, program, "client secret is refused", "client_secret", "API console")


@pytest.mark.parametrize("program", ["tap-inventory", "target-crm"])
def test_a_revoked_refresh_token_says_how_to_renew_it(stocked, program):
    stocked.stage.control("POST", "tokens", {"refresh_token": "1000.second.refresh"})
    stocked.stage.control("POST", "tokens/revoke", {"refresh_token": "1000.second.refresh"})
    other = {"refresh_token": "1000.second.refresh", "state_dir": str(stocked.folder / ".ofrecord" / "other")}
    broken_then_mended(
        stocked, {program: other}, program, "refresh token is refused: revoked", "grant .* again", "refresh_token"
    )


def test_a_refresh_token_revoked_while_its_access_token_is_cached_is_noticed(stocked):
    mended(stocked)
    stocked.new_item("BI-3")
    stocked.stage.control("POST", "tokens", {"refresh_token": "1000.people.refresh"})
    stocked.stage.control("POST", "tokens/revoke", {"refresh_token": "1000.sandbox.refresh"})
    [tap, _, _] = stocked.pipe(TASK)
    is_one_clear_message(tap, "refresh token is refused: revoked", "refresh_token")
    stocked.stage.control("POST", "tokens", {"refresh_token": "1000.sandbox.refresh"})
    stocked.close()
    del stocked.people
    assert [one.code for one in stocked.pipe(TASK)] == [0, 0, 0]
    assert stocked.products() == ["BI-0", "BI-1", "BI-2", "BI-3"]


def test_a_wrong_organization_id_is_named(stocked):
    broken_then_mended(
        stocked, {"tap-inventory": {"organization_id": "999999"}}, "tap-inventory", "organization id", "organization_id"
    )


def test_a_target_of_the_wrong_organization_writes_nothing(stocked):
    stocked.people.ask("POST", "/crm/v8/Vendors", {"data": [{"Vendor_Name": "Spokes Ltd"}]})
    before = stocked.stage.journal()["next"]
    task = "tap-crm--customers own-customers-crm-to-inventory target-inventory"
    [_, _, target] = stocked.pipe(task, {"target-inventory": {"organization_id": "999999"}})
    is_one_clear_message(target, "organization id", "organization_id")
    assert stocked.writes(before) == []


@pytest.mark.parametrize("program", ["tap-inventory", "target-crm"])
def test_addresses_of_two_data_centres_are_refused_before_any_call(stocked, program):
    changes = {program: {"api_url": "https://www.zohoapis.eu", "accounts_url": "https://accounts.zoho.com"}}
    broken_then_mended(stocked, changes, program, "different data centres", "api_url", "accounts_url", "account lives")


@pytest.mark.parametrize("program", ["tap-inventory", "target-crm"])
def test_a_token_of_another_data_centre_is_recognised(stocked, program):
    stocked.stage.control("POST", "tokens", {"refresh_token": "1000.far.away", "domain": "https://www.zohoapis.eu"})
    other = {"refresh_token": "1000.far.away", "state_dir": str(stocked.folder / ".ofrecord" / "other")}
    broken_then_mended(stocked, {program: other}, program, "data centre", "api_url")


@pytest.mark.parametrize("program", ["tap-inventory", "target-crm"])
def test_a_sandbox_that_is_not_running_is_said_to_be_so(stocked, closed_port, program):
    nowhere = f"http://127.0.0.1:{closed_port}"
    other = {"api_url": nowhere, "accounts_url": nowhere, "state_dir": str(stocked.folder / ".ofrecord" / "other")}
    broken_then_mended(stocked, {program: other}, program, "nothing answers", "_url", "make sandbox")


def test_an_api_that_stops_answering_while_the_login_works_is_said_to_be_so(stocked, closed_port):
    changes = {"tap-inventory": {"api_url": f"http://127.0.0.1:{closed_port}"}}
    broken_then_mended(stocked, changes, "tap-inventory", "nothing answers", "api_url")


def test_missing_settings_are_all_named_at_once(site):
    config = {"api_url": site.stage.url, "accounts_url": "not an address"}
    outcome = site.run(site.command("tap-crm", config))
    assert outcome.code != 0
    assert "Traceback" not in outcome.err
    for name in ("client_id", "client_secret", "refresh_token", "accounts_url"):
        assert name in outcome.err
    assert "not an address" not in outcome.err


def test_a_taken_port_is_named_with_the_way_out(sandbox):
    port = sandbox.url.rpartition(":")[2]
    answer = subprocess.run(
        [BIN / "ofrecord-sandbox", "serve", "--port", port], capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode != 0
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert f"port {port}" in answer.stderr
    assert "--port" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_meltano_shows_the_message_and_fails(stocked):
    before = stocked.stage.journal()["next"]
    meltano = [BIN / "meltano", "run", "products"]
    outcome = stocked.run(meltano, OFRECORD_CLIENT_SECRET=WRONG_SECRET)
    said = outcome.out + outcome.err
    assert outcome.code != 0
    assert "client secret is refused" in said
    assert "client_secret" in said
    holds_no_secret(stocked, [outcome], WRONG_SECRET)
    assert stocked.writes(before) == []
    again = stocked.run(meltano)
    assert again.code == 0, again.out + again.err
    assert stocked.products() == ["BI-0", "BI-1", "BI-2"]
