"""The ASGI side: one process on loopback, one world, one thread. Time in answers is the world's own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import uvicorn
from starlette.datastructures import UploadFile
from starlette.requests import Request as WebRequest
from starlette.types import Receive, Scope, Send

from ofrecord_sandbox import pipeline
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

HOST = "127.0.0.1"
_SELDOM = (100_000, 50, 100)
"""Records live long and hold no circles: looking through hundreds of thousands of them for garbage only costs time."""


class Application:
    """The ASGI application of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; effects happen at once, latency is waited for afterwards."""
        if scope["type"] != "http":
            return
        request = await _request(scope, receive)
        slots = pipeline.slots(request)
        in_flight = self.world.in_flight
        for slot in slots:
            in_flight[slot] = in_flight.get(slot, 0) + 1
        try:
            response = pipeline.handle(self.world, request)
            if response.delay_s:
                await asyncio.sleep(response.delay_s)
        finally:
            for slot in slots:
                in_flight[slot] -= 1
        if response.drop:
            await _cut(receive, send)
            return
        await _answer(self.world, request, response, send)


async def _request(scope: Scope, receive: Receive) -> Request:
    web = WebRequest(scope, receive)
    headers = {name.lower(): value for name, value in web.headers.items()}
    request = Request(
        method=scope["method"], path=unquote(scope["path"]), query=dict(web.query_params.items()), headers=headers
    )
    request.body = await web.body()
    kind = headers.get("content-type", "")
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with web.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    request.files[name] = (value.filename or "", await value.read())
                else:
                    request.form[name] = value
    return request


async def _answer(world: World, request: Request, response: Response, send: Send) -> None:
    body = response.encoded()
    headers = {"content-type": "application/json;charset=utf-8"} if response.content is not None else {}
    headers |= {name.lower(): value for name, value in response.headers.items()}
    headers["date"] = format_datetime(world.clock.now(), usegmt=True)
    if response.status not in {204, 304}:
        headers["content-length"] = str(len(body))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


async def _cut(receive: Receive, send: Send) -> None:
    """End the connection without a byte, as a broken line does (uvicorn's send belongs to the object with the transport)."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        msg = "this server cannot cut connections"
        raise RuntimeError(msg)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """Says when it is ready, and ends with exit code 0 on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the loop and are not raised again afterwards."""
        if threading.current_thread() is threading.main_thread():
            before: dict[int, Any] = {
                number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
            }
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)
        else:
            yield


def listen(port: int) -> socket.socket:
    """A socket bound to loopback (port 0: any free one); raises OSError when the port is taken."""
    # The protocol is named because asyncio sends small answers at once only on sockets that say they are TCP.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def _server(world: World, bound: socket.socket, ready: Callable[[], None]) -> _Server:
    world.base_url = f"http://{HOST}:{bound.getsockname()[1]}"
    config = uvicorn.Config(
        Application(world),
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    return _Server(config, ready)


def run(world: World, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once connections are accepted."""
    gc.set_threshold(*_SELDOM)
    _server(world, bound, ready).run(sockets=[bound])


@contextlib.contextmanager
def background(world: World, port: int = 0) -> Iterator[str]:
    """Serve from a thread while the block runs; gives the address."""
    bound = listen(port)
    is_ready = threading.Event()
    server = _server(world, bound, is_ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    is_ready.wait(timeout=10)
    try:
        yield world.base_url
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        bound.close()
