"""Independent reads, one after the other or side by side, answered in order.

Side by side pays where an answer takes long to come and costs nothing where it does not: there threads only take turns.
So answers are measured, whatever was asked, and threads are used from 20 ms an answer on; where answers become faster than that
again, they are given up. What was measured holds for the client's next reads, too, many of which are few calls.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ofrecord_kit.answers import Answer, Decoder
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import MEASURED, Client, Params

if TYPE_CHECKING:
    from concurrent.futures import Future

PAYS_S = 0.02
"""An answer that takes less is asked for when its turn comes."""
_LATELY = 20
"""Answers that must all have been fast before threads are given up."""
_DRAWN = 2
"""Calls drawn for each thread: what is asked for and not yet taken is bounded."""
MISSING = 404
_slow: WeakSet[Client] = WeakSet()
"""Clients whose answers were found to be slow."""


@dataclass(frozen=True, slots=True)
class Call:
    """One GET, as `Client.get` takes it; with `json` a POST that only reads, such as a query."""

    path: str
    params: Params = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    decoder: Decoder | None = None
    json: Any = None
    may_be_missing: bool = False
    """Whether the vendor's "does not exist" is an answer (of status `MISSING`, without a body) and no error."""


def ahead(client: Client, calls: Iterable[Call], most: int = 0) -> Iterator[Answer]:
    """The answers to `calls`, in their order; an error is raised in the place of its call.

    `calls` is drawn from only a little further than what was answered, so it may be as long as it likes; `most` are asked for
    and not taken yet (default: two for each call at once), to be set where answers are large. It is drawn from in the thread that takes the answers. One that is not taken to its end is closed like any generator; calls under way
    are waited for, and their answers are dropped.
    """
    left = iter(calls)
    at_once = client.connection.calls_at_once
    if at_once <= 1 or (isinstance(calls, list) and len(calls) == 1):
        yield from (answer_to(client, call) for call in left)
        return
    ended = False
    while not ended:
        if client not in _slow:
            ended = yield from _in_turn(client, left)
        if not ended:
            _slow.add(client)
            ended = yield from _side_by_side(client, left, at_once, most or at_once * _DRAWN)


def answer_to(client: Client, call: Call, stop: threading.Event | None = None) -> Answer:
    """The answer to one call."""
    started = time.perf_counter()
    try:
        return client.send(
            "GET" if call.json is None else "POST",
            call.path,
            params=call.params,
            headers=call.headers,
            json=call.json,
            decoder=call.decoder,
            repeatable=True,
            stop=stop,
        )
    except VendorRefusal as refusal:
        if call.may_be_missing and refusal.is_missing:
            return Answer(MISSING, None, {}, datetime.now(UTC), time.perf_counter() - started)
        raise


def _in_turn(client: Client, left: Iterator[Call]) -> Generator[Answer, None, bool]:
    """One after the other while answers are fast. Returns whether all calls were made."""
    while not (len(client.took_s) == MEASURED and min(client.took_s) >= PAYS_S):
        call = next(left, None)
        if call is None:
            return True
        yield answer_to(client, call)
    return False


def _side_by_side(client: Client, left: Iterator[Call], at_once: int, most: int) -> Generator[Answer, None, bool]:
    """With threads while answers are slow. Returns whether all calls were made."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only where it pays

    stop = threading.Event()
    took: deque[float] = deque(maxlen=_LATELY)
    asked: deque[Future[Answer]] = deque()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="ahead")
    try:
        while True:
            fast = len(took) == _LATELY and max(took) < PAYS_S
            room = 0 if fast else most - len(asked)
            asked.extend(pool.submit(answer_to, client, call, stop) for call in islice(left, room))
            if not asked:
                return not fast
            answer = asked.popleft().result()
            took.append(answer.took_s)
            yield answer
    finally:
        if took and max(took) < PAYS_S:
            _slow.discard(client)
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
