"""What a person answers to what is held, at whatever moment: each answer is carried out once, and what it decided holds everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.masters import ENTITIES
from simulation.oracle import Broken
from simulation.ownership import Field
from simulation.runs import run
from simulation.steps import SYSTEMS, Act, Plot, Step, Wait
from simulation.things import Edit

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.people import Thing
    from simulation.stage import Stage

_PARTS = ("street", "city", "state", "code", "country")
_TAKES = ("conflict", "violation")
_RETRIED = ("refused", "failed", "check", "reference")


@dataclass(frozen=True)
class Answer(Step):
    """A person answers one of the questions there are."""

    which: int
    how: int

    def __str__(self) -> str:
        return f"a person answers the held row {self.which} (the answer {self.how} it takes)"

    def take(self, stage: "Stage") -> None:
        ledger = stage.world.ledger()
        rows = sorted(
            (row for row in ledger.held() if _words(row)), key=lambda row: (row.entity, row.source_id, row.field)
        )
        ledger.close()
        if not rows:
            return
        row = rows[self.which % len(rows)]
        word = _words(row)[self.how % len(_words(row))]
        key = (row.entity, row.source, row.destination, row.source_id, row.field)
        with stage.desk.writing(stage) as writing:
            if word == "drop":
                writing.drop(*key, "Ada", "not worth it")
            else:
                writing.answer(*key, word, "Ada")
        stage.people.note_agreement()
        _remember(stage, row, word)
        stage.played.counts["answers"] += 1


def _words(row: Held) -> list[str]:
    if row.code == "GONE":
        return ["create", "unlink", "drop"]
    if row.kind in _TAKES:
        return [f"take {row.source}", f"take {row.destination}", "drop"]
    return ["retry"] if row.kind in _RETRIED else []


def _remember(stage: "Stage", row: Held, word: str) -> None:
    """What must follow from it."""
    thing = next(
        (
            one
            for one in stage.people.things.values()
            if one.entity.name == row.entity and one.ids.get(row.source) == row.source_id
        ),
        None,
    )
    if thing is None:
        return
    if row.code == "GONE":
        thing.answered_gone = word
        return
    one = next((one for one in thing.entity.fields if one.name == row.field), None)
    if one is None or row.kind not in _TAKES:
        return
    if word == "drop":
        thing.dropped.add(one.name)
        return
    asked = {system: meant(one, ((row.values or {}).get(system) or {}).get("value"), system) for system in SYSTEMS}
    now = {system: one.read(system, stage.people.record(thing, system) or {}) for system in SYSTEMS}
    chosen = asked[word.partition(" ")[2]]
    last = thing.last(one.name)
    thing.decided[one.name] = Decided(chosen, last.order if last else 0, asked == now)


@dataclass(frozen=True)
class Decided:
    """A person chose a value of a field; `order`: the last writing before. `is_current`: both sides held what was asked about."""

    value: Any
    order: int
    is_current: bool


def meant(one: Field, value: Any, system: str) -> Any:
    """What a value of a held row means."""
    if len(one.crm) > 1:
        return tuple(one.mean((value or {}).get(part)) for part in _PARTS)
    found = one.mean(value)
    if one.factor is not None and system == "crm" and found is not None:
        return (found / one.factor).normalize() + 0
    return found


def judge(stage: "Stage", _held: list[Held]) -> Iterator[Broken | Held]:
    """What was decided about the values there still are holds in both systems."""
    for thing in stage.people.things.values():
        if thing.deleted or thing.is_alone or not set(SYSTEMS) <= set(thing.ids):
            continue
        for one in thing.entity.fields:
            yield from _judge_decided(stage, thing, one)


def _judge_decided(stage: "Stage", thing: "Thing", one: Field) -> Iterator[Broken]:
    said, last = thing.decided.get(one.name), thing.last(one.name)
    if said is None or not said.is_current or one.name in thing.unsure or (last and last.order > said.order):
        return
    values = {system: one.read(system, stage.people.record(thing, system) or {}) for system in SYSTEMS}
    if set(values.values()) != {said.value}:
        yield Broken(
            "an answer is carried out",
            f"{one.name} of {thing.entity.name} {thing.number} was decided to be {said.value!r} and is {values['crm']!r} in the CRM,"
            f" {values['inventory']!r} in inventory",
        )


def _answer(plot: Plot) -> list[Step]:
    return [Answer(plot.dice.randrange(6), plot.dice.randrange(6))]


def _decide(plot: Plot) -> list[Step]:
    """Both sides edit a field, a person decides; often one of the two is edited once more before a run has heard of it."""
    dice = plot.dice
    number = dice.randrange(len(plot.things))
    places = [place for place, one in enumerate(ENTITIES[plot.things[number]].fields) if one.owner == "shared"]
    if not places:
        return _answer(plot)
    place, choice = dice.choice(places), dice.randrange(3)
    edits: list[Step] = [Edit(number, system, place, choice + more) for more, system in enumerate(SYSTEMS)]
    again = [Edit(number, dice.choice(SYSTEMS), place, choice + 2)] if dice.random() < 0.5 else []
    return [*edits, run(plot), Answer(dice.randrange(2), dice.randrange(2)), Wait(400), *again, run(plot)]


ACTS = (Act("answer", 2, _answer), Act("decide", 0.7, _decide))
