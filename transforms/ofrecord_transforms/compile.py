"""Rules become straight functions: one per (entity, from, to). What remains per record is lookups and arithmetic."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ofrecord_transforms.about import UnusableRecordError, about_for, elements_for
from ofrecord_transforms.annotations import schema_message
from ofrecord_transforms.drift import Drift, annotated, drift_of, needs_of
from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.mentioned import mentioned
from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Entity, Rules
from ofrecord_transforms.schedules import NAME
from ofrecord_transforms.standing import mentioned_by_others, standing_for
from ofrecord_transforms.state_figures import figures_for
from ofrecord_transforms.steps import Step, Watch, constant_of, constants, simple, steps, watches
from ofrecord_transforms.straight import sender

__all__ = ["Compiled", "UnusableRecordError", "compile_entity", "compile_rules"]


@dataclass(frozen=True)
class Compiled:
    """One entity in one direction."""

    entity: str
    stream: str
    schema: dict[str, Any]
    """The SCHEMA message, ready to be encoded."""
    records: Callable[[Record], list[dict[str, Any]]]
    """A source record → the records to pass on, each with `_ofrecord`."""
    names: frozenset[str]
    """Names at the top of a source record of which the rules may ask for no other."""
    announce: Callable[[Any], tuple[dict[str, Any], Drift]]
    """The tap's JSON Schema of the stream → the SCHEMA message, and what differs from what the rules need."""


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
    sent = tuple(steps(rules, entity, source, to))
    travelling = frozenset(step.name for step in sent) | {rule.name for rule in constants(entity, source, to)}
    schema = schema_message(
        rules, entity, source, to, sent=travelling, create=whole and source in entity.new, whole=whole
    )
    watched = {rule.name for rule in entity.fields if entity.reads(rule, source)}
    needs = needs_of(entity, source, watched | {step.name for step in sent})

    def announce(incoming: Any) -> tuple[dict[str, Any], Drift]:
        drift = drift_of(needs, entity.systems[source].system, incoming)
        return (annotated(schema, drift, entity, source) if drift else schema), drift

    return Compiled(
        entity=entity.entity,
        stream=entity.systems[source].stream or "",
        schema=schema,
        records=_records(rules, entity, source, to, sent),
        names=mentioned(entity, source) | mentioned_by_others(rules, entity, source),
        announce=announce,
    )


def _records(
    rules: Rules, entity: Entity, source: str, to: str, sent: tuple[Step, ...]
) -> Callable[[Record], list[dict[str, Any]]]:
    """The function that maps records."""
    about = about_for(entity, source, to)
    standing = standing_for(rules, entity, source)
    values = _values(rules, entity, source, to, sent)
    key = entity.systems[to].external_id
    elements = elements_for(entity, source)
    planned = entity.schedule is not None and entity.schedule.system == source

    def one(record: Record) -> dict[str, Any]:
        note = about(record)
        out: dict[str, Any] = {key: note["id"]} if key is not None else {}
        out["_ofrecord"] = note
        if standing is not None and standing(record, note):
            return out
        if note["deleted"]:
            return out
        if planned and isinstance(why := record.get(NAME), str):
            note["invalid"] = {NAME: why}
            return out
        values(record, out, note)
        return out

    if elements is None:
        return lambda record: [one(record)]
    return _periods(one, elements) if planned else _each(entity, source, one, elements)


Records = Callable[[Record], list[dict[str, Any]]]


def _each(
    entity: Entity, source: str, one: Callable[[Record], dict[str, Any]], elements: Callable[[Record], list[Record]]
) -> Records:
    """The records of all elements there are now, told with each of them: others that were there before are gone."""
    listed, gone = entity.each.list if entity.each else "", entity.systems[source].system.deleted

    def each(record: Record) -> list[dict[str, Any]]:
        made = [one(element) for element in elements(record)]
        if isinstance(found := record.get(listed), list) or record.get(gone):
            ids = [out["_ofrecord"]["id"] for out in made] if found else []
            for out in made:
                out["_ofrecord"]["each"] = ids
        return made

    return each


def _periods(one: Callable[[Record], dict[str, Any]], elements: Callable[[Record], list[Record]]) -> Records:
    """The records of all periods of a contract. One that is left out, stopped or unclear comes as one, and takes no period away."""

    def periods(record: Record) -> list[dict[str, Any]]:
        whole = one({**record, NAME: None})
        note = whole["_ofrecord"]
        if note["deleted"]:
            note["each"] = []
        if note["deleted"] or "filtered" in note or "stopped" in note:
            return [whole]
        made = [one(element) for element in elements(record)]
        ids = [out["_ofrecord"]["id"] for out in made]
        for out in made if "native" in made[0]["_ofrecord"] else ():
            out["_ofrecord"]["each"] = ids
        return made

    return periods


def _values(
    rules: Rules, entity: Entity, source: str, to: str, sent: tuple[Step, ...]
) -> Callable[[Record, dict[str, Any], dict[str, Any]], None]:
    """The function that fills in the properties of one record, and what `_ofrecord` says of them."""
    observed = list(watches(rules, entity, source, to, {step.name for step in sent}))
    adopting = [watch for watch in observed if watch.adopt is not None]
    send = sender(sent)
    looks = [(watch.name, watch.get, watch.own) for watch in observed]
    always = [
        (rule.name, rule.property_at(to), constant_of(entity, rule, source, to))
        for rule in constants(entity, source, to)
    ]
    match = _match(entity, source, to, {step.property for step in sent})
    currencies = _currencies(entity, source, sent)
    figures = figures_for(entity, source)

    def values(record: Record, out: dict[str, Any], note: dict[str, Any]) -> None:
        native: dict[str, Any] = {}
        invalid: dict[str, str] = {}
        send(record, out, native, invalid)
        for name, property_, value in always:
            out[property_] = native[name] = value(record)
        note["native"] = native
        note["observed"] = (
            {name: own(value) for name, get, own in looks if (value := get(record)) is not ABSENT} if looks else {}
        )
        if adopting:
            note["adopt"] = _adopted(adopting, record)
        if match:
            note["match"] = {
                name: simple(value) for name, get in match if (value := get(record)) is not ABSENT and value is not None
            }
        if currencies:
            note["currencies"] = {name: code for name, get in currencies if isinstance(code := get(record), str)}
        if figures is not None:
            note["figures"] = figures(record, invalid)
        if invalid:
            note["invalid"] = invalid

    return values


def _currencies(entity: Entity, source: str, sent: tuple[Step, ...]) -> list[tuple[str, Get]]:
    """Of amounts that are added up: property, and where the record says its currency."""
    system = entity.systems[source].system
    added = [(step.property, step.rule.sides[source].currency) for step in sent if step.rule.combine == "sum"]
    return [(name, reader(system, currency)) for name, currency in added if currency is not None]


def _adopted(watches_: list[Watch], record: Record) -> dict[str, Any]:
    """Property → value in the destination's form. What does not convert is left out: a person must look at the edit."""
    found: dict[str, Any] = {}
    for watch in watches_:
        value = watch.get(record)
        if watch.adopt is None or value is ABSENT:
            continue
        property_, convert = watch.adopt
        try:
            found[property_] = None if value is None else convert(value, record)
        except InvalidValueError:
            continue
    return found


def _match(entity: Entity, source: str, to: str, sent: set[str]) -> list[tuple[str, Get]]:
    """Match fields that are not among the properties sent; their values travel beside them."""
    pairs = [pair for pair in entity.match if source in pair and to in pair and pair[to] not in sent]
    return [(pair[to], reader(entity.systems[source].system, pair[source])) for pair in pairs]
