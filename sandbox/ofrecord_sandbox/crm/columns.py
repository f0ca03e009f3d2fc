"""What a column of a query or a criterion means: a field, or one reached over lookups. Source: Zoho CRM v8 docs, "COQL", "Bulk Read"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

MOST_HOPS = 2
USERS = {"ownerlookup", "userlookup"}
LOOKUPS = {"lookup", *USERS}
NOT_QUERYABLE = {"subform", "linetax", "multiselectlookup", "multiuserlookup"}
Read = Callable[[Record], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one module. `read` gives the stored value; a lookup is an object with its `id`."""

    name: str
    field: Field
    read: Read
    is_own: bool
    """A field of the module itself, not one reached over lookups."""


def invalid(column: str, **more: Any) -> RefusedError:
    """INVALID_QUERY about a column; `more` are the keys the OpenAPI file names together."""
    return RefusedError("INVALID_QUERY", "invalid query formed", {"column_name": column, **more})


def unfit(column: str, operator: str) -> RefusedError:
    """INVALID_QUERY about an operator a column does not take."""
    return invalid(column, reason="operator is not supported for this column", operator=operator)


def resolve(world: World, module: Module, name: str) -> Column:
    """The column of that name or dotted path; raises RefusedError INVALID_QUERY."""
    head, *steps = name.split(".")
    field = _field(module, head, name)
    read = _own(head)
    if len(steps) > MOST_HOPS:
        raise invalid(name)
    for number, step in enumerate(steps, start=1):
        if field.data_type in USERS and number == len(steps) and step in organisation.USER_FIELDS:
            read = _hop(organisation.users_by_id(world), read, step)
            field = replace(field, data_type="text", target="")
        elif field.data_type == "lookup":
            target = schema(world)[field.target]
            read = _hop(world.store.table(target.table).rows, read, step)
            field = _field(target, step, name)
        else:
            raise invalid(name)
    return Column(name, field, read, not steps)


def _field(module: Module, name: str, whole: str) -> Field:
    field = module.fields.get(name)
    if field is None or field.data_type in NOT_QUERYABLE or name in module.hidden:
        raise invalid(whole)
    return field


def _own(name: str) -> Read:
    return lambda record: record.get(name)


def _hop(others: dict[str, Record], read: Read, step: str) -> Read:
    def value(record: Record) -> Any:
        reference = read(record)
        other = others.get(reference["id"]) if reference else None
        return None if other is None else other.get(step)

    return value


def shown(column: Column) -> Read:
    """What an answer shows of it: a lookup alone comes without its name."""
    if column.field.data_type not in LOOKUPS:
        return column.read
    read = column.read

    def reference(record: Record) -> Any:
        value = read(record)
        return value and {"id": value["id"]}

    return reference
