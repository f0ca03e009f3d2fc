"""The rules as plain values: what `rules/<entity>.yml` says, after it was read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.states import Figure, States
from ofrecord_transforms.systems import SYSTEMS, System


@dataclass(frozen=True)
class Side:
    """How one system holds one field."""

    field: str
    """Its name there; nested fields with dots (`package_details.weight`). Empty when `parts` say where it lives."""
    unit: str | None = None
    """Physical unit (pint symbol) or ISO 4217 currency."""
    minor: bool = False
    """Amounts are whole numbers of the smallest unit of their currency (cents)."""
    currency: str | None = None
    """Field of the same record that holds its ISO 4217 currency code."""
    values: Mapping[Any, Any] | None = None
    """This system's value → the other system's value; a closed list."""
    always: Any = None
    """A constant, written by whoever owns the field."""
    otherwise: Any = None
    """Of a figure: a constant that stands where `field` is empty, or is none here."""
    unless: Mapping[Any, Mapping[str, tuple["Condition", ...]]] | None = None
    """Another constant → conditions on the owner's record under which it is written."""
    region: str | None = None
    """ISO 3166 country assumed for phone numbers without a country code."""
    form: str | None = None
    """How countries are written here: `name`, `alpha-2` or `alpha-3`."""
    zone: str | None = None
    """IANA time zone of times without an offset, and of days."""
    zero_when: Mapping[str, tuple[Any, ...]] | None = None
    """Field → values for which this amount counts as 0."""
    empty_when: Mapping[str, tuple["Condition", ...]] | None = None
    """Field → conditions, any of which makes this list count as empty."""
    parts: Mapping[str, "Side"] | None = None
    """Part → where it lives: several fields that are one value (an address)."""
    status: bool = False
    """Written through a status action instead of a field."""
    record: bool = False
    """Lines: the record itself is the one line."""
    related: bool = False
    """Lines: `field` is a related list; its entries link the record with others."""
    other: str | None = None
    """Field that is read where this one is empty."""
    id_in: str | None = None
    """System whose id of the record it points at the field holds already: nothing need be translated."""
    page: str | None = None
    """The value is the id in the address of a page of this system's web app; which page. See `pages`."""
    line: int = 0

    def fields(self) -> list[str]:
        """Names of all fields of this system that hold the value."""
        if self.record:
            return []
        return [part.field for part in self.parts.values()] if self.parts is not None else [self.field]


@dataclass(frozen=True)
class Field:
    """One line of the ownership matrix."""

    what: str
    owner: str
    sides: Mapping[str, Side]
    rule: str
    """`file:line` of this line."""
    policy: str | tuple[str, ...] | None = None
    """A word, a system, or all systems of the field in order of precedence."""
    format: str = "text"
    ref: str | None = None
    also: tuple[str, ...] = ()
    """Other entities the reference may point at: each id is a record of one of them."""
    of: str | None = None
    """Name (`what`) of the field of the entity `ref` whose value is meant, in place of the record itself."""
    unlinked: str = "hold"
    """While the record it points at has no counterpart: the record is held, it waits, or only this field does (`leave`)."""
    lookup: str | None = None
    lines: tuple["Field", ...] = ()
    identity: tuple[str, ...] = ()
    """Names (`what`) of line fields that together tell which line a line is."""
    combine: str | None = None
    otherwise: Any = None
    after_create: bool = False
    violation: str = "revert"
    too_long: str | None = None
    cadence: int | None = None
    """Seconds."""
    lossy: str | None = None
    why: str | None = None

    @property
    def name(self) -> str:
        """Name on the wire: lower case."""
        return self.what.lower()

    @property
    def line(self) -> int:
        """Line of the rule file, from 1."""
        return int(self.rule.rsplit(":", 1)[1])

    def names_its_own(self, source: str, to: str) -> bool:
        """Does the reference travel as it is, because one side holds the id of the other side's system?"""
        here, there = self.sides.get(source), self.sides.get(to)
        return (here is not None and here.id_in == to) or (there is not None and there.id_in == source)

    def property_at(self, system: str) -> str:
        """Name of the property in messages to a system: its field, or of a value in parts the name of the rule."""
        return self.sides[system].field or self.name


