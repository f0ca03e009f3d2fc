"""From the CRM's field metadata to a JSON schema. Source: Zoho CRM v8, "Fields", "Insert Records"."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ofrecord_kit.tap.stream import DELETED
from ofrecord_kit.vendors import crm
from tap_crm.streams import DETAILED

SCHEMAS = Path(__file__).parent / "schemas"

_VALUES_SHOWN = 20
_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
_LOOKUP: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        "id": {"type": ["string", "null"], "description": "Id of the other record."},
        "name": {"type": ["string", "null"], "description": "Its name when it was read."},
    },
}
_PERSON: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        **_LOOKUP["properties"],
        "email": {"type": ["string", "null"], "description": "The user's mail address."},
    },
}
_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": ["boolean", "null"]},
    "currency": _NUMBER,
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "decimal": _NUMBER,
    "double": _NUMBER,
    "integer": {"type": ["integer", "null"]},
    "layout": _LOOKUP,
    "lookup": _LOOKUP,
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


def module_schema(module: str, fields: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Schema of a module from `fields[]` of its metadata, with what is known of standard fields merged in."""
    known = _known(module)
    properties: dict[str, Any] = {}
    for field in sorted(fields, key=lambda one: str(one["api_name"])):
        name = field["api_name"]
        if field["data_type"] in crm.NOT_LISTED_TYPES or name.startswith("$"):
            continue
        properties[name] = {**_type_of(field), "description": _description(field, known.get(name))}
    properties["id"] = {"type": "string", "description": "The CRM's id of the record. Never empty."}
    properties["Modified_Time"] = {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When the record was last written, UTC, to the second. Empty for deleted records only.",
    }
    properties[DELETED] = {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When the record was deleted, UTC. Empty for records that exist.",
    }
    if module in DETAILED:
        properties |= json.loads((SCHEMAS / f"{module}.lines.json").read_text(encoding="utf-8"))
    return {"type": "object", "properties": properties}


def _type_of(field: dict[str, Any]) -> dict[str, Any]:
    """JSON type of a field. `bigint` travels as text; formulas and roll-ups have the type they return."""
    kind = field["data_type"]
    for computed in ("formula", "rollup_summary"):
        if kind == computed:
            kind = (field.get(computed) or {}).get("return_type") or "text"
    if kind == "bigint":
        return _TEXT
    return _TYPES.get(kind) or _BY_JSON_TYPE.get(field.get("json_type"), _TEXT)


def _description(field: dict[str, Any], known: str | None) -> str:
    label = field.get("field_label") or field.get("display_label") or field["api_name"]
    parts = [known or f"{label}."]
    if field.get("length") and field["data_type"] in {"text", "email", "phone", "website", "textarea"}:
        parts.append(f"At most {field['length']} characters.")
    values = [str(one["actual_value"]) for one in field.get("pick_list_values") or [] if one.get("actual_value")]
    if values:
        more = ", …" if len(values) > _VALUES_SHOWN else ""
        parts.append(f"One of: {', '.join(values[:_VALUES_SHOWN])}{more}.")
    parts.append("Required." if field.get("system_mandatory") else "May be empty.")
    return " ".join(parts)


def _known(module: str) -> dict[str, str]:
    """Descriptions of standard fields: those all modules share, then the module's own."""
    found: dict[str, str] = {}
    for name in ("all", module):
        file = SCHEMAS / f"{name}.json"
        if file.exists():
            found |= json.loads(file.read_text(encoding="utf-8"))
    return found
