"""The plan of calls: what the schedules of a project call within a day, beside what the organisation may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ofrecord.cadence import runs_a_day
from ofrecord.calls_made import STEPS, Cost, counts_of, least, measured, measured_step, within_a_day
from ofrecord.project_file import ProjectFile, ProjectProblem, Task
from ofrecord.quota import CRM, FINANCE, UNITS, Quota, budget_of, quota_of

_ROOTS = {f"{kind}-{system}": system for kind in ("tap", "target") for system in ("crm", "inventory", "books")}


@dataclass(frozen=True)
class Line:
    """One schedule. `a_run`, `a_day` and `share` (percent of the quota) are by budget; `source` says where calls a run come from."""

    schedule: str
    job: str
    runs_a_day: int | None
    a_run: dict[str, int]
    a_day: dict[str, int]
    share: dict[str, float]
    source: str


@dataclass(frozen=True)
class Whole:
    """One budget: what is planned a day beside the quota, and what the last 24 hours took."""

    budget: str
    unit: str
    planned: int
    quota: Quota
    last_24_hours: int


@dataclass(frozen=True)
class Reserve:
    """A plugin that leaves `percent` of its budget's day to others: it stops at `stops_at`, `left` is for `to`."""

    plugin: str
    budget: str
    percent: int
    stops_at: int | None
    left: int | None
    to: list[str]


@dataclass(frozen=True)
class Plan:
    """All of it, with everything that keeps it from fitting."""

    schedules: list[Line]
    budgets: list[Whole]
    reserves: list[Reserve]
    problems: list[str]


def plan_of(project: ProjectFile, now: float) -> Plan:
    """Reads the project and its counts of calls. `now`: seconds since the epoch. Raises ProjectProblem."""
    used = _used(project)
    counts = counts_of(_state_folder(project, plugin) for plugin in used)
    costs = {task.tap: measured(counts, task.tap) or least(project, task.tap) for task in project.tasks}
    asked = {step.command: measured_step(counts, step.command) or STEPS.get(step.command) for step in project.steps}
    steps = {command: cost for command, cost in asked.items() if cost}
    lines = [_line(project, schedule.name, costs, steps) for schedule in project.schedules]
    spent = within_a_day(counts, now)
    wholes = [_whole(project, used, budget, lines, spent[budget]) for budget in (FINANCE, CRM)]
    lines = [_with_share(line, wholes) for line in lines]
    reserves = _reserves(project, wholes)
    return Plan(
        lines,
        wholes,
        reserves,
        [*_unknown(project, lines), *_too_many(lines, wholes), *_stopped(project, wholes, reserves)],
    )


def _used(project: ProjectFile) -> list[str]:
    """Plugins of scheduled jobs that call one of the three systems."""
    scheduled = {schedule.job for schedule in project.schedules}
    names = [name for task in project.tasks if task.job in scheduled for name in (task.tap, task.target)]
    return [name for name in dict.fromkeys(names) if project.root_of(name) in _ROOTS]


def terms_of(project: ProjectFile) -> tuple[dict[str, int], int]:
    """Of the scheduled plugins of Inventory and Books: calls a day by plugin, where it says any; and the greatest reserve."""
    mine = [name for name in _used(project) if budget_of(_ROOTS[project.root_of(name)]) == FINANCE]
    said = {name: a_day for name in mine if (a_day := _number(project, name, "calls_per_day"))}
    return said, max((_number(project, name, "reserve") for name in mine), default=0)


def _state_folder(project: ProjectFile, plugin: str) -> Path:
    return project.folder / str(project.settings(plugin).get("state_dir") or ".ofrecord")


def _line(project: ProjectFile, name: str, costs: dict[str, Cost], steps: dict[str, Cost]) -> Line:
    """A step that never called anybody and is not known to, as most do not, is taken for one that does not."""
    schedule = next(one for one in project.schedules if one.name == name)
    of_job = [costs[task.tap] for task in _tasks(project, schedule.job)]
    of_job += [steps[one.command] for one in project.steps if one.job == schedule.job and one.command in steps]
    a_run: Counter[str] = Counter()
    for cost in of_job:
        a_run.update(cost.by_budget)
    runs = runs_a_day(schedule.interval)
    a_day = {budget: (runs or 0) * count for budget, count in a_run.items()}
    return Line(name, schedule.job, runs, dict(a_run), a_day, {}, _source(of_job))