@dataclass(frozen=True)
class Place:
    """Where an entity lives in one system."""

    system: System
    id: str
    stream: str | None = None
    """Stream of the tap; None: this system is written to and not read."""
    object: str = ""
    external_id: str | None = None


@dataclass(frozen=True)
class Combine:
    """Several source records make one destination record.

    `into` is a field of the entity `through`, or that entity itself when the record found through it is the whole.
    """

    into: str
    by: str
    through: str | None = None
    same_as: str | None = None
    others: tuple["Combine", ...] = ()
    """Ways that are taken where this one leads nowhere, in their order."""

    @property
    def ways(self) -> tuple["Combine", ...]:
        """This way and the others."""
        return (self, *self.others)


@dataclass(frozen=True)
class Spread:
    """One source record tells every record of the entity `through` whose field `by` points at it."""

    through: str
    by: str


@dataclass(frozen=True)
class Each:
    """One source record makes one record for each element of a list in it."""

    system: str
    list: str
    id: str


@dataclass(frozen=True)
class Tell:
    """Somebody who is told once: by mail, or by a call of the address in an environment variable."""

    what: str
    mail: tuple[str, ...] = ()
    webhook: str | None = None


@dataclass(frozen=True)
class Schedule:
    """One source record makes one record for each period of a contract: see `schedules`. `by` says what a period is."""

    system: str
    start: str
    months: str
    amount: str
    by: str
    currency: str | None = None
    """Field of the record that holds its ISO 4217 currency code."""
    unit: str | None = None
    """The currency, where all records have one."""

    def fields(self) -> list[str]:
        """The fields of a record that hold the terms."""
        return [name for name in (self.start, self.months, self.amount, self.currency) if name is not None]


@dataclass(frozen=True)
class Sum:
    """How the sum of a document comes about: names (`what`) of fields, of fields of its lines, and of a figure that is the currency."""

    lines: str
    quantity: str
    rate: str
    discount: str = ""
    tax: str = ""
    currency: str = ""
    less: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Once:
    """Created once; afterwards the created record lives its own life."""

    then: tuple[str, ...] = ()
    check: tuple[Field, ...] = ()
    """Figures that must agree before the actions follow; those with lines have figures of their own."""
    tell: tuple[Tell, ...] = ()
    sum: Sum | None = None
    amend: "Filters | None" = None
    """Conditions on the document under which later changes of its source still travel; None: only fields marked `after_create` do."""


@dataclass(frozen=True)
class Primary:
    """Which child is the primary one: the one with the earliest (least) value of a source field."""

    earliest: str


@dataclass(frozen=True)
class Condition:
    """What a field must hold. `test` is `in`, `present`, `absent` or a word of `CONDITION_KEYS`.

    `values` are plain YAML values; amounts are `int` or `Decimal`, dates ISO 8601 text.
    """

    test: str
    values: tuple[Any, ...] = ()


Filters = Mapping[str, Mapping[str, tuple[Condition, ...]]]
"""System → field → conditions, all of which must hold."""


@dataclass(frozen=True)
class WaitsFor:
    """Records that fulfil `when` in place of the entity's own take part once the record their field `by` names fulfils `until`."""

    entity: str
    by: str
    until: Filters
    when: Filters


@dataclass(frozen=True)
class Attach:
    """The source prints a record; the file is put beside the record elsewhere, under the name of a field, once."""

    file: str
    named: str
    when: Filters = field(default_factory=dict)
    """Which records have one, by system."""


@dataclass(frozen=True)
class Stop:
    """Records that must never travel: those for which all conditions hold."""

    what: str
    when: Filters
    rule: str
    why: str | None = None


