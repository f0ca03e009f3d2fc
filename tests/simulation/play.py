"""A story from its first step to peace, and what was broken on the way."""

import gc
from collections.abc import Callable, Iterator
from functools import cache

from simulation import (
    answers,
    days,
    dispatch,
    entries,
    ledgers,
    merges,
    operations,
    oracle,
    orders,
    pages,
    promises,
    quotes,
    schemas,
    services,
)
from simulation.bottle import Bottle, bottle
from simulation.oracle import Broken
from simulation.people import People
from simulation.stage import Played, Stage
from simulation.story import Story
from simulation.thrift import rarely_swept

from ofrecord_kit.ledger import Held

HOUR_S = 3600
REST_S = 100_000
"""Between quiet cycles: whatever was put off for a day is due."""
REFUSED = 400
THIRD = 8
"""Of so many worlds one is watched in a third quiet cycle though the second was silent."""
MOST_CALLS = 8
"""Of a pipeline that has nothing to do: a page of each of its streams, their fields, deletions and sweeps, a token."""
VENDORS = {"crm", "inventory", "books"}

JUDGES: tuple[Callable[[Stage, list[Held]], Iterator[Broken | Held]], ...] = (
    orders.judge,
    quotes.judge,
    dispatch.judge,
    services.judge,
    promises.judge,
    entries.judge,
    ledgers.judge,
    merges.judge,
    answers.judge,
    operations.judge,
    schemas.judge,
)
"""Of families of steps: told all that is held, they answer what is broken, and which held rows have a reason."""


def play(
    story: Story, look: Callable[[Bottle, People], None] = lambda _world, _people: None, ledger: str = ""
) -> Played:
    """Play it, with the ledger in a file or at this URL. Whatever is broken is found at the end, but for plugins that break. `look` is shown the world as it was left."""
    played = Played(story)
    warm_up()
    with rarely_swept(), pages.of_rows(story.rows), bottle(story.seed, ledger) as world:
        world.line.latency_s = story.latency_s
        world.line.skew_s = {"crm": story.skew_s[0], "inventory": story.skew_s[1], "books": story.skew_s[1]}
        world.host.taps = pages.settings_of(story.rows)
        people = People(world)
        stage = Stage(story, world, people, played)
        for step in story.steps:
            if played.broken:
                break
            with stage.desk.watching(stage):
                step.take(stage)
            played.counts[type(step).__name__] += 1
            world.clock.move(step.rest_s)
        if not played.broken:
            _find_peace(stage)
        played.asked = [f"{one.at} {one.method} {one.path} {one.status}" for one in world.vendors.journal]
        played.counts["calls"] += len(played.asked)
        look(world, people)
        played.counts["runs"] += world.host.runs
        played.counts.update({f"mishap: {what}": number for what, number in world.line.counted.items()})
    return played


@cache
def warm_up() -> None:
    """What a process does only once draws from clock and dice, too; it is done before the first world."""
    with bottle(0) as world:
        for job in ("products", "customers"):
            world.run(job)
    gc.collect()
    gc.freeze()  # what is there now stays


def writes_of(world: Bottle, since: int) -> list[str]:
    """What was changed at the vendors since an entry of their journal."""
    return [
        f"{one.method} {one.path}"
        for one in world.vendors.journal[since:]
        if one.method != "GET" and one.status < REFUSED and one.system in VENDORS and not one.path.endswith("/coql")
    ]


def cycle(stage: Stage, **changes: object) -> list[str]:
    """Every job once, nothing goes wrong; what was written."""
    since = len(stage.world.vendors.journal)
    stage.world.clock.move(REST_S)
    for job in stage.story.order:
        stage.played.broken += oracle.judge_run(stage.world.run(job, **changes), quiet=True)
    return writes_of(stage.world, since)


def _find_peace(stage: Stage) -> None:
    world, played, people = stage.world, stage.played, stage.people
    world.line.late.clear()
    stage.desk.end(stage)
    schemas.end(stage)
    world.clock.move(HOUR_S + stage.late_s + days.until_peace_s(stage))
    cycle(stage)
    stage.desk.read_anew(stage)
    since, runs = len(world.vendors.journal), world.host.runs
    writes = cycle(stage)
    if (
        writes or stage.story.seed % THIRD == 0
    ):  # one cycle that writes nothing is silence, but for some worlds a second must follow
        since, runs = len(world.vendors.journal), world.host.runs
        writes = cycle(stage)
    calls, runs = len(world.vendors.journal) - since, world.host.runs - runs
    if writes:
        played.broken.append(Broken("silence", f"the third quiet cycle writes: {', '.join(writes)}"))
    held = _held(world)
    played.counts["held"] += len(held)
    if not held and calls > runs * MOST_CALLS * (pages.CALLS if stage.story.rows else 1):
        played.broken.append(
            Broken("silence", f"{runs} pipelines make {calls} calls to learn that there is nothing to do")
        )
    _judge(stage, held)
    is_known = all(thing.was_stamped or not thing.deleted for thing in people.things.values())
    """Else only the ledger knows that somebody deleted a record."""
    if stage.story.loses_all and is_known and not held and not played.broken:
        _dispose(stage)


def _held(world: Bottle) -> list[Held]:
    ledger = world.ledger()
    held = [*ledger.held(), *ledger.held(state="waiting")]
    ledger.close()
    return held


def _judge(stage: Stage, held: list[Held]) -> None:
    found = [one for judge in JUDGES for one in judge(stage, held)]
    broken = stage.played.broken
    broken += [one for one in found if isinstance(one, Broken)]
    broken += oracle.judge_things(stage.people, [row for row in held if row not in found])
    broken += oracle.judge_ledger(stage.world)


def _dispose(stage: Stage) -> None:
    """Everything of ours is lost and rebuilt: the next cycle writes nothing."""
    world, played = stage.world, stage.played
    world.forget("ledger", "state", "tokens")
    since = len(world.vendors.journal)
    cycle(stage, rebuild=True)
    writes = writes_of(world, since)
    world.forget("state")
    writes += cycle(stage)
    if writes:
        played.broken.append(
            Broken("disposable", f"after ledger, state and tokens were lost and rebuilt: {', '.join(writes)}")
        )
    stage.people.lose_memory()
    _judge(stage, _held(world))
