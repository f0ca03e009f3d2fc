# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`
"""`PUT /{collection}` with the X-Unique-Identifier headers: found by a unique custom field, changed or created.

Books documents it ("Update … using a custom field's unique value"); at the Inventory door it is UNVERIFIED. What the documents
leave open is decided by `doubts`: a deleted holder, several holders, a key that is not in the body. Where header and body name
different values, the header finds the record and the body is written (UNVERIFIED).
"""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.finance import custom, engine
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_KEY, _VALUE = "x-unique-identifier-key", "x-unique-identifier-value"


def upsert(world: World, request: Request, resource: Resource, door: str) -> Response:
    """Change the one record that holds the value, else create one when `X-Upsert` says so."""
    engine.only_query(request, engine.AUTO)
    if door == INVENTORY and not doubts.upsert_on_inventory:
        raise RefusedError(5, "Invalid URL Passed", 404)
    name, value = (request.headers.get(header, "") for header in (_KEY, _VALUE))
    field = custom.definition(world, resource.module, name) if name else None
    if field is None or field["api_name"] != name or not field["is_unique"]:
        raise invalid("X-Unique-Identifier-Key")
    if not value:
        raise invalid("X-Unique-Identifier-Value")
    given = engine.body_of(request)
    holders = [key for key in custom.holders_of(world, resource, name, value) if _member(world, resource, key)]
    if len(holders) > 1 and not doubts.upsert_takes_first_of_many:
        raise RefusedError(1045, f"More than one {resource.words.lower()} has this value in {field['label']}.")
    if holders:
        record = engine.change(world, resource, engine.found(world, resource, holders[0]), given, request.query)
        return engine.changed(world, resource, record, door)
    if request.headers.get("x-upsert", "").lower() != "true":
        raise absent(resource.words)
    if doubts.upsert_remembers_deleted and custom.was_held(world, resource, name, value):
        raise absent(resource.words)
    if doubts.upsert_stamps_key:
        given = _stamped(given, name, value)
    record = engine.insert(world, resource, given, request.query)
    shown = engine.detail(world, resource, record, door)
    return done(resource.key_at(door), shown, said(resource, "created", door), doubts.upsert_insert_status)


def _member(world: World, resource: Resource, key: str) -> bool:
    return resource.member(resource.table(world).rows[key])


def _stamped(given: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    """The body with the key field in it, unless it is there."""
    fields = given.get("custom_fields", [])
    if not isinstance(fields, list) or any(isinstance(one, dict) and one.get("api_name") == name for one in fields):
        return given
    return given | {"custom_fields": [*fields, {"api_name": name, "value": value}]}
