"""Rules become straight functions: one per (entity, from, to). What remains per record is lookups and arithmetic."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ofrecord_transforms.annotations import schema_message
from ofrecord_transforms.filters import filter_for
from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.amounts import money
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.lenses.words import moment
from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Entity, Field, Rules, Side
from ofrecord_transforms.systems import System

Convert = Callable[[Any, Record], Any]
Own = Callable[[Any], Any]


_ALIVE = (None, "", False)


class UnusableRecordError(Exception):
    """A record without its id. The message names stream and field; the tap, or the rules' `id`, must be corrected."""


@dataclass(frozen=True)
class Sent:
    """A field that travels: where it is read, how it converts, the property it becomes."""

    name: str
    property: str
    get: Get
    own: Own
    convert: Convert


@dataclass(frozen=True)
class Compiled:
    """One entity in one direction."""

    entity: str
    stream: str
    schema: dict[str, Any]
    """The SCHEMA message, ready to be encoded."""
    records: Callable[[Record], list[dict[str, Any]]]
    """A source record → the records to pass on, each with `_ofrecord`."""


def compile_rules(
    rules: Rules, source: str, to: str, entities: list[str], fields: list[str] | None = None
) -> list[Compiled]:
    """Compile the named entities for one direction. Each must have that direction (`Entity.directions`).

    With `fields` (names as in the rules) only these are sent and observed; then nothing is created, because a record
    of a few fields would be a torso.
    """
    chosen = [rules.entities[name] for name in entities]
    if fields is not None:
        names = {name.lower() for name in fields}
        chosen = [
            replace(entity, fields=tuple(rule for rule in entity.fields if rule.name in names)) for entity in chosen
        ]
    return [compile_entity(rules, entity, source, to, whole=fields is None) for entity in chosen]


def compile_entity(rules: Rules, entity: Entity, source: str, to: str, *, whole: bool = True) -> Compiled:
    """One entity, one direction. `whole`: with all its fields, so that new records may be created."""
    sent = tuple(_sent(entity, source, to))
    travelling = frozenset(step.name for step in sent) | {rule.name for rule in _constants(entity, source, to)}
    return Compiled(
        entity=entity.entity,
        stream=entity.systems[source].stream or "",
        schema=schema_message(
            rules, entity, source, to, sent=travelling, create=whole and source in entity.new, whole=whole
        ),
        records=_records(entity, source, to, sent),
    )


def _travels(entity: Entity, rule: Field, source: str) -> bool:
    """May this source write the field? A document created once takes its fields from where it originated."""
    return rule.owner in {source, "shared"} and (entity.once is None or rule.owner != "shared" or source in entity.new)


def _constants(entity: Entity, source: str, to: str) -> list[Field]:
    return [
        rule
        for rule in entity.fields
        if to in rule.sides and rule.sides[to].always is not None and _travels(entity, rule, source)
    ]


def _sent(entity: Entity, source: str, to: str) -> Iterator[Sent]:
    for rule in entity.fields:
        here, there = rule.sides.get(source), rule.sides.get(to)
        if here is None or there is None or not _travels(entity, rule, source):
            continue
        if here.always is not None or there.always is not None:
            continue
        yield Sent(
            rule.name,
            rule.property_at(to),
            _reader(entity.systems[source].system, here),
            _own(rule, entity.systems[source].system),
            _convert(rule, entity, source, to),
        )


def _reader(system: System, side: Side) -> Get:
    """Reads a side's value; an amount may count as 0."""
    get = reader(system, side.field)
    if side.zero_when is None:
        return get
    zero = [(reader(system, name), frozenset(values)) for name, values in side.zero_when.items()]

    def amount(record: Record) -> Any:
        return 0 if any(when(record) in values for when, values in zero) else get(record)

    return amount


