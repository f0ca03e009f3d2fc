"""Streams whose rows stand in the details of another: persons of contacts, shipments of packages, stock of items.

Where both are read in one run, the details are read once, see `finance_tap.Aside`; alone a part reads them itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.pages import Page, Row, value_of


class FinancePart(FinanceStream):
    """Rows of another stream's details."""

    inside: ClassVar[type[FinanceStream]]
    """The stream whose details are read."""
    within: ClassVar[Sequence[str]]
    """Properties of a detail that may hold the rows (a list or a single object); the first one that is filled counts."""
    handed: ClassVar[Mapping[str, str]] = {}
    """Properties of each row that come from the outer record, by their name there."""
    path = ""
    has_ids = False
    """They have no list of their own."""

    @property
    def needs(self) -> frozenset[str]:
        """Properties of a detail the rows are made from."""
        return frozenset({*self.within, *self.handed.values()})

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Pages of the rows in changed details."""
        for page in self._details(since):
            yield replace(page, rows=[row for whole in page.rows for row in self.parts(whole)])

    def parts(self, whole: Row) -> Iterator[Row]:
        """The rows of one detail."""
        found: Any = next((value for name in self.within if (value := value_of(whole, name))), [])
        above = {name: value_of(whole, outer) for name, outer in self.handed.items()}
        for one in found if isinstance(found, list) else [found]:
            yield {**one, **above}

    def _details(self, since: datetime | None) -> Iterator[Page]:
        tap = self._tap
        kept = tap.aside.pages(self.inside, since) if isinstance(tap, FinanceTap) else None
        return self.inside(tap=tap).detailed(since, self.place) if kept is None else kept
