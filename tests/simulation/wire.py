"""HTTP without sockets: a prepared request is handed to the sandbox in this process, and what may go wrong on the way goes wrong.

Every exchange passes a `Gate`, as does every transaction of the ledger: there a plugin can be killed, and there people edit
while a job runs.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from simulation.clockwork import Clock, Death
from urllib3.exceptions import MaxRetryError, NewConnectionError

from ofrecord_kit.ledger import Ledger, Writing
from ofrecord_kit.tap.known import Known
from ofrecord_sandbox import pipeline
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import Fault, World

MISHAPS = {
    "lost before": "the call never arrived, its answer was waited for in vain",
    "lost after": "the call was carried out, its answer was lost",
    "cut": "the answer broke off in the middle",
    "cut after": "the line broke when the answer had begun",
    "500": "the vendor answered 500 and did nothing",
    "500 after": "the vendor answered 500 and had done it",
    "429": "the vendor refused for load",
    "no connection": "no connection could be made",
    "token": "the access token was revoked",
    "slow": "the answer took 40 seconds",
    "late": "the call arrived a few calls later, when nobody waited for it any more",
    "404": "the vendor answered that there is no such thing, and there is",
}
_FAULTS = {
    "lost before": Fault("drop_before"),
    "lost after": Fault("drop_after_commit"),
    "cut": Fault("truncate"),
    "500": Fault("status", status=500),
    "500 after": Fault("status", status=500, after_commit=True),
    "429": Fault("status", status=429),
    "token": Fault("revoke_token"),
}


@dataclass
class Gate:
    """Counts what a plugin does to the world outside it. `die_at`: the boundary (from 1) at which it dies; 0 never."""

    die_at: int = 0
    passed: int = 0
    calls: int = 0
    dead: bool = False
    at_call: Callable[[int], None] | None = None
    """Told the number of each call of the plugin before it is sent: people edit here."""

    def begin(self, die_at: int = 0) -> None:
        """Another plugin starts."""
        self.die_at, self.passed, self.calls, self.dead = die_at, 0, 0, False

    def pass_by(self) -> None:
        """A boundary. Raises Death, and from then on whatever is tried on the way out."""
        self.passed += 1
        if self.dead or self.passed == self.die_at:
            self.dead = True
            raise Death


@dataclass
class Line:
    """The line between the plugins and the vendors: what happens to which call of the plugin that runs."""

    world: World
    clock: Clock
    gate: Gate
    latency_s: float = 0.1
    skew_s: dict[str, float] = field(default_factory=dict)
    """By vendor, what its clock shows more than ours."""
    mishaps: dict[int, str] = field(default_factory=dict)
    """By number of the call of this plugin."""
    happened: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    """The same, how often each kind."""
    late: list[tuple[int, Request]] = field(default_factory=list)
    """Calls under way that nobody waits for, and how many others go before them."""

    def exchange(self, prepared: requests.PreparedRequest) -> requests.Response:
        """One call. Raises `requests.RequestException`s as a real line does."""
        self.gate.pass_by()
        self.gate.calls += 1
        if self.gate.at_call is not None:
            self.gate.at_call(self.gate.calls)
        mishap = self.mishaps.pop(self.gate.calls, "")
        request = request_of(prepared)
        if mishap:
            self.counted[mishap] += 1
            self.happened.append(f"{request.method} {request.path}: {MISHAPS[mishap]}")
        self.clock.move(self.latency_s + (40 if mishap == "slow" else 0))
        if mishap == "no connection":
            raise requests.ConnectionError(MaxRetryError(None, "", NewConnectionError(None, "refused")))  # type: ignore[arg-type]
        if mishap == "late":
            self.late.append((2, request))
            self.clock.move(60)
            raise requests.ReadTimeout
        response = _not_there(request) if mishap == "404" else self.answer(request, mishap)
        self._deliver_late()
        self.gate.pass_by()
        if response.drop:
            self.clock.move(60 if mishap == "lost before" else 1)
            raise requests.ReadTimeout if mishap == "lost before" else requests.ConnectionError("reset")
        if mishap == "cut after":
            raise requests.exceptions.ChunkedEncodingError
        return response_of(prepared, response)

    def answer(self, request: Request, mishap: str = "") -> Response:
        """What the vendor answers, on its own clock."""
        skew = self.skew_s.get(pipeline.system_of(request.path), 0.0)
        fault = _FAULTS.get(mishap)
        self.world.faults[:] = [] if fault is None else [Fault(**{**vars(fault), "seen": 0})]
        with self.world.clock.at(self.clock.now + timedelta(seconds=skew)):
            response = pipeline.handle(self.world, request)
            response.headers = {**response.headers, "date": f"{self.world.clock.now():%a, %d %b %Y %H:%M:%S GMT}"}
        self.world.faults.clear()
        return response

    def _deliver_late(self) -> None:
        arrived = [request for wait, request in self.late if wait <= 0]
        self.late = [(wait - 1, request) for wait, request in self.late if wait > 0]
        for request in arrived:
            self.answer(request)


def _not_there(request: Request) -> Response:
    """In each vendor's own words, as those of a replica that has not heard of a record yet."""
    if pipeline.system_of(request.path) == "crm":
        said = {"code": "INVALID_DATA", "details": {}, "message": "the related id given seems to be invalid"}
        return Response(404, {**said, "status": "error"})
    return Response(404, {"code": 1002, "message": "It does not exist."})


