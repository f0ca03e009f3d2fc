"""The header `X-EXTERNAL` and finding records by unique values. Source: Zoho CRM docs, "Records using External ID"."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World


def folded(value: Any) -> str:
    """Values are compared without regard to case and outer blanks (UNVERIFIED for system fields)."""
    return str(value).strip().casefold()


def _keys_of(field: str) -> Callable[[Record], Iterable[Hashable]]:
    def keys(record: Record) -> Iterable[Hashable]:
        value = record.get(field)
        return () if value is None else (folded(value),)

    return keys


def ids_with(world: World, module: Module, field: str, value: Any) -> list[str]:
    """Ids of the records whose field has this value, oldest first."""
    return world.store.table(module.table).index(field, _keys_of(field)).ids(folded(value))


class External:
    """What the header says: which field names the record itself, which fields name its lookups."""

    def __init__(self, world: World, module: Module, request: Request) -> None:
        self.own = ""
        """External field that identifies the record itself, or ""."""
        self.lookups: dict[tuple[str, ...], str] = {}
        """(lookup,) or (subform, lookup) -> external field of the record it points to."""
        for path in filter(None, request.headers.get("x-external", "").split(",")):
            self._learn(world, module, path.strip())

    def _learn(self, world: World, module: Module, path: str) -> None:
        modules = schema(world)
        root, *steps, field = path.split(".")
        refusal = invalid_data({"header_name": "X-EXTERNAL", "value": path})
        if root != module.api_name or not field:
            raise refusal
        if not steps:
            if field not in module.fields or not module.fields[field].external:
                raise refusal
            self.own = field
            return
        if steps[0] == "Product_Details" and (rows := next(iter(module.subforms), None)):
            steps[0] = rows.api_name  # the older documents' name of the line items
        holder = module
        for step in steps:
            known = holder.fields.get(step)
            if known is None or not known.target:
                raise refusal
            holder = modules[known.target]
        if field not in holder.fields or not holder.fields[field].external:
            raise refusal
        self.lookups[tuple(steps)] = field

    def find(self, world: World, module: Module, value: str) -> str | None:
        """The record's id from a path or `ids` value; None when there is none."""
        if not self.own:
            return value if world.store.table(module.table).get(value) is not None else None
        found = ids_with(world, module, self.own, value)
        return found[0] if found else None


def resolve_lookup(
    world: World, target: Module, external_field: str | None, value: dict[str, Any], refusal: RefusedError
) -> str:
    """The id a written lookup names; with the header, the external value beats `id`. Raises `refusal`."""
    if external_field and value.get(external_field) is not None:
        found = ids_with(world, target, external_field, value[external_field])
        if not found:
            raise refusal
        return found[0]
    record_id = value.get("id")
    if not isinstance(record_id, str) or world.store.table(target.table).get(record_id) is None:
        raise refusal
    return record_id
