"""Where a story is played, and what became of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulation.bottle import Bottle
from simulation.desk import Desk
from simulation.oracle import Broken
from simulation.orders import Accepted
from simulation.people import People, Thing
from simulation.quotes import Proposed
from simulation.services import Sold
from simulation.story import Story


@dataclass
class Played:
    """What became of a story."""

    story: Story
    broken: list[Broken] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    """Everything the vendors were asked, and how they answered."""


@dataclass
class Stage:
    """One world while a story is played in it."""

    story: Story
    world: Bottle
    people: People
    played: Played
    accepted: list[Accepted] = field(default_factory=list)
    taken_back: set[str] = field(default_factory=set)
    """Invoices of which a payment was deleted."""
    amended: set[str] = field(default_factory=set)
    """Quotes that were changed after they were accepted."""
    tampered: set[str] = field(default_factory=set)
    """Orders that the order desk changed."""
    packed: dict[str, Any] = field(default_factory=dict)
    """Order → its lines when it was packed last."""
    proposed: list[Proposed] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)
    late_s: float = 0.0
    """How long the sync may take to notice what people did, more than a day."""
    merged: list[tuple[Thing, Thing]] = field(default_factory=list)
    """Winner and loser of merges in which the winner went on with the loser's counterpart."""
    desk: Desk = field(default_factory=Desk)
