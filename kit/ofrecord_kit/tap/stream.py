"""A stream of a tap: records cut to their schema, bookmarks that lose nothing.

A stream yields the vendor's rows in `read`; everything else is here and in the modules beside: what is `chosen`, how one
`reading` goes from rows to records, how the `bookmark` follows, what is `known` to the consumer, how a `sweep` finds deletions.

A bookmark says: everything modified up to this time was delivered. The next run reads from `overlap_s` before it, so records
written within the same second, or by a late clock, are not missed, and a run without changes reads none.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from ofrecord_kit.errors import PermissionMissing, SetAside
from ofrecord_kit.http import Client
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.bookmark import Bookmark
from ofrecord_kit.tap.chosen import Filters, chosen_properties, chosen_schema, filters_of
from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.tap.known import MARK, Known
from ofrecord_kit.tap.pages import Page, Row, decode_value
from ofrecord_kit.tap.reading import DELETED, Fresh, Reading
from ofrecord_kit.tap.shapes import Shape, compile_shape
from ofrecord_kit.tap.sweep import sweep
from ofrecord_kit.tap.writer import encode_record

if TYPE_CHECKING:
    from ofrecord_kit.tap.plugin import VendorTap

__all__ = ["CONTROL", "DELETED", "IN_VIEW", "VendorStream"]

IN_VIEW = "_in_view"
CONTROL = frozenset({DELETED, IN_VIEW})
"""Properties that are ours, not the vendor's."""
_LINES_AT_ONCE = 200
_NOTHING_BEFORE = datetime(1900, 1, 1, tzinfo=UTC)


def _later(at: datetime | None) -> datetime | None:
    """A time from which records may be there; a time before any of them is none, and no calendar goes before the year 1."""
    return at if at and at > _NOTHING_BEFORE else None


