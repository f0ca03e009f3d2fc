"""Does every linked record carry the id of its counterpart? Read from the systems through the project's taps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ofrecord.pipes import Project
from ofrecord_kit.ledger import Ledger, Writing

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Rules

STAMP = "_stamp"
"""The outbox's name for a stamp, as the targets owe it."""


@dataclass(frozen=True)
class Gap:
    """A linked record whose stamp is missing or wrong (`holds` another id)."""

    entity: str
    system: str
    id: str
    link: str
    other: str
    other_system: str
    object: str
    field: str
    holds: str | None


@dataclass(frozen=True)
class Coverage:
    """Of one entity in one system: linked records found, and how many of them carry the right id."""

    entity: str
    system: str
    field: str
    linked: int
    stamped: int


def examine(project: Project, rules: Rules, ledger: Ledger) -> tuple[list[Coverage], list[Gap]]:
    """Every linked record of every stream whose rules name an external id. Raises ProjectProblem."""
    coverage: list[Coverage] = []
    gaps: list[Gap] = []
    for system in sorted({source for _entity, source, _to in _ways(rules)}):
        ways = [(entity, to) for entity, source, to in _ways(rules) if source == system]
        streams = sorted({str(entity.systems[system].stream) for entity, _to in ways})
        rows: dict[str, list[Mapping[str, Any]]] = {}
        for stream, record in project.records(f"tap-{system}", streams):
            rows.setdefault(stream, []).append(record)
        for entity, to in ways:
            found = list(_of(entity, system, to, rows.get(str(entity.systems[system].stream), []), ledger))
            wrong = [gap for gap in found if gap is not None]
            field = str(entity.systems[system].external_id)
            coverage.append(Coverage(entity.entity, system, field, len(found), len(found) - len(wrong)))
            gaps += wrong
    return coverage, gaps


def _ways(rules: Rules) -> Iterator[tuple[Entity, str, str]]:
    """Entities in each system that is read and has a field for the other's id."""
    for entity in rules.entities.values():
        for source, to in entity.directions():
            place = entity.systems[source]
            if place.stream and place.external_id and f"tap-{source}" and not entity.combine:
                yield entity, source, to


def _of(entity: Entity, system: str, to: str, rows: list[Mapping[str, Any]], ledger: Ledger) -> Iterator[Gap | None]:
    from ofrecord_transforms.about import about_for  # noqa: PLC0415 - help needs none of it

    about = about_for(entity, system, to)
    told = {str(said["id"]): said.get("stamped") for said in map(about, rows) if not said.get("deleted")}
    place = entity.systems[system]
    for identity, link in ledger.links_of(entity.entity, system, to, told).items():
        holds = told[identity]
        if holds in (None, ""):
            holds = None
        elif str(holds) == link.destination_id:
            yield None
            continue
        yield Gap(
            entity.entity, system, identity, link.link, link.destination_id, to, str(place.object or place.stream),
            str(place.external_id), None if holds is None else str(holds),
        )  # fmt: skip


def owe(gaps: list[Gap], writing: Writing) -> int:
    """Write missing stamps down for the outbox of their systems; the next runs pay them. How many were news."""
    return sum(
        writing.owe(
            gap.entity,
            gap.system,
            gap.link,
            STAMP,
            f"stamp:{gap.other_system}",
            object_=gap.object,
            property_=gap.field,
        )
        for gap in gaps
        if gap.holds is None
    )
