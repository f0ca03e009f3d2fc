"""Which fields the rules use in each system, which of them are missing there, and how a missing one is described to the vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Entity, Field, Rules

CUSTOM = "cf_"
"""API names of custom fields of the finance side begin so (Zoho Inventory v1 docs, "Custom Fields")."""
_LABEL = 25
_KINDS = {
    "text", "textarea", "integer", "bigint", "double", "currency", "percent", "date", "datetime", "boolean", "picklist", "lookup",
    "email", "phone", "website",
}  # fmt: skip
_BY_FORMAT = {"number": "double", "money": "currency", "date": "date", "datetime": "datetime", "boolean": "boolean"}


@dataclass(frozen=True)
class Needed:
    """A field the rules use. `kind` is the vendor's word for its type, None when nobody knows it."""

    system: str
    object: str
    field: str
    kind: str | None
    unique: bool
    length: int | None
    values: tuple[str, ...]
    target: str | None
    """Of a lookup: the module it points to."""
    rules: tuple[str, ...]
    """Where the rules name it."""


def needed(rules: Rules, catalogs: Path) -> list[Needed]:
    """Every field the rules name in the CRM, and every custom one of the finance side, described by the project's catalogs."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entity in rules.entities.values():
        for system, object_, field, more in _named(rules, entity):
            if system not in ("crm", "inventory", "books") or (system != "crm" and not field.startswith(CUSTOM)):
                continue
            known = found.setdefault((system, object_, field), {"rules": []})
            known["rules"].append(more.pop("rule"))
            known |= {name: value for name, value in more.items() if value}
    facts = {system: _facts(catalogs / f"tap-{system}.json") for system in {key[0] for key in found}}
    return [_described(*key, said, facts[key[0]].get(key[1:], {})) for key, said in sorted(found.items())]


def _named(rules: Rules, entity: Entity) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for system, place in entity.systems.items():
        object_ = str(place.object or place.stream)
        if place.external_id:
            yield system, object_, place.external_id, {"unique": True, "rule": entity.file}
        terms = entity.schedule.fields() if entity.schedule is not None and entity.schedule.system == system else []
        for name in terms:
            yield system, object_, name.partition(".")[0], {"rule": entity.file}
        for rule in entity.fields:
            side = rule.sides.get(system)
            if side is None or side.related:
                continue
            pointed = _pointed(rules, rule)
            target = pointed.systems.get(system) if pointed else None
            more = {"format": rule.format, "target": str(target.object or target.stream) if target else None}
            for name in side.fields():
                if name and not (terms and name.startswith("schedule.")):
                    yield system, object_, name.partition(".")[0], {**more, "rule": rule.rule}


def _pointed(rules: Rules, rule: Field) -> Entity | None:
    """The entity whose record the field names: with `of` that of the other record's field."""
    entity = rules.entities.get(rule.ref or "")
    if entity is None or rule.of is None:
        return entity
    found = next((one for one in entity.fields if one.what == rule.of), None)
    return _pointed(rules, found) if found is not None else None


def _facts(path: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    """(object, field) → what the catalog says of it; nothing where there is no catalog."""
    if not path.is_file():
        return {}
    catalog = json.loads(path.read_bytes())
    return {
        (stream["tap_stream_id"], one["breadcrumb"][1]): one["metadata"]
        for stream in (*catalog.get("streams", []), *catalog.get("objects", []))
        for one in stream.get("metadata", [])
        if len(one["breadcrumb"]) == 2  # noqa: PLR2004 - ["properties", name]
    }


def _described(system: str, object_: str, field: str, said: Mapping[str, Any], facts: Mapping[str, Any]) -> Needed:
    kind = facts.get("vendor-type")
    if kind not in _KINDS:
        kind = "text" if said.get("unique") else _BY_FORMAT.get(str(said.get("format")))
    return Needed(
        system, object_, field, kind, bool(said.get("unique")), facts.get("max-length"),
        tuple(map(str, facts.get("values") or ())), said.get("target"), tuple(dict.fromkeys(said["rules"])),
    )  # fmt: skip


def module_of(object_: str) -> str:
    """The finance module that holds the custom fields of a resource: in the singular, and a composite item is an item.

    >>> module_of("compositeitems"), module_of("contacts"), module_of("contact_persons")
    ('item', 'contact', 'contact_person')
    """
    return object_.removeprefix("composite").removesuffix("s")


def label_of(field: str) -> str:
    """The label from which the CRM makes this API name: blanks become underscores ("Create Custom Fields")."""
    return field.replace("_", " ")


def can_be_made(one: Needed) -> bool:
    """Does the vendor's API make such a field? Only the CRM documents a call, and its label holds 25 characters."""
    known = one.system == "crm" and one.kind is not None and len(label_of(one.field)) <= _LABEL
    return known and (one.kind != "lookup" or one.target is not None) and (one.kind != "picklist" or bool(one.values))


def body_of(one: Needed) -> dict[str, Any]:
    """How the CRM is told of a field (`POST /settings/fields`, Zoho CRM v8 OpenAPI `fields.json`)."""
    body: dict[str, Any] = {"field_label": label_of(one.field), "data_type": one.kind}
    if one.length and one.kind in ("text", "email", "website"):
        body["length"] = one.length
    if one.kind == "picklist":
        body["pick_list_values"] = [{"display_value": value, "actual_value": value} for value in one.values]
    if one.kind == "lookup":
        body["lookup"] = {"module": {"api_name": one.target}}
    if one.unique:
        body["unique"] = {"case_sensitive": True}
        body["external"] = {"type": "org", "show": True}
    return body


def by_hand(one: Needed) -> str:
    """The steps a person takes where the API makes no such field."""
    if one.system == "crm":
        more = ", unique, external ID of the organisation" if one.unique else ""
        kind = one.kind or "the type its values need"
        return (
            f"crm {one.object}: Setup, Modules and Fields, {one.object}, drag a new field of the type {kind} into the layout, "
            f'label "{label_of(one.field)}"{more}; check under Setup, API names, that it is {one.field}.'
        )
    module = module_of(one.object).replace("_", " ")
    more = ", Prevent Duplicate Values: yes" if one.unique else ""
    return (
        f"{one.system} {one.object}: Settings, Preferences, {module}, Field Customization, New Custom Field, data type Text Box, "
        f'label "{one.field.removeprefix(CUSTOM)}"{more}; its API name must be {one.field}.'
    )
