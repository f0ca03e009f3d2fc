"""Streams of the finance side (inventory and books), declared as attributes.

Three ways a list can be read incrementally, by what the vendor documents for it ("List items", "List invoices", …):

* filter and sort by modification time: pages as they come;
* sort only: newest first until the bookmark is passed;
* neither: the whole list, 200 rows a call, kept where newer than the bookmark.

Whatever way, rows go on in order of modification, so the bookmark follows and an interrupted run resumes. Lists lack
what details have; where that matters the changed records, and only they, are read in detail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.tap.facts import FINANCE, Breadcrumb, Facts, read_facts
from ofrecord_kit.tap.finance_pages import finance_pages, finance_pages_by_time
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.tap.shapes import utc_text
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.vendors import finance


class FinanceStream(VendorStream):
    """A finance list. Attributes say all there is to say about it."""

    folder: ClassVar[Path]
    """The package of the tap, with `schemas/`."""
    root: ClassVar[str]
    """`finance.INVENTORY` or `finance.BOOKS`."""
    path: ClassVar[str]
    rows: ClassVar[str] = ""
    """Key of the rows in the list's answer, when it is not the stream's name."""
    filters_by_time: ClassVar[bool] = False
    """Whether `last_modified_time` is a parameter of the list."""
    sorts_by_time: ClassVar[bool] = False
    """Whether `sort_column` takes `last_modified_time`."""
    detail: ClassVar[str | None] = None
    """Key of the record in the answer of a detail read, for lists whose rows are not enough."""
    details_together: ClassVar[str | None] = None
    """Path that answers many details at once by `item_ids`."""

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """From `vendors/facts/<stream>.toml`."""
        return read_facts(FINANCE / f"{self.name}.toml", self.schema)

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Pages of rows, detailed where the stream says so."""
        pages = self._listed(since)
        if self.details_together:
            return self._detailed_together(pages, since)
        return self._detailed(pages, since) if self.detail else pages

    def mended(self, row: Row) -> Row:
        """Custom fields under one key, whether the vendor sent a hash, a list or loose `cf_` keys."""
        if "custom_field_hash" in self.schema["properties"] and not row.get("custom_field_hash"):
            row["custom_field_hash"] = _custom_fields(row)
        return row

    def _listed(self, since: datetime | None) -> Iterator[Page]:
        path = self.root + self.path
        params: dict[str, str] = {}
        if since and self.filters_by_time:
            params["last_modified_time"] = finance.modified_from(since)
        if not self.is_incremental:
            return finance_pages(self.client, path, self.rows or self.name)
        if self.sorts_by_time:
            newest_first = since is not None and not self.filters_by_time
            params |= {"sort_column": "last_modified_time", "sort_order": "D" if newest_first else "A"}
            if self.filters_by_time:
                return finance_pages_by_time(self.client, path, self.rows or self.name, params, self._modified)
            pages = finance_pages(self.client, path, self.rows or self.name, params)
            return self._until(pages, since) if since and newest_first else pages
        return self._in_order_of_time(finance_pages(self.client, path, self.rows or self.name, params), since)

    def _modified(self, row: Row) -> str:
        return utc_text(row.get(self.replication_key or "") or "") or ""

    def _until(self, pages: Iterator[Page], since: datetime) -> Iterator[Page]:
        """Pages newest first, read until one ends before `since`, handed on oldest first."""
        kept: list[Page] = []
        for page in pages:
            kept.append(page)
            if page.rows and self._modified(page.rows[-1]) < since.isoformat():
                break
        return self._in_order_of_time(iter(kept), since)

    def _in_order_of_time(self, pages: Iterator[Page], since: datetime | None) -> Iterator[Page]:
        """All rows since `since` as one page in order of modification, with the time of the first reading."""
        oldest = since.isoformat() if since else ""
        first: Page | None = None
        rows: list[Row] = []
        for page in pages:
            first = first or page
            rows += [row for row in page.rows if self._modified(row) >= oldest]
        if first:
            yield replace(first, rows=sorted(rows, key=self._modified))

    def _detailed(self, pages: Iterator[Page], since: datetime | None) -> Iterator[Page]:
        """One read for each changed row, one row a page, so that the bookmark follows every read."""
        key = (self.primary_keys or ("id",))[0]
        oldest = since.isoformat() if since else ""
        for page in pages:
            yield replace(page, rows=[])
            for row in page.rows:
                if self._modified(row) >= oldest:
                    yield replace(page, rows=self._detail_of(row, row[key]))

    def _detail_of(self, row: Row, record_id: str) -> list[Row]:
        """The detail over the row, which for some objects has what the detail lacks; none when it was deleted meanwhile.

        A package comes wrapped in a list in the vendor's description ("Retrieve a package").
        """
        try:
            answer = self.client.get(f"{self.root}{self.path}/{record_id}")
        except VendorRefusal as refusal:
            if refusal.is_missing:
                return []  # deleted since it was listed
            raise
        found = answer.body[self.detail]
        return [{**row, **one} for one in (found if isinstance(found, list) else [found])]

    def _detailed_together(self, pages: Iterator[Page], since: datetime | None) -> Iterator[Page]:
        """Details of changed rows, a hundred a call."""
        key = (self.primary_keys or ("id",))[0]
        oldest = since.isoformat() if since else ""
        for page in pages:
            yield replace(page, rows=[])
            changed = [row for row in page.rows if self._modified(row) >= oldest]
            for some in _batches(changed):
                ids = ",".join(str(row[key]) for row in some)
                answer = self.client.get(f"{self.root}{self.details_together}", params={"item_ids": ids})
                details = {row[key]: row for row in answer.body[self.name]}
                yield replace(page, rows=[{**row, **details[row[key]]} for row in some if row[key] in details])


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    size = finance.ITEM_IDS_A_CALL
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _custom_fields(row: Row) -> dict[str, Any]:
    """Custom fields from `custom_fields[]`, else from loose `cf_` keys."""
    listed = row.get("custom_fields") or []
    if listed:
        return {one["api_name"]: one.get("value") for one in listed if one.get("api_name")}
    return {name: value for name, value in row.items() if name.startswith("cf_")}
