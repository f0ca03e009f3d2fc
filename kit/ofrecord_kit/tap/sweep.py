"""Deletions of a vendor that has no list of them: a delivered id that is not among all ids is asked for directly.

The other way round, too: a record that is there and was never delivered is, whatever hid it from the reading.

Absence proves nothing. A list may leave a status out, shift while it is read, or be cut; so only the vendor's own "does not
exist" makes a deletion, and a sweep that ends early moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.tap.reading import DELETED, Fresh, Reading

if TYPE_CHECKING:
    from ofrecord_kit.tap.stream import VendorStream

SWEPT = "swept_at"
"""The key in a bookmark: the vendor's time of the last sweep that came to its end."""
MOST_ASKED = 200
"""Records asked for in one run; the rest wait for the next."""


def sweep(stream: VendorStream, reading: Reading) -> Iterator[list[Fresh]]:
    """Records that were never delivered, then records that are gone, when it is time to look, or when all was read anyway."""
    known, now = stream.known, reading.begun
    if now is None:
        return
    every = int(stream.config.get("deletions_every_s", 0))
    missed: list[Row] = []
    if not reading.is_whole:
        if not known.is_partial and not _is_due(stream, now, every):
            return
        known.forget_seen()
        if not _all_seen(stream, reading, missed):
            known.forget_seen()
            return
    if known.is_partial:
        known.adopt()
        missed = []
    for rows in stream.full(missed[:MOST_ASKED]) if missed else ():
        yield reading.late(Page(rows, now))
    candidates = known.absent(now.timestamp() - every, MOST_ASKED + 1)
    for record_id in candidates[:MOST_ASKED]:
        if _is_gone(stream, record_id):
            key = (stream.primary_keys or ("id",))[0]
            yield [Fresh({key: record_id, DELETED: now.replace(microsecond=0).isoformat()}, record_id, "")]
        else:
            known.asked(record_id, now.timestamp())
    if max(len(candidates), len(missed)) <= MOST_ASKED:
        stream.stream_state[SWEPT] = now.replace(microsecond=0).isoformat()
        stream.state_manager.is_flushed = False


def _is_due(stream: VendorStream, now: datetime, every: int) -> bool:
    """A clock that went back makes one sweep too many, not none for as long as it went."""
    swept = instant_or_none(str(stream.stream_state.get(SWEPT) or ""))
    return swept is None or not 0 <= (now - swept).total_seconds() < every


def _all_seen(stream: VendorStream, reading: Reading, missed: list[Row]) -> bool:
    """Whether all ids were read to the end. `missed` gets rows that should have been delivered and never were.

    Where a list has page numbers only, a record that leaves it while it is read pushes another one over the border of a page
    that was read already.
    """
    for page in stream.ids() or ():
        rows = {reading.id_of(row): row for row in page.rows}
        stream.known.saw(rows)
        if not stream.known.is_partial:
            strangers = stream.known.strangers(list(rows))
            missed += [row for one, row in rows.items() if one and one in strangers and reading.wants(row)]
        if stream.must_end():
            return False
    return True


def _is_gone(stream: VendorStream, record_id: str) -> bool:
    try:
        return stream.is_gone(record_id)
    except VendorRefusal:
        return False  # refused is not "does not exist"
