"""Calls to a vendor: one session, one retry policy, tokens, pacing, counting, errors that say what to do.

The retry policy: a call that never left this machine, and one refused for load (429), is always sent again; a call
whose answer was lost or 5xx is sent again only when `repeatable`, otherwise `Doubtful` is raised; a refused token is
renewed once. Waits grow with jitter, the vendor's own `Retry-After` is respected, attempts and total time are bounded.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import msgspec
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from ofrecord_kit import errors, oauth
from ofrecord_kit.answers import Answer, Decoder, decode_body, encode_body, judge, retry_after, time_of
from ofrecord_kit.cipher import KEY_VARIABLE
from ofrecord_kit.errors import Place
from ofrecord_kit.limits import Pace, Tally
from ofrecord_kit.refusals import doubtful, not_reachable, refusal, unusable
from ofrecord_kit.settings import Connection
from ofrecord_kit.tokens import TokenStore
from ofrecord_kit.vendors import CLIENT_ERROR, Reader, Reading, Verdict, crm, finance

__all__ = ["Answer", "Client", "Files", "Params", "RetryPolicy", "encode_body"]

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10.0
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_READERS: dict[str, Reader] = {"crm": crm.read_answer, "inventory": finance.read_answer, "books": finance.read_answer}

Params = Mapping[str, str | int]
Files = Mapping[str, tuple[str, bytes, str]]
"""Form name → file name, content, content type."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long. `first_wait_s` 0 never waits."""

    first_wait_s: float = 2.0
    most_wait_s: float = 60.0
    attempts: int = 6
    total_s: float = 420.0

    def wait_s(self, attempt: int, advised_s: float = 0.0) -> float:
        """Seconds before the attempt after `attempt` (from 1): the vendor's advice, else growing with jitter."""
        if self.first_wait_s == 0:
            return 0.0
        grown = min(self.most_wait_s, self.first_wait_s * 2.0 ** (attempt - 1))
        jitter: float = random.uniform(0.5, 1.0)  # noqa: S311 - spreads waits, guards nothing
        return max(advised_s, grown * jitter)


@dataclass(frozen=True, slots=True)
class _Call:
    place: Place
    url: str
    repeatable: bool
    params: dict[str, str]
    headers: dict[str, str]
    data: bytes | None = field(repr=False)
    files: Files | None = field(repr=False)
    decoder: Decoder | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Heard:
    """An answer, and what it means."""

    answer: Answer
    reading: Reading


@dataclass(frozen=True, slots=True)
class _Lost:
    """No answer. `left` tells whether the request may have reached the vendor."""

    reason: str
    left: bool


class _Login(requests.auth.AuthBase):
    """The token header. Being the session's auth it also keeps a .netrc file from replacing it."""

    def __init__(self) -> None:
        self.token = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Zoho-oauthtoken {self.token}"
        return request


