"""What happens in a world: decided by its seed before anything does, told in plain words, and shorter when steps are left out."""

import random
from dataclasses import dataclass, replace

from simulation.ownership import ENTITIES
from simulation.wire import MISHAPS

JOB_OF = {"product": "products", "account": "customers"}
SYSTEMS = ("crm", "inventory")
PLACES = ("tap", "mapper", "target")


@dataclass(frozen=True)
class Create:
    """Somebody makes a thing, in one system or at once in both."""

    thing: int
    entity: str
    systems: tuple[str, ...]
    choices: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.entity} {self.thing} is made in {' and, by somebody else, in '.join(self.systems)}"


@dataclass(frozen=True)
class Edit:
    """Somebody changes a field; `dressed`: to the same meaning, written differently when it is the same."""

    thing: int
    system: str
    place: int
    choice: int
    dressed: bool = False

    def __str__(self) -> str:
        return f"thing {self.thing}: field {self.place} is set to choice {self.choice} in {self.system}{', written differently' if self.dressed else ''}"


@dataclass(frozen=True)
class Remark:
    """Somebody fills a field that no rule names."""

    thing: int
    system: str
    choice: int

    def __str__(self) -> str:
        return f"thing {self.thing}: a remark is written in {self.system}, where no rule looks"


@dataclass(frozen=True)
class Delete:
    """Somebody deletes a record of the CRM."""

    thing: int

    def __str__(self) -> str:
        return f"thing {self.thing} is deleted in the CRM"


@dataclass(frozen=True)
class Order:
    """Somebody accepts a quote; lines are (quantity, price)."""

    account: int
    product: int
    lines: tuple[tuple[int, float], ...]

    def __str__(self) -> str:
        return f"a quote over {' and '.join(f'{quantity} pieces at {price:g}' for quantity, price in self.lines)} is accepted in the CRM"


@dataclass(frozen=True)
class Wait:
    """Time goes by."""

    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:g} seconds go by"


@dataclass(frozen=True)
class Lose:
    """Something of the installation is lost."""

    what: tuple[str, ...]

    def __str__(self) -> str:
        return f"the installation loses its {' and '.join(self.what)}"


@dataclass(frozen=True)
class Run:
    """A job runs; on its way things go wrong, a plugin is killed, people edit meanwhile."""

    job: str
    mishaps: tuple[tuple[int, int, int, str], ...] = ()
    """(task, plugin, call, what)"""
    death: tuple[int, int, int] | None = None
    """(task, plugin, boundary)"""
    meanwhile: tuple[tuple[int, int, int, Edit], ...] = ()
    """(task, plugin, call, edit)"""

    def __str__(self) -> str:
        said = [f"the job {self.job} runs"]
        said += [
            f"at call {call} of the {PLACES[plugin]} of its pipeline {task + 1} {MISHAPS[what]}"
            for task, plugin, call, what in self.mishaps
        ]
        said += [
            f"before call {call} of the {PLACES[plugin]} of its pipeline {task + 1}, {edit}"
            for task, plugin, call, edit in self.meanwhile
        ]
        if self.death:
            task, plugin, boundary = self.death
            said.append(f"the {PLACES[plugin]} of its pipeline {task + 1} is killed at its boundary {boundary}")
        return "; ".join(said)


Step = Create | Edit | Remark | Delete | Order | Wait | Lose | Run


@dataclass(frozen=True)
class Story:
    """A seed's world."""

    seed: int
    steps: tuple[Step, ...]
    latency_s: float = 0.1
    skew_s: tuple[float, float] = (0.0, 0.0)
    """What the clocks of the CRM and of inventory show more than ours."""
    order: tuple[str, ...] = ("products", "customers")
    """Jobs of a quiet cycle: those of the entities there are."""
    loses_all: bool = False
    """Is everything of ours lost and rebuilt in the end?"""

    def __str__(self) -> str:
        lines = [
            f"Seed {self.seed}: an answer takes {self.latency_s:g} s; the CRM's clock is {self.skew_s[0]:+g} s off, inventory's {self.skew_s[1]:+g} s."
        ]
        return "\n".join([*lines, *(f"{number}. {step}." for number, step in enumerate(self.steps, 1))])


