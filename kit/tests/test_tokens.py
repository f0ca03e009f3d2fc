"""One token for all processes, kept for this user only."""

import json
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from ofrecord_kit.errors import BadSettings, TokenThrottled, sentence
from ofrecord_kit.oauth import Grant
from ofrecord_kit.tokens import TokenStore

THROTTLE = TokenThrottled(sentence("refused", where="x", expected="y", remedy="z"))

PROGRAM = """
import sys
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
url, folder = sys.argv[1:]
connection = Connection(url, url, "c", "s", "r", state_dir=__import__("pathlib").Path(folder))
with Client(connection, system="crm", plugin="six") as client:
    client.get("/crm/v8/Products")
"""


class Accounts:
    """Grants tokens t1, t2, … and counts them."""

    def __init__(self, *, closed=False, rotates=False):
        self.asked = []
        self.closed = closed
        self.rotates = rotates

    def mint(self, refresh_token):
        self.asked.append(refresh_token)
        if self.closed:
            raise THROTTLE
        return Grant(f"t{len(self.asked)}", 3600, f"r{len(self.asked)}" if self.rotates else None)


def test_six_processes_ask_for_one_token(vendor, tmp_path):
    command = [sys.executable, "-c", PROGRAM, vendor.url, str(tmp_path / "state")]
    running = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait(timeout=60) for process in running] == [0] * 6
    assert len(vendor.token_calls()) == 1
    assert len(vendor.calls()) == 6


def test_the_file_and_its_folder_are_for_this_user_only(connection):
    TokenStore(connection).obtain(Accounts().mint, now=lambda: 0.0)
    assert stat.S_IMODE(connection.state_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((connection.state_dir / "tokens.json").stat().st_mode) == 0o600
    content = (connection.state_dir / "tokens.json").read_text()
    assert "planted" not in content
    assert next(iter(json.loads(content).values()))["access_token"] == "t1"


def test_a_token_is_replaced_five_minutes_before_it_ends(connection):
    accounts, store = Accounts(), TokenStore(connection)
    assert store.obtain(accounts.mint, now=lambda: 0.0)[0] == "t1"
    assert store.obtain(accounts.mint, now=lambda: 3299.0)[0] == "t1"
    assert store.obtain(accounts.mint, now=lambda: 3301.0)[0] == "t2"


def test_a_refused_token_is_replaced_unless_another_process_has_done_so(connection):
    accounts = Accounts()
    TokenStore(connection).obtain(accounts.mint, now=lambda: 0.0)
    assert TokenStore(connection).obtain(accounts.mint, now=lambda: 1.0, refused="t1")[0] == "t2"
    assert TokenStore(connection).obtain(accounts.mint, now=lambda: 1.0, refused="t1")[0] == "t2"
    assert len(accounts.asked) == 2


def test_while_the_accounts_server_is_closed_nobody_asks_and_a_living_token_is_used(connection):
    accounts, store = Accounts(), TokenStore(connection)
    store.obtain(accounts.mint, now=lambda: 0.0)
    accounts.closed = True
    assert store.obtain(accounts.mint, now=lambda: 3400.0)[0] == "t1"
    assert store.obtain(accounts.mint, now=lambda: 3401.0)[0] == "t1"
    assert len(accounts.asked) == 2
    with pytest.raises(TokenThrottled, match="Wait 7 minutes"):
        store.obtain(accounts.mint, now=lambda: 3601.0)
    assert len(accounts.asked) == 2


def test_a_clock_that_is_set_back_keeps_nobody_from_asking(connection):
    accounts, store = Accounts(closed=True), TokenStore(connection)
    with pytest.raises(TokenThrottled):
        store.obtain(accounts.mint, now=lambda: 7200.0)
    accounts.closed = False
    assert store.obtain(accounts.mint, now=lambda: 3600.0)[0] == "t2"


def test_a_rotated_refresh_token_is_used_from_then_on(connection):
    accounts, store = Accounts(rotates=True), TokenStore(connection)
    store.obtain(accounts.mint, now=lambda: 0.0)
    store.obtain(accounts.mint, now=lambda: 4000.0)
    assert accounts.asked == ["planted-refresh", "r1"]


def test_two_logins_share_the_file_and_not_the_token(connection):
    accounts = Accounts()
    other = replace(connection, refresh_token="other")
    TokenStore(connection).obtain(accounts.mint, now=lambda: 0.0)
    TokenStore(other).obtain(accounts.mint, now=lambda: 0.0)
    assert TokenStore(connection).obtain(accounts.mint, now=lambda: 1.0)[0] == "t1"
    assert TokenStore(other).obtain(accounts.mint, now=lambda: 1.0)[0] == "t2"


def test_a_damaged_file_is_asked_for_again(connection):
    store = TokenStore(connection)
    (connection.state_dir / "tokens.json").write_text("{half")
    assert store.obtain(Accounts().mint, now=lambda: 0.0)[0] == "t1"


def test_a_folder_that_cannot_be_made_names_the_setting(connection, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings, match="state_dir: cannot be written"):
        TokenStore(replace(connection, state_dir=tmp_path / "file" / "inside"))


KEY = "a key of the tests, long enough for it"


def test_with_a_key_the_file_is_encrypted_and_shared_by_those_who_have_it(connection):
    accounts = Accounts(rotates=True)
    TokenStore(connection, KEY).obtain(accounts.mint, now=lambda: 0.0)
    content = (connection.state_dir / "tokens.json").read_bytes()
    assert content.startswith(b"sealed:")
    assert b"access_token" not in content
    assert KEY.encode() not in content
    assert TokenStore(connection, KEY).obtain(accounts.mint, now=lambda: 1.0)[0] == "t1"
    assert len(accounts.asked) == 1
    assert stat.S_IMODE((connection.state_dir / "tokens.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("other", [None, "another key of the tests, as long as it", KEY])
def test_a_file_that_does_not_open_costs_one_token_and_nothing_else(connection, other):
    accounts = Accounts()
    TokenStore(connection, KEY).obtain(accounts.mint, now=lambda: 0.0)
    if other == KEY:  # the same one, and somebody changed the file
        file = connection.state_dir / "tokens.json"
        file.write_bytes(file.read_bytes()[:-1])
    store = TokenStore(connection, other)
    assert store.obtain(accounts.mint, now=lambda: 1.0)[0] == "t2"
    assert store.obtain(accounts.mint, now=lambda: 2.0)[0] == "t2"


def test_a_plain_file_is_replaced_by_an_encrypted_one_and_its_rotated_refresh_token_is_kept(connection):
    accounts = Accounts(rotates=True)
    TokenStore(connection).obtain(accounts.mint, now=lambda: 0.0)
    assert TokenStore(connection, KEY).obtain(accounts.mint, now=lambda: 1.0)[0] == "t2"
    assert accounts.asked == ["planted-refresh", "r1"]
    assert (connection.state_dir / "tokens.json").read_bytes().startswith(b"sealed:")
