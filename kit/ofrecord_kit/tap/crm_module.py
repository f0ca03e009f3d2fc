"""A module of the CRM as a stream: changed records by the cheapest plan, lines of documents, then the deleted ones."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.cells import Cut
from ofrecord_kit.tap.chosen import chosen_schema
from ofrecord_kit.tap.crm_bulk import MARK, BulkPages, compared, criteria_of
from ofrecord_kit.tap.crm_coql import QueryPages, both, condition_of, count
from ofrecord_kit.tap.crm_deleted import ASKED, NEVER, DeletedDue, deleted_since
from ofrecord_kit.tap.crm_fields import (
    ALWAYS,
    PERSONS,
    Wanted,
    as_listed,
    cells_as_listed,
    listed_in,
    queried,
    wanted_of,
)
from ofrecord_kit.tap.crm_heeding import HeedsDrift
from ofrecord_kit.tap.crm_lines import Lines, Subform, detailed, forms_of, is_quiet, with_lines
from ofrecord_kit.tap.crm_pages import ListPages, moment
from ofrecord_kit.tap.crm_plans import BULK, LIST, Plan, choose, choose_lines, said
from ofrecord_kit.tap.crm_tap import CrmTap, Described
from ofrecord_kit.tap.crm_views import IN_VIEW_SCHEMA, left, members, view_id
from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.tap.pages import Page, text_of
from ofrecord_kit.tap.reading import Fresh
from ofrecord_kit.tap.shapes import Cells
from ofrecord_kit.tap.stream import CONTROL, DELETED, IN_VIEW
from ofrecord_kit.vendors import crm, scopes

_QUIET_READS = 2
CONVERTED = {"Leads": {"converted": "both"}}
"""A list leaves converted leads out otherwise ("Get Records")."""


class CrmModule(HeedsDrift):
    """The records of one module. `described` is None when the schema came from a catalog."""

    primary_keys: ClassVar[Sequence[str]] = ("id",)
    replication_key: ClassVar[str] = "Modified_Time"
    _tap: CrmTap

    def __init__(self, tap: CrmTap, name: str, schema: dict[str, Any], described: Described | None = None) -> None:
        self._view = str((tap.config.get("views") or {}).get(name) or "")
        if self._view:
            schema = {**schema, "properties": {**schema["properties"], IN_VIEW: IN_VIEW_SCHEMA}}
        super().__init__(tap=tap, name=name, schema=schema)
        self._described = described
        for one in described.off if described else ():
            self.metadata["properties", one].selected_by_default = False

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """What the module's field metadata says; nothing when the schema came from a catalog."""
        return self._described.facts if self._described else {}

    @cached_property
    def listed(self) -> frozenset[str]:  # type: ignore[override]  # an attribute of the class elsewhere
        """What a list gives."""
        return listed_in(self.schema)

    @property
    def scopes(self) -> Sequence[str]:  # type: ignore[override]  # an attribute of the class elsewhere
        """Of the list. Without those of queries and descriptions it is read, too: by lists, by a catalog."""
        return scopes.reading("crm", self.name)

    @cached_property
    def live(self) -> Described:
        """The module as it is now; a call when the schema came from a catalog."""
        return self._described or self._tap.describe(self.name)

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Changed records; then the ids deleted since: without a bookmark all that the vendor still knows of."""
        wants_deleted = self.is_incremental and DELETED in self.chosen
        marked = super().since()
        since = marked if self._view else since
        if wants_deleted and not self._bookmark().get("replication_key_value"):
            self._bookmark()[ASKED] = (marked or NEVER).isoformat()  # holds where this reading is cut short
        begun: datetime | None = None
        for page in self._heeding_drift(since):
            begun = begun or page.read_at
            yield page
        if begun and wants_deleted:
            yield from self._deleted(marked or NEVER, begun)

    def _deleted(self, since: datetime, now: datetime) -> Iterator[Page]:
        """Ids deleted since the list of them was read last, where that is due."""
        mark = self._bookmark()
        due = DeletedDue(int(self.config.get("deleted_every_s") or 0), instant_or_none(str(mark.get(ASKED) or "")))
        if not due.at(now):
            return
        begin = due.since(since, int(self.config.get("overlap_s", 60)))
        yield from deleted_since(self.client, self.name, begin, CONVERTED.get(self.name, {}))
        mark.pop(ASKED, None)
        if due.every_s:
            mark[ASKED] = now.isoformat(timespec="seconds")

    def since(self) -> datetime | None:
        """Of a view everything is read (see `crm_views`), and where a field is there again that was left out."""
        return None if self._view or self._is_back else super().since()

    @property
    def is_compared(self) -> bool:
        """Of a view only what differs is written."""
        return bool(self._view) or super().is_compared

    def _remember(self, one: Fresh, body: bytes) -> None:
        if self._view and one.record.get(IN_VIEW) is False:
            self.known.forget(one.id)
        else:
            super()._remember(one, body)

    def _viewed(self, since: datetime | None) -> Iterator[Page]:
        """The records of the view, then those that left it."""
        self.is_sorted = False
        names = ALWAYS if self.wants_details else self._names()
        params = {"cvid": view_id(self.client, self.name, self._view), **CONVERTED.get(self.name, {})}
        lister = ListPages(self.client, f"{crm.ROOT}/{self.name}", names, params, {})
        for page in members(lister, self.known):
            found = page
            if self.wants_details:
                prints = self.known.prints([text_of(row, "id") for row in page.rows])
                news = [
                    row for row in page.rows if not (since and moment(row) < since and text_of(row, "id") in prints)
                ]
                found = detailed(self.client, self.name, Page(news, page.read_at))
            yield Page([{**row, IN_VIEW: True} for row in found.rows], page.read_at)
        for page in left(self.client, lister, self.known):
            yield Page([{**row, IN_VIEW: False} for row in page.rows], page.read_at)

    def _records(self, since: datetime | None) -> Iterator[Page]:
        if self._view:
            return self._viewed(since)
        return self._documents(since) if self.wants_details else self._rows(since, self._names())

    def _names(self) -> list[str]:
        """The fields to ask a list for, in the order of the schema."""
        wanted = self.asked & self.listed
        return [name for name in self.schema["properties"] if name in wanted - CONTROL - self._left_out]

    @property
    def _forced(self) -> str | None:
        found: str | None = (self.config.get("read_plan") or {}).get(self.name)
        return found

    def _rows(self, since: datetime | None, names: Sequence[str]) -> Iterator[Page]:
        """What a list gives, by one plan or another. The first page decides whether there is anything to plan."""
        if MARK in self._bookmark():
            yield from self._by_bulk(since, names)
            return
        plan: Plan | None = None
        if self._forced in {None, LIST}:
            lister = ListPages(
                self.client, f"{crm.ROOT}/{self.name}", names, CONVERTED.get(self.name, {}), decoder=self._cut()
            )
            for page in lister.pages(since):
                yield page
                since = lister.last or since
                if self.until and since and since >= self.until:
                    return
                if lister.more and plan is None:
                    plan = self._plan(since, names)
                    if plan.way != LIST:
                        break
            else:
                return
        plan = plan or self._plan(since, names)
        pages = self._by_bulk if plan.way == BULK else self._by_queries
        yield from pages(since, names)

    def _plan(self, since: datetime | None, names: Sequence[str]) -> Plan:
        """The cheapest way to read what was modified since, or the one that is forced; said in one line."""
        if self._forced == LIST:
            return Plan(LIST, {LIST: 1}, "read_plan says so")
        wanted = self._wanted(names)
        why = f"only lists give {', '.join(wanted.not_queried)}" if wanted.not_queried else ""
        if self.name in CONVERTED:
            why = "that queries find converted leads is not documented"
        rows = self._count(since, wanted.where)
        if rows is None:
            plan = Plan(self._forced or LIST, {self._forced or LIST: 0}, "the records cannot be counted")
        else:
            plan = choose(rows, len(wanted.fields), len(wanted.columns), only_listed=why, forced=self._forced)
        self._expected = rows
        self.log(said(self.name, f"{rows if rows is not None else 'unknown'} records", plan))
        if self._forced and wanted.not_queried:
            self.log(f"{self.name}: {', '.join(wanted.not_queried)} left out: {why}.", level=logging.WARNING)
        return plan

    def _cut(self, wanted: Wanted | None = None) -> Cut | None:
        """Decodes pages into records, where nothing is done with their rows before they are written."""
        if self.filters or self._left_out or self.wants_details:
            return None
        return queried(chosen_schema(self.schema, self.mask, self._always), wanted)

    _expected: int | None = None

    def _count(self, since: datetime | None, *conditions: str) -> int | None:
        """One credit; None where the vendor or the token does not let it be asked."""
        begin = f"Modified_Time >= '{since.isoformat(timespec='seconds')}'" if since else ""
        try:
            return count(self.client, self.name, begin, *conditions)
        except (VendorRefusal, PermissionMissing):
            return None

    def _wanted(self, names: Iterable[str]) -> Wanted:
        found = wanted_of(self.name, names, self.live.fields)
        where = condition_of({name: list(values) for name, values in self.filters.items()}, found.kinds)
        where = both(where, f"Modified_Time < '{self._end}'" if self._end else "")
        return replace(found, where=where)

    def _people(self, wanted: Wanted) -> Mapping[str, Mapping[str, Any]]:
        """Names that queries leave out, where something chosen needs them."""
        kinds = set(wanted.kinds.values())
        people = self._tap.names.people() if kinds & PERSONS else {}
        return {**people, **(self._tap.names.layouts(self.name) if "layout" in kinds else {})}

    @property
    def _end(self) -> str:
        return self.until.isoformat(timespec="seconds") if self.until else ""

    def _say_state(self) -> None:
        """A run that is killed from now on goes on with the job its bookmark names."""
        self.state_manager.is_flushed = False
        self._write_state_message()

    def _queryable(self, names: Sequence[str]) -> Wanted:
        wanted = self._wanted(names)
        return self._wanted([name for name in wanted.fields if name not in wanted.not_queried])

    def _by_queries(self, since: datetime | None, names: Sequence[str]) -> Iterator[Page]:
        wanted = self._queryable(names)
        people = self._people(wanted)
        listed, cells_listed = as_listed(wanted, people), cells_as_listed(wanted, people)
        at_once = int(self.config.get("calls_at_once") or 5)
        queries = QueryPages(self.client, wanted, at_once=at_once, decoder=self._cut(wanted))
        for page in queries.pages(since, self._expected):
            rows: list[Any] = page.rows
            if rows and isinstance(rows[0], Cells):
                cells_listed(rows)
                yield page
            else:
                yield Page([listed(row) for row in rows], page.read_at)

    def _by_bulk(self, since: datetime | None, names: Sequence[str]) -> Iterator[Page]:
        """By jobs; then a count, because a record that is deleted between two jobs may shift another out of both."""
        self.is_sorted = False
        wanted, mark = self._queryable(names), self._bookmark()
        filters = criteria_of(self.filters, wanted.kinds)
        ends = [compared("Modified_Time", "less_than", self._end)] if self._end else []
        jobs = BulkPages(
            self.client, wanted, mark, self._people(wanted), self._say_state, (*filters, *ends), self._tap.downloads
        )
        if MARK in mark and not jobs.can_resume():
            mark.pop(MARK)
        yield from jobs.pages(since)
        kept = mark.pop(MARK)
        begun = datetime.fromisoformat(kept["begun"])
        before = f"Modified_Time < '{begun.isoformat(timespec='seconds')}'"
        there = None if filters or ends else self._count(instant_or_none(kept["since"] or ""), before)
        if there is not None and there > int(kept["read"]):
            self.log(
                f"{self.name}: bulk read gave {kept['read']} records of {there} not changed since; they are read again by queries.",
                level=logging.WARNING,
            )
            yield from self._by_queries(since, names)

    # --- lines -----------------------------------------------------------------------------------------------------

    def _documents(self, since: datetime | None) -> Iterator[Page]:
        """Records with what lists leave out: each read by itself, or lines from the list of their subform."""
        lister = ListPages(self.client, f"{crm.ROOT}/{self.name}", ALWAYS, CONVERTED.get(self.name, {}))
        pages = lister.pages(since)
        first = next(pages)
        forms = self._forms() if self._forced != LIST and (lister.more or self._forced) else []
        if forms and self._lines_plan(since, len(first.rows), forms).way != "details":
            found = yield from self._joined(since, forms)
            if found:
                return
        for page in itertools.chain([first], pages):
            changed = [row for row in page.rows if since is None or moment(row) >= since]
            yield detailed(self.client, self.name, Page(changed, page.read_at))

    def _forms(self) -> list[Subform]:
        """The chosen subforms; none when something else needs details, too."""
        names = [
            name for name in self.schema["properties"] if name in self.asked - self.listed - CONTROL - self._left_out
        ]
        found = forms_of(self.live.fields, {name: self.live.rows[name] for name in names if name in self.live.rows})
        return found if len(found) == len(names) else []

    def _lines_plan(self, since: datetime | None, at_least: int, forms: Sequence[Subform]) -> Plan:
        changed = self._count(since) or at_least
        documents = self._count(None) or changed
        lines = 0
        for form in forms:
            try:
                lines += count(self.client, form.module)
            except (VendorRefusal, PermissionMissing):  # that subforms can be queried is UNVERIFIED
                lines = 0
                break
        plan = choose_lines(changed, documents, lines, max(len(form.fields) for form in forms))
        if self._forced:
            plan = Plan("subform list", plan.credits, "read_plan says so")
        self.log(said(self.name, f"lines of {changed} documents", plan))
        return plan

    def _joined(self, since: datetime | None, forms: Sequence[Subform]) -> Generator[Page, None, bool]:
        """Documents with lines from the lists of their subforms; False when documents were written all the while."""
        with Lines.opened() as lines:
            for _ in range(_QUIET_READS):
                begun = min((at for form in forms if (at := lines.read(self.client, form))), default=None)
                if begun and is_quiet(self.client, self.name, begun):
                    break
            else:
                self.log(f"{self.name}: documents were written while their lines were read; each is read by itself.")
                return False
            for page in self._rows(since, self._names()):
                late = [row for row in page.rows if moment(row) >= begun - timedelta(seconds=1)]
                whole = {
                    text_of(row, "id"): row for row in detailed(self.client, self.name, Page(late, page.read_at)).rows
                }
                early = [row for row in page.rows if moment(row) < begun - timedelta(seconds=1)]
                joined = with_lines(lines, forms, Page(early, page.read_at))
                yield Page([*joined.rows, *whole.values()], page.read_at)
        return True
