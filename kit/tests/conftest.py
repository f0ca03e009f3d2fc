"""A vendor that answers what a test tells it to, over real HTTP on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.shop import World

TOKEN = {"access_token": "1000.fresh.token", "expires_in": 3600}


@dataclass
class Seen:
    """One request the vendor got."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.raw_query, keep_blank_values=True).items()}


@dataclass
class Vendor:
    """Answers from a list, each a (status, body, headers); status 0 cuts the connection, the header `X-Cut: n` after n bytes of
    the body. The last one repeats.

    `by_path` comes first. Each answer takes `delay_s`; `most_at_once` counts calls that were under way together.
    """

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    token_answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)

    by_path: dict[str, tuple[int, Any]] = field(default_factory=dict)
    delay_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self, path: str) -> None:
        """Take the time of an answer."""
        if path == "/oauth/v2/token":
            return
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.delay_s)
        with self.lock:
            self.at_once -= 1

    def will_answer(self, *answers: tuple[Any, ...]) -> None:
        self.answers = [(*answer, {})[:3] for answer in answers]

    def will_grant(self, *answers: tuple[Any, ...]) -> None:
        self.token_answers = [(*answer, {})[:3] for answer in answers]

    def calls(self) -> list[Seen]:
        return [one for one in self.seen if one.path != "/oauth/v2/token"]

    def token_calls(self) -> list[Seen]:
        return [one for one in self.seen if one.path == "/oauth/v2/token"]

    def next_answer(self, path: str) -> tuple[int, Any, dict[str, str]]:
        if path in self.by_path:
            return (*self.by_path[path], {})
        queue = self.token_answers if path == "/oauth/v2/token" else self.answers
        return queue.pop(0) if len(queue) > 1 else queue[0]


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            vendor.seen.append(Seen(self.command, parts.path, parts.query, headers, body))
            with vendor.lock:
                status, content, more = vendor.next_answer(parts.path)
            vendor.passes(parts.path)
            if status == 0:
                self.close_connection = True
                return
            data = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
            self.send_response_only(status)
            for name, value in {"Content-Type": "application/json", "Date": self.date_time_string(), **more}.items():
                self.send_header(name, value)
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if status not in {204, 304}:
                self.wfile.write(data[: int(more.get("X-Cut", len(data)))])
                self.close_connection |= "X-Cut" in more

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    told = Vendor()
    told.will_grant((200, TOKEN))
    told.will_answer((200, {"data": [], "code": 0}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connection(vendor: Vendor, tmp_path: Path) -> Connection:
    return Connection.from_config(
        {
            "api_url": vendor.url,
            "accounts_url": vendor.url,
            "client_id": "the-client",
            "client_secret": "planted-secret",
            "refresh_token": "planted-refresh",
            "organization_id": "700001",
            "state_dir": str(tmp_path / "state"),
            "calls_per_minute": 0,
            "retry_wait_s": 0,
        }
    )


@pytest.fixture
def client_of(connection: Connection) -> Iterator[Callable[[str], Client]]:
    """Makes a client of a system; all are closed at the end."""
    made: list[Client] = []

    def make(system: str) -> Client:
        made.append(Client(connection, system=system, plugin="test", run="run-1"))
        return made[-1]

    yield make
    for client in made:
        client.close()


ON_BOTH_DATABASES = {"test_target_delivery", "test_target_three_systems", "test_target_wholes"}
"""Modules whose `world` keeps its ledger on SQLite and on PostgreSQL; the others on SQLite."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "world" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH_DATABASES:
        metafunc.parametrize("world_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def world_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgresql")
    url = server.new(request.getfixturevalue("ledger_template"))
    yield url
    server.drop(url)


@pytest.fixture
def world(world_url: str | None, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, world_url)
    yield made
    made.ledger.close()
