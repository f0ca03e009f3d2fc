"""What an administrator of the CRM changed in its fields, and how people get along with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulation.ownership import Entity, Field, Record


@dataclass(frozen=True)
class Changed:
    """A field that is not what it was."""

    what: str
    name: str | None
    """What it is called now; None: people can do nothing with it."""
    row: dict[str, Any]
    """Its description before."""
    values: dict[str, Any]
    """What the records had there before, by id."""
    since: int
    """How long the log was."""

    @property
    def is_off(self) -> bool:
        """Does the sync have to do without it?"""
        return self.what in {"renamed", "removed", "hidden", "retyped"}


Changes = Mapping[tuple[str, str], Changed]


def as_before(changes: Changes, entity: Entity, record: Record | None) -> Record | None:
    """A record of the CRM with its fields under the names they had."""
    names = {one.name: name for (module, name), one in changes.items() if module == entity.module and one.name != name}
    names.pop(None, None)
    if record is None or not names:
        return record
    return {names.get(name, name): value for name, value in record.items()}


def as_now(changes: Changes, entity: Entity, body: Mapping[str, Any]) -> dict[str, Any]:
    """What people send to the CRM, under the names that fields have now; nothing of those that are not to be had."""
    names = {name: one.name for (module, name), one in changes.items() if module == entity.module}
    found = {names.get(name, name): value for name, value in body.items()}
    return {name: value for name, value in found.items() if name is not None}


def is_out_of_reach(changes: Changes, entity: Entity, one: Field) -> bool:
    """Can people not write this in the CRM?"""
    return any((entity.module, name) in changes and changes[entity.module, name].name is None for name in one.crm)


def is_off(changes: Changes, entity: Entity, one: Field) -> bool:
    """Is this field, or a part of it, not what it was?"""
    return any((entity.module, name) in changes and changes[entity.module, name].is_off for name in one.crm)
