"""One request on its way: what is sent, what came of it, and how often it is sent again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from ofrecord_kit.answers import Answer, Decoder
from ofrecord_kit.errors import Place
from ofrecord_kit.refusals import unusable
from ofrecord_kit.vendors import Reading

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
class Into:
    """Where a download goes, and the most bytes it may have."""

    file: BinaryIO
    most: int

    def take(self, chunks: Iterable[bytes]) -> bool:
        """Write them from the beginning of the file, and go back there; False when there are too many."""
        self.file.seek(0)
        self.file.truncate()
        left = self.most
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                return False
            self.file.write(chunk)
        self.file.seek(0)
        return True


MOST_ANSWER = 64 << 20
"""Bytes of an answer that is held in memory, unpacked. The longest lists of the vendors have some megabytes (a page of 200 records)."""
MOST_ANSWER_S = 900.0
"""Seconds in which an answer must have arrived."""
_PART = 1 << 17


class Endless(Exception):  # noqa: N818 - named for what it is
    """An answer is larger than any that is expected, or does not come to its end."""


def content_of(response: requests.Response, began: float) -> bytes:
    """All of a body. `began`: when the call did, by `time.perf_counter`. Raises Endless; what came meanwhile is let go."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_PART):
        size += len(part)
        if size > MOST_ANSWER:
            message = f"larger than {MOST_ANSWER >> 20} MiB"
            raise Endless(message)
        if time.perf_counter() - began > MOST_ANSWER_S:
            message = f"not complete after {MOST_ANSWER_S:.0f} s"
            raise Endless(message)
        parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Request:
    """One call: what is sent, and what is known about it. `weight`: what it takes of the budget of the day."""

    place: Place
    url: str
    repeatable: bool
    params: dict[str, str]
    headers: dict[str, str]
    data: bytes | None = field(repr=False)
    files: Files | None = field(repr=False)
    decoder: Decoder | None = field(repr=False)
    weight: int
    stop: threading.Event | None = field(repr=False)
    into: Into | None = field(default=None, repr=False)

    def wait(self, seconds: float) -> None:
        """Raises VendorBusy when nobody wants the answer any more."""
        if self.stop is None:
            time.sleep(max(0.0, seconds))
        elif self.stop.wait(max(0.0, seconds)):
            raise unusable(self.place, "not wanted any more", 0)


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and what it means."""

    answer: Answer
    reading: Reading


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer. `left` tells whether the request may have reached the vendor."""

    reason: str
    left: bool


class TokenHeader(requests.auth.AuthBase):
    """The token header. Being the request's auth it also keeps a .netrc file from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set it."""
        request.headers["Authorization"] = f"Zoho-oauthtoken {self._token}"
        return request


def never_left(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that nothing can have happened."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | ConnectTimeoutError)
