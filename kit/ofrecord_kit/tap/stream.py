"""A stream of a tap: records cut to their schema, bookmarks that lose nothing.

A stream yields the vendor's rows in `read`; everything else is here. Records are made from JSON that is decoded once
(numbers `int` or `Decimal`), are cut to the schema by a compiled function, and are written without a flush for each.

A bookmark says: everything modified up to this time was delivered. While a list is read in order of modification it
follows the records; when the list is complete it moves on to the vendor's time at which the list was begun. The next
run reads from `overlap_s` before it, so records written within the same second, or by a late clock, are not missed,
and a run without changes reads none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from ofrecord_kit.http import Client
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.chosen import chosen_properties
from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.tap.shapes import Shape, compile_shape

if TYPE_CHECKING:
    from ofrecord_kit.tap.plugin import VendorTap

DELETED = "_sdc_deleted_at"
IN_VIEW = "_in_view"
CONTROL = frozenset({DELETED, IN_VIEW})
"""Properties that are ours, not the vendor's."""


class VendorStream(Stream):
    """A list of one vendor. Subclasses say how to `read` rows; see the module for what happens to them."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    STATE_MSG_FREQUENCY = 1_000
    is_sorted = True
    check_sorted = False
    """Order is watched here: the overlap legitimately starts below the bookmark."""

    _tap: VendorTap

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Pages of rows modified at or after `since` (None: all), in order of modification. More is tolerated."""
        raise NotImplementedError

    listed: frozenset[str] = frozenset()
    """Properties a row of the list has. What is chosen beyond them needs details; empty: unknown."""
    scopes: Sequence[str] = ()
    """The OAuth scopes its calls need (`vendors.scopes`)."""

    def ids(self) -> Iterator[Page] | None:
        """Pages of rows that hold the primary key of every record there is, whatever its status, as cheaply as the vendor has it.

        None where the vendor has a feed of deletions, or nothing is ever deleted. Nothing is read before the pages are asked for.
        """
        return None

    def is_gone(self, record_id: str) -> bool:
        """Whether the vendor itself says that this record does not exist; asked of ids a sweep did not find."""
        raise NotImplementedError

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The selected properties, keys and the replication key among them."""
        return chosen_properties(self.schema, self.mask, (*(self.primary_keys or ()), self.replication_key or ""))

    @cached_property
    def asked(self) -> frozenset[str]:
        """What to ask the vendor for: what is chosen, and what the filters are about."""
        return self.chosen | set(self.filters)

    @cached_property
    def filters(self) -> Mapping[str, tuple[Any, ...]]:
        """Property to the values a record may have there, from the setting `filters`. Every record is checked here."""
        given = (self.config.get("filters") or {}).get(self.name) or {}
        return {name: tuple(one) if isinstance(one, list) else (one,) for name, one in given.items()}

    @cached_property
    def until(self) -> datetime | None:
        """The end (exclusive) of what is read by modification time, from the setting `end_date`."""
        return instant_or_none(str(self.config.get("end_date") or ""))

    @property
    def wants_details(self) -> bool:
        """Whether something is chosen that rows of the list lack, and the stream is not in `without_details`."""
        if self.name in (self.config.get("without_details") or ()):
            return False
        return not self.listed or not self.asked - CONTROL <= self.listed

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """What the vendor takes when a field is written, by place; see `tap.facts`."""
        return {}

    @property
    def client(self) -> Client:
        """The tap's connection."""
        return self._tap.client

    @cached_property
    def shape(self) -> Shape:
        """Cuts a row to the schema, after the vendor's quirks were `mended`."""
        return compile_shape(self.schema)

    def mended(self, row: Row) -> Row:
        """The row without this vendor's quirks."""
        return row

    @property
    def is_incremental(self) -> bool:
        """Whether the stream has a bookmark."""
        whole = self.replication_method == REPLICATION_FULL_TABLE or self.name in (self.config.get("read_whole") or ())
        return bool(self.replication_key) and not whole

    def since(self) -> datetime | None:
        """From when to read: the bookmark less the overlap, never before `start_date`; None reads everything."""
        if not self.is_incremental:
            return None
        floor = instant_or_none(str(self.config.get("start_date") or ""))
        marked = instant_or_none(str(self._bookmark().get("replication_key_value") or ""))
        if marked is None:
            return floor
        overlapped = marked.replace(microsecond=0) - timedelta(seconds=max(1, int(self.config.get("overlap_s", 60))))
        return max(overlapped, floor) if floor else overlapped

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - no partitions
        """Records of this run, each version of a record once, nothing older than `since`."""
        since = self.since()
        oldest = since.isoformat() if since else ""
        begun: datetime | None = None
        self._begun = ""
        seen: set[tuple[Any, ...]] = set()
        for page in self.read(since):
            if begun is None:
                begun = page.read_at
                self._begun = _second(begun)
            for row in page.rows:
                record = self.shape(self.mended(row))
                modified = str(record.get(self.replication_key or "") or record.get(DELETED) or "")
                if modified and modified < oldest:
                    continue  # the vendor ignored the filter, as it does for some lists
                version = (*(record.get(key) for key in self.primary_keys or ()), modified)
                if version in seen:
                    continue
                seen.add(version)
                yield record
        if begun and self.is_incremental:
            self._advance(self._begun)

    def _increment_stream_state(
        self,
        latest_record: dict[str, Any],
        *,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002 - no partitions
    ) -> None:
        """Follow a record in order; records without modification time (deletions) and earlier ones change nothing.

        Neither does a record written after the reading began: a detail read may show it in the place where its older
        version was listed, with older records still to come.
        """
        if not self.is_incremental or not self.is_sorted:
            return
        modified = latest_record.get(self.replication_key or "")
        if isinstance(modified, str) and modified < self._begun:
            if modified < self._latest:
                self._distrust_order()
            self._latest = max(self._latest, modified)
            if self._in_order:
                self._advance(modified)

    _begun = ""
    _latest = ""
    _in_order = True
    _before: str | None = None

    def _bookmark(self) -> dict[str, Any]:
        state: dict[str, Any] = self.stream_state
        return state

    def _advance(self, value: str) -> None:
        """Move the bookmark forward, never back. `value` is UTC as `utc_text` writes it."""
        state = self._bookmark()
        current = instant_or_none(str(state.get("replication_key_value") or ""))
        reached = instant_or_none(value)
        if self._before is None:
            self._before = str(state.get("replication_key_value") or "")
        if reached and (current is None or reached > current):
            state["replication_key"] = self.replication_key
            state["replication_key_value"] = value
            self.state_manager.is_flushed = False

    def _distrust_order(self) -> None:
        """The vendor does not sort after all: take the bookmark back, it moves when the list is complete."""
        if not self._in_order:
            return
        self._in_order = False
        self.log("Rows come out of order; the bookmark moves at the end of the list only.", level=logging.WARNING)
        state = self._bookmark()
        if self._before:
            state["replication_key_value"] = self._before
        else:
            state.pop("replication_key_value", None)
            state.pop("replication_key", None)


def _second(at: datetime) -> str:
    """`at` as bookmarks are written: UTC, to the second."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()
