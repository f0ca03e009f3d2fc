"""How the fields of one entity travel one way: where each is read, how it converts, the property it becomes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ofrecord_transforms.conditions import fulfils
from ofrecord_transforms.lengths import check_for
from ofrecord_transforms.lenses import InvalidValueError, amounts
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Condition, Entity, Field, Rules, Side
from ofrecord_transforms.systems import System

Convert = Callable[[Any, Record], Any]
"""The source's value, never None, in the destination's form. Raises `InvalidValueError`."""
Own = Callable[[Any], Any]
"""The source's own value, in the form in which it is remembered."""


@dataclass(frozen=True)
class Step:
    """A field that travels."""

    rule: Field
    name: str
    property: str
    get: Get
    own: Own
    convert: Convert
    path: tuple[str, ...] | None = None
    """Where the value lies, when reading it is no more than following names."""
    forward: Callable[[Any], Any] | None = None
    """The conversion alone, when it asks for nothing but the value and takes any value but a mapping."""


@dataclass(frozen=True)
class Watch:
    """A field that is only looked at."""

    rule: Field
    name: str
    get: Get
    own: Own
    adopt: tuple[str, Convert] | None = None
    """Property and conversion, when an edit is adopted by the owner, which is the destination, or may be by an answer."""


def may_write(entity: Entity, rule: Field, source: str) -> bool:
    """May this source write the field? A document created once takes its fields from where it originated."""
    return rule.owner in {source, "shared"} and (entity.once is None or rule.owner != "shared" or source in entity.new)


def constants(entity: Entity, source: str, to: str) -> list[Field]:
    """Fields whose value at the destination is a constant that this source writes."""
    return [
        rule
        for rule in entity.fields
        if to in rule.sides and rule.sides[to].always is not None and may_write(entity, rule, source)
    ]


def constant_of(entity: Entity, rule: Field, source: str, to: str) -> Callable[[Record], Any]:
    """The constant a record writes: the usual one, or the first other one whose conditions it fulfils."""
    side, system = rule.sides[to], entity.systems[source].system
    always = side.always
    if not side.unless:
        return lambda _record: always
    others = [
        (value, [(reader(system, name), fulfils(one, None)) for name, some in when.items() for one in some])
        for value, when in side.unless.items()
    ]

    def constant(record: Record) -> Any:
        return next((value for value, tests in others if all(holds(get(record)) for get, holds in tests)), always)

    return constant


def steps(rules: Rules, entity: Entity, source: str, to: str) -> Iterator[Step]:
    """The fields that travel, in the order of the rules."""
    system = entity.systems[source].system
    for rule in entity.fields:
        here, there = rule.sides.get(source), rule.sides.get(to)
        if here is None or there is None or not may_write(entity, rule, source):
            continue
        if here.always is not None or there.always is not None:
            continue
        yield Step(
            rule,
            rule.name,
            rule.property_at(to),
            side_reader(system, here),
            _own(rule, system),
            _convert(rules, entity, rule, source, to),
            _path(system, here),
            _forward(rules, entity, rule, source, to),
        )


def watches(rules: Rules, entity: Entity, source: str, to: str, sent: set[str]) -> Iterator[Watch]:
    """The fields the source holds and does not write, in the order of the rules."""
    system = entity.systems[source].system
    for rule in entity.fields:
        here = rule.sides.get(source)
        if rule.name in sent or here is None or not entity.reads(rule, source):
            continue
        there = rule.sides.get(to)
        adopted = (
            rule.violation in {"adopt", "hold"} and rule.owner == to and there is not None and there.always is None
        )
        yield Watch(
            rule,
            rule.name,
            side_reader(system, here),
            _own(rule, system),
            (rule.property_at(to), _convert(rules, entity, rule, source, to)) if adopted else None,
        )


def simple(value: Any) -> Any:
    """A lookup is its id: lists, single reads and queries of the CRM name different parts of it beside the id."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


def side_reader(system: System, side: Side) -> Get:
    """Reads a side's value: of a side in parts an object by part; an amount may count as 0, a record be its one line."""
    if side.parts is not None:
        return _parts_reader(system, side.parts)
    if side.record:
        return lambda record: [record]
    get = reader(system, side.field) if side.other is None else _first_of(system, side.field, side.other)
    if side.empty_when is not None:
        return _or_empty(system, get, side.empty_when)
    if side.zero_when is None:
        return get
    zero = [(reader(system, name), fulfils(Condition("in", values), None)) for name, values in side.zero_when.items()]

    def amount(record: Record) -> Any:
        return 0 if any(holds(when(record)) for when, holds in zero) else get(record)

    return amount


def _or_empty(system: System, get: Get, when: Mapping[str, tuple[Condition, ...]]) -> Get:
    """A list that counts as empty when any of the conditions holds."""
    tests = [(reader(system, name), fulfils(one, None)) for name, conditions in when.items() for one in conditions]
    return lambda record: [] if any(holds(read(record)) for read, holds in tests) else get(record)


