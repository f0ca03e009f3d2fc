"""One page of facts per vendor interface, each fact with its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Verdict(Enum):
    """What an answer means for the call."""

    FINE = auto()
    TOKEN = auto()
    """The token is refused: renew it once."""
    PERMISSION = auto()
    ORGANIZATION = auto()
    BUSY = auto()
    """Refused for load, nothing was done: wait and send again, creates too."""
    DAY_SPENT = auto()
    BROKEN = auto()
    """The server failed: whether it acted is unknown."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer understood. `code` and `message` are the vendor's, `field` the one it blames, `wait_s` its advice.

    `crowded`: too many calls were under way at the same time, or the vendor does not say that it was something else.
    """

    verdict: Verdict
    code: str = ""
    message: str = ""
    field: str | None = None
    wait_s: float = 0.0
    crowded: bool = False


Reader = Callable[[int, Any], Reading]
"""What an answer means, from its status and its decoded body."""

FINE = Reading(Verdict.FINE)

TOO_MANY = 429
UNAUTHORIZED = 401
FORBIDDEN = 403
SERVER_ERROR = 500
CLIENT_ERROR = 400
