"""Does `meltano.yml` carry what the rules say: the right entities, streams and fields, often enough?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ofrecord.cadence import intervals
from ofrecord.project_file import ProjectFile, ProjectProblem
from ofrecord.rule_words import exact_length
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.steps import may_write

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Field, Rules


@dataclass(frozen=True)
class Carriage:
    """One mapping of the mapper, as written: what it carries where."""

    name: str
    source: str
    to: str
    entities: tuple[str, ...]
    fields: tuple[str, ...] | None
    """None: all fields."""


@dataclass(frozen=True)
class Task:
    """One `tap mapping target` of a job. `every` is None when no schedule runs the job."""

    job: str
    tap: str
    mapping: Carriage
    every: timedelta | None


@dataclass
class Project:
    """What the checks need of `meltano.yml`."""

    file: ProjectFile
    mappings: dict[str, Carriage] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)

    def at(self, name: str) -> str:
        """`meltano.yml:12, "name"`: where a plugin, job or mapping is described."""
        return self.file.at(name)


def problems_of(rules: Rules, folder: Path) -> list[str]:
    """Everything that is wrong between the rules and the project file, each with file and line."""
    try:
        project = _project(ProjectFile(folder))
    except ProjectProblem as problem:
        return [
            f"meltano.yml:1: cannot be read as a Meltano project ({type(problem.__cause__).__name__}). Try meltano compile."
        ]
    wrong = {name: list(_mapping(rules, project, mapping)) for name, mapping in project.mappings.items()}
    found = [line for lines in wrong.values() for line in lines]
    for task in project.tasks:
        if not wrong[task.mapping.name]:
            found.extend(_streams(rules, project, task))
    if not found:
        found.extend(_cadences(rules, project))
    return list(dict.fromkeys(found))


def _project(file: ProjectFile) -> Project:
    project = Project(file)
    for name, config in file.mappings.items():
        if {"from", "to", "entities"} <= config.keys():
            fields = config.get("fields")
            project.mappings[name] = Carriage(
                name, str(config["from"]), str(config["to"]), tuple(config["entities"]),
                None if fields is None else tuple(fields),
            )  # fmt: skip
    every = intervals(file)
    project.tasks = [
        Task(task.job, task.tap, project.mappings[task.mapping], every.get(task.job))
        for task in file.tasks
        if task.mapping in project.mappings
    ]
    return project


# --- mappings --------------------------------------------------------------------------------------------------------


def _mapping(rules: Rules, project: Project, mapping: Carriage) -> Iterator[str]:
    """Systems, entities and fields exist, and go this way."""
    where = project.at(mapping.name)
    for key, system in (("from", mapping.source), ("to", mapping.to)):
        if system not in rules.systems:
            yield f'{where}: {key} "{system}" is not a system. Use {one_of(rules.systems)}.'
            return
    for name in mapping.entities:
        entity = rules.entities.get(name)
        if entity is None:
            hint = nearest(name, rules.entities) or f" Use {one_of(rules.entities)}."
            yield f'{where}: "{name}" is not an entity.{hint}'
        elif not entity.enabled:
            yield f'{where}: "{name}" is switched off ({entity.file}). Remove it from entities.'
        elif (mapping.source, mapping.to) not in entity.directions():
            yield f'{where}: "{name}" does not go from {mapping.source} to {mapping.to} ({entity.file}). Remove it.'
    chosen = [rules.entities[name] for name in mapping.entities if name in rules.entities]
    for name in mapping.fields or ():
        yield from _field(where, mapping, chosen, name)


def _field(where: str, mapping: Carriage, chosen: list[Entity], name: str) -> Iterator[str]:
    named = [(entity, rule) for entity in chosen for rule in entity.fields if rule.name == name.lower()]
    if not named:
        hint = nearest(name, [rule.what for entity in chosen for rule in entity.fields])
        yield f'{where}: "{name}" is not a field of {one_of(mapping.entities)}.{hint}'
    elif not any((mapping.source, mapping.to) in _ways(entity, rule) for entity, rule in named):
        rule = named[0][1]
        yield f'{where}: "{name}" does not go from {mapping.source} to {mapping.to} ({rule.rule}). Remove it.'


def _ways(entity: Entity, rule: Field) -> list[tuple[str, str]]:
    """Pairs (from, to) in which a field travels with its value."""
    return [
        (source, to)
        for source, to in entity.directions()
        if source in rule.sides
        and to in rule.sides
        and rule.sides[source].always is None
        and rule.sides[to].always is None
        and may_write(entity, rule, source)
    ]


# --- streams ---------------------------------------------------------------------------------------------------------


def _streams(rules: Rules, project: Project, task: Task) -> Iterator[str]:
    """The tap reads what the entities of its mapping need, and nothing else."""
    mapping, where = task.mapping, project.at(task.tap)
    if task.tap not in project.file.extractors:
        yield f'{project.at(task.job)}: "{task.tap}" is not an extractor.{nearest(task.tap, project.file.extractors)}'
        return
    wanted = rules.systems[mapping.source].tap
    if project.file.root_of(task.tap) != wanted:
        yield f'{where}: "{mapping.name}" maps {mapping.source}, which {wanted} reads. Use a tap that inherits from it.'
        return
    needed = {rules.entities[name].systems[mapping.source].stream: name for name in mapping.entities}
    said = project.file.config(task.tap, "streams")
    read = list(needed) if said is None else [str(name) for name in said]
    for stream, entity in needed.items():
        if stream not in read:
            yield f'{where}: does not read {stream}, which "{entity}" needs in "{mapping.name}". Add it to streams.'
    others = {one.mapping.name: one.mapping for one in project.tasks if one.tap == task.tap}
    all_needed = {
        rules.entities[name].systems[one.source].stream
        for one in others.values()
        for name in one.entities
        if name in rules.entities and one.source in rules.entities[name].systems
    }
    for stream in read:
        if stream not in all_needed:
            yield f'{where}: reads {stream}, which no entity of "{mapping.name}" needs. Remove it from streams.'
    for stream in project.file.config(task.tap, "read_whole") or ():
        if stream not in read:
            yield f"{where}: read_whole names {stream}, which is not among its streams. Remove it."


# --- cadences --------------------------------------------------------------------------------------------------------


def _cadences(rules: Rules, project: Project) -> Iterator[str]:
    """Every promise of freshness is kept by a schedule that carries the field."""
    for entity in rules.entities.values():
        for rule in entity.fields:
            promised = entity.cadence_of(rule)
            for source, to in _ways(entity, rule) if promised is not None else ():
                carrying = [task for task in project.tasks if _carries(task.mapping, entity, rule, source, to)]
                wrong = _too_slow(carrying, promised or 0)
                if wrong is not None:
                    yield (
                        f'{rule.rule}, "{rule.what}": promised from {source} to {to} within {exact_length(promised or 0)}, '
                        f"but {wrong}."
                    )


def _carries(mapping: Carriage, entity: Entity, rule: Field, source: str, to: str) -> bool:
    fields = None if mapping.fields is None else {name.lower() for name in mapping.fields}
    return (
        (mapping.source, mapping.to) == (source, to)
        and entity.entity in mapping.entities
        and (fields is None or rule.name in fields)
    )


def _too_slow(carrying: list[Task], promised_s: int) -> str | None:
    """What keeps the promise from being kept, in words; None when it is kept."""
    if not carrying:
        return "no job carries it. Add a mapping to a job"
    scheduled = {task.job: task.every for task in carrying if task.every is not None}
    if not scheduled:
        return f"no schedule runs {one_of(sorted({task.job for task in carrying}))}. Add one"
    job = min(scheduled, key=lambda name: scheduled[name])
    every_s = int(scheduled[job].total_seconds())
    if every_s <= promised_s:
        return None
    return f"the job {job}, the most frequent that carries it, runs every {exact_length(every_s)}. Run it more often"
