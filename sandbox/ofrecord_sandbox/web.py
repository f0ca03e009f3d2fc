"""Requests, responses and routing of the stand-in, without any server.

Vendor modules register handlers on a :class:`Router`; a handler takes ``(world, request, **path_values)`` and returns
a :class:`Response`. The ASGI server (`serve`) and in-process callers (seeds, tests) share these objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    pass

Handler = Callable[..., "Response"]


@dataclass(slots=True)
class Request:
    """One HTTP request. `query` and `headers` hold one value a name; header names are lower case."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Multipart files: form name -> (file name, content)."""
    form: dict[str, str] = field(default_factory=dict)
    caller: str = ""
    """Refresh token the access token came from; empty for internal calls."""
    credits: int = 0
    """What the call costs, of the CRM's credits; told by its guard."""
    records: int | None = None
    """How many records a write to the CRM brings, once they were counted."""
    internal: bool = False
    """True for seeds: no token, no limits, no faults, not in the journal."""

    def json(self) -> Any:
        """The decoded body; raises `orjson.JSONDecodeError`."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Response:
    """One HTTP answer; `content` is encoded as JSON unless it is bytes; None means no body."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """Cut the connection instead of answering (a fault)."""
    delay_s: float = 0.0
    """Wait this long before answering (latency, a fault)."""

    def encoded(self) -> bytes:
        """The body as it travels."""
        if self.content is None:
            return b""
        if isinstance(self.content, bytes):
            return self.content
        return orjson.dumps(self.content)


class Router:
    """Finds the handler of a method and path; `{name}` in a pattern matches one path segment."""

    def __init__(self) -> None:
        self._literal: dict[tuple[str, str], Handler] = {}
        self._literal_paths: set[str] = set()
        self._patterns: dict[tuple[int, str], list[tuple[re.Pattern[str], dict[str, Handler]]]] = {}
        """By number of segments and first two segments, which no pattern leaves open; in order of registration."""
        self._by_pattern: dict[str, dict[str, Handler]] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Register one handler. Literal paths win over patterns, earlier patterns over later ones."""
        if "{" not in pattern:
            self._literal[method, pattern] = handler
            self._literal_paths.add(pattern)
            return
        if pattern not in self._by_pattern:
            methods: dict[str, Handler] = {}
            self._by_pattern[pattern] = methods
            expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
            self._patterns.setdefault(_shape(pattern), []).append((re.compile(f"^{expression}$"), methods))
        self._by_pattern[pattern][method] = handler

    def route(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        """Decorator form of :meth:`add`."""

        def register(handler: Handler) -> Handler:
            self.add(method, pattern, handler)
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Handler | None, Mapping[str, str], bool]:
        """(handler or None, path values, whether the path exists with another method)."""
        handler = self._literal.get((method, path))
        if handler is not None:
            return handler, {}, True
        known = path in self._literal_paths
        for expression, methods in self._patterns.get(_shape(path), ()):
            match = expression.match(path)
            if match is None:
                continue
            if method in methods:
                return methods[method], match.groupdict(), True
            known = True
        return None, {}, known


def _shape(path: str) -> tuple[int, str]:
    """What tells paths apart before any pattern is tried: `/crm/v8/Deals/1` is (4, "/crm/v8")."""
    return path.count("/"), "/".join(path.split("/", 3)[:3])
