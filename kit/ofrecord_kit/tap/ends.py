"""When a tap may read: a window of the day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ofrecord_kit.settings import instant_or_none

_FORM = re.compile(r"(\d{1,2}:\d{2}) ?[-–] ?(\d{1,2}:\d{2})(?: +(\S+))?")
_REMEDY = "Use a form such as `22:00-06:00 Europe/Berlin`; without a time zone it is UTC."


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` to `closes` in the time zone, every day; it may go beyond midnight."""

    opens: time
    closes: time
    zone: ZoneInfo
    said: str

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in the window.

        >>> window_of("22:00-06:00 Europe/Berlin").is_open(datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
        True
        """
        clock = at.astimezone(self.zone).time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


def window_of(text: str) -> Window:
    """The window a text names.

    Raises:
        ValueError: it names none; says what is wrong.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        opens, closes = (time.fromisoformat(one.zfill(5)) for one in found.group(1, 2)) if found else (None, None)
    except ValueError:
        opens = closes = None
    if found is None or opens is None or closes is None:
        msg = f"is not a time of the day to another one. {_REMEDY}"
        raise ValueError(msg)
    if opens == closes:
        msg = f"begins when it ends. {_REMEDY}"
        raise ValueError(msg)
    try:
        zone = ZoneInfo(found[3] or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"names no time zone this machine knows. {_REMEDY}"
        raise ValueError(msg) from None
    return Window(opens, closes, zone, text.strip())


def problems_of_ends(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with `window`, `end_date` and `start_date` together, a line each."""
    problems: list[str] = []
    if isinstance(window := config.get("window"), str) and window:
        try:
            window_of(window)
        except ValueError as error:
            problems.append(f"window: {error}")
    end, start = (instant_or_none(str(config.get(name) or "")) for name in ("end_date", "start_date"))
    if config.get("end_date") and end is None:
        problems.append("end_date: is not a time. Use ISO 8601, for example 2026-01-01T00:00:00Z.")
    if end and start and end <= start:
        problems.append(
            "start_date, end_date: the end is not after the start, so nothing would be read. Correct one of them."
        )
    return problems


def now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)
