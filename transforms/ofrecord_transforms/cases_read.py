"""Reading `rules/cases/*.yml`: two edits and what must come of them. docs/rules.md explains each key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, nearest, one_of, root_of
from ofrecord_transforms.read_shapes import Shapes, amount_of
from ofrecord_transforms.rules import Entity, Field, Rules, Side

FOLDER: Final = "cases"
OUTCOMES: Final = ("written", "silent", "review", "revert", "hold", "adopt", "invalid")
FILE_KEYS: Final = ("cases", "why")
FIELD_KEYS: Final = ("agreed", "edits", "result", "outcome")
CASE_KEYS: Final = ("case", "why", "entity", "beside", "field", *FIELD_KEYS, "fields")
EDIT_KEYS: Final = ("in", "value", "at", "created")
NEVER: Final = "none"


@dataclass(frozen=True)
class Edit:
    """What one system holds since the last agreement, and when it was changed (UTC)."""

    system: str
    value: Any = None
    is_touch: bool = False
    """The record was saved without a change of this field."""
    at: datetime | None = None
    created: datetime | None = None


@dataclass(frozen=True)
class FieldCase:
    """One field of a case. Values are in the form of their system; results by system."""

    rule: Field
    agreed: Mapping[str, Any] | None
    """By system; None: never agreed. Systems left out get the conversion of the first one."""
    edits: tuple[Edit, ...]
    result: Mapping[str, Any]
    outcome: str | None = None


@dataclass(frozen=True)
class Case:
    """What a person wrote, and where. `beside`: other fields of the records, by system."""

    case: str
    where: str
    entity: Entity
    fields: tuple[FieldCase, ...]
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_cases(rules: Rules, folder: Path) -> tuple[list[Case], Problems]:
    """The cases of `<folder>/cases/*.yml` in the order of files and lines, and everything that is wrong with them."""
    problems = Problems()
    found: list[Case] = []
    for path in sorted((folder / FOLDER).glob("*.y*ml")):
        root = root_of(f"{folder.name}/{FOLDER}/{path.name}", path.read_bytes(), problems)
        if root is not None:
            found += CaseReader(problems, rules).cases(root)
    return found, problems


class CaseReader(Shapes):
    """Reads one file; every method reports to the same `Problems`."""

    def __init__(self, problems: Problems, rules: Rules) -> None:
        super().__init__(problems, rules.systems)
        self.rules = rules

    def cases(self, root: Node) -> Iterable[Case]:
        """All cases of a file."""
        top = self.mapping(root, "", FILE_KEYS)
        listed = top.get("cases") if top else None
        if top is not None and (listed is None or not isinstance(listed.value, list) or not listed.value):
            self.problems.add(root, "", 'expected "cases:" with a list; each item begins with "- case: <sentence>".')
            return
        seen: set[str] = set()
        for node in listed.value if listed is not None else ():
            made = self.case(node)
            if made is None:
                continue
            if made.case in seen:
                self.problems.add(node, made.case, "this sentence is used twice. Every case needs its own.")
            seen.add(made.case)
            yield made

    def case(self, node: Node) -> Case | None:
        """One case, or None when nothing can be run."""
        if self.mapping(node, "cases") is None:
            return None
        said = self.text(node, "case", "cases") or ""
        self.keys(node, CASE_KEYS, said)
        before = len(self.problems.found)
        entity = self._entity(node, said)
        if entity is None:
            return None
        fields = tuple(one for one in self._fields(node, said, entity) if one is not None)
        beside = self._beside(node.get("beside"), said, entity)
        if len(self.problems.found) > before:
            return None
        return Case(said, f"{node.file}:{node.line}", entity, fields, beside)

    def _entity(self, node: Node, where: str) -> Entity | None:
        name = self.text(node, "entity", where)
        if name is None:
            return None
        entity = self.rules.entities.get(name)
        if entity is None:
            hint = nearest(name, self.rules.entities) or f" There is {one_of(self.rules.entities)}."
            self.problems.add(node.get("entity") or node, where, f'"{name}" is not an entity.{hint}')
        return entity

    def _beside(self, node: Node | None, where: str, entity: Entity) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        checked = self.mapping(node, where)
        for system, child in checked.items() if checked else ():
            if self._holds(child, system, where, entity.systems, entity.entity) and self.mapping(child, where):
                found[system] = child.plain()
        return found

    def _fields(self, node: Node, where: str, entity: Entity) -> Iterable[FieldCase | None]:
        several = node.get("fields")
        if (several is None) == (node.get("field") is None):
            self.problems.add(node, where, 'needs either "field" or "fields". Give one.')
            return
        if several is None:
            name = self.text(node, "field", where)
            rule = self._rule(node.get("field") or node, name, where, entity) if name else None
            yield self._field(node, rule, where) if rule else None
            return
        for key in FIELD_KEYS:
            if (misplaced := node.get(key)) is not None:
                self.problems.add(misplaced, where, f'with "fields", "{key}" belongs under the name of each field.')
        checked = self.mapping(several, where)
        for name, child in checked.items() if checked else ():
            rule = self._rule(child, name, where, entity)
            if rule is not None and self.mapping(child, where, FIELD_KEYS) is not None:
                yield self._field(child, rule, where)

    def _rule(self, node: Node, name: str, where: str, entity: Entity) -> Field | None:
        rule = next((rule for rule in entity.fields if rule.name == name.lower()), None)
        if rule is None:
            hint = nearest(name, [rule.what for rule in entity.fields])
            self.problems.add(node, where, f'{entity.entity} has no field "{name}".{hint}')
        return rule

    def _field(self, node: Node, rule: Field, where: str) -> FieldCase | None:
        agreed = self._agreed(node, rule, where)
        edits = tuple(self._edits(node, rule, where, never=agreed is None))
        result = node.get("result")
        found: dict[str, Any] = {}
        if result is None:
            self.problems.add(node, where, f'"result" is missing: what each system holds in the end ({rule.what}).')
        checked = self.mapping(result, where)
        for system, child in checked.items() if checked else ():
            if self._holds(child, system, where, rule.sides, rule.what):
                found[system] = _value(child, rule, rule.sides[system])
        missing = [system for system in rule.sides if system not in found]
        if checked is not None and missing:
            self.problems.add(
                checked, where, f"the result does not say what {one_of(missing)} holds in the end. Add it."
            )
        return FieldCase(rule, agreed, edits, found, self.choice(node, "outcome", OUTCOMES, where))

    def _agreed(self, node: Node, rule: Field, where: str) -> dict[str, Any] | None:
        said = node.get("agreed")
        if said is None:
            self.problems.add(
                node, where, '"agreed" is missing: what both sides last held, or none if they never agreed. Add it.'
            )
            return None
        if said.value == NEVER:
            return None
        if isinstance(said.value, dict) and said.value and not said.value.keys() <= _part_names(rule):
            return {
                system: _value(child, rule, rule.sides[system])
                for system, child in said.items()
                if self._holds(child, system, where, rule.sides, rule.what)
            }
        first = rule.owner if rule.owner in rule.sides else next(iter(rule.sides))
        return {first: _value(said, rule, rule.sides[first])}

    def _edits(self, node: Node, rule: Field, where: str, *, never: bool) -> Iterable[Edit]:
        listed = node.get("edits")
        if listed is None or not isinstance(listed.value, list):
            self.problems.add(
                listed or node, where, 'expected "edits:" with a list, as in - {in: crm, value: …, at: …}.'
            )
            return
        seen: set[str] = set()
        for child in listed.value:
            edit = self.mapping(child, where, EDIT_KEYS)
            system = self.text(edit, "in", where) if edit else None
            if edit is None or system is None or not self._holds(child, system, where, rule.sides, rule.what):
                continue
            if system in seen:
                self.problems.add(
                    child, where, f"two edits in {system}. Only the last one is ever seen; keep that one."
                )
            seen.add(system)
            value = edit.get("value")
            if value is None and never:
                self.problems.add(child, where, 'an edit without "value" changes nothing, and nothing was agreed.')
            yield Edit(
                system,
                None if value is None else _value(value, rule, rule.sides[system]),
                value is None,
                self._time(edit, "at", where),
                self._time(edit, "created", where),
            )

    def _time(self, node: Node, key: str, where: str) -> datetime | None:
        child = node.get(key)
        if child is None:
            return None
        try:
            moment = datetime.fromisoformat(str(child.value))
        except ValueError:
            self.problems.add(child, where, f'{key} "{child.value}" is no time. Write it as 2026-03-01T09:00:00Z.')
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def _holds(self, node: Node, system: str, where: str, holders: Iterable[str], what: str) -> bool:
        if system in holders:
            return True
        near = nearest(system, holders)
        self.problems.add(node, where, f'{what} is not held in "{system}". Use {one_of(holders)}.{near}')
        return False


def _part_names(rule: Field) -> set[str]:
    return {part for side in rule.sides.values() for part in side.parts or ()}


def _value(node: Node, rule: Field, side: Side) -> Any:
    """A value as a tap would give it: amounts exact, everything else as written."""
    if rule.format in {"number", "money"} or side.unit is not None:
        amount = amount_of(node)
        return node.plain() if amount is None else Decimal(amount)
    return node.plain()
