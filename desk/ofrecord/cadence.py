"""How often each pipeline should run, read from `meltano.yml`, and how soon the rules want a change everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ofrecord.project_file import ProjectFile

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Rules

_NAMED = {
    "@hourly": 1 / 24,
    "@daily": 1,
    "@midnight": 1,
    "@weekly": 7,
    "@monthly": 31,
    "@yearly": 366,
    "@annually": 366,
}
"""Days between two runs of Meltano's named intervals; the longest where they vary."""
_NEVER = ("@once", "@manual", "@none")
"""Those that no scheduler begins again."""


@dataclass(frozen=True)
class Pipeline:
    """One `tap mapping target` of a job: which entities travel which way, and how often they should.

    `fields` are names as in the rules when the mapping sends only these; empty: all.
    """

    job: str
    source: str
    destination: str
    entities: tuple[str, ...]
    every: timedelta | None
    fields: tuple[str, ...] = ()


def pipelines(folder: Path) -> list[Pipeline]:
    """The pipelines of all jobs, in the order of `meltano.yml`. Raises ProjectProblem."""
    project = ProjectFile(folder)
    every = intervals(project)
    return [
        Pipeline(
            task.job,
            config["from"],
            config["to"],
            tuple(config["entities"]),
            every.get(task.job),
            tuple(config.get("fields") or ()),
        )
        for task in project.tasks
        if {"from", "to", "entities"} <= (config := project.mappings.get(task.mapping, {})).keys()
    ]


def intervals(project: ProjectFile) -> dict[str, timedelta]:
    """Job → the time between two runs, by its most frequent schedule; jobs whose interval cannot be told are left out."""
    every: dict[str, timedelta] = {}
    for schedule in project.schedules:
        interval = interval_of(schedule.interval)
        if interval is not None:
            every[schedule.job] = min(interval, every.get(schedule.job, interval))
    return every


def interval_of(text: str) -> timedelta | None:
    """The longest time between two runs of an interval, or None when it cannot be told.

    Named intervals, and cron lines that name minutes and hours only: `*/5 * * * *` is five minutes.
    """
    if text in _NAMED:
        return timedelta(days=_NAMED[text])
    fields = text.split()
    five = 5
    if len(fields) != five or fields[2:] != ["*", "*", "*"]:
        return None
    try:
        minutes, hours = _values(fields[0], 60), _values(fields[1], 24)
    except ValueError:
        return None
    times = sorted(60 * hour + minute for hour in hours for minute in minutes)
    return timedelta(minutes=max(after - before for before, after in pairwise([*times, times[0] + 24 * 60])))


def runs_a_day(text: str) -> int | None:
    """How often an interval begins on a day on which it does; None when it cannot be told.

    >>> runs_a_day("*/5 * * * *"), runs_a_day("0 3 * * 1"), runs_a_day("@once")
    (288, 1, 0)
    """
    if text in _NEVER:
        return 0
    if text in _NAMED:
        return max(1, round(1 / _NAMED[text]))
    fields = text.split()
    five = 5
    if len(fields) != five:
        return None
    try:
        return len(_values(fields[0], 60)) * len(_values(fields[1], 24))
    except ValueError:
        return None


def _values(field: str, size: int) -> set[int]:
    """The numbers below `size` a cron field means; raises ValueError when it is none."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = 0 if span == "*" else int(first)
        end = size - 1 if span == "*" or (step and not last) else int(last or first)
        found.update(range(start, end + 1, int(step or 1)))
    if not found or max(found) >= size:
        raise ValueError(field)
    return found


def cadence_of(pipeline: Pipeline, planned: Iterable[Pipeline], rules: Rules) -> timedelta | None:
    """How soon the rules want everywhere what this pipeline carries; None when they do not say.

    A field that a pipeline of its own carries this way (stock, every few minutes) is not asked of one that carries all.
    """
    apart = {
        (entity, name.lower())
        for other in planned
        if (other.source, other.destination) == (pipeline.source, pipeline.destination) and not pipeline.fields
        for entity in other.entities
        for name in other.fields
    }
    wanted = {name.lower() for name in pipeline.fields}
    said = [
        seconds
        for name in pipeline.entities
        if (entity := rules.entities.get(name)) is not None and entity.enabled
        for rule in entity.fields
        if (rule.name in wanted or not wanted)
        and (name, rule.name) not in apart
        and rule.owner in {pipeline.source, "shared"}
        and pipeline.destination in rule.sides
        and (seconds := entity.cadence_of(rule)) is not None
    ]
    return timedelta(seconds=min(said)) if said else None
