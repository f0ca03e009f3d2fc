# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Insert, update, upsert: one answer a record, in order.

Source: Zoho CRM v8 docs, "Insert Records", "Update Records", "Upsert Records".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.crm import automation, holds, organisation, params
from ofrecord_sandbox.crm.answers import (
    ALREADY_MODIFIED,
    RefusedError,
    invalid_data,
    invalid_id,
    no_permission,
    overall,
)
from ofrecord_sandbox.crm.change import apply_values
from ofrecord_sandbox.crm.duplicates import checked_fields, find_match, refuse_duplicates
from ofrecord_sandbox.crm.external import External
from ofrecord_sandbox.crm.metadata import Module
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

FIRST_ID = 554023000001000000
_KEYS = ("data", "trigger", "apply_feature_execution", "skip_feature_execution", "duplicate_check_fields")
Element = dict[str, Any]


def insert(world: World, request: Request, module: str) -> Response:
    """`POST /{module}`."""
    known = _writable(world, request, module)
    given = params.body(request, *_KEYS[:-1])
    batch = Batch(world, request, known, given)
    return batch.each(params.records(given), batch.insert_one, 201)


def update_many(world: World, request: Request, module: str) -> Response:
    """`PUT /{module}`: each element names its record by `id`, or by its external field under `X-EXTERNAL`."""
    known = _writable(world, request, module)
    given = params.body(request, *_KEYS[:-1])
    batch = Batch(world, request, known, given)
    return batch.each(params.records(given), batch.update_one, 200)


def update(world: World, request: Request, module: str, record_id: str) -> Response:
    """`PUT /{module}/{id}`."""
    known = _writable(world, request, module)
    given = params.body(request, *_KEYS[:-1])
    data = params.records(given)
    if len(data) > 1:
        raise invalid_data({"maximum_length": 1, "api_name": "data", "json_path": "$.data"})
    batch = Batch(world, request, known, given)
    found = batch.external.find(world, known, record_id)
    if found is None:
        error = invalid_id({"id": record_id})
        return Response(400, {"data": [error.body()]})
    return batch.each(data, lambda values, path: batch.change_one(found, values, path), 200)


def upsert(world: World, request: Request, module: str) -> Response:
    """`POST /{module}/upsert`. Status 200 even when all were inserted (UNVERIFIED)."""
    known = _writable(world, request, module)
    given = params.body(request, *_KEYS)
    batch = Batch(world, request, known, given)
    named = given.get("duplicate_check_fields")
    batch.check_fields = checked_fields(known, [] if named is None else named)
    return batch.each(params.records(given), batch.upsert_one, 200)


def clone(world: World, request: Request, module: str, record_id: str) -> Response:
    """`POST /{module}/{id}/actions/clone` of a module without unique values in the record."""
    known = params.module_named(world, module)
    record = world.store.table(known.table).get(record_id)
    if record is None:
        return Response(400, {"data": [invalid_id({"id": record_id}).body()]})
    copied = {
        name: value
        for name, value in record.items()
        if name in known.fields and not known.fields[name].read_only and not known.fields[name].external
    }
    for field in known.subforms:
        columns = params.module_named(world, field.target).fields
        copied[field.api_name] = [
            {name: value for name, value in row.items() if name in columns and not columns[name].read_only}
            for row in record.get(field.api_name) or []
        ]
    batch = Batch(world, request, known, {})
    return batch.each([copied], batch.insert_one, 201)


def _writable(world: World, request: Request, module: str) -> Module:
    known = params.module_named(world, module)
    params.only(request)
    if known.kind == "subform":
        raise RefusedError("NOT_SUPPORTED", "The module is not supported in this API", {"resource_path_index": 0}, 403)
    return known


