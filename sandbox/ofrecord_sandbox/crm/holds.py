"""Records that refuse to be changed: locked, in an approval or a review, in a blueprint.

Source: Zoho CRM v8 docs, error lists of "Update Records" and "Delete Records", "Lock Records". The vendor names the codes;
words and details of the refusals are UNVERIFIED, and so is that a blueprint hinders no deletion.
"""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

FREE = "free"
_TABLE = "crm/holds"
_REFUSALS = {
    "locked": ("RECORD_LOCKED", "the record is locked"),
    "approval": ("NOT_APPROVED", "the record is not approved"),
    "review": ("NOT_REVIEWED", "the record is not reviewed"),
    "blueprint": ("RECORD_IN_BLUEPRINT", "the record is in a blueprint"),
}
_SHOWN: dict[str, dict[str, Any]] = {
    "locked": {"$locked_for_me": True},
    "approval": {"$approval_state": "approval_process_pending"},
    "review": {"$review_process": {"pending": True}},
    "blueprint": {"$process_flow": True},
}


def hold(world: World, module: str, record_id: str, state: str, fields: list[str]) -> None:
    """Put a record into a state, or set it free; a blueprint may control `fields` only. Raises ValueError."""
    if state not in {*_REFUSALS, FREE}:
        msg = f"unknown state {state!r}; known: {', '.join([*_REFUSALS, FREE])}"
        raise ValueError(msg)
    known = schema(world).get(module)
    table = world.store.table(known.table) if known is not None else None
    record = table.get(record_id) if table is not None else None
    if known is None or table is None or record is None:
        msg = f"there is no record {record_id!r} in {module!r}"
        raise ValueError(msg)
    unknown = [name for name in fields if name not in known.fields]
    if unknown or (fields and state != "blueprint"):
        msg = f"{module} has no field {unknown[0]!r}" if unknown else "only a blueprint controls single fields"
        raise ValueError(msg)
    if state == FREE:
        world.store.table(_TABLE).remove(record_id)
    else:
        world.store.table(_TABLE).put(record_id, {"state": state, "fields": fields})
    table.put(record_id, {**record, "Locked__s": state == "locked"})


def shown(world: World, record_id: str) -> dict[str, Any]:
    """System keys that tell the state of a record when it is read (`$review_process` UNVERIFIED)."""
    held = world.store.table(_TABLE).get(record_id)
    return {} if held is None else _SHOWN[held["state"]]


def refuse_change(world: World, module: Module, record_id: str, values: Record, path: str) -> None:
    """Raise the refusal when the record's state does not allow these values."""
    held = world.store.table(_TABLE).get(record_id)
    if held is None:
        return
    controlled = [name for name in held["fields"] if name in values]
    if held["fields"] and not controlled:
        return
    code, message = _REFUSALS[held["state"]]
    details: dict[str, Any] = {"id": record_id}
    if controlled:
        details |= {"api_name": controlled[0], "json_path": f"{path}.{controlled[0]}"}
    elif code == "RECORD_LOCKED":
        details |= {"api_name": module.api_name, "action": "update"}
    raise RefusedError(code, message, details)


def refuse_deletion(world: World, module: Module, record_id: str) -> None:
    """Raise the refusal when the record's state does not allow that it is deleted."""
    held = world.store.table(_TABLE).get(record_id)
    if held is None or held["state"] == "blueprint":
        return
    code, message = _REFUSALS[held["state"]]
    details = {"id": record_id}
    if code == "RECORD_LOCKED":
        details |= {"api_name": module.api_name, "action": "delete"}
    raise RefusedError(code, message, details)


def forget(world: World, record_id: str) -> None:
    """A record that is gone has no state."""
    world.store.table(_TABLE).remove(record_id)
