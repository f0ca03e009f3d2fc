"""What workflows and their kin would have done: recorded, never run. Source: Zoho CRM docs, `trigger`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ofrecord_sandbox.crm.answers import invalid_data
from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World

ALL = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
_IDS = 900000000000
_APPLIED = {
    "layout_rules", "range_validation", "assignment_rules", "function_validation_rule", "criteria_validation_rule",
    "global_map_dependency", "territory_subordinates",
}  # fmt: skip
_SKIPPED = {"cadences", "assignment_rules", "connected_workflows"}


@dataclass(frozen=True, slots=True)
class Features:
    """What a call lets run, and what it asks to apply or to skip besides."""

    running: tuple[str, ...] = ALL
    applied: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """(feature, action): an upsert may skip a feature for `insert` or `update` only; an empty action means both."""

    def skipped_on(self, event: str) -> list[str]:
        """Features skipped when a record is inserted, updated or deleted."""
        return [name for name, action in self.skipped if action in {"", event}]


def features(given: dict[str, Any]) -> Features:
    """What a write lets run: everything without `trigger`, nothing with `[]`. Raises RefusedError for what is unknown."""
    trigger = given.get("trigger")
    if trigger is not None and (not isinstance(trigger, list) or any(one not in ALL for one in trigger)):
        raise invalid_data({"api_name": "trigger", "json_path": "$.trigger", "supported_values": list(ALL)})
    applied = _named(given, "apply_feature_execution", _APPLIED, {"name"})
    skipped = _named(given, "skip_feature_execution", _SKIPPED, {"name", "action"})
    return Features(
        ALL if trigger is None else tuple(trigger),
        tuple(one["name"] for one in applied),
        tuple((one["name"], one.get("action", "")) for one in skipped),
    )


def _named(given: dict[str, Any], key: str, known: set[str], keys: set[str]) -> list[dict[str, Any]]:
    wanted = given.get(key) or []
    if not isinstance(wanted, list):
        raise invalid_data({"expected_data_type": "jsonarray", "api_name": key, "json_path": f"$.{key}"})
    for number, one in enumerate(wanted):
        path = f"$.{key}[{number}]"
        if not isinstance(one, dict) or set(one) - keys:
            raise invalid_data({"expected_data_type": "jsonobject", "api_name": key, "json_path": path})
        for name, allowed in (("name", known), ("action", {"insert", "update"})):
            if (name in one or name == "name") and one.get(name) not in allowed:
                details = {"api_name": name, "json_path": f"{path}.{name}", "supported_values": sorted(allowed)}
                raise invalid_data(details)
    return wanted


def fire(world: World, request: Request, module: str, record_id: str, event: str, features_given: Features) -> None:  # noqa: PLR0917 - one value each, named at every call
    """Note what would have run on this record, and what was skipped or applied; nothing asked for, or a seed: no note."""
    skipped = features_given.skipped_on(event)
    if request.internal or not (features_given.running or features_given.applied):
        return
    number = world.next_id(_IDS)
    note = {
        "id": number,
        "module": module,
        "record": record_id,
        "event": event,
        "features": list(features_given.running),
        "applied": list(features_given.applied),
        "skipped": skipped,
    }
    world.store.table("crm/automation").put(number, note)