class Client:
    """Calls one system on behalf of one plugin. Keep one for a whole run; close it at the end.

    `run` groups the counted calls (default: the environment variable OFRECORD_RUN, else one of its own).
    """

    def __init__(
        self,
        connection: Connection,
        *,
        system: str,
        plugin: str,
        run: str | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.connection = connection
        self.system = system
        self.plugin = plugin
        self.run = run or os.environ.get("OFRECORD_RUN") or f"{plugin}-{int(time.time())}-{os.getpid()}"
        self._read_answer = _READERS[system]
        self._policy = policy or RetryPolicy(first_wait_s=float(connection.retry_wait_s))
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"ofrecord-{plugin}"
        self._login = _Login()
        self._expires_at = 0.0
        self._answered = False
        self._tokens = TokenStore(connection, os.environ.get(KEY_VARIABLE) or None)
        self._tally = Tally(connection.state_dir, run=self.run, plugin=plugin)
        atexit.register(self._tally.flush)
        paced = system != "crm" and connection.calls_per_minute > 0
        key = f"{connection.api_url} {connection.organization_id}"
        self._pace = Pace(connection.state_dir, key, connection.calls_per_minute) if paced else None

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """End the connections and write the counts."""
        self._session.close()
        self._tally.flush()
        atexit.unregister(self._tally.flush)
        if self._pace:
            self._pace.close()

    def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        decoder: Decoder | None = None,
    ) -> Answer:
        """Read `path` (such as `/crm/v8/Products`). 204 and 304 have `body` None. Errors as `send`."""
        return self.send("GET", path, params=params, headers=headers, decoder=decoder)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        files: Files | None = None,
        repeatable: bool | None = None,
        upload: bool = False,
        decoder: Decoder | None = None,
    ) -> Answer:
        """Call the vendor. `repeatable`: sending twice does what sending once does (default: all but POST).

        `decoder`: what makes the body of an answer that is not refused; `answers.judge` tells what its shape should name.
        `upload`: to the CRM's host for files. A whole address in place of `path` must be one of the vendor's.

        Answers of the CRM with errors of single records in `data[]` are returned, not raised.

        Raises:
            VendorRefusal: the vendor refuses this request; set the record aside.
            Doubtful: the answer to a call that is not repeatable was lost; look the record up.
            VendorBusy: attempts used up, nothing known to be done; run again later.
            Stop: one of its kinds; a person must change something.
        """
        place = Place(self.system, method, re.sub(r"(?<=/)\d+(?=/|$)", "{id}", path))
        texts = {name: str(value) for name, value in (params or {}).items()}
        if path.startswith((finance.INVENTORY, finance.BOOKS)) and not path.endswith("/organizations"):
            texts["organization_id"] = self.connection.organization_id
        known = dict(headers or {})
        data = None
        if json is not None:
            data = encode_body(json)
            known["Content-Type"] = "application/json"
        call = _Call(
            place=place,
            url=crm.address(self.connection.api_url, path, upload=upload),
            repeatable=method in _REPEATABLE if repeatable is None else repeatable,
            params=texts,
            headers=known,
            data=data,
            files=files,
            decoder=decoder,
        )
        return self._persist(call)

    def pause(self, seconds: float) -> None:
        """Wait for a job of the vendor's; not at all where retries do not wait either."""
        time.sleep(seconds if self._policy.first_wait_s else 0)

    def _persist(self, call: _Call) -> Answer:
        """Attempt until an answer counts."""
        started = time.monotonic()
        renewed = False
        attempt = 0
        while True:
            self._ensure_token()
            outcome = self._attempt(call)
            attempt += 1
            if isinstance(outcome, _Lost):
                wait_s = self._after_loss(call, outcome, attempt)
            else:
                answer, reading = outcome.answer, outcome.reading
                if reading.verdict is Verdict.FINE:
                    return answer
                if reading.verdict is Verdict.TOKEN and not renewed:
                    renewed = True
                    self._ensure_token(refused=self._login.token)
                    continue
                wait_s = self._after_answer(call, answer, reading, attempt)
            if attempt >= self._policy.attempts or time.monotonic() - started + wait_s > self._policy.total_s:
                raise self._exhausted(call, outcome, attempt)
            time.sleep(wait_s)

    def _after_loss(self, call: _Call, lost: _Lost, attempt: int) -> float:
        if lost.left and not call.repeatable:
            raise doubtful(call.place, lost.reason)
        never_there = not lost.left and not self._answered
        patience = 2
        if never_there and attempt >= patience:
            raise not_reachable(call.place)
        return self._policy.wait_s(attempt)

    def _after_answer(self, call: _Call, answer: Answer, reading: Reading, attempt: int) -> float:
        if reading.verdict is Verdict.BUSY:
            advised = max(retry_after(answer), reading.wait_s)
            wait_s = self._policy.wait_s(attempt, advised)
            if self._pace and advised and wait_s:
                self._pace.close_until(time.time() + wait_s)
            return wait_s
        if reading.verdict is Verdict.BROKEN:
            if not call.repeatable:
                raise doubtful(call.place, f"status {answer.status}")
            return self._policy.wait_s(attempt, retry_after(answer))
        request_id = answer.headers.get("X-Request-Id")  # UNVERIFIED: the vendor documents no such header
        raise refusal(call.place, reading, answer.status, request_id)

    def _exhausted(self, call: _Call, outcome: _Heard | _Lost, attempts: int) -> errors.Stop | errors.Retry:
        if isinstance(outcome, _Lost) and not outcome.left:
            return not_reachable(call.place)
        reason = outcome.reason if isinstance(outcome, _Lost) else f"status {outcome.answer.status}"
        return unusable(call.place, reason, attempts)

    def _attempt(self, call: _Call) -> _Heard | _Lost:
        """Send once. Effects: network, pacing, counting, one DEBUG line without values."""
        if self._pace and (ahead_s := self._pace.reserve(time.time()) - time.time()) > 0:
            time.sleep(ahead_s)
        started = time.time()
        outcome = self._exchange(call)
        ended = time.time()
        self._tally.count(self.system, started, ended)
        status = outcome.reason if isinstance(outcome, _Lost) else outcome.answer.status
        logger.debug(
            "system=%s method=%s path=%s status=%s ms=%d",
            self.system,
            call.place.method,
            call.place.path,
            status,
            (ended - started) * 1000,
        )
        return outcome

    def _exchange(self, call: _Call) -> _Heard | _Lost:
        try:
            response = self._session.request(
                call.place.method,
                call.url,
                params=call.params,
                data=call.data,
                files=call.files,
                headers=call.headers,
                auth=self._login,
                timeout=(_CONNECT_TIMEOUT_S, self.connection.timeout_s),
                allow_redirects=False,
            )
            decoder = call.decoder if response.status_code < CLIENT_ERROR else None
            kind = response.headers.get("Content-Type", "json")
            body = decode_body(response.content, kind, self._login.token, decoder)
            answer = Answer(response.status_code, body, response.headers, time_of(response.headers))
            reading = judge(answer, response.content, self._read_answer)
        except requests.RequestException as error:
            return _Lost(type(error).__name__, left=not _never_left(error))
        except msgspec.ValidationError:
            return _Lost("of another shape", left=True)
        except msgspec.DecodeError:
            return _Lost("cut short", left=True)
        self._answered = True
        return _Heard(answer, reading)

    def _ensure_token(self, refused: str | None = None) -> None:
        margin_s = 60  # the store replaces tokens earlier; this only spares reading its file for every call
        if refused is None and self._expires_at > time.time() + margin_s:
            return
        self._login.token, self._expires_at = self._tokens.obtain(self._mint, now=time.time, refused=refused)

    def _mint(self, refresh_token: str) -> oauth.Grant:
        """Hold the conversation with the accounts server."""
        talk = oauth.refresh(self.connection, refresh_token)
        reply: oauth.Reply | None = None
        try:
            step = next(talk)
            while True:
                match step:
                    case oauth.Ask():
                        reply = self._post_form(step)
                    case oauth.Wait(seconds):
                        time.sleep(seconds if self._policy.first_wait_s else 0)
                step = talk.send(reply)
        except StopIteration as done:
            grant: oauth.Grant = done.value
            return grant

    def _post_form(self, ask: oauth.Ask) -> oauth.Reply:
        started = time.time()
        try:
            response = self._session.post(
                ask.url,
                data=dict(ask.form),
                timeout=(_CONNECT_TIMEOUT_S, self.connection.timeout_s),
                allow_redirects=False,
            )
            body = decode_body(response.content, response.headers.get("Content-Type", "json"))
        except (requests.RequestException, msgspec.DecodeError) as error:
            logger.debug("system=accounts method=POST status=%s", type(error).__name__)
            return oauth.Reply(0)
        finally:
            self._tally.count("accounts", started, time.time())
        logger.debug("system=accounts method=POST status=%s", response.status_code)
        return oauth.Reply(response.status_code, body if isinstance(body, dict) else {})


def _never_left(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that nothing can have happened."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | ConnectTimeoutError)
