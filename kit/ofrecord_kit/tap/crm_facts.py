"""What the CRM takes when a field is written, from the field metadata. Source: Zoho CRM v8, "Fields", "Insert Records"."""

from __future__ import annotations

from collections.abc import Iterable

from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.vendors.crm_fields import PICK_LISTS, Field, character_limit, choices, is_read_only

_OF_PIPELINE = frozenset({"Stage", "Pipeline"})
"""Pick lists of deals whose values belong to the pipeline; others take new values as they come ("Insert Records")."""


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
    if (length := character_limit(field)) is not None:
        found["max-length"] = length
    if field.get("system_mandatory"):
        found["required"] = True
    if is_read_only(field):
        found["read-only"] = True
    if kind in PICK_LISTS:
        found |= _choices(field)
    if field.get("unique") or field.get("external"):
        found["unique"] = True
    if field.get("decimal_place") is not None:
        found["decimals"] = int(field["decimal_place"])
    return found


def _choices(field: Field) -> Facts:
    values = choices(field)
    found: Facts = {"values": values} if values else {}
    return found if field["api_name"] in _OF_PIPELINE else found | {"open-values": True}
