"""The accounts server: refresh tokens, access tokens, scopes. Source: Zoho Accounts docs, "Refresh access token".

Kept in the store: `oauth/clients` (id -> secret), `oauth/refresh` (refresh token -> client, scopes, domain), `oauth/access`
(access token -> refresh token, expiry) and `oauth/mints` (refresh token -> moments of issue).
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import Any

from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the sandbox's documented, made-up credential
REFRESH_TOKEN = "1000.sandbox.refresh"  # noqa: S105 - the sandbox's documented, made-up credential
ORGANIZATION_ID = "700001"

LIFETIME_S = 3600
WINDOW_S = 600
ALL_SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.READ",
    "ZohoCRM.org.READ",
    "ZohoCRM.coql.READ",
    "ZohoCRM.bulk.ALL",
    "ZohoSearch.securesearch.READ",
    "ZohoFiles.files.ALL",
    "ZohoInventory.FullAccess.all",
    "ZohoBooks.fullaccess.all",
)

THROTTLED = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: the refresh token behind the access token, and what it may do."""

    refresh_token: str
    scopes: frozenset[str]
    """Lower case, such as `zohocrm.modules.all`."""

    def may(self, scope: str) -> bool:
        """Whether `Service.group[.name].OPERATION` is covered, directly or by an ALL / full access scope."""
        wanted = scope.lower()
        parts = wanted.split(".")
        service, operation = parts[0], parts[-1]
        covering = {wanted, f"{service}.fullaccess.all"}
        for length in range(2, len(parts)):
            stem = ".".join(parts[:length])
            covering |= {f"{stem}.{operation}", f"{stem}.all"}
            if operation in {"create", "update", "delete"} and service == "zohocrm":
                covering.add(f"{stem}.write")
        return not covering.isdisjoint(self.scopes)


INTERNAL = Caller("", frozenset(scope.lower() for scope in ALL_SCOPES))


def install(world: World) -> None:
    """Register the one client that works out of the box."""
    world.store.table("oauth/clients").put(CLIENT_ID, {"secret": CLIENT_SECRET})
    add_refresh_token(world, REFRESH_TOKEN, list(ALL_SCOPES))


def add_refresh_token(world: World, token: str, scopes: list[str], domain: str = "") -> None:
    """Let `token` be refreshed by the built-in client; a `domain` other than "" makes its access tokens foreign."""
    world.store.table("oauth/refresh").put(token, {"client": CLIENT_ID, "scopes": scopes, "domain": domain})


def check(world: World, request: Request) -> Caller | None:
    """Who sends this request; None when its access token is missing, unknown, expired, revoked or of another data centre.

    `Zoho-oauthtoken` is the documented form, `Bearer` works too. Sets `request.caller`.
    """
    if request.internal:
        return INTERNAL
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"zoho-oauthtoken", "bearer"}:
        return None
    access = world.store.table("oauth/access").get(token.strip())
    if access is None or access["expires"] <= world.clock.now().timestamp():
        return None
    grant = world.store.table("oauth/refresh").get(access["refresh"])
    if grant is None or grant["domain"]:
        return None
    request.caller = access["refresh"]
    return Caller(access["refresh"], frozenset(scope.lower() for scope in grant["scopes"]))


def revoke_access_tokens(world: World, token: str = "") -> int:
    """Make access tokens worthless: the one given, or all of them. Returns how many there were."""
    table = world.store.table("oauth/access")
    doomed = [key for key in table.rows if token in {"", key}]
    for key in doomed:
        table.remove(key)
    return len(doomed)


def register(world: World) -> None:
    """Hang the accounts server's paths on the router."""
    for method in ("POST", "GET", "PUT", "DELETE"):
        world.router.add(method, "/oauth/v2/token", _token)
    world.router.add("POST", "/oauth/v2/token/revoke", _revoke)
    world.router.add("POST", "/oauth/v2/revoke/token", _revoke)


def _given(request: Request) -> dict[str, str]:
    given = {**request.query, **request.form}
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return given
        given.setdefault("client_id", client)
        given.setdefault("client_secret", secret)
    return given


def _refused(world: World, error: str) -> Response:
    """Status 200 unless switched to 400: clients must look at `error`, not at the status."""
    return Response(int(_switches(world).get("error_status", 200)), {"error": error})


def _token(world: World, request: Request) -> Response:
    given = _given(request)
    if request.method != "POST" or "grant_type" not in given:
        return Response(400, {"error": "invalid_request"})
    client = world.store.table("oauth/clients").get(given.get("client_id", ""))
    if client is None:
        return _refused(world, "invalid_client")
    if client["secret"] != given.get("client_secret"):
        return _refused(world, "invalid_client_secret")
    if given["grant_type"] != "refresh_token":
        return _refused(world, "invalid_code" if given["grant_type"] == "authorization_code" else "general_error")
    refresh = given.get("refresh_token", "")
    grant = world.store.table("oauth/refresh").get(refresh)
    if grant is None or grant["client"] != given["client_id"]:
        return _refused(world, "invalid_code")
    return _mint(world, refresh, grant["domain"])


def _mint(world: World, refresh: str, domain: str) -> Response:
    now = world.clock.now().timestamp()
    mints = world.store.table("oauth/mints")
    recent = [at for at in (mints.get(refresh) or {"at": []})["at"] if now - WINDOW_S < at <= now]
    allowed = world.limits.tokens_per_10_minutes
    if allowed and len(recent) >= allowed:
        return Response(400, THROTTLED)
    mints.put(refresh, {"at": [*recent, now]})
    token = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
    world.store.table("oauth/access").put(token, {"refresh": refresh, "expires": now + LIFETIME_S})
    answer = {
        "access_token": token,
        "api_domain": domain or world.base_url,
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
    }
    if _switches(world).get("tell_scope"):
        answer["scope"] = " ".join((world.store.table("oauth/refresh").get(refresh) or {"scopes": []})["scopes"])
    return Response(200, answer)


def set_switches(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """`error_status` (200 or 400): with which status a login is refused; `tell_scope`: whether a token comes with its scopes.

    The vendor's answers carry `scope` sometimes, when is not documented: off, until it is switched on.
    """
    switches = {"error_status": int(given.get("error_status", 200)), "tell_scope": bool(given.get("tell_scope", False))}
    world.store.table("sandbox/switches").put("oauth", switches)
    return switches


def _switches(world: World) -> dict[str, Any]:
    return dict(world.store.table("sandbox/switches").get("oauth") or {})


def _revoke(world: World, request: Request) -> Response:
    """Revokes a refresh token (its access tokens die with it) or one access token. Success body UNVERIFIED."""
    token = _given(request).get("token", "")
    if world.store.table("oauth/refresh").remove(token) is not None:
        return Response(200, {"status": "success"})
    if token and revoke_access_tokens(world, token):
        return Response(200, {"status": "success"})
    return _refused(world, "invalid_code")
