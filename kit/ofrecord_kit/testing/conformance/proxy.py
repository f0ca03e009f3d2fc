"""A reverse proxy on loopback that stands between a target and any HTTP server, counts the calls and does harm on request."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "host",
})  # fmt: skip
"""Headers between two ends of one connection (RFC 9110, 7.6.1), and those the proxy writes itself."""
_LONGEST_HOLD_S = 60.0
_NO_BODY = frozenset({204, 304})

Does = Literal["refuse", "lose", "drop", "cut", "hold", "call"]


@dataclass
class Call:
    """One call the target made. Times are of the monotonic clock."""

    method: str
    path: str
    write: bool
    login: bool
    at: float
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    harmed: bool = False
    done: float | None = None


@dataclass
class Fault:
    """What happens to the next calls that write.

    `refuse`: nothing is done, the answer is `status` · `lose`: done, but the answer is `status` · `drop`: done, and the
    connection is cut · `cut`: done, and half of the answer arrives · `hold`: the call waits for `release` ·
    `call`: done, then `then` is called and the connection is cut.
    """

    do: Does
    times: int = 1
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    says: Callable[[Call], bytes] = lambda _call: b'{"message": "the suite breaks this call"}'
    then: Callable[[], None] = lambda: None
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Proxy:
    """The calls since the last `clear`, and the faults that are still to happen."""

    def __init__(self, server: str, is_write: Callable[[str, str], bool], is_login: Callable[[str], bool]) -> None:
        self._server = urlsplit(server)
        self._is_write, self._is_login = is_write, is_login
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.tokens: set[str] = set()
        """Whatever the target ever showed as its right to call."""
        self._faults: list[Fault] = []
        self.url = ""

    def clear(self) -> None:
        """Forget calls and faults; calls that are held go on."""
        with self._lock:
            for fault in self._faults:
                fault.release.set()
            self.calls, self._faults = [], []

    def harm(self, fault: Fault) -> Fault:
        """Let this happen next, after the faults asked for before."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def writes(self) -> list[Call]:
        """The calls that change something."""
        return [call for call in self.calls if call.write]

    def about_records(self) -> list[Call]:
        """All calls but those about access."""
        return [call for call in self.calls if not call.login]

    def is_quiet(self, seconds: float) -> bool:
        """No call is under way, and the last one ended that long ago."""
        now = time.monotonic()
        return all(call.done is not None and now - call.done >= seconds for call in self.calls)

    def meet(self, call: Call) -> Fault | None:
        """Note a call; the fault that happens to it."""
        with self._lock:
            self.calls.append(call)
            self.tokens.update(_tokens(call.headers))
            fault = next((one for one in self._faults if one.times > 0), None) if call.write else None
            if fault is not None:
                fault.times -= 1
                call.harmed = True
            return fault

    def call_of(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Call:
        """A call, told apart by what the wiring says."""
        bare = path.partition("?")[0]
        return Call(method, path, self._is_write(method, bare), self._is_login(bare), time.monotonic(), body, headers)

    def forward(self, call: Call) -> _Answer:
        """Ask the real server. Raises OSError or HTTPException when it does not answer."""
        kind = http.client.HTTPSConnection if self._server.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._server.hostname or "", self._server.port, timeout=_LONGEST_HOLD_S)
        try:
            sent = {name: value for name, value in call.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(call.method, call.path, call.body or None, sent)
            answer = connection.getresponse()
            body = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
            return _Answer(answer.status, kept, body)
        finally:
            connection.close()


def _tokens(headers: Mapping[str, str]) -> Iterator[str]:
    """The secret part of headers that carry a right to call: `Bearer abc` and `X-Api-Key: abc` tell `abc`."""
    for name, value in headers.items():
        if name.lower() in {"authorization", "x-api-key", "api-key", "x-auth-token"}:
            yield value.rpartition(" ")[2]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: ClassVar[Proxy]

    def answer(self) -> None:
        call = self.proxy.call_of(self.command, self.path, self._body(), dict(self.headers.items()))
        fault = self.proxy.meet(call)
        try:
            self._serve(call, fault)
        finally:
            call.done = time.monotonic()

    def _serve(self, call: Call, fault: Fault | None) -> None:
        if fault and fault.do == "refuse":
            self._tell(_made_up(call, fault))
            return
        if fault and fault.do == "hold":
            fault.reached.set()
            fault.release.wait(_LONGEST_HOLD_S)
        try:
            answer = self.proxy.forward(call)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        self._return(call, answer, fault)

    def _return(self, call: Call, answer: _Answer, fault: Fault | None) -> None:
        match fault.do if fault else "":
            case "drop":
                self.close_connection = True
            case "call" if fault:
                self.close_connection = True
                fault.then()
            case "cut":
                self._tell(answer, half=True)
            case "lose" if fault:
                self._tell(_made_up(call, fault))
            case _:
                self._tell(answer)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _tell(self, answer: _Answer, *, half: bool = False) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in _NO_BODY:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if half:
            self.close_connection = True
        if self.command != "HEAD" and answer.status not in _NO_BODY:
            self.wfile.write(answer.body[: len(answer.body) // 2] if half else answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        del args


def _made_up(call: Call, fault: Fault) -> _Answer:
    return _Answer(fault.status, [("Content-Type", "application/json"), *fault.headers.items()], fault.says(call))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A target that was killed leaves broken connections; they say nothing."""
        del request, client_address


@contextmanager
def running_proxy(
    server: str, is_write: Callable[[str, str], bool], is_login: Callable[[str], bool]
) -> Iterator[Proxy]:
    """A proxy before `server`, whose path stands behind the proxy's address, too."""
    proxy = Proxy(server, is_write, is_login)
    listening = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    proxy.url = f"http://127.0.0.1:{listening.server_port}{urlsplit(server).path.rstrip('/')}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.clear()
        listening.shutdown()
        thread.join()
        listening.server_close()
