"""From YAML nodes to `Entity` values: the shape of rule files. What they mean is checked in `rules_check`.

A value of the wrong shape is reported and replaced by something harmless, so that reading goes on and every problem
is found in one pass.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, nearest, one_of
from ofrecord_transforms.rules import Combine, Each, Entity, Field, Once, Place, Primary, Side
from ofrecord_transforms.systems import SYSTEMS
from ofrecord_transforms.units import looks_like_money


class Reader:
    """Reads one file; every method reports to the same `Problems`."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def entity(self, root: Node) -> Entity | None:
        """The whole file, or None when it is not a mapping with an entity's name."""
        if not isinstance(root.value, dict):
            self.problems.add(root, "", 'the file is empty or a list. A rule file begins with "entity: <name>".')
            return None
        self.keys(root, words.ENTITY_KEYS, "")
        name = self.text(root, "entity", "")
        for key in ("responsible", "systems", "fields"):
            if root.get(key) is None:
                self.problems.add(root, "", f'"{key}" is missing: {words.ENTITY_KEYS[key]}. Add it.')
        systems = self.systems(root.get("systems"))
        fields = tuple(self.fields(root.get("fields"), words.FIELD_KEYS, ""))
        return Entity(
            entity=name or root.file,
            file=root.file,
            systems=systems,
            fields=fields,
            responsible=self.responsible(root.get("responsible")),
            match=tuple(self.match(root.get("match"))),
            label=self.by_system(root.get("label"), "label"),
            duplicates=self.choice(root, "duplicates", words.DUPLICATES, "") or "overwrite",
            when=self.when(root.get("when")),
            new=tuple(self.system_list(root.get("new"))),
            deleted=self.deleted(root.get("deleted")),
            missing=self.choice(root, "missing", words.MISSING, "") or "leave",
            once=self.once(root.get("once")),
            parent=self.text(root, "parent", "", required=False),
            primary=self.primary(root.get("primary")),
            combine=self.combine(root.get("combine")),
            each=self.each(root.get("each")),
            why=self.text(root, "why", "", required=False),
        )

    def keys(self, node: Node, allowed: Iterable[str], where: str) -> None:
        """Report unknown keys and keys given twice."""
        allowed = list(allowed)
        for key, value in node.items():
            if key not in allowed:
                hint = nearest(key, allowed) or f" Use {one_of(allowed)}."
                self.problems.add(value, where, f'"{key}" is not a key here.{hint}')
        for again in node.twice:
            if again.value == "owner":
                self.problems.add(
                    again,
                    where,
                    "two owners. A field has one owner; if both may write it: owner: shared, with a policy.",
                )
            else:
                self.problems.add(again, where, f'"{again.value}" is given twice. Keep one.')

    def text(self, node: Node, key: str, where: str, *, required: bool = True) -> str | None:
        """A non-empty word or sentence under a key."""
        child = node.get(key)
        if child is None:
            if required:
                self.problems.add(node, where, f'"{key}" is missing. Add it.')
            return None
        if not isinstance(child.value, str) or not child.value.strip():
            self.problems.add(
                child, where, f'"{key}" must be text. Write it in quotes if it looks like something else.'
            )
            return None
        return child.value

    def choice(self, node: Node, key: str, allowed: Iterable[str], where: str) -> str | None:
        """A word out of a closed set."""
        child = node.get(key)
        if child is None:
            return None
        allowed = list(allowed)
        if child.value not in allowed:
            said = child.value if not isinstance(child.value, dict | list) else "a list or mapping"
            hint = nearest(str(said), allowed)
            self.problems.add(child, where, f'{key} "{said}" is not known. Use {one_of(allowed)}.{hint}')
            return None
        return str(child.value)

    def mapping(self, node: Node | None, where: str, allowed: Iterable[str] | None = None) -> Node | None:
        """The node when it is a mapping; otherwise reported."""
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.problems.add(node, where, "expected `key: value` lines here.")
            return None
        if allowed is not None:
            self.keys(node, allowed, where)
        return node

    def known_system(self, node: Node, name: str, where: str) -> bool:
        """Report a word that is no system."""
        if name in SYSTEMS:
            return True
        self.problems.add(node, where, f'"{name}" is not a system. Use {one_of(SYSTEMS)}.{nearest(name, SYSTEMS)}')
        return False

    def by_system(self, node: Node | None, where: str) -> dict[str, str]:
        """`{crm: Product_Code, inventory: sku}`."""
        found: dict[str, str] = {}
        checked = self.mapping(node, where)
        for system, child in checked.items() if checked else ():
            if self.known_system(child, system, where) and isinstance(child.value, str):
                found[system] = child.value
            elif system in SYSTEMS:
                self.problems.add(child, where, "expected the name of a field.")
        return found

    def systems(self, node: Node | None) -> dict[str, Place]:
        """Places by system; needs at least two."""
        places: dict[str, Place] = {}
        checked = self.mapping(node, "systems")
        if checked is None:
            return places
        for system, child in checked.items():
            where = f"systems: {system}"
            place = self.mapping(child, where, words.PLACE_KEYS)
            if not self.known_system(child, system, "systems") or place is None:
                continue
            stream = self.text(place, "stream", where, required=False)
            made = self.text(place, "object", where, required=False)
            if (stream is None) == (made is None):
                self.problems.add(
                    child, where, 'needs either "stream" (read, and written) or "object" (only written). Give one.'
                )
            key = self.text(place, "id", where) or "id"
            external = self.text(place, "external_id", where, required=False)
            places[system] = Place(id=key, stream=stream, object=made or stream or "", external_id=external)
        if len(places) < 2:  # noqa: PLR2004 - a pair
            self.problems.add(checked, "systems", "an entity lives in at least two systems. Add the other one.")
        return places

    def responsible(self, node: Node | None) -> dict[str, str]:
        """Owner, deputy and escalation, all of them."""
        checked = self.mapping(node, "responsible", words.RESPONSIBLE_KEYS)
        if checked is None:
            return {}
        return {key: self.text(checked, key, "responsible") or "" for key in words.RESPONSIBLE_KEYS}

    def match(self, node: Node | None) -> Iterable[Mapping[str, str]]:
        """One pair of fields, or a list of pairs that must all agree."""
        if node is None:
            return []
        nodes = node.value if isinstance(node.value, list) else [node]
        return [self.by_system(child, "match") for child in nodes]

    def when(self, node: Node | None) -> dict[str, dict[str, tuple[Any, ...] | str]]:
        """Filters by system."""
        filters: dict[str, dict[str, tuple[Any, ...] | str]] = {}
        checked = self.mapping(node, "when")
        for system, child in checked.items() if checked else ():
            where = f"when: {system}"
            conditions = self.mapping(child, where)
            if not self.known_system(child, system, "when") or conditions is None:
                continue
            filters[system] = {}
            for name, wanted in conditions.items():
                if _is_list_of_values(wanted):
                    filters[system][name] = tuple(item.plain() for item in wanted.value)
                elif wanted.value in words.PRESENCE:
                    filters[system][name] = wanted.value
                else:
                    self.problems.add(wanted, where, f'"{name}" needs a list of values, or the word present or absent.')
        return filters

    def system_list(self, node: Node | None) -> list[str]:
        """`[inventory, crm]`."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.problems.add(node, "new", "expected a list of systems, as in [inventory].")
            return []
        return [str(item.value) for item in node.value if self.known_system(item, str(item.value), "new")]

    def deleted(self, node: Node | None) -> dict[str, dict[str, str]]:
        """`{crm: {inventory: inactive}}`: deleted in the CRM, then inactive in inventory."""
        found: dict[str, dict[str, str]] = {}
        checked = self.mapping(node, "deleted")
        for system, child in checked.items() if checked else ():
            actions = self.mapping(child, f"deleted: {system}")
            if not self.known_system(child, system, "deleted") or actions is None:
                continue
            found[system] = {
                to: action
                for to, at in actions.items()
                if self.known_system(at, to, "deleted")
                and (action := self.choice(actions, to, words.DELETED_ACTIONS, f"deleted: {system}"))
            }
        return found

    def once(self, node: Node | None) -> Once | None:
        """Actions after the creation, and the amounts that must agree before them."""
        checked = self.mapping(node, "once", words.ONCE_KEYS)
        if checked is None:
            return None
        then = checked.get("then")
        actions: list[str] = []
        if then is not None:
            for item in then.value if isinstance(then.value, list) else [then]:
                if item.value in words.THEN_ACTIONS:
                    actions.append(item.value)
                else:
                    self.problems.add(item, "once", f"then must be a list out of: {one_of(words.THEN_ACTIONS)}.")
        check = checked.get("check")
        return Once(tuple(actions), self.by_system(check, "once: check") if check else None)

    def primary(self, node: Node | None) -> Primary | None:
        """`{earliest: Created_Time}`."""
        checked = self.mapping(node, "primary", words.PRIMARY_KEYS)
        return Primary(self.text(checked, "earliest", "primary") or "") if checked else None

    def combine(self, node: Node | None) -> Combine | None:
        """The whole these records are parts of, and how it is found."""
        checked = self.mapping(node, "combine", words.COMBINE_KEYS)
        if checked is None:
            return None
        through = self.text(checked, "through", "combine", required=False)
        same_as = self.text(checked, "same_as", "combine", required=False)
        if (through is None) == (same_as is None):
            self.problems.add(checked, "combine", 'needs either "through" or "same_as", an entity. Give one.')
        return Combine(
            self.text(checked, "into", "combine") or "", self.text(checked, "by", "combine") or "", through, same_as
        )

    def each(self, node: Node | None) -> Each | None:
        """`{in: books, list: invoices, id: invoice_id}`."""
        checked = self.mapping(node, "each", words.EACH_KEYS)
        if checked is None:
            return None
        system, listed, key = (self.text(checked, word, "each") or "" for word in words.EACH_KEYS)
        if system:
            self.known_system(checked, system, "each")
        return Each(system, listed, key)

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
            for system in SYSTEMS
            if (child := node.get(system)) and (side := self.side(child, where, system))
        }
        if not sides:
            self.problems.add(node, where, f"names no system. Say where it lives: {one_of(SYSTEMS)}.")
        lines = node.get("lines")
        return Field(
            what=what,
            owner=self.owner(node, where) if not inside else "",
            sides=sides,
            rule=f"{node.file}:{node.line}",
            policy=self.choice(node, "policy", [*words.POLICIES, *SYSTEMS], where),
            format=self.format(node, where, sides, lines is not None),
            ref=self.text(node, "ref", where, required=False),
            lookup=self.choice(node, "lookup", words.LOOKUPS, where),
            lines=tuple(self.fields(lines, words.LINE_KEYS, where)),
            combine=self.choice(node, "combine", words.COMBINATIONS, where),
            otherwise=child.plain() if (child := node.get("otherwise")) else None,
            after_create=self.flag(node, "after_create", where),
            violation=self.choice(node, "violation", words.VIOLATIONS, where) or "revert",
            lossy=self.text(node, "lossy", where, required=False),
            why=self.text(node, "why", where, required=False),
        )

    def owner(self, node: Node, where: str) -> str:
        """The one owner; a list is the classic mistake and has its own sentence."""
        child = node.get("owner")
        if child is None:
            self.problems.add(node, where, f"has no owner. Add owner: {one_of([*SYSTEMS, 'shared'])}.")
            return ""
        if isinstance(child.value, list):
            self.problems.add(
                child, where, "two owners. A field has one owner; if both may write it: owner: shared, with a policy."
            )
            return ""
        return self.choice(node, "owner", [*SYSTEMS, "shared"], where) or ""

    def flag(self, node: Node, key: str, where: str) -> bool:
        """`true` or `false`."""
        child = node.get(key)
        if child is None:
            return False
        if not isinstance(child.value, bool):
            self.problems.add(child, where, f'"{key}" is true or false.')
        return child.value is True

    def format(self, node: Node, where: str, sides: Mapping[str, Side], has_lines: bool) -> str:
        """The format that was written, or the one that follows from units and lines."""
        if (said := self.choice(node, "format", words.FORMATS, where)) is not None:
            return said
        if has_lines:
            return "lines"
        if any(side.currency or (side.unit and looks_like_money(side.unit)) for side in sides.values()):
            return "money"
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
        values = self.mapping(node.get("values"), where)
        zero_when = self.mapping(node.get("zero_when"), where)
        always = node.get("always")
        return Side(
            field=self.text(node, "field", where) or "",
            unit=self.text(node, "unit", where, required=False),
            currency=self.text(node, "currency", where, required=False),
            values=self.values(values, where) if values else None,
            always=always.plain() if always else None,
            region=self.text(node, "region", where, required=False),
            zero_when=self.zero_when(zero_when, where) if zero_when else None,
            status=self.flag(node, "status", where),
            line=node.line,
        )

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
            if _is_list_of_values(child):
                found[name] = tuple(item.plain() for item in child.value)
            else:
                self.problems.add(child, where, f'zero_when: "{name}" needs a list of values.')
        return found


def _is_list_of_values(node: Node) -> bool:
    """A list that is not empty and holds nothing but plain values."""
    items = node.value
    return isinstance(items, list) and bool(items) and not any(isinstance(item.value, list | dict) for item in items)
