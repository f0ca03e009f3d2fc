"""What a tap of the finance side keeps for all its streams: descriptions of custom fields, details read once for several."""

from __future__ import annotations

import logging
import tempfile
import weakref
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import IO, Any

import msgspec

from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.tap.pages import Page, Place, Row
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.vendors import finance

logger = logging.getLogger(__name__)

Definition = Mapping[str, Any]
"""A custom field as the organisation describes it."""

_ROOTS = {"inventory": finance.INVENTORY, "books": finance.BOOKS}
_LINES_A_PAGE = 200
_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class FinanceTap(VendorTap):
    """A tap of the finance side."""

    @cached_property
    def custom_fields(self) -> Mapping[str, list[Definition]]:
        """Descriptions by module; none where the organisation does not tell. Effects: one call."""
        try:
            body = self.client.get(f"{_ROOTS[self.system]}/settings/preferences").body
        except (PermissionMissing, VendorRefusal) as refusal:
            logger.warning("Custom fields have no properties of their own: their descriptions are refused. %s", refusal)
            return {}
        found = body.get("customfields") if isinstance(body, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def aside(self) -> Aside:
        """Details one stream read that others of this run are made from."""
        return Aside(self)


@dataclass(frozen=True, slots=True)
class _Kept:
    since: datetime | None
    read_at: datetime
    lines: IO[bytes]


class Aside:
    """Details of a stream in a file, cut to what the streams inside it need; only complete readings count."""

    def __init__(self, tap: FinanceTap) -> None:
        self._tap = tap
        self._kept: dict[type[VendorStream], _Kept] = {}

    def keeping(
        self, stream: VendorStream, since: datetime | None, pages: Iterator[Page], after: Place | None = None
    ) -> Iterator[Page]:
        """The pages, put aside while they pass where a selected stream is made from them. They hold nothing up to `after`."""
        needs = self._needs(stream)
        if after:
            begin = datetime.fromisoformat(after[0]) + timedelta(seconds=1)
            since = max(since, begin) if since else begin
        return self._keep(type(stream), since, pages, needs) if needs else pages

    def pages(self, kind: type[VendorStream], since: datetime | None) -> Iterator[Page] | None:
        """What was put aside of a stream, when it reaches back to `since`."""
        kept = self._kept.get(kind)
        if kept is None or not (kept.since is None or (since is not None and kept.since <= since)):
            return None
        return self._read(kept)

    def _needs(self, stream: VendorStream) -> Collection[str]:
        found: set[str] = set()
        for other in self._tap.streams.values():
            if other.selected and getattr(other, "inside", None) is type(stream):
                found |= getattr(other, "needs", frozenset())
        return found

    def _keep(
        self, kind: type[VendorStream], since: datetime | None, pages: Iterator[Page], needs: Collection[str]
    ) -> Iterator[Page]:
        lines = tempfile.TemporaryFile()  # noqa: SIM115 - read later
        weakref.finalize(self, lines.close)
        read_at: datetime | None = None
        for page in pages:
            read_at = read_at or page.read_at
            lines.writelines(_line(row, needs) for row in page.rows)
            yield page
        if read_at:
            self._kept[kind] = _Kept(since, read_at, lines)

    def _read(self, kept: _Kept) -> Iterator[Page]:
        kept.lines.seek(0)
        yield Page([], kept.read_at)
        while some := list(islice(kept.lines, _LINES_A_PAGE)):
            yield Page([_decode(line) for line in some], kept.read_at)


def _line(row: Row, needs: Collection[str]) -> bytes:
    return _encode({name: row[name] for name in needs if name in row}) + b"\n"
