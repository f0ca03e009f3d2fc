"""What differs between the SCHEMA a tap sends and what the rules were written for.

Only names and kinds are compared. A schema that describes nothing is not judged, and neither are custom fields that
travel in an undescribed object.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ofrecord_transforms.rules import Entity, Field, Schedule, Side
from ofrecord_transforms.systems import System

_TEXT = frozenset({"string", "number", "integer", "boolean", "reference"})
_KINDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "number": ("number", frozenset({"number", "integer"})),
    "money": ("number", frozenset({"number", "integer"})),
    "boolean": ("boolean", frozenset({"boolean", "string"})),
    "phone": ("text", frozenset({"string", "number", "integer"})),
    "email": ("text", frozenset({"string"})),
    "date": ("text", frozenset({"string"})),
    "datetime": ("text", frozenset({"string"})),
    "lines": ("list", frozenset({"array"})),
}
_WORDS = {"string": "text", "integer": "number", "array": "list"}
_NOTHING = "nothing"


@dataclass(frozen=True)
class Need:
    """A property of the source that the rules name, and the JSON types that will do."""

    field: str
    """Name in the rules, lower case; `id` for the record's own id, `condition` for what decides who takes part."""
    property: str
    expected: str
    types: frozenset[str]
    """Empty: any."""


Drift = list[dict[str, str]]
"""`{"field", "property", "expected", "found"}` of each difference; never a value."""


def needs_of(entity: Entity, source: str, travelling: Iterable[str]) -> list[Need]:
    """What an entity needs of the source's stream; `travelling` are names of fields sent or observed."""
    place = entity.systems[source]
    names = set(travelling)
    found = [Need("id", place.id, "text", _TEXT)]
    for rule in entity.fields:
        side = rule.sides.get(source)
        if side is not None and side.always is None and rule.name in names and not entity.is_made(source, side.field):
            found += _needs(rule, side, source)
    if entity.schedule is not None and entity.schedule.system == source:
        found += _needs_of_schedule(entity.schedule)
    named = {need.property for need in found}
    tested = dict.fromkeys(name for name in (*_tested(entity, source),) if name not in named)
    return [*found, *(Need("condition", name, "anything", frozenset()) for name in tested)]


def _tested(entity: Entity, source: str) -> Iterator[str]:
    """Fields that conditions look at, and the one that names a file."""
    yield from (name for name, _ in entity.conditions(source))
    if entity.attach is not None:
        yield from (entity.attach.named, *entity.attach.when.get(source, ()))


def _needs_of_schedule(said: Schedule) -> Iterator[Need]:
    for path, form in ((said.start, "date"), (said.months, "number"), (said.amount, "money")):
        yield Need("schedule", path, *_KINDS[form])
    if said.currency is not None:
        yield Need("schedule", said.currency, "text", _TEXT)


def _needs(rule: Field, side: Side, source: str) -> Iterator[Need]:
    if side.parts is not None:
        for part in side.parts.values():
            yield Need(rule.name, part.field, "text", _TEXT)
        return
    if side.record:
        for line in rule.lines:
            if source in line.sides:
                yield from _needs(replace(line, what=rule.what), line.sides[source], source)
        return
    expected, types = _KINDS.get(rule.format, ("text", _TEXT))
    if rule.ref is not None:
        expected, types = "reference", frozenset({"string", "integer", "reference"})
    elif rule.lookup is not None:
        expected, types = "list entry", frozenset({"string", "reference", "object", "array"})
    elif any(other.values for other in rule.sides.values()):
        expected, types = "value of a list", _TEXT
    yield Need(rule.name, side.field, expected, types)


def drift_of(needs: Iterable[Need], system: System, schema: Any) -> Drift:
    """What of the needs a tap's JSON Schema does not have, or has as another kind."""
    if not isinstance(schema, Mapping) or not schema.get("properties"):
        return []
    drift = []
    for need in needs:
        found = _kinds(schema, need.property, system.custom_prefix)
        if found is None or (found and (not need.types or found & need.types)):
            continue
        words = " or ".join(sorted({_WORDS.get(kind, kind) for kind in found})) or _NOTHING
        drift.append({"field": need.field, "property": need.property, "expected": need.expected, "found": words})
    return drift


def _kinds(schema: Any, path: str, custom_prefix: str | None) -> frozenset[str] | None:
    """JSON types of a property; none when it is missing, None when the schema does not say."""
    names = path.split(".")
    if custom_prefix is not None and path.startswith(custom_prefix) and path not in schema["properties"]:
        names = ["custom_field_hash", path]
    current = schema
    for name in names:
        while isinstance(current.get("items"), Mapping):
            current = current["items"]
        properties = current.get("properties")
        if not properties:
            return None
        if name not in properties:
            return None if current.get("additionalProperties") else frozenset()
        current = properties[name] if isinstance(properties[name], Mapping) else {}
    return _types(current)


def _types(about: Mapping[str, Any]) -> frozenset[str] | None:
    """Types named by `type`, or by the choices of `anyOf` and `oneOf`; null aside. None: nothing is said.

    An object with an id is a `reference`.
    """
    said = about.get("type")
    types = {one for one in ([said] if isinstance(said, str) else _list(said)) if isinstance(one, str)}
    if "object" in types and "id" in (about.get("properties") or {"id": None}):
        types = types - {"object"} | {"reference"}
    for choice in (*_list(about.get("anyOf")), *_list(about.get("oneOf"))):
        types |= (_types(choice) if isinstance(choice, Mapping) else None) or frozenset()
    return frozenset(types) - {"null"} or None


def _list(said: Any) -> list[Any]:
    """What a schema lists; nothing where it says something else."""
    return said if isinstance(said, list) else []


def line_of(message: Mapping[str, Any], field: str) -> str:
    """The line of the rules that a field of a SCHEMA message comes from, as a sentence; empty for what is no field."""
    about = (one.get("x-ofrecord") or {} for one in message["schema"]["properties"].values())
    return next((f" See {one['rule']}." for one in about if one.get("field") == field and one.get("rule")), "")


def annotated(message: Mapping[str, Any], drift: Drift, entity: Entity, source: str) -> dict[str, Any]:
    """The SCHEMA message that tells of the drift.

    A part that is missing is no longer among the parts of its value: the target would clear it.
    """
    schema = message["schema"]
    gone = {said["property"] for said in drift if said["found"] == _NOTHING}
    properties = dict(schema["properties"])
    for rule in entity.fields:
        here = rule.sides.get(source)
        lost = {part for part, side in (here.parts or {}).items() if side.field in gone} if here is not None else set()
        for name, about in properties.items():
            said = about.get("x-ofrecord")
            if lost and said is not None and said["field"] == rule.name and "parts" in said:
                parts = {part: field for part, field in said["parts"].items() if part not in lost}
                properties[name] = {**about, "x-ofrecord": {**said, "parts": parts}}
    return {
        **message,
        "schema": {**schema, "x-ofrecord": {**schema["x-ofrecord"], "drift": drift}, "properties": properties},
    }
