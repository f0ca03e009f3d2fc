"""What stands beside the records of modules: people, the organisation, views, fields, notes, what was deleted, counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.tap.crm_coql import count
from ofrecord_kit.tap.crm_pages import ListPages, crm_numbered_pages, modified_from
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.vendors import crm, scopes

if TYPE_CHECKING:
    from tap_crm.tap import TapCrm


SCHEMAS = Path(__file__).parent / "schemas"


class Beside(VendorStream):
    """A stream with a schema of its own. Subclasses say where it is read and which scopes that needs."""

    primary_keys: ClassVar[Sequence[str]] = ("id",)
    is_default: ClassVar[bool] = True
    _tap: TapCrm

    def __init__(self, tap: TapCrm) -> None:
        wanted = self.name in (tap.config.get("streams") or ())
        self.selected_by_default = self.is_default or wanted
        schema = json.loads((SCHEMAS / "streams" / f"{self.name}.json").read_text(encoding="utf-8"))
        super().__init__(tap=tap, name=self.name, schema=schema)

    @property
    def scopes(self) -> Sequence[str]:  # type: ignore[override]  # an attribute of the class elsewhere
        """What its calls need."""
        return scopes.reading("crm", self.name)


class Users(Beside):
    """All users, those who left among them."""

    name = "users"

    def read(self, since: datetime | None) -> Iterator[Page]:  # noqa: ARG002 - read whole
        """One call for 200."""
        return crm_numbered_pages(self.client, f"{crm.ROOT}/users", {"type": "AllUsers"}, rows="users")


class Org(Beside):
    """The organisation: one record."""

    name = "org"
    rows = "org"
    path = "org"

    def read(self, since: datetime | None) -> Iterator[Page]:  # noqa: ARG002 - read whole
        """One call."""
        answer = self.client.get(f"{crm.ROOT}/{self.path}")
        yield Page((answer.body or {}).get(self.rows) or [], answer.read_at)


class Currencies(Org):
    """Currencies of an organisation that has several."""

    name = "currencies"
    rows = "currencies"
    path = "org/currencies"

    def read(self, since: datetime | None) -> Iterator[Page]:
        """No rows where there is one currency only, which the vendor answers by a refusal ("Currencies")."""
        try:
            yield from super().read(since)
        except (VendorRefusal, PermissionMissing) as error:
            if getattr(error, "code", "") not in {"CURRENCIES_NOT_ENABLED", "FEATURE_NOT_SUPPORTED"}:
                raise
            self.log("currencies: the organisation has one currency only, it stands in `org`.")


class OfModules(Beside):
    """A stream with a call for each module."""

    def calls(self) -> Iterator[tuple[str, Page]]:
        """The module and its rows, one module after the other."""
        raise NotImplementedError

    def read(self, since: datetime | None) -> Iterator[Page]:  # noqa: ARG002 - read whole
        """Rows say their module."""
        for module, page in self.calls():
            yield Page([{**row, "module": module} for row in page.rows], page.read_at)

    @cached_property
    def modules(self) -> list[str]:
        """Those of the setting `streams` when it names some, else all."""
        asked = set(self.config.get("streams") or ())
        return [name for name in self._tap.modules if name in asked] or self._tap.modules


class CustomViews(OfModules):
    """Custom views of each module."""

    name = "custom_views"

    def calls(self) -> Iterator[tuple[str, Page]]:
        """One call a module, side by side."""
        yield from _listed(self, "custom_views")


class Fields(OfModules):
    """The field metadata itself: with `changed_only` it shows what changes in the CRM."""

    name = "fields"
    primary_keys: ClassVar[Sequence[str]] = ("module", "api_name")

    def calls(self) -> Iterator[tuple[str, Page]]:
        """None for modules that this run has described already."""
        for module, rows in self._tap.fields_of(self.modules).items():
            yield module, Page([dict(row) for row in rows], datetime.now(UTC))


class Notes(Beside):
    """Notes of all records. Their list needs an admin user ("Notes")."""

    name = "Notes"
    is_default = False
    replication_key: ClassVar[str] = "Modified_Time"

    def read(self, since: datetime | None) -> Iterator[Page]:
        """Changed ones in order of modification."""
        fields = [name for name in self.schema["properties"] if name in self.asked and not name.startswith(("$", "_"))]
        yield from ListPages(self.client, f"{crm.ROOT}/{self.name}", fields).pages(since)


class Attachments(Notes):
    """Metadata of files. That attachments have a list of their own, as the scopes of "Get Records" say, is UNVERIFIED."""

    name = "Attachments"


class DeletedRecords(OfModules):
    """What was deleted in each module, for 60 days with its name, for 120 as an id."""

    name = "deleted_records"
    is_default = False
    primary_keys: ClassVar[Sequence[str]] = ("module", "id")
    replication_key: ClassVar[str] = "deleted_time"
    is_sorted = False

    @property
    def scopes(self) -> Sequence[str]:  # type: ignore[override]  # an attribute of the class elsewhere
        """Those of the modules."""
        return [one for name in self.modules for one in scopes.reading("crm", name)]

    def read(self, since: datetime | None) -> Iterator[Page]:
        """A call for each module."""
        for module in self.modules:
            path = f"{crm.ROOT}/{module}/deleted"
            for page in crm_numbered_pages(self.client, path, {"type": "all"}, modified_from(since) if since else {}):
                yield Page([{**row, "module": module} for row in page.rows], page.read_at)


class RecordCounts(OfModules):
    """How many records each module has: a query of one credit, where the vendor's count costs 50 and is minutes old."""

    name = "record_counts"
    is_default = False
    primary_keys: ClassVar[Sequence[str]] = ("module",)

    @property
    def scopes(self) -> Sequence[str]:  # type: ignore[override]  # an attribute of the class elsewhere
        """Those of queries."""
        return [one for name in self.modules for one in scopes.finding("crm", name)]

    def calls(self) -> Iterator[tuple[str, Page]]:
        """A query for each module."""
        for module in self.modules:
            now = datetime.now(UTC)
            counted: Row = {"count": count(self.client, module), "counted_at": now.isoformat(timespec="seconds")}
            yield module, Page([counted], now)


def _listed(stream: OfModules, rows: str) -> Iterator[tuple[str, Page]]:
    calls = [Call(f"{crm.ROOT}/settings/{rows}", {"module": name}) for name in stream.modules]
    for module, answer in zip(stream.modules, ahead(stream.client, calls), strict=True):
        yield module, Page((answer.body or {}).get(rows) or [], answer.read_at)


_ALL: tuple[type[Beside], ...] = (
    Users, Org, Currencies, CustomViews, Fields, Notes, Attachments, DeletedRecords, RecordCounts,
)  # fmt: skip
BESIDE: dict[str, type[Beside]] = {kind.name: kind for kind in _ALL}  # type: ignore[misc]  # set on the class
"""By stream, in their order."""
