"""What the suite must be told of a target and of the system it writes to. Everything else it finds out by watching."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ofrecord_kit.testing.conformance.process import Start, as_process

Record = Mapping[str, Any]
SHORTEST = 6
"""A planted value must be this long, or it would be found by chance."""


class WiringProblem(Exception):  # noqa: N818 - several problems
    """The wiring contradicts itself, or what it names does not work. Every problem at once, one a line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def marked_deleted(record: Record) -> Record:
    """The record as a tap says that it is gone, in the way Singer knows."""
    return {**record, "_sdc_deleted_at": "2026-03-01T09:15:00Z"}


def is_gone(row: Record | None) -> bool:
    """A deleted record is not there any more."""
    return row is None


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One target, one stream, one system behind it.

    A *record* is what a tap would send, a *row* is what the system holds. A row is a mapping that has the record's
    properties under the record's names, and beside them whatever else of the row only changes when somebody writes it
    (leave out modification times and version numbers). A row holds the key, so that the suite can tell whose it is.
    """

    command: Sequence[str]
    """How the target is started, without ``--config``."""

    server: str
    """Address of the system. The target is given the address of a proxy in its place."""

    config: Callable[[str, Path], Mapping[str, Any]]
    """Settings of the target for an address and a folder that it has for itself."""

    stream: str
    schema: Mapping[str, Any]
    key_properties: Sequence[str]

    record: Callable[[int], Record]
    """A record the system accepts, another one for every number from 1 on."""

    changed: tuple[str, Any]
    """A property of these records and another value it may have."""

    clearable: str
    """A property of these records that may be empty. Not the one in `changed`."""

    bad: Record
    """Properties and values because of which the system refuses a record that fits its schema."""

    read: Callable[[], Sequence[Record]]
    """All rows of the stream, read from the system itself."""

    edit: Callable[[Record, Record], None]
    """A person changes fields of a row (the row as read, field → value), at the system itself."""

    unmapped: tuple[str, Any]
    """A field of a row that is no property of the stream, and a value for it."""

    reset: Callable[[], None]
    """Empty the system."""

    message: Callable[[Record], Record] = dict
    """How a record is sent; for targets that want more than the record."""

    delete: Callable[[Record], Record] = marked_deleted
    """How a record is sent whose original is gone."""

    deleted: Callable[[Record | None], bool] = is_gone
    """Whether a row (None: it is not there) is what a deletion leaves behind."""

    login: str = r"/(oauth|token|login)\b"
    """Regular expression of the paths of calls that are about access and not about records."""

    reads: str = r"(?!)"
    """Regular expression of the paths that read although their method is POST."""

    secrets: Sequence[str] = ()
    """Names of the settings that are secret."""

    personal: Sequence[str] = ()
    """Properties that hold personal values."""

    errors: Callable[[Path], str] = lambda _folder: ""
    """What the target's own tools show of what went wrong, for those that have any; for the folder the target has for itself."""

    not_claimed: Mapping[str, str] = field(default_factory=dict)
    """Cases that the target does not claim, and why. Only optional cases can stand here."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables the target is started with, beside those of the suite."""

    start: Start = as_process
    """How its process comes to be. `process.as_fork` saves the time of importing a target that is installed here."""

    patience_s: float = 120.0
    """Seconds after which a run counts as hung."""

    @property
    def name(self) -> str:
        """The target, as reports call it."""
        return Path(self.command[0]).name if len(self.command) == 1 else Path(self.command[-1]).name

    @property
    def key(self) -> str:
        """The property that tells whose row it is."""
        return self.key_properties[0]

    def problems(self, optional: Sequence[str]) -> list[str]:
        """What is wrong with it, as far as that shows without a run."""
        first, second = self.record(1), self.record(2)
        known = self.schema.get("properties", {})
        found = [
            f"{what}: {name} is no property of record(1) and of the schema. Name one that is."
            for what, names in (
                ("key_properties", self.key_properties),
                ("changed", [self.changed[0]]),
                ("clearable", [self.clearable]),
                ("personal", self.personal),
            )
            for name in names or [""]
            if (name or what == "key_properties") and not (name in first and name in known)
        ]
        if not found and first[self.key] == second[self.key]:
            found.append(f"record: 1 and 2 have the same {self.key}. Make it another one for every number.")
        if self.changed[0] == self.clearable:
            found.append(f"clearable: is {self.clearable} like changed. Name another property.")
        if first.get(self.changed[0]) == self.changed[1]:
            found.append(f"changed: record(1) holds that value of {self.changed[0]} already. Name another value.")
        if self.unmapped[0] in known:
            found.append(f"unmapped: {self.unmapped[0]} is a property of the stream. Name a field that is none.")
        found += [
            f"personal: {name} of record(1) is shorter than {SHORTEST} characters and would be found by chance."
            for name in self.personal
            if len(str(first.get(name))) < SHORTEST
        ]
        found += [
            f"not_claimed: {name} is not an optional case. Those are: {', '.join(optional)}."
            for name in self.not_claimed
            if name not in optional
        ]
        return found

    def is_login(self, path: str) -> bool:
        """Whether a call to this path is about access."""
        return re.search(self.login, path) is not None

    def is_write(self, method: str, path: str) -> bool:
        """Whether this call changes something."""
        safe = method in {"GET", "HEAD", "OPTIONS"}
        return not (safe or self.is_login(path) or re.search(self.reads, path))
