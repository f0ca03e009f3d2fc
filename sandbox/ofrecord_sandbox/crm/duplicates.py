"""Which record a write means, and which values may not occur twice. Source: Zoho CRM docs, "Upsert Records"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.external import ids_with
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World


def checked_fields(module: Module, named: Any) -> list[str]:
    """Fields an upsert compares, in order: the named ones, then all unique ones. None named: the system field first.

    Only the module's system-defined field, unique and external fields may be named; raises RefusedError otherwise.
    """
    unique = module.unique_fields
    if not isinstance(named, list):
        raise invalid_data({"expected_data_type": "jsonarray", "json_path": "$.duplicate_check_fields"})
    for number, name in enumerate(named):
        if name != module.duplicate_field and name not in unique:
            raise invalid_data({"api_name": name, "json_path": f"$.duplicate_check_fields[{number}]"})
    return list(dict.fromkeys([*(named or [module.duplicate_field]), *unique]))


def find_match(
    world: World, module: Module, fields: list[str], values: Record, path: str
) -> tuple[str | None, str | None]:
    """(id, field) of the first match. Raises DUPLICATE_DATA when a later field means another record (UNVERIFIED)."""
    found: str | None = None
    by: str | None = None
    for name in fields:
        value = values.get(name)
        if value is None or isinstance(value, dict | list):
            continue
        ids = ids_with(world, module, name, value)
        if not ids:
            continue
        if found is None:
            found, by = ids[0], name
        elif found not in ids and name != module.duplicate_field:
            raise duplicate(world, module, name, ids[0], path)
    return found, by


def refuse_duplicates(world: World, module: Module, record_id: str | None, values: Record, path: str) -> None:
    """Raise DUPLICATE_DATA when a unique value belongs to another record already."""
    for name in module.unique_fields:
        value = values.get(name)
        if value is None or isinstance(value, dict | list):
            continue
        others = [one for one in ids_with(world, module, name, value) if one != record_id]
        if others:
            raise duplicate(world, module, name, others[0], path)


def duplicate(world: World, module: Module, field: str, other: str, path: str) -> RefusedError:
    """The refusal, naming the record that has the value."""
    record = world.store.table(module.table).rows[other]
    owner = record.get("Owner") or organisation.user_reference()
    return RefusedError(
        "DUPLICATE_DATA",
        "duplicate data",
        {
            "api_name": field,
            "json_path": f"{path}.{field}",
            "id": other,
            "duplicate_record": {
                "id": other,
                "Owner": owner,
                "module": {"api_name": module.api_name, "id": module.id},
            },
            "more_records": False,
        },
    )
