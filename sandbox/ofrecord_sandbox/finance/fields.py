# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`
"""Custom fields: what there is, how it is arranged, and the short ways to the values of one record.

`GET /settings/preferences` was seen live; no document tells how fields are created, so `/settings/customfields` is the
sandbox's own. The short paths are documented for items, invoices and payments at both doors, for orders and credit notes in Books.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ofrecord_sandbox.finance import custom, engine
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import RESOURCES, Resource
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import Kind, flag, many, one_of, shape, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_TYPE = one_of(*sorted(custom.TYPES))
_CHANGED: dict[str, Kind] = {
    "label": text(100), "data_type": _TYPE, "is_unique": flag, "is_mandatory": flag, "is_active": flag,
    "values": many(text(255)),
}  # fmt: skip
_GIVEN: dict[str, Kind] = _CHANGED | {"module": text(50), "api_name": text(100)}


def preferences(world: World, request: Request) -> Response:
    """`GET /settings/preferences`: definitions of custom fields by module (seen live, not in the OpenAPI)."""
    engine.only_query(request)
    fields: dict[str, list[Record]] = {}
    for field in world.store.table("finance/fields").rows.values():
        fields.setdefault(field["module"], []).append({key: value for key, value in field.items() if key != "module"})
    return done("customfields", fields)


def add(world: World, request: Request) -> Response:
    """`POST /settings/customfields`: `module`, `label`, `api_name`, optional `data_type`, `values`, `is_unique`, `is_mandatory`."""
    engine.only_query(request)
    given = shape(_GIVEN)("body", engine.body_of(request))
    for name in ("module", "label", "api_name"):
        if not given.get(name):
            raise invalid(name)
    module, api_name = given.pop("module"), given.pop("api_name")
    if not api_name.startswith("cf_") or custom.definition(world, module, api_name) is not None:
        raise invalid("api_name")
    arranged = {"data_type": given.pop("data_type", "string"), "unique": given.pop("is_unique", False)}
    key = custom.add_field(world, module, given.pop("label"), api_name, **arranged, **given)
    return done("customfield", _known(world, key), "The custom field has been created.", status=201)


def change(world: World, request: Request, customfield_id: str) -> Response:
    """`PUT /settings/customfields/{id}`: a new label, other values, unique, mandatory, inactive. The API name stays."""
    engine.only_query(request)
    field = _known(world, customfield_id) | shape(_CHANGED)("body", engine.body_of(request))
    world.store.table("finance/fields").put(customfield_id, field)
    return done("customfield", field, "The custom field has been updated.")


def remove(world: World, request: Request, customfield_id: str) -> Response:
    """`DELETE /settings/customfields/{id}`: the field and every value of it are gone."""
    engine.only_query(request)
    field = _known(world, customfield_id)
    for resource in RESOURCES.values():
        if resource.module == field["module"]:
            table = resource.table(world)
            for key, record in list(table.rows.items()):
                if field["api_name"] in record.get("_custom", {}):
                    kept = {name: value for name, value in record["_custom"].items() if name != field["api_name"]}
                    table.put(key, record | {"_custom": kept})
    world.store.table("finance/fields").remove(customfield_id)
    return done(message="The custom field has been deleted.")


def _known(world: World, customfield_id: str) -> Record:
    field = world.store.table("finance/fields").get(customfield_id)
    if field is None:
        raise absent("Custom field")
    return field


def write(world: World, request: Request, key: str, resource: Resource, door: str) -> Response:
    """`PUT /{singular}/{id}/customfields`: a bare array of values, or `{"custom_fields": […]}`."""
    if door not in resource.field_paths and not doubts.undocumented_field_paths:
        raise RefusedError(5, "Invalid URL Passed", 404)
    engine.only_query(request)
    _written(world, resource, key, _sent(request))
    return done(message="Custom Fields Updated Successfully")


def read_all(world: World, request: Request, key: str, resource: Resource) -> Response:
    """`GET /{collection}/{id}/customfields` (Books: invoices, credit notes)."""
    engine.only_query(request)
    shown = custom.shown(world, resource, engine.found(world, resource, key))
    return done("custom_fields", shown["custom_fields"])


def write_all(world: World, request: Request, key: str, resource: Resource) -> Response:
    """`POST /creditnotes/{id}/customfields {"custom_fields": […]}` (Books)."""
    engine.only_query(request)
    _written(world, resource, key, _sent(request))
    return done(message="The custom fields have been updated.")


def _sent(request: Request) -> Any:
    try:
        sent = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise RefusedError(1038, "JSON is not well formed") from None
    return sent.get("custom_fields") if isinstance(sent, Mapping) else sent


def _written(world: World, resource: Resource, key: str, sent: Any) -> None:
    record = dict(engine.found(world, resource, key))
    custom.taken(world, resource, record, sent)
    engine.keep(world, resource, record)
