# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Merging of duplicates. Source: Zoho CRM v8 OpenAPI `find_and_merge.json` and docs, "Merge Records".

The losers appear as deleted records; what points to them points to the winner afterwards, and notes, attachments and relations go with
it. Inferred, not documented: the winner's Modified_Time moves, that of the records which pointed to a loser does not. Here a merge is
done at once, so there is never a job to ask about.
"""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import attachments, holds, notes, organisation, params, related
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, no_permission
from ofrecord_sandbox.crm.deleting import bury
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_MODULES = ("Accounts", "Contacts", "Deals", "Vendors")
_MOST = 2


def start(world: World, request: Request, module: str, record_id: str) -> Response:
    """`POST /{module}/{master}/actions/merge`: one or two records into the master, which takes the named fields of theirs."""
    known = params.module_named(world, module)
    params.only(request)
    if module not in _MODULES and known.kind != "custom":
        raise params.unknown_module()
    if world.store.table(known.table).get(record_id) is None:
        raise invalid_id({"resource_path_index": 1})
    given = params.body(request, "merge").get("merge")
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise invalid_data({"expected_data_type": "jsonarray", "api_name": "merge", "json_path": "$.merge"})
    try:
        taken = _children(world, known, record_id, given[0])
        if known.refuses("editable") or known.refuses("deletable"):
            raise no_permission(module, "deletable")
        holds.refuse_change(world, known, record_id, {}, "$.merge[0]")
        for loser in taken:
            holds.refuse_deletion(world, known, loser)
    except RefusedError as error:
        return Response(error.status, {"merge": [error.body()]})
    merge(world, known, record_id, taken)
    done = {"code": "SUCCESS", "details": {"id": record_id}, "message": "records merged", "status": "success"}
    return Response(200, {"merge": [done]})


def status(world: World, request: Request, module: str, record_id: str) -> Response:
    """`GET /{module}/{master}/actions/merge`: nothing is ever scheduled."""
    params.only(request, "job_id")
    params.module_named(world, module)
    if world.store.table(params.module_named(world, module).table).get(record_id) is None:
        raise invalid_id({"resource_path_index": 1})
    return Response(204)


def _children(world: World, module: Module, winner: str, given: Record) -> dict[str, list[str]]:
    """Fields to take from each loser, by its id; raises RefusedError."""
    children = given.get("data")
    details: dict[str, Any] = {"api_name": "data", "json_path": "$.merge[0].data"}
    if children is None:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    if not isinstance(children, list) or not children:
        raise invalid_data(details | {"minimum_length": 1})
    if len(children) > _MOST:
        raise RefusedError(
            "LIMIT_EXCEEDED", "only two records can be merged into one", details | {"maximum_length": _MOST}
        )
    taken: dict[str, list[str]] = {}
    for number, child in enumerate(children):
        path = f"$.merge[0].data[{number}]"
        loser = child.get("id") if isinstance(child, dict) else None
        where = {"api_name": "id", "json_path": f"{path}.id"}
        if loser is None:
            raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", where)
        if loser == winner or loser in taken:
            raise RefusedError("DUPLICATE_DATA", "duplicate data", where)
        if world.store.table(module.table).get(loser) is None:
            raise invalid_id(where)
        taken[loser] = [str(one.get("api_name")) for one in child.get("_fields") or []]
        for position, name in enumerate(taken[loser]):
            if name not in module.fields or module.fields[name].read_only:
                raise invalid_data({"api_name": name, "json_path": f"{path}._fields[{position}].api_name"})
    return taken


def arrange(world: World, module: str, winner: str, losers: list[str]) -> None:
    """The same for the control API, in any module; raises ValueError."""
    known = schema(world).get(module)
    for record_id in (winner, *losers):
        if known is None or world.store.table(known.table).get(record_id) is None:
            msg = f"there is no record {record_id!r} in {module!r}"
            raise ValueError(msg)
    if winner in losers or not losers:
        msg = "losers are other records than the winner"
        raise ValueError(msg)
    if known is not None:
        merge(world, known, winner, {loser: [] for loser in losers})


def merge(world: World, module: Module, winner: str, taken: dict[str, list[str]]) -> None:
    """Bring the losers (with the fields to take from each) into the winner."""
    table = world.store.table(module.table)
    values = {name: table.rows[loser].get(name) for loser, names in taken.items() for name in names}
    for loser in taken:
        _repoint(world, module.api_name, loser, winner)
        notes.move(world, module.api_name, loser, winner)
        attachments.move(world, loser, winner)
        related.move(world, module.api_name, loser, winner)
        bury(world, module, loser)
    moment = world.clock.now()
    kept = {**table.rows[winner], **values, "Modified_By": organisation.writer_reference()}
    own = [
        one.api_name for one in module.fields.values() if one.data_type == "lookup" and one.target == module.api_name
    ]
    kept |= dict.fromkeys(_pointed(kept, own, winner, winner))  # nobody is above itself
    table.put(winner, {**kept, "Modified_Time": organisation.local_time(moment), "_m": int(moment.timestamp())})


def _repoint(world: World, target: str, old: str, new: str) -> None:
    for known in schema(world).values():
        if known.kind == "subform":
            continue
        lookups = [one.api_name for one in known.fields.values() if one.data_type == "lookup" and one.target == target]
        rows = {one: _lookups(world, one, target) for one in known.subforms}
        if not lookups and not any(rows.values()):
            continue
        table = world.store.table(known.table)
        for record in table:
            changed = _pointed(record, lookups, old, new)
            for field, names in rows.items():
                kept = record.get(field.api_name) or []
                moved = [{**row, **_pointed(row, names, old, new)} for row in kept]
                if moved != kept:
                    changed[field.api_name] = moved
            if changed:
                table.put(record["id"], {**record, **changed})


def _lookups(world: World, field: Field, target: str) -> list[str]:
    columns = schema(world)[field.target].fields.values()
    return [one.api_name for one in columns if one.data_type == "lookup" and one.target == target]


def _pointed(record: Record, names: list[str], old: str, new: str) -> Record:
    return {name: {"id": new} for name in names if (record.get(name) or {}).get("id") == old}
