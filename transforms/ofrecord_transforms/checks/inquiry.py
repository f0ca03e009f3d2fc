"""One entity under inspection: what is known about it, and how a problem is reported where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ofrecord_kit.plan.canonical import PART_FORMS
from ofrecord_transforms.catalog import CatalogField, Catalogs
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems
from ofrecord_transforms.rules import Entity, Field, Side
from ofrecord_transforms.steps import may_write
from ofrecord_transforms.systems import System


@dataclass(frozen=True)
class Strand:
    """One value of a rule as each system holds it: a field, a part of a value in parts, or a field of a line."""

    where: str
    rule: Field
    """The rule of the value, or of the line of a document."""
    whole: Field
    """The rule of the entity it belongs to."""
    sides: Mapping[str, Side]
    """Of a field of a line, `field` is its full path (`line_items.rate`)."""

    @property
    def plain(self) -> bool:
        """Its value is no reference and looked up nowhere."""
        return self.rule.ref is None and self.rule.lookup is None


def inside(whole: Side, name: str) -> str:
    """Path of a field of a line, without the places of elements: of the record itself its own name."""
    path = name if whole.record else f"{whole.field}.{name}"
    return ".".join(part for part in path.split(".") if not part.isdecimal())


@dataclass(frozen=True)
class Inquiry:
    """Checks ask it and report to it."""

    entity: Entity
    entities: Mapping[str, Entity]
    systems: Mapping[str, System]
    catalogs: Catalogs
    root: Node
    problems: Problems

    def add(self, where: str, text: str, *path: str | int) -> None:
        """Report a problem at a place in the file: keys and positions from its top, as far as they exist."""
        self.at(self.line(*path), where, text)

    def at(self, line: int, where: str, text: str) -> None:
        """Report a problem at a line of the file."""
        self.problems.add(Node(None, self.entity.file, line), where, text)

    def line(self, *path: str | int) -> int:
        """Line of a place in the file."""
        node = self.root
        for key in path:
            inside = node.value[key] if isinstance(key, int) else node.get(key)
            if inside is None:
                break
            node = inside
        return node.line

    def about(self, rule: Field, text: str, side: Side | None = None, where: str | None = None) -> None:
        """Report a problem of a field, at its line or at that of one of its sides."""
        self.at(side.line if side is not None and side.line else rule.line, where or rule.what, text)

    def missing_system(self, key: str, system: str) -> None:
        """A system the entity does not live in."""
        self.add(key, f'{system} is not among the systems of "{self.entity.entity}". Add it there.', key)

    def field(self, system: str, path: str) -> CatalogField | None:
        """What the catalog says of a field of this entity."""
        place = self.entity.systems.get(system)
        return None if place is None else self.catalogs.field(place.system, place.object, path)

    def called(self, system: str, path: str) -> str:
        """`inventory items.rate`, for sentences."""
        place = self.entity.systems.get(system)
        return f"{system} {place.object}.{path}" if place is not None and place.object else f"{system} {path}"

    def ways(self, rule: Field) -> list[tuple[str, str]]:
        """Pairs (from, to) in which a field of this entity travels, constants included."""
        return [
            (source, to)
            for source, to in self.entity.directions()
            if to in rule.sides
            and may_write(self.entity, rule, source)
            and (source in rule.sides or rule.sides[to].always is not None)
        ]

    def strands(self, rule: Field) -> Iterator[Strand]:
        """The single values of a rule. A rule with lines has those of its lines."""
        if rule.lines:
            for line in rule.lines:
                sides = {
                    system: replace(side, field=inside(rule.sides[system], side.field))
                    for system, side in line.sides.items()
                    if system in rule.sides
                }
                yield Strand(f"{rule.what}: {line.what}", line, rule, sides)
            return
        parts = {part for side in rule.sides.values() for part in side.parts or ()}
        if not parts:
            yield Strand(rule.what, rule, rule, rule.sides)
        for part in sorted(parts):
            sides = {
                system: side.parts[part] for system, side in rule.sides.items() if side.parts and part in side.parts
            }
            yield Strand(f"{rule.what}, {part}", replace(rule, format=PART_FORMS.get(part, "text")), rule, sides)

    def travelling(self) -> Iterator[tuple[Strand, str, str]]:
        """Every single value with each way (from, to) it travels, constants left out."""
        for rule in self.entity.fields:
            ways = self.ways(rule)
            for strand in self.strands(rule) if ways else ():
                for source, to in ways:
                    if source in strand.sides and to in strand.sides and strand.sides[to].always is None:
                        yield strand, source, to
