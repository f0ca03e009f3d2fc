"""When Python looks for rubbish that refers to itself: rarely, because a batch makes next to none and looking took a tenth of the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (100_000, 20, 50)
"""New containers before the youngest generation is looked through, and how often before the older ones: several times a batch of 1,000."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """What is there now is never looked through, what comes seldom. Memory stays flat: records go when nobody refers to them."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
