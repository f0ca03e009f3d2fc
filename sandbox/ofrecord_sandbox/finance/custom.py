# ruff: noqa: EM101, EM102 - `raise invalid(name)` names a field, the words are in `answers`
"""Custom fields: definitions per module, values on records, uniqueness ("Custom fields" of Inventory and Books)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ofrecord_sandbox.finance.answers import RefusedError, invalid, too_long, unknown
from ofrecord_sandbox.finance.declare import Resource
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import Kind, day, flag, number, whole
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

FIRST_ID = 460000000009000
_LONGEST = 255
_LONG = 36000
"""Characters of one-line and of multi-line texts (both UNVERIFIED: no document tells)."""
_KINDS: dict[str, Kind] = {
    "number": whole, "decimal": number, "amount": number, "percent": number, "date": day, "check_box": flag,
}  # fmt: skip
TYPES = frozenset({"string", "text_area", "email", "phone", "url", "dropdown", "multiselect", *_KINDS})
"""Data types of custom fields (the words are those of live answers, the set is UNVERIFIED)."""
_PLAIN: Record = {"is_mandatory": False, "is_active": True, "values": []}
_SHIPPED = (
    ("item", "CRM id", "cf_crm_id", True),
    ("item", "Lead time days", "cf_lead_time_days", False),
    ("contact", "CRM id", "cf_crm_id", True),
    ("salesorder", "CRM id", "cf_crm_id", True),
    ("salesorder", "CRM deal id", "cf_crm_deal_id", False),
    ("salesorder", "CRM deal stage", "cf_deal_stage", False),
    ("invoice", "CRM id", "cf_crm_id", True),
    ("journal", "CRM id", "cf_crm_id", True),
    ("journal", "CRM deal id", "cf_crm_deal_id", False),
)


def setup_fields(world: World) -> None:
    """Create the custom fields the shipped rules use; does nothing when they exist."""
    for module, label, api_name, unique in _SHIPPED:
        if definition(world, module, api_name) is None:
            add_field(world, module, label, api_name, unique=unique)


def add_field(
    world: World,
    module: str,
    label: str,
    api_name: str,
    *,
    data_type: str = "string",
    unique: bool = False,
    **more: Any,
) -> str:
    """A new custom field of a module (`item`, `contact`, `salesorder`, `invoice`, …); returns its id.

    `more`: `is_mandatory`, `values` (of a drop-down), as the field's description has them.
    """
    key = world.next_id(FIRST_ID)
    named = {"customfield_id": key, "module": module, "label": label, "api_name": api_name, "data_type": data_type}
    arranged: Record = {"is_unique": unique, "index": len(definitions(world, module)) + 1, **_PLAIN, **more}
    world.store.table("finance/fields").put(key, named | arranged)
    return key


def definitions(world: World, module: str) -> list[Record]:
    """The custom fields of one module, in order."""
    table = world.store.table("finance/fields")
    version, found = world.cache.get("finance fields", (None, {}))
    if version != (table, table.version):
        found = {}
        for field in table.rows.values():
            found.setdefault(field["module"], []).append(_PLAIN | field)
        world.cache["finance fields"] = ((table, table.version), found)
    return list(found.get(module, ()))


def definition(world: World, module: str, name: str) -> Record | None:
    """The field of that id, API name or label."""
    for field in definitions(world, module):
        if name in (field["customfield_id"], field["api_name"], field["label"]):
            return field
    return None


def taken(world: World, resource: Resource, record: Record, sent: Any, *, new: bool = False) -> None:
    """Merge sent custom fields (partial) into a record; raises RefusedError for unknown, wrong, missing or duplicate ones."""
    if not isinstance(sent, list):
        raise invalid("custom_fields")
    values = dict(record.get("_custom", {}))
    for one in sent:
        if not isinstance(one, dict):
            raise invalid("custom_fields")
        odd = set(one) - {"customfield_id", "api_name", "label", "value", "index", "data_type"}
        if odd:
            raise unknown(f"custom_fields.{min(odd)}")
        field = _meant(world, resource.module, one)
        value = kept(field, one.get("value"))
        if field["is_unique"] and value != "":
            holders = holders_of(world, resource, field["api_name"], value)
            if any(holder != record.get(resource.id_key) for holder in holders):
                raise RefusedError(1044, f"The {field['label']} you have entered already exists.")
        values[field["api_name"]] = value
    for field in definitions(world, resource.module):
        if field["is_mandatory"] and field["is_active"] and values.get(field["api_name"], "") == "" and (new or sent):
            raise invalid(field["label"])
    if values or not new:
        record["_custom"] = values


def _meant(world: World, module: str, one: dict[str, Any]) -> Record:
    keys = ("customfield_id", "api_name", "label") if doubts.field_written_by_api_name else ("customfield_id", "label")
    for key in keys:
        if one.get(key) not in (None, ""):
            field = definition(world, module, str(one[key]))
            if field is None or not field["is_active"]:
                raise unknown(f"custom_fields.{one[key]}")
            return field
    for field in definitions(world, module):
        if field["index"] == one.get("index") and field["is_active"]:
            return field
    raise invalid("custom_fields")


def kept(field: Record, value: Any) -> Any:
    """A value as a field of its type keeps it; raises RefusedError."""
    name = field["label"]
    check = _KINDS.get(field["data_type"])
    if check is not None:
        return check(name, value)
    if value is None:
        return ""
    if field["data_type"] == "multiselect":
        if not isinstance(value, list) or any(one not in field["values"] for one in value):
            raise invalid(name)
        return value
    if field["data_type"] == "dropdown" and value not in {"", *field["values"]}:
        raise invalid(name)
    if not isinstance(value, str):
        raise invalid(name)
    most = _LONG if field["data_type"] == "text_area" else _LONGEST
    if len(value) > most:
        raise too_long(name, most)
    return value


def holders_of(world: World, resource: Resource, api_name: str, value: Any) -> list[str]:
    """Ids of the records that hold this value in a custom field, oldest first."""
    return resource.table(world).index("custom", _pairs).ids((api_name, str(value)))


def forgotten(world: World, resource: Resource, record: Record) -> None:
    """Note which values a deleted record held; `doubts` decides whether anybody asks."""
    gone = world.store.table("finance/gone")
    for name, value in record.get("_custom", {}).items():
        if value != "":
            gone.put(f"{resource.kept_in or resource.collection}/{name}/{value}", {"value": value})


def was_held(world: World, resource: Resource, api_name: str, value: str) -> bool:
    """Whether a deleted record held this value."""
    key = f"{resource.kept_in or resource.collection}/{api_name}/{value}"
    return world.store.table("finance/gone").get(key) is not None


def _pairs(record: Record) -> Iterable[tuple[str, Any]]:
    return [(name, str(value)) for name, value in record.get("_custom", {}).items() if value != ""]


def shown(world: World, resource: Resource, record: Record) -> dict[str, Any]:
    """`custom_fields[]` and `custom_field_hash` of the detail."""
    values = record.get("_custom", {})
    fields = (
        [
            one
            for one in definitions(world, resource.module)
            if one["is_active"] and values.get(one["api_name"], "") != ""
        ]
        if values
        else []
    )
    return {
        "custom_fields": [
            {key: field[key] for key in ("customfield_id", "api_name", "label", "data_type", "index")}
            | {"value": values[field["api_name"]]}
            for field in fields
        ],
        "custom_field_hash": hashed(record),
    }


def hashed(record: Record) -> dict[str, Any]:
    """`custom_field_hash`: each value, and again as `…_unformatted`."""
    pairs: dict[str, Any] = {}
    for name, value in record.get("_custom", {}).items():
        if value != "":
            pairs[name] = value
            pairs[f"{name}_unformatted"] = value
    return pairs
