"""Jobs run; on their way things go wrong, plugins are killed, people edit, and what the installation remembers is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulation import oracle
from simulation.masters import JOB_OF
from simulation.steps import Act, Plot, Step, Wait
from simulation.wire import MISHAPS

if TYPE_CHECKING:
    from simulation.stage import Stage

PLACES = ("tap", "mapper", "target")
ODD = {"404"}
"""Mishaps that only stories tell of which somebody wrote down: vendors do not say them of what is there."""


@dataclass(frozen=True)
class Lose(Step):
    """Something of the installation is lost."""

    what: tuple[str, ...]

    def __str__(self) -> str:
        return f"the installation loses its {' and '.join(self.what)}"

    def take(self, stage: "Stage") -> None:
        stage.world.forget(*self.what)
        if "ledger" in self.what:
            stage.people.lose_memory()
            stage.desk.lose_memory()


@dataclass(frozen=True)
class Run(Step):
    """A job runs; on its way things go wrong, a plugin is killed, people edit meanwhile."""

    job: str
    mishaps: tuple[tuple[int, int, int, str], ...] = ()
    """(task, plugin, call, what)"""
    death: tuple[int, int, int] | None = None
    """(task, plugin, boundary)"""
    meanwhile: tuple[tuple[int, int, int, Step], ...] = ()
    """(task, plugin, call, what somebody does)"""
    rest_s = 60.0

    def __str__(self) -> str:
        said = [f"the job {self.job} runs"]
        said += [
            f"at call {call} of the {PLACES[plugin]} of its pipeline {task + 1} {MISHAPS[what]}"
            for task, plugin, call, what in self.mishaps
        ]
        said += [
            f"before call {call} of the {PLACES[plugin]} of its pipeline {task + 1}, {what}"
            for task, plugin, call, what in self.meanwhile
        ]
        if self.death:
            task, plugin, boundary = self.death
            said.append(f"the {PLACES[plugin]} of its pipeline {task + 1} is killed at its boundary {boundary}")
        return "; ".join(said)

    def take(self, stage: "Stage") -> None:
        line, counts = stage.world.line, stage.played.counts

        def begin(task: int, plugin: int) -> int:
            line.mishaps = {
                call: what for number, place, call, what in self.mishaps if (number, place) == (task, plugin)
            }
            steps = {call: what for number, place, call, what in self.meanwhile if (number, place) == (task, plugin)}

            def meanwhile(call: int) -> None:
                if call in steps:
                    steps.pop(call).take(stage)
                    counts["edits meanwhile"] += 1

            line.gate.at_call = meanwhile if steps else None
            return self.death[2] if self.death and self.death[:2] == (task, plugin) else 0

        happened, apart = len(line.happened), stage.people.apart()
        ended = stage.world.run(self.job, begin)
        line.gate.at_call, line.mishaps = None, {}
        counts["mishaps"] += len(line.happened) - happened
        counts["deaths"] += sum(one.code == oracle.KILLED for one in ended)
        stage.played.broken += oracle.judge_run(ended, quiet=False)
        if any(one.code for one in ended):
            stage.people.note_accident(apart)
            stage.people.note_agreement()
        else:
            stage.people.note_agreement(self.job)

    def less(self) -> Iterator[Step]:
        if self.death:
            yield replace(self, death=None)
        for place in range(len(self.mishaps)):
            yield replace(self, mishaps=self.mishaps[:place] + self.mishaps[place + 1 :])
        for place in range(len(self.meanwhile)):
            yield replace(self, meanwhile=self.meanwhile[:place] + self.meanwhile[place + 1 :])


def run(plot: Plot, job: str = "") -> Run:
    """Of this job, or of one that has something to do with the things there are."""
    dice = plot.dice
    job = job or (
        dice.choice(["stock", "prices"])
        if "product" in plot.things and dice.random() < 0.15
        else JOB_OF[dice.choice(plot.things)]
    )
    death = None
    mishaps: list[tuple[int, int, int, str]] = []
    meanwhile: list[tuple[int, int, int, Step]] = []
    if not plot.calm and dice.random() < 0.35:
        death = (dice.randrange(2), dice.choice([0, 2, 2, 2]), dice.randint(1, 16))
    if not plot.calm and dice.random() < 0.6:
        mishaps = [_mishap(plot) for _ in range(dice.choice([1, 2, 3, 6]))]
    if dice.random() < 0.3:
        meanwhile.append((dice.randrange(2), dice.choice([0, 2, 2]), dice.randint(1, 7), plot.meanwhile[0](plot)))
    return Run(job, tuple(mishaps), death, tuple(meanwhile))


def _mishap(plot: Plot) -> tuple[int, int, int, str]:
    dice = plot.dice
    return (
        dice.randrange(2),
        dice.choice([0, 2, 2]),
        dice.choice([1, 1, 2, 2, 3, 4, 5, 7]),
        dice.choice(sorted(MISHAPS.keys() - ODD)),
    )


def _lose(plot: Plot) -> list[Step]:
    lost = [("state",), ("tokens",), ("ledger",), ("ledger", "state"), ("ledger", "state", "tokens")]
    return [Lose(plot.dice.choice(lost))]


def _wait(plot: Plot) -> list[Step]:
    return [Wait(plot.dice.choice([1, 59, 61, 300, 3700, 90_000]))]


ACTS = (
    Act("wait", 3, _wait),
    Act("run", 9, lambda plot: [run(plot)]),
    Act("lose", 0.7, _lose, lambda plot: not plot.calm),
)