def _first_of(system: System, *names: str) -> Get:
    """The first of these fields that holds something; `ABSENT` when the record has none of them."""
    getters = [reader(system, name) for name in names]

    def first(record: Record) -> Any:
        found = [get(record) for get in getters]
        empty = ABSENT if all(value is ABSENT for value in found) else None
        return next((value for value in found if value is not ABSENT and value is not None), empty)

    return first


def _parts_reader(system: System, parts: Mapping[str, Side]) -> Get:
    """An object by part, without the parts the record says nothing about; `ABSENT` when it says nothing at all."""
    getters = [(part, reader(system, side.field)) for part, side in parts.items()]

    def whole(record: Record) -> Any:
        found = {part: simple(value) for part, get in getters if (value := get(record)) is not ABSENT}
        return found or ABSENT

    return whole


def _own(rule: Field, system: System) -> Own:
    """Of lines, only what the rules name."""
    if not rule.lines:
        return simple
    columns = [(side.field, side_reader(system, side)) for line in rule.lines if (side := line.sides.get(system.name))]

    def rows(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [
            {name: simple(found) for name, get in columns if (found := get(row)) is not ABSENT and found is not None}
            for row in value
        ]

    return rows


def _path(system: System, side: Side) -> tuple[str, ...] | None:
    custom = system.custom_prefix is not None and side.field.startswith(system.custom_prefix)
    if (
        custom
        or side.record
        or not (side.parts is None and side.zero_when is None and side.other is None and side.empty_when is None)
    ):
        return None
    return tuple(side.field.split("."))


def _forward(rules: Rules, entity: Entity, rule: Field, source: str, to: str) -> Callable[[Any], Any] | None:
    """The conversion of a plain value. None where it asks for more than that: the record, or the whole of a lookup."""
    here, there = rule.sides[source], rule.sides[to]
    if rule.lines or rule.lookup is not None or here.currency is not None or here.parts is not None:
        return None
    forward = lens(rule, here, there).forward
    check = check_for(rules.catalogs, entity, rule, source, to)
    if check is None:
        return forward

    def checked(value: Any) -> Any:
        converted = forward(value)
        check(converted)
        return converted

    return checked


def _convert(rules: Rules, entity: Entity, rule: Field, source: str, to: str) -> Convert:
    """The whole conversion of any value; a text that the destination does not take is refused."""
    forward = _forward(rules, entity, rule, source, to)
    if forward is not None:
        return lambda value, _record: forward(simple(value))
    convert = _by_record(rule, entity.systems[source].system, to)
    check = check_for(rules.catalogs, entity, rule, source, to)
    if check is None:
        return convert

    def checked(value: Any, record: Record) -> Any:
        converted = convert(value, record)
        check(converted)
        return converted

    return checked


def _by_record(rule: Field, source: System, to: str) -> Convert:
    """Conversions that ask for more than a plain value."""
    here, there = rule.sides[source.name], rule.sides[to]
    if rule.lines:
        return _lines(rule, source, to)
    if here.parts is not None and there.parts is not None:
        return _parts(rule, here, there)
    if here.currency is None:
        forward = lens(rule, here, there).forward
        return lambda value, _record: forward(value)
    code = reader(source, here.currency)
    lens_of = amounts.amount(here.minor, there.minor)

    def amount(value: Any, record: Record) -> Any:
        return lens_of(code(record)).forward(value)

    return amount


def _parts(rule: Field, here: Side, there: Side) -> Convert:
    """A value in parts: those both sides have, null when none of them holds anything."""
    wanted = [part for part in here.parts or {} if part in (there.parts or {})]
    forward = lens(rule, here, there).forward

    def whole(value: Any, _record: Record) -> Any:
        known = {part: value[part] for part in wanted if part in value}
        if all(part is None for part in known.values()):
            return None
        return forward(known)

    return whole


def _lines(rule: Field, source: System, to: str) -> Convert:
    columns: list[tuple[str, Get, Callable[[Any], Any]]] = []
    always = {}
    for line in rule.lines:
        here, there = line.sides.get(source.name), line.sides.get(to)
        if there is not None and there.always is not None:
            always[there.field] = there.always
        elif here is not None and there is not None:
            columns.append((there.field, side_reader(source, here), lens(line, here, there).forward))

    def rows(value: Any, _record: Record) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            message = "is not a list of lines"
            raise InvalidValueError(message)
        made = []
        for row in value:
            line = dict(always)
            for name, get, forward in columns:
                found = get(row)
                if found is ABSENT or found is None:
                    continue
                converted = forward(found)
                if converted is not None:
                    line[name] = converted
            made.append(line)
        return made

    return rows
