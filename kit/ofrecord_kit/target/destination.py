"""What a vendor's target implements; everything else about writing is the same for all."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ofrecord_kit.plan import same
from ofrecord_kit.plan.facts import Fact
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.notices import Document
from ofrecord_kit.target.papers import Paper


@dataclass(frozen=True, slots=True)
class Current:
    """What the destination holds: values by property name (dots for nested ones), its times, and when it was read (UTC)."""

    values: Mapping[str, Any]
    read_at: datetime
    modified: datetime | None = None
    created: datetime | None = None
    lines: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Rows as the vendor answered them, of properties whose lines are told apart by an identity."""
    editor: str | None = None
    """Who changed it last, as the vendor names its users (else their id); None where the vendor does not tell."""


@dataclass(frozen=True, slots=True)
class Change:
    """An update of one record: only the properties that change. `current` is the read it was decided on."""

    id: str
    values: Mapping[str, Any]
    current: Current


@dataclass(frozen=True, slots=True)
class New:
    """A record to create. `external` is the field and value by which it is found again; `again`: it was begun before."""

    values: Mapping[str, Any]
    external: tuple[str, str] | None = None
    again: bool = False
    match: tuple[tuple[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Done:
    """The vendor accepted; `changed` is false when there was nothing left to do and nothing was sent.

    `after`: what the record holds now, where the vendor's answer told it whole.
    """

    id: str
    changed: bool = True
    after: Current | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor refused, in its own words. `fix` is what to do about it, `request` the vendor's id of the request."""

    code: str
    message: str
    field: str | None = None
    fix: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """The record was changed since it was read: read and decide again."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The record does not exist there any more."""


Result = Done | Refused | Stale | Missing


class Destination(abc.ABC):
    """One vendor's way of reading and writing. Results come in the order of what was asked.

    Methods raise the kit's `Stop` and `Retry` families; refusals of single records are returned.
    """

    batch_size: int = 100
    rows_gathered: int = 1000
    """Records of a plain stream that are given to one `upsert`."""
    discriminators: tuple[str, ...] = ()
    """Properties that tell apart what one object holds (`contact_type`); they narrow every match."""

    facts_are_whole: bool = False
    """Has an object no fields beside those that its `facts` name?"""

    line_id: str = "line_item_id"
    """Key of a line's own id."""

    def __init__(self, client: Counted) -> None:
        self._client = client

    @abc.abstractmethod
    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """What the records hold now; those that do not exist are left out."""

    def unmoved(self, object_: str, times: Mapping[str, datetime]) -> dict[str, Current]:
        """Of these records (id → modification time) those whose time is still this one, with what a list tells of them.

        Asked where that is cheaper than reading them; nothing where the vendor's lists tell no times.
        """
        del object_, times
        return {}

    @abc.abstractmethod
    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        """The ids of records whose field has one of these values, by value as given, among those with these properties."""

    def names(self, object_: str, field_: str, among: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """Id and value of a field of every record there, among those with these properties; nothing where no list is kept."""
        del object_, field_, among
        return ()

    @abc.abstractmethod
    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        """Create records so that sending one twice makes it once."""

    @abc.abstractmethod
    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        """Write the changed properties and nothing else."""

    @abc.abstractmethod
    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        """Write the other system's id (record id → value) into an external-id field."""

    @abc.abstractmethod
    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """Write records of a plain Singer stream, matched on its key properties."""

    def read_lines(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """The rows of these properties, where `read` does not answer them."""
        del object_, record, fields
        return {}

    def entries(self, object_: str, record: str, list_: str, fields: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """The entries of a related list of one record: `id` of the other record, and these fields of the link."""
        del object_, record, list_, fields
        return ()

    def relate(
        self, object_: str, record: str, list_: str, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]
    ) -> Result:
        """Link a record with others (`id`, and fields of the link), or change these links; and undo those with `gone`.

        All that can be is done; the first refusal is told. Doing it twice does it once.
        """
        del rows, gone
        return Refused("NO_LIST", f"{object_} {record}: {list_} is no list of links here")

    def removed_line(self, identity: str) -> Mapping[str, Any] | None:
        """The row that removes a line; None where a line that is not sent is removed."""
        del identity
        return None

    def note(self, object_: str, record: str, values: Mapping[str, Any]) -> None:
        """Values of a record that is about to be read or written, for those who cannot find it by its id alone."""
        del object_, record, values

    def shaped(self, stream: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record of a plain stream in the form the destination takes. Raises Stop for a stream that cannot be meant."""
        del stream
        return record

    def facts(self, object_: str, *, fresh: bool = False) -> Mapping[str, Fact]:
        """What may be written there, by property; empty where nothing is known, and then everything is tried.

        `fresh`: asked of the vendor in this run.
        """
        del object_, fresh
        return {}

    def creates_at_once(self, object_: str, number: int) -> int:
        """How many of this many records are given to one `create`."""
        del object_, number
        return self.batch_size

    def updates_at_once(self, object_: str, number: int) -> int:
        """How many of this many changes are given to one `update` or `stamp`. What ends a run early loses no more answers than these."""
        del object_
        return number

    def act(self, object_: str, record: str, action: str) -> Result:
        """Take a status action (`inactive`, `confirmed`)."""
        return Refused("NO_ACTION", f"{object_} {record}: {action} is not an action here")

    def reference(self, identity: str) -> Any:
        """How an id of another record is written."""
        return identity

    @property
    def patience_s(self) -> float:
        """How long an answer may take, by the settings."""
        return self._client.timeout_s

    def attach(self, object_: str, record: str, name: str, paper: Paper) -> Result:
        """Put a file beside a record, unless one of that name is there. Doing it twice does it once.

        The file is asked for only when it is needed.
        """
        del name, paper
        return Refused("NO_FILES", f"{object_} {record} can have no files here")

    def document(self, object_: str, record: str) -> Document | None:
        """What others are told of a document; None when it does not exist, or this is none."""
        del object_, record
        return None

    def mail(self, object_: str, record: str, to: Sequence[str], subject: str, body: str) -> Done | Refused:
        """Mail a document to people, each time it is called. Raises Doubtful when the answer was lost."""
        del to, subject, body
        return Refused("NO_MAIL", f"{object_} {record} cannot be mailed from here")

    def was_mailed(self, object_: str, record: str, to: Sequence[str]) -> bool | None:
        """Was it mailed to these? None: it was mailed, nobody can tell to whom."""
        del object_, record, to
        return False

    def here(self) -> datetime:
        """The vendor's time, in the time zone of its organisation; a call, made once a run."""
        raise NotImplementedError

    def lookup(self, kind: str, value: Any) -> Any:
        """What the destination writes for a name (`taxes`); None when it does not know it."""
        del kind
        return value

    def make_primary(self, object_: str, record: str) -> Result:
        """Make this child the first of its parent's."""
        return Refused("NO_PRIMARY", f"{object_} {record}: there are no primary records here")

    def read_for_check(self, object_: str, record: str, field_: str) -> Any:
        """One value of one record, read now."""
        found = self.read(object_, [record], [field_]).get(record)
        return None if found is None else found.values.get(field_)

    def figures(self, object_: str, record: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """Several values of one record, read now; nothing where it is not there."""
        found = self.read(object_, [record], fields).get(record)
        return {} if found is None else found.values

    def percentage(self, kind: str, value: Any) -> Decimal | None:
        """How many per cent an entry of a list is, by what is written for it (`taxes`); None where nobody knows."""
        del kind, value
        return None

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._client.calls

    @property
    def read_at(self) -> datetime | None:
        """The vendor's time of the last answer; None before the first."""
        return self._client.read_at

    def close(self) -> None:
        """Release the connection."""
        self._client.close()


def in_zone(at: datetime, zone: Any) -> datetime:
    """A moment as the clocks of a zone show it; in UTC where the vendor names none that exists."""
    try:
        return at.astimezone(ZoneInfo(str(zone)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return at.astimezone(UTC)


def changed_only(values: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that differ from what is there."""
    return {name: value for name, value in values.items() if not same(value, current.get(name))}


def chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Slices of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
