# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`
"""List, read, create, change, remove: the same for every resource, driven by its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ofrecord_sandbox.finance import custom, listing
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid, unknown
from ofrecord_sandbox.finance.declare import Resource
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import checked, now_s, stamp
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

FIRST_ID = 460000000100000
AUTO = "ignore_auto_number_generation"
UPSERT = {"x-unique-identifier-key", "x-unique-identifier-value", "x-upsert"}


def new_id(world: World) -> str:
    """A new id; all finance records count from one start."""
    return world.next_id(FIRST_ID)


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object sent, as body or as the form field `JSONString` (1038: met live, `AlizKaz/zoho-assistant`)."""
    raw = request.form.get("JSONString", "").encode() or request.body
    if not raw:
        return {}
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise RefusedError(1038, "JSON is not well formed") from None
    if not isinstance(given, dict):
        raise RefusedError(4, "Invalid value passed for JSONString")
    return given


def only_query(request: Request, *allowed: str) -> None:
    """Refuse query parameters that this call does not have."""
    for name in request.query:
        if name != "organization_id" and name not in allowed:
            raise unknown(name)


def found(world: World, resource: Resource, key: str) -> Record:
    """The record of that id; raises RefusedError 1002."""
    record = resource.table(world).get(key)
    if record is None or not resource.member(record):
        raise absent(resource.words)
    return record


def detail(world: World, resource: Resource, record: Record, door: str) -> dict[str, Any]:
    """The detail form of a record."""
    shown = {key: value for key, value in record.items() if key[0] != "_"}
    shown.update(resource.derive(world, record))
    shown.update(resource.show(world, record))
    if "status" in resource.row:
        shown["status"] = listing.status_at(world, resource, record, door)
    if resource.module:
        shown.update(custom.shown(world, resource, record))
    return resource.as_detail(shown)


def create(world: World, request: Request, resource: Resource, door: str) -> Response:
    """`POST /{collection}`."""
    _no_upsert(request)
    only_query(request, AUTO, *resource.query)
    record = insert(world, resource, body_of(request), request.query)
    shown = detail(world, resource, record, door)
    return shown_as(resource, shown, door, said(resource, "created", door), resource.create_status)


def insert(world: World, resource: Resource, given: Mapping[str, Any], query: Mapping[str, str]) -> Record:
    """Keep a new record; raises RefusedError before anything is changed."""
    given = resource.filled(world, given, query)
    for name in resource.required:
        if given.get(name) in (None, "", []):
            raise invalid(name)
    record: Record = {resource.id_key: ""} | dict(resource.fresh)
    record |= _checked(resource, given)
    record["_query"] = dict(query)
    custom.taken(world, resource, record, given.get("custom_fields", []), new=True)
    resource.check(world, record, None, given)
    record.pop("_query", None)
    _numbered(world, resource, record, None, query)
    record[resource.id_key] = new_id(world)
    record["created_time"], record["_created"] = stamp(world.clock.now()), now_s(world)
    keep(world, resource, record)
    resource.saved(world, record)
    return found(world, resource, record[resource.id_key])


def keep(world: World, resource: Resource, record: Record, *, touch: bool = True) -> None:
    """Store a record; `touch` moves its `last_modified_time` to now."""
    if touch:
        record["last_modified_time"], record["_modified"] = stamp(world.clock.now()), now_s(world)
    resource.table(world).put(record[resource.id_key], record)


def update(world: World, request: Request, resource: Resource, door: str, key: str) -> Response:
    """`PUT /{collection}/{id}`: only the keys sent are changed."""
    only_query(request, AUTO, *resource.update_query)
    record = change(world, resource, found(world, resource, key), body_of(request), request.query)
    return changed(world, resource, record, door)


def change(
    world: World, resource: Resource, before: Record, given: Mapping[str, Any], query: Mapping[str, str]
) -> Record:
    """Change a record; raises RefusedError before anything is changed."""
    for name in resource.required:
        if name in given and given[name] in (None, "", []):
            raise invalid(name)
    record = before | _checked(resource, given)
    if "custom_fields" in given:
        custom.taken(world, resource, record, given["custom_fields"])
    resource.check(world, record, before, given)
    _numbered(world, resource, record, before, query)
    keep(world, resource, record)
    resource.saved(world, record)
    return found(world, resource, record[resource.id_key])


def remove(world: World, request: Request, resource: Resource, door: str, key: str) -> Response:
    """`DELETE /{collection}/{id}`."""
    only_query(request)
    record = found(world, resource, key)
    resource.removable(world, record)
    erase(world, resource, record)
    return done(message=said(resource, "deleted", door))


def erase(world: World, resource: Resource, record: Record) -> None:
    """Take a record away, and what followed from it."""
    custom.forgotten(world, resource, record)
    resource.table(world).remove(record[resource.id_key])
    resource.removed(world, record)


def changed(world: World, resource: Resource, record: Record, door: str) -> Response:
    """The answer to an update."""
    shown = detail(world, resource, record, door)
    return shown_as(resource, shown, door, said(resource, "updated", door), resource.update_status)


def shown_as(
    resource: Resource, shown: dict[str, Any], door: str, message: str = "success", status: int = 200
) -> Response:
    """A single record under its key; flat, where the OpenAPI file has it so and the doubt follows it."""
    if resource.flat and doubts.flat_details:
        return Response(status, {"code": 0, "message": message, **shown})
    return done(resource.key_at(door), shown, message, status)


def _checked(resource: Resource, given: Mapping[str, Any]) -> dict[str, Any]:
    aside = {"custom_fields"} | resource.dropped if resource.module else resource.dropped
    if not aside.isdisjoint(given):
        given = {name: value for name, value in given.items() if name not in aside}
    return checked(resource.writable, given)


def _numbered(
    world: World, resource: Resource, record: Record, before: Record | None, query: Mapping[str, str]
) -> None:
    """Give a document its number, refuse a number that is taken or not allowed (codes UNVERIFIED)."""
    if resource.number is None:
        return
    key, prefix = resource.number
    index = resource.table(world).index("number", lambda one: (one[key],))
    if record.get(key):
        if before is not None and before[key] == record[key]:
            return
        if query.get(AUTO) != "true" and not resource.own_number:
            raise RefusedError(
                4097, f"{resource.words} number is generated automatically; send {AUTO}=true to use your own."
            )
        if index.ids(record[key]):
            raise RefusedError(
                *(resource.duplicate or (36004, f"This {resource.words.lower()} number already exists."))
            )
        return
    if query.get(AUTO) == "true" and before is None:
        raise invalid(key)
    counters = world.store.table("finance/numbers")
    count = (counters.get(key) or {"last": 0})["last"]
    while True:
        count += 1
        candidate = f"{prefix}{count:05d}"
        if not index.ids(candidate):
            break
    counters.put(key, {"last": count})
    record[key] = candidate


def _no_upsert(request: Request) -> None:
    if UPSERT & set(request.headers):
        raise invalid("X-Unique-Identifier-Key")
