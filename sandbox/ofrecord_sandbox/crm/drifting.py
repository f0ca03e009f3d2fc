"""Metadata that changes under a reader: fields renamed and retyped, modules gone. Arranged by the control API only.

A field that was deleted and made again gets another API name; one whose label changes keeps it. Source: Zoho CRM docs, "Fields".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from ofrecord_sandbox.crm import metadata, standard
from ofrecord_sandbox.crm.ordering import holder
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_FIXED = {line.split()[0] for line in standard.COMMON.split("\n") if line}
_SIMPLE = {"text", "textarea", "email", "phone", "website", "picklist"}
_NUMBERS = {"double", "currency", "percent"}


def rename(world: World, module: str, name: str, new: str) -> None:
    """The field has another API name from now on, and its values with it. Raises ValueError."""
    table = world.store.table("crm/fields")
    row = _row(world, module, name)
    if table.get(f"{module}.{new}") is not None:
        msg = f"field {new!r} of {module} exists already"
        raise ValueError(msg)
    table.remove(f"{module}.{name}")
    table.put(f"{module}.{new}", {**row, "api_name": new})
    _change_values(world, module, lambda values: {new if key == name else key: value for key, value in values.items()})


def retype(world: World, module: str, name: str, data_type: str) -> None:
    """The field has another type from now on; values that can be read as it stay, others are gone. Raises ValueError."""
    row = _row(world, module, name)
    known = {*_SIMPLE, *_NUMBERS, "integer", "bigint", "boolean"}
    if data_type not in known or row["data_type"] not in known:
        msg = f"{row['data_type']} cannot become {data_type!r}; possible: {', '.join(sorted(known))}"
        raise ValueError(msg)
    fresh = metadata.described(world, module, name, data_type)
    kept = {key: row[key] for key in ("id", "field_label", "display_label", "custom_field")}
    world.store.table("crm/fields").put(f"{module}.{name}", {**fresh, **kept})
    empty = False if data_type == "boolean" else None

    def converted(values: Record) -> Record:
        value = values.get(name)
        return values if name not in values else {**values, name: empty if value is None else _as(data_type, value)}

    _change_values(world, module, converted)


def _row(world: World, module: str, name: str) -> Record:
    row = world.store.table("crm/fields").get(f"{module}.{name}")
    if row is None or name in _FIXED or row["data_type"] in {"subform", "autonumber"}:
        msg = f"there is no field {module}.{name} that could be changed"
        raise ValueError(msg)
    return row


def _as(data_type: str, value: Any) -> Any:
    if data_type in _SIMPLE:
        return str(value).lower() if isinstance(value, bool) else str(value)
    if data_type == "boolean":
        return str(value).lower() in {"true", "1", "yes"}
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if data_type in _NUMBERS:
        return float(number)
    return str(int(number)) if data_type == "bigint" else int(number)


def _change_values(world: World, module: str, change: Callable[[Record], Record]) -> None:
    """Every record of a module, or every row of a subform, anew; times of modification do not move."""
    known = metadata.schema(world)[module]
    table = world.store.table(metadata.schema(world)[known.parent].table if known.kind == "subform" else known.table)
    fields = holder(world, known)
    for record in table:
        changed = change(record) if known.kind != "subform" else record
        for field in fields:
            changed = {**changed, field: [change(row) for row in record.get(field) or []]}
        table.put(record["id"], changed)
    table.forget_indexes()


def remove_module(world: World, name: str) -> None:
    """A module is gone with its records, its subforms, and the lookups that point to it. Raises ValueError."""
    known = metadata.schema(world).get(name)
    if known is None or known.kind == "subform":
        msg = f"there is no module {name!r} to remove"
        raise ValueError(msg)
    gone = {name, *(field.target for field in known.subforms)}
    fields = world.store.table("crm/fields")
    for key, row in list(fields.rows.items()):
        if row["_module"] in gone:
            fields.remove(key)
        elif row["_target"] in gone:
            metadata.remove_field(world, key)
    for one in gone:
        world.store.table("crm/modules").remove(one)
        for table in (f"crm/records/{one}", f"crm/deleted/{one}"):
            for key in list(world.store.table(table).rows):
                world.store.table(table).remove(key)
