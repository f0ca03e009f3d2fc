"""Deletions of a vendor that has no list of them: a delivered id that is not among all ids is asked for directly.

Absence proves nothing. A list may leave a status out, shift while it is read, or be cut; so only the vendor's own "does not
exist" makes a deletion, and a sweep that ends early moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.reading import DELETED, Fresh, Reading

if TYPE_CHECKING:
    from ofrecord_kit.tap.stream import VendorStream

SWEPT = "swept_at"
"""The key in a bookmark: the vendor's time of the last sweep that came to its end."""
MOST_ASKED = 200
"""Ids asked for in one run; the rest wait for the next."""


def sweep(stream: VendorStream, reading: Reading, *, adopt: bool) -> Iterator[list[Fresh]]:
    """Records that are gone, when it is time to look for them, or when all records were read anyway.

    `adopt`: the bookmark is older than what is known, so what there is now was delivered by it.
    """
    known, now = stream.known, reading.begun
    if now is None:
        return
    every = int(stream.config.get("deletions_every_s", 0))
    swept = instant_or_none(str(stream.stream_state.get(SWEPT) or ""))
    if not reading.is_whole:
        if swept is not None and (now - swept).total_seconds() < every:
            return
        known.forget_seen()
        if not _all_seen(stream, reading):
            known.forget_seen()
            return
    if adopt:
        known.adopt()
    candidates = known.absent(now.timestamp() - every, MOST_ASKED + 1)
    for record_id in candidates[:MOST_ASKED]:
        if _is_gone(stream, record_id):
            key = (stream.primary_keys or ("id",))[0]
            yield [Fresh({key: record_id, DELETED: now.replace(microsecond=0).isoformat()}, record_id, "")]
        else:
            known.asked(record_id, now.timestamp())
    if len(candidates) <= MOST_ASKED:
        stream.stream_state[SWEPT] = now.replace(microsecond=0).isoformat()
        stream.state_manager.is_flushed = False


def _all_seen(stream: VendorStream, reading: Reading) -> bool:
    """Whether all ids were read to the end."""
    for page in stream.ids() or ():
        stream.known.saw(reading.id_of(row) for row in page.rows)
        if stream.must_end():
            return False
    return True


def _is_gone(stream: VendorStream, record_id: str) -> bool:
    try:
        return stream.is_gone(record_id)
    except VendorRefusal:
        return False  # refused is not "does not exist"
