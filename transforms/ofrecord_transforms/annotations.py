"""The SCHEMA message of one entity in one direction, with all a target must know. See docs/architecture.md."""

from collections.abc import Mapping
from typing import Any

from ofrecord_transforms import states
from ofrecord_transforms.agreeing import annotated_once
from ofrecord_transforms.rules import Combine, Entity, Field, Rules, Tell

_TYPES: dict[str, list[str]] = {
    "number": ["number", "null"],
    "money": ["number", "null"],
    "boolean": ["boolean", "null"],
    "lines": ["array", "null"],
    "address": ["object", "null"],
}


def schema_message(
    rules: Rules, entity: Entity, source: str, to: str, *, sent: frozenset[str], create: bool, whole: bool = True
) -> dict[str, Any]:
    """The whole message. `sent` holds the names of fields that travel; the others are only observed.

    Not `whole`: the setting `fields` left some out, and the target is told.
    """
    place = entity.systems[to]
    properties: dict[str, Any] = {place.external_id: {"type": "string"}} if place.external_id else {}
    for rule in entity.fields:
        if to not in rule.sides or (
            rule.name not in sent and not (source in rule.sides and entity.reads(rule, source))
        ):
            continue
        properties[rule.property_at(to)] = {
            "type": _type(rule, source, to),
            "x-ofrecord": _property(rule, source, to, observed=rule.name not in sent),
        }
    properties["_ofrecord"] = {"type": "object"}
    return {
        "type": "SCHEMA",
        "stream": entity.entity,
        "key_properties": [place.external_id] if place.external_id else [],
        "schema": {
            "type": "object",
            "x-ofrecord": {
                **_entity(rules, entity, source, to),
                "create": create,
                **({} if whole else {"partial": True}),
            },
            "properties": properties,
        },
    }


def _type(rule: Field, source: str, to: str) -> list[str]:
    """JSON types at the destination; translated values have the types the list gives them."""
    for table in _value_lists(rule, source, to):
        kinds = {"boolean" if isinstance(v, bool) else "number" if isinstance(v, int) else "string" for v in table}
        return [*sorted(kinds), "null"]
    always = rule.sides[to].always
    if isinstance(always, bool):
        return ["boolean", "null"]
    if isinstance(always, int):
        return ["number", "null"]
    return _TYPES.get(rule.format, ["string", "null"])


def _value_lists(rule: Field, source: str, to: str) -> list[list[Any]]:
    """Values as the destination knows them, from whichever side lists them."""
    lists = []
    if source in rule.sides and rule.sides[source].values is not None:
        lists.append(list((rule.sides[source].values or {}).values()))
    if rule.sides[to].values is not None:
        lists.append(list(rule.sides[to].values or {}))
    return lists


def _entity(rules: Rules, entity: Entity, source: str, to: str) -> dict[str, Any]:
    place, origin = entity.systems[to], entity.systems[source]
    return {
        "entity": entity.entity,
        "object": place.object,
        "from": source,
        "to": to,
        "rules": rules.hash,
        "file": entity.file,
        "external_id": place.external_id,
        "source_external_id": origin.external_id,
        "source_object": origin.object,
        "match": [
            {"field": pair[to], "format": _format_of(entity, to, pair[to])}
            for pair in entity.match
            if to in pair and source in pair
        ],
        "once": _once(entity, source, to),
        "duplicates": entity.duplicates,
        "deleted": entity.deleted.get(source, {}).get(to),
        "missing": entity.missing,
        "parent": _parent(entity, to),
        "combine": _combine(rules, entity, source),
        "leaving": entity.leaving.get(source, {}).get(to),
        "spread": {"through": entity.spread.through, "field": entity.spread.by.lower()} if entity.spread else None,
        **(
            {"waits_for": {"entity": entity.waits_for.entity, "field": entity.waits_for.by.lower()}}
            if entity.waits_for and source in entity.waits_for.when
            else {}
        ),
        **({"attach": {"file": entity.attach.file}} if entity.attach else {}),
        "responsible": dict(entity.responsible),
        "limits": _limits(entity),
        **({} if entity.near == "hold" else {"near": entity.near}),
        **({"counts_from": {"zone": day.zone}} if (day := entity.counts_from.get(source)) else {}),
        **({"settled": settled} if (settled := _settled(entity, to)) else {}),
        **({"states": table} if (table := states.annotation(rules.entities, entity, source, to)) else {}),
        **({"stated": stated} if (stated := list(states.tables(rules.entities, entity))) else {}),
        **({} if entity.clock_tolerance is None else {"tolerance_s": entity.clock_tolerance}),
    }


def _limits(entity: Entity) -> dict[str, Any]:
    """Counts as numbers; amounts as text, which every reader of JSON keeps to the last digit."""
    return {
        key: {currency: format(amount, "f") for currency, amount in said.items()} if isinstance(said, Mapping) else said
        for key, said in entity.limits.items()
    }


