"""Records as answers show them: lookups with names, rows of subforms, system keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ofrecord_sandbox.crm import holds, organisation
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_NOT_IN_LISTS = frozenset({"subform", "multiselectlookup", "multiuserlookup", "linetax"})
_RICH_TEXT_CUT = 500


def display_name(world: World, module: str, record_id: str) -> str | None:
    """The name a lookup shows, or None when the record is gone."""
    known = schema(world)[module]
    record = world.store.table(known.table).get(record_id)
    if record is None:
        return None
    return str(record.get(known.name_field) or "")


def reference(world: World, field: Field, value: Any) -> Any:
    """A stored lookup with its name; null when the record it points to was deleted."""
    if value is None or field.data_type != "lookup":
        return value
    target = schema(world)[field.target]
    record = world.store.table(target.table).get(value["id"])
    if record is None:
        return None
    shown = {"name": record.get(target.name_field), "id": value["id"]}
    if target.api_name == "Products":
        shown["Product_Code"] = record.get("Product_Code")
    return shown


def listed(world: World, module: Module, names: Iterable[str], records: Iterable[Record]) -> list[Record]:
    """Rows of a list: `id` and the named fields, without subforms, multi lookups and what is hidden (UNVERIFIED).

    The rows of subforms show their taxes, and of a product its code (UNVERIFIED for lists).
    """
    is_row = module.kind == "subform"
    fields = [
        module.fields[name]
        for name in dict.fromkeys(names)
        if (is_row or module.fields[name].data_type not in _NOT_IN_LISTS) and name not in module.hidden
    ]
    plain = [field.api_name for field in fields if field.data_type != "lookup"]
    lookups = [(field.api_name, *_pointed_at(world, field)) for field in fields if field.data_type == "lookup"]
    rows = []
    for record in records:
        value_of = record.get
        row = dict(zip(plain, map(value_of, plain), strict=True))
        for name, others, name_field in lookups:
            reference = value_of(name)
            other = others.get(reference["id"]) if reference else None
            if other is None:
                row[name] = None
                continue
            shown = {"name": other.get(name_field), "id": other["id"]}
            row[name] = (
                shown | {"Product_Code": other.get("Product_Code")} if is_row and name == "Product_Name" else shown
            )
        row["id"] = record["id"]
        rows.append(row)
    return rows


def _pointed_at(world: World, field: Field) -> tuple[dict[str, Record], str]:
    """The records a lookup points to, and the field that holds their names."""
    target = schema(world)[field.target]
    return world.store.table(target.table).rows, target.name_field


def whole(world: World, module: Module, record: Record, names: Iterable[str] | None) -> Record:
    """One record with its subforms; all fields, or the named ones."""
    wanted = [name for name in dict.fromkeys(names or module.fields) if name not in module.hidden]
    shown: Record = {name: _value(world, module, record, module.fields[name]) for name in wanted}
    shown["id"] = record["id"]
    if "Grand_Total" in module.fields and names is None:
        shown["$line_tax"] = record.get("$line_tax", [])
    shown["$approval_state"] = "approved"
    shown["$editable"] = True
    shown["$currency_symbol"] = organisation.organisation(world)["currency_symbol"]
    shown["$has_more"] = {field.api_name: False for field in module.subforms if field.api_name in shown}
    return shown | holds.shown(world, record["id"])


def _value(world: World, module: Module, record: Record, field: Field) -> Any:
    value = record.get(field.api_name)
    if field.data_type == "lookup":
        shown = reference(world, field, value)
        return shown and {"name": shown["name"], "id": shown["id"]}
    if field.data_type == "subform":
        return [row_shown(world, module, record, field, row) for row in value or []]
    return value


def row_shown(world: World, module: Module, record: Record, field: Field, row: Record) -> Record:
    """One row of a subform, with its parent."""
    columns = schema(world)[field.target].fields
    shown = {name: reference(world, column, row.get(name)) for name, column in columns.items()}
    shown["Parent_Id"] = {"name": record.get(module.name_field), "id": record["id"]}
    return shown
