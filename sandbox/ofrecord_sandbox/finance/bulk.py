"""One call for many records: delete, active, inactive; all or none of them (UNVERIFIED)."""

from __future__ import annotations

from ofrecord_sandbox.finance import engine
from ofrecord_sandbox.finance.answers import done, invalid
from ofrecord_sandbox.finance.declare import RESOURCES, Resource
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

MOST = 200
"""Ids of one call: said of confirming and printing, taken for the others, too (UNVERIFIED)."""


def named(world: World, request: Request, resource: Resource, parameter: str) -> list[Record]:
    """The records whose ids the query lists; raises RefusedError."""
    engine.only_query(request, parameter)
    ids = [key for key in request.query.get(parameter, "").split(",") if key]
    if not ids or len(ids) > MOST:
        raise invalid(parameter)
    return [engine.found(world, resource, key) for key in dict.fromkeys(ids)]


def remove(world: World, request: Request, collection: str) -> Response:
    """`DELETE /{collection}?…_ids=a,b`."""
    resource = RESOURCES[collection]
    records = named(world, request, resource, _parameter(resource))
    for record in records:
        resource.removable(world, record)
    for record in records:
        engine.erase(world, resource, record)
    words = "The selected sales orders" if collection == "salesorders" else f"The {collection}"
    return done(message=f"{words} have been deleted.")


def mark(world: World, request: Request, collection: str, state: str) -> Response:
    """`POST /{collection}/{active|inactive}?…_ids=a,b`."""
    resource = RESOURCES[collection]
    for record in named(world, request, resource, _parameter(resource)):
        if record["status"] != state:
            engine.keep(world, resource, record | {"status": state})
    return done(message=f"The {collection} have been marked as {state.capitalize()}.")


def _parameter(resource: Resource) -> str:
    return f"{resource.id_key}s"
