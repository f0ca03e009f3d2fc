"""Bodies of the finance side: how records are written and what of a record may be written back.

Source: Zoho Inventory v1 and Zoho Books v3 docs, Contacts, Items, "Update a contact", "Update an item".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ofrecord_kit.dotted import dig, nested
from ofrecord_kit.plan import canonical, same
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.finance_resources import CUSTOM, Rows

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
    custom = [{"api_name": name, "value": value} for name, value in kept.items() if name.startswith(CUSTOM)]
    body = nested({name: value for name, value in kept.items() if not name.startswith(CUSTOM)})
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
        values[name] = custom.get(name) if name.startswith(CUSTOM) else dig(row, name)
    return Current(values, read_at, instant(row.get("last_modified_time")), instant(row.get("created_time")))


def after_of(row: Mapping[str, Any], read_at: datetime) -> Current:
    """A record as the answer to a write tells it; of objects only what is written back with them."""
    values = {**custom_fields(row), **row}
    for root, keys in _NESTED.items():
        if isinstance(there := row.get(root), Mapping):
            values[root] = {key: value for key, value in there.items() if key in keys}
    return Current(values, read_at, instant(row.get("last_modified_time")))


def merged_rows(
    sent: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]], rows: Rows
) -> list[dict[str, Any]]:
    """The rows to send: each with the id it has there, beside what else of it may be written and is not mentioned.

    A row without an id is the first free one there that has the same values in the first group of keys of `Rows.alike`
    the row is complete in. So nothing is appended twice, and nothing of a row that stays is lost.
    """
    free = list(there)
    known = [  # ids first, or a likeness could take a row that another one names
        _take(free, {rows.id: row[rows.id]}) if row.get(rows.id) not in (None, "") else None for row in sent
    ]
    for number, row in enumerate(sent):
        if known[number] is None and row.get(rows.id) in (None, ""):
            keys = next((some for some in rows.alike if all(row.get(key) not in (None, "") for key in some)), ())
            known[number] = _take(free, {key: row[key] for key in keys}) if keys else None
    made = [
        kept_row(old, rows) | cleared(row, rows.id)
        for row, old in zip(sent, ((one or {}) for one in known), strict=True)
    ]
    return [*made, *(kept_row(row, rows) for row in free)] if rows.stays else made


def kept_row(row: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """What of a row that is there may be sent back, its id first."""
    names = [rows.id, *sorted(rows.kept - {rows.id})]
    return {name: row[name] for name in names if row.get(name) not in (None, "", [], {})}


def cleared(row: Mapping[str, Any], own: str) -> dict[str, Any]:
    """A row without its own id where that is empty; a cleared value is sent as the vendor answers it."""
    said = {name: "" if value is None else value for name, value in row.items()}
    return {name: value for name, value in said.items() if name != own or value != ""}


def _take(free: list[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for place, row in enumerate(free):
        if all(canonical(row.get(key), "email") == canonical(value, "email") for key, value in wanted.items()):
            return free.pop(place)
    return None


def holds(there: Any, sent: Any) -> bool:
    """Is everything that was sent in what is there? Rows of lists in any order.

    >>> holds({"date": "2026-03-01", "line_items": [{"id": "1", "quantity": 2}]}, {"line_items": [{"quantity": "2"}]})
    True
    """
    match sent:
        case Mapping():
            return isinstance(there, Mapping) and all(holds(there.get(key), value) for key, value in sent.items())
        case list() | tuple():
            left = list(there) if isinstance(there, list) else []
            for row in sent:
                found = next((place for place, other in enumerate(left) if holds(other, row)), None)
                if found is None:
                    return False
                left.pop(found)
            return not left
        case _:
            return same(there, sent) or same(there, sent, "number")
