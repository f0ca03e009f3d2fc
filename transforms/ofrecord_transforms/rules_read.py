"""From YAML nodes to `Entity` values: the shape of rule files. What they mean is checked in `checks`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, one_of
from ofrecord_transforms.read_once import OnceReader
from ofrecord_transforms.read_shapes import Shapes, amount_of
from ofrecord_transforms.rules import Combine, Each, Entity, Filters, Place, Primary, Schedule, Side, Spread, Stop
from ofrecord_transforms.states_read import read_figures, read_states
from ofrecord_transforms.systems import SYSTEMS, System
from ofrecord_transforms.units import looks_like_money


class Reader(OnceReader):
    """Reads one file; every method reports to the same `Problems`."""

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
        fields = tuple(self.fields(root.get("fields"), self.field_keys(), ""))
        return Entity(
            entity=name or root.file,
            file=root.file,
            systems=systems,
            fields=fields,
            responsible=self.responsible(root.get("responsible")),
            enabled=self.flag(root, "enabled", "", default=True),
            match=tuple(self.match(root.get("match"))),
            label=self.by_system(root.get("label"), "label"),
            duplicates=self.choice(root, "duplicates", words.DUPLICATES, "") or "overwrite",
            near=self.choice(root, "near", words.NEAR, "") or "hold",
            when=self.filters(root.get("when"), "when"),
            views=self.views(root.get("views")),
            view=self.text(root, "view", "", required=False),
            leaving=self.actions(root.get("leaving"), "leaving"),
            stop=tuple(self.stops(root.get("stop"))),
            new=tuple(self.system_list(root.get("new"), "new")),
            deleted=self.actions(root.get("deleted"), "deleted"),
            missing=self.choice(root, "missing", words.MISSING, "") or "leave",
            once=self.once(root.get("once")),
            parent=self.text(root, "parent", "", required=False),
            primary=self.primary(root.get("primary")),
            combine=self.combine(root.get("combine")),
            attach=self.attach(root.get("attach")),
            waits_for=self.waits_for(root.get("waits_for")),
            spread=self.spread(root.get("spread")),
            each=self.each(root.get("each")),
            schedule=self.schedule(root.get("schedule")),
            counts_from=self.days(root.get("counts_from")),
            settled=self.text(root, "settled", "", required=False),
            figures=tuple(read_figures(self, root.get("figures"))),
            states=read_states(self, root.get("states")),
            limits=self.limits(root.get("limits")),
            cadence=self.duration(root, "cadence", ""),
            clock_tolerance=self.duration(root, "clock_tolerance", ""),
            why=self.text(root, "why", "", required=False),
        )

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
            places[system] = Place(
                system=self.known[system],
                id=self.text(place, "id", where) or "id",
                stream=stream,
                object=made or stream or "",
                external_id=self.text(place, "external_id", where, required=False),
            )
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

    def views(self, node: Node | None) -> dict[str, Filters]:
        """Filters by name."""
        checked = self.mapping(node, "views")
        return {name: self.filters(child, f"views: {name}") for name, child in checked.items()} if checked else {}

    def stops(self, node: Node | None) -> Iterable[Stop]:
        """Kinds of records that must never travel."""
        if node is None:
            return
        if not isinstance(node.value, list) or not node.value:
            self.problems.add(node, "stop", 'expected a list; each item begins with "- what: <name>".')
            return
        for child in node.value:
            if self.mapping(child, "stop", words.STOP_KEYS) is None:
                continue
            what = self.text(child, "what", "stop")
            if child.get("when") is None:
                self.problems.add(child, f"stop: {what}", '"when" is missing: which records are meant. Add it.')
            if what is not None:
                why = self.text(child, "why", f"stop: {what}", required=False)
                when = self.filters(child.get("when"), f"stop: {what}")
                yield Stop(what, when, f"{child.file}:{child.line}", why)

    def primary(self, node: Node | None) -> Primary | None:
        """`{earliest: Created_Time}`."""
        checked = self.mapping(node, "primary", words.PRIMARY_KEYS)
        return Primary(self.text(checked, "earliest", "primary") or "") if checked else None

    def combine(self, node: Node | None) -> Combine | None:
        """The whole these records are parts of, and how it is found."""
        checked = self.mapping(node, "combine", words.COMBINE_KEYS)
        if checked is None:
            return None
        into, more = self.text(checked, "into", "combine") or "", checked.get("or")
        others = more.value if more is not None else []
        if not isinstance(others, list) or (more is not None and not others):
            self.problems.add(
                checked, "combine: or", "expected a list of ways, as in [{through: order, by: salesorder_id}]."
            )
            others = []
        ways = (self.mapping(child, "combine: or", words.WAY_KEYS) for child in others)
        return self._way(checked, into, tuple(self._way(one, into) for one in ways if one is not None))

    def _way(self, node: Node, into: str, others: tuple[Combine, ...] = ()) -> Combine:
        through = self.text(node, "through", "combine", required=False)
        same_as = self.text(node, "same_as", "combine", required=False)
        if (through is None) == (same_as is None):
            self.problems.add(node, "combine", 'needs either "through" or "same_as", an entity. Give one.')
        return Combine(into, self.text(node, "by", "combine") or "", through, same_as, others)

    def spread(self, node: Node | None) -> Spread | None:
        """`{through: order, by: deal}`."""
        checked = self.mapping(node, "spread", words.SPREAD_KEYS)
        if checked is None:
            return None
        return Spread(self.text(checked, "through", "spread") or "", self.text(checked, "by", "spread") or "")

    def each(self, node: Node | None) -> Each | None:
        """`{in: books, list: invoices, id: invoice_id}`."""
        checked = self.mapping(node, "each", words.EACH_KEYS)
        if checked is None:
            return None
        system, listed, key = (self.text(checked, word, "each") or "" for word in words.EACH_KEYS)
        if system:
            self.known_system(checked, system, "each")
        return Each(system, listed, key)

    def days(self, node: Node | None) -> dict[str, Side]:
        """`{books: journal_date}`, or with the zone of days: `{books: {field: journal_date, zone: Europe/Berlin}}`."""
        found: dict[str, Side] = {}
        checked = self.mapping(node, "counts_from")
        for system, child in checked.items() if checked else ():
            where = f"counts_from: {system}"
            if not self.known_system(child, system, "counts_from"):
                continue
            if isinstance(child.value, dict):
                self.keys(child, words.DAY_KEYS, where)
                zone = self.text(child, "zone", where, required=False)
                found[system] = Side(self.text(child, "field", where) or "", zone=zone, line=child.line)
            elif isinstance(child.value, str):
                found[system] = Side(child.value, line=child.line)
            else:
                self.problems.add(child, where, "expected the name of a field, or {field: …, zone: …}.")
        return found

    def schedule(self, node: Node | None) -> Schedule | None:
        """`{in: crm, start: Contract_Start, months: Contract_Months, amount: Amount, unit: USD, by: contract months}`."""
        checked = self.mapping(node, "schedule", words.SCHEDULE_KEYS)
        if checked is None:
            return None
        system, start, months, amount = (self.text(checked, key, "schedule") or "" for key in words.SCHEDULE_KEYS[:4])
        currency, unit = (self.text(checked, key, "schedule", required=False) for key in ("currency", "unit"))
        if system:
            self.known_system(checked, system, "schedule")
        if (currency is None) == (unit is None):
            self.problems.add(
                checked, "schedule", 'needs either "currency", a field, or "unit", the currency. Give one.'
            )
        by = self.choice(checked, "by", words.PERIODS, "schedule")
        if checked.get("by") is None:
            text = f'"by" is missing: what a period is. Use {one_of(words.PERIODS)}.'
            self.problems.add(checked, "schedule", text)
        return Schedule(system, start, months, amount, by or words.PERIODS[0], currency, unit)

    def limits(self, node: Node | None) -> dict[str, int | Mapping[str, Decimal]]:
        """`{create: 500, delete: 10, money: {USD: 100000}}`."""
        checked = self.mapping(node, "limits", words.LIMIT_KEYS)
        found: dict[str, int | Mapping[str, Decimal]] = {}
        for key, child in checked.items() if checked else ():
            if key == "money":
                found[key] = self._money_limits(child)
            elif isinstance(child.value, int) and not isinstance(child.value, bool) and child.value >= 0:
                found[key] = child.value
            elif key in words.LIMIT_KEYS:
                self.problems.add(child, "limits", f"{key} needs a whole number, as in {{{key}: 500}}.")
        return found

    def _money_limits(self, node: Node) -> dict[str, Decimal]:
        amounts: dict[str, Decimal] = {}
        checked = self.mapping(node, "limits: money")
        for currency, child in checked.items() if checked else ():
            amount = amount_of(child)
            if amount is None or not looks_like_money(currency):
                self.problems.add(child, "limits: money", "expected a currency and an amount, as in {USD: 100000}.")
            else:
                amounts[currency] = Decimal(amount)
        return amounts


def read_systems(root: Node | None, problems: Problems) -> dict[str, System]:
    """The systems of `rules/systems.yml` beside the known ones; with None, the known ones alone."""
    systems = dict(SYSTEMS)
    if root is None:
        return systems
    shapes = Shapes(problems, systems)
    top = shapes.mapping(root, "", words.SYSTEMS_FILE_KEYS)
    listed = shapes.mapping(top.get("systems"), "systems", None) if top else None
    if top is not None and top.get("systems") is None:
        problems.add(root, "", '"systems" is missing: a line for each system. Add it.')
    for name, child in listed.items() if listed else ():
        where = f"systems: {name}"
        if name in words.FIELD_KEYS.keys() - SYSTEMS.keys() or name == "shared":
            problems.add(child, where, f'"{name}" is a word of the rules. Give the system another name.')
        elif shapes.mapping(child, where, words.SYSTEM_KEYS) is not None:
            systems[name] = _system(shapes, name, child, where, systems.get(name))
    return systems


def _system(shapes: Shapes, name: str, node: Node, where: str, known: System | None) -> System:
    base = known or System(name, f"tap-{name}", "", "", store=name)
    said: dict[str, Any] = {
        key: value
        for key in ("tap", "modified", "created", "deleted", "store", "custom_prefix", "editor")
        if (value := shapes.text(node, key, where, required=False)) is not None
    }
    made = replace(base, **said)
    if node.get("read_only") is not None:
        made = replace(made, writable=not shapes.flag(node, "read_only", where))
    for key in ("modified", "created"):
        if not getattr(made, key):
            shapes.problems.add(node, where, f'"{key}" is missing: {words.SYSTEM_KEYS[key]}. Add it.')
    return made
