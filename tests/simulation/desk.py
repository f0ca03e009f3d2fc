"""What whoever runs the sync has said and done, and what must follow from it while a story goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation.masters import ENTITIES
from simulation.oracle import Broken
from simulation.steps import SYSTEMS

from ofrecord_kit.ledger import Writing

if TYPE_CHECKING:
    from simulation.stage import Stage

KEY = "OFRECORD_LEDGER_KEY"
FINE = 300


@dataclass
class Desk:
    """Pauses, yeses, clocks and keys."""

    paused: set[tuple[str, str]] = field(default_factory=set)
    """(entity, system) of which nothing may be written there."""
    asks: bool = False
    """Does a plan need somebody's yes?"""
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)
    """(entity, system) → how many may be made there by the last yes."""
    begun: set[tuple[str, str]] = field(default_factory=set)
    """What has had its yes, or needs none any more."""
    states: list[dict[str, bytes]] = field(default_factory=list)
    """Bookmarks as they were after each run, oldest first."""
    off_s: float = 0.0
    """What our own clock shows more than it should."""
    keys: int = 0
    """How often the ledger was given another key."""
    values: str = ""
    """How the ledger keeps values, where that was said."""
    is_sealed: bool = False
    """Has the ledger had a key from its beginning?"""
    losses: int = 0
    """How often the ledger was lost."""
    changed: tuple[str, ...] = ()
    """Changes of the rules that hold now."""

    @contextmanager
    def writing(self, stage: "Stage") -> Iterator[Writing]:
        """One transaction of a person's command."""
        ledger = stage.world.ledger()
        try:
            with ledger.writing(stage.world.clock.now) as writing:
                yield writing
        finally:
            ledger.close()

    def lose_memory(self) -> None:
        """With the ledger, pauses and yeses are gone."""
        self.losses += 1
        self.paused.clear()
        self.allowed.clear()
        self.begun.clear()

    def set_clock(self, stage: "Stage", off_s: float) -> None:
        """Our clock, and not the vendors', shows so much more than it should."""
        world, by = stage.world, off_s - self.off_s
        world.clock.move(by)
        world.line.skew_s = {name: world.line.skew_s.get(name, 0.0) - by for name in ("crm", "inventory", "books")}
        self.off_s = off_s

    @contextmanager
    def watching(self, stage: "Stage") -> Iterator[None]:
        """Within the block a step is taken; what it may not do is looked for."""
        before = _Sight(stage)
        yield
        stage.played.broken += self._judge(stage, before)
        now = dict(stage.world.host.states)
        if not self.states or now != self.states[-1]:
            self.states.append(now)

    def _judge(self, stage: "Stage", before: "_Sight") -> Iterator[Broken]:
        for entity, system in sorted(self.paused):
            if wrote := before.writes(stage, entity, system):
                yield Broken("a pause holds", f"{entity} in {system} is paused: {', '.join(wrote)}")
        if self.asks:
            yield from self._judge_yeses(stage, before)

    def _judge_yeses(self, stage: "Stage", before: "_Sight") -> Iterator[Broken]:
        for place, count in before.counts.items():
            made = _count(stage, *place) - count - before.made_by_people(stage, *place)
            if place in self.begun or made <= 0:
                continue
            self.begun.add(place)
            if made > self.allowed.get(place, 0):
                said = f"{self.allowed[place]} were allowed" if place in self.allowed else "nobody said yes"
                yield Broken("a plan needs a yes", f"{made} records of {place[0]} were made in {place[1]}, {said}")

    def end(self, stage: "Stage") -> None:
        """Everything is in order again before the quiet cycles: clock, pauses, yeses."""
        self.set_clock(stage, 0.0)
        with self.writing(stage) as ledger:
            for entity, system in sorted(self.paused):
                ledger.resume(entity, system)
        self.paused.clear()
        self.asks = False
        stage.world.host.environment["OFRECORD_YES"] = "1"
        self.read_anew(stage)

    def read_anew(self, stage: "Stage") -> None:
        """Where values are hashed an edit is put back when its owner's record is read again, after the run that noticed it."""
        if self.values == "hashed":
            stage.world.forget("state")


class _Sight:
    """What is there before a step."""

    def __init__(self, stage: "Stage") -> None:
        self.journal = len(stage.world.vendors.journal)
        self.things = set(stage.people.things)
        self.counts = {
            (entity, system): _count(stage, entity, system)
            for entity in ENTITIES
            for system in SYSTEMS
            if stage.desk.asks
        }

    def writes(self, stage: "Stage", entity: str, system: str) -> list[str]:
        """What plugins changed of an entity in a system since, as far as a call tells of which entity it is."""
        things = stage.people.things.values()
        place = _place(entity, system)
        is_alone = not any(_place(one.entity.name, system) == place for one in things if one.entity.name != entity)
        known = {str(one.ids.get(system)) for one in things if one.entity.name == entity}
        found = []
        for one in stage.world.vendors.journal[self.journal :]:
            if one.method == "GET" or one.status >= FINE or not f"{one.path}/".startswith(f"{place}/"):
                continue
            named = one.path[len(place) :].strip("/").partition("/")[0]
            if named in known or (is_alone and not named):
                found.append(f"{one.method} {one.path}")
        return found

    def made_by_people(self, stage: "Stage", entity: str, system: str) -> int:
        """Of the records that are new."""
        return sum(
            1
            for number, thing in stage.people.things.items()
            if number not in self.things and thing.entity.name == entity and thing.wrote and _was_made(thing, system)
        )


def _place(entity: str, system: str) -> str:
    one = ENTITIES[entity]
    return f"/crm/v8/{one.module}" if system == "crm" else f"/inventory/v1/{one.path}"


def _was_made(thing: Any, system: str) -> bool:
    return any(one.system == system for written in thing.wrote.values() for one in written)


def _count(stage: "Stage", entity: str, system: str) -> int:
    return len(stage.people.records(ENTITIES[entity], system))