def story_of(seed: int) -> Story:
    """The world of a seed."""
    dice = random.Random(f"story {seed}")  # noqa: S311 - nothing is guarded by it
    calm = dice.random() < 0.3  # then nothing goes wrong but people
    things: list[str] = []
    sells = dice.random() < 0.3
    steps: list[Step] = [_create(dice, things) for _ in range(dice.choice([1, 1, 2, 3]))]
    if sells:
        steps += [_create(dice, things, name) for name in sorted(ENTITIES) if name not in things]
    steps.append(_run(dice, things, calm=calm))
    for number in range(dice.randint(3, 10)):
        steps += _something(dice, things, calm=calm)
        if sells and number % 3 == 0:
            steps += [_order(dice), *([_run(dice, things, calm=calm, job="orders")] if dice.random() < 0.7 else [])]
    skew = (
        (0.0, 0.0)
        if dice.random() < 0.6
        else (dice.choice([-50.0, 0.0, 3.0, 45.0]), dice.choice([-50.0, 0.0, 3.0, 45.0]))
    )
    order = [job for job in dice.sample(sorted(JOB_OF.values()), 2) if job in {JOB_OF[one] for one in things}] + [
        "orders"
    ] * sells
    return Story(seed, tuple(steps), dice.choice([0.02, 0.1, 0.7]), skew, tuple(order), dice.random() < 0.4)


def _order(dice: random.Random) -> Order:
    lines = tuple((dice.randint(1, 9), dice.choice([0.01, 3, 19.99, 2.5])) for _ in range(dice.choice([1, 1, 2])))
    return Order(dice.randrange(60), dice.randrange(60), lines)


def _create(dice: random.Random, things: list[str], name: str = "") -> Create:
    entity = ENTITIES[name or dice.choice(sorted(ENTITIES))]
    things.append(entity.name)
    begins = entity.begins
    other = "crm" if begins == "inventory" else "inventory"
    systems = dice.choices([(begins,), (begins, other), (other, begins), (other,)], [8, 1, 1, 1])[0]
    choices = tuple(dice.randrange(60) for _ in range(2 * len(entity.fields)))
    return Create(len(things) - 1, entity.name, systems, choices)


def _edit(
    dice: random.Random,
    things: list[str],
    thing: int | None = None,
    system: str | None = None,
    place: int | None = None,
) -> Edit:
    number = dice.randrange(len(things)) if thing is None else thing
    fields = len(ENTITIES[things[number]].fields)
    where = dice.randrange(fields) if place is None else place
    return Edit(number, system or dice.choice(SYSTEMS), where, dice.randrange(3), dice.random() < 0.2)


def _something(dice: random.Random, things: list[str], *, calm: bool) -> list[Step]:
    what = dice.choices(
        ["edit", "both", "there and back", "remark", "create", "delete", "wait", "run", "lose"],
        [6, 3, 2, 1, 1.5, 1.2, 3, 9, 0 if calm else 0.7],
    )[0]
    if what == "edit":
        return [_edit(dice, things)]
    if what == "both":
        first = _edit(dice, things)
        wait = Wait(dice.choice([0, 1, 30, 90, 400, 4000]))
        return [
            first,
            wait,
            _edit(dice, things, first.thing, "crm" if first.system == "inventory" else "inventory", first.place),
        ]
    if what == "there and back":
        first = _edit(dice, things)
        return [
            first,
            _run(dice, things, calm=calm),
            replace(first, choice=first.choice + 1),
            _run(dice, things, calm=calm),
            first,
        ]
    if what == "remark":
        return [Remark(dice.randrange(len(things)), dice.choice(SYSTEMS), dice.randrange(3))]
    if what == "create":
        return [_create(dice, things)]
    if what == "delete":
        return [Delete(dice.randrange(len(things)))]
    if what == "wait":
        return [Wait(dice.choice([1, 59, 61, 300, 3700, 90_000]))]
    if what == "lose":
        return [
            Lose(
                dice.choice([("state",), ("tokens",), ("ledger",), ("ledger", "state"), ("ledger", "state", "tokens")])
            )
        ]
    return [_run(dice, things, calm=calm)]


def _run(dice: random.Random, things: list[str], *, calm: bool, job: str = "") -> Run:
    job = job or (
        dice.choice(["stock", "prices"])
        if "product" in things and dice.random() < 0.15
        else JOB_OF[dice.choice(things)]
    )
    death = None
    mishaps: list[tuple[int, int, int, str]] = []
    meanwhile: list[tuple[int, int, int, Edit]] = []
    if not calm and dice.random() < 0.35:
        death = (dice.randrange(2), dice.choice([0, 2, 2, 2]), dice.randint(1, 16))
    if not calm and dice.random() < 0.6:
        mishaps = [_mishap(dice) for _ in range(dice.choice([1, 2, 3, 6]))]
    if dice.random() < 0.3:
        meanwhile.append((dice.randrange(2), dice.choice([0, 2, 2]), dice.randint(1, 7), _edit(dice, things)))
    return Run(job, tuple(mishaps), death, tuple(meanwhile))


def _mishap(dice: random.Random) -> tuple[int, int, int, str]:
    return (
        dice.randrange(2),
        dice.choice([0, 2, 2]),
        dice.choice([1, 1, 2, 2, 3, 4, 5, 7]),
        dice.choice(sorted(MISHAPS)),
    )
