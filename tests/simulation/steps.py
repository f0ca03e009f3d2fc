"""What a story is made of. A module of steps says what people, luck or the installation do, and how often a story tells of it.

A family of steps is a module with its classes of steps (what happens, in words and in the world) and its `ACTS` (what a generator
makes of dice); `MEANWHILE` are makers of single steps that people may do while a job runs. `story.FAMILIES` lists them; what a family wants to be true in the end says a judge in `play.JUDGES`.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.stage import Stage

SYSTEMS = ("crm", "inventory")


class Step:
    """One thing that happens; frozen dataclasses with the words that tell it."""

    rest_s = 2.0
    """Until the next."""

    def take(self, stage: "Stage") -> None:
        """Let it happen."""
        raise NotImplementedError

    def less(self) -> Iterator["Step"]:
        """The same with something left out, for stories that are made shorter."""
        return iter(())


@dataclass(frozen=True)
class Wait(Step):
    """Time goes by."""

    seconds: float
    rest_s = 0.0

    def __str__(self) -> str:
        return f"{self.seconds:g} seconds go by"

    def take(self, stage: "Stage") -> None:
        stage.world.clock.move(self.seconds)


@dataclass
class Plot:
    """What a generator knows of the story it is making."""

    dice: random.Random
    calm: bool
    """Does nothing go wrong but people?"""
    meanwhile: tuple[Callable[["Plot"], Step], ...]
    """What people may do while a job runs."""
    kinds: tuple[str, ...] = ("account", "product")
    """What things it is about."""
    sells: bool = False
    """Are there quotes, and what follows them?"""
    serves: bool = False
    """Are services and contracts sold?"""
    counts: bool = False
    """Does inventory count what there is?"""
    things: list[str] = field(default_factory=list)
    """The entity of each thing that was made."""
    modes: set[str] = field(default_factory=set)
    """How the installation is set up."""


@dataclass(frozen=True)
class Act:
    """Something a story may tell of, how often in relation to others, and in which worlds."""

    name: str
    weight: float
    draw: Callable[[Plot], list[Step]]
    fits: Callable[[Plot], bool] = lambda _plot: True
