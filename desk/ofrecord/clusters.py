"""Which records are probably one thing, within a system and across; which of them should survive, and why. Nothing is merged.

Compared are the match fields of the rules: names by likeness, everything else exactly. Where names are near, the streets
of the addresses the rules name tell whether it is the same house: "same name and same address".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ofrecord_kit.likeness import Names, clusters
from ofrecord_kit.likeness.places import same_address
from ofrecord_kit.plan import match_form
from ofrecord_kit.target.matching import is_name

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity

Record = Mapping[str, Any]
_CREATED = ("Created_Time", "created_time")
_INACTIVE = (("Product_Active", False), ("status", "inactive"))
_WIDEST = 50
"""Records of one exact value that are all paired with each other; of more only the first ones."""


@dataclass(frozen=True)
class One:
    """A record of a cluster. `filled`: how many of its fields hold something; `documents`: how many records name it."""

    system: str
    id: str
    label: str
    created: str
    filled: int
    documents: int
    linked: bool


@dataclass(frozen=True)
class Cluster:
    """Records that are probably one thing. `survivor` is proposed for its own system; a record across is to be linked."""

    entity: str
    records: tuple[One, ...]
    survivors: tuple[str, ...]
    """`system id` of the record to keep, for each system."""
    why: tuple[str, ...]
    """Why they are alike, and why the survivors were chosen."""


def found(
    entity: Entity, rows: Mapping[str, Sequence[Record]], links: Mapping[tuple[str, str], str], named: Counter[str]
) -> list[Cluster]:
    """The clusters of an entity. `rows` by system, `links`: (system, id) → link, `named`: id → how many records name it."""
    records = {f"{system} {_id(entity, system, row)}": (system, row) for system, some in rows.items() for row in some}
    reasons: dict[frozenset[str], str] = {}
    for one, other, why in _alike(entity, records):
        if not _is_pair(one, other, links):
            reasons.setdefault(frozenset((one, other)), why)
    groups = clusters(sorted((min(pair), max(pair)) for pair in reasons))
    told = []
    for keys in groups:
        members = tuple(_one(entity, key, *records[key], links, named) for key in keys)
        inside = {why for pair, why in reasons.items() if pair <= set(keys)}
        survivors, chosen = _survivors(members)
        told.append(Cluster(entity.entity, members, survivors, (*sorted(inside), *chosen)))
    return told


def _id(entity: Entity, system: str, row: Record) -> str:
    return str(row[entity.systems[system].id])


def _is_pair(one: str, other: str, links: Mapping[tuple[str, str], str]) -> bool:
    """Two sides of one link are no duplicates."""
    here = links.get(_place(one))
    return here is not None and here == links.get(_place(other))


def _place(key: str) -> tuple[str, str]:
    system, _, identity = key.partition(" ")
    return system, identity


def _alike(entity: Entity, records: Mapping[str, tuple[str, Record]]) -> Iterator[tuple[str, str, str]]:
    streets = _streets(entity)
    for pair in entity.match:
        texts = {
            key: str(value)
            for key, (system, row) in records.items()
            if system in pair and (value := _at(row, pair[system])) not in (None, "")
        }
        if any(is_name(field, None) for field in pair.values()):
            for one, other, verdict in Names(texts.items()).pairs():
                where = _where(streets, records[one], records[other])
                yield one, other, f"{verdict.why} ({verdict.score}){where}"
        else:
            yield from _exactly(texts, "/".join(dict.fromkeys(pair.values())))


def _streets(entity: Entity) -> dict[str, list[str]]:
    """The fields that hold a street with its house number, by system: the part `street` of the addresses the rules name."""
    found: dict[str, list[str]] = {}
    for rule in entity.fields:
        for system, side in rule.sides.items():
            if side.parts is not None and (street := side.parts.get("street")) is not None and street.field:
                found.setdefault(system, []).append(street.field)
    return found


def _where(streets: Mapping[str, Sequence[str]], one: tuple[str, Record], other: tuple[str, Record]) -> str:
    """Of two records with near names: do they have an address in common? Nothing where one of them has none."""
    here, there = (
        [str(value) for field in streets.get(system, ()) if (value := _at(row, field)) not in (None, "")]
        for system, row in (one, other)
    )
    if not here or not there:
        return ""
    return (
        ", same address"
        if any(same_address(mine, theirs) for mine in here for theirs in there)
        else ", another address"
    )


def _exactly(texts: Mapping[str, str], field: str) -> Iterator[tuple[str, str, str]]:
    groups: dict[Any, list[str]] = {}
    for key, text in texts.items():
        groups.setdefault(match_form(text.casefold(), "text"), []).append(key)
    for keys in groups.values():
        yield from ((one, other, f"same {field}") for one, other in combinations(keys[:_WIDEST], 2))


def _at(row: Record, path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _one(  # noqa: PLR0917 - what is known of a record
    entity: Entity, key: str, system: str, row: Record, links: Mapping[tuple[str, str], str], named: Counter[str]
) -> One:
    identity = _id(entity, system, row)
    label = entity.label.get(system)
    created = next((str(row[name]) for name in _CREATED if row.get(name)), "")
    filled = sum(value not in (None, "", [], {}, 0, False) for value in row.values())
    del key
    return One(
        system, identity, str(row.get(label) or "") if label else "", created, filled, named[identity],
        (system, identity) in links,
    )  # fmt: skip


def _survivors(members: Sequence[One]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One for each system: with the most documents, then linked, then the most complete, then the oldest."""
    kept, why = [], []
    for system in sorted({one.system for one in members}):
        mine = [one for one in members if one.system == system]
        best = min(mine, key=lambda one: (-one.documents, not one.linked, -one.filled, one.created or "9", one.id))
        kept.append(f"{system} {best.id}")
        if len(mine) > 1:
            why.append(f"keep {system} {best.id}: {_reason(best, mine)}")
    return tuple(kept), tuple(why)


def _reason(best: One, mine: Sequence[One]) -> str:
    others = [one for one in mine if one is not best]
    if all(best.documents > one.documents for one in others):
        return f"most documents ({best.documents})"
    if best.linked and not any(one.linked for one in others):
        return "the only one that is linked"
    if all(best.filled > one.filled for one in others):
        return f"most complete ({best.filled} fields)"
    return "the oldest of equals" if best.created else "the first of equals"


def ids_named(rows: Iterable[Record]) -> Counter[str]:
    """How often each id is named by records: lookups (`{"id": …}`) and fields that end in `_id`."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted.update(set(_named(row)))
    return counted


def _named(value: Any, name: str = "") -> Iterator[str]:
    match value:
        case Mapping():
            if name and isinstance(value.get("id"), str):
                yield value["id"]
            for key, inner in value.items():
                yield from _named(inner, str(key))
        case list():
            for inner in value:
                yield from _named(inner, name)
        case str() if name.endswith("_id"):
            yield value
        case Decimal() | int() | float() | None | str():
            return
