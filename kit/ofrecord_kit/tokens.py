"""Access tokens, one file for all processes: six plugins of one run ask for one token.

`<state_dir>/tokens.json`, mode 0600, holds per login (a hash of client id, refresh token and accounts address) the
access token, its expiry, scopes and data centre, a rotated refresh token where there is one, and until when the accounts
server is closed.
A lock file beside it makes sure that one process asks and the others wait for its answer. With the ledger's key
(OFRECORD_LEDGER_KEY) the file is encrypted. It is a cache: what cannot be opened is asked for again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import msgspec

from ofrecord_kit.cipher import Cipher, NotOpened
from ofrecord_kit.errors import BadSettings, TokenThrottled, VendorBusy, sentence
from ofrecord_kit.oauth import THROTTLE_WINDOW_S, Grant
from ofrecord_kit.settings import Connection

SPARE_S = 300
"""A token with less life than this is replaced before it is used."""

_LOCK_TIMEOUT_S = 120
_MARK = b"sealed:"


class Held(NamedTuple):
    """A token, until when it lives (seconds since the epoch), and what the accounts server said of it ("" if nothing)."""

    token: str
    expires_at: float
    api_domain: str = ""
    scope: str = ""


class _Entry(msgspec.Struct, omit_defaults=True):
    access_token: str = ""
    expires_at: float = 0.0
    refresh_token: str = ""
    closed_until: float = 0.0
    api_domain: str = ""
    scope: str = ""

    @property
    def held(self) -> Held:
        return Held(self.access_token, self.expires_at, self.api_domain, self.scope)


def login_key(connection: Connection) -> str:
    """What identifies a login without giving it away."""
    parts = (connection.accounts_url, connection.client_id, connection.refresh_token)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def make_private_folder(path: Path) -> None:
    """Create `path` for this user only (0700); an existing folder keeps its mode.

    Raises:
        BadSettings: it cannot be created or written.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings([_unwritable(error)]) from error


class TokenStore:
    """The token of one login. `key` encrypts the file; None leaves it to the file's mode to keep it from other eyes."""

    def __init__(self, connection: Connection, key: str | None = None) -> None:
        make_private_folder(connection.state_dir)
        self._path = connection.state_dir / "tokens.json"
        self._key = login_key(connection)
        self._configured = connection.refresh_token
        self._cipher = None if key is None else Cipher(key, purpose=b"tokens", about=b"ofrecord tokens")

    @cached_property
    def _lock(self) -> filelock.BaseFileLock:
        """Seldom needed: while a token serves, it is only read."""
        return filelock.FileLock(f"{self._path}.lock", timeout=_LOCK_TIMEOUT_S, mode=0o600)

    def obtain(self, mint: Callable[[str], Grant], *, now: Callable[[], float], refused: str | None = None) -> Held:
        """The token, from the file or a new one.

        `mint` asks the accounts server with the refresh token given to it; it is called at most once, and only when
        no other process has obtained a token meanwhile. `refused` is a token the vendor has just answered 401 to.

        Raises:
            TokenThrottled: the accounts server is closed for this login.
            VendorBusy: another process holds the lock for two minutes.
            BadSettings: state_dir cannot be written.
        """
        entry = self._read()
        if _serves(entry, refused, now() + SPARE_S):
            return entry.held
        try:
            with self._lock:
                return self._replace(mint, now, refused)
        except filelock.Timeout as error:
            raise VendorBusy(
                sentence(
                    "Another process has been renewing the access token for two minutes",
                    where="state_dir, tokens.json.lock",
                    expected="a token within seconds",
                    remedy="End the process that hangs and run again.",
                )
            ) from error
        except OSError as error:
            raise BadSettings([_unwritable(error)]) from error

    def _replace(self, mint: Callable[[str], Grant], now: Callable[[], float], refused: str | None) -> Held:
        entry = self._read()
        if _serves(entry, refused, now() + SPARE_S):
            return entry.held
        still_alive = _serves(entry, refused, now())
        try:
            if 0 < entry.closed_until - now() <= THROTTLE_WINDOW_S:  # more than that: the clock was set back
                raise _closed(entry.closed_until - now())
            grant = mint(entry.refresh_token or self._configured)
        except TokenThrottled:
            if not 0 < entry.closed_until - now() <= THROTTLE_WINDOW_S:
                entry.closed_until = now() + THROTTLE_WINDOW_S
                self._write(entry)
            if still_alive:
                return entry.held
            raise
        entry = _Entry(
            grant.access_token,
            now() + grant.lifetime_s,
            grant.refresh_token or entry.refresh_token,
            api_domain=grant.api_domain,
            scope=grant.scope,
        )
        self._write(entry)
        return entry.held

    def _all(self) -> dict[str, _Entry]:
        try:
            content = self._path.read_bytes()
            found = msgspec.json.decode(self._opened(content), type=dict[str, _Entry])
        except (FileNotFoundError, NotOpened, msgspec.DecodeError):
            return {}
        if self._cipher is not None and not content.startswith(_MARK):
            for entry in found.values():
                entry.access_token = ""  # from before there was a key: a new one is written sealed, at once
        return found

    def _opened(self, content: bytes) -> bytes:
        if not content.startswith(_MARK):
            return content
        if self._cipher is None:
            raise NotOpened
        return self._cipher.opened(content[len(_MARK) :])

    def _read(self) -> _Entry:
        return self._all().get(self._key, _Entry())

    def _write(self, entry: _Entry) -> None:
        content: dict[str, Any] = {**self._all(), self._key: entry}
        body = msgspec.json.encode(content)
        draft = self._path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body if self._cipher is None else _MARK + self._cipher.closed(body))
        draft.replace(self._path)


def _serves(entry: _Entry, refused: str | None, until: float) -> bool:
    return bool(entry.access_token) and entry.access_token != refused and entry.expires_at > until


def _closed(seconds: float) -> TokenThrottled:
    return TokenThrottled(
        sentence(
            "The accounts server refuses more tokens: more than 10 were asked for within 10 minutes",
            where="accounts_url",
            expected="one token an hour, shared through state_dir",
            remedy=f"Wait {max(1, round(seconds / 60))} minutes and run again; asking sooner keeps the window closed.",
        )
    )


def _unwritable(error: OSError) -> str:
    return f"state_dir: cannot be written ({error.strerror}). Name a folder this user may write to."
