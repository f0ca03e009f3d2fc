"""A destination seen through something that changes a little of it; the rest is passed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ofrecord_kit.plan.facts import Fact
from ofrecord_kit.target.destination import Change, Current, Destination, Done, New, Refused, Result
from ofrecord_kit.target.notices import Document
from ofrecord_kit.target.papers import Paper


class Through(Destination):
    """Passes everything on; a subclass says what is different."""

    def __init__(self, inner: Destination) -> None:
        self._inner = inner
        self.batch_size = inner.batch_size
        self.rows_gathered = inner.rows_gathered
        self.discriminators = inner.discriminators
        self.line_id = inner.line_id
        self.facts_are_whole = inner.facts_are_whole

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """As the vendor's."""
        return self._inner.read(object_, ids, fields)

    def unmoved(self, object_: str, times: Mapping[str, datetime]) -> dict[str, Current]:
        """As the vendor's."""
        return self._inner.unmoved(object_, times)

    def read_lines(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """As the vendor's."""
        return self._inner.read_lines(object_, record, fields)

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """As the vendor's."""
        return self._inner.find(object_, field_, values, form, among)

    def names(self, object_: str, field_: str, among: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """As there."""
        return self._inner.names(object_, field_, among)

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """As the vendor's."""
        return self._inner.create(object_, records)

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """As the vendor's."""
        return self._inner.update(object_, changes)

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """As the vendor's."""
        return self._inner.stamp(object_, field_, ids)

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """As the vendor's."""
        return self._inner.upsert(stream, keys, records)

    def figures(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """As the vendor's."""
        return self._inner.figures(object_, record, fields)

    def percentage(self, kind: str, value: Any) -> Decimal | None:
        """As the vendor's."""
        return self._inner.percentage(kind, value)

    def note(self, object_: str, record: str, values: Mapping[str, Any]) -> None:
        """As the vendor's."""
        self._inner.note(object_, record, values)

    def act(self, object_: str, record: str, action: str) -> Result:
        """As the vendor's."""
        return self._inner.act(object_, record, action)

    def reference(self, identity: str) -> Any:
        """As the vendor's."""
        return self._inner.reference(identity)

    def here(self) -> datetime:
        """As the vendor's."""
        return self._inner.here()

    def lookup(self, kind: str, value: Any) -> Any:
        """As the vendor's."""
        return self._inner.lookup(kind, value)

    def make_primary(self, object_: str, record: str) -> Result:
        """As the vendor's."""
        return self._inner.make_primary(object_, record)

    def read_for_check(self, object_: str, record: str, field_: str) -> Any:
        """As the vendor's."""
        return self._inner.read_for_check(object_, record, field_)

    def entries(self, object_: str, record: str, list_: str, fields: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """As the vendor's."""
        return self._inner.entries(object_, record, list_, fields)

    def relate(
        self, object_: str, record: str, list_: str, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]
    ) -> Result:
        """As the vendor's."""
        return self._inner.relate(object_, record, list_, rows, gone)

    def attach(self, object_: str, record: str, name: str, paper: Paper) -> Result:
        """As the vendor's."""
        return self._inner.attach(object_, record, name, paper)

    @property
    def patience_s(self) -> float:
        """As the vendor's."""
        return self._inner.patience_s

    def document(self, object_: str, record: str) -> Document | None:
        """As the vendor's."""
        return self._inner.document(object_, record)

    def mail(self, object_: str, record: str, to: Sequence[str], subject: str, body: str) -> Done | Refused:
        """As the vendor's."""
        return self._inner.mail(object_, record, to, subject, body)

    def was_mailed(self, object_: str, record: str, to: Sequence[str]) -> bool | None:
        """As the vendor's."""
        return self._inner.was_mailed(object_, record, to)

    def shaped(self, stream: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the vendor's."""
        return self._inner.shaped(stream, record)

    def removed_line(self, identity: str) -> Mapping[str, Any] | None:
        """As the vendor's."""
        return self._inner.removed_line(identity)

    def facts(self, object_: str, *, fresh: bool = False) -> Mapping[str, Fact]:
        """As the vendor's."""
        return self._inner.facts(object_, fresh=fresh)

    def creates_at_once(self, object_: str, number: int) -> int:
        """As the vendor's."""
        return self._inner.creates_at_once(object_, number)

    def updates_at_once(self, object_: str, number: int) -> int:
        """As it is."""
        return self._inner.updates_at_once(object_, number)

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._inner.calls

    @property
    def read_at(self) -> datetime | None:
        """As the vendor's."""
        return self._inner.read_at

    def close(self) -> None:
        """Release the connection."""
        self._inner.close()
