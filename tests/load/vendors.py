"""The vendors, in a process of their own with the limits on, so that the memory of a plugin is the plugin's.

The clock is the caller's: every call says when it is made.
"""

from __future__ import annotations

import json
import multiprocessing
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import requests
from simulation.bottle import URL
from simulation.clockwork import BEGIN, Clock, Death
from simulation.wire import Gate, request_of, response_of

from ofrecord_sandbox import assemble, pipeline
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import Limits, World

LATENCY_S = 0.1
REFUSED = 429
_ID = re.compile(r"/\d{6,}")


@dataclass
class Asked:
    """What the vendors were asked, and when."""

    calls: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """By who asked, system, method and path; refusals stand under the path `429 CODE`."""
    credits: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of the CRM, by who asked and day."""
    finance: array[float] = field(default_factory=lambda: array("d"))
    """When each call of Inventory and Books was made that was not refused."""


class Office:
    """The sandbox behind a pipe."""

    def __init__(self, limits: Limits) -> None:
        self.world = assemble.new_world()
        self.world.limits = limits
        self.world.base_url = URL
        self.asked = Asked()

    def serve(self, line: Connection) -> None:
        """Until the line is closed."""
        while True:
            try:
                at, who, what = line.recv()
            except EOFError:
                return
            with self.world.clock.at(datetime.fromtimestamp(at, UTC)):
                line.send(self.answer(at, who, what) if isinstance(what, Request) else what[0](self, *what[1:]))

    def answer(self, at: float, who: str, request: Request) -> Response:
        """To a call of a plugin."""
        slots = pipeline.slots(request)
        for slot in slots:
            self.world.in_flight[slot] = self.world.in_flight.get(slot, 0) + 1
        response = pipeline.handle(self.world, request)
        for slot in slots:
            self.world.in_flight[slot] -= 1
        self._note(at, who, request, response)
        date = f"{self.world.clock.now():%a, %d %b %Y %H:%M:%S GMT}"
        return Response(response.status, response.content, {**response.headers, "date": date})

    def _note(self, at: float, who: str, request: Request, response: Response) -> None:
        self.world.journal.clear()
        system, path = pipeline.system_of(request.path), _ID.sub("/{id}", request.path)
        if response.status == REFUSED:
            said = json.loads(response.encoded()).get("code", "")
            self.asked.calls[who, system, request.method, f"{REFUSED} {said}"] += 1
            return
        self.asked.calls[who, system, request.method, path] += 1
        if system in {"inventory", "books"}:
            self.asked.finance.append(at)
        elif request.credits:
            self.asked.credits[who, self.world.clock.now().date().isoformat()] += request.credits


class Remote:
    """The line of plugins to the vendors; stands where the simulation has its `Line`."""

    def __init__(self, line: Connection, clock: Clock) -> None:
        self.line = line
        self.clock = clock
        self.gate = Gate()
        self.who = ""
        """Who calls."""
        self.cut_at = 0
        """The call, from 1, at which the plugin's process is killed; 0 never."""

    def exchange(self, prepared: requests.PreparedRequest) -> requests.Response:
        """One call. Raises Death where the plugin's process is killed."""
        self.gate.pass_by()
        self.gate.calls += 1
        if self.gate.calls == self.cut_at:
            self.gate.dead = True
            raise Death
        self.clock.move(LATENCY_S)
        return response_of(prepared, self._told(request_of(prepared)))

    def ask(self, work: Callable[..., Any], *values: Any) -> Any:
        """Have work done where the vendors are: `work(office, *values)`."""
        return self._told((work, *values))

    def _told(self, what: Any) -> Any:
        self.line.send((self.clock.at, self.who, what))
        return self.line.recv()


def asked(office: Office) -> Asked:
    """All that was asked so far; for `Remote.ask`."""
    return office.asked


def world(office: Office) -> World:
    """For work that is done there."""
    return office.world


@contextmanager
def office(limits: Limits) -> Iterator[Connection]:
    """The vendors' process; the line to it."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()

    def work() -> None:
        here.close()
        served = Office(limits)
        served.world.clock.freeze(BEGIN)
        served.serve(there)

    process = fork.Process(target=work, daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join(10)
        if process.is_alive():
            process.kill()
