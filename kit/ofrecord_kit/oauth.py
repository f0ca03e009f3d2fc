"""The conversation that turns a refresh token into an access token, without I/O.

`refresh` yields what should be sent or how long to wait, receives what came back, and returns a `Grant`. Who sends,
sleeps and stores is somebody else's business (`http`, `tokens`).

Facts: Zoho Accounts documentation, "Refresh access token". An error comes with status 200 or 400 (UNVERIFIED which),
so the presence of `access_token` and `error` decides, never the status. The throttle is a 400 `Access Denied`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.errors import LoginRefused, NotReachable, Retry, Stop, TokenThrottled, VendorBusy, sentence
from ofrecord_kit.settings import Connection
from ofrecord_kit.vendors.centres import accounts_of, centre_of

THROTTLE_WINDOW_S = 600
"""After ten tokens within this many seconds the accounts server refuses for the rest of them."""

_ATTEMPTS = 3
_LIFETIME_S = 3600


@dataclass(frozen=True, slots=True)
class Ask:
    """Please POST this form. The form holds secrets and is left out of the representation."""

    url: str
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """Please wait this long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `body` is the decoded JSON object, empty when there was none. Status 0: nothing answered."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, its lifetime in seconds, and a new refresh token where the server rotates them.

    `api_domain` is the API address of its data centre, `scope` what it was granted; "" where the server does not say.
    """

    access_token: str = field(repr=False)
    lifetime_s: int
    refresh_token: str | None = field(default=None, repr=False)
    api_domain: str = ""
    scope: str = ""


_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_CHECK = "Check client_id, client_secret, refresh_token and accounts_url, and that the client is not blocked."
_REFUSALS: dict[str, tuple[str, str]] = {
    "invalid_client_secret": (
        "The client secret is refused",
        "Copy client_secret again from the vendor's API console.",
    ),
    "invalid_client": (
        "The client id is unknown in this data centre",
        "Check client_id, and that accounts_url is the data centre where the client is registered (.com, .eu, .in …).",
    ),
    "invalid_code": (
        "The refresh token is refused: revoked, replaced, or issued in another data centre",
        "Grant the client access again and set refresh_token; check that accounts_url is your data centre.",
    ),
}


def refresh(connection: Connection, refresh_token: str) -> Generator[Ask | Wait, Reply | None, Grant]:
    """Ask for an access token.

    Raises:
        LoginRefused: the client, its secret or the refresh token is refused.
        TokenThrottled: ten tokens within ten minutes; wait for the window, asking again keeps it closed.
        NotReachable: nothing answers at the accounts address.
        VendorBusy: the accounts server keeps failing.
    """
    url = f"{connection.accounts_url}/oauth/v2/token"
    form = {
        "grant_type": "refresh_token",
        "client_id": connection.client_id,
        "client_secret": connection.client_secret,
        "refresh_token": refresh_token,
    }
    reply = Reply(0)
    for attempt in range(1, _ATTEMPTS + 1):
        reply = (yield Ask(url, form)) or Reply(0)
        if reply.body.get("access_token"):
            return _grant(reply.body)
        if reply.body.get("error"):
            raise _refusal(reply.body, connection)
        if attempt < _ATTEMPTS:
            yield Wait(2.0 ** (attempt - 1))
    raise _silence(reply, connection)


def _grant(body: Mapping[str, Any]) -> Grant:
    return Grant(
        access_token=str(body["access_token"]),
        lifetime_s=int(body.get("expires_in", _LIFETIME_S)),
        refresh_token=body.get("refresh_token"),
        api_domain=str(body.get("api_domain") or ""),
        scope=str(body.get("scope") or ""),
    )


def _refusal(body: Mapping[str, Any], connection: Connection) -> Stop | Retry:
    error = str(body["error"])
    if error == "Access Denied":
        return TokenThrottled(
            sentence(
                "The accounts server refuses more tokens: more than 10 were asked for within 10 minutes",
                where="accounts_url",
                expected="one token an hour, shared through state_dir",
                remedy="Wait 10 minutes and run again; asking sooner keeps the window closed. "
                "Give all plugins the same state_dir.",
            )
        )
    word = f' ("{error}")' if _CODE.fullmatch(error) else ""  # anything else may repeat what was sent
    what, remedy = _REFUSALS.get(error, (f"The accounts server refuses the login{word}", _CHECK))
    return LoginRefused(
        sentence(what, where="accounts_url", expected="an access token", remedy=f"{remedy}{_region(connection)}")
    )


def _region(connection: Connection) -> str:
    """Which accounts address belongs to the API address: both may be the wrong data centre's, or one of none."""
    centre = centre_of(connection.api_url)
    right = accounts_of(centre)
    if right is None:
        return ""
    if connection.accounts_url == right:
        return (
            f" api_url and accounts_url name the data centre .{centre}; if the account lives in another, "
            "correct both (Europe, for instance, has https://www.zohoapis.eu and https://accounts.zoho.eu)."
        )
    return f" api_url names the data centre .{centre}: its accounts_url is {right}."


def _silence(reply: Reply, connection: Connection) -> Stop | Retry:
    if reply.status == 0:
        return NotReachable(
            sentence(
                "Nothing answers at the accounts address",
                where="accounts_url",
                expected="an accounts server",
                remedy="Check accounts_url and the network; for the sandbox, start it with `make sandbox`."
                f"{_region(connection)}",
            )
        )
    return VendorBusy(
        sentence(
            f"The accounts server answers {reply.status} without a token",
            where="accounts_url",
            expected="an access token",
            remedy="Check that accounts_url is an accounts server; if it is, run again later.",
        )
    )
