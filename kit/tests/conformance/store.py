"""A little REST store: things with a key, a token at the door, and words for what it refuses. Runs in a thread."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

TOKEN = "planted-token-8c1f27"
LONGEST = 40


class Store:
    """What the store holds, by its own number. `POST /things` makes one, `PUT`/`PATCH`/`DELETE /things/CODE` finds it."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.url = ""
        self._lock = threading.Lock()

    def reset(self) -> None:
        self.rows.clear()

    def read(self) -> list[dict[str, Any]]:
        return [{"number": number, **row} for number, row in self.rows.items()]

    def edit(self, row: dict[str, Any], values: dict[str, Any]) -> None:
        self.rows[row["number"]].update(values)

    def answer(self, method: str, path: str, values: dict[str, Any]) -> tuple[int, Any]:
        with self._lock:
            code = re.fullmatch(r"/things/(.+)", path)
            known = [number for number, row in self.rows.items() if code and row["code"] == code[1]]
            if any(len(str(value)) > LONGEST for value in values.values()):
                return 422, {"error": f"longer than {LONGEST}"}
            match method:
                case "GET":
                    return 200, self.read()
                case "DELETE":
                    for number in known:
                        del self.rows[number]
                    return 200, {"deleted": len(known)}
                case "PATCH" if known:
                    self.rows[known[0]].update(values)
                case "PUT" if known:
                    self.rows[known[0]] = values
                case _:
                    self.rows[len(self.rows) + 1] = values
            return 200, {"done": True, "padding": "-" * 64}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: ClassVar[Store]

    def reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = 401, {"error": "who are you"}
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            status, said = self.store.answer(self.command, self.path, json.loads(body) if body else {})
        data = json.dumps(said).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running_store() -> Iterator[Store]:
    store = Store()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    server.daemon_threads = True
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
