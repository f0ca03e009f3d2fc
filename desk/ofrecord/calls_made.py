"""What pipelines called: runs put together from the counts that plugins write down, and what a run needs at least."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median_high

import msgspec

from ofrecord.project_file import ProjectFile
from ofrecord.quota import CRM, FINANCE, budget_of
from ofrecord_kit.limits import Calls, counted

LAST = 10
"""Runs a pipeline is judged by."""
_SYSTEMS = ("crm", "inventory", "books")
_DAY_S = 86_400


@dataclass(frozen=True)
class Cost:
    """What one run of a pipeline calls, by budget; `runs` is how many were measured, 0 when it is the least there can be."""

    by_budget: dict[str, int]
    runs: int


def counts_of(folders: Iterable[Path]) -> list[Calls]:
    """Everything that was written down in these state folders, token requests aside, oldest first."""
    found = [one for folder in sorted(set(folders)) for one in counted(folder) if one.system in _SYSTEMS]
    return sorted(found, key=lambda one: one.started)


def within_a_day(counts: Iterable[Calls], now: float) -> Counter[str]:
    """What was called within the last 24 hours, by budget, by hand or by schedule."""
    found: Counter[str] = Counter()
    for one in counts:
        if one.ended > now - _DAY_S:
            found[budget_of(one.system)] += one.weight
    return found


def measured(counts: Iterable[Calls], pipeline: str) -> Cost | None:
    """The median of a pipeline's last runs; None when it never ran.

    A run is one of its tap, told apart by when that began. What a target called belongs to the run that had begun then.
    """
    mine = [one for one in counts if one.pipeline == pipeline]
    runs: dict[tuple[str, float], float] = {}
    for one in mine:
        if one.plugin.startswith("tap-"):
            runs.setdefault((one.run, one.begun), one.begun or one.started)
    begun = sorted(runs.values())
    called: list[Counter[str]] = [Counter() for _ in begun]
    for one in mine:
        place = bisect_right(begun, runs.get((one.run, one.begun), one.started)) - 1
        if place >= 0:
            called[place][budget_of(one.system)] += one.weight
    last = called[-LAST:]
    if not last:
        return None
    budgets = {budget for one in last for budget in one}
    return Cost({budget: median_high(one[budget] for one in last) for budget in sorted(budgets)}, len(last))


STEPS = {name: Cost({FINANCE: 1, CRM: 1}, 0) for name in ("quote-stock", "quote-prices")}
"""Commands of jobs that ask vendors: at least a query for the open quotes, and a call for what stands on them."""


def measured_step(counts: Iterable[Calls], command: str) -> Cost | None:
    """The median of a command's last runs; None when it never called anybody."""
    called: dict[str, Counter[str]] = {}
    for one in counts:
        if one.plugin == command:
            called.setdefault(one.run, Counter())[budget_of(one.system)] += one.weight
    last = list(called.values())[-LAST:]
    budgets = {budget for one in last for budget in one}
    return (
        Cost({budget: median_high(one[budget] for one in last) for budget in sorted(budgets)}, len(last))
        if last
        else None
    )


def least(project: ProjectFile, tap: str) -> Cost:
    """One call for each stream, and in the CRM one more for its deleted records. A tap of another vendor calls nobody here."""
    system = project.root_of(tap).removeprefix("tap-")
    if system not in _SYSTEMS:
        return Cost({}, 0)
    said = project.config(tap, "streams")
    streams = _in_catalog(project, tap) if said is None else len(said)
    return Cost({budget_of(system): streams * (2 if system == "crm" else 1)}, 0)


def _in_catalog(project: ProjectFile, tap: str) -> int:
    """How many streams a tap without the setting reads; at least one."""
    path = project.folder / str(project.said(tap, "catalog") or "")
    if not path.is_file():
        return 1
    streams = msgspec.json.decode(path.read_bytes()).get("streams", [])
    return max(1, sum(_is_read(one.get("metadata", [])) for one in streams))


def _is_read(metadata: list[dict[str, dict[str, bool]]]) -> bool:
    said = next((one["metadata"] for one in metadata if not one["breadcrumb"]), {})
    return said.get("selected", said.get("selected-by-default", True))
