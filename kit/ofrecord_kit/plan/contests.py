"""When two edits meet: what is contested, and whose clock says anything about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ofrecord_kit.plan.canonical import same
from ofrecord_kit.plan.fields import UNKNOWN, Agreed, FieldRule, has_changed


def is_contested(rule: FieldRule, native: Any, agreed: Agreed, current: Any) -> bool:
    """Did both sides change a field since they last agreed? Of two records that were just paired nothing is known."""
    if agreed.destination is UNKNOWN or same(current, agreed.destination, rule.form):
        return False
    return has_changed(rule, native, agreed)


def time_of_a_person(modified: datetime | None, ours: Iterable[datetime], tolerance_s: float) -> datetime | None:
    """A modification time, unless it is that of our own last write to the record (`ours`: times of our writes)."""
    last = max(ours, default=None)
    if modified is None or last is None or abs(modified - last) >= timedelta(seconds=tolerance_s):
        return modified
    return None
