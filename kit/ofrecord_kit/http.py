"""Calls to a vendor: one session, one retry policy, tokens, pacing, counting, errors that say what to do.

The retry policy: a call that never left this machine, and one refused for load (429), is always sent again; a call
whose answer was lost or 5xx is sent again only when `repeatable`, otherwise `Doubtful` is raised; a refused token is
renewed once. Waits grow with jitter, the vendor's own `Retry-After` is respected, attempts and total time are bounded.

Before a call goes it takes its part of the organisation's budget and one of the slots for calls under way (`budget`).
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec
import requests

from ofrecord_kit import errors, exchange, oauth
from ofrecord_kit.answers import (
    MOST_ADVISED_S,
    Answer,
    Decoder,
    day_begins,
    decode_body,
    encode_body,
    judge,
    retry_after,
    time_of,
)
from ofrecord_kit.budget import PATIENCE_S, SLICE_S, Budget, DaySpent, Terms
from ofrecord_kit.errors import Place
from ofrecord_kit.exchange import Files, Heard, Into, Lost, Params, Request, RetryPolicy, TokenHeader, never_left
from ofrecord_kit.limits import Tally
from ofrecord_kit.lines import UNREADABLE
from ofrecord_kit.login import Login
from ofrecord_kit.refusals import TOO_LARGE, day_over, day_spent, doubtful, not_reachable, refusal, unusable
from ofrecord_kit.settings import Connection
from ofrecord_kit.surroundings import Known, Session
from ofrecord_kit.vendors import CLIENT_ERROR, Reader, Reading, Verdict, crm, crm_credits, finance

__all__ = ["Answer", "Client", "Files", "Params", "RetryPolicy", "encode_body"]

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10.0
_SLOT_WAIT_S = 0.002
_CHUNK = 1 << 18
_SLOT_WAIT_MOST_S = 0.05
MEASURED = 3
"""Answers whose time is kept; the fastest tells how long one takes, since the first also makes the connection."""
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_READERS: dict[str, Reader] = {"crm": crm.read_answer, "inventory": finance.read_answer, "books": finance.read_answer}


class Client:
    """Calls one system on behalf of one plugin. Keep one for a whole run; close it at the end. Safe for threads.

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
        self._sessions: deque[requests.Session] = deque()
        self._around: Known = {}
        self._login = Login(connection, self._post_form, self._rest)
        self._answered = False
        self._patience_s = PATIENCE_S
        self._has_waited = False
        self.took_s: deque[float] = deque(maxlen=MEASURED)
        """How long the last answers took to come."""
        self._tally = Tally(connection.state_dir, run=self.run, plugin=plugin)
        finance_minute = 0 if system == "crm" else connection.calls_per_minute
        terms = Terms(finance_minute, connection.calls_per_day, connection.calls_at_once, connection.reserve)
        key = connection.budget_key(system)
        self.budget = Budget(key, terms, state_dir=connection.state_dir, url=connection.budget)
        atexit.register(self._flush)

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """End the connections and write the counts."""
        while self._sessions:
            self._sessions.pop().close()
        atexit.unregister(self._flush)
        self._tally.flush()
        self.budget.close(time.time())

    def _flush(self) -> None:
        """At the end of a program that was stopped."""
        self._tally.flush()
        if self.connection.state_dir.exists():
            self.budget.flush(time.time())

    def scopes(self) -> frozenset[str] | None:
        """What the token was granted, or None where the accounts server does not say."""
        said = self._login.held().scope
        return frozenset(re.split(r"[\s,]+", said.strip())) if said.strip() else None

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

    def download(self, path: str, file: BinaryIO, *, most: int) -> Answer:
        """Write what is at `path` to `file`, a part at a time, and go back to its beginning. Errors as `send`.

        An answer in JSON is its `body` and leaves the file empty; more than `most` bytes are refused.
        """
        return self.send("GET", path, headers={"Accept-Encoding": "identity"}, into=Into(file, most))

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
        stop: threading.Event | None = None,
        into: Into | None = None,
    ) -> Answer:
        """Call the vendor. `repeatable`: sending twice does what sending once does (default: all but POST).

        `decoder`: what makes the body of an answer that is not refused; `answers.judge` tells what its shape should name.
        `stop`: set by another thread that no longer wants the answer; then waits end at once, with `VendorBusy`.
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
        call = Request(
            place=place,
            url=crm.address(self.connection.api_url, path, upload=upload),
            repeatable=method in _REPEATABLE if repeatable is None else repeatable,
            params=texts,
            headers=known,
            data=data,
            files=files,
            decoder=decoder,
            weight=1 if self.system != "crm" else crm_credits.cost(method, path, texts, json),
            stop=stop,
            into=into,
        )
        return self._persist(call)

    def pause(self, seconds: float) -> None:
        """Wait for a job of the vendor's; not at all where retries do not wait either."""
        self._rest(seconds)

    def _rest(self, seconds: float) -> None:
        time.sleep(seconds if self._policy.first_wait_s else 0)

    def _persist(self, call: Request) -> Answer:
        """Attempt until an answer counts."""
        started = time.monotonic()
        renewed = False
        attempt = 0
        while True:
            token = self._login.token()
            outcome = self._attempt(call, token)
            attempt += 1
            if isinstance(outcome, Lost):
                wait_s = self._after_loss(call, outcome, attempt)
            else:
                answer, reading = outcome.answer, outcome.reading
                if reading.verdict is Verdict.FINE:
                    return answer
                if reading.verdict is Verdict.TOKEN and not renewed:
                    renewed = True
                    self._login.token(refused=token)
                    continue
                wait_s = self._after_answer(call, answer, reading, attempt)
            if attempt >= self._policy.attempts or time.monotonic() - started + wait_s > self._policy.total_s:
                raise self._exhausted(call, outcome, attempt)
            call.wait(wait_s)

    def _after_loss(self, call: Request, lost: Lost, attempt: int) -> float:
        if lost.left and not call.repeatable:
            raise doubtful(call.place, lost.reason)
        never_there = not lost.left and not self._answered
        patience = 2
        if never_there and attempt >= patience:
            raise not_reachable(call.place)
        return self._policy.wait_s(attempt)

    def _after_answer(self, call: Request, answer: Answer, reading: Reading, attempt: int) -> float:
        if reading.verdict is Verdict.BUSY:
            advised = min(MOST_ADVISED_S, retry_after(answer) or reading.wait_s)
            wait_s = self._policy.wait_s(attempt, advised)
            if advised and wait_s:
                self.budget.close_until(time.time() + wait_s)
            if reading.crowded:
                self.budget.shrink(time.time())
            return wait_s
        if reading.verdict is Verdict.BROKEN:
            if not call.repeatable:
                raise doubtful(call.place, f"status {answer.status}")
            return self._policy.wait_s(attempt, retry_after(answer))
        if reading.verdict is Verdict.DAY_SPENT:
            raise day_over(call.place, day_begins(answer))
        if reading.verdict is Verdict.TOKEN and (elsewhere := self._login.foreign()):
            raise elsewhere
        request_id = answer.headers.get("X-Request-Id")  # UNVERIFIED: the vendor documents no such header
        raise refusal(call.place, reading, answer.status, request_id)

    def _exhausted(self, call: Request, outcome: Heard | Lost, attempts: int) -> errors.Stop | errors.Retry:
        if isinstance(outcome, Lost) and not outcome.left:
            return not_reachable(call.place)
        reason = outcome.reason if isinstance(outcome, Lost) else f"status {outcome.answer.status}"
        return unusable(call.place, reason, attempts)

    def _attempt(self, call: Request, token: str) -> Heard | Lost:
        """Send once. Effects: network, the budget, counting, one DEBUG line without values."""
        self._take_part(call)
        slot = self._take_slot(call)
        try:
            started = time.time()
            outcome = self._exchange(call, token)
        finally:
            self.budget.free(slot)
        ended = time.time()
        self._tally.count(self.system, started, ended, call.weight)
        status = outcome.reason if isinstance(outcome, Lost) else outcome.answer.status
        logger.debug(
            "system=%s method=%s path=%s status=%s ms=%d",
            self.system,
            call.place.method,
            call.place.path,
            status,
            (ended - started) * 1000,
        )
        return outcome

    def _take_part(self, call: Request) -> None:
        while True:
            try:
                at = self.budget.admit(call.weight, time.time())
                break
            except DaySpent as found:
                self._await_room(call, found)
        if (wait_s := at - time.time()) > 0:
            call.wait(wait_s)

    def _await_room(self, call: Request, found: DaySpent) -> None:
        """Wait until the day has room again, where that is soon; said in one line of the log."""
        wait_s = found.again.timestamp() - time.time() + 1 if found.again else PATIENCE_S
        if wait_s > self._patience_s or not self._policy.first_wait_s:
            raise day_spent(call.place, found) from None
        if not self._has_waited:
            self._has_waited = True
            logger.warning("%s Waiting for it.", day_spent(call.place, found))
        if wait_s > 2 * SLICE_S:  # room that comes back minute by minute is used as it comes
            self._patience_s -= wait_s
        call.wait(wait_s)

    def _take_slot(self, call: Request) -> int:
        """Ask again until there is one, at first soon; a slot is held for the time of one call."""
        wait_s = _SLOT_WAIT_S
        while (slot := self.budget.slot()) is None:
            call.wait(wait_s)
            wait_s = min(_SLOT_WAIT_MOST_S, wait_s * 1.5)
        return slot

    def _exchange(self, call: Request, token: str) -> Heard | Lost:
        session = self._session()
        started = time.perf_counter()
        try:
            with session.request(
                call.place.method,
                call.url,
                params=call.params,
                data=call.data,
                files=call.files,
                headers=call.headers,
                auth=TokenHeader(token),
                timeout=(_CONNECT_TIMEOUT_S, self.connection.timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                heard = self._heard(call, token, response, started)
        except requests.RequestException as error:
            return Lost(type(error).__name__, left=not never_left(error))
        except msgspec.ValidationError:
            return Lost("of another shape", left=True)
        except msgspec.DecodeError:
            return Lost("cut short", left=True)
        except exchange.Endless as error:
            return Lost(str(error), left=True)
        except UNREADABLE:
            return Lost("no JSON that can be read", left=True)
        finally:
            self._sessions.append(session)
        self._answered = True
        self.took_s.append(heard.answer.took_s)
        return heard

    def _heard(self, call: Request, token: str, response: requests.Response, started: float) -> Heard:
        """What an answer says; a file goes where the call wants it."""
        kind = response.headers.get("Content-Type", "json")
        at, took_s = time_of(response.headers), time.perf_counter() - started
        if call.into and response.status_code < CLIENT_ERROR and "json" not in kind:
            answer = Answer(response.status_code, None, response.headers, at, took_s)
            fits = call.into.take(response.iter_content(_CHUNK))
            return Heard(answer, judge(answer, b"", self._read_answer) if fits else TOO_LARGE)
        decoder = call.decoder if response.status_code < CLIENT_ERROR else None
        content = exchange.content_of(response, started)
        took_s = time.perf_counter() - started
        answer = Answer(response.status_code, decode_body(content, kind, token, decoder), response.headers, at, took_s)
        return Heard(answer, judge(answer, content, self._read_answer))

    def _session(self) -> requests.Session:
        """One that nobody uses at the moment, with its connection; a thread keeps it for one call."""
        try:
            return self._sessions.pop()
        except IndexError:
            made = Session(self._around)
            made.headers["User-Agent"] = f"ofrecord-{self.plugin}"
            return made

    def _post_form(self, ask: oauth.Ask) -> oauth.Reply:
        started = time.time()
        session = self._session()
        try:
            response = session.post(
                ask.url,
                data=dict(ask.form),
                timeout=(_CONNECT_TIMEOUT_S, self.connection.timeout_s),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = exchange.content_of(response, time.perf_counter())
            body = decode_body(content, response.headers.get("Content-Type", "json"))
        except (requests.RequestException, exchange.Endless, *UNREADABLE) as error:
            logger.debug("system=accounts method=POST status=%s", type(error).__name__)
            return oauth.Reply(0)
        finally:
            self._sessions.append(session)
            self._tally.count("accounts", started, time.time())
        logger.debug("system=accounts method=POST status=%s", response.status_code)
        return oauth.Reply(response.status_code, body if isinstance(body, dict) else {})
