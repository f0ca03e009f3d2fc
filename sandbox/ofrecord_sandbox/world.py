"""The world of the sandbox: clock, ids, records, faults, journal, and the way a request takes through it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from ofrecord_sandbox.store import Store
from ofrecord_sandbox.web import Request, Response, Router


class Clock:
    """The only source of time. Real by default; may be set, moved and frozen."""

    def __init__(self) -> None:
        self._frozen: datetime | None = None
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The present moment, UTC, whole microseconds."""
        if self._frozen is not None:
            return self._frozen
        return datetime.now(UTC) + self._offset

    def freeze(self, at: datetime) -> None:
        """Stop at a moment (aware)."""
        self._frozen = at

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Within the block it is that moment (aware)."""
        kept, self._frozen = self._frozen, moment
        try:
            yield
        finally:
            self._frozen = kept

    def move(self, by: timedelta) -> None:
        """Move on (or back), frozen or not."""
        if self._frozen is not None:
            self._frozen += by
        else:
            self._offset += by

    def run(self) -> None:
        """Real time again, without offset."""
        self._frozen = None
        self._offset = timedelta(0)


@dataclass(slots=True)
class JournalEntry:
    """One request as the vendors saw it. Bodies and tokens are not kept."""

    at: str
    system: str
    method: str
    path: str
    status: int
    seconds: float
    credits: int = 0
    """What the call cost, of the CRM's credits."""


@dataclass
class Limits:
    """What the vendors allow. Zero switches a limit off."""

    finance_per_minute: int = 100
    finance_per_day: int = 10_000
    finance_concurrent: int = 10
    crm_credits_per_day: int = 100_000
    crm_concurrent: int = 20
    crm_heavy_concurrent: int = 10
    crm_bulk_downloads_per_minute: int = 10
    tokens_per_10_minutes: int = 10

    @classmethod
    def off(cls) -> Limits:
        """No limit at all."""
        return cls(**dict.fromkeys((limit.name for limit in fields(cls)), 0))


@dataclass
class Fault:
    """One arranged misfortune; see :mod:`ofrecord_sandbox.faults`."""

    do: str
    method: str = ""
    """Empty: any method."""
    path: str = ""
    """A prefix, or a regular expression when it begins with `^`."""
    nth: int = 1
    times: int = 1
    """How often in a row, beginning with the nth matching request; 0 means for ever."""
    status: int = 500
    body: Any = None
    after_commit: bool = False
    delay_s: float = 0.0
    seen: int = 0


Guard = Callable[["World", Request], Response | None]
"""Looks at a request before its handler does; an answer ends the matter."""


@dataclass
class World:
    """Everything the stand-in knows. Vendor modules hang their routes on `router`."""

    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    router: Router = field(default_factory=Router)
    journal: list[JournalEntry] = field(default_factory=list)
    base_url: str = "http://127.0.0.1"
    guards: dict[str, Guard] = field(default_factory=dict)
    """By path prefix (`/crm/`): token, scopes and limits of a vendor."""
    faults: list[Fault] = field(default_factory=list)
    latency_s: float = 0.0
    in_flight: dict[str, int] = field(default_factory=dict)
    """Requests being answered, by system; heavy ones of the CRM also under "crm heavy"."""
    crm_calls: deque[tuple[float, int]] = field(default_factory=deque)
    """Moment (seconds since 1970) and credits of the CRM calls of the last 24 hours."""
    crm_used: int = 0
    """The sum of these credits, unless there are no calls."""
    cache: dict[str, Any] = field(default_factory=dict)
    """Things derived from the store; may be emptied at any time."""
    seed: str = "none"
    """Name of the seed that `reset` plants again."""
    reseed: Callable[[World], None] | None = None
    """Brings an empty store back to its beginning (credentials, metadata, seed)."""

    def next_id(self, start: int) -> str:
        """A new decimal id, counted from `start` (one counter a start value), kept in the store."""
        table = self.store.table("sandbox/ids")
        key = str(start)
        count = (table.get(key) or {"count": 0})["count"] + 1
        table.put(key, {"count": count})
        return str(start + count)

    def call(self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        """An internal request (seeds, in-process tests): no token, no limits, no faults, not journalled.

        `url` is a path with an optional query; `body` is encoded as JSON when it is not None.
        """
        parts = urlsplit(url)
        request = Request(
            method=method,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=b"" if body is None else orjson.dumps(body),
            internal=True,
        )
        handler, values, _ = self.router.find(method, parts.path)
        if handler is None:
            msg = f"no route for {method} {parts.path}"
            raise LookupError(msg)
        response = handler(self, request, **values)
        self.store.commit()
        return response


def seconds_now() -> float:
    """Monotonic seconds, for durations only."""
    return time.perf_counter()
