"""A record of a plain stream in the form its resource takes: what a tap of the vendor answers, or a row of a file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ofrecord_kit.errors import Stop, sentence
from ofrecord_kit.plan.facts import Fact
from ofrecord_kit.target.finance_bodies import custom_fields
from ofrecord_kit.target.finance_resources import CUSTOM, Resource

_CUSTOM_LISTS = frozenset({"custom_field_hash", "custom_fields"})
_UNFORMATTED = "_unformatted"
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def shaped_row(stream: str, resource: Resource, record: Mapping[str, Any], facts: Mapping[str, Fact]) -> dict[str, Any]:
    """What of a record can be written, its id, and the status it is to have.

    Custom fields of `custom_field_hash` and `custom_fields` stand beside the others. What the vendor only computes is left
    out, so a stream of our own taps can be sent back.

    Raises:
        Stop: a property that is no field of the resource: a mistake in the stream, which no record escapes.
    """
    known = {*facts, resource.id, resource.parent, *resource.query, *resource.lists, "status"}
    unknown = [name for name in record if name not in known | _CUSTOM_LISTS and not name.startswith(CUSTOM)]
    if facts and unknown:
        raise _no_fields(stream, unknown, facts)
    listed = custom_fields(record).items()
    values = {name: value for name, value in listed if name.startswith(CUSTOM) and not name.endswith(_UNFORMATTED)}
    for name, value in record.items():
        computed = name in facts and facts[name].read_only and name not in {resource.id, "status"}
        if not computed and name not in _CUSTOM_LISTS:
            values[name] = _writable(name, value, resource, facts)
    return values


def _writable(name: str, value: Any, resource: Resource, facts: Mapping[str, Fact]) -> Any:
    """Of objects and rows the keys that can be written, where they are known; yes and no of a file as such."""
    rows = resource.lists.get(name)
    if rows is not None and isinstance(value, list):
        return [{key: one for key, one in row.items() if key in {rows.id, *rows.kept}} for row in value]
    below = {path.removeprefix(f"{name}.") for path in facts if path.startswith(f"{name}.")}
    if below and isinstance(value, dict):
        return {key: one for key, one in value.items() if key in below}
    if name.startswith("is_") and isinstance(value, str):
        return _TRUTH.get(value.strip().casefold(), value)
    return value


def _no_fields(stream: str, unknown: list[str], facts: Mapping[str, Fact]) -> Stop:
    written = [name for name, fact in facts.items() if not fact.read_only]
    near = [
        f"{name} (near: {close[0]})" if (close := get_close_matches(name, written, 1)) else name for name in unknown
    ]
    return Stop(
        sentence(
            f"{len(unknown)} properties are no fields of {stream}: {', '.join(sorted(near))}",
            where=f"stream {stream}",
            expected="keys of the vendor's create and update, or custom fields (cf_…)",
            remedy="Rename or leave them out by a stream map.",
        )
    )