def _format_of(entity: Entity, system: str, name: str) -> str:
    for rule in entity.fields:
        if system in rule.sides and rule.sides[system].field == name:
            return rule.format
    return "text"


def _once(entity: Entity, source: str, to: str) -> dict[str, Any] | None:
    said = annotated_once(entity, source, to)
    tell = [_told(one) for one in entity.once.tell] if entity.once else []
    return said if said is None else {**said, **({"tell": tell} if tell else {})}


def _told(one: Tell) -> dict[str, Any]:
    return {"name": one.what, **({"mail": list(one.mail)} if one.mail else {"webhook": one.webhook})}


def _parent(entity: Entity, to: str) -> dict[str, Any] | None:
    for rule in entity.fields:
        if rule.what == entity.parent and to in rule.sides:
            primary = {"least": entity.primary.earliest} if entity.primary else None
            return {"field": rule.sides[to].field, "entity": rule.ref, "primary": primary}
    return None


def _settled(entity: Entity, to: str) -> dict[str, Any] | None:
    """The property there that holds the day, and the time zone of days the rules name for it."""
    for rule in entity.fields:
        if rule.what == entity.settled and to in rule.sides:
            return {"field": rule.property_at(to), "zone": rule.sides[to].zone}
    return None


def _combine(rules: Rules, entity: Entity, source: str) -> dict[str, Any] | None:
    if entity.combine is None:
        return None
    first, *others = (_way(rules, entity, source, one) for one in entity.combine.ways)
    return {"whole": entity.combine.into, **first, **({"or": others} if others else {})}


def _way(rules: Rules, entity: Entity, source: str, said: Combine) -> dict[str, Any]:
    """How a part is led to its whole. `external`: it names the record it goes through by that one's id at the destination."""
    if said.same_as is not None:
        return {"by": said.by, "entity": said.same_as}
    field = None if said.into == said.through else said.into
    store = entity.systems[source].system.store
    through = rules.entities.get(said.through or "")
    places = through.systems.values() if through is not None else ()
    external = any(place.system.store == store and place.external_id == said.by for place in places)
    return {"through": said.through, "by": said.by, "field": field, **({"external": True} if external else {})}


def _property(rule: Field, source: str, to: str, *, observed: bool) -> dict[str, Any]:
    """Annotation of one property; keys that say nothing are left out."""
    said: dict[str, Any] = {
        "field": rule.name,
        "label": rule.what,
        "owner": rule.owner,
        "policy": _policy(rule),
        "rule": rule.rule,
        "format": rule.format,
        "currency": rule.sides[to].unit if rule.format == "money" else None,
        "ref": rule.ref,
        "also": list(rule.also) or None,
        "of": rule.of.lower() if rule.of else None,
        "unlinked": rule.unlinked if rule.unlinked != "hold" else None,
        "direct": rule.names_its_own(source, to) or None,
        "lookup": rule.lookup,
        "after_create": rule.after_create or None,
        "status": rule.sides[to].status or None,
        "related": rule.sides[to].related or None,
        "combine": rule.combine,
        "otherwise": rule.otherwise,
        "violation": rule.violation if observed else None,
        "read": rule.sides[source].fields() if source in rule.sides else None,
        "parts": _parts(rule, source, to),
        "lines": {line.sides[to].field: _line(line) for line in rule.lines if to in line.sides} or None,
        "identity": _identity(rule, to),
        "converted": {one: told for one in (source, to) if (told := _measure(rule, one))} or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _measure(rule: Field, system: str) -> dict[str, Any]:
    """What the same value is written as in a system: its unit, whether in smallest units, its list of values, its time zone."""
    side = rule.sides.get(system)
    if side is None:
        return {}
    values = sorted(([one, other] for one, other in side.values.items()), key=str) if side.values is not None else None
    said = {
        "unit": side.unit if rule.format != "money" else None,
        "minor": side.minor or None,
        "values": values,
        "zone": side.zone,
        "page": side.page,
    }
    return {key: value for key, value in said.items() if value is not None}


def _parts(rule: Field, source: str, to: str) -> dict[str, str] | None:
    """Part → field of the destination, of the parts both sides have: others are not this source's to clear."""
    here, there = rule.sides.get(source), rule.sides[to]
    if there.parts is None:
        return None
    wanted = there.parts if here is None or here.parts is None else here.parts
    return {part: side.field for part, side in there.parts.items() if part in wanted}


def _identity(rule: Field, to: str) -> list[str] | None:
    keys = [line.sides[to].field for line in rule.lines if line.what in rule.identity and to in line.sides]
    return keys or None


def _policy(rule: Field) -> str | list[str] | None:
    if rule.owner != "shared":
        return None
    return list(rule.policy) if isinstance(rule.policy, tuple) else rule.policy or "review"


def _line(line: Field) -> dict[str, Any]:
    said = {
        "ref": line.ref,
        "also": list(line.also) or None,
        "lookup": line.lookup,
        "format": line.format if not line.ref else None,
    }
    return {key: value for key, value in said.items() if value is not None}