class _Adapter(BaseAdapter):
    """Takes the place of the network."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        return self.line.exchange(request)

    def close(self) -> None:
        """Nothing is open."""


def request_of(prepared: requests.PreparedRequest) -> Request:
    """What a server would read of it."""
    parts = urlsplit(str(prepared.url))
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    body = prepared.body or b""
    request = Request(
        method=str(prepared.method),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
    )
    kind = headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        request.form.update(parse_qsl(request.body.decode(), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        _take_parts(request, kind)
    return request


def _take_parts(request: Request, kind: str) -> None:
    """Fields and files of a form, as a server takes them apart."""
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body, policy=HTTP)
    for part in whole.iter_parts():
        said = part["Content-Disposition"].params
        content = part.get_payload(decode=True)
        if "filename" in said:
            request.files[said["name"]] = (said["filename"], content)
        else:
            request.form[said["name"]] = content.decode()


def response_of(prepared: requests.PreparedRequest, answer: Response) -> requests.Response:
    """What `requests` makes of an answer."""
    found = requests.Response()
    found.status_code = answer.status
    found.request, found.url = prepared, str(prepared.url)
    kind = {"Content-Type": "application/json;charset=utf-8"} if answer.content is not None else {}
    found.headers = CaseInsensitiveDict({**kind, **answer.headers})
    found._content, found._content_consumed = answer.encoded(), True
    found.raw = io.BytesIO()
    return found


@contextmanager
def connected(line: Line) -> Iterator[None]:
    """Within the block every session of `requests` talks through this line, and transactions pass its gate."""
    adapter, gate = _Adapter(line), line.gate
    writing, confirm = Ledger.writing, Known.confirm

    @contextmanager
    def write_or_die(self: Ledger, at: Any) -> Iterator[Writing]:
        gate.pass_by()
        with writing(self, at) as ledger:
            yield ledger
        gate.pass_by()

    def confirm_or_die(self: Known) -> dict[str, Any]:
        gate.pass_by()
        mark = confirm(self)
        gate.pass_by()
        return mark

    with ExitStack() as undo:
        undo.enter_context(patch.object(requests.Session, "get_adapter", lambda _self, url: adapter))
        undo.enter_context(patch.object(Ledger, "writing", write_or_die))
        undo.enter_context(patch.object(Known, "confirm", confirm_or_die))
        yield
