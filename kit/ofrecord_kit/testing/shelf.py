"""A tap that reads from memory what a test puts there: the kit's own path from rows to lines, without a vendor."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from singer_sdk import typing as th
from singer_sdk.exceptions import SingerSDKError

from ofrecord_kit import settings
from ofrecord_kit.tap.pages import Page
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.tap.stream import DELETED, VendorStream

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIME = {"type": ["string", "null"], "format": "date-time"}
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "at": TIME,
        "name": {"type": ["string", "null"]},
        "price": {"type": ["number", "null"]},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"rate": {"type": ["number", "null"]}}}},
        DELETED: TIME,
    },
}


def at(second: int) -> str:
    """A time before noon, as the vendor writes it."""
    return (NOON - timedelta(hours=1) + timedelta(seconds=second)).isoformat()


@dataclass
class Shelf:
    """What the vendor holds, and what it was asked."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    now: datetime = NOON
    machine: datetime = NOON
    asked_for: list[str] = field(default_factory=list)
    swept: int = 0
    gone: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Ids a reading in order of modification passes over."""
    fails_at: dict[str, Exception] = field(default_factory=dict)
    """Page number or `ids`, and how it fails."""
    on_page: Any = None

    def pages(self, rows: list[dict[str, Any]]) -> Iterator[Page]:
        """The rows, raw, page by page."""
        for number, start in enumerate(range(0, max(len(rows), 1), self.page_size), 1):
            if error := self.fails_at.get(str(number)):
                raise error
            some = rows[start : start + self.page_size]
            raw = [{name: msgspec.Raw(msgspec.json.encode(value)) for name, value in row.items()} for row in some]
            if self.on_page:
                self.on_page(number)
            yield Page(raw, self.now)


class Things(VendorStream):
    """Read in order of modification."""

    name = "things"
    primary_keys = ("id",)
    replication_key = "at"
    schema = SCHEMA
    ends_early = True
    _tap: ShelfTap

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Modified since."""
        oldest = since.isoformat() if since else ""
        shelf = self._tap.shelf
        rows = [row for row in shelf.rows if str(row.get("at") or "") >= oldest and row["id"] not in shelf.hidden]
        return self._tap.shelf.pages(sorted(rows, key=lambda row: str(row.get("at") or "")))


class Whole(VendorStream):
    """Read whole, swept."""

    name = "whole"
    primary_keys = ("id",)
    schema = SCHEMA
    _tap: ShelfTap

    def read(self, since: datetime | None) -> Iterator[Page]:  # noqa: ARG002 - all, always
        """Everything."""
        return self._tap.shelf.pages(self._tap.shelf.rows)


class Swept(Things):
    """With ids."""

    name = "swept"

    def ids(self) -> Iterator[Page]:
        """All ids."""
        shelf = self._tap.shelf
        yield from shelf.pages([row for row in shelf.rows if "unlisted" not in row])
        if error := shelf.fails_at.get("ids"):
            raise error
        shelf.swept += 1

    def is_gone(self, record_id: str) -> bool:
        """Asked directly."""
        self._tap.shelf.asked_for.append(record_id)
        return all(row["id"] != record_id for row in self._tap.shelf.rows)


class SweptWhole(Whole):
    """Read whole, with ids."""

    name = "swept_whole"

    def ids(self) -> Iterator[Page]:
        """Nobody should ask: all was read anyway."""
        self._tap.shelf.swept += 1
        return iter(())

    is_gone = Swept.is_gone


class ShelfTap(VendorTap):
    """All of them."""

    name = "tap-shelf"
    system = "inventory"
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
    stream_types = (Things, Whole, Swept, SweptWhole)
    shelf: Shelf

    def clock(self) -> datetime:
        """The test's."""
        return self.shelf.machine


@dataclass
class Run:
    """What a run wrote."""

    records: list[dict[str, Any]]
    states: list[dict[str, Any]]
    lines: list[str]
    error: BaseException | None = None
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """Ids of the records that are no deletions."""
        return [one["id"] for one in self.records if not one.get(DELETED)]

    @property
    def deleted(self) -> list[str]:
        """Ids of deletions."""
        return [one["id"] for one in self.records if one.get(DELETED)]

    @property
    def state(self) -> dict[str, Any]:
        """The last one."""
        return self.states[-1]


def config_of(folder: os.PathLike[str] | str, **more: Any) -> dict[str, Any]:
    """Settings that call nobody."""
    login = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "organization_id": "1"}
    urls = {"api_url": "http://127.0.0.1:9", "accounts_url": "http://127.0.0.1:9"}
    return {**login, **urls, "state_dir": str(folder), "deletions_every_s": 0, **more}


def run(
    shelf: Shelf, folder: os.PathLike[str] | str, state: dict[str, Any] | None = None, catalog: Any = None, **more: Any
) -> Run:
    """A run of the tap in this process."""
    made = type("ShelfTap", (ShelfTap,), {"shelf": shelf})
    tap = made(config=config_of(folder, **more), state=json.loads(json.dumps(state or {})), catalog=catalog)
    out, error = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), None
    try:
        with redirect_stdout(out):
            tap.sync_all()
    except SingerSDKError as raised:
        error = raised
    out.seek(0)
    lines = out.read().splitlines()
    messages = [json.loads(line) for line in lines]
    return Run(
        [one["record"] for one in messages if one["type"] == "RECORD"],
        [one["value"] for one in messages if one["type"] == "STATE"],
        lines,
        error,
        tap.unread,
    )
