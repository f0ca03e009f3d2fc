"""What the ledger hands out."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from typing import Any

LIVE_S = 15 * 60
"""An intention older than this is left by a run that died."""


@dataclass(frozen=True, slots=True)
class Link:
    """The fact that a record here and one there are the same thing; `seen` is the digest of what was last delivered.

    `generation` counts how often a side was taken out on purpose to be made again. `known`: see `Writing.record_known`.
    """

    link: str
    source_id: str
    destination_id: str
    seen: str | None = None
    generation: int = 0
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One record of a link."""

    entity: str
    link: str
    system: str
    id: str
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history. `before` and `after` are values; `ids` maps systems to record ids; `editor` is the person who caused it."""

    kind: str
    entity: str
    link: str | None = None
    ids: dict[str, str] | None = None
    field: str | None = None
    system: str | None = None
    before: Any = None
    after: Any = None
    rule: str | None = None
    why: str | None = None
    at: datetime | None = None
    run: str | None = None
    editor: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A record, or a field of it, that was set aside.

    `kind` is `refused`, `failed`, `reference`, `duplicate`, `conflict`, `violation`, `invalid`, `check`, `limits` or
    `stopped` (`message` is the name of the stop); `code`,
    `message` and `field` are the vendor's own words where it was the vendor who refused. `payload` is the record.
    `fix` says what would help, `request` is the vendor's id of the request, `values` are the sides of a conflict or a violation.
    `answer` and `correction` (property → value) are what a person says to it.
    `state` is `open`, or `waiting` for a record nobody has to look at: it is tried again until what it belongs to comes.
    """

    entity: str
    source: str
    destination: str
    source_id: str
    kind: str
    message: str
    code: str | None = None
    field: str = ""
    label: str | None = None
    rule: str | None = None
    payload: Any = None
    attempts: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    due_at: datetime | None = None
    state: str = "open"
    fix: str | None = None
    request: str | None = None
    values: Any = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    correction: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A held record whose time has come, or that a person answered. `payload` is None where nothing was kept of it."""

    entity: str
    source_id: str
    payload: Any
    attempts: int
    kind: str = ""
    field: str = ""
    answer: str | None = None
    correction: dict[str, Any] | None = None
    answered_by: str | None = None
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intention:
    """A creation that was begun and not confirmed: by which run, when."""

    run: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """A write owed to `system`. `reason` is `stamp`, `revert` or another word; the value is read when it is drained.

    `property` is the destination's field name where it is known (stamps), else None and found by `field`.
    """

    id: int
    entity: str
    system: str
    link: str
    field: str
    object: str | None
    property: str | None
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Run:
    """One plugin's part of a run; `counts` maps streams to outcomes to numbers.

    `notes`: `drift` (stream → what came otherwise than the rules expect, as on the wire) and `edited` (stream → field that
    the source does not own → how many records had it edited), each only where there is something to say.
    """

    run: str
    group: str
    plugin: str
    source: str
    destination: str
    started: datetime
    finished: datetime | None
    status: str
    counts: dict[str, dict[str, int]]
    calls: int
    rules: str | None
    dry: bool
    notes: dict[str, Any] = default(default_factory=dict)
