"""Streams of the finance side (inventory and books), declared as attributes.

Three ways a list can be read incrementally, by what the vendor documents for it ("List items", "List invoices", …):

* filter and sort by modification time: pages as they come;
* sort only: newest first until the bookmark is passed;
* neither: the whole list, 200 rows a call, kept where newer than the bookmark.

Whatever way, rows go on in order of modification (`finance_order`), so the bookmark follows and an interrupted run resumes: details
may cost a call each and be more than a day has calls, so a run that began anew every day would never come to an end. Lists lack
what details have (properties marked `x-detail` in the schema file): where one of those is chosen the changed records,
and only they, are read in detail, side by side where that pays. Streams whose rows stand in the details of others are
in `finance_parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from singer_sdk.singerlib import MetadataMapping

from ofrecord_kit.ahead import MISSING, Call, ahead, answer_to
from ofrecord_kit.answers import Decoder
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.tap import finance_custom
from ofrecord_kit.tap.bookmark import place_of
from ofrecord_kit.tap.cells import Cut
from ofrecord_kit.tap.chosen import chosen_schema
from ofrecord_kit.tap.facts import FINANCE, Breadcrumb, Facts, read_facts
from ofrecord_kit.tap.finance_order import InOrder, in_moments
from ofrecord_kit.tap.finance_pages import finance_pages, finance_pages_by_time, finance_pages_overlapping
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.pages import Page, Place, Row, rows_under, text_of
from ofrecord_kit.tap.shapes import utc_text
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.vendors import finance, scopes


def same(*names: str) -> dict[str, str]:
    """Names that mean the same on both sides."""
    return {name: name for name in names}


class FinanceStream(VendorStream):
    """A finance list. Attributes say all there is to say about it."""

    root: ClassVar[str]
    """`finance.INVENTORY` or `finance.BOOKS`."""
    path: ClassVar[str]
    rows: ClassVar[str] = ""
    """Key of the rows in the list's answer, when it is not the stream's name."""
    row_names: ClassVar[Mapping[str, str]] = {}
    """Properties that rows of the list call otherwise, by their name there."""
    is_paged: ClassVar[bool] = True
    """Whether the list takes `page` and `per_page`."""
    query: ClassVar[Mapping[str, str]] = {}
    """Parameters of every list call."""
    every: ClassVar[Mapping[str, str]] = {}
    """Parameters with which the list holds records of every status, for a sweep of ids."""
    filters_by_time: ClassVar[bool] = False
    """Whether `last_modified_time` is a parameter of the list."""
    sorts_by_time: ClassVar[bool] = False
    """Whether `sort_column` takes `last_modified_time`."""
    filtered_by: ClassVar[Mapping[str, str]] = {}
    """Properties the list documents a filter for, with the name of the parameter."""
    detail: ClassVar[str | None] = None
    """Key of the record in the answer of a detail read, for lists whose rows are not enough."""
    detail_query: ClassVar[Mapping[str, str]] = {}
    """Parameters of a detail read."""
    details_by_default: ClassVar[bool] = True
    """Whether properties of details are selected unless a catalog says otherwise; not where nothing tells which records changed."""
    details_together: ClassVar[str | None] = None
    """Path that answers many details at once by `item_ids`."""
    has_ids: ClassVar[bool] = True
    """Whether deletions are found from a list of all there is."""
    answers_one: ClassVar[bool] = True
    """Whether a single record can be read by its id."""
    custom_fields_of: ClassVar[tuple[str, ...]] = ()
    """Names of the module in the organisation's preferences; the first one that is there counts."""
    resource: ClassVar[str] = ""
    """What the scope is named after, when it is not the stream's name."""

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """From `vendors/facts/<stream>.toml`, and of custom fields what the organisation says."""
        return read_facts(FINANCE / f"{self.name}.toml", self.schema) | finance_custom.facts(self)

    @cached_property
    def scopes(self) -> Sequence[str]:  # type: ignore[override]  # follows from the name
        """The OAuth scopes its calls need."""
        return scopes.reading(self._tap.system, self.resource or self.name)

    @property
    def metadata(self) -> MetadataMapping:
        """What is selected: a stream that is not by default is when the setting `streams` names it, details where they must be by a catalog."""
        is_new = self._metadata is None
        found: MetadataMapping = super().metadata
        if is_new and not self.selected_by_default and self.name in (self.config.get("streams") or ()):
            found.root.selected = True
        if is_new and not self.details_by_default and not self._tap.input_catalog:
            for name in set(self.schema["properties"]) - self.listed:
                found["properties", name].selected_by_default = False
        return found

    @cached_property
    def listed(self) -> frozenset[str]:  # type: ignore[override]  # stands in the schema
        """Properties a row of the list has: those not marked `x-detail`; unknown where none is."""
        known: Mapping[str, Any] = self.schema["properties"]
        listed = frozenset(name for name, one in known.items() if not one.get("x-detail"))
        return listed if len(listed) < len(known) else frozenset()

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Pages of rows, detailed where something only details have is chosen."""
        if not self._reads_details:
            return self.listing(since, None if self.row_names or self.filters else self._cut)
        tap = self._tap
        return (
            tap.aside.keeping(self, since, self.detailed(since, self.place), self.place)
            if isinstance(tap, FinanceTap)
            else self.detailed(since, self.place)
        )

    @property
    def _reads_details(self) -> bool:
        return bool(self.detail or self.details_together) and self.wants_details

    def _each(self, rows: list[Row]) -> Iterator[list[Row]]:
        """Details of rows, a few at a time."""
        return self._together(rows) if self.details_together else self._one_by_one(rows)

    def full(self, rows: list[Row]) -> Iterator[list[Row]]:
        """In detail where something only details have is chosen."""
        return self._each(rows) if self._reads_details else iter([rows])

    def detailed(self, since: datetime | None, after: Place | None = None) -> Iterator[Page]:
        """Changed rows in detail, a few a page, so that the bookmark follows every read; none that stands up to `after`.

        Details that cost a call each may be more than a day has calls, and all be of one moment.
        """
        oldest = since.isoformat() if since else ""
        pages = self.listing(since)
        for page in pages if self.details_together else in_moments(pages, self._place):
            yield replace(page, rows=[])
            wanted = [row for row in page.rows if self._is_since(row, oldest) and not self._is_late(row)]
            if self.details_together:
                yield from (replace(page, rows=some) for some in self._together(wanted))
                continue
            wanted = [row for row in wanted if not (after and self._modified(row) and self._place(row) <= after)]
            for row, found in self._with_details(wanted):
                yield replace(page, rows=found, place=self._place(row))

    def ids(self) -> Iterator[Page] | None:
        """Pages of the whole list, 200 records a call."""
        return self._pages({**self.query, **self.every}) if self.has_ids else None

    def is_gone(self, record_id: str) -> bool:
        """Whether the vendor says that there is no such record, asked for by itself or in a second reading of the list."""
        if not self.answers_one:
            return record_id not in self._there
        try:
            self.client.get(f"{self.root}{self.path}/{record_id}")
        except VendorRefusal as refusal:
            if refusal.is_missing:
                return True
            raise
        return False

    @cached_property
    def _there(self) -> frozenset[str]:
        """Ids of a second reading of the list, one for all that are asked for."""
        return frozenset(text_of(row, self._key) for page in self.ids() or () for row in page.rows)

    def mended(self, row: Row) -> Row:
        """Custom fields under one key, whether the vendor sent a hash, a list or loose `cf_` keys, and each by itself."""
        return self._mend(row)

    @cached_property
    def _mend(self) -> finance_custom.Mend:
        return finance_custom.mending(self.schema)

    @property
    def _key(self) -> str:
        return (self.primary_keys or ("id",))[0]

    @cached_property
    def _cut(self) -> Cut:
        """Decodes the list into records, where no row has a custom field: those come in three forms, see `mended`."""
        schema = chosen_schema(self.schema, self.mask, self._always)
        filled = {finance_custom.HASH: b"{}"} if finance_custom.HASH in schema["properties"] else {}
        return Cut(self.rows or self.name, schema, filled=filled, never=b'"cf_')

    def listing(self, since: datetime | None, decoder: Decoder | None = None) -> Iterator[Page]:
        """Pages of the list's rows modified since `since`, in order of modification."""
        params: dict[str, str] = {**self.query, **self._filters()}
        if not self.replication_key or not (self.is_incremental or self.sorts_by_time):
            return self._pages(params, decoder)
        if since and self.filters_by_time:
            params["last_modified_time"] = finance.modified_from(since)
        if self.sorts_by_time:
            params |= {"sort_column": "last_modified_time", "sort_order": "A"}
            if self.filters_by_time:
                path, key = self.root + self.path, self.rows or self.name
                return finance_pages_by_time(
                    self.client, path, key, params, modified=self._modified, version=self._version, decoder=decoder
                )
            if since:
                newest_first = self._pages({**params, "sort_order": "D"})
                return self._in_order_of_time(self._until(newest_first, since), since)
            path, key = self.root + self.path, self.rows or self.name
            return finance_pages_overlapping(self.client, path, key, params, self._version, decoder=decoder)
        return self._in_order_of_time(self._pages(params, decoder), since)

    def _pages(self, params: Mapping[str, str], decoder: Decoder | None = None) -> Iterator[Page]:
        """Pages of the list, with the names that details have."""
        path, key = self.root + self.path, self.rows or self.name
        for page in finance_pages(self.client, path, key, params, is_paged=self.is_paged, decoder=decoder):
            for row in page.rows if self.row_names else ():
                row.update({name: row.pop(other) for name, other in self.row_names.items() if other in row})
            yield page

    def _filters(self) -> dict[str, str]:
        """Filters the vendor's list documents, for a single value; every record is checked besides."""
        found: dict[str, str] = {}
        for name, values in self.filters.items():
            if name in self.filtered_by and len(values) == 1 and isinstance(values[0], str | int) and values[0] != "":
                found[self.filtered_by[name]] = (
                    str(values[0]).lower() if isinstance(values[0], bool) else str(values[0])
                )
        return found

    def _modified(self, row: Row) -> str:
        return utc_text(text_of(row, self.replication_key or "")) or ""

    @property
    def place(self) -> Place | None:
        """How far within a moment the reading came that the bookmark is from, where it was interrupted."""
        return place_of(self._bookmark()) if self.is_incremental else None

    def _place(self, row: Row) -> Place:
        """Where a row stands among others, by what its list says."""
        return self._modified(row), text_of(row, self._key)

    def _version(self, row: Row) -> str:
        return f"{text_of(row, self._key)} {self._modified(row)}"

    def _is_since(self, row: Row, oldest: str) -> bool:
        """A row without a modification time may have changed."""
        modified = self._modified(row)
        return not modified or modified >= oldest

    def _is_late(self, row: Row) -> bool:
        """A row that is of no interest before `until`: its detail would be read in vain."""
        return self.until is not None and self._modified(row) >= self.until.isoformat()

    def _until(self, pages: Iterator[Page], since: datetime) -> Iterator[Page]:
        """Pages newest first, read until one ends before `since`."""
        for page in pages:
            is_last = page.rows and not self._is_since(page.rows[-1], since.isoformat())
            yield page
            if is_last:
                return

    def _in_order_of_time(self, pages: Iterator[Page], since: datetime | None) -> Iterator[Page]:
        """All rows since `since` in order of modification, with the time of the first reading."""
        oldest = since.isoformat() if since else ""
        first: Page | None = None
        with InOrder(self._place, self._tap.state_dir) as rows:
            for page in pages:
                first = first or replace(page, rows=[])
                rows.add(row for row in page.rows if self._is_since(row, oldest))
            if first:
                yield first
                yield from (replace(first, rows=some) for some in rows.pages())

    def _one_by_one(self, changed: list[Row]) -> Iterator[list[Row]]:
        """Each row with its detail, passed over when it was deleted meanwhile."""
        return (found for _, found in self._with_details(changed) if found)

    def _with_details(self, changed: list[Row]) -> Iterator[tuple[Row, list[Row]]]:
        """Each row, and it with its detail: nothing when it was deleted meanwhile.

        The list has just told of it, so it is asked for twice before its absence is believed: where it is there after all, a
        change that is passed over is never read again.
        """
        path, query = f"{self.root}{self.path}", self.detail_query
        calls = [Call(f"{path}/{text_of(row, self._key)}", query, may_be_missing=True) for row in changed]
        for row, call, first in zip(changed, calls, ahead(self.client, calls), strict=True):
            answer = answer_to(self.client, call) if first.status == MISSING else first
            yield row, self._over(row, answer.body) if answer.status != MISSING else []

    def _over(self, row: Row, body: Row) -> list[Row]:
        """The detail over the row, which for some objects has what the detail lacks.

        A package comes wrapped in a list in the vendor's description ("Retrieve a package"), a group of items without a key,
        and a purchase order under another key than in live answers (`purchase_order`, `purchaseorder`).
        """
        names = (self.detail or "", (self.detail or "").replace("_", ""))
        found = next((body[name] for name in names if name in body), body)
        return [{**row, **one} for one in (found if isinstance(found, list) else [found])]

    def _together(self, changed: list[Row]) -> Iterator[list[Row]]:
        """Details of a hundred rows a call."""
        size, rows = finance.ITEM_IDS_A_CALL, self.rows or self.name
        batches = [
            {text_of(row, self._key): row for row in changed[start : start + size]}
            for start in range(0, len(changed), size)
        ]
        path = f"{self.root}{self.details_together}"
        calls = [Call(path, {"item_ids": ",".join(some)}, decoder=rows_under(rows)) for some in batches]
        for some, answer in zip(batches, ahead(self.client, calls), strict=True):
            details = {text_of(row, self._key): row for row in answer.body[rows]}
            yield [{**row, **details[name]} for name, row in some.items() if name in details]
