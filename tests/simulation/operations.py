"""What operators do: pause and resume, say yes to plans, give the ledger another key, begin with other settings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulation.desk import KEY
from simulation.masters import ENTITIES
from simulation.oracle import Broken
from simulation.runs import run
from simulation.steps import SYSTEMS, Act, Plot, Step
from simulation.things import create

from ofrecord_kit.ledger import Held, rekey

if TYPE_CHECKING:
    from simulation.stage import Stage


VALUES = (
    "Am Hafen",
    "Main St",
    "Strong",
    "A2 steel",
    "Nordlicht",
    "Quillfeather",
    "Weststern",
    "a.example",
    "2065550101",
)
"""Parts of what people write."""


@dataclass(frozen=True)
class Install(Step):
    """How the installation is set up. It comes first."""

    values: str = ""
    is_sealed: bool = False
    asks: bool = False
    keep_runs: int = 0
    rest_s = 0.0

    def __str__(self) -> str:
        said = [
            f"the ledger keeps values {self.values}" if self.values else "",
            "what it keeps is encrypted" if self.is_sealed else "",
            "plans need somebody's yes" if self.asks else "",
            f"runs are kept for {self.keep_runs} days" if self.keep_runs else "",
        ]
        return ", ".join(filter(None, said)) or "nothing is set"

    def take(self, stage: "Stage") -> None:
        host, desk = stage.world.host, stage.desk
        if self.is_sealed or self.values == "hashed":
            host.environment[KEY] = _key(0)
        stage.desk.is_sealed = self.is_sealed
        if self.values:
            host.config["values"] = desk.values = self.values
        if self.keep_runs:
            host.config["keep_runs"] = self.keep_runs
        if self.asks:
            desk.asks = True
            host.environment.pop("OFRECORD_YES", None)

    def less(self) -> Iterator[Step]:
        for plainer in (
            replace(self, keep_runs=0), replace(self, asks=False), replace(self, values=""), replace(self, is_sealed=False)
        ):  # fmt: skip
            if plainer != self:
                yield plainer


def _key(number: int) -> str:
    return f"{number:02}" + "k3y " * 12


@dataclass(frozen=True)
class Pause(Step):
    """Nothing of an entity may be written to a system any more."""

    entity: str
    system: str

    def __str__(self) -> str:
        return f"writing {self.entity}s to {self.system} is paused"

    def take(self, stage: "Stage") -> None:
        for _wait, request in stage.world.line.late:  # what is under way arrives before
            stage.world.line.answer(request)
        stage.world.line.late.clear()
        with stage.desk.writing(stage) as ledger:
            ledger.pause(self.entity, self.system, "stock-taking")
        stage.desk.paused.add((self.entity, self.system))


@dataclass(frozen=True)
class Resume(Step):
    """The pauses of an entity end."""

    entity: str

    def __str__(self) -> str:
        return f"writing {self.entity}s is resumed"

    def take(self, stage: "Stage") -> None:
        with stage.desk.writing(stage) as ledger:
            for system in SYSTEMS:
                ledger.resume(self.entity, system)
        stage.desk.paused -= {(self.entity, system) for system in SYSTEMS}


@dataclass(frozen=True)
class SayYes(Step):
    """Whoever runs the sync lets the plans pass that wait."""

    def __str__(self) -> str:
        return "somebody says yes to the plans that wait"

    def take(self, stage: "Stage") -> None:
        ledger = stage.world.ledger()
        rows = [row for row in ledger.held() if row.kind == "limits"]
        ledger.close()
        with stage.desk.writing(stage) as writing:
            for row in rows:
                writing.answer(row.entity, row.source, row.destination, row.source_id, row.field, "approve", "Ada")
                stage.desk.allowed[row.entity, row.destination] = int((row.payload or {}).get("create", 0))
        stage.played.counts["yeses"] += len(rows)


@dataclass(frozen=True)
class Rekey(Step):
    """The ledger is given another key."""

    def __str__(self) -> str:
        return "the ledger is given another key"

    def take(self, stage: "Stage") -> None:
        environment = stage.world.host.environment
        if KEY not in environment:
            return
        stage.desk.keys += 1
        new = _key(stage.desk.keys)
        rekey(environment["OFRECORD_LEDGER"], environment[KEY], new, stage.world.clock.now)
        environment[KEY] = new


def judge(stage: "Stage", _held: list[Held]) -> Iterator[Broken | Held]:
    """Where a key was given from the beginning, no value stands in the ledger as it is."""
    if stage.desk.is_sealed:
        kept = b"".join(path.read_bytes() for path in sorted(stage.world.folder.glob("ledger.db*")))
        for word in VALUES:
            if word.encode() in kept:
                yield Broken("quiet about values", f"the encrypted ledger holds {word!r}")


MODES = ("asks", "hashed", "sealed", "pruned")


def beginning(plot: Plot, mode: str | None = None) -> list[Step]:
    """How the installation of a story is set up, where it is out of the ordinary."""
    if mode is None:
        mode = plot.dice.choices(["", *MODES], [7, 1.5, 1, 0.7, 0.4])[0]
    plot.modes.add(mode)
    if mode == "asks":
        return [Install(asks=True)]
    if mode == "hashed":
        return [Install("hashed", is_sealed=True)]
    if mode == "sealed":
        return [Install("full", is_sealed=True)]
    return [Install(keep_runs=1)] if mode == "pruned" else []


def _pause(plot: Plot) -> list[Step]:
    dice = plot.dice
    entity = dice.choice(sorted({one for one in plot.things if one in ENTITIES}))
    first: list[Step] = [Pause(entity, dice.choice(SYSTEMS))]
    if dice.random() < 0.5:
        first.append(run(plot))
    return first


def _resume(plot: Plot) -> list[Step]:
    return [Resume(plot.dice.choice(sorted(set(plot.things))))]


def _say_yes(plot: Plot) -> list[Step]:
    grown: list[Step] = [create(plot)] if plot.dice.random() < 0.3 else []
    return [SayYes(), *grown, run(plot)]


ACTS = (
    Act("pause", 0.8, _pause),
    Act("resume", 0.8, _resume),
    Act("say yes", 5, _say_yes, lambda plot: "asks" in plot.modes),
    Act("rekey", 1.5, lambda _plot: [Rekey()], lambda plot: bool(plot.modes & {"hashed", "sealed"})),
)
