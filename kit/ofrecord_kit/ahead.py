"""Independent reads, one after the other or side by side, answered in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.answers import Answer, Decoder
from ofrecord_kit.http import Client, Params


@dataclass(frozen=True, slots=True)
class Call:
    """One GET, as `Client.get` takes it; with `json` a POST that only reads, such as a query."""

    path: str
    params: Params = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    decoder: Decoder | None = None
    json: Any = None


def ahead(client: Client, calls: Iterable[Call]) -> Iterator[Answer]:
    """The answers to `calls`, in their order; an error is raised in the place of its call.

    `calls` is drawn from only a little further than what was answered, so it may be as long as it likes.
    """
    for call in calls:
        yield answer_to(client, call)


def answer_to(client: Client, call: Call) -> Answer:
    """The answer to one call."""
    method = "GET" if call.json is None else "POST"
    return client.send(
        method,
        call.path,
        params=call.params,
        headers=call.headers,
        json=call.json,
        decoder=call.decoder,
        repeatable=True,
    )