def _source(costs: Sequence[Cost]) -> str:
    """How many runs the figures come from. Without any they are the least there can be."""
    runs = [cost.runs for cost in costs]
    if not runs:
        return "calls nobody"
    if not any(runs):
        return "no run yet: the least"
    without = sum(not one for one in runs)
    return f"{min(filter(None, runs))}" + (f"; {without} of {len(runs)} pipelines none yet" if without else "")


def _tasks(project: ProjectFile, job: str) -> list[Task]:
    return [task for task in project.tasks if task.job == job]


def _whole(project: ProjectFile, used: Sequence[str], budget: str, lines: Sequence[Line], spent: int) -> Whole:
    planned = sum(line.a_day.get(budget, 0) for line in lines)
    said = {
        plugin: a_day
        for plugin in used
        if budget_of(_ROOTS[project.root_of(plugin)]) == budget and (a_day := _number(project, plugin, "calls_per_day"))
    }
    return Whole(budget, UNITS[budget], planned, quota_of(budget, said, planned), spent)


def _number(project: ProjectFile, plugin: str, setting: str) -> int:
    said = project.settings(plugin).get(setting) or 0
    try:
        return int(said)
    except (TypeError, ValueError):
        message = f"{project.at(plugin)}: {setting} is no whole number."
        raise ProjectProblem(message) from None


def _with_share(line: Line, wholes: Sequence[Whole]) -> Line:
    share = {
        whole.budget: round(100 * line.a_day[whole.budget] / whole.quota.a_day, 1)
        for whole in wholes
        if whole.quota.a_day and whole.budget in line.a_day
    }
    return Line(line.schedule, line.job, line.runs_a_day, line.a_run, line.a_day, share, line.source)


def _reserves(project: ProjectFile, wholes: Sequence[Whole]) -> list[Reserve]:
    quotas = {whole.budget: whole.quota.a_day for whole in wholes}
    plugins = [name for name in project.plugins if project.root_of(name) in _ROOTS]
    percents = {name: _number(project, name, "reserve") for name in plugins}
    found = []
    for plugin, percent in percents.items():
        if not percent:
            continue
        budget = budget_of(_ROOTS[project.root_of(plugin)])
        quota = quotas[budget]
        stops_at = None if quota is None else max(1, quota * (100 - percent) // 100)
        left = None if quota is None or stops_at is None else quota - stops_at
        jobs = [
            task.job
            for task in project.tasks
            for other in (task.tap, task.target)
            if percents.get(other, percent) < percent and budget_of(_ROOTS[project.root_of(other)]) == budget
        ]
        found.append(Reserve(plugin, budget, percent, stops_at, left, list(dict.fromkeys(jobs))))
    return found


def _unknown(project: ProjectFile, lines: Sequence[Line]) -> list[str]:
    return [
        f"{project.at(line.schedule)}: how often it runs cannot be told from its interval, so its calls are not in the plan. "
        "Write it as five cron fields of numbers, lists, spans and steps, or as @hourly, @daily, …."
        for line in lines
        if line.runs_a_day is None
    ]


def _too_many(lines: Sequence[Line], wholes: Sequence[Whole]) -> list[str]:
    found = []
    for whole in wholes:
        quota = whole.quota
        if quota.a_day is not None and whole.planned <= quota.a_day:
            continue
        most = max(lines, key=lambda line: line.a_day.get(whole.budget, 0))
        than = quota.said if quota.a_day is None else f"{quota.a_day} are allowed ({quota.said})"
        found.append(
            f"{whole.budget}: the schedules call for {whole.planned} {whole.unit} a day, {than}. Run {most.schedule} "
            f"({most.a_day.get(whole.budget, 0)}) less often, read fewer streams, or raise calls_per_day if the vendor allows more."
        )
    return found


def _stopped(project: ProjectFile, wholes: Sequence[Whole], reserves: Sequence[Reserve]) -> list[str]:
    """Scheduled plugins that leave so much to others that the plan has no room for what they do themselves."""
    used = _used(project)
    planned = {whole.budget: whole for whole in wholes}
    return [
        f"{project.at(one.plugin)}: leaves {one.percent} % to others, so it stops when {one.stops_at} {planned[one.budget].unit} are "
        f"spent within 24 hours, and {planned[one.budget].planned} are planned. Lower its reserve, or plan less."
        for one in reserves
        if one.plugin in used
        and one.stops_at is not None
        and one.stops_at < planned[one.budget].planned <= (planned[one.budget].quota.a_day or 0)
    ]