def _simple(value: Any) -> Any:
    """A lookup is its id: lists, single reads and queries of the CRM name different parts of it beside the id."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


def _own(rule: Field, system: System) -> Own:
    """The source's own value, in the form in which it is remembered: of lines, only what the rules name."""
    if not rule.lines:
        return _simple
    columns = [(side.field, reader(system, side.field)) for line in rule.lines if (side := line.sides.get(system.name))]

    def rows(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [
            {name: _simple(found) for name, get in columns if (found := get(row)) is not ABSENT and found is not None}
            for row in value
        ]

    return rows


def _convert(rule: Field, entity: Entity, source: str, to: str) -> Convert:
    system = entity.systems[source].system
    if rule.lines:
        return _lines(rule, system, to)
    here, there = rule.sides[source], rule.sides[to]
    forward = lens(rule, here, there).forward
    if here.currency is None:
        plain = forward if rule.lookup is not None else (lambda value: forward(_simple(value)))
        return lambda value, _record: plain(value)
    code = reader(system, here.currency)
    rounding = cache(money)

    def amount(value: Any, record: Record) -> Any:
        return rounding(str(code(record))).forward(value)

    return amount


def _lines(rule: Field, source: System, to: str) -> Convert:
    columns: list[tuple[str, Get, Callable[[Any], Any]]] = []
    for line in rule.lines:
        here, there = line.sides[source.name], line.sides[to]
        columns.append((there.field, reader(source, here.field), lens(line, here, there).forward))

    def rows(value: Any, _record: Record) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            message = "is not a list of lines"
            raise InvalidValueError(message)
        made = []
        for row in value:
            line = {}
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


def _records(entity: Entity, source: str, to: str, sent: tuple[Sent, ...]) -> Callable[[Record], list[dict[str, Any]]]:
    """The function that maps records."""
    about = _about(entity, source)
    filtered = filter_for(entity, source)
    values = _values(entity, source, to, sent)
    key = entity.systems[to].external_id
    parts = _parts(entity, source)

    def one(record: Record) -> dict[str, Any]:
        note = about(record)
        out: dict[str, Any] = {key: note["id"]} if key is not None else {}
        out["_ofrecord"] = note
        if note["deleted"]:
            return out
        reason = filtered(record)
        if reason is not None:
            note["filtered"] = reason
            return out
        values(record, out, note)
        return out

    def records(record: Record) -> list[dict[str, Any]]:
        return [one(part) for part in parts(record)]

    return records


def _values(
    entity: Entity, source: str, to: str, sent: tuple[Sent, ...]
) -> Callable[[Record, dict[str, Any], dict[str, Any]], None]:
    """The function that fills in the properties of one record, and what `_ofrecord` says of them."""
    observed = _observed(entity, source, {step.name for step in sent})
    constants = [(rule.name, rule.property_at(to), rule.sides[to].always) for rule in _constants(entity, source, to)]
    match = _match(entity, source, to, {step.property for step in sent})

    def values(record: Record, out: dict[str, Any], note: dict[str, Any]) -> None:
        native: dict[str, Any] = {}
        invalid: dict[str, str] = {}
        for step in sent:
            value = step.get(record)
            if value is ABSENT:
                continue
            try:
                out[step.property] = None if value is None else step.convert(value, record)
            except InvalidValueError as error:
                invalid[step.name] = str(error)
            native[step.name] = step.own(value)
        for name, property_, value in constants:
            out[property_] = native[name] = value
        note["native"] = native
        note["observed"] = {name: own(value) for name, get, own in observed if (value := get(record)) is not ABSENT}
        if match:
            note["match"] = {
                name: _simple(value)
                for name, get in match
                if (value := get(record)) is not ABSENT and value is not None
            }
        if invalid:
            note["invalid"] = invalid

    return values


def _observed(entity: Entity, source: str, sent: set[str]) -> list[tuple[str, Get, Own]]:
    system = entity.systems[source].system
    return [
        (rule.name, _reader(system, rule.sides[source]), _own(rule, system))
        for rule in entity.fields
        if rule.name not in sent and source in rule.sides and entity.reads(rule, source)
    ]


def _match(entity: Entity, source: str, to: str, sent: set[str]) -> list[tuple[str, Get]]:
    """Match fields that are not among the properties sent; their values travel beside them."""
    pairs = [pair for pair in entity.match if source in pair and to in pair and pair[to] not in sent]
    return [(pair[to], reader(entity.systems[source].system, pair[source])) for pair in pairs]


def _about(entity: Entity, source: str) -> Callable[[Record], dict[str, Any]]:
    """What `_ofrecord` says of every record, filtered ones too."""
    place = entity.systems[source]
    system = place.system
    key = place.id
    stamped = reader(system, place.external_id) if place.external_id else None
    label = reader(system, entity.label[source]) if source in entity.label else None
    check = entity.once.check if entity.once and source in entity.new else None
    total = (check_to(check, source), reader(system, check[source])) if check and source in check else None
    rank = reader(system, entity.primary.earliest) if entity.primary else None
    by = reader(system, entity.combine.by) if entity.combine else None
    each_id = reader(system, f"{entity.each.list}.{entity.each.id}") if entity.each else None

    def about(record: Record) -> dict[str, Any]:
        found = record.get(key)
        if found is None or found == "":
            message = (
                f'a record of {source} {place.stream} has no "{key}", so it cannot be told apart. '
                f"Correct the tap, or systems: {source}: id in {entity.file}."
            )
            raise UnusableRecordError(message)
        note: dict[str, Any] = {"id": str(found)}
        if each_id is not None and (part := _value(each_id, record)) is not None:
            note["id"] = f"{found}/{part}"
        note["modified"] = _time(record.get(system.modified))
        note["created"] = _time(record.get(system.created))
        note["deleted"] = record.get(system.deleted) not in _ALIVE
        if stamped is not None:
            note["stamped"] = _value(stamped, record)
        if label is not None:
            note["label"] = _value(label, record)
        if rank is not None:
            note["rank"] = _value(rank, record)
        if by is not None:
            note["by"] = _value(by, record)
        if total is not None:
            note["check"] = {total[0]: _value(total[1], record)}
        return note

    return about


def check_to(check: Any, source: str) -> str:
    """The destination's name of the amount that must agree."""
    return str(next((name for system, name in check.items() if system != source), check[source]))


def _value(get: Get, record: Record) -> Any:
    value = get(record)
    return None if value is ABSENT else _simple(value)


def _time(value: Any) -> str | None:
    """UTC as taps give it; anything else is brought to it, and what is no time is left out."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.endswith("+00:00"):
        return value
    try:
        return moment(value)
    except InvalidValueError:
        return None


def _parts(entity: Entity, source: str) -> Callable[[Record], list[Record]]:
    """The record itself, or one record for each element of its list, in which the list is that element."""
    each = entity.each
    if each is None or each.system != source:
        return lambda record: [record]

    def parts(record: Record) -> list[Record]:
        elements = record.get(each.list)
        if not isinstance(elements, list) or not elements:
            return [{**record, each.list: None}]
        return [{**record, each.list: element} for element in elements]

    return parts
