"""What rules may not say, beyond their shape. Every problem names file, line, field and remedy."""

from collections.abc import Mapping

from ofrecord_transforms import units
from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, nearest, one_of
from ofrecord_transforms.rules import Entity, Field, Side
from ofrecord_transforms.systems import System


class Checker:
    """Checks one entity against itself, the other entities and the fields the systems are known to have."""

    def __init__(
        self,
        entity: Entity,
        entities: Mapping[str, Entity],
        systems: Mapping[str, System],
        catalogs: Catalogs,
        problems: Problems,
    ) -> None:
        self.entity = entity
        self.entities = entities
        self.catalogs = catalogs
        self.problems = problems
        self.known = systems

    def check(self, root: Node) -> None:
        """Everything about this entity; `root` is the node its file was read from."""
        self._root = root
        for step in (self._one_store, self._new, self._places, self._filters, self._whole, self._parent):
            step()
        self._two_writers()
        for rule in self.entity.fields:
            self._field(rule)

    def _add(self, where: str, text: str, line: int = 0, key: str | None = None) -> None:
        node = self._root.get(key) if key else None
        at = line or (node.line if node else self._root.line)
        self.problems.add(Node(None, self.entity.file, at), where, text)

    def _field_add(self, rule: Field, text: str, side: Side | None = None) -> None:
        self._add(rule.what, text, side.line if side else int(rule.rule.rsplit(":", 1)[1]))

    # --- the entity ---------------------------------------------------------------------------------------------

    def _one_store(self) -> None:
        """Inventory and books of one organisation are one store: nothing is written between them."""
        entity = self.entity
        stores = {place.system.store for place in entity.systems.values()}
        if len(entity.systems) > 1 and len(stores) == 1:
            doors = " and ".join(sorted(entity.systems))
            self._add(
                "systems",
                f'"{entity.entity}" would be written between {doors}, two doors to one store: the same '
                "record under the same id. Remove one of them; cross-checks need no rule.",
                key="systems",
            )
        for system in entity.new:
            if system in entity.systems and not entity.systems[system].system.writable:
                self._add(
                    "new",
                    f"{system} is read only here: new records cannot originate for it. Remove {system}.",
                    key="new",
                )

    def _new(self) -> None:
        entity = self.entity
        for system in entity.new:
            if system not in entity.systems:
                self._missing_system("new", system)
            elif entity.systems[system].stream is None:
                self._add("new", f"nothing is read from {system}: give its place a stream.", key="new")
        for system, actions in entity.deleted.items():
            for name in (system, *actions):
                if name not in entity.systems:
                    self._missing_system("deleted", name)

    def _places(self) -> None:
        entity = self.entity
        for key, by_system in (("label", entity.label), *(("match", pair) for pair in entity.match)):
            for system, name in by_system.items():
                if system not in entity.systems:
                    self._missing_system(key, system)
                else:
                    self._known(system, name, key, self._line(key))
        for pair in entity.match:
            if len(pair) == 1:
                self._add("match", "names one system. Name the field in both.", key="match")

    def _missing_system(self, key: str, system: str) -> None:
        self._add(key, f'{system} is not among the systems of "{self.entity.entity}". Add it there.', key=key)

    def _line(self, key: str) -> int:
        node = self._root.get(key)
        return node.line if node else self._root.line

    def _filters(self) -> None:
        for system, conditions in self.entity.when.items():
            if system not in self.entity.systems:
                self._missing_system("when", system)
                continue
            for name in conditions:
                self._known(system, name, f"when: {system}", self._line("when"))

    def _whole(self) -> None:
        entity = self.entity
        if entity.combine is not None:
            other = entity.combine.through or entity.combine.same_as or ""
            self._entity(other, "combine", self._line("combine"))
            whole = entity.combine.into
            through = self.entities.get(entity.combine.through or "")
            if through is not None and whole not in {rule.name for rule in through.fields}:
                names = [rule.name for rule in through.fields]
                self._add(
                    "combine",
                    f'into "{whole}": "{through.entity}" has no field of that name to follow.{nearest(whole, names)}',
                    key="combine",
                )
        for rule in entity.fields:
            if rule.combine is not None and entity.combine is None:
                self._field_add(rule, "combines values, but the entity does not say of what. Add combine: to the file.")
            if entity.combine is not None and rule.combine is None:
                self._field_add(rule, "needs combine: sum, join, latest or same, as several records meet in one.")
            if rule.otherwise is not None and rule.combine != "same":
                self._field_add(rule, "otherwise belongs to combine: same. Remove it.")
        if entity.each is not None and entity.each.system in self.known and entity.each.system not in entity.systems:
            self._missing_system("each", entity.each.system)

    def _parent(self) -> None:
        entity = self.entity
        rules = {rule.what: rule for rule in entity.fields}
        if entity.parent is not None:
            rule = rules.get(entity.parent)
            if rule is None or rule.ref is None:
                self._add(
                    "parent",
                    f'"{entity.parent}" is not the name of a field with ref. Name the field that points at the parent.'
                    f"{nearest(entity.parent, rules)}",
                    key="parent",
                )
        if entity.primary is not None and entity.parent is None:
            self._add("primary", "there is no parent whose primary child it could be. Add parent.", key="primary")

    def _entity(self, name: str, where: str, line: int) -> None:
        if name not in self.entities:
            text = f'"{name}" is not an entity. Use {one_of(self.entities)}.{nearest(name, self.entities)}'
            self._add(where, text, line)

    def _two_writers(self) -> None:
        """Two lines about one field of a system would both write it."""
        first: dict[tuple[str, str], Field] = {}
        for rule in self.entity.fields:
            for system, side in rule.sides.items():
                for name in side.fields():
                    other = first.setdefault((system, name), rule)
                    if other is not rule:
                        self._field_add(
                            rule,
                            f'two owners: {system} {name} already belongs to "{other.what}" ({other.rule}). '
                            "Keep one of the two lines.",
                            side,
                        )

    # --- a field ------------------------------------------------------------------------------------------------

    def _field(self, rule: Field) -> None:
        for step in (self._owner, self._sides, self._lossy):
            step(rule)
        if rule.ref is not None:
            self._entity(rule.ref, rule.what, int(rule.rule.rsplit(":", 1)[1]))
        self._convertible(rule)
        for line in rule.lines:
            if line.ref is not None:
                self._entity(line.ref, f"{rule.what}: {line.what}", int(line.rule.rsplit(":", 1)[1]))
            if len(line.sides) == 1:
                self._field_add(line, "is in one system only. Name its other side.")

    def _owner(self, rule: Field) -> None:
        if rule.policy is not None and rule.owner not in {"shared", ""}:
            self._field_add(rule, f"has one owner ({rule.owner}), so there is nothing to decide. Remove policy.")
        if rule.owner in self.known and rule.owner not in self.entity.systems:
            self._field_add(rule, f"owner {rule.owner} is not among the systems of this entity. Add it there.")
        if rule.policy in self.known and rule.policy not in rule.sides:
            self._field_add(rule, f"policy {rule.policy} names a system that does not hold this field.")
        constant = any(side.always is not None for side in rule.sides.values())
        if rule.owner in self.known and rule.owner not in rule.sides and not constant:
            self._field_add(rule, f"{rule.owner} owns it but has no name for it. Add {rule.owner}: <field>.")

    def _sides(self, rule: Field) -> None:
        stores = [self.known[system].store for system in rule.sides]
        doors = sorted(system for system in rule.sides if stores.count(self.known[system].store) > 1)
        read_only = [system for system in rule.sides if not self.known[system].writable and system != rule.owner]
        if doors:
            self._field_add(
                rule,
                f"lives in {' and '.join(doors)}. These are two doors to one store: the same value under the same id. "
                "Keep one of them.",
            )
        elif read_only and rule.owner:
            self._field_add(
                rule,
                f"is owned by {rule.owner} and would be written to {read_only[0]}, which is read only. "
                f"Use owner: {read_only[0]}.",
            )
        constant = any(side.always is not None for side in rule.sides.values())
        if len(rule.sides) == 1 and not constant:
            self._field_add(rule, "is in one system only. Name its other side, or give the constant with always.")
        for system, side in rule.sides.items():
            if system not in self.entity.systems:
                self._field_add(rule, f"{system} is not among the systems of this entity. Add it there.", side)
            elif self.entity.reads(rule, system):
                for name in side.fields():
                    self._known(system, name, rule.what, side.line)
                for extra in (side.currency, *(side.zero_when or ())):
                    if extra is not None:
                        self._known(system, extra, rule.what, side.line)

    def _lossy(self, rule: Field) -> None:
        for side in rule.sides.values():
            values = list((side.values or {}).values())
            if len(set(map(str, values))) < len(values) and rule.lossy is None:
                self._field_add(
                    rule, "several values become the same one, which cannot be undone. Say why: lossy: <why>.", side
                )
        if rule.lossy is not None and rule.owner == "shared":
            self._field_add(rule, "is lossy and shared: the way back would change values. Give it one owner.")
        if sum(side.values is not None for side in rule.sides.values()) > 1:
            self._field_add(rule, "translates values on both sides. Keep one list: this side's value: the other's.")

    def _known(self, system: str, path: str, where: str, line: int) -> None:
        """Report a field that the system's records do not have."""
        place = self.entity.systems[system]
        if place.stream is None:
            return
        wrong = self.catalogs.unknown_part(place.system, place.stream, path)
        if wrong is not None:
            part, names = wrong
            hint = nearest(part, names) or " Run the tap with --discover to see its fields."
            self._add(where, f'{system} {place.stream} has no field "{part}".{hint}', line)

    # --- units --------------------------------------------------------------------------------------------------

    def _convertible(self, rule: Field) -> None:
        owner_first = sorted(rule.sides, key=lambda system: system != rule.owner)
        sides = {system: rule.sides[system] for system in owner_first}
        good = [self._unit(rule, system, side) for system, side in sides.items() if side.unit is not None]
        if len(sides) != 2 or not all(good):  # noqa: PLR2004 - a pair
            return
        (one, left), (two, right) = sides.items()
        said = {one: left.unit or left.currency, two: right.unit or right.currency}
        if (left.unit is None) != (right.unit is None) and not (left.currency or right.currency):
            with_unit, without = (one, two) if left.unit else (two, one)
            self._field_add(rule, f"{with_unit} is in {said[with_unit]}, but {without} names no unit. Add its unit.")
        if left.unit is None or right.unit is None or left.unit == right.unit:
            return
        if units.looks_like_money(left.unit) and units.looks_like_money(right.unit):
            self._field_add(
                rule,
                f"{left.unit} cannot be converted to {right.unit}: a rate is no unit. Use one currency on both sides.",
            )
            return
        if units.looks_like_money(left.unit) or units.looks_like_money(right.unit):
            self._field_add(rule, f"{said[one]} ({one}) and {said[two]} ({two}) measure different things.")
            return
        left_dimension, right_dimension = units.dimension(left.unit), units.dimension(right.unit)
        if left_dimension != right_dimension and left_dimension and right_dimension:
            self._field_add(
                rule,
                f'{two} unit "{right.unit}" is not a unit of {units.word_for(left_dimension)}. '
                f"Use {units.KNOWN.get(left_dimension, 'the same unit as ' + one)}.",
                right,
            )

    def _unit(self, rule: Field, system: str, side: Side) -> bool:
        """Is this word a unit? Reports it when not."""
        unit = side.unit or ""
        if units.looks_like_money(unit):
            if unit not in units.DIGITS:
                self._field_add(
                    rule,
                    f'{system} unit "{unit}" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
                    side,
                )
            return unit in units.DIGITS
        if units.dimension(unit) is None:
            way = units.symbol(unit)
            other = self._other_dimension(rule, system)
            kind = f"a unit of {units.word_for(other)}" if other else "a unit"
            fits = way is not None and (other is None or units.dimension(way) == other)
            advice = f'Write "{way}".' if fits else f"Use {units.KNOWN.get(other or '', 'its symbol, as in kg')}."
            self._field_add(rule, f'{system} unit "{unit}" is not {kind}. {advice}', side)
            return False
        return True

    def _other_dimension(self, rule: Field, system: str) -> str | None:
        for name, side in rule.sides.items():
            if name != system and side.unit and not units.looks_like_money(side.unit):
                return units.dimension(side.unit)
        return None
