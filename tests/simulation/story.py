"""What happens in a world: decided by its seed before anything does, told in plain words, and shorter when steps are left out."""

import random
from dataclasses import dataclass

from simulation import (
    answers,
    machines,
    merges,
    operations,
    orders,
    pages,
    papers,
    promises,
    quotes,
    rulebook,
    runs,
    schemas,
    services,
    things,
)
from simulation.masters import ENTITIES, JOB_OF
from simulation.steps import Plot, Step

FAMILIES = (
    things,
    runs,
    orders,
    quotes,
    promises,
    papers,
    services,
    merges,
    operations,
    answers,
    rulebook,
    machines,
    schemas,
)
"""Modules of steps."""
COUNTING = 0.3
"""In so many of the worlds with quotes inventory counts what there is."""
SELLING, SERVING = 0.2, 0.06
"""In so many worlds quotes become orders, in so many others services and contracts are sold."""
NEEDS = {"contact": "account", "composite product": "product"}
"""What there is no thing without."""
ACTS = [act for family in FAMILIES for act in family.ACTS]
MEANWHILE = things.MEANWHILE


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
    rows: int = 0
    """Of a page of the vendors' lists; 0: as many as they give."""

    def __str__(self) -> str:
        lines = [
            f"Seed {self.seed}: an answer takes {self.latency_s:g} s; the CRM's clock is {self.skew_s[0]:+g} s off, inventory's {self.skew_s[1]:+g} s."
        ]
        lines += [f"Pages have {self.rows} rows."] if self.rows else []
        return "\n".join([*lines, *(f"{number}. {step}." for number, step in enumerate(self.steps, 1))])


LENGTHS = (1, 2, 2, 3, 3, 4, 5, 8)
"""Things that happen between the first run and the quiet cycles: most worlds are small."""


def short_story(seed: int, about: tuple[str, ...]) -> Story:
    """A short world of a seed in which these acts happen, or edits. Other words say what there is, or how the installation is set up."""
    dice = random.Random(f"short story {seed} {about}")  # noqa: S311 - nothing is guarded by it
    plot = Plot(dice, "calm" in about, MEANWHILE)
    steps: list[Step] = operations.beginning(plot, next((one for one in about if one in operations.MODES), ""))
    plot.sells = sells = "orders" in about
    kinds = ("account", "product") if sells else tuple(name for name in ENTITIES if name in about)
    plot.kinds = kinds or (dice.choice(["account", "product"]),)
    steps += [things.create(plot, name) for name in plot.kinds]
    steps.append(runs.run(plot))
    for _number in range(dice.randint(2, 4)):
        acts = [act for act in ACTS if act.name in about] or [act for act in ACTS if act.name == "edit"]
        steps += [*dice.choice(acts).draw(plot), runs.run(plot)]
    steps += [orders.order(plot), runs.run(plot, "orders")] if sells else []
    return Story(seed, tuple(steps), order=_jobs(plot, sells))


def story_of(seed: int) -> Story:
    """The world of a seed."""
    dice = random.Random(f"story {seed}")  # noqa: S311 - nothing is guarded by it
    plot = Plot(dice, dice.random() < 0.3, MEANWHILE)
    kind = dice.random()
    plot.sells, plot.serves = sells, serves = kind < SELLING, SELLING <= kind < SELLING + SERVING
    plot.counts = sells and dice.random() < COUNTING
    plot.kinds = _kinds(dice, sells=sells, serves=serves)
    steps: list[Step] = operations.beginning(plot, services.PLAIN if serves else None)
    steps += [promises.Warehouse(dice.choice(promises.STOCKS))] if plot.counts else []
    steps += [things.create(plot, name) for name in plot.kinds]
    steps += [things.create(plot) for _ in range(dice.choice([0, 0, 1, 2]))]
    steps += _first_runs(plot)
    for number in range(dice.choice(LENGTHS)):
        steps += _something(plot)
        if sells and number % 3 == 0:
            steps += [orders.order(plot), *([runs.run(plot, "orders")] if dice.random() < 0.7 else [])]
    skew = (
        (0.0, 0.0)
        if dice.random() < 0.6
        else (dice.choice([-50.0, 0.0, 3.0, 45.0]), dice.choice([-50.0, 0.0, 3.0, 45.0]))
    )
    jobs = _jobs(plot, sells, serves)
    latency_s, loses_all = dice.choice([0.02, 0.1, 0.7]), dice.random() < 0.1
    steps = schemas.with_changes(seed, steps, plot)
    steps, rows = pages.with_pages(seed, steps, plot)
    return Story(seed, tuple(steps), latency_s, skew, jobs, loses_all, rows)


def _first_runs(plot: Plot) -> list[Step]:
    """Of a job; where there is somebody to sell to, until there is an order."""
    if plot.serves:
        return [runs.run(plot, "customers"), services.serve(plot), runs.run(plot, "services")]
    if not plot.sells:
        return [runs.run(plot)]
    jobs = [runs.run(plot, job) for job in plot.dice.sample(("products", "customers"), 2)]
    return [*jobs, orders.order(plot), runs.run(plot, "orders"), runs.Run("orders")]


def _kinds(dice: random.Random, *, sells: bool, serves: bool) -> tuple[str, ...]:
    """A world is about few kinds of things, else its story would be long before anything happens to one of them."""
    kinds = {
        *(("account", "product") if sells else ("account",) if serves else ()),
        *(() if serves else dice.sample(sorted(ENTITIES), 1 if sells else dice.choice([1, 1, 1, 2]))),
    }
    kinds |= {NEEDS[name] for name in kinds & NEEDS.keys()}
    return tuple(name for name in ENTITIES if name in kinds)


def _something(plot: Plot) -> list[Step]:
    acts = [act for act in ACTS if act.fits(plot)]
    return plot.dice.choices(acts, [act.weight for act in acts])[0].draw(plot)


def _jobs(plot: Plot, sells: bool, serves: bool = False) -> tuple[str, ...]:
    wanted = {JOB_OF[one] for one in plot.things}
    jobs = plot.dice.sample(sorted(wanted), len(wanted))
    return (*jobs, *["orders", "finance"] * sells, *["services", "finance"] * serves)
