"""`ofrecord duplicates`: clusters of records that are probably one thing, with a proposed survivor; and CRM products to retire."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.clusters import Cluster, Record, found, ids_named
from ofrecord.opened_ledger import LedgerOption, place_of, project_folder
from ofrecord.pipes import Project
from ofrecord.project_file import ProjectProblem
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.ledger import Ledger, LedgerProblem, key_from
from ofrecord_transforms.load import load
from ofrecord_transforms.problems import RulesError
from ofrecord_transforms.rules import Entity

_NAMING = {"crm": ("Contacts", "Deals", "Quotes"), "inventory": ("salesorders",), "books": ("invoices",)}
"""Streams whose records name others: what hangs off a record."""
SALES, STOCK = "crm", "inventory"


@dataclass(frozen=True)
class Retirement:
    """A CRM record of an item master: `items` are the inventory records of its code. `action`: what to do about it."""

    entity: str
    id: str
    code: str
    items: tuple[str, ...]
    documents: int
    action: str
    why: str


def duplicates(
    entity: Annotated[str | None, typer.Argument(help="Only this entity; else every one that is matched.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Folder of the rule files; else rules beside meltano.yml.")] = None,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the systems and show which records are probably one thing, which to keep and why. Nothing is merged or changed.

    Also shown: records of the CRM whose code no item of inventory has, or several have, with a plan to retire them.
    Example: ofrecord duplicates account. Exit codes: 0 none found, 1 some found, or something cannot be read.
    """
    folder = project or project_folder(Path.cwd()) or Path.cwd()
    try:
        known = load(rules or folder / "rules")
        chosen = [one for one in known.entities.values() if one.match and entity in (None, one.entity)]
        if entity is not None and not chosen:
            names = ", ".join(one.entity for one in known.entities.values() if one.match)
            note(f'"{entity}" is no entity that is matched. Use {names}.')
            raise typer.Exit(1)
        rows = _read(Project(folder), chosen)
        links = _links(place_of(ledger))
    except (ProjectProblem, RulesError, LedgerProblem) as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    named = ids_named(row for some in rows.values() for row in some)
    clusters = [cluster for one in chosen for cluster in found(one, _of(one, rows), links.get(one.entity, {}), named)]
    retired = [plan for one in chosen for plan in retirements(one, _of(one, rows), named)]
    told = {"clusters": [asdict(one) for one in clusters], "retire": [asdict(one) for one in retired]}
    show(_tables(clusters, retired), told, as_json=as_json)
    note(f"{len(clusters)} clusters, {len(retired)} records to retire or to look at. Nothing was changed.")
    if clusters or retired:
        raise typer.Exit(1)


def _read(project: Project, chosen: Sequence[Entity]) -> dict[tuple[str, str], list[Record]]:
    """Everything of the entities' streams, and of those whose records name them, by system and stream."""
    wanted: dict[str, set[str]] = {}
    for entity in chosen:
        for system, place in entity.systems.items():
            if place.stream and system in _NAMING:
                wanted.setdefault(system, set(_NAMING[system])).add(place.stream)
    found_: dict[tuple[str, str], list[Record]] = {}
    for system, streams in sorted(wanted.items()):
        for stream, record in project.records(f"tap-{system}", sorted(streams)):
            if not record.get("_sdc_deleted_at"):
                found_.setdefault((system, stream), []).append(record)
    return found_


def _of(entity: Entity, rows: Mapping[tuple[str, str], list[Record]]) -> dict[str, list[Record]]:
    """The records of an entity by system, those its rules take."""
    return {
        system: [row for row in rows.get((system, str(place.stream)), []) if _takes(entity, system, row)]
        for system, place in entity.systems.items()
        if place.stream
    }


def _takes(entity: Entity, system: str, row: Record) -> bool:
    """Lists of values tell what one stream holds apart (customers and vendors); other conditions do not matter here."""
    return not any(
        condition.test == "in" and row.get(field) not in (None, *condition.values)
        for field, conditions in entity.when.get(system, {}).items()
        for condition in conditions
    )


def _links(place: str) -> dict[str, dict[tuple[str, str], str]]:
    """Entity → (system, id) → link; nothing where there is no ledger yet: before the first sync."""
    if "://" not in place and not Path(place).expanduser().is_file():
        return {}
    book = Ledger(place, key=key_from(os.environ))
    known: dict[str, dict[tuple[str, str], str]] = {}
    for side in book.sides():
        known.setdefault(side.entity, {})[side.system, side.id] = side.link
    book.close()
    return known


def retirements(entity: Entity, rows: Mapping[str, Sequence[Record]], named: Counter[str]) -> list[Retirement]:
    """Records of the CRM matched by a code of inventory that no item there has, or several: one of each code stays."""
    pair = next((one for one in entity.match if SALES in one and STOCK in one), None)
    if pair is None or SALES in entity.new or SALES not in rows or STOCK not in rows:
        return []
    items: dict[str, list[str]] = {}
    for row in rows[STOCK]:
        items.setdefault(str(row.get(pair[STOCK]) or "").strip(), []).append(str(row[entity.systems[STOCK].id]))
    by_code: dict[str, list[Record]] = {}
    for row in rows[SALES]:
        by_code.setdefault(str(row.get(pair[SALES]) or "").strip(), []).append(row)
    plans = []
    for code, products in sorted(by_code.items()):
        has = tuple(sorted(items.get(code, []))) if code else ()
        ranked = sorted(
            products, key=lambda row: (-named[str(row["id"])], str(row.get("Created_Time") or ""), str(row["id"]))
        )
        keep = ranked[:1] if has else []
        for row in ranked:
            plan = _plan(entity, row, code, has, named, is_kept=row in keep)
            if plan is not None:
                plans.append(plan)
    return plans


def _plan(
    entity: Entity, row: Record, code: str, has: tuple[str, ...], named: Counter[str], *, is_kept: bool
) -> Retirement | None:
    identity = str(row["id"])
    active = row.get("Product_Active") is not False
    if is_kept and len(has) == 1:
        return None
    if is_kept:
        action, why = "look", f"{len(has)} items have its code; make their codes different, then link it to one"
    elif not has:
        action, why = "deactivate", "no item has its code" if code else "it has no code"
    else:
        action, why = "deactivate", "another product of this code is kept"
    if action == "deactivate" and not active:
        return None
    return Retirement(entity.entity, identity, code, has, named[identity], action, why)


def _tables(clusters: Sequence[Cluster], retired: Sequence[Retirement]) -> list[Table]:
    rows: list[Sequence[Any]] = []
    for number, cluster in enumerate(clusters, 1):
        for one in cluster.records:
            keep = f"{one.system} {one.id}" in cluster.survivors
            rows.append(
                (number, cluster.entity, one.system, one.id, one.label, keep, one.linked, one.filled, one.documents,
                 one.created, "; ".join(cluster.why))
            )  # fmt: skip
    columns = (
        "cluster", "entity", "system", "id", "label", "keep", "linked", "fields", "documents", "created", "why",
    )  # fmt: skip
    plans = [(one.entity, one.id, one.code, len(one.items), one.documents, one.action, one.why) for one in retired]
    return [
        Table("Probably one thing", columns, rows, "duplicate", aside=("created",), below=("why",)),
        Table(
            "Item masters to retire", ("entity", "id", "code", "items", "documents", "action", "why"), plans, "retire"
        ),
    ]
