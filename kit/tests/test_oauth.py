"""The login conversation, tested as plain values."""

import pytest

from ofrecord_kit import errors, oauth
from ofrecord_kit.settings import Connection

CONNECTION = Connection(
    "https://www.zohoapis.eu", "https://accounts.zoho.eu", "id", "planted-secret", "planted-refresh"
)
THROTTLED = {"error": "Access Denied", "error_description": "too many", "status": "failure"}


def answered(*replies):
    """What the conversation ends in when the accounts server answers so; waits are skipped."""
    talk = oauth.refresh(CONNECTION, "planted-refresh")
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
