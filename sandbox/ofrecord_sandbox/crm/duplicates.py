"""Which record a write means, and which values may not occur twice. Source: Zoho CRM docs, "Upsert Records"."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.external import folded, ids_with
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
    return [name for name in dict.fromkeys([*(named or [module.duplicate_field]), *unique]) if name]


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
        if _bin_keeps_values(world) and (gone := _deleted_with(world, module, name, value, record_id)):
            raise _clash(module, name, gone, path)


def _bin_keeps_values(world: World) -> bool:
    """Whether a unique value is not free while its record is in the recycle bin: the documents are silent (UNVERIFIED)."""
    return bool((world.store.table("sandbox/switches").get("crm_bin") or {}).get("keeps_unique_values"))


def _deleted_with(world: World, module: Module, field: str, value: Any, record_id: str | None) -> Record | None:
    for row in world.store.table(f"crm/deleted/{module.api_name}"):
        kept = row.get("_record") or {}
        if row["id"] != record_id and kept.get(field) is not None and folded(kept[field]) == folded(value):
            return kept
    return None


def duplicate(world: World, module: Module, field: str, other: str, path: str) -> RefusedError:
    """The refusal, naming the record that has the value."""
    return _clash(module, field, world.store.table(module.table).rows[other], path)


def _clash(module: Module, field: str, record: Record, path: str) -> RefusedError:
    other = record["id"]
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
