"""A story from its first step to peace, and what was broken on the way."""

import gc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from simulation import oracle
from simulation.bottle import Bottle, bottle
from simulation.oracle import Broken
from simulation.orders import Accepted, accept, judge_orders
from simulation.people import People
from simulation.story import Create, Delete, Edit, Lose, Order, Remark, Run, Story, Wait
from simulation.thrift import rarely_swept

HOUR_S = 3600
REST_S = 100_000
"""Between quiet cycles: whatever was put off for a day is due."""
REFUSED = 400
MOST_CALLS = 8
"""Of a pipeline that has nothing to do: a page of each of its streams, their fields, deletions and sweeps, a token."""
VENDORS = {"crm", "inventory", "books"}


@dataclass
class Played:
    """What became of a story."""

    story: Story
    broken: list[Broken] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    accepted: list[Accepted] = field(default_factory=list)
    """Quotes."""
    asked: list[str] = field(default_factory=list)
    """Everything the vendors were asked, and how they answered."""


def play(story: Story, look: Callable[[Bottle, People], None] = lambda _world, _people: None) -> Played:
    """Play it. Whatever is broken is found at the end, but for plugins that break. `look` is shown the world as it was left."""
    played = Played(story)
    _warm_up()
    with rarely_swept(), bottle(story.seed) as world:
        world.line.latency_s = story.latency_s
        world.line.skew_s = {"crm": story.skew_s[0], "inventory": story.skew_s[1], "books": story.skew_s[1]}
        people = People(world)
        for step in story.steps:
            _take(step, world, people, played)
        if not played.broken:
            _find_peace(story, world, people, played)
        played.asked = [f"{one.at} {one.method} {one.path} {one.status}" for one in world.vendors.journal]
        played.counts["calls"] += len(played.asked)
        look(world, people)
        played.counts["runs"] += world.host.runs
    return played


@cache
def _warm_up() -> None:
    """What a process does only once draws from clock and dice, too; it is done before the first world."""
    with bottle(0) as world:
        for job in ("products", "customers"):
            world.run(job)
    gc.collect()
    gc.freeze()  # what is there now stays


def _take(step: object, world: Bottle, people: People, played: Played) -> None:
    match step:
        case Run():
            _run(step, world, people, played)
        case Wait(seconds):
            world.clock.move(seconds)
        case _:
            _act(step, world, people, played)
            played.counts[type(step).__name__] += 1
            world.clock.move(2)


def _act(step: object, world: Bottle, people: People, played: Played) -> None:
    """Something that takes no time worth speaking of."""
    match step:
        case Create():
            people.create(step)
        case Edit():
            people.edit(step)
        case Remark():
            people.remark(step)
        case Delete():
            people.delete(step)
        case Order():
            if (quote := accept(people, step)) is not None:
                played.accepted.append(quote)
        case Lose(what):
            world.forget(*what)
            if "ledger" in what:
                people.lose_memory()


def _run(step: Run, world: Bottle, people: People, played: Played) -> None:
    line = world.line

    def begin(task: int, plugin: int) -> int:
        line.mishaps = {call: what for number, place, call, what in step.mishaps if (number, place) == (task, plugin)}
        edits = {call: edit for number, place, call, edit in step.meanwhile if (number, place) == (task, plugin)}

        def meanwhile(call: int) -> None:
            if call in edits:
                people.edit(edits.pop(call))
                played.counts["edits meanwhile"] += 1

        line.gate.at_call = meanwhile if edits else None
        return step.death[2] if step.death and step.death[:2] == (task, plugin) else 0

    happened = len(line.happened)
    ended = world.run(step.job, begin)
    line.gate.at_call, line.mishaps = None, {}
    played.counts["mishaps"] += len(line.happened) - happened
    played.counts["deaths"] += sum(one.code == oracle.KILLED for one in ended)
    played.broken += oracle.judge_run(ended, quiet=False)
    people.note_agreement()
    world.clock.move(60)


def writes_of(world: Bottle, since: int) -> list[str]:
    """What was changed at the vendors since an entry of their journal."""
    return [
        f"{one.method} {one.path}"
        for one in world.vendors.journal[since:]
        if one.method != "GET" and one.status < REFUSED and one.system in VENDORS and not one.path.endswith("/coql")
    ]


def cycle(story: Story, world: Bottle, played: Played, **changes: object) -> list[str]:
    """Every job once, nothing goes wrong; what was written."""
    since = len(world.vendors.journal)
    world.clock.move(REST_S)
    for job in story.order:
        played.broken += oracle.judge_run(world.run(job, **changes), quiet=True)
    return writes_of(world, since)


def _find_peace(story: Story, world: Bottle, people: People, played: Played) -> None:
    world.line.late.clear()
    world.clock.move(HOUR_S)
    cycle(story, world, played)
    cycle(story, world, played)
    since, runs = len(world.vendors.journal), world.host.runs
    writes = cycle(story, world, played)
    calls, runs = len(world.vendors.journal) - since, world.host.runs - runs
    if writes:
        played.broken.append(Broken("silence", f"the third quiet cycle writes: {', '.join(writes)}"))
    ledger = world.ledger()
    held = [*ledger.held(), *ledger.held(state="waiting")]
    ledger.close()
    played.counts["held"] += len(held)
    if not held and calls > runs * MOST_CALLS:
        played.broken.append(
            Broken("silence", f"{runs} pipelines make {calls} calls to learn that there is nothing to do")
        )
    found = list(judge_orders(people, played.accepted, held))
    played.broken += [Broken("orders", said) for said in found if isinstance(said, str)]
    played.broken += oracle.judge_things(people, [row for row in held if row not in found])
    played.broken += oracle.judge_ledger(world)
    is_whole = not any(
        thing.deleted for thing in people.things.values()
    )  # that somebody deleted a record only the ledger knows
    if story.loses_all and is_whole and not held and not played.broken:
        _dispose(story, world, people, played)


def _dispose(story: Story, world: Bottle, people: People, played: Played) -> None:
    """Everything of ours is lost and rebuilt: the next cycle writes nothing."""
    world.forget("ledger", "state", "tokens")
    since = len(world.vendors.journal)
    cycle(story, world, played, rebuild=True)
    writes = writes_of(world, since)
    world.forget("state")
    writes += cycle(story, world, played)
    if writes:
        played.broken.append(
            Broken("disposable", f"after ledger, state and tokens were lost and rebuilt: {', '.join(writes)}")
        )
    played.broken += oracle.judge_things(people, [])
