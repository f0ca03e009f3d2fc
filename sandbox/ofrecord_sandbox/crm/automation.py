"""What workflows and their kin would have done: recorded, never run. Source: Zoho CRM docs, `trigger`."""

from __future__ import annotations

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


def features(given: dict[str, Any]) -> tuple[str, ...]:
    """The features a write lets run: all without `trigger`, none with `[]`. Raises RefusedError for unknown ones."""
    for key, known in (("apply_feature_execution", _APPLIED), ("skip_feature_execution", _SKIPPED)):
        for number, feature in enumerate(given.get(key) or []):
            if not isinstance(feature, dict) or feature.get("name") not in known:
                details = {
                    "api_name": "name",
                    "json_path": f"$.{key}[{number}].name",
                    "supported_values": sorted(known),
                }
                raise invalid_data(details)
    trigger = given.get("trigger")
    if trigger is None:
        return ALL
    if not isinstance(trigger, list) or any(one not in ALL for one in trigger):
        raise invalid_data({"api_name": "trigger", "json_path": "$.trigger", "supported_values": list(ALL)})
    return tuple(trigger)


def fire(world: World, request: Request, module: str, record_id: str, event: str, running: tuple[str, ...]) -> None:  # noqa: PLR0917 - one value each, named at every call
    """Note what would have run on this record; seeds leave no note."""
    if not running or request.internal:
        return
    number = world.next_id(_IDS)
    note = {"id": number, "module": module, "record": record_id, "event": event, "features": list(running)}
    world.store.table("crm/automation").put(number, note)
