"""The access token of one program: fetched from the cache or the accounts server, kept while it lives, safe for threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from ofrecord_kit import errors, oauth
from ofrecord_kit.cipher import KEY_VARIABLE
from ofrecord_kit.refusals import other_centre
from ofrecord_kit.settings import Connection
from ofrecord_kit.tokens import Held, TokenStore
from ofrecord_kit.vendors.centres import centre_of, is_api

_MARGIN_S = 60
"""The store replaces tokens earlier; this only spares reading its file for every call."""


class Login:
    """`post` sends a form to the accounts server, `rest` waits; both are the client's."""

    def __init__(
        self, connection: Connection, post: Callable[[oauth.Ask], oauth.Reply], rest: Callable[[float], None]
    ) -> None:
        self._connection = connection
        self._post = post
        self._rest = rest
        self._store = TokenStore(connection, os.environ.get(KEY_VARIABLE) or None)
        self._lock = threading.Lock()
        self._held = Held("", 0.0)

    def token(self, refused: str | None = None) -> str:
        """The token to use now. `refused` is one the vendor has just refused; it is replaced, once for all threads.

        Raises:
            WrongDataCentre: the token is of another data centre than the API address.
            Stop, Retry: one of `oauth.refresh`.
        """
        return self.held(refused).token

    def held(self, refused: str | None = None) -> Held:
        """The same, with what the accounts server said of it. Errors as `token`."""
        with self._lock:
            if self._held.token in {"", refused} or self._held.expires_at <= time.time() + _MARGIN_S:
                held = self._store.obtain(self._mint, now=time.time, refused=refused)
                elsewhere = self._issued_elsewhere(held)
                if elsewhere and centre_of(self._connection.api_url):
                    raise elsewhere
                self._held = held
            return self._held

    def foreign(self) -> errors.WrongDataCentre | None:
        """What to say when the vendor refuses a token that is new: where it was issued, if that is known to be elsewhere."""
        return self._issued_elsewhere(self._held)

    def _issued_elsewhere(self, held: Held) -> errors.WrongDataCentre | None:
        centre = centre_of(held.api_domain)
        if not is_api(held.api_domain) or centre is None or centre == centre_of(self._connection.api_url):
            return None
        return other_centre(centre, self._connection.api_url)

    def _mint(self, refresh_token: str) -> oauth.Grant:
        """Hold the conversation with the accounts server."""
        talk = oauth.refresh(self._connection, refresh_token)
        reply: oauth.Reply | None = None
        try:
            step = next(talk)
            while True:
                match step:
                    case oauth.Ask():
                        reply = self._post(step)
                    case oauth.Wait(seconds):
                        self._rest(seconds)
                step = talk.send(reply)
        except StopIteration as done:
            grant: oauth.Grant = done.value
            return grant
