"""The login conversation, tested as plain values."""

from dataclasses import replace

import pytest

from ofrecord_kit import errors, oauth
from ofrecord_kit.settings import Connection

CONNECTION = Connection(
    "https://www.zohoapis.eu", "https://accounts.zoho.eu", "id", "planted-secret", "planted-refresh"
)
THROTTLED = {"error": "Access Denied", "error_description": "too many", "status": "failure"}


def answered(*replies, connection=CONNECTION):
    """What the conversation ends in when the accounts server answers so; waits are skipped."""
    talk = oauth.refresh(connection, "planted-refresh")
    queue = list(replies)
    step = next(talk)
    try:
        while True:
            step = talk.send(queue.pop(0) if isinstance(step, oauth.Ask) else None)
    except StopIteration as done:
        return done.value


def test_a_token_is_recognised_by_its_presence_whatever_the_status():
    assert answered(oauth.Reply(400, {"access_token": "t", "expires_in": 10})).lifetime_s == 10


def test_a_server_that_fails_is_asked_again():
    assert answered(oauth.Reply(503), oauth.Reply(200, {"access_token": "t"})).access_token == "t"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("invalid_client_secret", "Copy client_secret again"),
        ("invalid_client", "accounts_url is the data centre"),
        ("invalid_code", "revoked"),
    ],
)
def test_each_refusal_has_its_own_remedy_whatever_the_status(status, error, words):
    with pytest.raises(errors.LoginRefused, match=words) as refused:
        answered(oauth.Reply(status, {"error": error}))
    assert "planted" not in str(refused.value)


def test_the_throttle_says_how_long_to_wait():
    with pytest.raises(errors.TokenThrottled, match="Wait 10 minutes"):
        answered(oauth.Reply(400, THROTTLED))


def test_silence_is_bounded_and_named():
    with pytest.raises(errors.NotReachable, match="accounts_url"):
        answered(*[oauth.Reply(0)] * 3)
    with pytest.raises(errors.VendorBusy, match="answers 502"):
        answered(*[oauth.Reply(502)] * 3)


def test_secrets_are_in_no_representation():
    assert "planted" not in repr(CONNECTION)
    assert "planted" not in repr(next(oauth.refresh(CONNECTION, "planted-refresh")))


@pytest.mark.parametrize("reply", [oauth.Reply(200, {"error": "invalid_client"}), oauth.Reply(0)])
def test_a_login_that_fails_names_the_accounts_address_that_belongs_to_the_api(reply):
    canada = replace(CONNECTION, api_url="https://www.zohoapis.ca", accounts_url="https://accounts.zoho.ca")
    with pytest.raises((errors.LoginRefused, errors.NotReachable)) as refused:
        answered(*[reply] * 3, connection=canada)
    assert "accounts_url is https://accounts.zohocloud.ca" in str(refused.value)


def test_a_login_refused_at_the_right_address_says_that_the_account_may_live_elsewhere():
    with pytest.raises(errors.LoginRefused, match=r"data centre \.eu; if the account lives in another, correct both"):
        answered(oauth.Reply(200, {"error": "invalid_code"}))


def test_what_the_server_says_of_a_token_is_kept_with_it():
    body = {"access_token": "t", "api_domain": "https://www.zohoapis.in", "scope": "ZohoCRM.org.READ"}
    grant = answered(oauth.Reply(200, body))
    assert (grant.api_domain, grant.scope) == ("https://www.zohoapis.in", "ZohoCRM.org.READ")
    assert answered(oauth.Reply(200, {"access_token": "t"})).scope == ""
