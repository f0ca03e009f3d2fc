"""What people do at the vendors, and what is remembered of it: who wrote what, when, and what no rule may touch."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation.bottle import Bottle
from simulation.masters import CITIES, ENTITIES, JOB_OF
from simulation.ownership import BASE, Entity, Field, Record
from simulation.remodelled import Changed, as_before, as_now, is_out_of_reach
from simulation.steps import SYSTEMS

if TYPE_CHECKING:
    from simulation.things import Create, Delete, Edit, Remark

FINE = 300
NAMES = ("contact_name", "contact_type", "name", "pricebook_type", "sales_or_purchase_type", "percentage")
"""What the finance APIs want to be told again with every change."""


@dataclass(frozen=True)
class Wrote:
    """A person set a field; `at` in seconds since 1970, by the vendor's own clock."""

    system: str
    value: Any
    at: float
    order: int


@dataclass
class Thing:
    """A real thing, and its records."""

    number: int
    entity: Entity
    ids: dict[str, str] = field(default_factory=dict)
    wrote: dict[str, list[Wrote]] = field(default_factory=dict)
    """Field → what people wrote, oldest first."""
    made: set[str] = field(default_factory=set)
    """Systems where it was made by hand."""
    of: "Thing | None" = None
    """The account of a contact."""
    deleted: int = 0
    """When the record of the CRM was deleted, in the order of writings; 0: it was not."""
    was_linked: bool = False
    """Were there two records when it was?"""
    was_stamped: bool = False
    """Did the one in inventory carry the id of the deleted one?"""
    untouched: dict[str, dict[str, Any]] = field(default_factory=dict)
    was_everywhere: dict[str, int] = field(default_factory=dict)
    """Field → the last writing whose value was seen in every system."""
    was_agreed: dict[str, int] = field(default_factory=dict)
    """The same, when the sync had looked."""
    touched: dict[str, float] = field(default_factory=dict)
    """System → when a person last changed anything in the record, by its own clock: vendors date records, not fields."""
    unsure: set[str] = field(default_factory=set)
    """Shared fields of things that were there when the ledger was lost; they are judged by what they hold alone."""
    was_value: dict[str, Any] = field(default_factory=dict)
    """Field → the value both sides held last. Who goes back to it has withdrawn an edit."""
    was_known: dict[str, Any] = field(default_factory=dict)
    """The same, when the sync had looked: what both came to hold since without a run in between, it never knew."""
    decided: dict[str, Any] = field(default_factory=dict)
    """Field → what a person decided about it last (`answers.Decided`)."""
    dropped: set[str] = field(default_factory=set)
    """Fields about which a person wants no question."""
    is_forgotten: bool = False
    """Was the ledger lost since it was made? Then nobody knows who its counterpart was."""
    merged: bool = False
    """Did its record take over another's counterpart, or lose its own to another?"""
    answered_gone: str = ""
    """What a person said when the record of the CRM was gone."""

    @property
    def is_alone(self) -> bool:
        """Was it made only where new ones do not begin, or not at all?"""
        return not self.ids or (
            len(self.made) == 1
            and not self.made & set(self.entity.begins)
            and not set(self.entity.begins) & set(self.ids)
        )

    @property
    def is_homeless(self) -> bool:
        """Is it a person at no account, or at one that is not in both systems?"""
        return self.entity.name == "contact" and (self.of is None or bool(self.of.deleted) or self.of.is_alone)

    def last(self, name: str, system: str = "") -> Wrote | None:
        """The last writing of a field, anywhere or in one system."""
        found = [one for one in self.wrote.get(name, ()) if system in {"", one.system}]
        return found[-1] if found else None