class VendorStream(Stream):
    """A list of one vendor. Subclasses say how to `read` rows; see the module for what happens to them."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    STATE_MSG_FREQUENCY = 1_000
    is_sorted = True
    check_sorted = False
    """Order is watched by the bookmark: the overlap legitimately starts below it."""

    listed: frozenset[str] = frozenset()
    """Properties a row of the list has. What is chosen beyond them needs details; empty: unknown."""
    scopes: Sequence[str] = ()
    """The OAuth scopes its calls need (`vendors.scopes`)."""
    ends_early: ClassVar[bool] = False
    """Whether nothing but records in order of modification is read, so that reading may stop at the first page after `until`."""

    _tap: VendorTap

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Pages of rows modified at or after `since` (None: all), in order of modification. More is tolerated."""
        raise NotImplementedError

    def ids(self) -> Iterator[Page] | None:
        """Pages of rows that hold the primary key of every record there is, whatever its status, as cheaply as the vendor has it.

        None where the vendor has a feed of deletions, or nothing is ever deleted. Nothing is read before the pages are asked for.
        """
        return None

    def full(self, rows: list[Row]) -> Iterator[list[Row]]:
        """Rows of `ids` as `read` gives them, with details where those are wanted."""
        yield rows

    def is_gone(self, record_id: str) -> bool:
        """Whether the vendor itself says that this record does not exist; asked of ids a sweep did not find."""
        raise NotImplementedError

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """What the vendor takes when a field is written, by place; see `tap.facts`."""
        return {}

    def sync(self, context: Mapping[str, Any] | None = None) -> None:  # type: ignore[misc]  # final in the SDK
        """Read and write this stream, unless it is known that it cannot be read."""
        if self.name not in self._tap.unread:
            super().sync(context)
            self._tap.ended.add(self.name)

    @property
    def client(self) -> Client:
        """The tap's connection."""
        return self._tap.client

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The selected properties, keys and the replication key among them."""
        return chosen_properties(self.schema, self.mask, self._always)

    @cached_property
    def asked(self) -> frozenset[str]:
        """What to ask the vendor for: what is chosen, and what the filters are about."""
        return self.chosen | set(self.filters)

    @cached_property
    def filters(self) -> Filters:
        """Property to the values a record may have there, from the setting `filters`. Every record is checked here."""
        return filters_of(self.config, self.name)

    @cached_property
    def until(self) -> datetime | None:
        """The end (exclusive) of what is read by modification time, from the setting `end_date`."""
        return instant_or_none(str(self.config.get("end_date") or ""))

    @cached_property
    def floor(self) -> datetime | None:
        """Records modified before are not read, by the setting `start_date`."""
        return _later(instant_or_none(str(self.config.get("start_date") or "")))

    @property
    def wants_details(self) -> bool:
        """Whether something is asked for that rows of the list lack, and the stream is not in `without_details`."""
        if self.name in (self.config.get("without_details") or ()):
            return False
        return not self.listed or not self.asked - CONTROL <= self.listed

    @cached_property
    def shape(self) -> Shape:
        """Cuts a row to what is chosen of the schema, after the vendor's quirks were `mended`."""
        return compile_shape(chosen_schema(self.schema, self.mask, self._always), in_order=self.is_compared)

    def mended(self, row: Row) -> Row:
        """The row without this vendor's quirks."""
        return row

    @property
    def is_incremental(self) -> bool:
        """Whether the stream has a bookmark."""
        whole = self.replication_method == REPLICATION_FULL_TABLE or self.name in (self.config.get("read_whole") or ())
        return bool(self.replication_key) and not whole

    @property
    def is_compared(self) -> bool:
        """Whether only records are written that differ from what was last delivered, by the setting `changed_only`."""
        named = self.config.get("changed_only") or ()
        return self.name in named or ("*" in named and not self.is_incremental)

    @cached_property
    def sweeps(self) -> bool:
        """Whether deletions are found from all ids."""
        return bool(
            int(self.config.get("deletions_every_s", 0)) > 0 and DELETED in self.chosen and self.ids() is not None
        )

    @property
    def remembers(self) -> bool:
        """Whether what is delivered is kept in `known`."""
        return self.is_compared or self.sweeps

    @cached_property
    def known(self) -> Known:
        """What was delivered to this consumer. To be asked for where the stream `remembers` only."""
        known = Known(self._tap.state_dir, self.name, self._bookmark().get(MARK), self._tap.clock().timestamp())
        self._tap.keep_open(known)
        return known

    @property
    def overlap(self) -> timedelta:
        """For how long after its time a record may appear, by the setting `overlap_s`."""
        return timedelta(seconds=max(1, int(self.config.get("overlap_s", 60))))

    def since(self) -> datetime | None:
        """From when to read: the bookmark less the overlap, never before `start_date`; None reads everything."""
        if not self.is_incremental:
            return None
        floor = self.floor
        marked = _later(instant_or_none(str(self._bookmark().get("replication_key_value") or "")))
        if marked is None:
            return floor
        overlapped = marked.replace(microsecond=0) - self.overlap
        return max(overlapped, floor) if floor else overlapped

    def _bookmark(self) -> dict[str, Any]:
        """This stream's part of the state, for marks of its own."""
        state: dict[str, Any] = self.stream_state
        return state

    def must_end(self) -> bool:
        """Whether reading ends after this page, because the window is closed; said once."""
        return self._tap.must_end(self)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - no partitions
        """Records of this run, each version of a record once, nothing older than `since`. The SDK's way out."""
        reading = self._new_reading()
        for batch in self._batches(reading):
            for one, body in self._news(batch):
                yield decode_value(body)
                self._remember(one, body)
                reading.delivered([one])

    def _batches(self, reading: Reading) -> Iterator[list[Fresh]]:
        """Records, then deletions."""
        if self.must_end():
            return
        if self.sweeps and self.known.is_new and reading.bookmark.reached is not None:
            self.known.is_partial = True
        seen = self.known.saw if self.sweeps else None
        yield from reading.batches(seen)
        if self.sweeps and reading.begun is not None and reading.is_complete:
            yield from sweep(self, reading)

    def _news(self, batch: list[Fresh]) -> Iterator[tuple[Fresh, bytes]]:
        """Records of a batch with their JSON text, those that the consumer has left out."""
        if not self.is_compared:
            yield from ((one, encode_record(one.record)) for one in batch)
            return
        known, prints = self.known, self.known.prints([one.id for one in batch])
        for one in batch:
            body = encode_record(one.record)
            if not one.id or prints.get(one.id) != known.fingerprint(body):
                yield one, body

    def _remember(self, one: Fresh, body: bytes) -> None:
        if self.remembers and one.id:
            if one.record.get(DELETED):
                self.known.forget(one.id)
            else:
                self.known.remember(one.id, self.known.fingerprint(body) if self.is_compared else None)

    def _new_reading(self) -> Reading:
        def moved() -> None:
            self.state_manager.is_flushed = False

        mark = Bookmark(self._bookmark(), self.replication_key or "", moves=self.is_incremental, moved=moved)
        return Reading(self, mark)

    def _sync_records(
        self, context: Mapping[str, Any] | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """All records, written; what makes this stream unreadable ends it and not the run."""
        try:
            if write_messages and self._writes_directly:
                self._write_records()
            else:
                yield from super()._sync_records(context, write_messages=write_messages)
        except (SetAside, PermissionMissing) as error:
            self._write_state_message()
            self._tap.cannot_read(self.name, error, self.scopes)
        except SingerSDKError:
            self._write_state_message()  # what was delivered until here need not come again
            raise
        finally:
            self._tap.writer.flush()
            if "known" in self.__dict__:
                self.known.close()
                del self.__dict__["known"]

    @property
    def _writes_directly(self) -> bool:
        """Whether records may go past the SDK, one line each: nothing is to be mapped, batched or broken off."""
        maps = self.stream_maps
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled
        return (
            plain
            and maps[0].stream_alias == self.name
            and self.ABORT_AT_RECORD_COUNT is None
            and not self.child_streams
            and self._stream_version is None
            and type(self).post_process is Stream.post_process
        )

    def _write_records(self) -> None:
        """What the SDK does for each record, done for each page."""
        writer, reading = self._tap.writer, self._new_reading()
        head = b'{"type":"RECORD","stream":%b,"record":' % encode_record(self.name)
        since_state = 0
        with self.get_record_counter() as counter, self.get_sync_timer():
            self._write_starting_replication_value(None)
            for batch in self._batches(reading):
                tail = b',"time_extracted":"%b"}\n' % self._tap.clock().isoformat().encode()
                written = 0
                if self.remembers:
                    for one, body in self._news(batch):
                        writer.write_line(head + body + tail)  # before it is remembered
                        self._remember(one, body)
                        written += 1
                else:
                    written = len(batch)
                    for start in range(0, written, _LINES_AT_ONCE):
                        some = batch[start : start + _LINES_AT_ONCE]
                        bodies = [encode_record(one.record) for one in some]
                        writer.write_line(head + (tail + head).join(bodies) + tail)
                reading.delivered(batch)
                counter.increment(written)
                since_state += written
                if written:
                    self.state_manager.is_flushed = False
                if since_state >= self.STATE_MSG_FREQUENCY:
                    since_state = 0
                    self._write_state_message()
                writer.flush_old()
        self._finalize_state(self._bookmark())
        self._write_state_message()

    def _write_state_message(self) -> None:
        """A state says what was delivered before it: what is known is kept first."""
        if not self.state_manager.is_flushed and self.remembers and "known" in self.__dict__:
            self._bookmark()[MARK] = self.known.confirm()
        super()._write_state_message()

    def _increment_stream_state(
        self, latest_record: dict[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Nothing: the bookmark follows the reading, not the SDK's records."""

    @property
    def _always(self) -> tuple[str, ...]:
        return (*(self.primary_keys or ()), self.replication_key or "")
