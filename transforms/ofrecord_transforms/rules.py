"""The rules as plain values: what `rules/<entity>.yml` says, after it was read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ofrecord_transforms.systems import SYSTEMS


@dataclass(frozen=True)
class Side:
    """How one system holds one field."""

    field: str
    """Its name there; nested fields with dots (`package_details.weight`)."""
    unit: str | None = None
    """Physical unit (pint symbol) or ISO 4217 currency."""
    currency: str | None = None
    """Field of the same record that holds its ISO 4217 currency code."""
    values: Mapping[Any, Any] | None = None
    """This system's value → the other system's value; a closed list."""
    always: Any = None
    """A constant, written by whoever owns the field."""
    region: str | None = None
    """ISO 3166 country assumed for phone numbers without a country code."""
    zero_when: Mapping[str, tuple[Any, ...]] | None = None
    """Field → values for which this amount counts as 0."""
    status: bool = False
    """Written through a status action instead of a field."""
    line: int = 0


@dataclass(frozen=True)
class Field:
    """One line of the ownership matrix."""

    what: str
    owner: str
    sides: Mapping[str, Side]
    rule: str
    """`file:line` of this line."""
    policy: str | None = None
    format: str = "text"
    ref: str | None = None
    lookup: str | None = None
    lines: tuple["Field", ...] = ()
    combine: str | None = None
    otherwise: Any = None
    after_create: bool = False
    violation: str = "revert"
    lossy: str | None = None
    why: str | None = None

    @property
    def name(self) -> str:
        """Name on the wire: lower case."""
        return self.what.lower()


@dataclass(frozen=True)
class Place:
    """Where an entity lives in one system."""

    id: str
    stream: str | None = None
    """Stream of the tap; None: this system is written to and not read."""
    object: str = ""
    external_id: str | None = None


@dataclass(frozen=True)
class Combine:
    """Several source records make one destination record."""

    into: str
    by: str
    through: str | None = None
    same_as: str | None = None


@dataclass(frozen=True)
class Each:
    """One source record makes one record for each element of a list in it."""

    system: str
    list: str
    id: str


@dataclass(frozen=True)
class Once:
    """Created once; afterwards the created record lives its own life."""

    then: tuple[str, ...] = ()
    check: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Primary:
    """Which child is the primary one: the one with the earliest (least) value of a source field."""

    earliest: str


Filters = Mapping[str, Mapping[str, tuple[Any, ...] | str]]
"""System → field → allowed values, or the word `present` or `absent`."""


@dataclass(frozen=True)
class Entity:
    """One business thing that several systems hold."""

    entity: str
    file: str
    systems: Mapping[str, Place]
    fields: tuple[Field, ...]
    responsible: Mapping[str, str]
    match: tuple[Mapping[str, str], ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)
    duplicates: str = "overwrite"
    when: Filters = field(default_factory=dict)
    new: tuple[str, ...] = ()
    deleted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: str = "leave"
    once: Once | None = None
    parent: str | None = None
    primary: Primary | None = None
    combine: Combine | None = None
    each: Each | None = None
    why: str | None = None

    def directions(self) -> list[tuple[str, str]]:
        """Pairs (from, to) in which records of this entity can travel."""
        return [
            (source, to)
            for source, place in self.systems.items()
            if place.stream is not None
            for to in self.systems
            if to != source and SYSTEMS[to].writable
        ]

    def reads(self, rule: Field, system: str) -> bool:
        """Is this field looked at when a record of this system comes in?

        Not when nobody may act on it: a record that was created once lives its own life, so that an edit of what
        the originator sent is no violation.
        """
        side = rule.sides.get(system)
        if side is None or side.always is not None:
            return False
        own = rule.owner in {system, "shared"}
        return own or self.once is None or rule.after_create or system in self.new


@dataclass(frozen=True)
class Rules:
    """All rule files of a folder."""

    entities: Mapping[str, Entity]
    hash: str
    """`sha256:…` over names and contents of the files."""
