"""From the CRM's field metadata to a JSON schema. Source: Zoho CRM v8, "Fields", "Get Records", "Subform", "Insert Records"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ofrecord_kit.tap.crm_fields import DETAILS, is_queried, returned_type
from ofrecord_kit.tap.stream import DELETED

LINES = frozenset({"Quoted_Items", "Ordered_Items", "Invoiced_Items", "Purchased_Items", "Purchase_Items"})
"""Lines of the standard documents, which are read unless they are deselected."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Fields of the rows of subforms, by the property that holds them."""

_VALUES_SHOWN = 20


def _object(**properties: str) -> dict[str, Any]:
    texts = {name: {"type": ["string", "null"], "description": text} for name, text in properties.items()}
    return {"type": ["object", "null"], "properties": texts}


_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
_LOOKUP = _object(id="Id of the other record.", name="Its name when it was read.")
_PERSON = _object(id="Id of the other record.", name="Its name when it was read.", email="The user's mail address.")
_FILES = {
    "items": _object(File_Id__s="Id of the file.", File_Name__s="Its name.", id="Id of the entry."),
    "type": ["array", "null"],
}
_TYPES: dict[str, dict[str, Any]] = {
    "bigint": _TEXT,
    "boolean": {"type": ["boolean", "null"]},
    "consent_lookup": _LOOKUP,
    "currency": _NUMBER,
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "decimal": _NUMBER,
    "double": _NUMBER,
    "fileupload": _FILES,
    "imageupload": _FILES,
    "integer": {"type": ["integer", "null"]},
    "layout": _LOOKUP,
    "lookup": _LOOKUP,
    "multi_module_lookup": _LOOKUP,
    "multiselectpicklist": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "ownerlookup": _PERSON,
    "percent": _NUMBER,
    "userlookup": _PERSON,
}
_BY_JSON_TYPE: dict[str | None, dict[str, Any]] = {
    "boolean": _TYPES["boolean"],
    "double": _NUMBER,
    "integer": _TYPES["integer"],
    "jsonarray": {"type": ["array", "null"]},
    "jsonobject": {"type": ["object", "null"]},
}
_TAGS = {"items": _object(id="Id of the tag.", name="Its name.", color_code="Its colour."), "type": ["array", "null"]}


def module_schema(
    module: str, fields: Iterable[Mapping[str, Any]], rows: Rows | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Schema of a module from `fields[]` of its metadata, with what is known of standard fields merged in.

    `folder` holds what is known: `all.json` and `<module>.json` with descriptions, `lines.json` with properties. A subform whose rows are not described is left out.
    """
    known = _known(folder, "all") | _known(folder, module)
    lines = _known(folder, "lines")
    properties: dict[str, Any] = {}
    for field in sorted(fields, key=lambda one: str(one["api_name"])):
        name = str(field["api_name"])
        if not name.startswith("$") and not (field["data_type"] == "subform" and name not in (rows or {})):
            properties[name] = _property(field, known.get(name), (rows or {}).get(name, ()), lines)
    properties["id"] = {"type": "string", "description": "The CRM's id of the record. Never empty."}
    times = {
        "Modified_Time": "When the record was last written, UTC, to the second. Empty for deleted records only.",
        DELETED: "When the record was deleted, UTC. Empty for records that exist.",
    }
    for name, words in times.items():
        properties[name] = {"type": ["string", "null"], "format": "date-time", "description": words}
    return {"type": "object", "properties": properties}


def off_by_default(fields: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Fields that cost more than the rest: those only details have, but lines of documents, and those only lists have."""
    return frozenset(str(one["api_name"]) for one in fields if not is_queried(one) and one["api_name"] not in LINES)


def _property(
    field: Mapping[str, Any], known: str | None, rows: Sequence[Mapping[str, Any]], lines: Mapping[str, Any]
) -> dict[str, Any]:
    found = {**type_of(field), "description": _description(field, known)}
    if field["data_type"] == "subform":
        own = lines if field["api_name"] in LINES else {}
        inner = {
            str(one["api_name"]): {**type_of(one), "description": _description(one, None)}
            for one in sorted(rows, key=lambda one: str(one["api_name"]))
            if not str(one["api_name"]).startswith("$")
        }
        inner["id"] = {**_TEXT, "description": "The CRM's id of the row. Never empty."}
        found["items"] = {"type": "object", "properties": {**inner, **own}}
    return found


def type_of(field: Mapping[str, Any]) -> dict[str, Any]:
    """JSON type of a field. `bigint` travels as text; formulas and roll-ups have the type they return."""
    kind = returned_type(field)
    if field["api_name"] == "Tag":
        return _TAGS
    if kind in DETAILS:
        return {"type": ["array", "null"], "items": _linked(field)}
    return _TYPES.get(kind) or _BY_JSON_TYPE.get(field.get("json_type"), _TEXT)


def _linked(field: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a multi-select lookup: the linked record sits under the lookup's name in the linking module."""
    about = field.get("multiselectlookup") or field.get("multiuserlookup") or {}
    name = str(about.get("lookup_apiname") or field["api_name"])
    entry = {"id": {**_TEXT, "description": "Id of the link."}, name: {**_LOOKUP, "description": "The linked record."}}
    return {"type": ["object", "null"], "properties": entry}


def _description(field: Mapping[str, Any], known: str | None) -> str:
    label = field.get("field_label") or field.get("display_label") or field["api_name"]
    parts = [known or f"{label}."]
    if field.get("length") and field["data_type"] in {"text", "email", "phone", "website", "textarea"}:
        parts.append(f"At most {field['length']} characters.")
    values = [str(one["actual_value"]) for one in field.get("pick_list_values") or [] if one.get("actual_value")]
    if values:
        more = ", …" if len(values) > _VALUES_SHOWN else ""
        parts.append(f"One of: {', '.join(values[:_VALUES_SHOWN])}{more}.")
    if field["data_type"] in DETAILS:
        parts.append("Read record by record, or by a list of its own.")
    parts.append("Required." if field.get("system_mandatory") else "May be empty.")
    return " ".join(parts)


def _known(folder: Path | None, name: str) -> dict[str, Any]:
    file = folder / f"{name}.json" if folder else None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file and file.exists() else {}
    return found
