"""What the CRM takes when a field is written, from the field metadata. Source: Zoho CRM v8, "Fields", "Insert Records"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ofrecord_kit.tap_facts import Breadcrumb, Facts

Field = Mapping[str, Any]

_WITH_LENGTH = frozenset({"text", "textarea", "email", "phone", "website", "picklist", "autonumber"})
"""Types whose `length` counts characters; that of numbers counts digits."""
_PICK_LISTS = frozenset({"picklist", "multiselectpicklist"})
_COMPUTED = frozenset({"autonumber", "formula", "rollup_summary"})
_BY_SERVER = frozenset({"id", "Modified_Time"})
_OF_PIPELINE = frozenset({"Stage", "Pipeline"})
"""Pick lists of deals whose values belong to the pipeline; others take new values as they come ("Insert Records")."""
_NONE = "-None-"
"""How people see an empty pick list; through the API it is null (UNVERIFIED that it never arrives)."""


def module_facts(fields: Iterable[Field], above: Breadcrumb = ()) -> dict[Breadcrumb, Facts]:
    """Facts by place from `fields[]` of a module's metadata; `above` is the place of a subform's rows."""
    found: dict[Breadcrumb, Facts] = {}
    for field in sorted(fields, key=lambda one: str(one["api_name"])):
        name = str(field["api_name"])
        if not name.startswith("$"):
            found[*above, "properties", name] = field_facts(field)
    return found


def field_facts(field: Field) -> Facts:
    """Facts of one field."""
    kind = str(field["data_type"])
    found: Facts = {"vendor-type": kind}
    if kind in _WITH_LENGTH and field.get("length") and field.get("json_type") in {"string", None}:
        found["max-length"] = int(field["length"])
    if field.get("system_mandatory"):
        found["required"] = True
    if _is_read_only(field):
        found["read-only"] = True
    if kind in _PICK_LISTS:
        found |= _choices(field)
    if field.get("unique") or field.get("external"):
        found["unique"] = True
    if field.get("decimal_place") is not None:
        found["decimals"] = int(field["decimal_place"])
    return found


def _is_read_only(field: Field) -> bool:
    said = bool(field.get("read_only") or field.get("field_read_only"))
    allowed = field.get("operation_type") or {}
    written = allowed.get("api_create", True) or allowed.get("api_update", True)
    return said or not written or field["data_type"] in _COMPUTED or field["api_name"] in _BY_SERVER


def _choices(field: Field) -> Facts:
    values = [
        str(one["actual_value"])
        for one in field.get("pick_list_values") or []
        if one.get("actual_value") not in {None, "", _NONE} and one.get("type") != "unused"
    ]
    found: Facts = {"values": values} if values else {}
    return found if field["api_name"] in _OF_PIPELINE else found | {"open-values": True}
