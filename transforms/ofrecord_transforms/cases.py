"""Cases: two edits and what must come of them, run against the rules without a network.

A case goes the way of real records: the compiled rules convert, the kit's plan decides. Only the ledger and the systems are
played, as a few plain values. Every order of the pipelines must end the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

from ofrecord_kit.plan import UNKNOWN, Agreed, Times, plan_adoptions, plan_update, same
from ofrecord_kit.plan.records import RecordPlan, violations_of
from ofrecord_kit.target import Wire, read_wire
from ofrecord_transforms.cases_read import Case, FieldCase, read_cases
from ofrecord_transforms.compile import Compiled, compile_entity
from ofrecord_transforms.rules import Entity, Field, Rules

_ROUNDS = 4
"""Cycles after which everything must have come to rest; two are enough unless something goes round in a circle."""

_LATER = timedelta(hours=1)
"""The run begins this long after the last edit."""


@dataclass(frozen=True)
class CaseOutcome:
    """One case and how it went. `where` is its file and line; `problem` is None when all came as written."""

    case: str
    entity: str
    where: str
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        """Did everything come as written?"""
        return self.problem is None


def run_cases(rules: Rules, folder: Path) -> list[CaseOutcome]:
    """Run every case of `<folder>/cases/*.yml`, in the order of files and lines; none when there is no such folder.

    Raises `RulesError` with everything that is wrong with the files, before any case is run.
    """
    cases, problems = read_cases(rules, folder)
    problems.raise_if_any()
    return [CaseOutcome(case.case, case.entity.entity, case.where, _problem(rules, case)) for case in cases]


def _problem(rules: Rules, case: Case) -> str | None:
    """What did not come as written, as one message with file and line."""
    entity = _narrowed(case.entity, [one.rule for one in case.fields])
    ways = {(source, to): Way(source, to, *_compiled(rules, entity, source, to)) for source, to in entity.directions()}
    wrong: list[str] = []
    for order in _orders(entity, ways):
        play = Play(entity, case, ways)
        play.run(order)
        wrong = play.differences()
        if wrong:
            if len(ways) > 1:
                wrong.append(f"(pipelines in the order {', '.join(f'{here}→{there}' for here, there in order)})")
            break
    return f'{case.where}, "{case.case}": {" ".join(wrong)}' if wrong else None


def _narrowed(entity: Entity, rules: list[Field]) -> Entity:
    """The entity with the fields of the case alone, and every record taking part."""
    return replace(
        entity, fields=tuple(rules), match=(), label={}, when={}, view=None, stop=(), parent=None, primary=None,
        combine=None, spread=None, each=None, limits={},
    )  # fmt: skip


def _compiled(rules: Rules, entity: Entity, source: str, to: str) -> tuple[Compiled, Wire]:
    compiled = compile_entity(rules, entity, source, to)
    wire = read_wire(compiled.schema["schema"])
    assert wire is not None  # noqa: S101 - the mapper annotates every schema
    return compiled, wire


def _orders(entity: Entity, ways: Mapping[tuple[str, str], "Way"]) -> Iterator[list[tuple[str, str]]]:
    """The pipelines of a job, in every order of their sources."""
    for sources in permutations(entity.systems):
        yield sorted(ways, key=lambda way: sources.index(way[0]))


@dataclass(frozen=True)
class Way:
    """One direction: the rules as the mapper runs them, and as the target reads them."""

    source: str
    to: str
    compiled: Compiled
    wire: Wire


@dataclass
class Play:
    """A record in every system, what was agreed, and what happened to each field."""

    entity: Entity
    case: Case
    ways: Mapping[tuple[str, str], Way]
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    """System → field → value, in the form the system holds it."""
    agreed: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)
    """Field → (system, other system of the pair) → value of the first."""
    changed: dict[str, datetime] = field(default_factory=dict)
    created: dict[str, datetime] = field(default_factory=dict)
    owed: set[tuple[str, str]] = field(default_factory=set)
    """(system, field) to be put back."""
    happened: dict[str, str] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    restless: bool = False
    edited: datetime | None = None
    """The last edit of any system."""

    def __post_init__(self) -> None:
        """The records as the edits left them."""
        self.held = {system: {} for system in self.entity.systems}
        for one in self.case.fields:
            name = one.rule.name
            said = {} if one.agreed is None else self._agreed_everywhere(one, one.agreed)
            self.agreed[name] = {
                (here, there): value for here, value in said.items() for there in said if there != here
            }
            for system in one.rule.sides:
                self.held[system][name] = said.get(system)
            for edit in one.edits:
                if not edit.is_touch:
                    self.held[edit.system][name] = edit.value
                if edit.at is not None:
                    self.changed[edit.system] = max(edit.at, self.changed.get(edit.system, edit.at))
                if edit.created is not None:
                    self.created[edit.system] = edit.created
        self.edited = max(self.changed.values(), default=None)

    def _agreed_everywhere(self, one: FieldCase, said: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(said)
        first = next(iter(said))
        for system in one.rule.sides:
            way = self.ways.get((first, system))
            if system not in found and way is not None:
                record = self._record(first, {one.rule.name: found[first]})
                found[system] = way.compiled.records(record)[0].get(one.rule.property_at(system))
        return found

    def run(self, order: list[tuple[str, str]]) -> None:
        """Cycles, until nothing changes any more."""
        for _ in range(_ROUNDS):
            before = {system: dict(values) for system, values in self.held.items()}
            self.standing.clear()
            for source, to in order:
                self._carry(self.ways[source, to])
                self._put_back(to)
            if before == self.held and not self.owed:
                return
        self.restless = True

    def _carry(self, way: Way) -> None:
        """One record through the mapper and the plan of the target."""
        wire, source = way.wire, way.source
        out = way.compiled.records(self._record(source, self.held[source]))[0]
        note = out["_ofrecord"]
        rules = wire.writable(linked=bool(any(self.agreed.values())))
        current = {rule.name: self.held[way.to].get(rule.field) for rule in (*wire.sent, *wire.observed)}
        agreed = {
            name: Agreed(values.get((source, way.to), UNKNOWN), values.get((way.to, source), UNKNOWN))
            for name, values in self.agreed.items()
        }
        plan = plan_update(
            rules, source, {rule.name: out[rule.name] for rule in rules if rule.name in out}, note["native"], agreed,
            current, self._times(way), missing=wire.missing, destination=way.to, tolerance_s=wire.tolerance_s,
            violations=violations_of(wire.observed, note["observed"], agreed),
        )  # fmt: skip
        plan = plan_adoptions(wire.observed, note.get("adopt") or {}, agreed, current, plan)
        for name in note.get("invalid") or {}:
            self.standing[name] = "invalid"
        self._follow(way, plan, {**note["observed"], **note["native"]})

    def _times(self, way: Way) -> Times:
        return Times(
            self.changed.get(way.source),
            self.changed.get(way.to),
            self.created.get(way.source),
            self.created.get(way.to),
        )

    def _follow(self, way: Way, plan: RecordPlan, native: Mapping[str, Any]) -> None:
        """Do what the plan says, and remember what was agreed, as a target does."""
        for rule in (*way.wire.sent, *way.wire.observed):
            write = plan.writes.get(rule.name) or plan.adopts.get(rule.name)
            if write is not None:
                self._write(way.to, rule.field, write.value)
                self.happened[rule.field] = "adopt" if rule.name in plan.adopts else "written"
                self.owed.discard((way.to, rule.field))
                self.owed.discard((way.source, rule.field))
            agree = plan.agrees.get(rule.name)
            if write is not None or agree is not None:
                there = write.value if write is not None else agree.destination if agree is not None else None
                self.agreed[rule.field].update(
                    {(way.source, way.to): native.get(rule.field), (way.to, way.source): there}
                )
            if rule.name in plan.conflicts:
                self.standing[rule.field] = "review"
        for violation in plan.violations:
            if violation.answer == "revert":
                self.owed.add((way.source, violation.field))
            else:
                self.standing[violation.field] = "hold"

    def _put_back(self, system: str) -> None:
        """What is owed to a system, with the value agreed by now."""
        for owed in [owed for owed in self.owed if owed[0] == system]:
            self.owed.remove(owed)
            name = owed[1]
            owner = next(one.rule.owner for one in self.case.fields if one.rule.name == name)
            value = self.agreed[name].get((system, owner))
            if not same(self.held[system].get(name), value, self._form(name)):
                self._write(system, name, value)
                self.happened[name] = "revert"

    def _write(self, system: str, name: str, value: Any) -> None:
        """A write of ours; the vendor takes it for a change of the record like any other, at the time of the run."""
        self.held[system][name] = value
        if self.edited is not None:
            self.changed[system] = self.edited + _LATER

    def _form(self, name: str) -> str | None:
        rule = next(one.rule for one in self.case.fields if one.rule.name == name)
        return "reference" if rule.ref else rule.format

    def differences(self) -> list[str]:
        """What is not as the case says, in words."""
        wrong = ["the values never come to rest: each run changes them again."] if self.restless else []
        for one in self.case.fields:
            name = one.rule.name
            for system, wanted in one.result.items():
                found = self.held[system].get(name)
                if not same(found, wanted, self._form(name)):
                    wrong.append(
                        f"{one.rule.what} in {system} is {_shown(found)}, not {_shown(wanted)} ({one.rule.rule})."
                    )
            outcome = self.standing.get(name) or self.happened.get(name) or "silent"
            if one.outcome not in {None, outcome}:
                wrong.append(f"{one.rule.what}: the outcome is {outcome}, not {one.outcome} ({one.rule.rule}).")
        return wrong

    def _record(self, system: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """A record as the tap of a system gives it."""
        return _record_of(self.entity, system, values, self.case.beside.get(system, {}))


def converted(rules: Rules, entity: Entity, rule: Field, way: tuple[str, str], value: Any) -> Any:
    """A value of the first system of a way as the second one gets it. The field must travel that way."""
    source, to = way
    narrow = _narrowed(entity, [rule])
    compiled = compile_entity(rules, narrow, source, to)
    return compiled.records(_record_of(narrow, source, {rule.name: value}, {}))[0].get(rule.property_at(to))


def _record_of(entity: Entity, system: str, values: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """A record with these values by field, and other fields by their path."""
    place = entity.systems[system]
    record: dict[str, Any] = {}
    for path, value in beside.items():
        _put(record, path, value, place.system.custom_prefix)
    for rule in entity.fields:
        side = rule.sides.get(system)
        if side is None or rule.name not in values:
            continue
        value = values[rule.name]
        if side.parts is None:
            _put(record, side.field, value, place.system.custom_prefix)
            continue
        for part, at in side.parts.items():
            found = value.get(part) if isinstance(value, Mapping) else None
            _put(record, at.field, found, place.system.custom_prefix)
    record[place.id] = "1"
    return record


def _put(record: dict[str, Any], path: str, value: Any, custom_prefix: str | None) -> None:
    """Set a value where a reader of that path looks for it."""
    names = path.split(".")
    if custom_prefix is not None and path.startswith(custom_prefix):
        names = ["custom_field_hash", path]
    for name in names[:-1]:
        record = record.setdefault(name, {})
    record[names[-1]] = value


def _shown(value: Any) -> str:
    return "empty" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
