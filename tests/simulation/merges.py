"""Two records of the CRM that are one are merged by a person. What becomes of their counterparts: docs/architecture.md, "Merges"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.oracle import Broken
from simulation.people import Thing
from simulation.runs import run
from simulation.steps import Act, Plot, Step
from simulation.things import create

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

MERGEABLE = ("account", "vendor")


@dataclass(frozen=True)
class Merge(Step):
    """Somebody merges one record of the CRM into another, with its own id or that of the other's counterpart."""

    winner: int
    loser: int
    takes_id: bool

    def __str__(self) -> str:
        kept = (
            f"that goes on with the counterpart of {self.loser}" if self.takes_id else "that keeps its own counterpart"
        )
        return f"thing {self.loser} is merged into thing {self.winner} in the CRM, {kept}"

    def take(self, stage: "Stage") -> None:
        people = stage.people
        winner, loser = people.in_the_crm(self.winner), people.in_the_crm(self.loser)
        if winner is None or loser is None or winner.merged or loser.merged:
            return
        before, kept = people.record(loser, "crm") or {}, people.record(winner, "crm") or {}
        takes = self.takes_id and bool(before.get("Inventory_ID")) and bool(kept.get("Inventory_ID"))
        fields = {"_fields": [{"api_name": "Inventory_ID"}]} if takes else {}
        path = f"/crm/v8/{winner.entity.module}/{winner.ids['crm']}/actions/merge"
        status, answer = stage.world.person("POST", path, {"merge": [{"data": [{"id": loser.ids["crm"], **fields}]}]})
        assert status < 300, answer
        people.note_deletion(loser, before)
        people.see(winner, "crm")
        if takes:
            winner.merged = loser.merged = True
            stage.merged.append((winner, loser))


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """The winner's values go on in the loser's counterpart, which stays in use; its former counterpart is asked about."""
    for winner, loser in stage.merged:
        ids = {*winner.ids.values(), *loser.ids.values()}
        mine = [row for row in held if row.entity == winner.entity.name and row.source_id in ids]
        yield from mine
        if not winner.deleted:
            yield from _judge(stage, winner, loser, mine)


def _judge(stage: "Stage", winner: Thing, loser: Thing, mine: list[Held]) -> Iterator[Broken]:
    entity, table = winner.entity, stage.world.vendors.store.table
    here = stage.people.record(winner, "crm") or {}
    former, now = (table(entity.table("inventory")).get(one.ids["inventory"]) for one in (winner, loser))
    where = f"{entity.name} {loser.number} was merged into {winner.number} in the CRM"
    if former is None or now is None:
        yield Broken("nothing lost", f"{where}, and a counterpart of them is gone")
        return
    if now["status"] != "active":
        yield Broken("nothing lost", f"{where}, and the counterpart that goes on is {now['status']}")
    if not any(row.kind == "duplicate" for row in mine):
        yield Broken("nothing lost", f"{where}, and nobody was asked what becomes of the winner's former counterpart")
    for one in entity.fields:
        values = {"crm": one.read("crm", here), "inventory": one.read("inventory", now)}
        asked = any(row.kind == "conflict" and row.field == one.name for row in mine)
        if values["crm"] != values["inventory"] and one.owner == "crm" and not asked:
            yield Broken(
                "convergence",
                f"{where}; {one.name} is {values['crm']!r} there and {values['inventory']!r} in inventory",
            )


def _merge(plot: Plot) -> list[Step]:
    dice = plot.dice
    first = dice.choice([number for number, name in enumerate(plot.things) if name in MERGEABLE])
    made = create(plot, plot.things[first])
    merge = Merge(*dice.sample((first, made.thing), 2), takes_id=dice.random() < 0.5)
    return [made, run(plot, "customers"), merge, run(plot, "customers")]


ACTS = (Act("merge", 1.2, _merge, lambda plot: any(name in MERGEABLE for name in plot.things)),)
