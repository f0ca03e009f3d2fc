"""Custom fields of the finance side: properties of their own, typed by what the organisation says of them.

`GET /settings/preferences` describes them by module (seen live, not in the vendor's OpenAPI). A tap asks once when it
discovers; with a catalog it takes them from there and asks nothing. Their values come in three shapes: as
`custom_fields[]`, as `custom_field_hash` (texts, beside them `…_unformatted`), or loose among the columns of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.schema.source import SchemaDirectory, StreamSchema

from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.tap.finance_tap import Definition, FinanceTap
from ofrecord_kit.tap.pages import Row, value_of
from ofrecord_kit.tap.stream import DELETED

if TYPE_CHECKING:
    from ofrecord_kit.tap.finance import FinanceStream

Mend = Callable[[Row], Row]

HASH = "custom_field_hash"
_PREFIX = "cf_"
_NOTHING = 4
"""Bytes of `null`, `{}` and `""`."""
_DELETED = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "When the record was found to be deleted, UTC. Empty for records that exist.",
}
_KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": ["integer", "null"]},
    "autonumber": {"type": ["string", "null"]},
    "decimal": {"type": ["number", "null"]},
    "amount": {"type": ["number", "null"]},
    "percent": {"type": ["number", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "date_time": {"type": ["string", "null"], "format": "date-time"},
    "check_box": {"type": ["boolean", "null"]},
    "multiselect": {"type": ["array", "null"], "items": {"type": "string"}},
}
"""By `data_type` (the words are those of live answers, the set is UNVERIFIED); every other type is a text."""


class SchemaFiles(SchemaDirectory):
    """Schemas of a folder whose files take what they share from others: `{"$ref": "parts/address.json", "description": …}`."""

    def fetch_schema(self, key: str) -> dict[str, Any]:
        """The schema of a stream, in one piece."""
        found: dict[str, Any] = self._filled(super().fetch_schema(key))
        return found

    def _filled(self, given: Any) -> Any:
        if isinstance(given, list):
            return [self._filled(one) for one in given]
        if not isinstance(given, dict):
            return given
        own = {name: self._filled(one) for name, one in given.items() if name != "$ref"}
        if "$ref" not in given:
            return own
        return self._filled(super().fetch_schema(str(given["$ref"]).removesuffix(".json"))) | own


class WithCustomFields(StreamSchema[str]):
    """The schema of the stream's file, a property for each custom field its module has, and the time of a deletion."""

    def get_stream_schema(self, stream: Any, stream_class: type[Any]) -> dict[str, Any]:
        """The schema; made once a stream."""
        kept: dict[str, Any] | None = vars(stream).get("_schema_with_custom_fields")
        if kept is None:
            kept = dict(super().get_stream_schema(stream, stream_class))
            kept["properties"] = kept["properties"] | _properties(stream, kept)
            if stream.primary_keys and stream.has_ids:
                kept["properties"] |= {DELETED: _DELETED}
            vars(stream)["_schema_with_custom_fields"] = kept
        return kept


def definitions(stream: FinanceStream) -> list[Definition]:
    """Custom fields of the stream's module, as the organisation describes them; inactive ones are left out."""
    tap = stream._tap  # noqa: SLF001 - the SDK names it so
    if not stream.custom_fields_of or not isinstance(tap, FinanceTap):
        return []
    of = next((name for name in stream.custom_fields_of if name in tap.custom_fields), "")
    fields = tap.custom_fields.get(of, [])
    return [one for one in fields if str(one.get("api_name", "")).startswith(_PREFIX) and one.get("is_active", True)]


def facts(stream: FinanceStream) -> dict[Breadcrumb, Facts]:
    """What the vendor takes of each custom field. A set of options is not closed to what was there before."""
    found: dict[Breadcrumb, Facts] = {}
    for one in definitions(stream):
        said: Facts = {"vendor-type": str(one.get("data_type") or "string")}
        said |= {"unique": True} if one.get("is_unique") else {}
        said |= {"required": True} if one.get("is_mandatory") else {}
        said |= {"values": options} if (options := _options(one)) else {}
        found["properties", str(one["api_name"])] = said
    return found


def mending(schema: Mapping[str, Any]) -> Mend:
    """What repairs a row before it is cut to `schema`: nothing, the hash alone, or the hash and each field."""
    properties: Mapping[str, Any] = schema["properties"]
    single = {name: _turn(one) for name, one in properties.items() if name.startswith(_PREFIX)}
    if HASH not in properties and not single:
        return lambda row: row

    def mend(row: Row) -> Row:
        empty = _is_empty(row.get(HASH))
        if not empty and not single:
            return row
        listed = _by_name(value_of(row, "custom_fields") or [])
        given: dict[str, Any] = (listed or _loose(row)) if empty else value_of(row, HASH)
        if empty:
            row[HASH] = given
        if given:
            exact = given | listed
            for name, turn in single.items():
                value = exact.get(f"{name}_unformatted", exact.get(name))
                row[name] = None if value is None or value == "" else turn(value)
        return row

    return mend


def _is_empty(given: Any) -> bool:
    return not given or (type(given) is msgspec.Raw and len(bytes(given)) <= _NOTHING)


def _by_name(listed: list[Row]) -> dict[str, Any]:
    return {one["api_name"]: one.get("value") for one in listed if one.get("api_name")}


def _loose(row: Row) -> dict[str, Any]:
    return {name: value_of(row, name) for name in _loose_names(tuple(row))}


@lru_cache(maxsize=1000)  # most rows of a list have the same properties
def _loose_names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.startswith(_PREFIX))


def _properties(stream: FinanceStream, schema: Mapping[str, Any]) -> dict[str, Any]:
    """From the catalog the tap was given, else from the organisation."""
    if not stream.custom_fields_of:
        return {}
    detail = {"x-detail": True} if schema["properties"].get(HASH, {}).get("x-detail") else {}
    catalog = stream._tap.input_catalog  # noqa: SLF001 - the SDK names it so
    entry = catalog.get_stream(stream.name) if catalog else None
    if entry is not None:
        known = entry.schema.to_dict().get("properties", {})
        return {name: one | detail for name, one in known.items() if name.startswith(_PREFIX)}
    return {str(one["api_name"]): _property(one) | detail for one in definitions(stream)}


def _property(one: Definition) -> dict[str, Any]:
    options = _options(one)
    said = f'Custom field "{one.get("label") or one["api_name"]}" ({one.get("data_type") or "string"})'
    said += f", one of: {', '.join(options)}" if options else ""
    return {
        **_KINDS.get(str(one.get("data_type")), {"type": ["string", "null"]}),
        "description": f"{said}. May be empty.",
    }


def _options(one: Definition) -> list[str]:
    """Options of a list come as texts or as objects with a name (UNVERIFIED which)."""
    values = one.get("values") or []
    return [str(value.get("name", "")) if isinstance(value, dict) else str(value) for value in values]


def _turn(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Custom values arrive as texts; what is a number or a date the shape turns."""
    kinds = schema.get("type", [])
    if "boolean" in kinds:
        return lambda value: value if isinstance(value, bool) else str(value).lower() == "true"
    if "array" in kinds:
        return lambda value: value if isinstance(value, list) else [one.strip() for one in str(value).split(",")]
    if "string" in kinds and "format" not in schema:
        return lambda value: value if isinstance(value, str) else str(value)
    return lambda value: value
