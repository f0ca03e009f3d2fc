"""States: an ordered table decides which one a record is in, and another which one all records of a whole make.

`figures` are what the tables look at: values of a record, and of the records that follow it (`same_as`), which are counted and written nowhere.
What a row means is in `ofrecord_kit.plan.states`; that every combination ends in a row is proven in `checks.states`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Side

WAS = "was"
"""The figure that is the state as it was told last."""


@dataclass(frozen=True)
class Figure:
    """A value that is counted. `format` is `text`, `number`, `money` or `date`."""

    what: str
    format: str
    sides: Mapping[str, "Side"]
    line: int = 0


@dataclass(frozen=True)
class StateTest:
    """`test` is `in`, `passed`, `fell` or a comparison; `wanted` its words, its number, or the other figure it is compared with."""

    figure: str
    test: str
    wanted: tuple[str, ...] | Decimal | str | None = None


@dataclass(frozen=True)
class StateRow:
    """A row about one record."""

    state: str
    when: tuple[StateTest, ...]
    flag: str | None = None
    since: str | None = None
    why: str | None = None
    line: int = 0


@dataclass(frozen=True)
class TogetherRow:
    """A row about all records of a whole: `some` of them has one of these states, and `none` one of those."""

    state: str
    some: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    why: str | None = None
    line: int = 0


@dataclass(frozen=True)
class States:
    """`shows` (the key `field`), `flag` and `since` are names (`what`) of fields; `totals` says which fields show which figure of all records."""

    shows: str
    rows: tuple[StateRow, ...]
    together: tuple[TogetherRow, ...]
    flag: str | None = None
    since: str | None = None
    zone: str | None = None
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def names(self) -> list[str]:
        """The states of records, each once, in the order of the rows."""
        return list(dict.fromkeys(row.state for row in self.rows))

    @property
    def fields(self) -> list[str]:
        """Names of the fields it fills."""
        return [name for name in (self.shows, self.flag, self.since, *self.totals) if name]


def following(entities: Mapping[str, "Entity"], root: "Entity") -> dict[str, str]:
    """The entities whose records follow those of an entity, directly or through others, and whom each of them follows."""
    found: dict[str, str] = {}
    while True:
        more = {
            name: said
            for name, entity in entities.items()
            if entity.enabled and entity.combine is not None and (said := entity.combine.same_as) is not None
            and name not in found and (said == root.entity or said in found)
        }  # fmt: skip
        if not more:
            return found
        found |= more


def tables(entities: Mapping[str, "Entity"], entity: "Entity") -> Iterator[str]:
    """The entities whose tables a record of this one has a part in."""
    for name, root in entities.items():
        if root.states is not None and root.enabled and (entity.entity in {name, *following(entities, root)}):
            yield name


def told(entities: Mapping[str, "Entity"], root: "Entity", source: str) -> dict[str, list[str]]:
    """Figure → entities that tell it, the table's own first."""
    found: dict[str, list[str]] = {}
    for name in (root.entity, *following(entities, root)):
        for figure in entities[name].figures:
            if source in figure.sides:
                found.setdefault(figure.what, []).append(name)
    return found


def annotation(entities: Mapping[str, "Entity"], root: "Entity", source: str, to: str) -> dict[str, Any] | None:
    """The table as the SCHEMA carries it."""
    said = root.states
    if said is None:
        return None
    at = {rule.what: rule.property_at(to) for rule in root.fields if to in rule.sides}
    if said.shows not in at:
        return None
    keys = {
        "property": at[said.shows],
        "flag": at.get(said.flag or ""),
        "since": at.get(said.since or ""),
        "zone": said.zone,
        "told": told(entities, root, source),
        "follows": following(entities, root),
        "sums": {name: list(parts) for name, parts in said.sums.items()},
        "totals": {at[name]: figure for name, figure in said.totals.items() if name in at},
        "rows": [_row(row) for row in said.rows],
        "together": [
            {
                "state": row.state,
                **({"some": list(row.some)} if row.some else {}),
                **({"none": list(row.none)} if row.none else {}),
            }
            for row in said.together
        ],
    }
    return {key: value for key, value in keys.items() if value is not None}


def _row(row: StateRow) -> dict[str, Any]:
    made: dict[str, Any] = {"state": row.state, "when": [_test(test) for test in row.when]}
    return made | {key: value for key, value in (("flag", row.flag), ("since", row.since)) if value}


def _test(test: StateTest) -> list[Any]:
    match test.wanted:
        case tuple():
            return [test.figure, test.test, list(test.wanted)]
        case Decimal():
            return [test.figure, test.test, format(test.wanted, "f")]
        case str():
            return [test.figure, test.test, {"figure": test.wanted}]
    return [test.figure, test.test, None]
