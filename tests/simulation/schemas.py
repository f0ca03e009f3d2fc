"""An administrator of the CRM changes its fields while the sync runs, and mostly takes it back later.

What must hold: no plugin breaks; a field that was changed stops and the others go on; what is changed is told by a warning that
names the field; and when it is as it was, everything is where it belongs.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.masters import ENTITIES, JOB_OF
from simulation.oracle import Broken
from simulation.remodelled import Changed
from simulation.runs import Run
from simulation.steps import Act, Plot, Step

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

FIELDS = {
    "account": ("Website", "Phone", "Credit_Limit", "Tax_Number", "Payment_Terms_Days", "Billing_Street", "Shipping_City"),
    "product": ("Weight_g", "EAN", "Unit_Of_Measure", "Unit_Price", "Description"),
    "vendor": ("Website", "Phone", "City"),
    "contact": ("Title", "Department", "Phone"),
    "price list": ("Description",),
    "composite product": ("Unit_Of_Measure", "Unit_Price", "Description"),
}  # fmt: skip
"""Fields an administrator changes, by entity."""
PARTS = {"Billing_Street", "Shipping_City", "City"}
"""Of addresses. Hidden from the sync, such a part reads as empty: open, see docs/reliability.md."""
WORDS = {
    "renamed": "is given another API name",
    "removed": "is deleted with its values",
    "hidden": "is hidden from the user of the sync",
    "retyped": "becomes another type",
    "listed": "becomes a pick list that takes one value",
    "required": "must be filled",
    "required by a layout": "must be filled, says a layout",
    "new": "is new",
}
PASSING = {"listed", "required", "required by a layout"}
"""Changes that are taken back before peace: they refuse whole records, or values nobody can foresee."""
TOLD = {"renamed", "removed", "retyped", "required", "new"}
"""Changes that the metadata tells, and a warning must."""
_NUMBERS = {"double", "currency", "integer", "percent"}
_UNSPOILT = {"renamed", "hidden", "required", "required by a layout", "listed", "new"}
"""Changes that leave values as they are."""


@dataclass(frozen=True)
class Remodel(Step):
    """A field of a module of the CRM is changed."""

    entity: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name} of {ENTITIES[self.entity].module} in the CRM {WORDS[self.what]}"

    def take(self, stage: "Stage") -> None:
        module = ENTITIES[self.entity].module
        key, changes, store = (module, self.name), stage.people.changes, stage.world.vendors.store
        row = store.table("crm/fields").get(f"{module}.{self.name}")
        if key in changes or (row is None) != (self.what == "new"):
            return
        records = store.table(f"crm/records/{module}")
        values = {one["id"]: one.get(self.name) for one in records}
        _carry_out(stage, module, self.name, self.what, row)
        now = {"renamed": f"{self.name}_1", "removed": None, "hidden": None, "retyped": None, "listed": None}
        changes[key] = Changed(
            self.what, now.get(self.what, self.name), dict(row or {}), values, len(stage.world.host.log)
        )
        stage.played.counts[f"fields {self.what}"] += 1


@dataclass(frozen=True)
class TakeBack(Step):
    """The field is again as it was; where its values were lost, people write them again."""

    entity: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {ENTITIES[self.entity].module} in the CRM is as it was before"

    def take(self, stage: "Stage") -> None:
        module = ENTITIES[self.entity].module
        changed = stage.people.changes.pop((module, self.name), None)
        if changed is None:
            return
        fields = stage.world.vendors.store.table("crm/fields")
        if changed.what == "new":
            _ask(stage, "DELETE", module=module, field=self.name)
        elif changed.what == "renamed":
            _ask(stage, "PUT", module=module, field=f"{self.name}_1", api_name=self.name)
        elif changed.what == "retyped":
            _ask(stage, "PUT", module=module, field=self.name, data_type=changed.row["data_type"])
        if changed.row:
            fields.put(f"{module}.{self.name}", changed.row)
        if changed.what not in _UNSPOILT:
            stage.people.write_again(module, self.name, changed.values)


def end(stage: "Stage") -> None:
    """What cannot stay until the end is taken back."""
    entities = {one.module: one.name for one in ENTITIES.values()}
    for (module, name), changed in list(stage.people.changes.items()):
        if changed.what in PASSING:
            TakeBack(entities[module], name).take(stage)


def _carry_out(stage: "Stage", module: str, name: str, what: str, row: Any) -> None:
    said: dict[str, dict[str, Any]] = {
        "renamed": {"api_name": f"{name}_1"},
        "hidden": {"permission": "hidden"},
        "listed": {"data_type": "picklist"},
        "required by a layout": {"required": True},
        "retyped": {"data_type": "text" if row and row["data_type"] in _NUMBERS else "integer"},
    }
    if what == "new":
        _ask(stage, "POST", module=module, field={"api_name": name, "data_type": "text"})
    elif what == "removed":
        _ask(stage, "DELETE", module=module, field=name)
    elif what == "required":
        stage.world.vendors.store.table("crm/fields").put(f"{module}.{name}", {**row, "system_mandatory": True})
    else:
        _ask(stage, "PUT", module=module, field=name, **said[what])
    if what == "listed":
        _ask(stage, "PUT", module=module, field=name, values=["one", "pcs", "DE1"], restricted=True)


def _ask(stage: "Stage", method: str, **body: Any) -> None:
    answer = stage.world.vendors.call(method, "/_sandbox/crm/fields", body)
    assert answer.status < 300, answer.content


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """What is held about a changed field has its reason; what is changed was told."""
    for (module, name), changed in stage.people.changes.items():
        entities = [one for one in ENTITIES.values() if one.module == module]
        ours = {(one.name, field.name) for one in entities for field in one.fields if name in field.crm}
        yield from (row for row in held if (row.entity, row.field) in ours)
        said = stage.world.host.log[changed.since :]
        is_read = any(one.entity.module == module for one in stage.people.things.values())
        if is_read and changed.what in TOLD and not any(_warns(line, f"{module}.{name}") for line in said):
            yield Broken("what changes is told", f"{module}.{name} {WORDS[changed.what]}, and no warning names it")


def _warns(line: str, name: str) -> bool:
    return line.startswith("WARNING") and name in line


def _remodel(plot: Plot) -> list[Step]:
    """A change, a run that meets it, mostly what people do meanwhile, and mostly the way back."""
    dice = plot.dice
    entity = dice.choice(sorted({one for one in plot.things if one in FIELDS}))
    what = dice.choices(sorted(WORDS), [2, 2, 1, 3, 2, 1, 1, 2])[0]
    foreign = ENTITIES[entity].foreign["crm"]
    name = dice.choice(FIELDS[entity])
    if what.startswith("required") and foreign:
        name = foreign[0]
    if what == "new":
        name = "Brand_New"
    if what == "hidden" and name in PARTS:
        what = "renamed"
    job = Run(JOB_OF[entity])
    steps: list[Step] = [Remodel(entity, name, what), job]
    if dice.random() < 0.8:
        edits = [plot.meanwhile[0](plot) for _ in range(dice.choice([1, 1, 2]))]
        steps += [*edits, job]
    if dice.random() < 0.75:
        steps += [TakeBack(entity, name)]
    return steps


def with_changes(seed: int, steps: list[Step], plot: Plot) -> list[Step]:
    """The story, in a few worlds with such a change somewhere behind its first run, or within a later one."""
    dice = random.Random(f"schemas {seed}")  # noqa: S311 - nothing is guarded by it
    if dice.random() > RARE:
        return steps
    told = replace(plot, dice=dice, things=list(plot.things))
    change, *rest = _remodel(told)
    runs = [place for place, step in enumerate(steps) if isinstance(step, Run)]
    place = dice.choice(runs)
    run = steps[place]
    if dice.random() < 0.3 and isinstance(run, Run):
        when = (dice.randrange(2), dice.choice([0, 2]), dice.randint(1, 6), change)
        return [*steps[:place], replace(run, meanwhile=(*run.meanwhile, when)), *rest, *steps[place + 1 :]]
    back = [step for step in rest if isinstance(step, TakeBack)]
    early = [step for step in rest if not isinstance(step, TakeBack)]
    end = dice.randint(place + 1, len(steps))
    return [*steps[: place + 1], change, *early, *steps[place + 1 : end], *back, *steps[end:]]


RARE = 0.07
"""In so many worlds."""

ACTS = (Act("remodel", 0, _remodel, lambda plot: any(one in FIELDS for one in plot.things)),)