class Batch:
    """The records of one call and what they share."""

    def __init__(self, world: World, request: Request, module: Module, given: dict[str, Any]) -> None:
        self.world = world
        self.request = request
        self.module = module
        self.table = world.store.table(module.table)
        self.external = External(world, module, request)
        self.check_fields: list[str] = []
        self.features = automation.features(given)
        self.unmodified_since = _moment(request, "if-unmodified-since")
        moment = world.clock.now()
        self.now = organisation.local_time(moment)
        self.second = int(moment.timestamp())

    def each(self, data: list[Any], act: Callable[[Record, str], Element], success: int) -> Response:
        """All records through `act`; overall status by the vendor's rule."""
        elements = []
        codes = set()
        for number, values in enumerate(data):
            path = f"$.data[{number}]"
            try:
                if not isinstance(values, dict):
                    raise invalid_data({"expected_data_type": "jsonobject", "json_path": path})
                elements.append(act(values, path))
                codes.add("SUCCESS")
            except RefusedError as error:
                elements.append(error.body())
                codes.add(error.code)
        return Response(overall(codes, success), {"data": elements})

    def insert_one(self, values: Record, path: str) -> Element:
        """A new record."""
        if "id" in values:
            raise invalid_data({"api_name": "id", "json_path": f"{path}.id"})
        return self.store(None, values, path, "insert")

    def update_one(self, values: Record, path: str) -> Element:
        """A record that names itself."""
        own = self.external.own
        if own:
            key = values.get(own)
            found = self.external.find(self.world, self.module, str(key)) if key is not None else None
        else:
            key = values.get("id")
            if key is None:
                details = {"api_name": "id", "json_path": f"{path}.id"}
                raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
            found = key if isinstance(key, str) and self.table.get(key) is not None else None
        if found is None:
            raise invalid_id({"id": key, "api_name": own or "id", "json_path": f"{path}.{own or 'id'}"})
        return self.change_one(found, values, path)

    def change_one(self, record_id: str, values: Record, path: str) -> Element:
        """A known record."""
        return self.store(record_id, {name: value for name, value in values.items() if name != "id"}, path, "update")

    def upsert_one(self, values: Record, path: str) -> Element:
        """Whatever the duplicate check says."""
        if values.get("id") is not None:
            element = self.update_one(values, path)
            return {**element, "action": "update", "duplicate_field": None}
        found, by = find_match(self.world, self.module, self.check_fields, values, path)
        action = "insert" if found is None else "update"
        element = self.store(found, values, path, action)
        return {**element, "action": action, "duplicate_field": by}

    def store(self, record_id: str | None, values: Record, path: str, action: str) -> Element:
        """Check and keep the values: of a new record, or of the one with this id. Raises RefusedError."""
        existing = self.table.get(record_id) if record_id is not None else None
        right = "creatable" if existing is None else "editable"
        if self.module.refuses(right):
            raise no_permission(self.module.api_name, right)
        if existing is not None:
            holds.refuse_change(self.world, self.module, existing["id"], values, path)
        if existing is not None and self.unmodified_since is not None and existing["_m"] > self.unmodified_since:
            raise RefusedError(
                "ALREADY_MODIFIED",
                "record updated time has already passed if-unmodified-since time",
                stamp(existing),
                ALREADY_MODIFIED,
            )
        refuse_duplicates(self.world, self.module, record_id, values, path)
        record = apply_values(self.world, self.module, existing, values, path, self.external, self.now)
        if existing is None:
            record |= {
                "id": self.world.next_id(FIRST_ID),
                "Created_Time": self.now,
                "Created_By": organisation.writer_reference(),
                "_c": self.second,
            }
            record.setdefault("Owner", organisation.user_reference())
        record |= {"Modified_Time": self.now, "Modified_By": organisation.writer_reference(), "_m": self.second}
        self.table.put(record["id"], record)
        automation.fire(self.world, self.request, self.module.api_name, record["id"], action, self.features)
        return {
            "code": "SUCCESS",
            "details": stamp(record) | {"$approval_state": "approved"},
            "message": "record added" if action == "insert" else "record updated",
            "status": "success",
        }


def stamp(record: Record) -> dict[str, Any]:
    """Who made and changed it when, as the answers to writes show it."""
    return {name: record[name] for name in ("Modified_Time", "Modified_By", "Created_Time", "id", "Created_By")}


def _moment(request: Request, header: str) -> int | None:
    given = request.headers.get(header)
    if given is None:
        return None
    try:
        return organisation.epoch(given)
    except ValueError:
        raise invalid_data({"header_name": header, "expected_data_type": "datetime"}) from None
