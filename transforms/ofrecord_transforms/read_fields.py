"""The lines of the ownership matrix: fields, their sides, and the lines of documents."""

from collections.abc import Iterable, Mapping
from typing import Any

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import one_of
from ofrecord_transforms.read_shapes import Shapes, is_list_of_values
from ofrecord_transforms.rules import Field, Side
from ofrecord_transforms.systems import SYSTEMS
from ofrecord_transforms.units import looks_like_money


class FieldReader(Shapes):
    """Reads `fields:` and `lines:`."""

    def field_keys(self) -> list[str]:
        """Keys of a field: the vocabulary, with the systems that are known here."""
        return [*(key for key in words.FIELD_KEYS if key not in SYSTEMS), *self.known]

    def line_keys(self) -> list[str]:
        """Keys of a field of a line."""
        return [*words.LINE_KEYS, *(name for name, system in self.known.items() if system.writable)]

    def fields(self, node: Node | None, allowed: Iterable[str], inside: str) -> Iterable[Field]:
        """All fields of an entity, or of its lines."""
        if node is None:
            return
        if not isinstance(node.value, list) or not node.value:
            self.problems.add(node, inside or "fields", 'expected a list; each item begins with "- what: <name>".')
            return
        seen: set[str] = set()
        for child in node.value:
            made = self.field(child, allowed, inside)
            if made is None:
                continue
            if made.name in seen:
                self.problems.add(child, made.what, "this name is used twice. Every field needs its own name.")
            seen.add(made.name)
            yield made

    def field(self, node: Node, allowed: Iterable[str], inside: str) -> Field | None:
        """One line of the matrix."""
        what = self.text(node, "what", inside or "fields") if isinstance(node.value, dict) else None
        where = f"{inside}: {what}" if inside and what else what or inside
        if self.mapping(node, where, allowed) is None or what is None:
            return None
        sides = {
            system: side
            for system in self.known
            if (child := node.get(system)) and (side := self.side(child, where, system))
        }
        if not sides:
            self.problems.add(node, where, f"names no system. Say where it lives: {one_of(self.known)}.")
        lines = node.get("lines")
        refs = self.refs(node, where)
        return Field(
            what=what,
            owner=self.owner(node, where) if not inside else "",
            sides=sides,
            rule=f"{node.file}:{node.line}",
            policy=self.policy(node, where),
            format=self.format(node, where, sides, lines is not None),
            ref=next(iter(refs), None),
            also=tuple(refs[1:]),
            of=self.text(node, "of", where, required=False),
            unlinked=self.choice(node, "unlinked", words.UNLINKED, where) or "hold",
            lookup=self.choice(node, "lookup", words.LOOKUPS, where),
            lines=tuple(self.fields(lines, self.line_keys(), where)),
            identity=tuple(self.words(node.get("identity"), where, "identity: [Item]")),
            combine=self.choice(node, "combine", words.COMBINATIONS, where),
            otherwise=child.plain() if (child := node.get("otherwise")) else None,
            after_create=self.flag(node, "after_create", where),
            violation=self.choice(node, "violation", words.VIOLATIONS, where) or "revert",
            too_long=self.choice(node, "too_long", words.TOO_LONG, where),
            cadence=self.duration(node, "cadence", where),
            lossy=self.text(node, "lossy", where, required=False),
            why=self.text(node, "why", where, required=False),
        )

    def refs(self, node: Node, where: str) -> list[str]:
        """The entities a reference may point at: one, or a list."""
        child = node.get("ref")
        if child is not None and isinstance(child.value, list):
            return self.words(child, where, "ref: [product, composite product]")
        said = self.text(node, "ref", where, required=False)
        return [] if said is None else [said]

    def owner(self, node: Node, where: str) -> str:
        """The one owner; a list is the classic mistake and has its own sentence."""
        child = node.get("owner")
        if child is None:
            self.problems.add(node, where, f"has no owner. Add owner: {one_of([*self.known, 'shared'])}.")
            return ""
        if isinstance(child.value, list):
            self.problems.add(
                child, where, "two owners. A field has one owner; if both may write it: owner: shared, with a policy."
            )
            return ""
        return self.choice(node, "owner", [*self.known, "shared"], where) or ""

    def policy(self, node: Node, where: str) -> str | tuple[str, ...] | None:
        """A word, a system, or systems in order of precedence."""
        child = node.get("policy")
        if child is None or not isinstance(child.value, list):
            said = self.choice(node, "policy", [*words.POLICIES, *self.known], where)
            return said or (None if child is None else "review")
        order = self.system_list(child, where)
        if len(set(order)) < len(order):
            self.problems.add(child, where, "policy names a system twice. Give each its one place in the order.")
        return tuple(order)

    def format(self, node: Node, where: str, sides: Mapping[str, Side], has_lines: bool) -> str:
        """The format that was written, or the one that follows from units, parts and lines."""
        if (said := self.choice(node, "format", words.FORMATS, where)) is not None:
            return said
        if has_lines:
            return "lines"
        if any(side.parts for side in sides.values()):
            return "address"
        if any(side.currency or (side.unit and looks_like_money(side.unit)) for side in sides.values()):
            return "money"
        if any(side.form for side in sides.values()):
            return "country"
        return "number" if any(side.unit for side in sides.values()) else "text"

    def side(self, node: Node, where: str, system: str) -> Side | None:
        """A field's name, or a mapping that says more about it."""
        where = f"{where}, {system}" if where else system
        if isinstance(node.value, str) and node.value.strip():
            return Side(node.value, line=node.line)
        if not isinstance(node.value, dict):
            self.problems.add(node, where, "expected the name of a field, or {field: …, unit: …}.")
            return None
        self.keys(node, words.SIDE_KEYS, where)
        parts = self.parts(node.get("parts"), where)
        record = self.flag(node, "record", where)
        if parts is not None and node.get("field") is not None:
            self.problems.add(node, where, 'has "field" and "parts". A value lives in one field or in several.')
        if record and (node.get("field") is not None or parts is not None):
            self.problems.add(node, where, 'has "record" and a field. The record itself is the line; remove the field.')
        values = self.mapping(node.get("values"), where)
        zero_when = self.mapping(node.get("zero_when"), where)
        empty_when = self.mapping(node.get("empty_when"), where)
        always = node.get("always")
        return Side(
            field=(self.text(node, "field", where) or "") if parts is None and not record else "",
            unit=self.text(node, "unit", where, required=False),
            minor=self.flag(node, "minor", where),
            currency=self.text(node, "currency", where, required=False),
            values=self.values(values, where) if values else None,
            always=always.plain() if always else None,
            unless=self.unless(node.get("unless"), always, where),
            region=self.text(node, "region", where, required=False),
            form=self.choice(node, "form", words.COUNTRY_FORMS, where),
            zone=self.text(node, "zone", where, required=False),
            zero_when=self.zero_when(zero_when, where) if zero_when else None,
            empty_when=self.conditions(empty_when, f"{where}: empty_when") if empty_when else None,
            parts=parts,
            status=self.flag(node, "status", where),
            id_in=self.choice(node, "id_in", list(self.known), where),
            page=self.text(node, "page", where, required=False),
            record=record,
            related=self.flag(node, "related", where),
            other=self.text(node, "or", where, required=False),
            line=node.line,
        )

    def unless(self, node: Node | None, always: Node | None, where: str) -> Mapping[Any, Any] | None:
        """Other constants by what the record must fulfil for each; true and false are written as words of YAML."""
        checked = self.mapping(node, f"{where}: unless")
        if checked is None:
            return None
        if always is None:
            self.problems.add(checked, where, '"unless" belongs to a constant. Add always, or remove it.')
        flags = {"True": True, "False": False} if always is not None and isinstance(always.value, bool) else {}
        return {
            flags.get(str(key), key): self.conditions(child, f"{where}: unless")
            for key, child in checked.items()
            if isinstance(child.value, dict)
        }

    def parts(self, node: Node | None, where: str) -> dict[str, Side] | None:
        """The fields that together hold one value, by part."""
        checked = self.mapping(node, where, words.ADDRESS_PARTS)
        if checked is None:
            return None
        found: dict[str, Side] = {}
        for part, child in checked.items():
            place = f"{where}, {part}"
            if part not in words.ADDRESS_PARTS:
                continue
            if isinstance(child.value, dict):
                self.keys(child, words.PART_KEYS, place)
                values = self.mapping(child.get("values"), place)
                found[part] = Side(
                    self.text(child, "field", place) or "",
                    form=self.choice(child, "form", words.COUNTRY_FORMS, place),
                    values=self.values(values, place) if values else None,
                    line=child.line,
                )
            elif isinstance(child.value, str) and child.value.strip():
                found[part] = Side(child.value, line=child.line)
            else:
                self.problems.add(child, place, "expected the name of a field.")
        if not found:
            self.problems.add(
                checked, where, "parts is empty. Name the fields of the value, as in {city: Billing_City}."
            )
        return found

    def values(self, node: Node, where: str) -> dict[Any, Any]:
        """This system's value → the other system's value."""
        for child in node.value.values():
            if isinstance(child.value, list | dict) or child.value is None:
                self.problems.add(child, where, "values: each line is one value: one other value.")
        return {key: child.value for key, child in node.value.items() if not isinstance(child.value, list | dict)}

    def zero_when(self, node: Node, where: str) -> dict[str, tuple[Any, ...]]:
        """Field → values for which the amount counts as 0."""
        found = {}
        for name, child in node.items():
            if is_list_of_values(child):
                found[name] = tuple(item.plain() for item in child.value)
            else:
                self.problems.add(child, where, f'zero_when: "{name}" needs a list of values.')
        return found