class People:
    """Everybody who edits."""

    def __init__(self, bottle: Bottle) -> None:
        self.bottle = bottle
        self.things: dict[int, Thing] = {}
        self.entities = dict(ENTITIES)
        """As the rules are now."""
        self.changes: dict[tuple[str, str], Changed] = {}
        """Module and field → how it was changed in the CRM (`schemas`)."""
        self.said: list[str] = []
        self.stock: tuple[int, ...] = ()
        """How many there are of products made from now on, in turn; empty: nobody counts them."""
        self._order = 0

    # -- looking -------------------------------------------------------------------------------------------------

    def records(self, entity: Entity, system: str) -> list[Record]:
        """All of a system."""
        return [row for row in self.bottle.vendors.store.table(entity.table(system)) if entity.is_one(system, row)]

    def record(self, thing: Thing, system: str) -> Record | None:
        """The thing's record there, if it has one that is known."""
        key = thing.ids.get(system)
        found = None if key is None else self.bottle.vendors.store.table(thing.entity.table(system)).get(key)
        return as_before(self.changes, thing.entity, found) if system == "crm" else found

    def meet(self) -> None:
        """Learn which record the sync made or paired for whom, by the ids the systems carry."""
        for thing in self.things.values():
            if thing.deleted and thing.answered_gone in {"create", "unlink"}:
                self._meet_again(thing)
            for system, other in (SYSTEMS, SYSTEMS[::-1]):
                if system in thing.ids or other not in thing.ids:
                    continue
                found = self.counterparts(thing, system)
                if found:
                    thing.ids[system] = thing.entity.id_of(system, found[0])
                    thing.untouched[system] = thing.entity.untouched(system, found[0])

    def _meet_again(self, thing: Thing) -> None:
        """A record of the CRM that was made again, because a person wanted it, begins with what inventory held."""
        found = self.counterparts(thing, "crm")
        if found:
            thing.deleted, thing.answered_gone = 0, ""
            thing.ids["crm"] = thing.entity.id_of("crm", found[0])
            thing.untouched["crm"] = thing.entity.untouched("crm", found[0])
            thing.touched.pop("crm", None)
            for name, wrote in thing.wrote.items():
                thing.wrote[name] = [one for one in wrote if one.system != "crm"]

    def counterparts(self, thing: Thing, system: str) -> list[Record]:
        """Records of a system that say they are this thing's, by the id of its other record or by its code."""
        other = "crm" if system == "inventory" else "inventory"
        entity, table = thing.entity, self.bottle.vendors.store.table
        if entity.known_by == "code":
            name = "Product_Code" if system == "crm" else "sku"
            return [row for row in table(entity.table(system)) if row.get(name) == f"SKU-{thing.number}"]
        key = thing.ids.get(other)
        if system == "crm":
            return [row for row in table(entity.table(system)) if key and row.get("Inventory_ID") == key]
        there = self.record(thing, "crm") or {}
        return [row for row in table(entity.table(system)) if row[entity.key] == there.get("Inventory_ID")]

    def note_agreement(self, job: str = "") -> None:
        """Which values are everywhere now; after a `job` that nothing happened to, the sync knows it, too."""
        self.meet()
        for thing in self.things.values():
            records = [self.record(thing, system) for system in SYSTEMS]
            if None in records:
                continue
            for one in thing.entity.fields:
                crm, inventory = (one.read(system, row or {}) for system, row in zip(SYSTEMS, records, strict=True))
                last = thing.last(one.name)
                decided = thing.decided.get(one.name)
                is_decided = (
                    decided is not None and last is not None and decided.order == last.order and decided.value == crm
                )
                if crm == inventory and last is not None and (last.value == crm or is_decided):
                    thing.was_everywhere[one.name] = last.order
                    thing.was_value[one.name] = crm
                    thing.dropped.discard(one.name)
                    if JOB_OF[thing.entity.name] == job:
                        thing.was_agreed[one.name] = last.order
                        thing.was_known[one.name] = crm

    def note_accident(self, apart: set[int]) -> None:
        """A job died or failed: of things that were `apart` before, and are in both now, nobody knows what was agreed."""
        self.meet()
        for thing in self.things.values():
            if thing.number in apart and len(thing.ids) > 1:
                thing.unsure |= {one.name for one in thing.entity.fields if one.owner == "shared"}

    def apart(self) -> set[int]:
        """Things that are not in both systems."""
        self.meet()
        return {thing.number for thing in self.things.values() if len(thing.ids) < len(SYSTEMS)}

    def lose_memory(self) -> None:
        """The ledger is lost: of shared fields that differ before the next run nobody can tell who changed them last."""
        for thing in self.things.values():
            thing.unsure |= {one.name for one in thing.entity.fields if one.owner == "shared"}
            thing.is_forgotten = True
            thing.was_linked = False  # whose counterpart a deletion is about that was not delivered yet, nobody knows
            thing.decided.clear()
            thing.dropped.clear()
            thing.answered_gone = ""

    # -- doing ---------------------------------------------------------------------------------------------------

    def create(self, step: "Create") -> None:
        """Make a thing."""
        entity = self.entities[step.entity]
        thing = self.things[step.thing] = Thing(step.thing, entity)
        for place, system in enumerate(step.systems):
            chosen = step.choices[place * len(entity.fields) :][: len(entity.fields)]
            values = {
                one.name: self._value(thing, one, choice) for one, choice in zip(entity.fields, chosen, strict=True)
            }
            if place and entity.known_by != "code":  # how the two are known to be one
                values[entity.known_by] = (
                    thing.wrote[entity.known_by][-1].value if thing.made else values[entity.known_by]
                )
            body = self._body(thing, system, values, step.of)
            if body is None:
                continue
            thing.made.add(system)
            thing.ids[system] = self._post(entity, system, body)
            if system == "inventory" and values.get("active") is False:
                self._switch(thing, system, "inactive")
            for one in entity.fields:
                if system != "crm" or not is_out_of_reach(self.changes, entity, one):
                    self._wrote(thing, one, system, values[one.name])
            self._see(thing, system)

    def _body(self, thing: Thing, system: str, values: dict[str, Any], of: int) -> dict[str, Any] | None:
        """What to send for a new record; None when the account it would belong to is not there."""
        entity = thing.entity
        body: dict[str, Any] = dict(entity.fixed(system, thing.number))
        for one in entity.fields:
            if one.named(system) != ("status",):
                _nest(body, one.write(system, values[one.name]))
        _nest(body, dict.fromkeys(entity.foreign[system], f"Anmerkung – {thing.number}"))
        if entity.name == "product" and system == "inventory" and self.stock:
            body |= {
                "item_type": "inventory",
                "initial_stock": self.stock[thing.number % len(self.stock)],
                "initial_stock_rate": 1,
            }
        if entity.name == "composite product" and system == "inventory":
            parts = [
                one.ids[system] for one in self.things.values() if one.entity.name == "product" and system in one.ids
            ]
            if not parts:
                return None
            body["mapped_items"] = [{"item_id": parts[of % len(parts)], "quantity": 2}]
        if entity.name == "contact":
            there = [one for one in self.things.values() if one.entity.name == "account" and not one.deleted]
            accounts = [one for one in there if system in one.ids]
            thing.of = thing.of or (accounts[of % len(accounts)] if accounts else None)
            if thing.of is None or system not in thing.of.ids:
                return None if system == "inventory" else body
            body["Account_Name" if system == "crm" else "contact_id"] = (
                {"id": thing.of.ids["crm"]} if system == "crm" else thing.of.ids[system]
            )
        return body

    def edit(self, step: "Edit") -> None:
        """Change a field, if the thing has a record there."""
        self.note_agreement()
        thing = self._thing(step.thing, step.system)
        if thing is None:
            return
        one = thing.entity.fields[step.place % len(thing.entity.fields)]
        if (
            one.name == thing.entity.known_by
            and len(thing.ids) > 1
            and not (self.record(thing, "crm") or {}).get("Inventory_ID")
        ):
            return  # two records that nobody has recognised as one would be two things from now on
        if step.system == "crm" and is_out_of_reach(self.changes, thing.entity, one):
            return
        value = step.exactly[0] if step.exactly else self._value(thing, one, step.choice)
        sent = value if not step.dressed or len(one.crm) > 1 else one.dress(value)
        is_new = one.read(step.system, self.record(thing, step.system) or {}) != one.meant(value)
        if self._put(thing, step.system, one.write(step.system, sent)):
            if is_new:  # else the record is touched, and nothing is said
                self._wrote(thing, one, step.system, value)
            self._see(thing, step.system)
            self.said.append(f"{one.name} of {thing.entity.name} {thing.number} is {value!r} in {step.system} now")

    def remark(self, step: "Remark") -> None:
        """Fill a field no rule names."""
        thing = self._thing(step.thing, step.system)
        if thing is not None and thing.entity.foreign[step.system]:
            name = thing.entity.foreign[step.system][0]
            self._put(thing, step.system, {name: f"Remark № {step.choice} – bleibt"})
            self._see(thing, step.system)

    def write_again(self, module: str, name: str, values: dict[str, Any]) -> None:
        """Values of a field of the CRM were lost; people write them again."""
        for thing in self.things.values():
            value = values.get(thing.ids.get("crm", ""))
            if thing.entity.module == module and self._thing(thing.number, "crm") and value is not None:
                self._put(thing, "crm", {name: value})
                for one in thing.entity.fields:
                    if name in one.crm:
                        self.say(thing, one, "crm", one.read("crm", self.record(thing, "crm") or {}))
                self._see(thing, "crm")

    def delete(self, step: "Delete") -> None:
        """Delete the CRM's record."""
        thing = self._thing(step.thing, "crm")
        if thing is not None:
            record = self.record(thing, "crm") or {}
            status, _ = self.bottle.person("DELETE", f"/crm/v8/{thing.entity.module}/{thing.ids['crm']}")
            if status < FINE:
                self.note_deletion(thing, record)

    def note_deletion(self, thing: Thing, record: Record) -> None:
        """The thing's record in the CRM, which was this, is gone."""
        self._order += 1
        thing.deleted = self._order
        thing.was_linked = bool(record.get("Inventory_ID")) and not thing.is_forgotten
        thing.answered_gone = ""
        other = self.record(thing, "inventory") or {}
        thing.was_stamped = (other.get("_custom") or {}).get("cf_crm_id") == thing.ids["crm"]

    def in_the_crm(self, number: int) -> Thing | None:
        """A thing that has a record there."""
        return self._thing(number, "crm")

    def see(self, thing: Thing, system: str) -> None:
        """Somebody changed something in the record that is no field of ours."""
        self._see(thing, system)

    def _thing(self, number: int, system: str) -> Thing | None:
        thing = self.things.get(number)
        self.meet()
        if thing is None or system not in thing.ids or (thing.deleted and system == "crm"):
            return None
        return thing

    def _value(self, thing: Thing, one: Field, choice: int) -> Any:
        value = one.pool[choice % len(one.pool)]
        if isinstance(value, str) and "{}" in value:
            return value.format(CITIES[thing.number % len(CITIES)])
        return value

    def say(self, thing: Thing, one: Field, system: str, value: Any) -> None:
        """This is what a field is from now on, whoever wrote it; `value` as people mean it."""
        self._order += 1
        moment = self.bottle.clock.at + self.bottle.line.skew_s.get(system, 0.0)
        thing.wrote.setdefault(one.name, []).append(Wrote(system, value, moment, self._order))

    def _wrote(self, thing: Thing, one: Field, system: str, value: Any) -> None:
        self._order += 1
        moment = self.bottle.clock.at + self.bottle.line.skew_s.get(system, 0.0)
        thing.wrote.setdefault(one.name, []).append(Wrote(system, one.meant(value), moment, self._order))

    def _see(self, thing: Thing, system: str) -> None:
        thing.touched[system] = self.bottle.clock.at + self.bottle.line.skew_s.get(system, 0.0)
        record = self.record(thing, system)
        if record is not None:
            thing.untouched[system] = thing.entity.untouched(system, record)

    def _post(self, entity: Entity, system: str, body: dict[str, Any]) -> str:
        if system == "crm":
            sent = as_now(self.changes, entity, body)
            status, answer = self.bottle.person("POST", f"/crm/v8/{entity.module}", {"data": [sent]})
            assert status < FINE, answer
            return str(answer["data"][0]["details"]["id"])
        status, answer = self.bottle.person("POST", f"{BASE[system]}/{entity.path}", body)
        assert status < FINE, answer
        made = answer[entity.answered or entity.path[:-1]]
        return str((made[0] if isinstance(made, list) else made)[entity.answered_key or entity.key])

    def _put(self, thing: Thing, system: str, values: dict[str, Any]) -> bool:
        entity, key = thing.entity, thing.ids[system]
        if system == "crm":
            sent = as_now(self.changes, entity, values)
            status, answer = self.bottle.person("PUT", f"/crm/v8/{entity.module}/{key}", {"data": [sent]})
            return status < FINE and answer["data"][0]["status"] == "success"
        if "status" in values:
            return self._switch(thing, system, values["status"])
        record = self.record(thing, system) or {}
        body: dict[str, Any] = {name: record[name] for name in NAMES if name in record}
        for name in {name.partition(".")[0] for name in values if "." in name}:
            body[name] = dict(record.get(name) or {})
        _nest(body, values)
        status, answer = self.bottle.person("PUT", f"{BASE[system]}/{entity.path}/{key}", body)
        return status < FINE

    def _switch(self, thing: Thing, system: str, state: str) -> bool:
        status, _ = self.bottle.person(
            "POST", f"{BASE[system]}/{thing.entity.kept or thing.entity.path}/{thing.ids[system]}/{state}"
        )
        return status < FINE


def _nest(body: dict[str, Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        place, parts = body, name.split(".")
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
