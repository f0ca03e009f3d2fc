"""Does `meltano.yml` carry what the rules say: the right entities, streams and fields, often enough?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ofrecord.cadence import interval_of
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

    file: str
    text: str
    mappings: dict[str, Carriage] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    taps: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def at(self, name: str) -> str:
        """`meltano.yml:12, "name"`: where a plugin, job or mapping is described."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if re.search(rf"name: [\"']?{re.escape(name)}[\"']?\s*(,|}}|#|$)", line):
                return f'{self.file}:{number}, "{name}"'
        return f'{self.file}:1, "{name}"'


def problems_of(rules: Rules, path: Path) -> list[str]:
    """Everything that is wrong between the rules and the project file, each with file and line."""
    text = path.read_text(encoding="utf-8")
    try:
        project = _project(path.name, text)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"{path.name}:1: cannot be read as a Meltano project ({type(error).__name__}). Try meltano compile."]
    wrong = {name: list(_mapping(rules, project, mapping)) for name, mapping in project.mappings.items()}
    found = [line for lines in wrong.values() for line in lines]
    for task in project.tasks:
        if not wrong[task.mapping.name]:
            found.extend(_streams(rules, project, task))
    if not found:
        found.extend(_cadences(rules, project))
    return list(dict.fromkeys(found))


def _project(file: str, text: str) -> Project:
    read = yaml.safe_load(text)
    project = Project(file, text)
    plugins = read.get("plugins", {})
    project.taps = {one["name"]: one for one in plugins.get("extractors", ())}
    for mapper in plugins.get("mappers", ()):
        for said in mapper.get("mappings", ()):
            config = said.get("config", {})
            if {"from", "to", "entities"} <= config.keys():
                fields = config.get("fields")
                project.mappings[said["name"]] = Carriage(
                    said["name"], str(config["from"]), str(config["to"]), tuple(config["entities"]),
                    None if fields is None else tuple(fields),
                )  # fmt: skip
    every: dict[str, timedelta] = {}
    for schedule in read.get("schedules", ()):
        interval = interval_of(str(schedule["interval"]))
        if interval is not None:
            every[schedule["job"]] = min(interval, every.get(schedule["job"], interval))
    for job in read.get("jobs", ()):
        for line in job["tasks"]:
            words = str(line).split()
            for before, word in pairwise(words):
                if word in project.mappings:
                    project.tasks.append(Task(job["name"], before, project.mappings[word], every.get(job["name"])))
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
    if task.tap not in project.taps:
        yield f'{project.at(task.job)}: "{task.tap}" is not an extractor.{nearest(task.tap, project.taps)}'
        return
    wanted = rules.systems[mapping.source].tap
    if _root_of(project, task.tap) != wanted:
        yield f'{where}: "{mapping.name}" maps {mapping.source}, which {wanted} reads. Use a tap that inherits from it.'
        return
    needed = {rules.entities[name].systems[mapping.source].stream: name for name in mapping.entities}
    said = _setting(project, task.tap, "streams")
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
    for stream in _setting(project, task.tap, "read_whole") or ():
        if stream not in read:
            yield f"{where}: read_whole names {stream}, which is not among its streams. Remove it."


def _root_of(project: Project, tap: str) -> str:
    """The plugin a tap inherits from, in the end."""
    seen: set[str] = set()
    while tap in project.taps and tap not in seen and "inherit_from" in project.taps[tap]:
        seen.add(tap)
        tap = project.taps[tap]["inherit_from"]
    return tap


def _setting(project: Project, tap: str, name: str) -> Any:
    """A setting of a tap or of the one it inherits from."""
    seen: set[str] = set()
    while tap in project.taps and tap not in seen:
        seen.add(tap)
        config = project.taps[tap].get("config") or {}
        if name in config:
            return config[name]
        tap = project.taps[tap].get("inherit_from", "")
    return None


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
                        f'{rule.rule}, "{rule.what}": promised from {source} to {to} within {_said(promised or 0)}, '
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
    return f"the job {job}, the most frequent that carries it, runs every {_said(every_s)}. Run it more often"


def _said(seconds: int) -> str:
    """`5 minutes`."""
    for word, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {word}{'s' * (count != 1)}"
    return f"{seconds} seconds"
