"""Bodies of the finance side: how records are written and what of a record may be written back.

Source: Zoho Inventory v1 and Zoho Books v3 docs, Contacts, Items, "Update a contact", "Update an item".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.destination import Current, dig, nested

_ADDRESS = frozenset(
    {"attention", "address", "street2", "state_code", "city", "state", "zip", "country", "fax", "phone"}
)
"""Keys an address is written with (Contacts, "Update a contact")."""
_PACKAGE = frozenset({"length", "width", "height", "weight", "weight_unit", "dimension_unit"})
_NESTED = {"billing_address": _ADDRESS, "shipping_address": _ADDRESS, "package_details": _PACKAGE}


def custom_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields by API name, from the hash or the list."""
    listed = {str(one.get("api_name")): one.get("value") for one in row.get("custom_fields") or []}
    return {**listed, **(row.get("custom_field_hash") or {})}


def body_of(
    values: Mapping[str, Any], current: Mapping[str, Any] | None = None, *, clearing: bool = False
) -> dict[str, Any]:
    """A request body: dotted names nested among their current neighbours, custom fields in their list.

    A cleared text is sent as `""`, the way these APIs answer it.
    """
    kept = {name: "" if value is None else value for name, value in values.items() if clearing or value is not None}
    custom = [{"api_name": name, "value": value} for name, value in kept.items() if name.startswith("cf_")]
    body = nested({name: value for name, value in kept.items() if not name.startswith("cf_")})
    for root, keys in _NESTED.items():
        if isinstance(body.get(root), dict):
            there = (current or {}).get(root) or {}
            neighbours = {key: there[key] for key in keys & there.keys() if there[key] not in (None, "")}
            body[root] = {**neighbours, **body[root]}
    if custom:
        body["custom_fields"] = custom
    return body


def current_of(row: Mapping[str, Any], fields: Sequence[str], read_at: datetime) -> Current:
    """A record as a detail read answers it, the fields asked for among its values."""
    values = dict(row)
    custom = custom_fields(row)
    for name in fields:
        values[name] = custom.get(name) if name.startswith("cf_") else dig(row, name)
    return Current(values, read_at, instant(row.get("last_modified_time")), instant(row.get("created_time")))
