# ruff: noqa: EM101, EM102 - `raise invalid(name)` names a field, the words are in `answers`
"""Custom fields: definitions per module, values on records, uniqueness ("Custom fields" of Inventory and Books)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ofrecord_sandbox.finance.answers import RefusedError, invalid, too_long, unknown
from ofrecord_sandbox.finance.declare import Resource
from ofrecord_sandbox.finance.values import day, flag, number
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

FIRST_ID = 460000000009000
_LONGEST = 255
_SHIPPED = (
    ("item", "CRM id", "cf_crm_id", True),
    ("contact", "CRM id", "cf_crm_id", True),
    ("salesorder", "CRM id", "cf_crm_id", True),
    ("salesorder", "CRM deal id", "cf_crm_deal_id", False),
    ("salesorder", "CRM deal stage", "cf_deal_stage", False),
)


def setup_fields(world: World) -> None:
    """Create the custom fields the shipped rules use; does nothing when they exist."""
    for module, label, api_name, unique in _SHIPPED:
        if definition(world, module, api_name) is None:
            add_field(world, module, label, api_name, unique=unique)


def add_field(
    world: World, module: str, label: str, api_name: str, *, data_type: str = "string", unique: bool = False
) -> str:
    """A new custom field of a module (`item`, `contact`, `salesorder`, `invoice`, …); returns its id."""
    key = world.next_id(FIRST_ID)
    world.store.table("finance/fields").put(
        key,
        {
            "customfield_id": key,
            "module": module,
            "label": label,
            "api_name": api_name,
            "data_type": data_type,
            "is_unique": unique,
            "index": len(definitions(world, module)) + 1,
        },
    )
    return key


def definitions(world: World, module: str) -> list[Record]:
    """The custom fields of one module, in order."""
    return [field for field in world.store.table("finance/fields").rows.values() if field["module"] == module]


def definition(world: World, module: str, name: str) -> Record | None:
    """The field of that id, API name or label."""
    for field in definitions(world, module):
        if name in (field["customfield_id"], field["api_name"], field["label"]):
            return field
    return None


def taken(world: World, resource: Resource, record: Record, sent: Any) -> None:
    """Merge sent custom fields (partial) into a record; raises RefusedError for unknown, wrong or duplicate ones."""
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
        value = _kept(field, one.get("value"))
        if field["is_unique"] and value != "":
            holder = holder_of(world, resource, field["api_name"], value)
            if holder is not None and holder != record.get(resource.id_key):
                raise RefusedError(1038, f"The {field['label']} you have entered already exists.")
        values[field["api_name"]] = value
    record["_custom"] = values


def _meant(world: World, module: str, one: dict[str, Any]) -> Record:
    for key in ("customfield_id", "api_name", "label"):
        if one.get(key) not in (None, ""):
            field = definition(world, module, str(one[key]))
            if field is None:
                raise unknown(f"custom_fields.{one[key]}")
            return field
    for field in definitions(world, module):
        if field["index"] == one.get("index"):
            return field
    raise invalid("custom_fields")


def _kept(field: Record, value: Any) -> Any:
    name = field["label"]
    match field["data_type"]:
        case "number" | "decimal" | "amount":
            return number(name, value)
        case "date":
            return day(name, value)
        case "check_box":
            return flag(name, value)
        case _:
            if value is None:
                return ""
            if not isinstance(value, str):
                raise invalid(name)
            if len(value) > _LONGEST:
                raise too_long(name, _LONGEST)
            return value


def holder_of(world: World, resource: Resource, api_name: str, value: Any) -> str | None:
    """Id of the record that holds this value in a custom field."""
    index = resource.table(world).index("custom", _pairs)
    found = index.ids((api_name, value))
    return found[0] if found else None


def _pairs(record: Record) -> Iterable[tuple[str, Any]]:
    return [(name, value) for name, value in record.get("_custom", {}).items() if value != ""]


def shown(world: World, resource: Resource, record: Record) -> dict[str, Any]:
    """`custom_fields[]` and `custom_field_hash` of the detail."""
    values = record.get("_custom", {})
    fields = [field for field in definitions(world, resource.module) if values.get(field["api_name"], "") != ""]
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
