"""What a write makes of a record: values checked, lookups resolved, rows merged, derived fields computed."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import lines, organisation, values
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, no_permission, several
from ofrecord_sandbox.crm.external import External, resolve_lookup
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_NUMBERED = 554023000000001
"""Numbers given by the server to quotes, orders and invoices."""


def apply_values(  # noqa: PLR0917 - one value each, named at every call
    world: World, module: Module, existing: Record | None, given: Record, path: str, external: External, now: str
) -> Record:
    """A new version of the record (`existing` is not touched); raises RefusedError with everything wrong in it."""
    record = dict(existing) if existing is not None else _empty(world, module)
    errors: list[RefusedError] = []
    for name, value in given.items():
        try:
            record[name] = _value(world, module, record, name, value, path, external, now)
        except RefusedError as error:
            errors.append(error)
    errors += _missing(module, given, existing is None, path)
    if errors:
        raise several(errors)
    derive(world, module, record)
    return record


def _empty(world: World, module: Module) -> Record:
    record: Record = {}
    for field in module.fields.values():
        if field.data_type == "boolean":
            record[field.api_name] = False
        elif field.data_type == "autonumber":
            record[field.api_name] = world.next_id(_NUMBERED)
        elif field.data_type == "subform":
            record[field.api_name] = []
    record["Record_Status__s"] = "Available"
    return record


def _value(  # noqa: PLR0917 - one value each, named at every call
    world: World, module: Module, record: Record, name: str, value: Any, path: str, external: External, now: str
) -> Any:
    field = module.fields.get(name)
    if field is None or field.read_only or field.permission != "read_write":
        return _unwritable(module, field, name, value, path)
    clean = values.PLAIN.get(field.data_type)
    if clean is not None:
        return None if value is None else clean(field, value, path)

    def lookup(column: Field, inner: Any, inner_path: str, steps: tuple[str, ...]) -> Any:
        return _lookup(world, column, inner, inner_path, external.lookups.get(steps))

    if field.data_type == "lookup":
        return lookup(field, value, path, (name,))
    if field.data_type in {"ownerlookup", "userlookup"}:
        return _user(world, field, value, path)
    if field.data_type == "subform":
        return lines.merged(world, field, record.get(name) or [], value, path, lookup, now)
    raise values.wrong_type(field, path, field.data_type)


def _unwritable(module: Module, field: Field | None, name: str, value: Any, path: str) -> Any:
    """The taxes of a whole record, which are no field; anything else is refused."""
    if name == "$line_tax" and "Grand_Total" in module.fields:
        return lines.taxes(value, name, path)
    details = {"api_name": name, "json_path": f"{path}.{name}"}
    if field is None:
        raise invalid_data(details, "the field name given seems to be invalid")
    if field.read_only:
        raise invalid_data(details, "the field is read only")
    raise no_permission(module.api_name, "editable", details)  # the vendor's answer is UNVERIFIED


def _lookup(world: World, field: Field, value: Any, path: str, external_field: str | None) -> Any:
    """`{"id": …}` (a `name` beside it is accepted), or `{ExternalField: …}` under the header."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) - {"id", "name", "Product_Code", external_field}:
        raise values.wrong_type(field, path, "jsonobject")
    refusal = invalid_id({"api_name": field.api_name, "json_path": f"{path}.{field.api_name}.id"})
    return {"id": resolve_lookup(world, schema(world)[field.target], external_field, value, refusal)}


def _user(world: World, field: Field, value: Any, path: str) -> Any:
    if value is None and field.data_type == "userlookup":
        return None
    if not isinstance(value, dict) or set(value) - {"id", "name", "email"}:
        raise values.wrong_type(field, path, "jsonobject")
    user = organisation.users_by_id(world).get(str(value.get("id")))
    if user is None or user["status"] != "active":
        raise invalid_id({"api_name": field.api_name, "json_path": f"{path}.{field.api_name}.id"})
    return {key: user[key] for key in ("name", "id", "email")}


def _missing(module: Module, given: Record, inserting: bool, path: str) -> list[RefusedError]:
    """Mandatory fields that a new record lacks, or that a change would clear."""
    errors = []
    for field in module.demanded:
        name = field.api_name
        lacking = given.get(name) in (None, "", []) if inserting else name in given and given[name] in (None, "")
        if lacking:
            details = {"api_name": name, "json_path": f"{path}.{name}"}
            errors.append(RefusedError("MANDATORY_NOT_FOUND", "required field not found", details))
    return errors


def derive(world: World, module: Module, record: Record) -> None:
    """Fill in what the server computes."""
    if "Full_Name" in module.fields:
        parts = [record.get("First_Name"), record.get("Last_Name")]
        record["Full_Name"] = " ".join(part for part in parts if part)
    if "Grand_Total" in module.fields:
        lines.total_up(world, module, record)
    if "Expected_Revenue" in module.fields and record.get("Amount") is not None:
        revenue = lines.number(record["Amount"]) * lines.number(record.get("Probability")) / 100
        record["Expected_Revenue"] = organisation.rounded(world, revenue)