@dataclass(frozen=True)
class Entity:
    """One business thing that several systems hold."""

    entity: str
    file: str
    systems: Mapping[str, Place]
    fields: tuple[Field, ...]
    responsible: Mapping[str, str]
    enabled: bool = True
    match: tuple[Mapping[str, str], ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)
    duplicates: str = "overwrite"
    near: str = "hold"
    when: Filters = field(default_factory=dict)
    views: Mapping[str, Filters] = field(default_factory=dict)
    view: str | None = None
    leaving: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """A linked record left the view (or no longer fulfils `when`) in a system: other system → status action."""
    stop: tuple[Stop, ...] = ()
    new: tuple[str, ...] = ()
    deleted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: str = "leave"
    once: Once | None = None
    parent: str | None = None
    primary: Primary | None = None
    combine: Combine | None = None
    attach: Attach | None = None
    waits_for: WaitsFor | None = None
    spread: Spread | None = None
    each: Each | None = None
    schedule: Schedule | None = None
    counts_from: Mapping[str, Side] = field(default_factory=dict)
    """System → field with the day from which a record counts as a part, and the time zone in which days begin there."""
    settled: str | None = None
    """Field (`what`) with a day of the record there: from that day on nothing is written to it."""
    figures: tuple[Figure, ...] = ()
    states: States | None = None
    limits: Mapping[str, int | Mapping[str, Decimal]] = field(default_factory=dict)
    """`create`, `update`, `delete`: records a run; `money`: currency → amount a run may move."""
    cadence: int | None = None
    """Seconds within which a change should be everywhere; a field may say less."""
    clock_tolerance: int | None = None
    """Seconds; None: the default of the plan."""
    why: str | None = None

    def directions(self) -> list[tuple[str, str]]:
        """Pairs (from, to) in which records of this entity can travel."""
        if not self.enabled:
            return []
        return [
            (source, to)
            for source, place in self.systems.items()
            if place.stream is not None
            for to, other in self.systems.items()
            if to != source and other.system.writable and other.system.store != place.system.store
        ]

    def conditions(self, system: str) -> list[tuple[str, Condition]]:
        """What a record of a system must fulfil to take part: `when` and the view."""
        view = self.views.get(self.view, {}) if self.view is not None else {}
        return [
            (name, condition)
            for filters in (self.when, view)
            for name, conditions in filters.get(system, {}).items()
            for condition in conditions
        ]

    @property
    def elements(self) -> Each | None:
        """The list whose elements are records of their own: of the record, or the periods that are made of it."""
        said = self.schedule
        return self.each if said is None else Each(said.system, "schedule", "number")

    def is_made(self, system: str, path: str) -> bool:
        """Is it a value of a period, which no record of the system has?"""
        said = self.schedule
        return said is not None and said.system == system and path.partition(".")[0] == "schedule"

    def reads(self, rule: Field, system: str) -> bool:
        """Is this field looked at when a record of this system comes in?

        Not when nobody may act on it: a record that was created once lives its own life, so that an edit of what
        the originator sent is no violation. A related list comes with no record, and a line that was made of a record is
        none elsewhere.
        """
        side = rule.sides.get(system)
        if side is None or side.always is not None or side.related:
            return False
        if not side.record and any(other.record for other in rule.sides.values()):
            return False
        own = rule.owner in {system, "shared"}
        bound = rule.after_create and self.once is not None and self.once.amend is None
        return own or self.once is None or bound or system in self.new

    def cadence_of(self, rule: Field) -> int | None:
        """Seconds within which a change of this field should be everywhere, if anything is said."""
        return rule.cadence if rule.cadence is not None else self.cadence


@dataclass(frozen=True)
class Rules:
    """All rule files of a folder."""

    entities: Mapping[str, Entity]
    hash: str
    """`sha256:…` over names and contents of the files, whatever their order."""
    systems: Mapping[str, System] = field(default_factory=lambda: SYSTEMS)
    catalogs: Catalogs = field(default_factory=Catalogs)
    """What the systems are known to have."""
